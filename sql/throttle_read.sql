-- throttle.c: read_row
SELECT not_before_us, since_us, budget
  FROM throttle
 WHERE upstream = :upstream;
