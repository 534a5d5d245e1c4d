-- outbox.c: outbox_done
DELETE FROM attempt WHERE outbox_id = :outbox_id;
