-- record.c: record_replace: all older rows of the event name the current one
UPDATE decision
   SET replaced_by = :id
 WHERE received_us / 3600000000 = :received_us / 3600000000
   AND interaction_id = :interaction_id AND received_us = :received_us
   AND outcome <> 'duplicate' AND id <> :id;
