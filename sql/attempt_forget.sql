-- outbox.c: outbox_forget
DELETE FROM attempt WHERE outbox_id = :outbox_id;
