-- outbox.c: outbox_again: what was superseded meanwhile is due at once
UPDATE outbox
   SET state = 'waiting',
       due_us = iif(superseded, 0, :due_us),
       attempts = attempts - :given_back,
       lease_until_us = 0
 WHERE id = :id AND fence = :fence AND state = 'running';
