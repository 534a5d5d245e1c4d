-- token_row.c: token_row_save
UPDATE token
   SET sealed_token = :sealed_token,
       version = :version,
       expires_us = :expires_us,
       obtained_us = :obtained_us,
       obtained_by = lease_owner,
       lease_owner = NULL,
       lease_until_us = 0,
       refresh_not_before_us = :not_before_us,
       failure = :failure
 WHERE token_url = :token_url AND client_id = :client_id
   AND lease_owner = :owner AND lease_fence = :fence;
