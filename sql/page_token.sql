-- page_state.c: read_token: a failure counts as health_token.sql has it
SELECT sealed_token IS NOT NULL, coalesce(obtained_us, 0),
       coalesce(expires_us, 0),
       CASE WHEN refresh_not_before_us > :now_us
             AND refresh_not_before_us - :now_us <= :pause_max_us
            THEN failure END
  FROM token
 WHERE token_url = :token_url AND client_id = :client_id;
