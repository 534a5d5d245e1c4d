-- health_row.c: read_token: a failure counts until the endpoint is asked anew,
-- which a time too far ahead, from before the clock was put back, delays not
SELECT CASE WHEN sealed_token IS NULL THEN 0
            ELSE max(0, expires_us - :now_us) END,
       CASE WHEN refresh_not_before_us > :now_us
             AND refresh_not_before_us - :now_us <= :pause_max_us
            THEN failure END
  FROM token
 WHERE token_url = :token_url AND client_id = :client_id;
