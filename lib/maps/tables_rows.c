/* Tables: which rows differ from those of another commit. */
#include "maps/grams.h"
#include "maps/record.h"
#include "maps/tables_parts.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX (SIZE_MAX / 2)
#define ROWS_SHARE  4   /* of all names so many may differ, one in so many */
#define ROWS_LEAST  256 /* or so many */

/* --- Names that came and went --- */

/* What the changed files define. */
struct defined {
	bool *was;          /* by number of the name: before */
	uint32_t *is;       /* likewise: how often now */
	bool *came;         /* likewise: nothing defined it before */
	struct strmap gone; /* names that nothing defines now */
};

static bool note_was(struct tables *t, const struct facts *was, struct defined *d)
{
	struct rows *rows = &t->rows;

	for (size_t i = 0; i < was->ndefs; i++) {
		const char *name = was->defs[i].name;
		size_t len = strlen(name);
		uint32_t number = strmap_get(&t->numbers, name, len);

		if (!tables_fit(name, len))
			return false;
		if (number != STRMAP_NONE) {
			d->was[number] = true;
		} else if (strmap_add(&d->gone, name, len, (uint32_t)rows->ngone) == rows->ngone) {
			rows->gone[rows->ngone] =
				tables_name_of(name, (uint32_t)(t->nnames + rows->ngone));
			rows->ngone++;
		}
	}
	return true;
}

static void note_is(const struct tables *t, const struct facts *is, struct defined *d)
{
	for (size_t i = 0; i < is->ndefs; i++) {
		const char *name = is->defs[i].name;
		uint32_t number = strmap_get(&t->numbers, name, strlen(name));
		uint32_t all = t->name_first[number + 1] - t->name_first[number];

		if (++d->is[number] == all && !d->was[number])
			d->came[number] = true;
	}
}

static const struct facts *facts_now(const struct tables *t, size_t i)
{
	return &t->in->files[t->in->patch->files[i].file].facts;
}

static bool find_came(struct tables *t, struct defined *ret)
{
	const struct patch *patch = t->in->patch;
	size_t n = 0;

	*ret = (struct defined){
		.was = arena_array(t->scratch, t->nnames, sizeof(bool)),
		.is = arena_array(t->scratch, t->nnames, sizeof(uint32_t)),
		.came = arena_array(t->scratch, t->nnames, sizeof(bool)),
		.gone = strmap_new(t->scratch, 0),
	};
	for (size_t i = 0; i < patch->nfiles; i++)
		n += patch->files[i].was.ndefs;
	t->rows.gone = arena_array(t->scratch, n, sizeof(*t->rows.gone));
	for (size_t i = 0; i < patch->nfiles; i++)
		if (!note_was(t, &patch->files[i].was, ret))
			return false;
	for (size_t i = 0; i < patch->nfiles; i++)
		note_is(t, facts_now(t, i), ret);
	return true;
}

/* --- Names whose definitions or uses differ --- */

/* A definition or use in a file, by the number of its name. */
struct item {
	uint32_t number, at;
};

struct items {
	struct item *list;
	size_t n;
	const void *of; /* what they are places in */
};

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void add_item(const struct tables *t, struct items *items, const char *name, size_t at)
{
	uint32_t number = strmap_get(&t->numbers, name, strlen(name));

	if (number != STRMAP_NONE)
		items->list[items->n++] = (struct item){ number, (uint32_t)at };
}

static struct items defs_of(const struct tables *t, const struct facts *facts, struct arena *arena)
{
	struct items ret = { arena_array(arena, facts->ndefs, sizeof(struct item)), 0,
		             facts->defs };

	for (size_t i = 0; i < facts->ndefs; i++)
		add_item(t, &ret, facts->defs[i].name, i);
	if (ret.n > 1)
		qsort(ret.list, ret.n, sizeof(*ret.list), by_name);
	return ret;
}

static struct items refs_of(const struct tables *t, const struct facts *facts, struct arena *arena)
{
	const struct record_ref *refs = record_refs(facts, t->in->store, arena);
	struct items ret = { arena_array(arena, facts->nrefs, sizeof(struct item)), 0, refs };

	for (size_t i = 0; refs != NULL && i < facts->nrefs; i++)
		add_item(t, &ret, t->in->store->texts[refs[i].text], i);
	if (ret.n > 1)
		qsort(ret.list, ret.n, sizeof(*ret.list), by_name);
	return ret;
}

static bool same_def(const void *was, uint32_t i, const void *is, uint32_t j)
{
	const struct fact_def *a = (const struct fact_def *)was + i;
	const struct fact_def *b = (const struct fact_def *)is + j;

	return a->line == b->line && a->end_line == b->end_line && a->kind == b->kind &&
	       strcmp(a->parent, b->parent) == 0 && strcmp(a->signature, b->signature) == 0;
}

static bool same_ref(const void *was, uint32_t i, const void *is, uint32_t j)
{
	const struct record_ref *a = (const struct record_ref *)was + i;
	const struct record_ref *b = (const struct record_ref *)is + j;

	return a->line == b->line && a->kind == b->kind;
}

/* Both lists side by side; names of which one has more, others, or in another order. */
static void note_differing(struct rows *rows, const struct items *was, const struct items *is,
                           bool (*same)(const void *, uint32_t, const void *, uint32_t))
{
	size_t i = 0, j = 0;

	while (i < was->n || j < is->n) {
		const struct item *a = i < was->n ? &was->list[i] : NULL;
		const struct item *b = j < is->n ? &is->list[j] : NULL;
		uint32_t number =
			b == NULL || (a != NULL && a->number < b->number) ? a->number : b->number;
		bool of_a = a != NULL && a->number == number,
		     of_b = b != NULL && b->number == number;

		if (!of_a || !of_b || !same(was->of, a->at, is->of, b->at))
			rows->names[number] = true;
		i += of_a;
		j += of_b;
	}
}

static bool find_differing(struct tables *t)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	const struct patch *patch = t->in->patch;

	for (size_t i = 0; i < patch->nfiles; i++, arena_reset(arena)) {
		const struct facts *was = &patch->files[i].was, *is = facts_now(t, i);
		struct items old = defs_of(t, was, arena), new = defs_of(t, is, arena);

		note_differing(&t->rows, &old, &new, same_def);
		old = refs_of(t, was, arena);
		new = refs_of(t, is, arena);
		if ((old.of == NULL && was->nrefs > 0) || (new.of == NULL && is->nrefs > 0))
			return false;
		note_differing(&t->rows, &old, &new, same_ref);
	}
	return true;
}

/* --- Places before --- */

static void find_old_places(struct tables *t, const bool *came)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	struct rows *rows = &t->rows;
	struct text *old = arena_array(arena, t->nnames + rows->ngone, sizeof(*old));
	size_t n = 0;

	memset(rows->old_places, 0xff, t->nnames * sizeof(*rows->old_places));
	for (size_t i = 0; i < t->nnames; i++)
		if (!came[t->names[i].number])
			old[n++] = t->names[i];
	for (size_t i = 0; i < rows->ngone; i++)
		old[n++] = rows->gone[i];
	if (n != t->nnames || rows->ngone > 0)
		tables_place(old, n);
	for (size_t i = 0; i < n; i++) {
		if (old[i].number < t->nnames)
			rows->old_places[old[i].number] = old[i].place;
		else
			rows->gone[old[i].number - t->nnames].place = old[i].place;
	}
}

bool tables_find_rows(struct tables *t)
{
	struct rows *rows = &t->rows;
	struct defined defined;
	size_t n = 0;

	*rows = (struct rows){
		.names = arena_array(t->scratch, t->nnames, sizeof(bool)),
		.old_places = arena_array(t->scratch, t->nnames, sizeof(uint32_t)),
	};
	if (t->incomplete || !find_came(t, &defined) || !find_differing(t))
		return false;
	find_old_places(t, defined.came);
	for (size_t i = 0; i < t->nnames; i++) {
		uint32_t number = t->names[i].number;

		rows->names[number] |= rows->old_places[number] != t->names[i].place;
		n += rows->names[number];
	}
	return n + rows->ngone <= t->nnames / ROWS_SHARE + ROWS_LEAST;
}

/* --- The parts --- */

void tables_gone(struct tables *t)
{
	struct part part = tables_part(t);

	for (size_t i = 0; i < t->nnames; i++) {
		uint32_t number = t->names[i].number, place = t->rows.old_places[number];

		if (t->rows.names[number] && place != TABLES_NONE) {
			sb_int(&part.sb, place);
			sb_addc(&part.sb, '\n');
		}
	}
	for (size_t i = 0; i < t->rows.ngone; i++) {
		sb_int(&part.sb, t->rows.gone[i].place);
		sb_addc(&part.sb, '\n');
	}
	tables_part_end(t, "gone_names", &part);
}

/* A text that a list of grams loses or gets. */
struct posting {
	uint32_t gram;
	bool comes;
	uint32_t place;
};

struct postings {
	struct arena *arena;
	struct posting *list;
	size_t n, cap;
	uint32_t *grams; /* room for those of one name */
};

static void add_postings(struct postings *p, const struct text *name, uint32_t place, bool comes)
{
	size_t n = grams_of((struct span){ name->data, name->len }, GRAM_ALL, p->grams);

	if (p->cap - p->n < n) {
		size_t cap = (p->cap + n) * 2;

		p->list = arena_grow(p->arena, p->list, p->cap * sizeof(*p->list),
		                     cap * sizeof(*p->list));
		p->cap = cap;
	}
	for (size_t i = 0; i < n; i++)
		p->list[p->n++] = (struct posting){ p->grams[i], comes, place };
}

static int by_gram(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->gram != y->gram)
		return x->gram < y->gram ? -1 : 1;
	if (x->comes != y->comes)
		return x->comes ? 1 : -1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void list_postings(const struct tables *t, struct postings *p)
{
	for (size_t i = 0; i < t->nnames; i++) {
		const struct text *name = &t->names[i];
		uint32_t old = t->rows.old_places[name->number];

		if (old == name->place)
			continue;
		if (old != TABLES_NONE)
			add_postings(p, name, old, false);
		add_postings(p, name, name->place, true);
	}
	for (size_t i = 0; i < t->rows.ngone; i++)
		add_postings(p, &t->rows.gone[i], t->rows.gone[i].place, false);
	if (p->n > 1)
		qsort(p->list, p->n, sizeof(*p->list), by_gram);
}

/* Those of one gram that come, or go; a text may have a gram twice.  @ret behind them */
static size_t write_postings(struct sb *sb, const struct postings *p, size_t at, uint32_t gram,
                             bool comes)
{
	char before = '{';

	sb_addc(sb, '\t');
	for (; at < p->n && p->list[at].gram == gram && p->list[at].comes == comes; at++) {
		if (before == ',' && p->list[at].place == p->list[at - 1].place)
			continue;
		sb_int_after(sb, before, p->list[at].place);
		before = ',';
	}
	sb_add(sb, before == '{' ? "{}" : "}");
	return at;
}

void tables_patch_grams(const struct tables *t, struct sb *sb)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	struct postings p = { .arena = arena,
		              .grams = arena_array(arena, GRAMS_MAX, sizeof(uint32_t)) };

	list_postings(t, &p);
	for (size_t at = 0; at < p.n;) {
		uint32_t gram = p.list[at].gram;

		sb_addc(sb, 's');
		tables_number(sb, gram);
		at = write_postings(sb, &p, at, gram, false);
		at = write_postings(sb, &p, at, gram, true);
		sb_addc(sb, '\n');
	}
}
