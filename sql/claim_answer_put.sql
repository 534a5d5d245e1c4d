-- claim_row.c: put_answer
INSERT INTO claim_answer (created_us, answer) VALUES (:now_us, :answer);
