-- claim_row.c: claim_row_take
INSERT INTO claim (key, holder, lease_until_us, created_us)
VALUES (:key, :holder, :lease_until_us, :now_us)
    ON CONFLICT (key) DO UPDATE
   SET holder = CASE WHEN created_us <= :forget_us
                       OR (http IS NULL AND lease_until_us <= :now_us)
                     THEN excluded.holder ELSE holder END,
       lease_until_us = CASE WHEN created_us <= :forget_us
                               OR (http IS NULL AND lease_until_us <= :now_us)
                             THEN excluded.lease_until_us
                             ELSE lease_until_us END,
       http = CASE WHEN created_us <= :forget_us THEN NULL ELSE http END
RETURNING holder = :holder, http, answer;
