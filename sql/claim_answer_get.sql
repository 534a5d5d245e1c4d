-- claim_row.c: get_answer
SELECT http, answer FROM claim_answer WHERE holder = :holder;
