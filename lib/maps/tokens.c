#include "maps/tap.h"

#include <string.h>

#define NAME_MAX_BYTES 100
#define WALK_MAX       20000 /* tokens looked at in one argument list; longer ones are data */
#define NAMED_MAX      64    /* arguments among which a named one is looked for */
#define PARTS_MAX      16    /* of one joined string */

static const struct tok NOTHING = { .text = "", .pair = TOK_NONE, .up = TOK_NONE };

static bool opens(char c)
{
	return c == '(' || c == '[' || c == '{';
}

static char opener_of(char c)
{
	return c == ')' ? '(' : c == ']' ? '[' : '{';
}

/* What is open inside of the bracket that closes here, in broken code, is given up. */
static void close_bracket(struct tokens *ts, struct tok *t)
{
	uint32_t open = ts->open;

	if (open != TOK_NONE && ts->t[open].c != opener_of(t->c)) {
		if (t->c != '}')
			return;
		for (int i = 0; i < 8 && open != TOK_NONE && ts->t[open].c != '{'; i++)
			open = ts->t[open].up;
		if (open == TOK_NONE || ts->t[open].c != '{')
			return;
	}
	if (open == TOK_NONE)
		return;
	t->pair = open;
	ts->t[open].pair = (uint32_t)(t - ts->t);
	ts->open = t->up = ts->t[open].up;
}

void tokens_expect(struct tokens *ts, struct arena *arena, size_t n)
{
	ts->cap = n < FACTS_TOKENS_MAX ? n + 1 : FACTS_TOKENS_MAX;
	ts->t = arena_more(arena, NULL, 0, ts->cap * sizeof(*ts->t));
	ts->open = TOK_NONE;
}

/* @ret false at the limit, which is noted */
static bool more_room(struct tokens *ts, struct arena *arena)
{
	if (ts->n >= FACTS_TOKENS_MAX) {
		ts->full = true;
		return false;
	}
	ts->t = sink_more(arena, ts->t, &ts->cap, sizeof(*ts->t));
	ts->cap = ts->cap < FACTS_TOKENS_MAX ? ts->cap : FACTS_TOKENS_MAX;
	return true;
}

/* A token that is a sign; nearly all others need no look at what is open. */
static void take_sign(struct tokens *ts, struct tok *t)
{
	switch (t->c) {
	case '(':
	case '[':
	case '{':
		ts->open = (uint32_t)(t - ts->t);
		break;
	case ')':
	case ']':
	case '}':
		close_bracket(ts, t);
		break;
	default:
		break;
	}
}

static void mark_last(struct tokens *ts, struct arena *arena)
{
	ts->marks = sink_room(arena, ts->marks, ts->nmarks, &ts->marks_cap, sizeof(*ts->marks));
	ts->marks[ts->nmarks++] = ts->n - 1;
}

void tokens_add(struct tokens *ts, struct arena *arena, const struct token *t, uint32_t words)
{
	struct tok *made;

	if (ts->n >= ts->cap && !more_room(ts, arena))
		return;
	made = &ts->t[ts->n++];
	*made = (struct tok){
		.text = t->text,
		.len = t->len > UINT32_MAX ? UINT32_MAX : (uint32_t)t->len,
		.line = t->line,
		.pair = TOK_NONE,
		.up = ts->open,
		.words = words,
		.kind = t->kind,
		.c = t->c,
		.first = t->first,
		.glued = t->glued,
	};
	ts->any |= words;
	if (t->c != '\0')
		take_sign(ts, made);
	else if (words & WORD_MARKS)
		mark_last(ts, arena);
}

const struct tok *tok_at(struct tokens *ts, uint32_t i)
{
	return i < ts->n ? &ts->t[i] : &NOTHING;
}

bool tok_walk(struct tokens *ts)
{
	return ts->work < TOKENS_WORK_MAX && ++ts->work;
}

bool tok_is(struct tokens *ts, uint32_t i, const char *word)
{
	const struct tok *t = tok_at(ts, i);

	return t->kind == TOKEN_IDENT && t->len == strlen(word) &&
	       memcmp(t->text, word, t->len) == 0;
}

bool tok_in(struct tokens *ts, uint32_t i, const char *words)
{
	const struct tok *t = tok_at(ts, i);
	struct token token = { .text = t->text, .len = t->len, .kind = t->kind };

	return token_in(&token, words);
}

uint32_t tok_close(struct tokens *ts, uint32_t open)
{
	const struct tok *t = tok_at(ts, open);

	return opens(t->c) && t->pair != TOK_NONE ? t->pair : ts->n;
}

/* @ret the token behind this one, past what is inside of a bracket that opens here */
static uint32_t step(struct tokens *ts, uint32_t i)
{
	return opens(tok_c(ts, i)) ? tok_close(ts, i) + 1 : i + 1;
}

uint32_t tok_next_arg(struct tokens *ts, uint32_t open, uint32_t i)
{
	uint32_t close = tok_close(ts, open);

	for (uint32_t n = 0; i < close && n < WALK_MAX && tok_walk(ts); i = step(ts, i), n++) {
		if (tok_c(ts, i) == ',')
			return i + 1 < close ? i + 1 : TOK_NONE;
	}
	return TOK_NONE;
}

uint32_t tok_arg(struct tokens *ts, uint32_t open, uint32_t n)
{
	uint32_t i = open + 1;

	if (i >= tok_close(ts, open))
		return TOK_NONE;
	while (n-- > 0 && i != TOK_NONE)
		i = tok_next_arg(ts, open, i);
	return i;
}

uint32_t tok_named(struct tokens *ts, uint32_t open, const char *names)
{
	for (uint32_t i = open + 1, n = 0; i < tok_close(ts, open) && n < NAMED_MAX; n++) {
		/* name=, name:, "name":, :name =>, 'name' => */
		uint32_t key = tok_c(ts, i) == ':' ? i + 1 : i;
		const struct tok *t = tok_at(ts, key);
		struct token token = { .text = t->text, .len = t->len, .kind = TOKEN_IDENT };

		if ((t->kind == TOKEN_IDENT || t->kind == TOKEN_STRING) && t->len > 0 &&
		    token_in(&token, names)) {
			char c = tok_c(ts, key + 1);

			if (c == '=' || c == ':')
				return tok_c(ts, key + 2) == '>' ? key + 3 : key + 2;
		}
		i = tok_next_arg(ts, open, i);
	}
	return TOK_NONE;
}

uint32_t tok_before_dot(struct tokens *ts, uint32_t i)
{
	if (i < 2)
		return TOK_NONE;
	if (tok_c(ts, i - 1) == '.')
		return tok_c(ts, i - 2) == '?' && i >= 3 ? i - 3 : i - 2;
	if (i >= 3 && ((tok_c(ts, i - 1) == '>' && tok_c(ts, i - 2) == '-') ||
	               (tok_c(ts, i - 1) == ':' && tok_c(ts, i - 2) == ':')))
		return i - 3;
	return TOK_NONE;
}

/* The string that a name of the file stands for: NAME = "text", #define; the last one before it. */
static uint32_t constant(struct tokens *ts, uint32_t i)
{
	const struct tok *name = tok_at(ts, i);
	uint32_t from = i > WALK_MAX ? i - WALK_MAX : 0;

	for (uint32_t k = i; k-- > from && tok_walk(ts);) {
		const struct tok *t = &ts->t[k];

		if (t->len != name->len || t->kind != TOKEN_IDENT ||
		    memcmp(t->text, name->text, t->len) != 0)
			continue;
		uint32_t eq = k + 1;

		if (k > 0 && tok_is(ts, k - 1, "define"))
			return tok_at(ts, eq)->kind == TOKEN_STRING ? eq : TOK_NONE;
		if (tok_c(ts, eq) == ':' && tok_at(ts, eq + 1)->kind == TOKEN_IDENT)
			eq += 2;
		if (tok_c(ts, eq) == '=' || (tok_c(ts, eq) == ':' && tok_c(ts, ++eq) == '='))
			return tok_at(ts, eq + 1)->kind == TOKEN_STRING &&
			                       !strchr("+.,%",
			                               tok_c(ts, eq + 2) ? tok_c(ts, eq + 2) : ' ')
			               ? eq + 1
			               : TOK_NONE;
	}
	return TOK_NONE;
}

const char *tok_literal(struct tokens *ts, struct arena *arena, uint32_t i, size_t max)
{
	struct span parts[PARTS_MAX];
	size_t n = 0, len = 0;
	char *text, *out;

	for (;; i++) {
		const struct tok *t = tok_at(ts, i);
		uint32_t at = i;

		if (t->kind == TOKEN_IDENT && tok_c(ts, i + 1) != '(' && tok_c(ts, i + 1) != '.')
			at = constant(ts, i);
		else if (t->kind != TOKEN_STRING)
			return NULL;
		if (at == TOK_NONE || n == PARTS_MAX)
			return NULL;
		parts[n] = tok_span(&ts->t[at]);
		len += parts[n++].len;
		t = tok_at(ts, i + 1);
		if (t->kind == TOKEN_STRING)
			continue;
		if (t->c != '+' && t->c != '&' && !(t->c == '.' && !t->glued))
			break;
		i++;
	}
	if (!strchr(",)]}; =>", tok_c(ts, i + 1) ? tok_c(ts, i + 1) : ' ') || len > max)
		return NULL;
	text = out = arena_alloc(arena, len + 1);
	for (size_t k = 0; k < n; k++) {
		if (memchr(parts[k].data, '\n', parts[k].len) ||
		    memchr(parts[k].data, '\0', parts[k].len))
			return NULL;
		memcpy(out, parts[k].data, parts[k].len);
		out += parts[k].len;
	}
	return text;
}

const char *tok_name(struct tokens *ts, struct arena *arena, uint32_t i)
{
	const struct tok *t = tok_at(ts, i);
	const char *from = t->text;
	size_t len;

	if (t->kind != TOKEN_IDENT)
		return "";
	for (;; i++) {
		const struct tok *sign = tok_at(ts, i + 1);

		if (sign->c == '.' && tok_at(ts, i + 2)->kind == TOKEN_IDENT)
			i++;
		else if (sign->c == ':' && tok_c(ts, i + 2) == ':' &&
		         tok_at(ts, i + 3)->kind == TOKEN_IDENT)
			i += 2;
		else
			break;
	}
	t = tok_at(ts, i);
	len = (size_t)(t->text + t->len - from);
	if (len > NAME_MAX_BYTES || memchr(from, '\n', len))
		return t->len <= NAME_MAX_BYTES ? arena_strndup(arena, t->text, t->len) : "";
	return arena_strndup(arena, from, len);
}
