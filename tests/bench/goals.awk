# goals.awk: results.csv -> each goal, what was measured, and met or missed.
BEGIN { FS = "," }
FNR == 1 { next }
{
	key = $1 SUBSEP $2 SUBSEP $4
	value[key, ++number[key]] = $5
	at[$1, $2, $4, $3] = $5
}

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
	return sorted[int((n + 1) / 2)]
}

function cpu(row, metric,    m) {
	m = median("rows", row, metric)
	return m == "" ? "" : m + value["rows", row, "rest_us", 1]
}

function ratio(a, b) {
	return a == "" || b == "" || b <= 0 ? "" : a / b
}

function goal(text, is, limit, more) {
	printf "goal: %-54s %s %-6s ", text, more ? ">=" : "<=", limit
	if (is == "")
		print "not measured"
	else
		printf "measured %-7.2f %s\n", is,
		    (more ? is >= limit : is <= limit) ? "met" : "missed"
}

END {
	own = cpu("stockroute", "program_us")
	goal("CPU of a decision, of Go's", ratio(own, cpu("go", "program_us")),
	    0.65)
	goal("the same, of the floor's", ratio(own, cpu("floor", "program_us")),
	    5)
	goal("the same with lighttpd, of Go's",
	    ratio(cpu("stockroute", "all_us"), cpu("go", "program_us")), 1)
	goal("p99 added at half load, ms",
	    median("latency", "stockroute", "p99"), 1)
	pss = median("inflight", "stockroute-wide", "pss_mb")
	goal("PSS at 1,000 in flight, of Go's",
	    ratio(pss, median("inflight", "go-wide", "pss_mb")), 0.6)
	goal("the same, MB", pss, 24)
	goal("CPU of a decision at 2,000 in flight, of that at 64",
	    ratio(at["curve", "stockroute-wide", "program_us", 2000],
	    at["curve", "stockroute-wide", "program_us", 64]), 1.25)
	goal("decisions a second of two processes, of one's",
	    ratio(median("processes", "two", "per_second"),
	    median("processes", "one", "per_second")), 1.8, 1)
	goal("CPU over TLS, kept connections, of Go's",
	    ratio(median("tls", "stockroute-http", "program_us"),
	    median("tls", "go-http", "program_us")), 1)
	goal("CPU over HTTP/2, of Go's",
	    ratio(median("tls", "stockroute-h2", "program_us"),
	    median("tls", "go-h2", "program_us")), 1)
	goal("plain CGI, CPU ms of a request",
	    median("cgi", "stockroute", "all_ms"), 8)
	goal("PSS idle, MB", median("idle", "stockroute", "pss_mb"), 10)
}
