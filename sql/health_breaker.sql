-- health_row.c: read_breaker
SELECT mode, state, open_us, open_until_us
  FROM breaker
 WHERE upstream = :upstream;
