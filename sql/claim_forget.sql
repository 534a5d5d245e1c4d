-- claim_row.c: forget_claims: the oldest; those in hand are passed over
DELETE FROM claim
 WHERE key IN (SELECT key FROM claim
                WHERE created_us <= :forget_us AND lease_until_us <= :now_us
                ORDER BY created_us LIMIT 64);
