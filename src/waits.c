/* waits.c: what an event waited for -> a short text, and back */
#include "waits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_MS 1000000000000 /* safe to multiply */

static const char more[] = " ...";

void waits_add(
    struct waits *waits, const char *step, const char *what, int64_t us)
{
	char entry[2 * WAITS_WORD_BYTES + 32];
	size_t bytes;

	if (waits == NULL || waits->full)
		return;
	snprintf(entry, sizeof entry, "%s%s:%s:%" PRId64 ".%03dms",
	    waits->length > 0 ? " " : "", step, what, us / 1000,
	    (int)(us % 1000));
	bytes = strlen(entry);
	/* Room stays for saying that there was more. */
	waits->full = waits->length + bytes + sizeof more > sizeof waits->text;
	if (waits->full)
		strcpy(waits->text + waits->length, more);
	else
		memcpy(waits->text + waits->length, entry, bytes + 1);
	waits->length += waits->full ? sizeof more - 1 : bytes;
}

/* Copies what stands before the next colon; NULL: that is no word. */
static const char *read_word(const char *at, char word[WAITS_WORD_BYTES])
{
	size_t bytes = strcspn(at, ": ");

	if (bytes == 0 || bytes >= WAITS_WORD_BYTES || at[bytes] != ':')
		return NULL;
	memcpy(word, at, bytes);
	word[bytes] = '\0';
	return at + bytes + 1;
}

/* 12.345ms, always with three decimals. NULL: it is none. */
static const char *read_duration(const char *at, int64_t *us)
{
	char *end;
	long long ms = strtoll(at, &end, 10);
	long rest;

	if (end == at || *end != '.' || ms < 0 || ms > LONGEST_MS)
		return NULL;
	at = end + 1;
	rest = strtol(at, &end, 10);
	if (end != at + 3 || rest < 0 || strncmp(end, "ms", 2) != 0)
		return NULL;
	*us = ms * 1000 + rest;
	return end + 2;
}

bool waits_next(const char **text, struct waits_entry *entry)
{
	const char *at = read_word(*text, entry->step);

	if (at != NULL)
		at = read_word(at, entry->what);
	if (at != NULL)
		at = read_duration(at, &entry->duration_us);
	if (at == NULL || (*at != ' ' && *at != '\0'))
		return false;
	*text = at + (*at == ' ');
	return true;
}
