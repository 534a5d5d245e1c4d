-- token_row.c: read_row
SELECT sealed_token, version, expires_us, obtained_us, lease_owner,
       lease_fence, lease_until_us, refresh_not_before_us, failure
  FROM token
 WHERE token_url = :token_url AND client_id = :client_id;
