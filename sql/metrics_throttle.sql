-- metrics.c: read_throttle
SELECT not_before_us, budget FROM throttle WHERE upstream = :upstream;
