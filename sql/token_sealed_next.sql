-- token_reseal.c: read_next: in the order of the key, so that each comes once
SELECT token_url, client_id, sealed_token
  FROM token
 WHERE (token_url, client_id) > (:token_url, :client_id)
   AND sealed_token IS NOT NULL
 ORDER BY token_url, client_id
 LIMIT 1;
