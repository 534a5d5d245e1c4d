-- claim_row.c: forget_answers: holders grow with time: the oldest come first
-- No answer is older than its holder, so that a look at the first ends it.
DELETE FROM claim_answer
 WHERE holder <= min(:named_by, coalesce(
           (SELECT holder FROM claim_answer ORDER BY holder LIMIT 1 OFFSET 63),
           :named_by))
   AND created_us <= :forget_us;
