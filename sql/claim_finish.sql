-- claim_row.c: claim_row_finish
UPDATE claim
   SET lease_until_us = 0,
       http = :http,
       answer_id = :answer_id
 WHERE key = :key AND holder = :holder;
