/*
 * Schema: one table ties the JSON names of a thing to the members of its C
 * struct, with limits and documentation.
 *
 * The same table decodes and checks a request body or a query string, encodes a
 * reply, fills a struct from a database row by column name, and prints JSON
 * Schema for OpenAPI.
 *
 *     static const struct field NEW_FIELDS[] = {
 *             F_TEXT(struct project_new, name, .required = true, .min = 1, .max = 100,
 *                    .doc = "Name, unique within the tenant"),
 *             F_INT(struct project_new, depth, .min = 0, .max = 100000, .doc = "..."),
 *     };
 *     const struct schema project_new_schema = SCHEMA(struct project_new, "ProjectNew", NEW_FIELDS);
 *
 * A macro checks the member's type, so a table that disagrees with its struct
 * does not compile.
 *
 *   F_TEXT  const char *      NULL is JSON null or absent
 *   F_INT   int64_t           .zero_is_null: 0 is JSON null (ids)
 *   F_BOOL  bool
 *   F_TIME  int64_t           microseconds since 1970 UTC; RFC 3339 in JSON; 0 is null
 *   F_JSON  const char *      any JSON value, kept and given as its text; NULL is null
 *   F_OBJ   struct T *        .of = its schema; NULL is null
 *   F_LIST  struct list       .of = schema of each item, or NULL with .item = FIELD_TEXT / FIELD_INT; NULL
 *                             items of a .nullable one are null
 *
 * In a query string a list is one value with commas between its items, and F_JSON and F_OBJ cannot
 * be.  In a row the columns of F_OBJ and F_LIST are JSON (jsonb, to_jsonb(array)), those of F_TIME
 * bigint microseconds; rows are trusted, so rules are not checked on them.
 *
 * The JSON name is the member's name unless .name says another; a member that
 * is a time in microseconds is called created_us and named "created_at".
 */
#ifndef BASE_SCHEMA_H
#define BASE_SCHEMA_H

#include "base/json.h"
#include "base/sb.h"

enum field_type {
	FIELD_UNSET = 0,
	FIELD_TEXT,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_TIME,
	FIELD_JSON,
	FIELD_OBJ,
	FIELD_LIST,
};

/* Items next to each other in the arena: structs, or const char * / int64_t of .item. */
struct list {
	const void *items;
	size_t n;
};

struct schema;

/**
 * A rule beyond length and range.  @pointer names the field for err_field().
 * @ret ERR_OK or what err_field() returned
 */
typedef enum err field_check(struct ctx *cx, const char *pointer, const char *text);

struct field {
	const char *name; /* in JSON and as a column */
	enum field_type type;
	size_t offset; /* of the member */
	bool required; /* must be in a body; others may be absent (or null, if .nullable) */
	bool nullable; /* null is taken from a client and stands for absent; a reply may hold null */
	bool zero_is_null; /* FIELD_INT: 0 is written as null */
	bool one_line;     /* FIELD_TEXT: no control or invisible characters */
	/* TEXT: characters (max 0: 1 MiB); INT: range (both 0: any); LIST: items (max 0: any) */
	int64_t min, max;
	int64_t preset;            /* FIELD_INT and FIELD_BOOL: value when absent */
	const char *const *one_of; /* the allowed texts, ended by NULL; also of a list's items */
	const char *pattern;       /* for JSON Schema only; .check enforces it */
	field_check *check;        /* FIELD_TEXT, and text items of a list; after all other rules */
	enum field_type item;      /* FIELD_LIST without .of */
	const struct schema *of;   /* FIELD_OBJ, FIELD_LIST */
	const char *example;       /* JSON text, for OpenAPI */
	const char *doc;           /* one sentence */
};

struct schema {
	const char *name; /* "ProjectNew"; unique, names the component in OpenAPI */
	const struct field *fields;
	size_t nfields;
	size_t size; /* of the struct */
	/* Of a uint64_t that gets bit i when field i was in the body, also as null; SIZE_MAX: none. */
	size_t given_offset;
	bool open; /* of a body in another's form: members that are not known here are passed over */
};

/* Where a member is; does not compile when it is of another type. */
#define OFFSET_OF(T, member, ctype)                                                                \
	(offsetof(T, member) + 0 * sizeof(char[_Generic(((T *)0)->member, ctype : 1)]))

/* The member of a struct, with a compile-time check of its type. */
#define FIELD_OF(T, member, ctype) .name = #member, .offset = OFFSET_OF(T, member, ctype)

#define F_TEXT(T, member, ...)                                                                     \
	{                                                                                          \
		FIELD_OF(T, member, const char *), .type = FIELD_TEXT, __VA_ARGS__                 \
	}
#define F_INT(T, member, ...)                                                                      \
	{                                                                                          \
		FIELD_OF(T, member, int64_t), .type = FIELD_INT, __VA_ARGS__                       \
	}
#define F_BOOL(T, member, ...)                                                                     \
	{                                                                                          \
		FIELD_OF(T, member, bool), .type = FIELD_BOOL, __VA_ARGS__                         \
	}
#define F_TIME(T, member, ...)                                                                     \
	{                                                                                          \
		FIELD_OF(T, member, int64_t), .type = FIELD_TIME, __VA_ARGS__                      \
	}
#define F_JSON(T, member, ...)                                                                     \
	{                                                                                          \
		FIELD_OF(T, member, const char *), .type = FIELD_JSON, __VA_ARGS__                 \
	}
#define F_LIST(T, member, ...)                                                                     \
	{                                                                                          \
		FIELD_OF(T, member, struct list), .type = FIELD_LIST, __VA_ARGS__                  \
	}
/* Which struct the pointer leads to is its schema's business. */
#define F_OBJ(T, member, ...)                                                                      \
	{                                                                                          \
		.name = #member, .offset = offsetof(T, member) + 0 * sizeof(*((T *)0)->member),    \
		.type = FIELD_OBJ, __VA_ARGS__                                                     \
	}

#define SCHEMA_FIELDS_MAX 64 /* fields of one schema; more do not compile */

#define SCHEMA_OF(T, title, table, given_at, ...)                                                  \
	{                                                                                          \
		.name = title, .fields = table,                                                    \
		.nfields = COUNT(table) +                                                          \
		           0 * sizeof(char[COUNT(table) <= SCHEMA_FIELDS_MAX ? 1 : -1]),           \
		.size = sizeof(T), .given_offset = (given_at), __VA_ARGS__                         \
	}

#define SCHEMA(T, title, table) SCHEMA_OF(T, title, table, SIZE_MAX, .open = false)

/* Of a body whose form is another's to widen. */
#define SCHEMA_OPEN(T, title, table) SCHEMA_OF(T, title, table, SIZE_MAX, .open = true)

/* For changes: the uint64_t member `given` tells which fields the client sent. */
#define SCHEMA_PATCH(T, title, table)                                                              \
	SCHEMA_OF(T, title, table, OFFSET_OF(T, given, uint64_t), .open = false)

/** @ret whether the client sent the field with that JSON name (SCHEMA_PATCH only) */
bool schema_given(const struct schema *s, const void *obj, const char *name);

/**
 * Decode and check a JSON body.  All wrong fields are blamed in one fault.
 *
 * @ret  untouched on error; texts and items live in cx->arena
 * Returns what json_parse() returns within json_limits_body, ERR_UNKNOWN_FIELD, or ERR_INVALID.
 *         When a body has unknown fields as well as invalid ones, the code is that of the first.
 */
NODISCARD
enum err schema_decode(struct ctx *cx, const struct schema *s, struct span body, void *ret);

/* A decoded name and value of a query string. */
struct pair {
	const char *name, *value;
};

/**
 * The same for a query string; pointers are "?name".  A repeated name is ERR_INVALID, bytes
 * that are not UTF-8 are ERR_ENCODING.
 */
NODISCARD
enum err schema_decode_pairs(struct ctx *cx, const struct schema *s, const struct pair *pairs,
                             size_t n, void *ret);

/** Append the object as JSON, every field in the schema's order.  F_JSON texts are not checked. */
void schema_encode(struct sb *sb, const struct schema *s, const void *obj);

/** Append n objects that stand next to each other as a JSON array; NULL items when n is 0. */
void schema_encode_array(struct sb *sb, const struct schema *s, const void *items, size_t n);

/**
 * Set one member from a column in PostgreSQL's text format; NULL text is SQL NULL.
 * @f  a field of the schema.  FIELD_TIME columns are bigint microseconds.
 */
void schema_set_column(struct arena *arena, const struct field *f, const char *text, size_t len,
                       void *obj);

/**
 * The same from a column in binary format; NULL data is SQL NULL.
 * @f  a field of text, JSON, numbers, times or truth.  FIELD_TIME columns are timestamptz, FIELD_JSON
 *     columns jsonb; a number may be a tid: block * 65536 + line.
 */
void schema_set_binary(struct arena *arena, const struct field *f, const char *data, size_t len,
                       void *obj);

/** A .check of names.  Returns ERR_INVALID, rule "trimmed", for a text with a space at an end */
NODISCARD
enum err schema_check_trimmed(struct ctx *cx, const char *pointer, const char *text);

/** @ret field by its JSON name, NULL when there is none */
const struct field *schema_field(const struct schema *s, const char *name);

/** Append the JSON Schema (2020-12) of the object; nested schemas as "#/components/schemas/Name". */
void schema_print(struct sb *sb, const struct schema *s);

/** Append the JSON Schema of one field alone, as a parameter of OpenAPI has it. */
void schema_print_field(struct sb *sb, const struct field *f);

#endif
