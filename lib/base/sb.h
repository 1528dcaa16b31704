/*
 * String builder: append text into an arena, check once at the end.
 *
 *     struct sb sb = sb_new(cx->arena, 64 * 1024);
 *     sb_add(&sb, "hello ");
 *     sb_json(&sb, name);
 *     TRY(sb_finish(cx, &sb, &text));
 *
 * A builder has a ceiling.  The append that would pass it changes nothing and
 * marks the builder as failed; later appends are ignored, and sb_finish()
 * reports it.  So a chain of appends needs one check.  The buffer always ends
 * in a NUL that is not counted in len.
 */
#ifndef BASE_SB_H
#define BASE_SB_H

#include "base/arena.h"
#include "base/err.h"

struct sb {
	struct arena *arena;
	char *data;
	size_t len;  /* bytes of text, without the NUL */
	size_t cap;  /* bytes allocated */
	size_t max;  /* ceiling of len */
	bool failed; /* an append did not fit */
};

struct ctx;

/** @max_bytes ceiling of the text, without its NUL */
struct sb sb_new(struct arena *arena, size_t max_bytes);

/** Build into the caller's own memory; nothing is allocated.  @n bytes of it, at least 1 (the NUL) */
struct sb sb_fixed(char *memory, size_t n);

void sb_add(struct sb *sb, const char *text);
void sb_addn(struct sb *sb, const char *text, size_t n);
void sb_addc(struct sb *sb, char c);
void sb_addf(struct sb *sb, const char *fmt, ...) PRINTF(2, 3);
void sb_vaddf(struct sb *sb, const char *fmt, va_list ap) PRINTF(2, 0);

/** Append a decimal number; faster than sb_addf(). */
void sb_int(struct sb *sb, int64_t n);

/** The same behind one more byte, such as a comma: tables are made of such pairs. */
void sb_int_after(struct sb *sb, char before, int64_t n);

/**
 * For what is made of very many small pieces: room at the end for n bytes more, to be written to
 * directly.  sb_took() then says how far, and whether that passes the ceiling.
 *
 * @ret NULL when the builder has failed; not for sb_fixed()
 */
char *sb_room(struct sb *sb, size_t n);
void sb_took(struct sb *sb, const char *end);

#define SB_INT_MAX 20 /* bytes of a number */

/** Write a decimal number where there is room for SB_INT_MAX bytes.  @ret where it ends; no NUL */
char *sb_put_int(char *to, int64_t n);

/**
 * Append a JSON string, quotes included.
 *
 * Bytes that are not UTF-8 become U+FFFD, one per bad byte, so that the result
 * is valid JSON whatever comes in.  NUL in @text (sb_jsonn) becomes \u0000.
 */
void sb_json(struct sb *sb, const char *text);
void sb_jsonn(struct sb *sb, const char *text, size_t n);

/** The same with one more byte behind it, such as a comma: columns are made of such pairs. */
void sb_json_then(struct sb *sb, const char *text, char after);

/** Append a text of which neither HTML nor XML reads anything as markup, in an element or in quotes. */
void sb_markup(struct sb *sb, const char *text);
void sb_markupn(struct sb *sb, const char *text, size_t n);

/** Append "name": for a name of ours, in which nothing is to be escaped. */
void sb_json_name(struct sb *sb, const char *name);

/** The same behind one more byte: the comma or brace that a member comes after. */
void sb_json_member(struct sb *sb, char before, const char *name);

/** Forget text beyond len bytes (len <= sb->len). */
void sb_truncate(struct sb *sb, size_t len);

/**
 * @ret the text, owned by the arena
 * Returns ERR_LIMIT when the builder failed: "the text passes N bytes".
 */
NODISCARD
enum err sb_finish(struct ctx *cx, struct sb *sb, const char **ret);

#endif
