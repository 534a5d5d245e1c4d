-- claim_row.c: forget_some: neighbours of a key just used, and so random
-- A range: a list of 64 keys would cost ten times as much.
DELETE FROM claim
 WHERE key >= :key
   AND key <= coalesce(
           (SELECT key FROM claim WHERE key >= :key
             ORDER BY key LIMIT 1 OFFSET 63), '~')
   AND created_us <= :forget_us
   AND lease_until_us <= :now_us;
