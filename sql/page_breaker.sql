-- page_state.c: read_breaker: its window is ten periods of 3 s
SELECT mode, state, since_us, open_us, open_until_us, reason,
       coalesce(sum(calls), 0), coalesce(sum(failed), 0),
       coalesce(sum(slow), 0)
  FROM breaker
  LEFT JOIN breaker_bucket ON breaker_bucket.upstream = breaker.upstream
   AND breaker_bucket.generation = breaker.generation
   AND period > :now_us / 3000000 - 10 AND period <= :now_us / 3000000
 WHERE breaker.upstream = :upstream
 GROUP BY breaker.upstream;
