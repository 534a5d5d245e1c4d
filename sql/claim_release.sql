-- claim_row.c: claim_row_release
UPDATE claim
   SET lease_until_us = 0
 WHERE key = :key AND holder = :holder
   AND NOT EXISTS (SELECT 1 FROM claim_answer
                    WHERE claim_answer.holder = claim.holder);
