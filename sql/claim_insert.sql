-- claim_row.c: insert
INSERT INTO claim (key, holder, lease_until_us, created_us)
VALUES (:key, :holder, :lease_until_us, :now_us)
    ON CONFLICT (key) DO NOTHING;
