/*
 * Search: the query's terms, the rarest of them read, chunks ranked by them and by meaning, the best ones fetched and explained.
 *
 * Common terms are left out where rarer ones are there, so that what is read is bounded: they would cost
 * most and tell least.
 */
#include "retrieval/search.h"

#include "ai/usage.h"
#include "base/clock.h"
#include "projects/project.h"
#include "retrieval/meaning.h"
#include "retrieval/postings.h"
#include "retrieval/query.h"
#include "retrieval/rank.h"
#include "retrieval/search_repo.h"
#include "retrieval/terms.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_READ   40 /* different ones of a query that are read: the rarest */
#define TERMS_LEAST  3  /* are read however common they are */
#define COMMON_PART  4  /* a term that more than this part of the chunks has is common */
#define POSTINGS_MAX 600000
#define RANK_BYTES   ((size_t)256 << 20)
#define ARRAY_BYTES  ((size_t)1 << 20)
#define MILLION      1000000.0
#define WHY_MAX      12

static const struct field HIT_FIELDS[] = {
	F_INT(struct retrieval_hit, project_id, .zero_is_null = true,
	      .doc = "The project; null of a document"),
	F_INT(struct retrieval_hit, document_id, .zero_is_null = true,
	      .doc = "The document; null of a file in a repository"),
	F_TEXT(struct retrieval_hit, commit, .nullable = true,
	       .doc = "Commit at which it was read"),
	F_TEXT(struct retrieval_hit, path, .doc = "The file, or the document's name"),
	F_INT(struct retrieval_hit, start_line, .doc = "First line"),
	F_INT(struct retrieval_hit, end_line, .doc = "Last line"),
	F_INT(struct retrieval_hit, page, .zero_is_null = true, .doc = "Page of a PDF"),
	F_TEXT(struct retrieval_hit, blob, .doc = "Id of the file's content"),
	F_TEXT(struct retrieval_hit, language, .nullable = true, .doc = "Language of the file"),
	F_TEXT(struct retrieval_hit, source, .doc = "code, doc or document"),
	F_TEXT(struct retrieval_hit, kind,
	       .doc = "What it is: function, class, ..., section, lines"),
	F_INT(struct retrieval_hit, score,
	      .doc = "Compares the hits of one answer; higher is better"),
	F_LIST(struct retrieval_hit, symbols, .item = FIELD_TEXT, .doc = "What is defined in it"),
	F_LIST(struct retrieval_hit, why, .item = FIELD_TEXT, .doc = "Why it was found"),
	F_TEXT(struct retrieval_hit, text, .doc = "Its lines"),
};
const struct schema retrieval_hit_schema = SCHEMA(struct retrieval_hit, "SearchHit", HIT_FIELDS);

static const char *const MEANINGS[] = { "used", "off", "waiting", "unavailable", "too_many", NULL };

static const struct field FOUND_FIELDS[] = {
	F_LIST(struct retrieval_found, items, .of = &retrieval_hit_schema, .doc = "Best first"),
	F_BOOL(struct retrieval_found, complete,
	       .doc = "Whether all that may be searched is indexed, and no limit kept something out"),
	F_TEXT(struct retrieval_found, meaning, .one_of = MEANINGS,
	       .doc = "Whether meaning counted besides words: used; off, no embedding model is "
	              "preferred; waiting, nothing has its vector yet; unavailable, the provider "
	              "failed; too_many, to compare their vectors without an index"),
	F_TEXT(struct retrieval_found, meaning_problem, .nullable = true,
	       .doc = "Why it is unavailable"),
};
const struct schema retrieval_found_schema =
	SCHEMA(struct retrieval_found, "SearchFound", FOUND_FIELDS);

/* --- Terms --- */

static enum err read_query(struct ctx *cx, const char *text, struct query_terms *ret)
{
	query_read(cx->arena, (struct span){ text, strlen(text) }, ret);
	if (ret->n == 0)
		return err_field(cx, ERR_INVALID, "?q", "word", "has no word to look for");
	return ERR_OK;
}

/* Each also as what commits said.  Terms hold nothing that would have to be escaped. */
static enum err terms_array(struct ctx *cx, const struct query_terms *terms, const char **ret)
{
	struct sb sb = sb_new(cx->arena, ARRAY_BYTES);

	for (size_t i = 0; i < terms->n; i++) {
		const char *name = terms->items[i].name;

		sb_addf(&sb, "%c\"%s\",\"%c%s\"", i == 0 ? '{' : ',', name, POSTINGS_PAST_MARK,
		        name);
	}
	sb_add(&sb, terms->n == 0 ? "{}" : "}");
	return sb_finish(cx, &sb, ret);
}

/* @ret whether a term is what commits said, of that name */
static bool is_past(const char *term, const char *name)
{
	return term[0] == POSTINGS_PAST_MARK && strcmp(term + 1, name) == 0;
}

static double idf_of(int64_t all, int64_t have)
{
	return log(1 + ((double)(all - have) + 0.5) / ((double)have + 0.5));
}

static int rarest_first(const void *a, const void *b)
{
	const struct query_term *x = a, *y = b;

	if (x->chunks != y->chunks)
		return x->chunks < y->chunks ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* A related term tells no more than the one that it stands for: a short form may be rare by chance. */
static double idf_of_term(const struct query_terms *terms, const struct query_term *term,
                          int64_t all)
{
	int64_t chunks = term->chunks;

	for (size_t i = 0; term->of != NULL && i < terms->n; i++)
		if (strcmp(terms->items[i].name, term->of) == 0 && terms->items[i].chunks > chunks)
			chunks = terms->items[i].chunks;
	return idf_of(all, chunks);
}

static void count_terms(struct query_terms *terms, const struct search_df *rows, size_t n)
{
	for (size_t i = 0; i < terms->n; i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(terms->items[i].name, rows[j].term) == 0)
				terms->items[i].chunks = rows[j].chunks;
			else if (is_past(rows[j].term, terms->items[i].name))
				terms->items[i].files = rows[j].chunks;
}

/* How rare each is; those that are worth reading stay, rarest first. */
static enum err weigh_terms(struct ctx *cx, const char *segments, int64_t chunks,
                            struct query_terms *terms)
{
	struct list found;
	const char *names;
	int64_t read = 0;
	size_t n = 0;

	TRY(terms_array(cx, terms, &names));
	TRY(search_repo_df(cx, segments, names, &found));
	count_terms(terms, found.items, found.n);
	for (size_t i = 0; i < terms->n; i++)
		terms->items[i].idf = idf_of_term(terms, &terms->items[i], chunks);
	qsort(terms->items, terms->n, sizeof(terms->items[0]), rarest_first);
	for (size_t i = 0; i < terms->n; i++) {
		struct query_term term = terms->items[i];

		if (term.chunks + term.files == 0)
			continue;
		read += term.chunks + term.files;
		if (n >= TERMS_READ || (n >= TERMS_LEAST && (term.chunks > chunks / COMMON_PART ||
		                                             read > POSTINGS_MAX)))
			break;
		term.past_idf = idf_of(chunks, term.files);
		terms->items[n++] = term;
	}
	terms->n = n;
	return ERR_OK;
}

/* --- Ranking --- */

static enum err segments_array(struct ctx *cx, const struct list *segments, const char **ret)
{
	const struct search_segment *items = segments->items;
	struct sb sb = sb_new(cx->arena, ARRAY_BYTES);

	for (size_t i = 0; i < segments->n; i++)
		sb_int_after(&sb, i == 0 ? '{' : ',', items[i].id);
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

static const char *ranges_of(const struct list *only, int64_t segment)
{
	const struct search_only *items = only->items;

	for (size_t i = 0; i < only->n; i++)
		if (items[i].segment_id == segment)
			return items[i].ranges;
	return "";
}

static void rank_row(struct rank *rank, const struct query_term *term,
                     const struct search_postings *row)
{
	double often = term->worth * (1 + log((double)term->times));

	if (strcmp(term->name, row->term) == 0)
		rank_term(rank, &(struct rank_term){ term->name, term->idf * often },
		          row->postings);
	else if (is_past(row->term, term->name))
		rank_past(rank, &(struct rank_term){ term->name, term->past_idf * often },
		          row->postings);
}

static void rank_terms(struct rank *rank, const struct query_terms *terms, int64_t segment,
                       const struct search_postings *rows, size_t n, size_t *at)
{
	for (; *at < n && rows[*at].segment_id == segment; (*at)++)
		for (size_t i = 0; i < terms->n; i++)
			rank_row(rank, &terms->items[i], &rows[*at]);
}

/* @ret whether there is one of the segment */
static bool rank_meaning(struct rank *rank, const struct list *near, int64_t segment, bool look)
{
	const struct vector_near *items = near->items;
	bool any = false;

	for (size_t i = 0; i < near->n; i++) {
		if (items[i].segment_id != segment)
			continue;
		any = true;
		if (!look)
			rank_near(rank, (uint32_t)items[i].chunk, (double)items[i].similarity);
	}
	return any;
}

static enum err rank_all(struct ctx *cx, const struct retrieval_query *query,
                         const struct list *segments, const char *ids,
                         const struct query_terms *terms, const struct list *near,
                         struct rank *rank)
{
	const struct search_segment *items = segments->items;
	bool filtered = query->path != NULL || query->language != NULL || query->source != NULL;
	const struct search_postings *rows;
	struct list postings, only = { 0 };
	const char *names;
	size_t at = 0;

	TRY(terms_array(cx, terms, &names));
	if (filtered)
		TRY(search_repo_only(cx, query, ids, &only));
	TRY(search_repo_postings(cx, ids, names, &postings));
	rows = postings.items;
	for (size_t i = 0; i < segments->n; i++) {
		const struct rank_segment segment = {
			.id = items[i].id,
			.chunks = (uint32_t)items[i].chunks,
			.counts = items[i].counts,
			.dead = items[i].dead,
			.only = filtered ? ranges_of(&only, items[i].id) : NULL,
		};

		if ((at == postings.n || rows[at].segment_id != items[i].id) &&
		    !rank_meaning(rank, near, items[i].id, true))
			continue;
		rank_segment(rank, &segment);
		rank_meaning(rank, near, items[i].id, false);
		rank_terms(rank, terms, items[i].id, rows, postings.n, &at);
		rank_segment_end(rank);
	}
	return ERR_OK;
}

/* --- Hits --- */

/* Why one hit was found: which of the query's terms are where in it. */
struct why {
	struct ctx *cx;
	const struct query_terms *terms;
	const char *field;
	bool seen[QUERY_TERMS_MAX]; /* told already, by the first field that has it */
	const char **items;
	size_t n;
};

static void explain_term(void *arg, const char *name, size_t n, struct span written)
{
	struct why *why = arg;

	(void)written;
	for (size_t i = 0; i < why->terms->n && why->n < WHY_MAX; i++) {
		const char *term = why->terms->items[i].name;

		if (why->seen[i] || why->terms->items[i].written == NULL || strlen(term) != n ||
		    memcmp(term, name, n) != 0)
			continue;
		why->seen[i] = true;
		why->items[why->n++] = arena_printf(why->cx->arena, "%s:%s", why->field,
		                                    why->terms->items[i].written);
	}
}

static void explain_field(struct why *why, const char *field, const char *text)
{
	why->field = field;
	terms_each((struct span){ text, strlen(text) }, explain_term, why);
}

/* How near it is in meaning, if it is among the nearest. */
static void explain_meaning(struct why *why, const struct list *near, const struct rank_hit *ranked)
{
	const struct vector_near *items = near->items;

	for (size_t i = 0; i < near->n; i++)
		if (items[i].segment_id == ranked->segment && items[i].chunk == ranked->chunk)
			why->items[why->n++] = arena_printf(why->cx->arena, "meaning:%.2f",
			                                    (double)items[i].similarity / MILLION);
}

static struct list explain(struct ctx *cx, const struct query_terms *terms, const struct list *near,
                           const struct rank_hit *ranked, const struct retrieval_hit *hit)
{
	const char *const *symbols = hit->symbols.items;
	struct why why = { .cx = cx, .terms = terms };

	why.items = arena_array(cx->arena, WHY_MAX + 1, sizeof(*why.items));
	explain_meaning(&why, near, ranked);
	for (size_t i = 0; i < hit->symbols.n; i++)
		explain_field(&why, "symbol", symbols[i]);
	explain_field(&why, "path", hit->path);
	explain_field(&why, "text", hit->text);
	explain_field(&why, "commits", hit->past);
	return (struct list){ .items = why.items, .n = why.n };
}

/* Whole lines, as many as there is room for; the hit ends where its text does. */
static void cut_text(struct ctx *cx, struct retrieval_hit *hit)
{
	const char *end;
	size_t n = strlen(hit->text);

	if (n <= RETRIEVAL_TEXT_MAX)
		return;
	end = memrchr(hit->text, '\n', RETRIEVAL_TEXT_MAX);
	if (end == NULL) { /* one long line */
		n = RETRIEVAL_TEXT_MAX;
		while (n > 0 && ((unsigned char)hit->text[n] & 0xc0) == 0x80)
			n--;
		hit->end_line = hit->start_line;
	} else {
		n = (size_t)(end - hit->text);
		for (const char *p = end; (p = strchr(p, '\n')) != NULL; p++)
			hit->end_line--;
		hit->end_line += hit->text[strlen(hit->text) - 1] == '\n';
	}
	hit->text = arena_strndup(cx->arena, hit->text, n);
}

static enum err fetch_hits(struct ctx *cx, const struct query_terms *terms, const struct list *near,
                           const struct rank_hit *ranked, size_t n, struct list *ret)
{
	struct sb segments = sb_new(cx->arena, ARRAY_BYTES),
		  chunks = sb_new(cx->arena, ARRAY_BYTES);
	const char *segment_array, *chunk_array;
	struct retrieval_hit *items;

	*ret = (struct list){ 0 };
	if (n == 0)
		return ERR_OK;
	for (size_t i = 0; i < n; i++) {
		sb_int_after(&segments, i == 0 ? '{' : ',', ranked[i].segment);
		sb_int_after(&chunks, i == 0 ? '{' : ',', ranked[i].chunk);
	}
	sb_addc(&segments, '}');
	sb_addc(&chunks, '}');
	TRY(sb_finish(cx, &segments, &segment_array));
	TRY(sb_finish(cx, &chunks, &chunk_array));
	TRY(search_repo_hits(cx, segment_array, chunk_array, ret));
	items = arena_memdup(cx->arena, ret->items, ret->n * sizeof(*items));
	for (size_t i = 0; i < ret->n; i++) {
		const struct rank_hit *place = &ranked[items[i].score - 1];

		items[i].score = (int64_t)(place->score * MILLION);
		items[i].why = explain(cx, terms, near, place, &items[i]);
		cut_text(cx, &items[i]);
	}
	ret->items = items;
	return ERR_OK;
}

static enum err find(struct ctx *cx, const struct retrieval_query *query, struct query_terms *terms,
                     struct meaning *meaning, struct list *ret)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(RANK_BYTES);
	struct rank *rank = rank_new(arena);
	struct rank_hit ranked[RETRIEVAL_TOP_MAX];
	const struct search_segment *items;
	struct list segments;
	int64_t chunks = 0, top = query->top_k > 0 ? query->top_k : RETRIEVAL_TOP;
	const char *ids;

	TRY(search_repo_segments(cx, query, &segments));
	items = segments.items;
	for (size_t i = 0; i < segments.n; i++)
		chunks += items[i].chunks;
	TRY(segments_array(cx, &segments, &ids));
	TRY(meaning_find(cx, query, segments.n > 0 ? ids : NULL, meaning));
	if (segments.n == 0)
		return ERR_OK;
	TRY(weigh_terms(cx, ids, chunks, terms));
	if (terms->n == 0 && meaning->near.n == 0)
		return ERR_OK;
	TRY(rank_all(cx, query, &segments, ids, terms, &meaning->near, rank));
	return fetch_hits(cx, terms, &meaning->near, ranked,
	                  rank_finish(rank, ranked,
	                              top < RETRIEVAL_TOP_MAX ? (size_t)top : RETRIEVAL_TOP_MAX),
	                  ret);
}

enum err retrieval_search(struct ctx *cx, const struct retrieval_query *query,
                          struct retrieval_found *ret)
{
	struct query_terms *terms = arena_alloc(cx->arena, sizeof(*terms));
	struct retrieval_found found = { 0 };
	struct meaning meaning;
	const int64_t begun_us = cx->app->clock->mono_us(cx->app->clock);
	struct project project;
	int64_t waiting;

	TRY(read_query(cx, query->text, terms));
	if (query->project_id != 0)
		TRY(project_get(cx, query->project_id, &project));
	TRY(find(cx, query, terms, &meaning, &found.items));
	TRY(search_repo_waiting(cx, query, &waiting));
	found.complete = waiting == 0;
	found.meaning = meaning.state;
	found.meaning_problem = meaning.problem;
	usage_searched(cx, (cx->app->clock->mono_us(cx->app->clock) - begun_us) / 1000,
	               (int64_t)found.items.n);
	*ret = found;
	return ERR_OK;
}
