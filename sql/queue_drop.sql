-- outbox_admin.c: delete_item
DELETE FROM outbox
 WHERE id = :id AND NOT (state = 'running' AND lease_until_us > :now_us);
