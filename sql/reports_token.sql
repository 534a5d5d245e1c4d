-- report.c: report_tokens: the token of each client, never the token itself
SELECT
	token_url,
	client_id,
	CASE
		WHEN sealed_token IS NULL THEN 'none'
		WHEN expires_us > strftime('%s', 'now') * 1000000 THEN 'valid'
		ELSE 'expired'
	END AS state,
	version,
	strftime('%Y-%m-%dT%H:%M:%SZ', obtained_us / 1000000, 'unixepoch')
		AS obtained,
	strftime('%s', 'now') - obtained_us / 1000000 AS age_s,
	strftime('%Y-%m-%dT%H:%M:%SZ', expires_us / 1000000, 'unixepoch')
		AS expires,
	max(0, expires_us / 1000000 - strftime('%s', 'now')) AS left_s,
	obtained_by AS refreshed_by,
	-- Which key sealed it; tells nothing about the key.
	lower(hex(substr(sealed_token, 2, 4))) AS key_id,
	CASE WHEN lease_until_us > strftime('%s', 'now') * 1000000
		THEN lease_owner END AS refreshing,
	CASE WHEN refresh_not_before_us > strftime('%s', 'now') * 1000000
		THEN failure END AS failure
FROM token
ORDER BY token_url, client_id;
