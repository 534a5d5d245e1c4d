-- breaker_row.c: read_circuit
SELECT mode, state, generation, since_us, open_us, open_until_us, successes,
       probe_fence, probe_until_us, reason
  FROM breaker
 WHERE upstream = :upstream;
