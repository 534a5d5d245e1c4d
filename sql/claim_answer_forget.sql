-- claim_row.c: forget_some: ids grow with time, so the oldest come first
DELETE FROM claim_answer
 WHERE id IN (SELECT id FROM claim_answer ORDER BY id LIMIT 64)
   AND created_us <= :forget_us;
