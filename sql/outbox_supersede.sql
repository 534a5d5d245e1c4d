-- outbox.c: outbox_supersede: a waiting one is due at once, so that it is
-- soon told; a running one ends its attempt and gets no other
UPDATE outbox
   SET superseded = 1,
       due_us = CASE state WHEN 'waiting' THEN 0 ELSE due_us END
 WHERE interaction_id = :interaction_id
   AND state IN ('waiting', 'running')
   AND accepted_us < :before_us;
