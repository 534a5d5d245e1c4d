-- outbox.c: outbox_done
DELETE FROM outbox WHERE id = :id AND fence = :fence AND state = 'running';
