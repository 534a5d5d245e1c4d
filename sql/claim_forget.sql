-- claim_row.c: forget_some: neighbours of a key just used, and so random
DELETE FROM claim
 WHERE key IN (SELECT key FROM claim WHERE key >= :key ORDER BY key LIMIT 64)
   AND created_us <= :forget_us
   AND lease_until_us <= :now_us;
