/*
 * JSON from outside: a strict check before anything parses it.
 *
 * json-c takes more than RFC 8259 allows (NaN, single quotes, duplicate keys,
 * integers cut to 64 bits), so every text from outside passes json_check()
 * first: exact grammar, valid UTF-8, no duplicate key in an object, whole
 * numbers within int64, bounded size, depth and number of values.
 *
 * This file and schema.c are the only ones that know json-c, free-form
 * documents (manifests, provider payloads) aside.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/err.h"

struct ctx;
struct json_object; /* json-c's */

struct json_limits {
	size_t max_bytes;
	int max_depth;  /* arrays and objects around a value */
	int max_values; /* values and keys in the whole text */
};

/* What a request body may be: 1 MiB, 32 deep, 100 000 values. */
extern const struct json_limits json_limits_body;

/**
 * Check a text against the grammar and the limits.
 *
 * Returns ERR_MALFORMED (grammar, duplicate key, number out of range), ERR_ENCODING (bytes that
 *         are not UTF-8, lone surrogate escapes, a NUL in a text) or ERR_LIMIT (size, depth, values);
 *         the detail names line and column.
 */
NODISCARD
enum err json_check(struct ctx *cx, struct span text, const struct json_limits *limits);

/**
 * Check and parse.  @ret owned by the caller: CLEANUP(json_put)
 * Returns as json_check().
 */
NODISCARD
enum err json_parse(struct ctx *cx, struct span text, const struct json_limits *limits,
                    struct json_object **ret);

/** Release a document; NULL inside is accepted. */
void json_put(struct json_object **doc);

/*
 * Reading a parsed document by path, for what is not worth a schema:
 * json_text(doc, "a.b.c") is the text at {"a":{"b":{"c":"text"}}}.  Number parts index arrays.
 * What is absent, or of another type, gives the value called fallback.
 */
const char *json_text(struct json_object *doc, const char *path, const char *fallback);
int64_t json_int(struct json_object *doc, const char *path, int64_t fallback);
bool json_flag(struct json_object *doc, const char *path, bool fallback);
struct json_object *json_at(struct json_object *doc, const char *path);

#endif
