-- throttle.c: save_row: the longer pause holds, unless the clock was put back
-- since that one was asked for
INSERT INTO throttle (upstream, not_before_us, since_us, budget)
VALUES (:upstream, :asked_us, :since_us, max(0, :size + :change))
    ON CONFLICT (upstream) DO UPDATE
   SET not_before_us = iif(:asked_us > not_before_us
                           OR (:asked_us > 0 AND since_us > :since_us),
                           :asked_us, not_before_us),
       since_us = iif(:asked_us > not_before_us
                      OR (:asked_us > 0 AND since_us > :since_us),
                      :since_us, since_us),
       budget = min(:size, max(0, budget + :change))
RETURNING not_before_us, since_us, budget;
