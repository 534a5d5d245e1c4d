-- token_row.c: take_lease
INSERT INTO token (token_url, client_id, lease_owner, lease_fence,
                   lease_until_us)
VALUES (:token_url, :client_id, :owner, 1, :until_us)
    ON CONFLICT (token_url, client_id) DO UPDATE
   SET lease_owner = excluded.lease_owner,
       lease_fence = lease_fence + 1,
       lease_until_us = excluded.lease_until_us
RETURNING lease_fence;
