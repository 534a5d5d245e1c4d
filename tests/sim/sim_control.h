#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <stdbool.h>

struct sim;
struct request;

/* Does what a request below /control/ asks and fills request->reply. */
void control_play(struct request *request);

/* Reads stock and faults from files (each may be NULL: none). False: it has
 * said on stderr what is wrong. */
bool control_load(
    struct sim *sim, const char *stock_file, const char *faults_file);

#endif
