-- outbox_admin.c: outbox_size
SELECT waiting + running, bytes FROM outbox_size;
