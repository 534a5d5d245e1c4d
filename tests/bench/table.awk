# table.awk: results.csv -> the table of the rows: medians of the rounds, and
# of the CPU the least and the most in parentheses.
BEGIN { FS = "," }
FNR == 1 { next }
{
	key = $1 SUBSEP $2 SUBSEP $4
	if ($1 == "rows" && !seen[$2]++)
		order[++count] = $2
	value[key, ++number[key]] = $5
}

# Sorts into sorted[1..n] and returns the median.
function median(section, row, metric,    key, n, i, j, v) {
	key = section SUBSEP row SUBSEP metric
	n = number[key]
	if (!n)
		return ""
	for (i = 1; i <= n; i++) {
		v = value[key, i] + 0
		for (j = i - 1; j >= 1 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	least = sorted[1]
	most = sorted[n]
	return sorted[int((n + 1) / 2)]
}

function cell(format, v) {
	return v == "" ? "-" : sprintf(format, v)
}

# p50, p99 and p99.9
function latency(section, row) {
	if (median(section, row, "p50") == "")
		return "-"
	return sprintf("%.1f %.1f %.1f", median(section, row, "p50"),
	    median(section, row, "p99"), median(section, row, "p999"))
}

# With what is done beside the rounds: folding, collecting garbage.
function cpu(row, metric,    m, rest) {
	m = median("rows", row, metric)
	rest = value["rows", row, "rest_us", 1]
	return sprintf("%.1f (%.1f-%.1f)", m + rest, least + rest, most + rest)
}

END {
	printf "%-17s %-21s %-21s %6s %17s %17s %7s %6s\n", "row",
	    "program CPU us", "and web server", "per s", "ms at half rate",
	    "ms at 1,000/s", "PSS MB", "calls"
	for (i = 1; i <= count; i++) {
		row = order[i]
		printf "%-17s %-21s %-21s %6s %17s %17s %7s %6s\n", row,
		    cpu(row, "program_us"), cpu(row, "all_us"),
		    cell("%.0f", median("rows", row, "per_second")),
		    latency("latency", row), latency("thousand", row),
		    cell("%.1f", median("rows", row, "pss_mb")),
		    cell("%.1f", median("rows", row, "calls"))
	}
}
