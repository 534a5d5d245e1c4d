-- token_row.c: token_row_reject
UPDATE token
   SET refresh_not_before_us =
           max(refresh_not_before_us, obtained_us + :pause_us),
       failure = :failure
 WHERE token_url = :token_url AND client_id = :client_id
   AND version = :version;
