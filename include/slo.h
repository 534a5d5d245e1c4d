#ifndef SLO_H
#define SLO_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An aim in words: "300ms" or "2s", and which share of all shall take so
 * long at most, in percent: "300ms:99.9"; 99 when nothing is said.
 */
#define SLO_TARGET   99.0
#define SLO_EXPECTED "300ms, 2s or, with the share to reach, 300ms:99.9"

/* Over 0 and under 100 %, with up to three decimals; up to an hour. False:
 * it is none; nothing is given. */
bool slo_read(const char *word, int64_t *within_us, double *target);

#endif
