/*
 * What the readers of the languages share: where facts are put.
 *
 * Each reader is one function that pulls tokens from an open lexer until the
 * end; facts_read() opens the lexer and takes the counted lines from it.
 */
#ifndef MAPS_FACTS_BUILD_H
#define MAPS_FACTS_BUILD_H

#include "maps/facts.h"
#include "maps/lex.h"
#include "maps/name_set.h"

#define DEF_DROPPED UINT32_MAX /* index of a definition past the limits */

struct tap;

struct sink {
	struct arena *arena;
	struct facts *ret;
	struct span text; /* of the whole file */
	struct tap *tap;  /* sees every token; readers that open lexers of their own attach it */
	size_t imports_cap, defs_cap;
	struct name_set names;
};

/** @ret the new import, zeroed but for what is given, or NULL when past the limits */
struct fact_import *sink_import(struct sink *sk, enum import_kind kind, struct span target,
                                uint32_t line);

/** @ret an array with room for at least one item more than its @cap */
void *sink_more(struct arena *arena, void *items, size_t *cap, size_t size);

/** @ret room for one more item of @size bytes in an array that doubles */
static inline void *sink_room(struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
	return n < *cap ? items : sink_more(arena, items, cap, size);
}

/**
 * @name    points into sk->text where it can: the signature is read around it
 * @parent  lives in the arena
 * @ret     an index for sink_def_end()
 */
uint32_t sink_def(struct sink *sk, enum def_kind kind, struct span name, const char *parent,
                  uint32_t line);
void sink_def_end(struct sink *sk, uint32_t def, uint32_t end_line);

/** Add to the set of names. */
void sink_name(struct sink *sk, struct span name);

/** @ret a copy in the arena; "" for what is empty or longer than @max */
const char *sink_text(struct sink *sk, struct span text, size_t max);

/** @ret whether the token is one of the words, which are separated by blanks */
bool token_in(const struct token *t, const char *words);

/* Words of a language, with a filter before them that most tokens do not pass. */
struct word_filter {
	const char *words; /* separated by blanks */
	uint64_t bits[16];
};

struct word_filter word_filter_make(const char *words);
bool word_filter_has(const struct word_filter *filter, const struct token *t);

static inline struct span token_span(const struct token *t)
{
	return (struct span){ t->text, t->len };
}

/* One reader per language. */
void facts_c(struct lexer *lx, struct sink *sk);
void facts_python(struct lexer *lx, struct sink *sk);
void facts_js(struct lexer *lx, struct sink *sk);
void facts_go(struct lexer *lx, struct sink *sk);
void facts_rust(struct lexer *lx, struct sink *sk);
void facts_java(struct lexer *lx, struct sink *sk);
void facts_kotlin(struct lexer *lx, struct sink *sk);
void facts_csharp(struct lexer *lx, struct sink *sk);
void facts_php(struct lexer *lx, struct sink *sk);
void facts_ruby(struct lexer *lx, struct sink *sk);
void facts_shell(struct lexer *lx, struct sink *sk);
void facts_sql(struct lexer *lx, struct sink *sk);

/** The <script> blocks of a Vue or Svelte file. */
void facts_scripts(struct span text, struct sink *sk);

#endif
