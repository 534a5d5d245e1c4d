-- claim_row.c: forget_some: ids grow with time, so the oldest come first
DELETE FROM claim
 WHERE id IN (SELECT id FROM claim ORDER BY id LIMIT 4)
   AND created_us <= :forget_us;
