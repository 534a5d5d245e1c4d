-- outbox.c: take_back: accepted later than now is what came before the clock
-- was put back. It would wait until the clock is there again: a fresh one is
-- due now, others after the longest wait that follows so many attempts. By
-- the index outbox_oldest, whose condition it repeats.
UPDATE outbox
   SET due_us = :now_us + iif(fence = 0, 0, min(:longest_us,
                                   :backoff_us << min(attempts, 16)))
 WHERE state IN ('waiting', 'running') AND accepted_us > :now_us
   AND state = 'waiting'
   AND due_us > :now_us + iif(fence = 0, 0, min(:longest_us,
                                   :backoff_us << min(attempts, 16)));
