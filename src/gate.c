/* gate.c: the bytes that have come so far -> is it a whole request? */
#include "gate.h"

#include <stdbool.h>

#define HEADER_BYTES 8
#define BEGIN_BYTES  8

/* FastCGI 1.0 section 8. */
enum { VERSION = 1, BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, RESPONDER = 1 };

/* A record whose header has arrived; content and padding may not have. */
struct record {
	unsigned version;
	unsigned type;
	unsigned id;
	size_t content_bytes;
	size_t padding_bytes;
	const unsigned char *content;
};

/* The walk over the records: at is where the next one begins. */
struct walk {
	const unsigned char *bytes;
	size_t length;
	size_t at;
	unsigned id;
};

/* False: the header has not arrived. */
static bool see_header(const struct walk *walk, struct record *record)
{
	const unsigned char *header;

	if (walk->at > walk->length || walk->length - walk->at < HEADER_BYTES)
		return false;
	header = walk->bytes + walk->at;
	record->version = header[0];
	record->type = header[1];
	record->id = (unsigned)header[2] << 8 | header[3];
	record->content_bytes = (size_t)header[4] << 8 | header[5];
	record->padding_bytes = header[6];
	record->content = header + HEADER_BYTES;
	return true;
}

/* False: the record's content or padding has not arrived to its end. */
static bool pass(struct walk *walk, const struct record *record)
{
	walk->at +=
	    HEADER_BYTES + record->content_bytes + record->padding_bytes;
	return walk->at <= walk->length;
}

/*
 * libfcgi takes the padding of BEGIN_REQUEST and of the end of PARAMS for
 * the next record, which nobody has looked at.
 */
static bool is_misread(const struct record *record)
{
	bool last = record->type == BEGIN_REQUEST ||
		    (record->type == PARAMS && record->content_bytes == 0);

	return last && record->padding_bytes != 0;
}

static enum gate walk_begin(struct walk *walk)
{
	struct record begin;

	if (!see_header(walk, &begin))
		return GATE_PART;
	if (begin.version != VERSION || begin.type != BEGIN_REQUEST ||
	    begin.id == 0 || begin.content_bytes != BEGIN_BYTES ||
	    is_misread(&begin))
		return GATE_BAD;
	if (!pass(walk, &begin))
		return GATE_PART;
	if (begin.content[0] != 0 || begin.content[1] != RESPONDER)
		return GATE_BAD;
	walk->id = begin.id;
	return GATE_WHOLE;
}

/* Walks one stream to its empty record. */
static enum gate walk_stream(struct walk *walk, unsigned type, size_t max)
{
	struct record record;
	size_t total = 0;

	while (see_header(walk, &record)) {
		if (record.version != VERSION || record.type != type ||
		    record.id != walk->id || is_misread(&record))
			return GATE_BAD;
		total += record.content_bytes;
		/* By the header: a sender is refused before it has sent it. */
		if (total > max)
			return GATE_TOO_LARGE;
		if (!pass(walk, &record))
			return GATE_PART;
		if (record.content_bytes == 0)
			return GATE_WHOLE;
	}
	return GATE_PART;
}

/* The content of PARAMS, over the ends of its records; left: in this one. */
struct content {
	struct walk walk;
	const unsigned char *at;
	size_t left;
};

/* False: at the end of the stream, whose empty record has come. */
static bool has_more(struct content *content)
{
	struct record record;

	if (content->left > 0)
		return true;
	if (!see_header(&content->walk, &record))
		return false;
	content->at = record.content;
	content->left = record.content_bytes;
	pass(&content->walk, &record);
	return content->left > 0;
}

static bool read_byte(struct content *content, size_t *byte)
{
	if (!has_more(content))
		return false;
	*byte = *content->at++;
	content->left--;
	return true;
}

/* One byte up to 127, else four of which the first bit is none. */
static bool read_length(struct content *content, size_t *length)
{
	size_t byte;

	if (!read_byte(content, length))
		return false;
	if (*length < 128)
		return true;
	*length -= 128;
	for (int i = 0; i < 3; i++) {
		if (!read_byte(content, &byte))
			return false;
		*length = *length << 8 | byte;
	}
	return true;
}

static bool skip(struct content *content, size_t bytes)
{
	while (bytes > content->left) {
		bytes -= content->left;
		content->left = 0;
		if (!has_more(content))
			return false;
	}
	content->at += bytes;
	content->left -= bytes;
	return true;
}

/*
 * FastCGI 1.0 section 3.4. libfcgi believes a length, and would reserve up
 * to 2 GB for what does not come.
 */
static bool are_pairs(struct walk params)
{
	struct content content = {.walk = params};
	size_t name, value;

	while (has_more(&content))
		if (!read_length(&content, &name) ||
		    !read_length(&content, &value) ||
		    !skip(&content, name + value))
			return false;
	return true;
}

enum gate gate_look(const unsigned char *bytes, size_t length, size_t body_max)
{
	struct walk walk = {.bytes = bytes, .length = length};
	struct walk params;
	enum gate seen;

	seen = walk_begin(&walk);
	if (seen != GATE_WHOLE)
		return seen;
	params = walk;
	seen = walk_stream(&walk, PARAMS, GATE_PARAMS_MAX);
	if (seen != GATE_WHOLE)
		/* Too large PARAMS cannot be answered: nothing is known yet. */
		return seen == GATE_PART ? GATE_PART : GATE_BAD;
	if (!are_pairs(params))
		return GATE_BAD;
	seen = walk_stream(&walk, STDIN, body_max);
	if (seen == GATE_PART)
		return GATE_PART_BODY;
	/* One connection, one request: libfcgi would lose what follows. */
	if (seen == GATE_WHOLE && walk.at < length)
		return GATE_BAD;
	return seen;
}
