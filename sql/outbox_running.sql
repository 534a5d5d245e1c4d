-- outbox.c: count_running
SELECT count(*) FROM outbox
 WHERE state = 'running' AND lease_until_us > :now_us;
