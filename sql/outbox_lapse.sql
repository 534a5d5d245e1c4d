-- outbox.c: take_back: who let the lease run out no longer has the item
UPDATE outbox
   SET state = 'waiting',
       lease_until_us = 0
 WHERE state = 'running' AND lease_until_us <= :now_us;
