-- claim_row.c: claim_row_finish
UPDATE claim
   SET http = :http,
       answer = :answer
 WHERE key = :key AND holder = :holder;
