-- health_row.c: read_pause
SELECT max(0, not_before_us - :now_us)
  FROM throttle
 WHERE upstream = :upstream;
