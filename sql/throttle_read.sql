-- throttle.c: read_row
SELECT not_before_us, budget
  FROM throttle
 WHERE upstream = :upstream;
