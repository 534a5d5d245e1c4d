-- breaker_row.c: save_bucket
INSERT INTO breaker_bucket (upstream, seat, generation, period, calls, failed,
                            slow)
VALUES (:upstream, :seat, :generation, :period, :calls, :failed, :slow)
    ON CONFLICT (upstream, seat) DO UPDATE
   SET generation = excluded.generation,
       period = excluded.period,
       calls = excluded.calls,
       failed = excluded.failed,
       slow = excluded.slow;
