-- prune.c: save_turns
UPDATE rollup_state SET pruned_us = :pruned_us, held_until_us = :held_until_us;
