/*
 * Hits: the postings of the question's grams are joined, the texts behind them judged.
 *
 * Places rise with the length of texts, so the front of each list is the part to look at.
 */
#include "maps/search_hits.h"

#include "base/sb.h"
#include "maps/grams.h"

#include <stdlib.h>
#include <string.h>

#define QUESTION_GRAMS_MAX                                                                         \
	24                /* of a long question the first are enough: what is found is checked */
#define JOINED_MAX      5 /* the rarest of them; what is found is checked */
#define BATCH           256
#define FUZZY_CHECKED   512
#define FUZZY_PER_MILLE 300 /* likeness() from which a text is a hit */
#define LIST_BYTES(n)   ((size_t)(n)*12 + 16)

const char *search_match_name(enum search_match match)
{
	static const char *const NAMES[] = { "exact", "prefix", "word", "part", "fuzzy", "" };

	return NAMES[match];
}

/* --- Judging --- */

static bool same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gram_fold(a[i]) != gram_fold(b[i]))
			return false;
	return true;
}

static enum search_match match_at(struct span text, struct span q, size_t at, size_t name)
{
	if (at == 0 || at == name)
		return at + q.len == text.len ? MATCH_EXACT : MATCH_PREFIX;
	return gram_word_at(text, at) ? MATCH_WORD : MATCH_PART;
}

enum search_match search_judge(struct span text, struct span q, enum search_about about,
                               int *ret_score)
{
	const char *slash = about == SEARCH_FILES ? memrchr(text.data, '/', text.len) : NULL;
	size_t name = slash == NULL ? 0 : (size_t)(slash + 1 - text.data);
	enum search_match best = MATCH_NONE;

	*ret_score = 0;
	for (size_t at = 0; at + q.len <= text.len; at++) {
		enum search_match match;
		int score;

		if (!same(text.data + at, q.data, q.len))
			continue;
		match = match_at(text, q, at, name);
		score = memcmp(text.data + at, q.data, q.len) == 0;
		if (match < best || (match == best && score > *ret_score)) {
			best = match;
			*ret_score = score;
		}
	}
	return best;
}

/* --- The question's grams and their postings --- */

/* Postings of one gram; NULL: no text has it. */
struct posting {
	uint32_t gram;
	const char *postings;
	int64_t texts;
};

struct question {
	struct ctx *cx;
	const struct map_index *index;
	enum search_about about;
	struct span q;
	const char *only;
	struct posting parts[QUESTION_GRAMS_MAX];
	size_t nparts;
	struct posting start, word; /* of the beginning; word: gram 0 when it begins with none */
	struct search_hits *hits;
	size_t cap;
	uint32_t *grams; /* room for those of one text */
	int64_t limit;
};

static void take_grams(struct question *qu)
{
	uint32_t *grams = qu->grams;
	struct span head = { qu->q.data, qu->q.len < 2 ? qu->q.len : 2 };
	size_t n = grams_of(head, GRAM_START, grams);

	qu->start.gram = grams[head.len == 2 && n >= 2 ? 1 : 0];
	n = gram_word_at(qu->q, 0) ? grams_of(head, GRAM_WORDS, grams) : 0;
	qu->word.gram = n == 0 ? 0 : grams[head.len == 2 ? 1 : 0];
	n = grams_of(qu->q, GRAM_PARTS, grams);
	for (size_t i = 0; i < n && qu->nparts < QUESTION_GRAMS_MAX; i++) {
		bool seen = false;

		for (size_t j = 0; j < qu->nparts; j++)
			seen |= qu->parts[j].gram == grams[i];
		if (!seen)
			qu->parts[qu->nparts++].gram = grams[i];
	}
}

static int by_texts(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	return x->texts < y->texts ? -1 : x->texts > y->texts;
}

static const char *array_of_grams(struct question *qu, const struct posting *postings, size_t n)
{
	struct sb sb = sb_new(qu->cx->arena, LIST_BYTES(QUESTION_GRAMS_MAX));

	for (size_t i = 0; i < n; i++) {
		sb_addc(&sb, i == 0 ? '{' : ',');
		sb_int(&sb, postings[i].gram);
	}
	sb_addc(&sb, '}');
	return sb.data;
}

/* Read the postings of some grams, of the rarest `limit` only.  @ret whether some text has each */
static enum err read_postings(struct question *qu, struct posting *postings, size_t n,
                              int64_t limit, bool *ret)
{
	struct list rows;

	*ret = n == 0;
	if (n == 0)
		return ERR_OK;
	TRY(search_repo_grams(qu->cx, qu->index->id, qu->about, array_of_grams(qu, postings, n),
	                      limit, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct search_gram *row = (const struct search_gram *)rows.items + i;

		*ret = row->present == (int64_t)n;
		for (size_t j = 0; j < n; j++) {
			if (postings[j].gram != (uint32_t)row->gram)
				continue;
			postings[j].postings = row->postings;
			postings[j].texts = row->texts;
		}
	}
	return ERR_OK;
}

/* --- Joining --- */

/* Lists that are gone through together. */
struct join {
	const char *at[QUESTION_GRAMS_MAX + 1];
	int64_t now[QUESTION_GRAMS_MAX + 1];
	size_t n;
};

static void join_add(struct join *join, const struct posting *posting)
{
	join->at[join->n] = posting->postings;
	join->now[join->n] = gram_next(&join->at[join->n], -1);
	join->n++;
}

/* @ret the next place that all lists have, -1 at the end */
static int64_t join_next(struct join *join)
{
	for (;;) {
		int64_t place = join->now[0];
		bool all = true;

		if (place < 0)
			return -1;
		for (size_t i = 1; i < join->n && all; i++) {
			while (join->now[i] >= 0 && join->now[i] < place)
				join->now[i] = gram_next(&join->at[i], join->now[i]);
			if (join->now[i] < 0)
				return -1;
			all = join->now[i] == place;
		}
		join->now[0] = gram_next(&join->at[0], place);
		if (all)
			return place;
	}
}

/* --- Hits --- */

static bool has(const struct question *qu, int64_t place)
{
	for (size_t i = 0; i < qu->hits->n; i++)
		if (qu->hits->items[i].place == place)
			return true;
	return false;
}

static void keep(struct question *qu, const struct search_text *row, enum search_match match,
                 int score)
{
	struct search_hits *hits = qu->hits;

	if (has(qu, row->place))
		return;
	if (hits->n == qu->cap) {
		size_t cap = qu->cap != 0 ? qu->cap * 2 : 64;

		hits->items = arena_grow(qu->cx->arena, hits->items, qu->cap * sizeof(*hits->items),
		                         cap * sizeof(*hits->items));
		qu->cap = cap;
	}
	hits->items[hits->n++] = (struct search_hit){ row->place, match, score, row->text };
}

/*
 * Grams that a name shares with the question, twice, by the grams of both, in parts of 1000 (Dice).
 * Of a path the last name counts, unless the question has a slash.
 */
static int likeness(const struct question *qu, struct span text)
{
	uint32_t *grams = qu->grams;
	const char *slash = qu->about == SEARCH_FILES ? memrchr(text.data, '/', text.len) : NULL;
	size_t n, shared = 0;

	if (slash != NULL && memchr(qu->q.data, '/', qu->q.len) == NULL)
		text = (struct span){ slash + 1, text.len - (size_t)(slash + 1 - text.data) };
	n = grams_of(text, GRAM_PARTS, grams);
	for (size_t j = 0; j < qu->nparts; j++) {
		size_t i = 0;

		while (i < n && grams[i] != qu->parts[j].gram)
			i++;
		shared += i < n;
	}
	return (int)(2000 * shared / (qu->nparts + n + 1));
}

/* Judge the texts of some places; up to a kind of match, or by likeness. */
static enum err judge(struct question *qu, const int64_t *places, size_t n, enum search_match worst)
{
	struct sb sb = sb_new(qu->cx->arena, LIST_BYTES(n));
	const char *list;
	struct list rows;

	for (size_t i = 0; i < n; i++) {
		sb_addc(&sb, i == 0 ? '{' : ',');
		sb_int(&sb, places[i]);
	}
	sb_addc(&sb, '}');
	TRY(sb_finish(qu->cx, &sb, &list));
	TRY(search_repo_texts(qu->cx, qu->index->id, qu->about, list, qu->only, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct search_text *row = (const struct search_text *)rows.items + i;
		struct span text = { row->text, strlen(row->text) };
		int score;
		enum search_match match = search_judge(text, qu->q, qu->about, &score);

		if (match <= worst && match != MATCH_NONE) {
			keep(qu, row, match, score);
		} else if (worst == MATCH_FUZZY) {
			score = likeness(qu, text);
			if (score >= FUZZY_PER_MILLE)
				keep(qu, row, MATCH_FUZZY, score);
		}
	}
	return ERR_OK;
}

/* Go through what a beginning (or none) and the parts whose postings were read have in common. */
static enum err look(struct question *qu, const struct posting *beginning, enum search_match worst)
{
	struct join join = { .n = 0 };
	int64_t places[BATCH], place = 0;
	size_t checked = 0;

	for (size_t i = 0; i < qu->nparts; i++)
		if (qu->parts[i].postings != NULL)
			join_add(&join, &qu->parts[i]);
	if (beginning != NULL)
		join_add(&join, beginning);
	while (place >= 0 && (int64_t)qu->hits->n < qu->limit) {
		size_t n = 0;

		while (n < BATCH && (place = join_next(&join)) >= 0)
			if (!has(qu, place))
				places[n++] = place;
		if (n == 0)
			break;
		if (checked >= SEARCH_CHECKED_MAX) {
			qu->hits->complete = false;
			break;
		}
		checked += n;
		TRY(judge(qu, places, n, worst));
	}
	return ERR_OK;
}

/* All kinds of match but fuzzy ones: none where a part of the question is in no text. */
static enum err look_for_parts(struct question *qu)
{
	bool all, begins;

	TRY(read_postings(qu, qu->parts, qu->nparts, JOINED_MAX, &all));
	if (!all)
		return ERR_OK;
	if (qu->nparts > 1)
		qsort(qu->parts, qu->nparts, sizeof(qu->parts[0]), by_texts); /* the rarest leads */
	TRY(read_postings(qu, &qu->start, 1, 1, &begins));
	if (begins)
		TRY(look(qu, &qu->start, MATCH_PREFIX));
	if (qu->word.gram != 0 && (int64_t)qu->hits->n < qu->limit) {
		TRY(read_postings(qu, &qu->word, 1, 1, &begins));
		if (begins)
			TRY(look(qu, &qu->word, MATCH_WORD));
	}
	if (qu->nparts > 0 && (int64_t)qu->hits->n < qu->limit)
		TRY(look(qu, NULL, MATCH_PART));
	return ERR_OK;
}

/* Places of names leave others free: of five at most one is taken (tables_places.c). */
static size_t count_places(const struct question *qu)
{
	return qu->about == SEARCH_FILES ? (size_t)qu->index->files
	                                 : (size_t)qu->index->symbols * 5;
}

/* How many of the question's grams each text has. */
static void count_shared(const struct question *qu, uint8_t *counts, size_t n)
{
	for (size_t i = 0; i < qu->nparts; i++) {
		const char *at = qu->parts[i].postings != NULL ? qu->parts[i].postings : "";
		int64_t place = -1;

		while ((place = gram_next(&at, place)) >= 0 && (size_t)place < n)
			counts[place]++;
	}
}

/* The first places of as many shared grams. */
struct alike {
	int64_t places[FUZZY_CHECKED];
	size_t n;
};

/* @ret by the number of shared grams */
static struct alike *list_alike(const struct question *qu, size_t least)
{
	size_t n = count_places(qu), at = 0;
	uint8_t *counts = arena_array(qu->cx->arena, n + sizeof(uint64_t), 1);
	struct alike *ret = arena_array(qu->cx->arena, QUESTION_GRAMS_MAX + 1, sizeof(*ret));
	uint64_t eight;

	count_shared(qu, counts, n);
	while (at < n) {
		memcpy(&eight, counts + at, sizeof(eight));
		if (eight == 0) {
			at += sizeof(eight);
			continue;
		}
		if (counts[at] >= least && ret[counts[at]].n < FUZZY_CHECKED)
			ret[counts[at]].places[ret[counts[at]].n++] = (int64_t)at;
		at++;
	}
	return ret;
}

/* Judge the texts that share the most first; shorter ones before others of as many. */
static enum err look_fuzzily(struct question *qu)
{
	size_t least = (qu->nparts * 2 + 4) / 5, left = FUZZY_CHECKED;
	const struct alike *alike;
	bool all;

	TRY(read_postings(qu, qu->parts, qu->nparts, QUESTION_GRAMS_MAX, &all));
	if (least < 2)
		least = 2;
	alike = list_alike(qu, least);
	for (size_t shared = qu->nparts; shared >= least && left > 0; shared--) {
		size_t n = alike[shared].n < left ? alike[shared].n : left;

		left -= n;
		for (size_t at = 0; at < n; at += BATCH)
			TRY(judge(qu, alike[shared].places + at, n - at < BATCH ? n - at : BATCH,
			          MATCH_FUZZY));
	}
	return ERR_OK;
}

/* Whether to look for what is only like the question: nothing is just that, and little has it. */
static bool wants_more(const struct question *qu)
{
	const struct search_hits *hits = qu->hits;

	for (size_t i = 0; i < hits->n; i++)
		if (hits->items[i].match == MATCH_EXACT)
			return false;
	return qu->q.len >= SEARCH_FUZZY_MIN && hits->n < SEARCH_FUZZY_BELOW &&
	       (int64_t)hits->n < qu->limit;
}

/* What is as good goes by length and letters. */
static int by_text(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (n != m)
		return n < m ? -1 : 1;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)gram_fold(a[i]),
			      d = (unsigned char)gram_fold(b[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return strcmp(a, b);
}

static int by_worth(const void *a, const void *b)
{
	const struct search_hit *x = a, *y = b;
	int order;

	if (x->match != y->match)
		return x->match < y->match ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	order = by_text(x->text, y->text);
	return order != 0 ? order : x->place < y->place ? -1 : x->place > y->place;
}

enum err search_hits(struct ctx *cx, const struct map_index *index, enum search_about about,
                     const char *q, const char *only, int64_t limit, struct search_hits *ret)
{
	struct question *qu = arena_alloc(cx->arena, sizeof(*qu));

	*ret = (struct search_hits){ .complete = index->complete };
	*qu = (struct question){
		.cx = cx,
		.index = index,
		.about = about,
		.only = only,
		.q = { q, strlen(q) },
		.hits = ret,
		.limit = limit,
		.grams = arena_array(cx->arena, GRAMS_MAX, sizeof(uint32_t)),
	};
	take_grams(qu);
	TRY(look_for_parts(qu));
	if (wants_more(qu))
		TRY(look_fuzzily(qu));
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_worth);
	if ((int64_t)ret->n > limit)
		ret->n = (size_t)limit;
	return ERR_OK;
}
