-- page_state.c: read_pause: no longer than it was asked for
SELECT max(0, min(not_before_us - :now_us, not_before_us - since_us)),
       since_us
  FROM throttle
 WHERE upstream = :upstream;
