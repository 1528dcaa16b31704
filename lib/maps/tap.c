/* Tap: the words that it knows, and who is handed each token. */
#include "maps/tap.h"

#include <pthread.h>
#include <string.h>

#define BYTES_OF_TOKEN 8 /* with blanks and comments; where there are more, the list grows */

/* Where a word is looked for first; of a text of ours the compiler tells. */
#define SLOT(text, len)                                                                            \
	(((unsigned char)(text)[0] * 31u + (unsigned char)(text)[(len)-1] * 7u +                   \
	  (unsigned char)(text)[(len) / 2] * 131u + (len)*17u) %                                   \
	 TAP_WORD_SLOTS)

static const struct word {
	const char *text;
	uint32_t len, is, slot;
} WORDS[] = {
#define TAP_WORD(word, is) { word, sizeof(word) - 1, is, (uint32_t)SLOT(word, sizeof(word) - 1) },
#include "maps/tap_words.def"
#undef TAP_WORD
};

static uint16_t
	slots[TAP_WORD_SLOTS]; /* 1 + index of a word, or 0; made of WORDS for the first file */

static void make_slots(void)
{
	for (size_t i = 0; i < COUNT(WORDS); i++) {
		size_t at = WORDS[i].slot;

		while (slots[at] != 0)
			at = (at + 1) % TAP_WORD_SLOTS;
		slots[at] = (uint16_t)(i + 1);
	}
}

/* @ret WORD_* of an identifier */
static uint32_t what_is(const struct tap *tap, const struct token *t)
{
	size_t at;

	for (at = SLOT(t->text, t->len); tap->slots[at] != 0; at = (at + 1) % TAP_WORD_SLOTS) {
		const struct word *word = &WORDS[tap->slots[at] - 1];

		if (word->len == t->len && memcmp(word->text, t->text, t->len) == 0)
			return word->is;
	}
	return 0;
}

static void take(void *arg, const struct token *t)
{
	struct tap *tap = arg;

	tap->words = t->kind == TOKEN_IDENT ? what_is(tap, t) : 0;
	if (t->first || t->kind == TOKEN_IDENT || t->kind == TOKEN_PIECE)
		tap_refs_token(tap, t);
	tokens_add(&tap->tokens, tap->sk->arena, t, tap->words);
	tap->prev_words = tap->words;
}

void tap_open(struct tap *tap, struct sink *sk)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_slots);
	*tap = (struct tap){ .sk = sk, .slots = slots };
	tokens_expect(&tap->tokens, sk->arena, sk->text.len / BYTES_OF_TOKEN);
}

void tap_attach(struct tap *tap, struct lexer *lx)
{
	tap->lx = lx;
	tap->prev_words = 0;
	lx->on_token = take;
	lx->on_token_arg = tap;
}

void tap_close(struct tap *tap)
{
	tap->sk->ret->truncated = tap->sk->ret->truncated || tap->tokens.full;
	tap_refs_close(tap);
	facts_routes(&tap->tokens, tap->sk);
	facts_env(&tap->tokens, tap->sk);
	facts_tests(&tap->tokens, tap->sk);
	facts_entries(&tap->tokens, tap->sk);
}

char tap_peek(const struct tap *tap, const struct token *t)
{
	const char *p = t->text + t->len, *end = tap->lx->end;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p < end ? *p : '\0';
}
