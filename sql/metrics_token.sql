-- metrics.c: read_token
SELECT iif(sealed_token IS NULL, 0, coalesce(expires_us, 0)),
       refresh_not_before_us
  FROM token
 WHERE token_url = :token_url AND client_id = :client_id;
