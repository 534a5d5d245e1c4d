-- page_state.c: read_token: the newest of this client's
SELECT sealed_token IS NOT NULL, coalesce(obtained_us, 0),
       coalesce(expires_us, 0),
       CASE WHEN refresh_not_before_us > :now_us THEN failure END
  FROM token
 WHERE client_id = :client_id
 ORDER BY obtained_us DESC
 LIMIT 1;
