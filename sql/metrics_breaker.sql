-- metrics.c: read_breaker
SELECT mode, state, open_until_us FROM breaker WHERE upstream = :upstream;
