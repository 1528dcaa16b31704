/*
 * Code: structs of facts as bytes and back, by one table each.
 *
 * A table lists the members of a struct; a new member is one row.  What has no row comes back
 * as zero.  Numbers take one byte below 128, texts are numbers of the store.
 *
 *     static const struct code_field DEF_FIELDS[] = {
 *             CODE_TEXT(struct fact_def, name),
 *             CODE_NUMBER(struct fact_def, line),
 *     };
 *     const struct code_table code_def = CODE_TABLE(struct fact_def, DEF_FIELDS);
 *
 * Decoding trusts nothing: a number out of its range, a text that is not there or a list longer
 * than what is left of the bytes makes all of it bad.  Time and memory are linear in the bytes.
 */
#ifndef MAPS_CODE_H
#define MAPS_CODE_H

#include "base/sb.h"
#include "maps/store.h"

enum code_type {
	CODE_TYPE_TEXT = 1, /* const char *; NULL comes back as "" unless max is 1 */
	CODE_TYPE_NUMBER,   /* unsigned, 1, 4 or 8 bytes; also enum and bool; at most max */
	CODE_TYPE_TEXTS,    /* const char ** and a count of them */
	CODE_TYPE_ROWS,     /* structs of another table and a count of them */
	CODE_TYPE_ONE,      /* a struct of another table, inside */
	CODE_TYPE_PACKED, /* rows of texts and numbers, which are read as bytes: code_unpack_numbers() */
};

struct code_table;

struct code_field {
	enum code_type type;
	uint8_t size; /* of a number */
	size_t offset, count_offset, packed_offset;
	uint64_t max; /* of a number; rows of a list; of a text, 1: it may be NULL */
	const struct code_table *of;
};

struct code_table {
	size_t size; /* of the struct */
	const struct code_field *fields;
	size_t n;
};

#define CODE_TABLE(T, list)                                                                        \
	{                                                                                          \
		sizeof(T), list, COUNT(list)                                                       \
	}

#define CODE_OF(T, member, want)                                                                   \
	(offsetof(T, member) + 0 * sizeof(char[_Generic(((T *)0)->member, want : 1)]))
#define CODE_MAX(T, member)                                                                        \
	(sizeof(((T *)0)->member) == 8 ? UINT64_MAX                                                \
	                               : (UINT64_C(1) << 8 * (sizeof(((T *)0)->member) & 7)) - 1)

#define CODE_TEXT(T, member)                                                                       \
	{                                                                                          \
		.type = CODE_TYPE_TEXT, .offset = CODE_OF(T, member, const char *)                 \
	}
#define CODE_TEXT_OR_NULL(T, member)                                                               \
	{                                                                                          \
		.type = CODE_TYPE_TEXT, .offset = CODE_OF(T, member, const char *), .max = 1       \
	}
#define CODE_UP_TO(T, member, most)                                                                \
	{                                                                                          \
		.type = CODE_TYPE_NUMBER, .size = sizeof(((T *)0)->member),                        \
		.offset = offsetof(T, member), .max = (most)                                       \
	}
#define CODE_NUMBER(T, member)      CODE_UP_TO(T, member, CODE_MAX(T, member))
#define CODE_ENUM(T, member, count) CODE_UP_TO(T, member, (count)-1)
#define CODE_BOOL(T, member)                                                                       \
	{                                                                                          \
		.type = CODE_TYPE_NUMBER, .size = 1, .offset = CODE_OF(T, member, bool), .max = 1  \
	}
#define CODE_TEXTS(T, member, count, most)                                                         \
	{                                                                                          \
		.type = CODE_TYPE_TEXTS, .offset = CODE_OF(T, member, const char **),              \
		.count_offset = CODE_OF(T, count, size_t), .max = (most)                           \
	}
#define CODE_ROWS(T, member, count, table, most)                                                   \
	{                                                                                          \
		.type = CODE_TYPE_ROWS, .offset = offsetof(T, member),                             \
		.count_offset = CODE_OF(T, count, size_t), .max = (most), .of = (table)            \
	}
#define CODE_PACKED(T, member, count, packed, table, most)                                         \
	{                                                                                          \
		.type = CODE_TYPE_PACKED, .offset = offsetof(T, member),                           \
		.count_offset = CODE_OF(T, count, size_t),                                         \
		.packed_offset = CODE_OF(T, packed, struct span), .max = (most), .of = (table)     \
	}
#define CODE_ONE(T, member, table)                                                                 \
	{                                                                                          \
		.type = CODE_TYPE_ONE, .offset = offsetof(T, member), .of = (table)                \
	}

/**
 * Append a struct; its texts get numbers in the store.  A list longer than its max is cut.  Rows
 * that are packed already are appended as they are, and so belong to the same store.
 */
void code_write(struct sb *sb, struct store *store, const struct code_table *table,
                const void *row);

struct code_in {
	struct span bytes; /* what is left */
	const struct store *store;
	struct arena *arena;   /* for lists */
	struct arena *scratch; /* for lists of the table `apart` */
	const struct code_table *apart;
	bool unpacks; /* rows of CODE_TYPE_PACKED become a list; else the bytes are copied */
	bool bad;
};

/** Fill a struct, which is zero before.  When in->bad is set what it holds is of no use. */
void code_read(struct code_in *in, const struct code_table *table, void *row);

/**
 * Rows that were read as bytes, as numbers alone: of a text, its number in the store, which has it.
 *
 * @ret  room for table->n numbers of each of the n rows, one row behind the other; a number that is
 *       larger than 32 bits is cut
 * Returns false when the bytes are not as many
 */
bool code_unpack_numbers(struct span packed, size_t n, const struct code_table *table,
                         const struct store *store, uint32_t *ret);

/**
 * The same of those rows alone whose first member is a text that is marked, by its number; others
 * are stepped over, and of them nothing is checked but where they end.
 *
 * @ret    room for all rows and one more; *ret_n how many there are
 */
bool code_pick_numbers(struct span packed, size_t n, const struct code_table *table,
                       const struct store *store, const bool *marked, uint32_t *ret, size_t *ret_n);

/** One number by itself.  @ret at most max; a larger one is bad */
void code_put(struct sb *sb, uint64_t n);
uint64_t code_take(struct code_in *in, uint64_t max);

/** @ret differs when tables differ in what bytes mean */
uint64_t code_print(const struct code_table *table, uint64_t seed);

#endif
