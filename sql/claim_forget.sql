-- claim_row.c: forget_some: ids grow with time, so the oldest come first
DELETE FROM claim
 WHERE id IN (SELECT id FROM claim ORDER BY id LIMIT 4)
   AND created_us <= :forget_us
   AND lease_until_us <= :now_us;
