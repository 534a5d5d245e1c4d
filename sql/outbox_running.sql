-- outbox.c: count_running
SELECT count(*) FROM outbox WHERE state = 'running';
