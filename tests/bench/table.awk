# table.awk: bench.csv -> one line per row of the benchmark: medians over the
# rounds, and least to most in parentheses.
BEGIN { FS = "," }
FNR == 1 { next }
{
	key = $2 " " $3
	if (!(key in rounds))
		order[++keys] = key
	n = ++rounds[key]
	for (i = 5; i <= 10; i++)
		value[key, i, n] = $i
}

# Sorts the values of one column and keeps them in sorted[1..n].
function sort(key, column, n,    i, j, v) {
	for (i = 1; i <= n; i++) {
		v = value[key, column, i]
		for (j = i - 1; j >= 1 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
}

function median(n) {
	if (n % 2)
		return sorted[(n + 1) / 2]
	return (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function cell(key, column, format,    n) {
	n = rounds[key]
	sort(key, column, n)
	return sprintf(format " (" format "-" format ")", median(n),
	    sorted[1], sorted[n])
}

END {
	printf "%-21s %-20s %-19s %-21s %-18s %s\n", "server, program",
	    "answers/s", "program CPU us", "web server CPU us",
	    "simulator CPU us", "p50 / p99 ms"
	for (k = 1; k <= keys; k++) {
		key = order[k]
		n = rounds[key]
		sort(key, 9, n); p50 = median(n)
		sort(key, 10, n); p99 = median(n)
		printf "%-21s %-20s %-19s %-21s %-18s %.1f / %.1f\n", key,
		    cell(key, 5, "%d"), cell(key, 6, "%.1f"),
		    cell(key, 7, "%.1f"), cell(key, 8, "%.1f"),
		    p50 / 1000, p99 / 1000
	}
}
