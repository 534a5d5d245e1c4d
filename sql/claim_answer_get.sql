-- claim_row.c: get_answer
SELECT answer FROM claim_answer WHERE id = :id;
