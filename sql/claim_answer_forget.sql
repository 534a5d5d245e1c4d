-- claim_row.c: forget_answers: holders grow with time: the oldest come first
DELETE FROM claim_answer
 WHERE holder IN (SELECT holder FROM claim_answer ORDER BY holder LIMIT 64)
   AND created_us <= :forget_us;
