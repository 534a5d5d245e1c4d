-- claim_row.c: claim_row_check
SELECT holder <> :holder FROM claim WHERE key = :key;
