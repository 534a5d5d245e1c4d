-- claim_row.c: take_or_look: what is not free stays as it is
UPDATE claim
   SET (holder, lease_until_us, created_us, http) = (
       SELECT iif(free, :holder, holder),
              iif(free, :lease_until_us, lease_until_us),
              iif(free, :now_us, created_us),
              iif(free, NULL, http)
         FROM (SELECT lease_until_us <= :now_us
                  AND (http IS NULL OR created_us <= :forget_us) AS free))
 WHERE key = :key
RETURNING holder = :holder, http, answer_id;
