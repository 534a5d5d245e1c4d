# bars.awk: results.csv -> an SVG: CPU of a decision of each row, the program
# dark, its web server light.
BEGIN { FS = "," }
$1 == "rows" {
	if (!seen[$2]++)
		order[++rows] = $2
	sum[$2, $4] += $5
	count[$2, $4]++
}

function mean(row, metric) {
	if (!count[row, metric])
		return 0
	return sum[row, metric] / count[row, metric]
}

function bar(y, from, to, colour) {
	printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"18\" " \
	    "fill=\"%s\"/>\n", 140 + from * scale, y, (to - from) * scale,
	    colour
}

END {
	for (i = 1; i <= rows; i++)
		if (mean(order[i], "all_us") > most)
			most = mean(order[i], "all_us")
	scale = 400 / (most > 0 ? most : 1)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
	    "viewBox=\"0 0 640 %d\" font-family=\"sans-serif\" " \
	    "font-size=\"12\">\n", rows * 26 + 40
	printf "<rect width=\"640\" height=\"%d\" fill=\"white\"/>\n",
	    rows * 26 + 40
	print "<text x=\"140\" y=\"20\">CPU of a decision, us: program, " \
	    "and web server</text>"
	for (i = 1; i <= rows; i++) {
		own = mean(order[i], "program_us") + mean(order[i], "rest_us")
		all = mean(order[i], "all_us") + mean(order[i], "rest_us")
		y = i * 26 + 8
		printf "<text x=\"132\" y=\"%d\" text-anchor=\"end\">%s" \
		    "</text>\n", y + 14, order[i]
		bar(y, 0, own, "#1b6ca8")
		bar(y, own, all, "#a9cce3")
		printf "<text x=\"%.0f\" y=\"%d\">%.0f / %.0f</text>\n",
		    146 + all * scale, y + 14, own, all
	}
	print "</svg>"
}
