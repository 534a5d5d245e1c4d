# settings.awk: the table that `stockroute config --markdown` prints -> the
# items of a list in mdoc(7). The first two lines are the table's head.
BEGIN { FS = " \\| " }
NR > 2 {
	gsub(/\\/, "\\e")
	gsub(/`/, "")
	sub(/^\| /, "")
	sub(/ \|$/, "")
	name = $1
	file = sub(/ \(or _FILE\)$/, "", name)
	print ".It Ev " name (file ? " Pq or Va _FILE" : "")
	print sentence($4)
	print sentence("Default: " $2)
	print sentence("Range or choices: " $3)
}

# A sentence that ends within a line would be spaced as if it did not.
function sentence(text)
{
	gsub(/\. /, ".\n", text)
	return text "."
}
