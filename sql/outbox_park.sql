-- outbox.c: outbox_park
UPDATE outbox
   SET state = 'parked',
       lease_until_us = 0
 WHERE id = :id AND fence = :fence AND state = 'running';
