#ifndef PROBLEM_H
#define PROBLEM_H

#include <stddef.h>

#include "text.h"

/*
 * What a configuration gets wrong, in words: helpers for those who write
 * lines of problems.
 */
#define PROBLEM_NAME_MAX 64 /* bytes of a name that may be suggested */

/*
 * Adds value in quotes, printable (other bytes become '?') and cut after
 * 80 bytes. Never give it a secret.
 */
void problem_add_quoted(struct text *problems, const char *value);

/*
 * Adds "/" and name as one reference token of a JSON Pointer (RFC 6901),
 * made printable and cut likewise.
 */
void problem_add_token(struct text *problems, const char *name);

/*
 * The name that word was probably meant to be: the one with the fewest
 * letters to change, whatever their case, when these are few. NULL when
 * none is near. The answer is one of names.
 */
const char *problem_nearest(
    const char *word, const char *const *names, size_t count);

#endif
