/*
 * Grams: an inverted index of three-character pieces, for finding names and paths by any part of them.
 *
 * A text is folded (ASCII case) and each of its characters mapped to one of 64
 * codes; each run of three is a gram.  Marks stand in front of the text (and of
 * a path's last name) and of each word in it (camelCase, snake_case, path/parts),
 * so that beginnings of texts and words have grams of their own, from one
 * character up.  The index holds, by gram, the ascending numbers of the texts
 * that have it.  Codes are lossy: who looks up must check what is found.
 *
 * Made by the analyser, stored as rows of app.map_gram, read by find.c.  An own
 * index because pg_trgm's takes half a minute to fill with a million names, and
 * up to 300 ms to answer (PostgreSQL 15; the same names here: 2 s and 5 ms).
 * The idea of trigrams for sub-string search: Cox, "Regular Expression Matching
 * with a Trigram Index", 2012.
 *
 *   Postings  differences of numbers, the first from -1, in groups of five bits,
 *             low group first, one character '0' + group each, + 32 when another
 *             group follows: printable, never empty, without tab or quote.
 */
#ifndef MAPS_GRAMS_H
#define MAPS_GRAMS_H

#include "base/arena.h"

#define GRAM_COUNT    (64u * 64u * 64u)
#define GRAM_TEXT_MAX 4096 /* bytes of a text that are looked at */
#define GRAMS_MAX     (3 * GRAM_TEXT_MAX + 8)

/* Which of a text's grams. */
enum gram_set {
	GRAM_PARTS = 1, /* its runs of three */
	GRAM_START = 2, /* its beginning; of a path also that of its last name */
	GRAM_WORDS = 4, /* the beginnings of its words, the first included */
	GRAM_ALL = 7,
};

/**
 * List the grams of a text, in no order, some perhaps twice.
 *
 * @ret  room for GRAMS_MAX
 * @ret  how many
 */
size_t grams_of(struct span text, unsigned sets, uint32_t *ret);

/** @ret whether a word begins at that byte of the text */
bool gram_word_at(struct span text, size_t at);

/** @ret the byte with ASCII capitals made small */
char gram_fold(char c);

/* The texts that have a gram. */
struct gram_list {
	char *postings; /* no NUL at their end */
	uint32_t len, cap;
	uint32_t last; /* number of the newest text + 1 */
	uint32_t n;    /* texts */
};

/* The index as it is made. */
struct gram_index {
	struct gram_list *lists; /* by gram */
	size_t bytes;            /* of all postings */
	uint32_t *scratch;
	struct arena *arena;
};

struct gram_index gram_index_new(struct arena *arena);

/** Add a text.  @number rising from 0 */
void gram_index_add(struct gram_index *index, uint32_t number, struct span text);

/* Rising numbers. */
struct gram_numbers {
	const uint32_t *list;
	size_t n;
};

/* What a list of names loses and gets: a line of the part `grams` against a patch (tables.h). */
struct gram_change {
	uint32_t gram;
	struct gram_numbers gone, come; /* at most INT32_MAX */
};

/** @line without its line feed  @ret lists live in the arena; false: it is none */
bool gram_change_read(struct arena *arena, struct span line, struct gram_change *ret);

/**
 * Take numbers out of a list and put others in.
 *
 * @postings ended by NUL
 * @ret      its postings live in the arena
 * Returns false when one that goes is not there, one that comes is, or the list is none or has a
 * number beyond 32 bits
 */
bool gram_patch(struct arena *arena, const char *postings, struct gram_numbers gone,
                struct gram_numbers come, struct gram_list *ret);

/**
 * Read postings.
 *
 * @at   position in the text, moved on
 * @last the number before; -1 at first
 * @ret  the next number, -1 at the end or at what is none
 */
int64_t gram_next(const char **at, int64_t last);

#endif
