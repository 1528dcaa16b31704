/* Tables: names with their definitions and uses. */
#include "base/utf8.h"
#include "maps/record.h"
#include "maps/tables_parts.h"

#include <string.h>

#define SCRATCH_MAX (SIZE_MAX / 2)

/* --- Symbols --- */

/* Whether eight bytes are all ASCII and none a control character. */
static bool are_plain(const char *text)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w;

	memcpy(&w, text, sizeof(w));
	return ((w | (w - ones * 0x20) | (w + ones)) & ones * 0x80) == 0;
}

/* The same of a whole text, mostly without a look at what its characters are. */
static bool is_plain(const char *text, size_t len)
{
	if (len < sizeof(uint64_t)) {
		for (size_t i = 0; i < len; i++)
			if (text[i] < 0x20 || text[i] == 0x7f)
				return false;
		return true;
	}
	for (size_t i = 0; i + sizeof(uint64_t) < len; i += sizeof(uint64_t))
		if (!are_plain(text + i))
			return false;
	return are_plain(text + len - sizeof(uint64_t));
}

bool tables_fit(const char *name, size_t len)
{
	if (len == 0 || len > FACTS_NAME_MAX)
		return false;
	if (is_plain(name, len))
		return true;
	if (utf8_valid(name, len) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

static size_t count_defs(const struct tables *t)
{
	size_t n = 0;

	for (size_t f = 0; f < t->in->nfiles; f++)
		n += t->in->files[f].facts.ndefs;
	return n;
}

/* @ret its number, a new one where it is new; STRMAP_NONE: it has none */
static uint32_t number_name(struct tables *t, struct strmap_seen *seen, const char *name)
{
	size_t len = strlen(name);
	uint32_t number;

	if (!tables_fit(name, len))
		return STRMAP_NONE;
	if (t->nnames == TABLES_SYMBOLS_MAX)
		return strmap_get(&t->numbers, name, len);
	number = strmap_add_seen(&t->numbers, seen, name, (uint32_t)t->nnames);
	if (number == t->nnames)
		t->name_of[t->nnames++] = name;
	return number;
}

/* Number the names as they come, and note the name of each definition. */
static uint32_t *number_names(struct tables *t, size_t ndefs)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SCRATCH_MAX);
	struct strmap_seen *seen = arena_alloc(own, sizeof(*seen));
	uint32_t *name_of_def = arena_more(t->scratch, NULL, 0, ndefs * sizeof(*name_of_def));
	size_t at = 0;

	t->numbers = strmap_new(t->scratch, ndefs / 2);
	t->name_of = arena_more(t->scratch, NULL, 0, ndefs * sizeof(*t->name_of));
	for (size_t f = 0; f < t->in->nfiles; f++) {
		const struct facts *facts = &t->in->files[f].facts;

		for (size_t i = 0; i < facts->ndefs; i++, at++) {
			const char *name = facts->defs[i].name;

			if (!strmap_was_seen(seen, name, &name_of_def[at]))
				name_of_def[at] = number_name(t, seen, name);
			t->incomplete |= name_of_def[at] == STRMAP_NONE;
		}
	}
	return name_of_def;
}

/* Definitions by name, in the order of files: a counting sort. */
void tables_take_names(struct tables *t)
{
	size_t ndefs = count_defs(t);
	uint32_t *name_of_def = number_names(t, ndefs), *next;

	t->names = arena_array(t->scratch, t->nnames, sizeof(*t->names));
	t->name_first = arena_array(t->scratch, t->nnames + 1, sizeof(uint32_t));
	t->defs = arena_array(t->scratch, ndefs, sizeof(uint32_t));
	for (size_t i = 0; i < ndefs; i++)
		if (name_of_def[i] != STRMAP_NONE)
			t->name_first[name_of_def[i] + 1]++;
	for (size_t i = 0; i < t->nnames; i++)
		t->name_first[i + 1] += t->name_first[i];
	next = arena_memdup(t->scratch, t->name_first, (t->nnames + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < ndefs; i++)
		if (name_of_def[i] != STRMAP_NONE)
			t->defs[next[name_of_def[i]]++] = (uint32_t)i;
	for (uint32_t i = 0; i < t->nnames; i++)
		t->names[i] = tables_name_of(t->name_of[i], i);
	tables_place(t->names, t->nnames);
}

/* One definition and its file. */
struct place {
	const struct fact_def *def;
	uint32_t file;
};

static struct place *list_places(struct tables *t, size_t ndefs)
{
	struct place *ret = arena_more(t->scratch, NULL, 0, ndefs * sizeof(*ret));
	size_t at = 0;

	for (uint32_t f = 0; f < t->in->nfiles; f++)
		for (size_t i = 0; i < t->in->files[f].facts.ndefs; i++)
			ret[at++] = (struct place){ &t->in->files[f].facts.defs[i], f };
	return ret;
}

#define DEF_TEXTS(member)                                                                          \
	do {                                                                                       \
		sb_addc(sb, '\t');                                                                 \
		for (uint32_t i = first; i < last; i++) {                                          \
			const char *text = places[t->defs[i]].def->member;                         \
			size_t len = strlen(text);                                                 \
                                                                                                   \
			if (i > first)                                                             \
				sb_addc(sb, TABLES_SEPARATOR);                                     \
			if (tables_fit(text, len))                                                 \
				sb_addn(sb, text, len);                                            \
		}                                                                                  \
	} while (0)

static void write_symbol(const struct tables *t, struct sb *sb, const struct place *places,
                         const struct text *name)
{
	uint32_t first = t->name_first[name->number], last = t->name_first[name->number + 1];

	sb_int(sb, name->place);
	tables_text(sb, name->data);
	TABLES_ARRAY(sb, last - first, places[t->defs[first + i]].file);
	TABLES_ARRAY(sb, last - first, places[t->defs[first + i]].def->line);
	TABLES_ARRAY(sb, last - first, places[t->defs[first + i]].def->end_line);
	TABLES_ARRAY(sb, last - first, places[t->defs[first + i]].def->kind);
	DEF_TEXTS(parent);
	DEF_TEXTS(signature);
	sb_addc(sb, '\n');
}

/*
 * Names are written in another order than their definitions lie in memory, so each row would wait for
 * four of them one after the other; they are asked for some rows before.
 */
#define AHEAD_PLACE 24u
#define AHEAD_DEF   16u
#define AHEAD_TEXTS 8u
#define AHEAD_EACH  16u /* definitions of one name */

/* @ret where the definitions of a name start; *last: behind those that are asked for ahead */
static uint32_t first_def(const struct tables *t, uint32_t at, uint32_t *last)
{
	uint32_t number = t->names[at].number;
	uint32_t first = t->name_first[number], n = t->name_first[number + 1] - first;

	*last = first + (n < AHEAD_EACH ? n : AHEAD_EACH);
	return first;
}

static void fetch_ahead(const struct tables *t, const struct place *places, uint32_t at)
{
	uint32_t i, last;

	if (at + AHEAD_PLACE < t->nnames) {
		i = first_def(t, at + AHEAD_PLACE, &last);
		for (; i < last; i++)
			__builtin_prefetch(&places[t->defs[i]]);
	}
	if (at + AHEAD_DEF < t->nnames) {
		i = first_def(t, at + AHEAD_DEF, &last);
		for (; i < last; i++) {
			const struct fact_def *def = places[t->defs[i]].def;

			__builtin_prefetch(def);
			__builtin_prefetch((const char *)(def + 1) - 1);
		}
	}
	if (at + AHEAD_TEXTS < t->nnames) {
		__builtin_prefetch(t->names[at + AHEAD_TEXTS].data);
		i = first_def(t, at + AHEAD_TEXTS, &last);
		for (; i < last; i++) {
			const struct fact_def *def = places[t->defs[i]].def;

			__builtin_prefetch(def->parent);
			__builtin_prefetch(def->signature);
		}
	}
}

void tables_symbols(struct tables *t)
{
	const struct place *places = list_places(t, count_defs(t));
	struct part part = tables_part(t);

	for (uint32_t i = 0; i < t->nnames; i++) {
		if (!tables_tells(t, t->names[i].number))
			continue;
		fetch_ahead(t, places, i);
		write_symbol(t, &part.sb, places, &t->names[i]);
	}
	tables_part_end(t, "symbols", &part);
}

/* --- References --- */

/* One use of a name, and its file. */
struct use {
	uint32_t file, where;
};

/* Line and kind in one; a blob that has more lines than fit is larger than any that is read. */
#define KIND_BITS 3
static_assert(REF_KIND_COUNT <= 1 << KIND_BITS, "kinds of references have no room");

/* All uses of names that are defined here, in the order of files; those of one file come by name. */
struct refs {
	uint32_t *numbers; /* of their names */
	uint32_t *where;
	size_t *first; /* by file and one more: where its own start */
	size_t n;
};

/* What is known of a text of the store; else the number of its name and NAME_FIRST. */
enum { NAME_UNASKED = 0, NAME_UNDEFINED, NAME_FIRST };

/* @ret the number of a text's name; STRMAP_NONE: it is not defined here */
static uint32_t number_of(const struct tables *t, uint32_t *known, uint32_t text)
{
	const char *name;
	uint32_t number;

	if (known[text] == NAME_UNASKED) {
		name = t->in->store->texts[text];
		number = strmap_get(&t->numbers, name, strlen(name));
		known[text] = number == STRMAP_NONE ? NAME_UNDEFINED : number + NAME_FIRST;
	}
	return known[text] == NAME_UNDEFINED ? STRMAP_NONE : known[text] - NAME_FIRST;
}

static void add_ref(struct refs *refs, uint32_t number, uint32_t line, uint32_t kind)
{
	if (number == STRMAP_NONE)
		return;
	refs->numbers[refs->n] = number;
	refs->where[refs->n++] = line << KIND_BITS | kind;
}

/* Of facts that are from no record. */
static void add_listed(const struct tables *t, struct refs *refs, const struct facts *facts)
{
	for (size_t i = 0; i < facts->nrefs; i++) {
		const struct fact_ref *ref = &facts->refs[i];

		uint32_t number = strmap_get(&t->numbers, ref->name, strlen(ref->name));

		if (number != STRMAP_NONE && tables_tells(t, number))
			add_ref(refs, number, ref->line, ref->kind);
	}
}

#define HEADS (1 << 16)

/* Of its first bytes: few texts share them with a name of a patch. */
static uint32_t head_of(const char *text)
{
	uint32_t head = 0;

	for (int i = 0; i < 6 && text[i] != '\0'; i++)
		head = head * 37 + (unsigned char)text[i];
	return head % HEADS;
}

/* By text of the store, whether it is a name that is told. */
static bool *mark_told(const struct tables *t, struct arena *arena)
{
	const struct store *store = t->in->store;
	bool *ret = arena_array(arena, store->ntexts, sizeof(*ret));
	bool *heads = arena_array(arena, HEADS, sizeof(*heads));
	struct strmap told = strmap_new(arena, 0);

	for (size_t i = 0; i < t->nnames; i++) {
		const struct text *name = &t->names[i];

		if (!tables_tells(t, name->number))
			continue;
		strmap_add(&told, name->data, name->len, name->number);
		heads[head_of(name->data)] = true;
	}
	for (size_t i = 0; i < store->ntexts; i++) {
		const char *text = store->texts[i];

		ret[i] = heads[head_of(text)] &&
		         strmap_get(&told, text, strlen(text)) != STRMAP_NONE;
	}
	return ret;
}

/* The uses in a file, of names that are told.  @told by text of the store; NULL: all are */
static const struct record_ref *refs_of(const struct tables *t, const struct facts *facts,
                                        const bool *told, struct arena *arena, size_t *ret_n)
{
	if (told != NULL)
		return record_refs_of(facts, t->in->store, told, arena, ret_n);
	*ret_n = facts->nrefs;
	return record_refs(facts, t->in->store, arena);
}

static struct refs list_refs(const struct tables *t, struct arena *arena)
{
	CLEANUP(arena_free_ptr) struct arena *file = arena_new(SCRATCH_MAX);
	size_t ntexts = t->in->store != NULL ? t->in->store->ntexts : 0, n = 0, nrefs;
	uint32_t *known = arena_array(arena, ntexts, sizeof(*known));
	const bool *told = t->patch != NULL && ntexts > 0 ? mark_told(t, arena) : NULL;
	struct refs ret = { .first = arena_array(arena, t->in->nfiles + 1, sizeof(size_t)) };

	for (size_t f = 0; f < t->in->nfiles; f++)
		n += t->in->files[f].facts.nrefs;
	ret.numbers = arena_more(arena, NULL, 0, n * sizeof(uint32_t));
	ret.where = arena_more(arena, NULL, 0, n * sizeof(uint32_t));
	for (size_t f = 0; f < t->in->nfiles; f++, arena_reset(file)) {
		const struct facts *facts = &t->in->files[f].facts;
		const struct record_ref *refs;

		if (facts->refs != NULL)
			add_listed(t, &ret, facts);
		else if ((refs = refs_of(t, facts, told, file, &nrefs)) != NULL)
			for (size_t i = 0; i < nrefs; i++)
				add_ref(&ret, number_of(t, known, refs[i].text), refs[i].line,
				        refs[i].kind);
		ret.first[f + 1] = ret.n;
	}
	return ret;
}

/* The uses by name. */
struct uses {
	uint32_t *counts; /* by number of the name: all of them */
	uint32_t *first;  /* by number and one more: where those that are kept start */
	struct use *list;
};

static struct uses count_uses(const struct tables *t, const struct refs *refs, struct arena *arena)
{
	struct uses ret = {
		.counts = arena_array(arena, t->nnames, sizeof(uint32_t)),
		.first = arena_array(arena, t->nnames + 1, sizeof(uint32_t)),
	};

	for (size_t i = 0; i < refs->n; i++)
		ret.counts[refs->numbers[i]]++;
	for (size_t i = 0; i < t->nnames; i++)
		ret.first[i + 1] =
			ret.first[i] +
			(ret.counts[i] < TABLES_USES_MAX ? ret.counts[i] : TABLES_USES_MAX);
	return ret;
}

/* What they are listed from is as large as they are, and of no use when they are written. */
static struct uses list_uses(const struct tables *t, struct arena *arena)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SCRATCH_MAX);
	const struct refs refs = list_refs(t, own);
	struct uses ret = count_uses(t, &refs, arena);
	uint32_t *next = arena_memdup(own, ret.first, (t->nnames + 1) * sizeof(*next));

	ret.list = arena_more(arena, NULL, 0, ret.first[t->nnames] * sizeof(*ret.list));
	for (uint32_t f = 0; f < t->in->nfiles; f++)
		for (size_t i = refs.first[f]; i < refs.first[f + 1]; i++) {
			uint32_t number = refs.numbers[i];

			if (next[number] < ret.first[number + 1])
				ret.list[next[number]++] = (struct use){ f, refs.where[i] };
		}
	return ret;
}

void tables_references(struct tables *t)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	const struct uses uses = list_uses(t, arena);
	struct part part = tables_part(t);

	for (size_t name = 0; name < t->nnames; name++) {
		uint32_t number = t->names[name].number;
		const struct use *mine = uses.list + uses.first[number];
		size_t n = uses.first[number + 1] - uses.first[number];

		if (uses.counts[number] == 0)
			continue;
		sb_int(&part.sb, t->names[name].place);
		tables_number(&part.sb, uses.counts[number]);
		TABLES_ARRAY(&part.sb, n, mine[i].file);
		TABLES_ARRAY(&part.sb, n, mine[i].where >> KIND_BITS);
		TABLES_ARRAY(&part.sb, n, mine[i].where & ((1u << KIND_BITS) - 1));
		sb_addc(&part.sb, '\n');
	}
	tables_part_end(t, "references", &part);
}
