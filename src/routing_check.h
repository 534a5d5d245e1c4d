#ifndef ROUTING_CHECK_H
#define ROUTING_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "text.h"

/*
 * True when a section `routing` is as routing.h says; else problems has a
 * line for each thing wrong. Borrows all until return; file is named in
 * the lines.
 */
bool routing_check(
    const json_t *section, const char *file, struct text *problems);

#endif
