# curve.awk: results.csv -> an SVG: CPU of a decision by decisions in flight,
# these on a logarithmic scale.
BEGIN {
	FS = ","
	split("#1b6ca8 #c0392b #2e8b57 #8e6bbf #555555", colours, " ")
	width = 640; height = 360; left = 60; bottom = 310; top = 30
	right = 500
}
$1 == "curve" {
	if (!seen[$2]++)
		order[++rows] = $2
	x[$2, ++points[$2]] = $3
	y[$2, points[$2]] = $5
	if ($5 > most)
		most = $5
}

function place_x(count) {
	return left + (right - left) * log(count) / log(4000)
}

function place_y(us) {
	return bottom - (bottom - top) * us / most
}

function text(x, y, anchor, words) {
	printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
	    x, y, anchor, words
}

END {
	if (!most)
		most = 1
	most = int(most / 50 + 1) * 50
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
	    "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" " \
	    "font-size=\"12\">\n", width, height
	printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width,
	    height
	for (us = 0; us <= most; us += most / 5) {
		printf "<path d=\"M%d %.0fH%d\" stroke=\"#ddd\"/>\n", left,
		    place_y(us), right
		text(left - 6, place_y(us) + 4, "end", sprintf("%.0f", us))
	}
	count = split("1 8 64 256 1000 2000 4000", marks, " ")
	for (i = 1; i <= count; i++)
		text(place_x(marks[i]), bottom + 16, "middle", marks[i])
	text(left, top - 12, "start", "CPU of a decision, us")
	text((left + right) / 2, bottom + 36, "middle", "decisions in flight")
	for (r = 1; r <= rows; r++) {
		row = order[r]
		path = ""
		for (i = 1; i <= points[row]; i++)
			path = path (i == 1 ? "M" : "L") \
			    sprintf("%.1f %.1f", place_x(x[row, i]),
			    place_y(y[row, i]))
		printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" " \
		    "stroke-width=\"2\"/>\n", path, colours[r]
		sub(/-wide$/, "", row)
		printf "<g fill=\"%s\">\n", colours[r]
		text(right + 8, place_y(y[order[r], points[order[r]]]) + 4,
		    "start", row)
		print "</g>"
	}
	print "</svg>"
}
