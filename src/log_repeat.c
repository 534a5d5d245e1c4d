/* log_repeat.c: a message -> written, or counted and told later */
#include "log_repeat.h"

#include <string.h>

/* FNV-1a, 64 bits. A run of digits counts as one. */
static uint64_t hash_of(int level, const char *text)
{
	uint64_t hash = (UINT64_C(14695981039346656037) ^ (unsigned)level) *
			UINT64_C(1099511628211);

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= '0' && byte <= '9') {
			if (text[1] >= '0' && text[1] <= '9')
				continue;
			byte = '0';
		}
		hash = (hash ^ byte) * UINT64_C(1099511628211);
	}
	return hash;
}

/* Nothing of it is still to be told. */
static bool is_free(const struct log_repeat *kind, int64_t now_us)
{
	return kind->until_us <= now_us && kind->held_back == 0;
}

/*
 * The kind's seat, or a free one, or NULL. Texts are not compared: of 64 bits
 * in 32 seats two kinds hardly ever share one. A seat whose window is over,
 * with some held back, is neither until log_repeat_take has told them.
 */
static struct log_repeat *find(
    struct log_repeats *repeats, uint64_t hash, int64_t now_us)
{
	struct log_repeat *unused = NULL;

	for (size_t i = 0; i < LOG_REPEAT_KINDS; i++) {
		struct log_repeat *kind = &repeats->kinds[i];

		if (kind->hash == hash && kind->until_us > now_us)
			return kind;
		if (is_free(kind, now_us))
			unused = kind;
	}
	return unused;
}

static void begin_window(struct log_repeat *kind, uint64_t hash, int level,
    const char *text, int64_t now_us)
{
	size_t length = strnlen(text, LOG_REPEAT_TEXT_BYTES - 1);

	kind->hash = hash;
	kind->level = level;
	kind->until_us = now_us + LOG_REPEAT_WINDOW_US;
	kind->written = 0;
	memcpy(kind->text, text, length);
	kind->text[length] = '\0';
}

bool log_repeat_note(
    struct log_repeats *repeats, int level, const char *text, int64_t now_us)
{
	uint64_t hash = hash_of(level, text);
	struct log_repeat *kind = find(repeats, hash, now_us);

	if (kind == NULL)
		return true;
	if (kind->until_us <= now_us)
		begin_window(kind, hash, level, text, now_us);
	if (kind->written < LOG_REPEAT_MAX) {
		kind->written++;
		return true;
	}
	kind->held_back++;
	if (repeats->next_us == 0 || kind->until_us < repeats->next_us)
		repeats->next_us = kind->until_us;
	return false;
}

static int64_t first_end(const struct log_repeats *repeats)
{
	int64_t first_us = 0;

	for (size_t i = 0; i < LOG_REPEAT_KINDS; i++) {
		const struct log_repeat *kind = &repeats->kinds[i];

		if (kind->held_back > 0 &&
		    (first_us == 0 || kind->until_us < first_us))
			first_us = kind->until_us;
	}
	return first_us;
}

bool log_repeat_take(
    struct log_repeats *repeats, int64_t now_us, struct log_repeat *told)
{
	/* Asked for each line: nearly always there is nothing. */
	if (repeats->next_us == 0 || repeats->next_us > now_us)
		return false;
	for (size_t i = 0; i < LOG_REPEAT_KINDS; i++) {
		struct log_repeat *kind = &repeats->kinds[i];

		if (kind->held_back > 0 && kind->until_us <= now_us) {
			/* The next of its kind opens a new window. */
			*told = *kind;
			*kind = (struct log_repeat){0};
			break;
		}
	}
	repeats->next_us = first_end(repeats);
	return true;
}
