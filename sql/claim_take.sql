-- claim_row.c: claim_row_take: inserts, takes over a free claim, or looks
-- Not with DO UPDATE ... WHERE: where it does not hold, no row is returned.
INSERT INTO claim (key, holder, lease_until_us, created_us)
VALUES (:key, :holder, :lease_until_us, :now_us)
    ON CONFLICT (key) DO UPDATE
   SET (id, holder, lease_until_us, created_us, http) = (
       SELECT iif(free, (SELECT max(id) + 1 FROM claim), id),
              iif(free, excluded.holder, holder),
              iif(free, excluded.lease_until_us, lease_until_us),
              iif(free, excluded.created_us, created_us),
              iif(free, NULL, http)
         FROM (SELECT lease_until_us <= :now_us
                  AND (http IS NULL OR created_us <= :forget_us) AS free))
RETURNING holder = :holder, http, answer;
