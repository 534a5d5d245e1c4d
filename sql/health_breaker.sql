-- health_row.c: read_breaker
SELECT mode, state, max(0, open_until_us - :now_us)
  FROM breaker
 WHERE upstream = :upstream;
