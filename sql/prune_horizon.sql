-- prune.c: move_horizon: from when on which sums are whole
UPDATE rollup_state
   SET minutes_from_s = max(minutes_from_s, :minutes_s),
       hours_from_s = max(hours_from_s, :hours_s),
       days_from_s = max(days_from_s, :days_s)
 WHERE minutes_from_s < :minutes_s OR hours_from_s < :hours_s
       OR days_from_s < :days_s;
