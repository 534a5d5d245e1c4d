-- outbox.c: outbox_again
UPDATE outbox
   SET state = 'waiting',
       due_us = :due_us,
       attempts = attempts - :given_back,
       lease_until_us = 0
 WHERE id = :id AND fence = :fence AND state = 'running';
