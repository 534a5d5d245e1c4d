-- prune.c: read_turns: when the last one to prune began, and whether the clock
-- is to be waited for
SELECT pruned_us, held_until_us FROM rollup_state;
