-- throttle.c: save_row
INSERT INTO throttle (upstream, not_before_us, budget)
VALUES (:upstream, :asked_us, max(0, :size + :change))
    ON CONFLICT (upstream) DO UPDATE
   SET not_before_us = max(not_before_us, excluded.not_before_us),
       budget = min(:size, max(0, budget + :change))
RETURNING not_before_us, budget;
