-- prune.c: prune_is_due: the first to ask in that time; a clock that was put
-- back does not put it off
UPDATE rollup_state
   SET pruned_us = :now_us
 WHERE pruned_us <= :now_us - :every_us OR pruned_us > :now_us;
