/*
 * Tap: what is read from the tokens of any language while its reader pulls them.
 *
 * A reader knows its grammar; what is looked for here needs none, only a token,
 * the one before it and the bytes behind it.  lex_next() hands each new token
 * over once, so the file is still read in a single pass, and a language has
 * these facts as soon as the lexer knows its comments and strings.
 */
#ifndef MAPS_TAP_H
#define MAPS_TAP_H

#include "maps/tokens.h"

/* What a word is, as tap_words.def has it. */
#define WORD_KEYWORD     (1u << 0)
#define WORD_TYPE_BEFORE (1u << 1)
#define WORD_IMPORT      (1u << 2)

#define WORD_ROUTE (1u << 3)
#define WORD_ENV   (1u << 4)
#define WORD_TEST  (1u << 5)
#define WORD_MARKS (WORD_ROUTE | WORD_ENV | WORD_TEST) /* what is looked for behind the pass */

#define TAP_WORD_SLOTS                                                                             \
	4096 /* a power of two, so many that most words which are not here find a free one */

/* A distinct identifier of a file. */
struct tap_name {
	struct span text;
	bool seen; /* used as REF_NAME before */
};

/* Its uses, in order. */
struct tap_use {
	uint32_t name, line;
	uint8_t kind; /* enum ref_kind */
};

struct tap_refs {
	struct name_key key;
	struct name_slot *slots; /* at most half full */
	size_t nslots;
	struct tap_name *names;
	size_t nnames, names_cap;
	struct tap_use *uses;
	size_t nuses, uses_cap;
	bool on_import; /* the line is one of an import */
};

struct tap {
	struct sink *sk;
	struct lexer *lx;
	uint32_t words, prev_words; /* WORD_* of the token and of the one before */
	const uint16_t *slots;      /* TAP_WORD_SLOTS: 1 + index of a word; 0 when free */
	struct tap_refs refs;
	struct tokens tokens;
};

void tap_open(struct tap *tap, struct sink *sk);

/** Let the tap see the tokens of a lexer; several of one file follow each other. */
void tap_attach(struct tap *tap, struct lexer *lx);

/** Put what was found into sk->ret, whose definitions are there by now. */
void tap_close(struct tap *tap);

/** @ret the byte behind a token and blanks on its line; 0 at the end of the text */
char tap_peek(const struct tap *tap, const struct token *t);

/* Between the files of the tap: */

void tap_refs_token(struct tap *tap, const struct token *t);
void tap_refs_close(struct tap *tap);

/** What is read from all tokens; what it needs of imports and definitions is in sk->ret. */
void facts_routes(struct tokens *ts, struct sink *sk);
void facts_env(struct tokens *ts, struct sink *sk);
void facts_tests(struct tokens *ts, struct sink *sk);
void facts_entries(struct tokens *ts, struct sink *sk);

#endif
