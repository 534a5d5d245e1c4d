-- outbox.c: outbox_park
UPDATE outbox
   SET state = 'parked',
       recorded = 1,
       lease_until_us = 0
 WHERE id = :id AND fence = :fence AND state = 'running';
