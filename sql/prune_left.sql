-- prune.c: prune_left
SELECT count(*) FROM decision WHERE received_us < :before_us;
