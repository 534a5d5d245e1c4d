# page.awk: page.css and page.js -> constant texts in C, without comments of
# whole lines and blanks before a line; numbers, as ISO C promises no string
# over 4,095 bytes
BEGIN {
	for (i = 1; i < 256; i++)
		number[sprintf("%c", i)] = i
	print "/* made by src/page.awk */"
	print "#include \"page_style.h\""
}
function finish() {
	if (open)
		print "0};"
}
FNR == 1 {
	finish()
	open = 1
	name = FILENAME ~ /css$/ ? "page_style" : "page_script"
	print "const char " name "[] = {"
	comment = 0
}
{ sub(/^[ \t]+/, "") }
/^\/\*/ { comment = 1 }
comment {
	if (/\*\/$/)
		comment = 0
	next
}
/^$/ { next }
{
	line = ""
	for (i = 1; i <= length($0); i++)
		line = line number[substr($0, i, 1)] ","
	print line "10,"
}
END { finish() }
