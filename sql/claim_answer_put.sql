-- claim_row.c: claim_row_finish: again when a queued event is decided
INSERT OR REPLACE INTO claim_answer (holder, created_us, http, answer)
VALUES (:holder, :now_us, :http, :answer);
