/*
 * References: the identifiers that a file uses.
 *
 * What a word is used as shows in its neighbours: a ( behind it calls it, a
 * capital letter or a word such as "new" before it makes it a type.  The uses
 * are kept in the order of the text and put into that of their names at the
 * end, by counting: no use is compared with another.
 */
#include "maps/tap.h"

#include <string.h>

#define SLOTS_LEAST 256

/* @ret the slot of a name, or the free one for it */
static struct name_slot *find(const struct tap_refs *refs, struct span name, uint64_t hash)
{
	for (size_t at = (size_t)hash;; at++) {
		struct name_slot *slot = &refs->slots[at & (refs->nslots - 1)];
		const struct span *known;

		if (slot->index == 0)
			return slot;
		known = &refs->names[slot->index - 1].text;
		if (slot->hash == (uint32_t)(hash >> 32) && known->len == name.len &&
		    memcmp(known->data, name.data, name.len) == 0)
			return slot;
	}
}

static void grow_slots(struct tap *tap)
{
	struct tap_refs *refs = &tap->refs;

	if (refs->nslots == 0)
		refs->key = name_key();
	refs->nslots = refs->nslots != 0 ? 2 * refs->nslots : SLOTS_LEAST;
	refs->slots = arena_array(tap->sk->arena, refs->nslots, sizeof(*refs->slots));
	for (size_t i = 0; i < refs->nnames; i++) {
		struct span name = refs->names[i].text;
		uint64_t hash = name_hash(&refs->key, name);

		*find(refs, name, hash) =
			(struct name_slot){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
}

/* @ret the index of a name, new or known */
static uint32_t name_index(struct tap *tap, struct span name)
{
	struct tap_refs *refs = &tap->refs;
	struct name_slot *slot;
	uint64_t hash;

	if (2 * refs->nnames >= refs->nslots)
		grow_slots(tap);
	hash = name_hash(&refs->key, name);
	slot = find(refs, name, hash);
	if (slot->index == 0) {
		refs->names = sink_room(tap->sk->arena, refs->names, refs->nnames, &refs->names_cap,
		                        sizeof(*refs->names));
		refs->names[refs->nnames++] = (struct tap_name){ .text = name };
		*slot = (struct name_slot){ (uint32_t)refs->nnames, (uint32_t)(hash >> 32) };
	}
	return slot->index - 1;
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
	if (once && refs->names[index].seen)
		return;
	refs->names[index].seen = true;
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

/* A name on its way to its place; most comparisons end in its first bytes. */
struct ranked {
	uint64_t head;
	struct span name;
	uint32_t index;
};

static uint64_t head_of(struct span name)
{
	uint64_t head = 0;

	if (name.len >= sizeof(head)) {
		memcpy(&head, name.data, sizeof(head));
		return __builtin_bswap64(head);
	}
	for (size_t i = 0; i < sizeof(head); i++)
		head = head << 8 | (i < name.len ? (unsigned char)name.data[i] : 0u);
	return head;
}

static inline bool is_before(const struct ranked *x, const struct ranked *y)
{
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order;

	if (x->head != y->head)
		return x->head < y->head;
	order = memcmp(x->name.data, y->name.data, n);
	return order != 0 ? order < 0 : x->name.len < y->name.len;
}

#define RUN 8 /* names that are put in order by moving each to its place */

static void sort_run(struct ranked *names, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct ranked name = names[i];
		size_t at = i;

		for (; at > 0 && is_before(&name, &names[at - 1]); at--)
			names[at] = names[at - 1];
		names[at] = name;
	}
}

/* Two sorted halves, of which the second may be empty. */
static void merge(const struct ranked *names, size_t half, size_t n, struct ranked *to)
{
	const struct ranked *a = names, *b = names + half, *end = names + n;

	while (a < names + half && b < end)
		*to++ = is_before(b, a) ? *b++ : *a++;
	while (a < names + half)
		*to++ = *a++;
	while (b < end)
		*to++ = *b++;
}

/* In place of qsort(), which asks by a call for each pair: each file has some names.  @ret them in order */
static struct ranked *sort_names(struct arena *arena, struct ranked *names, size_t n)
{
	struct ranked *to = arena_more(arena, NULL, 0, n * sizeof(*to));

	for (size_t at = 0; at < n; at += RUN)
		sort_run(names + at, n - at < RUN ? n - at : RUN);
	for (size_t half = RUN; half < n; half *= 2) {
		struct ranked *from = names;

		for (size_t at = 0; at < n; at += 2 * half) {
			size_t left = n - at;

			merge(from + at, left < half ? left : half,
			      left < 2 * half ? left : 2 * half, to + at);
		}
		names = to;
		to = from;
	}
	return names;
}

/* All uses, and the lines on which their names are defined: each name's stand together. */
struct places {
	const char **texts; /* of the names, sorted */
	struct tap_use *uses;
	uint32_t *lines, *first; /* of definitions; by name and one more: where its own start */
};

/* The names in their order.  @ret by index: the place of each */
static uint32_t *rank_names(struct tap *tap, const char **texts)
{
	struct tap_refs *refs = &tap->refs;
	struct arena *arena = tap->sk->arena;
	uint32_t *rank = arena_array(arena, refs->nnames, sizeof(*rank));
	struct ranked *names = arena_array(arena, refs->nnames, sizeof(*names));

	for (size_t i = 0; i < refs->nnames; i++) {
		struct span name = refs->names[i].text;

		names[i] = (struct ranked){ head_of(name), name, (uint32_t)i };
	}
	names = sort_names(arena, names, refs->nnames);
	for (size_t i = 0; i < refs->nnames; i++) {
		rank[names[i].index] = (uint32_t)i;
		texts[i] = arena_strndup(arena, names[i].name.data, names[i].name.len);
	}
	return rank;
}

/* Uses by name, and by position within a name. */
static struct tap_use *sort_uses(struct tap *tap, const uint32_t *rank)
{
	struct tap_refs *refs = &tap->refs;
	struct arena *arena = tap->sk->arena;
	uint32_t *start = arena_array(arena, refs->nnames + 1, sizeof(*start));
	struct tap_use *sorted = arena_array(arena, refs->nuses, sizeof(*sorted));

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

/* The same of definitions, which stand in the order of their lines. */
static void sort_defs(struct tap *tap, const uint32_t *rank, struct places *ret)
{
	const struct facts *facts = tap->sk->ret;
	const struct tap_refs *refs = &tap->refs;
	struct arena *arena = tap->sk->arena;
	uint32_t *name_of = arena_array(arena, facts->ndefs, sizeof(*name_of));
	uint32_t *first = arena_array(arena, refs->nnames + 2, sizeof(*first));

	for (size_t i = 0; i < facts->ndefs; i++) {
		struct span name = { facts->defs[i].name, strlen(facts->defs[i].name) };
		const struct name_slot *slot = find(refs, name, name_hash(&refs->key, name));

		name_of[i] = slot->index != 0 ? rank[slot->index - 1] : UINT32_MAX;
		if (slot->index != 0)
			first[name_of[i] + 2]++;
	}
	for (size_t i = 1; i <= refs->nnames; i++)
		first[i + 1] += first[i];
	ret->lines = arena_array(arena, facts->ndefs, sizeof(*ret->lines));
	for (size_t i = 0; i < facts->ndefs; i++)
		if (name_of[i] != UINT32_MAX)
			ret->lines[first[name_of[i] + 1]++] = facts->defs[i].line;
	ret->first = first;
}

/* Whether the name is defined on that line: what the definition says itself is no use of it. */
static bool is_defined(const struct places *places, uint32_t name, uint32_t line)
{
	const uint32_t *from = places->lines + places->first[name];
	size_t n = places->first[name + 1] - places->first[name];

	while (n > 0) {
		size_t half = n / 2;

		if (from[half] == line)
			return true;
		if (from[half] < line) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return false;
}

void tap_refs_close(struct tap *tap)
{
	struct tap_refs *refs = &tap->refs;
	struct facts *ret = tap->sk->ret;
	struct arena *arena = tap->sk->arena;
	struct places places = { 0 };
	const uint32_t *rank;

	if (refs->nuses == 0)
		return;
	places.texts = arena_array(arena, refs->nnames, sizeof(*places.texts));
	rank = rank_names(tap, places.texts);
	places.uses = sort_uses(tap, rank);
	sort_defs(tap, rank, &places);
	ret->refs = arena_array(arena, refs->nuses, sizeof(*ret->refs));
	for (size_t i = 0; i < refs->nuses; i++) {
		const struct tap_use *use = &places.uses[i];
		const char *text = places.texts[use->name];
		struct fact_ref *last = ret->nrefs > 0 ? &ret->refs[ret->nrefs - 1] : NULL;

		if (last && last->name == text && last->line == use->line) {
			last->kind = use->kind < last->kind ? use->kind : last->kind;
			continue;
		}
		if (is_defined(&places, use->name, use->line))
			continue;
		ret->refs[ret->nrefs++] = (struct fact_ref){ text, use->line, use->kind };
	}
}
