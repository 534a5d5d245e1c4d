#ifndef HEX_H
#define HEX_H

#include <stddef.h>

/*
 * Writes count bytes as hexadecimal digits in lower case, and a NUL. text has
 * room for 2 * count + 1. Gives the length without the NUL.
 */
size_t hex_write(const unsigned char *bytes, size_t count, char *text);

#endif
