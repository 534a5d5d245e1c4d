/* fuzz_token.c: a token endpoint's answer -> a token to send, or none */
#include "fuzz.h"

#include <string.h>

#include "clock.h"
#include "token_answer.h"

static const long codes[] = {200, 200, 200, 400, 401, 403, 429, 500, 0, 302};

/* The first byte chooses the status; Retry-After is not the body's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct token_row row;
	struct http_answer answer = {.retry_after_us = -1, .problem = ""};
	enum status status;
	char *body;

	if (size == 0)
		return 0;
	body = fuzz_string(data + 1, size - 1);
	answer.code = codes[data[0] % (sizeof codes / sizeof *codes)];
	answer.body = body;
	answer.body_bytes = size - 1;
	memset(&row, 0, sizeof row);
	status = token_answer_read(&answer, &row);
	if (status == STATUS_OK) {
		must(answer.code == 200);
		must(row.text[0] != '\0');
		/* It becomes a header line. */
		for (const char *at = row.text; *at != '\0'; at++)
			must(*at > ' ' && *at <= '~');
		must(row.lifetime_us > 0);
		must(row.lifetime_us <= 86400 * CLOCK_SECOND);
	} else {
		must(row.text[0] == '\0');
		must(token_answer_pause_us(&answer, CLOCK_SECOND) >=
		     CLOCK_SECOND);
	}
	free(body);
	return 0;
}
