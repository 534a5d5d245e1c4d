-- breaker_row.c: read_buckets
SELECT seat, period, calls, failed, slow
  FROM breaker_bucket
 WHERE upstream = :upstream AND generation = :generation;
