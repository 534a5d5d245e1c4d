/* fuzz_metrics.c: Accept and a label -> a format, and a line that holds it */
#include "fuzz.h"

#include <string.h>

#include "metrics_write.h"

#define LINE_MAX ((size_t)1 << 20)

/* The value that stands between the line's quotes, as a parser reads it. */
static void unescape(const char *line, char *value)
{
	const char *at = strchr(line, '"');

	must(at != NULL);
	for (at++; *at != '"'; at++) {
		must(*at != '\0' && *at != '\n');
		if (*at != '\\') {
			*value++ = *at;
			continue;
		}
		at++;
		must(*at == '\\' || *at == '"' || *at == 'n');
		*value++ = *at == 'n' ? '\n' : *at;
	}
	must(strcmp(at, "\"} 1\n") == 0);
	*value = '\0';
}

/* Without a type there is nothing to choose. */
static void check_choice(const char *accept)
{
	enum metrics_format format = metrics_choose(accept);

	must(format == METRICS_TEXT || format == METRICS_OPENMETRICS);
	if (!strpbrk(accept, "*") &&
	    !strstr(accept, "/")) /* no type stands there */
		must(format == METRICS_TEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct metrics_family family = {
	    .name = "fuzzed", .kind = METRICS_GAUGE, .help = "Fuzzed."};
	char *all = fuzz_string(data, size);
	char *rest = all;
	const char *accept = fuzz_line(&rest);
	const char *label = rest ? rest : "";
	char *value = malloc(size + 1);
	struct text text;
	struct metrics_out out = {
	    .text = &text, .format = METRICS_TEXT, .family = &family};

	must(value != NULL);
	check_choice(accept);
	text_init(&text, LINE_MAX);
	metrics_open(&out, "");
	metrics_label(&out, "label", label);
	metrics_int(&out, 1);
	if (!text_failed(&text)) {
		unescape(text_string(&text), value);
		must(strcmp(value, label) == 0);
	}
	text_done(&text);
	free(value);
	free(all);
	return 0;
}
