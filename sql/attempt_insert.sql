-- outbox.c: note_attempt
INSERT OR REPLACE INTO attempt (outbox_id, attempt, ended_us, status, http,
                                error)
VALUES (:outbox_id, :attempt, :ended_us, :status, :http, :error);
