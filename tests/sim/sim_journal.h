#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include <stddef.h>

struct journal;
struct request;

/* Keeps at most 400,000 requests and 256 MiB of them; later ones are not
 * kept. journal_free takes NULL. */
struct journal *journal_new(void);
void journal_free(struct journal *journal);

/* Writes down a request whose body is complete, with status 0 for now, and
 * sets request->mark for journal_answered. */
void journal_add(
    struct journal *journal, struct request *request, unsigned connection);

/* Writes down what the request was answered; does nothing when the journal
 * was emptied since, or the request was not kept. */
void journal_answered(
    struct journal *journal, const struct request *request, int status);

void journal_clear(struct journal *journal);

/* The whole journal as JSON text. Gives text (caller frees, with free) and
 * its length; NULL when memory ran out. */
char *journal_text(struct journal *journal, size_t *length);

#endif
