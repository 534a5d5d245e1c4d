-- claim_row.c: take_or_look: what is not free stays as it is
-- Free is what was answered before the window, and what was not answered
-- within its lease. A lease that ends later than one taken now is from before
-- the clock was put back: it ends then.
UPDATE claim
   SET (holder, lease_until_us, created_us) = (
       SELECT iif(free, :holder, holder),
              iif(free, :lease_until_us,
                  min(lease_until_us, :lease_until_us)),
              iif(free, :now_us, created_us)
         FROM (SELECT iif(EXISTS (SELECT 1 FROM claim_answer
                                   WHERE claim_answer.holder = claim.holder),
                          created_us <= :forget_us,
                          lease_until_us <= :now_us) AS free))
 WHERE key = :key
RETURNING holder;
