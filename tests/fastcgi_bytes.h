#ifndef FASTCGI_BYTES_H
#define FASTCGI_BYTES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a web server sends, byte by byte, for the tests of gate and gateway. */
enum { BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, GET_VALUES = 9 };

#define BYTES_MAX 300000

struct bytes {
	unsigned char at[BYTES_MAX];
	size_t length;
};

static inline void add(struct bytes *bytes, const void *from, size_t length)
{
	assert(length <= BYTES_MAX - bytes->length);
	if (length > 0)
		memcpy(bytes->at + bytes->length, from, length);
	bytes->length += length;
}

struct shape {
	unsigned type;
	unsigned id;
	unsigned padding;
};

static inline void add_record(
    struct bytes *bytes, struct shape shape, const void *content, size_t length)
{
	unsigned char header[8] = {1, (unsigned char)shape.type,
	    (unsigned char)(shape.id >> 8), (unsigned char)shape.id,
	    (unsigned char)(length >> 8), (unsigned char)length,
	    (unsigned char)shape.padding, 0};
	unsigned char padding[255] = {0};

	add(bytes, header, sizeof header);
	add(bytes, content, length);
	add(bytes, padding, shape.padding);
}

static inline void add_begin(
    struct bytes *bytes, unsigned id, unsigned role, unsigned flags)
{
	unsigned char begin[8] = {0, (unsigned char)role, (unsigned char)flags};

	add_record(bytes, (struct shape){BEGIN, id, 0}, begin, sizeof begin);
}

/* One name-value pair of at most 127 bytes each, as a PARAMS record. */
static inline void add_param(
    struct bytes *bytes, unsigned id, const char *name, const char *value)
{
	struct bytes pair = {.length = 0};
	unsigned char lengths[2] = {
	    (unsigned char)strlen(name), (unsigned char)strlen(value)};

	add(&pair, lengths, sizeof lengths);
	add(&pair, name, strlen(name));
	add(&pair, value, strlen(value));
	add_record(bytes, (struct shape){PARAMS, id, 0}, pair.at, pair.length);
}

/* A stream's content in records of at most piece bytes, without its end. */
static inline void add_stdin(
    struct bytes *bytes, const char *content, size_t length, size_t piece)
{
	size_t part;

	for (; length > 0; length -= part, content += part) {
		part = length < piece ? length : piece;
		add_record(bytes, (struct shape){STDIN, 1, 0}, content, part);
	}
}

static inline void add_end(struct bytes *bytes, unsigned type)
{
	add_record(bytes, (struct shape){type, 1, 0}, NULL, 0);
}

#endif
