-- rollup.c: read_state: what is kept of each level
SELECT minutes_from_s, hours_from_s, days_from_s FROM rollup_state;
