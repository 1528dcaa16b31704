/*
 * Fuzz: bodies and query strings through a schema with every kind of field.
 *
 * What is decoded is encoded again and must be valid JSON that decodes to the same; what is
 * refused names somebody to blame.
 */
#include "base/schema.h"

#include "base/ctx.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define PAIRS_MAX   16

struct part {
	const char *label;
	struct part *part;
};

struct thing {
	const char *name;
	int64_t depth;
	bool active;
	int64_t due_us;
	const char *extra;
	struct part *part;
	struct list parts, tags, numbers;
};

static const char *const TAGS[] = { "a", "b", NULL };

extern const struct schema part_schema;
static const struct field PART_FIELDS[] = {
	F_TEXT(struct part, label, .nullable = true, .max = 5),
	F_OBJ(struct part, part, .of = &part_schema, .nullable = true),
};
const struct schema part_schema = SCHEMA(struct part, "Part", PART_FIELDS);

static const struct field THING_FIELDS[] = {
	F_TEXT(struct thing, name, .required = true, .nullable = true, .one_line = true,
	       .max = 100),
	F_INT(struct thing, depth, .min = -5, .max = 5),
	F_BOOL(struct thing, active),
	F_TIME(struct thing, due_us, .name = "due_at", .nullable = true),
	F_JSON(struct thing, extra),
	F_OBJ(struct thing, part, .of = &part_schema, .nullable = true),
	F_LIST(struct thing, parts, .of = &part_schema, .max = 3),
	F_LIST(struct thing, tags, .item = FIELD_TEXT, .one_of = TAGS),
	F_LIST(struct thing, numbers, .item = FIELD_INT),
};
static const struct schema thing_schema = SCHEMA(struct thing, "Thing", THING_FIELDS);

struct query {
	const char *q;
	int64_t limit;
	bool all;
	int64_t after_us;
	struct list tags, ids;
};

static const struct field QUERY_FIELDS[] = {
	F_TEXT(struct query, q, .max = 20),
	F_INT(struct query, limit, .min = 1, .max = 200, .preset = 20),
	F_BOOL(struct query, all),
	F_TIME(struct query, after_us, .name = "after"),
	F_LIST(struct query, tags, .item = FIELD_TEXT, .max = 3),
	F_LIST(struct query, ids, .item = FIELD_INT),
};
static const struct schema query_schema = SCHEMA(struct query, "Query", QUERY_FIELDS);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fuzz_body(struct ctx *cx, struct span body)
{
	struct thing once, twice;
	struct sb first = sb_new(cx->arena, 16 << 20), second = sb_new(cx->arena, 16 << 20);

	if (schema_decode(cx, &thing_schema, body, &once) != ERR_OK) {
		if (cx->fault.detail == NULL)
			abort();
		return;
	}
	schema_encode(&first, &thing_schema, &once);
	if (first.failed || first.len > json_limits_body.max_bytes)
		return;
	if (schema_decode(cx, &thing_schema, (struct span){ first.data, first.len }, &twice) !=
	    ERR_OK)
		abort();
	schema_encode(&second, &thing_schema, &twice);
	if (strcmp(first.data, second.data) != 0)
		abort();
}

/* The input's lines are names and values in turn. */
static void fuzz_pairs(struct ctx *cx, struct span text)
{
	char *line = arena_strndup(cx->arena, text.data, text.len);
	struct pair pairs[PAIRS_MAX];
	struct query got;
	size_t n = 0;

	while (line != NULL && n < PAIRS_MAX) {
		char *name = strsep(&line, "\n"), *value = strsep(&line, "\n");

		if (value != NULL)
			pairs[n++] = (struct pair){ name, value };
	}
	if (schema_decode_pairs(cx, &query_schema, pairs, n, &got) != ERR_OK &&
	    cx->fault.nfields == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = { .arena = arena };
	const struct span text = { (const char *)data, n };

	secret_init();
	fuzz_body(&cx, text);
	fuzz_pairs(&cx, text);
	arena_free(arena);
	return 0;
}
