-- outbox.c: take_back: who let the lease run out no longer has the item
-- A lease that ends later than one taken now is from before the clock was
-- put back: it ends then.
UPDATE outbox
   SET state = iif(lease_until_us <= :now_us, 'waiting', 'running'),
       lease_until_us = iif(lease_until_us <= :now_us, 0, :longest_us)
 WHERE state = 'running'
   AND (lease_until_us <= :now_us OR lease_until_us > :longest_us);
