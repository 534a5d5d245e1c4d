-- token_reseal.c: write_back
UPDATE token
   SET sealed_token = :sealed_token
 WHERE token_url = :token_url AND client_id = :client_id;
