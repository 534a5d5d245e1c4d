/* fuzz_retry_after.c: Retry-After and Date -> a wait within its limits */
#include "fuzz.h"

#include "retry_after.h"

/* 2026-11-22 */
#define NOW_S INT64_C(1795305600)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = fuzz_string(data, size);
	char *rest = all;
	const char *value = fuzz_line(&rest);
	const char *date = fuzz_line(&rest);
	int64_t date_s = -1;
	int64_t us = retry_after_us(value, date, NOW_S * 1000000);

	must(us >= -1 && us <= RETRY_AFTER_MAX_US);
	if (retry_after_date(value, NOW_S, &date_s)) {
		/* The years 1 to 9999, as four digits can tell. */
		must(date_s > INT64_C(-62200000000));
		must(date_s < INT64_C(253500000000));
		must(us >= 0);
	}
	free(all);
	return 0;
}
