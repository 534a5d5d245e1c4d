# embed.awk: sql/*.sql -> build/sql.h (want=h) or build/sql.c (want=c)
#
# Each file becomes one string literal, named SQL_ and the file's name.
# Comment lines and blank lines are left out. A text over 4,095 bytes fails
# the build: that is the longest literal ISO C promises.

FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	if (name !~ /^[a-z][a-z0-9_]*$/)
		give_up(FILENAME ": not a name for C")
	names[++count] = name
}

/^[ \t]*(--.*)?$/ {
	next
}

{
	bytes[count] += length($0) + 1
	if (bytes[count] > 4095)
		give_up(FILENAME ": over 4,095 bytes")
	# In mawk "\\\\&" puts one backslash before the match.
	gsub(/["\\]/, "\\\\&")
	gsub(/\t/, "\\t")
	text[count] = text[count] "\n\t    \"" $0 "\\n\""
}

END {
	if (failed)
		exit 1
	if (want == "h")
		print_header()
	else
		print_source()
}

function give_up(why)
{
	print why > "/dev/stderr"
	failed = 1
	exit 1
}

function print_header(  i)
{
	print "/* Made by sql/embed.awk from sql/. */"
	print "#ifndef SQL_H\n#define SQL_H\n\nenum sql {"
	for (i = 1; i <= count; i++)
		print "\tSQL_" names[i] ","
	print "\tSQL_COUNT\n};\n"
	print "extern const char *const sql_text[SQL_COUNT];"
	print "extern const char *const sql_name[SQL_COUNT];\n\n#endif"
}

function print_source(  i)
{
	print "/* Made by sql/embed.awk from sql/. */\n#include \"sql.h\"\n"
	print "const char *const sql_text[SQL_COUNT] = {"
	for (i = 1; i <= count; i++)
		print "\t[SQL_" names[i] "] =" text[i] ","
	print "};\n\nconst char *const sql_name[SQL_COUNT] = {"
	for (i = 1; i <= count; i++)
		print "\t[SQL_" names[i] "] = \"" names[i] "\","
	print "};"
}
