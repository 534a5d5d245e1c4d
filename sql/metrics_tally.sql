-- metrics_tally.c: metrics_tally_each: what was counted under one name
SELECT label, value FROM tally WHERE name = :name ORDER BY label;
