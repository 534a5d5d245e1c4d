-- prune.c: move_horizon: from when on which sums are whole; what a clock that
-- was ahead has put into the future comes back
UPDATE rollup_state
   SET minutes_from_s = max(min(minutes_from_s, :newest_s), :minutes_s),
       hours_from_s = max(min(hours_from_s, :newest_s), :hours_s),
       days_from_s = max(min(days_from_s, :newest_s), :days_s)
 WHERE minutes_from_s < :minutes_s OR hours_from_s < :hours_s
       OR days_from_s < :days_s
       OR max(minutes_from_s, hours_from_s, days_from_s) > :newest_s;
