-- outbox.c: outbox_keep_history: what the story of an event tells of its queue
UPDATE decision
   SET queue_history = (
	SELECT json_group_array(json_array(
		attempt, ended_us, status, http, error, waits))
	  FROM (SELECT * FROM attempt
	         WHERE outbox_id = :outbox_id
	         ORDER BY fence DESC
	         LIMIT :limit))
 WHERE id = :id
   AND EXISTS (SELECT 1 FROM attempt WHERE outbox_id = :outbox_id);
