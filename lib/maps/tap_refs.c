/*
 * References: the identifiers that a file uses.
 *
 * What a word is used as shows in its neighbours: a ( behind it calls it, a
 * capital letter or a word such as "new" before it makes it a type.  The uses
 * are kept in the order of the text and put into that of their names at the
 * end, by counting: no use is compared with another.
 */
#include "maps/tap.h"

#include <stdlib.h>
#include <string.h>

#define PROBES_MAX 32 /* names that collide more are dropped, not searched for */

static void grow_slots(struct tap *tap)
{
	struct tap_refs *refs = &tap->refs;
	size_t cap = refs->slots_cap ? 2 * refs->slots_cap : 256;

	refs->slots = arena_array(tap->sk->arena, cap, sizeof(*refs->slots));
	refs->slots_cap = cap;
	for (size_t i = 0; i < refs->nnames; i++) {
		size_t at = name_hash(refs->names[i]);

		for (size_t k = 0; k < PROBES_MAX; k++) {
			uint32_t *slot = &refs->slots[(at + k) & (cap - 1)];

			if (*slot == 0) {
				*slot = (uint32_t)i + 1;
				break;
			}
		}
	}
}

/* @ret the index of a name, new or known; UINT32_MAX when there is no room for it */
static uint32_t name_index(struct tap *tap, struct span name)
{
	struct tap_refs *refs = &tap->refs;
	size_t at = name_hash(name);

	if (2 * refs->nnames >= refs->slots_cap)
		grow_slots(tap);
	for (size_t i = 0; i < PROBES_MAX; i++) {
		uint32_t *slot = &refs->slots[(at + i) & (refs->slots_cap - 1)];

		if (*slot == 0) {
			refs->names = sink_room(tap->sk->arena, refs->names, refs->nnames,
			                        &refs->names_cap, sizeof(*refs->names));
			refs->seen = sink_room(tap->sk->arena, refs->seen, refs->nnames,
			                       &refs->seen_cap, sizeof(*refs->seen));
			refs->seen[refs->nnames] = false;
			refs->names[refs->nnames++] = name;
			*slot = (uint32_t)refs->nnames;
			return *slot - 1;
		}
		const struct span *known = &refs->names[*slot - 1];

		if (known->len == name.len && memcmp(known->data, name.data, name.len) == 0)
			return *slot - 1;
	}
	return UINT32_MAX;
}

static void add(struct tap *tap, struct span name, uint32_t line, enum ref_kind kind, bool once)
{
	struct tap_refs *refs = &tap->refs;
	uint32_t index;

	if (name.len < 2 || name.len > FACTS_NAME_MAX)
		return;
	if (refs->nuses >= FACTS_REFS_MAX) {
		tap->sk->ret->truncated = true;
		return;
	}
	index = name_index(tap, name);
	if (index == UINT32_MAX) {
		tap->sk->ret->truncated = true;
		return;
	}
	if (once && refs->seen[index])
		return;
	refs->seen[index] = true;
	refs->uses = sink_room(tap->sk->arena, refs->uses, refs->nuses, &refs->uses_cap,
	                       sizeof(*refs->uses));
	refs->uses[refs->nuses++] = (struct tap_use){ index, line, (uint8_t)kind };
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool has_lower(const struct token *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if (t->text[i] >= 'a' && t->text[i] <= 'z')
			return true;
	}
	return false;
}

/* name( or, in Rust, name!( and name::<T>( */
static bool is_call(const struct tap *tap, const struct token *t)
{
	const char *p = t->text + t->len, *end = tap->lx->end;

	if (tap_peek(tap, t) == '(')
		return true;
	if (tap->sk->ret->lang != LANG_RUST || end - p < 3)
		return false;
	return (p[0] == '!' && strchr("([{", p[1]) && p[1]) || memcmp(p, "::<", 3) == 0;
}

static void read_word(struct tap *tap, const struct token *t)
{
	bool capital =
		is_upper(*t->text) || (*t->text == '_' && t->len > 1 && is_upper(t->text[1]));

	if (tap->words & WORD_KEYWORD)
		return;
	if (is_call(tap, t))
		add(tap, token_span(t), t->line, REF_CALL, false);
	else if ((tap->prev_words & WORD_TYPE_BEFORE) || (capital && has_lower(t)) ||
	         (t->len > 2 && memcmp(t->text + t->len - 2, "_t", 2) == 0))
		add(tap, token_span(t), t->line, REF_TYPE, false);
	else
		add(tap, token_span(t), t->line, REF_NAME, !capital);
}

static bool is_word(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '$';
}

/* Components in a run of JSX, which is one token: <Name …> */
static void read_jsx(struct tap *tap, const struct token *t)
{
	const char *p = t->text, *end = t->text + t->len;
	uint32_t line = t->line;
	const char *counted = p;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		const char *name = ++p;

		while (p < end && is_word(*p))
			p++;
		if (p == name || !is_upper(*name))
			continue;
		while ((counted = memchr(counted, '\n', (size_t)(name - counted))) != NULL) {
			counted++;
			line++;
		}
		counted = name;
		add(tap, (struct span){ name, (size_t)(p - name) }, line, REF_TYPE, false);
	}
}

void tap_refs_token(struct tap *tap, const struct token *t)
{
	struct tap_refs *refs = &tap->refs;

	if (t->first)
		refs->on_import = (tap->words & WORD_IMPORT) && tap_peek(tap, t) != '(';
	if (t->kind == TOKEN_IDENT) {
		if (!refs->on_import)
			read_word(tap, t);
	} else if (t->kind == TOKEN_PIECE && tap->lx->syntax->flags & LEX_JSX) {
		read_jsx(tap, t);
	}
}

struct ranked {
	struct span name;
	uint32_t index;
};

static int by_name(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.data, y->name.data, n);

	if (order != 0)
		return order;
	return (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* Uses by name, and by position within a name. */
static struct tap_use *sort_uses(struct tap *tap, struct ranked *names, const char **texts)
{
	struct tap_refs *refs = &tap->refs;
	struct arena *arena = tap->sk->arena;
	uint32_t *rank = arena_array(arena, refs->nnames, sizeof(*rank));
	uint32_t *start = arena_array(arena, refs->nnames + 1, sizeof(*start));
	struct tap_use *sorted = arena_array(arena, refs->nuses, sizeof(*sorted));

	for (size_t i = 0; i < refs->nnames; i++)
		names[i] = (struct ranked){ refs->names[i], (uint32_t)i };
	qsort(names, refs->nnames, sizeof(*names), by_name);
	for (size_t i = 0; i < refs->nnames; i++) {
		rank[names[i].index] = (uint32_t)i;
		texts[i] = arena_strndup(arena, names[i].name.data, names[i].name.len);
	}
	for (size_t i = 0; i < refs->nuses; i++)
		start[rank[refs->uses[i].name] + 1]++;
	for (size_t i = 0; i < refs->nnames; i++)
		start[i + 1] += start[i];
	for (size_t i = 0; i < refs->nuses; i++) {
		struct tap_use use = refs->uses[i];

		use.name = rank[use.name];
		sorted[start[use.name]++] = use;
	}
	return sorted;
}

/* ---- what the definitions say themselves ---- */

static size_t place_hash(size_t hash, uint32_t line)
{
	return hash ^ line * 0x9e3779b9u;
}

/* A set of definitions by name and line, without the names: a filter that may forget a use. */
static uint64_t *defined_bits(struct tap *tap, size_t *ret_mask)
{
	const struct facts *ret = tap->sk->ret;
	size_t nbits = 1024;
	uint64_t *bits;

	while (nbits < 64 * ret->ndefs)
		nbits *= 2;
	bits = arena_array(tap->sk->arena, nbits / 64, sizeof(*bits));
	for (size_t i = 0; i < ret->ndefs; i++) {
		const struct fact_def *def = &ret->defs[i];
		struct span name = { def->name, strlen(def->name) };
		size_t at = place_hash(name_hash(name), def->line) & (nbits - 1);

		bits[at / 64] |= 1ull << (at % 64);
	}
	*ret_mask = nbits - 1;
	return bits;
}

void tap_refs_close(struct tap *tap)
{
	struct tap_refs *refs = &tap->refs;
	struct facts *ret = tap->sk->ret;
	struct arena *arena = tap->sk->arena;
	struct ranked *names = arena_array(arena, refs->nnames, sizeof(*names));
	const char **texts = arena_array(arena, refs->nnames, sizeof(*texts));
	struct tap_use *uses;
	uint64_t *defined;
	size_t mask, hash = 0;

	if (refs->nuses == 0)
		return;
	uses = sort_uses(tap, names, texts);
	defined = defined_bits(tap, &mask);
	ret->refs = arena_array(arena, refs->nuses, sizeof(*ret->refs));
	for (size_t i = 0; i < refs->nuses; i++) {
		const struct tap_use *use = &uses[i];
		struct fact_ref *last = ret->nrefs > 0 ? &ret->refs[ret->nrefs - 1] : NULL;
		size_t at;

		if (i == 0 || use->name != use[-1].name)
			hash = name_hash(names[use->name].name);
		at = place_hash(hash, use->line) & mask;

		if (last && last->name == texts[use->name] && last->line == use->line) {
			last->kind = use->kind < last->kind ? use->kind : last->kind;
			continue;
		}
		if (defined[at / 64] >> (at % 64) & 1)
			continue;
		ret->refs[ret->nrefs++] =
			(struct fact_ref){ texts[use->name], use->line, use->kind };
	}
}
