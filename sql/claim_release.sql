-- claim_row.c: claim_row_release
UPDATE claim
   SET lease_until_us = 0
 WHERE key = :key AND holder = :holder AND http IS NULL;
