-- prune.c: prune_left: what prune_decisions.sql deletes once all is folded
SELECT count(*)
FROM decision
WHERE received_us < :before_us AND id < (SELECT max(id) FROM decision);
