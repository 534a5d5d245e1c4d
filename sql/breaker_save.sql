-- breaker_row.c: save_circuit
INSERT INTO breaker (upstream, mode, state, generation, since_us, open_us,
                     open_until_us, successes, probe_fence, probe_until_us,
                     reason)
VALUES (:upstream, :mode, :state, :generation, :since_us, :open_us,
        :open_until_us, :successes, :fence, :probe_until_us, :reason)
    ON CONFLICT (upstream) DO UPDATE
   SET mode = excluded.mode,
       state = excluded.state,
       generation = excluded.generation,
       since_us = excluded.since_us,
       open_us = excluded.open_us,
       open_until_us = excluded.open_until_us,
       successes = excluded.successes,
       probe_fence = excluded.probe_fence,
       probe_until_us = excluded.probe_until_us,
       reason = excluded.reason;
