/* Rank: accumulators of one segment at a time, and heaps over all. */
#include "retrieval/rank.h"

#include "retrieval/postings.h"

#include <stdlib.h>
#include <string.h>

#define RRF_K     60.0
#define RRF_CHUNK 1.0
#define RRF_FILE  0.3
#define RRF_PAST  0.55
#define RRF_NEAR  1.0

/* A chunk, or a file with its best chunk. */
struct entry {
	double score;
	uint32_t segment, chunk, file; /* segment: number in this query; file: its number in it */
};

struct best {
	struct entry items[RANK_DEPTH]; /* a heap with the worst on top */
	size_t n;
};

struct rank {
	struct arena *arena;
	int64_t *ids; /* of the segments */
	size_t nsegments, cap;
	const struct rank_segment *segment;
	uint32_t *file_of; /* by chunk */
	uint32_t *first;   /* by file, and one more */
	uint32_t nfiles;
	float *chunks, *files, *past; /* past: by file, what commits said of it */
	size_t chunks_cap;
	struct best best_chunks, best_files, best_past, best_near;
};

struct rank *rank_new(struct arena *arena)
{
	struct rank *r = arena_alloc(arena, sizeof(*r));

	r->arena = arena;
	return r;
}

static uint32_t number(const char **at)
{
	uint64_t n = 0;

	while (**at == ' ')
		(*at)++;
	while (**at >= '0' && **at <= '9' && n <= UINT32_MAX)
		n = n * 10 + (uint64_t)(*(*at)++ - '0');
	return n <= UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* What stands in the row is not trusted to be right: chunks that no file has belong to the last. */
static void read_counts(struct rank *r, const char *counts, uint32_t chunks)
{
	uint32_t at = 0;

	r->nfiles = 0;
	while (at < chunks) {
		uint32_t n = *counts != '\0' ? number(&counts) : chunks - at;

		if (n == 0 || n > chunks - at)
			n = chunks - at;
		r->first[r->nfiles] = at;
		for (uint32_t end = at + n; at < end; at++)
			r->file_of[at] = r->nfiles;
		r->nfiles++;
	}
	r->first[r->nfiles] = chunks;
}

void rank_segment(struct rank *r, const struct rank_segment *segment)
{
	size_t n = segment->chunks;

	if (r->nsegments == r->cap) {
		size_t cap = r->cap != 0 ? r->cap * 2 : 64;

		r->ids = arena_grow(r->arena, r->ids, r->cap * sizeof(*r->ids),
		                    cap * sizeof(*r->ids));
		r->cap = cap;
	}
	r->ids[r->nsegments++] = segment->id;
	r->segment = segment;
	if (n > r->chunks_cap) {
		r->file_of = arena_array(r->arena, n, sizeof(*r->file_of));
		r->first = arena_array(r->arena, n + 1, sizeof(*r->first));
		r->chunks = arena_array(r->arena, n, sizeof(*r->chunks));
		r->files = arena_array(r->arena, n, sizeof(*r->files));
		r->past = arena_array(r->arena, n, sizeof(*r->past));
		r->chunks_cap = n;
	}
	read_counts(r, segment->counts, segment->chunks);
	memset(r->chunks, 0, n * sizeof(*r->chunks));
	memset(r->files, 0, r->nfiles * sizeof(*r->files));
	memset(r->past, 0, r->nfiles * sizeof(*r->past));
}

void rank_term(struct rank *r, const struct rank_term *term, const char *postings)
{
	const float unit = (float)(term->weight / (POSTINGS_WEIGHTS - 1));
	int64_t chunk = -1;
	uint32_t file = UINT32_MAX;
	float most = 0;
	unsigned weight;

	while ((chunk = postings_next(&postings, chunk, &weight)) >= 0) {
		float score = unit * (float)weight;

		if (chunk >= r->segment->chunks)
			return;
		r->chunks[chunk] += score;
		if (r->file_of[chunk] != file) {
			if (file != UINT32_MAX)
				r->files[file] += most;
			file = r->file_of[chunk];
			most = score;
		} else if (score > most) {
			most = score;
		}
	}
	if (file != UINT32_MAX)
		r->files[file] += most;
}

void rank_past(struct rank *r, const struct rank_term *term, const char *postings)
{
	const float unit = (float)(term->weight / (POSTINGS_WEIGHTS - 1));
	int64_t chunk = -1;
	unsigned weight;

	while ((chunk = postings_next(&postings, chunk, &weight)) >= 0) {
		if (chunk >= r->segment->chunks)
			return;
		r->past[r->file_of[chunk]] += unit * (float)weight;
	}
}

/* --- The best --- */

/* @ret whether a is worse than b: lower, or later of equals */
static bool worse(const struct entry *a, const struct entry *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	if (a->segment != b->segment)
		return a->segment > b->segment;
	return a->chunk > b->chunk;
}

static void sift_down(struct best *best, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		struct entry t;

		if (child >= best->n)
			return;
		if (child + 1 < best->n && worse(&best->items[child + 1], &best->items[child]))
			child++;
		if (!worse(&best->items[child], &best->items[i]))
			return;
		t = best->items[i];
		best->items[i] = best->items[child];
		best->items[child] = t;
		i = child;
	}
}

/* What is lower has no place among the best: most are told so by one comparison. */
static double floor_of(const struct best *best)
{
	return best->n == RANK_DEPTH ? best->items[0].score : 0;
}

static void offer(struct best *best, const struct entry *entry)
{
	size_t i;

	if (best->n == RANK_DEPTH) {
		if (!worse(&best->items[0], entry))
			return;
		best->items[0] = *entry;
		sift_down(best, 0);
		return;
	}
	for (i = best->n++; i > 0 && worse(entry, &best->items[(i - 1) / 2]); i = (i - 1) / 2)
		best->items[i] = best->items[(i - 1) / 2];
	best->items[i] = *entry;
}

static void skip(struct rank *r, uint32_t chunk)
{
	r->chunks[chunk] = 0;
	r->past[r->file_of[chunk]] = 0;
}

/* Ranges that do not count; or the ones that alone do. */
static void mask(struct rank *r)
{
	const uint32_t chunks = r->segment->chunks;
	const char *at = r->segment->dead;
	uint32_t free = 0;

	while (*at != '\0') {
		uint32_t from = number(&at), n = number(&at);

		for (uint32_t i = 0; i < n && from < chunks; i++, from++)
			skip(r, from);
		if (*at != ' ')
			break;
	}
	at = r->segment->only;
	if (at == NULL)
		return;
	while (free < chunks) {
		uint32_t from = *at != '\0' ? number(&at) : chunks;
		uint32_t n = *at != '\0' ? number(&at) : 0;

		for (; free < from && free < chunks; free++)
			skip(r, free);
		if (n > chunks - free)
			n = chunks - free;
		free += n;
		if (*at != ' ' && *at != '\0')
			at = "";
	}
}

/* The chunks of a file that count, and the file by its best one; by its first one where none has a word. */
static void offer_file(struct rank *r, uint32_t file)
{
	struct entry best = { 0, (uint32_t)r->nsegments - 1, r->first[file], file };

	for (uint32_t i = r->first[file]; i < r->first[file + 1]; i++) {
		const struct entry entry = { r->chunks[i], best.segment, i, file };

		if (r->chunks[i] == 0)
			continue;
		if (r->chunks[i] >= floor_of(&r->best_chunks))
			offer(&r->best_chunks, &entry);
		if (entry.score > best.score)
			best = entry;
	}
	if (best.score > 0) {
		best.score = r->files[file];
		offer(&r->best_files, &best);
	}
	best.score = r->past[file];
	if (best.score > 0)
		offer(&r->best_past, &best);
}

void rank_near(struct rank *r, uint32_t chunk, double similarity)
{
	const struct entry entry = { similarity, (uint32_t)r->nsegments - 1, chunk,
		                     chunk < r->segment->chunks ? r->file_of[chunk] : 0 };

	if (chunk < r->segment->chunks)
		offer(&r->best_near, &entry);
}

void rank_segment_end(struct rank *r)
{
	mask(r);
	for (uint32_t file = 0; file < r->nfiles; file++)
		if (r->files[file] != 0 || r->past[file] != 0)
			offer_file(r, file);
}

/* --- Fusion --- */

static int best_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return worse(x, y) ? 1 : worse(y, x) ? -1 : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

static int compare_files(const struct entry *a, const struct entry *b)
{
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return a->file < b->file ? -1 : a->file > b->file;
}

/* Scores become those of the ranks. */
static void by_rank(struct best *best, double part)
{
	if (best->n > 1)
		qsort(best->items, best->n, sizeof(best->items[0]), best_first);
	for (size_t i = 0; i < best->n; i++)
		best->items[i].score = part / (RRF_K + (double)i + 1);
	if (best->n > 1)
		qsort(best->items, best->n, sizeof(best->items[0]), by_place);
}

/* Chunks of either list, with what both are worth together; in the order of places. */
static size_t fuse_chunks(const struct best *a, const struct best *b, struct entry *ret)
{
	size_t n = 0, i = 0, j = 0;

	while (i < a->n || j < b->n) {
		int order = i == a->n ? 1 : j == b->n ? -1 : by_place(&a->items[i], &b->items[j]);

		ret[n] = order <= 0 ? a->items[i++] : b->items[j++];
		if (order == 0)
			ret[n].score += b->items[j++].score;
		n++;
	}
	return n;
}

/* Chunks get what their file is worth; a file of which no chunk is there brings its best. */
static size_t fuse(const struct entry *chunks, size_t nchunks, const struct best *files,
                   struct entry *ret)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < files->n; i++) {
		const struct entry *file = &files->items[i];
		bool has = false;

		while (at < nchunks && compare_files(&chunks[at], file) < 0)
			ret[n++] = chunks[at++];
		for (; at < nchunks && compare_files(&chunks[at], file) == 0; at++) {
			ret[n] = chunks[at];
			ret[n++].score += file->score;
			has = true;
		}
		if (!has)
			ret[n++] = *file;
	}
	while (at < nchunks)
		ret[n++] = chunks[at++];
	return n;
}

size_t rank_finish(struct rank *r, struct rank_hit *hits, size_t n)
{
	struct entry *chunks = arena_array(r->arena, (size_t)2 * RANK_DEPTH, sizeof(*chunks));
	struct entry *both = arena_array(r->arena, (size_t)3 * RANK_DEPTH, sizeof(*both));
	struct entry *all = arena_array(r->arena, (size_t)4 * RANK_DEPTH, sizeof(*all));
	size_t found;

	by_rank(&r->best_chunks, RRF_CHUNK);
	by_rank(&r->best_files, RRF_FILE);
	by_rank(&r->best_past, RRF_PAST);
	by_rank(&r->best_near, RRF_NEAR);
	found = fuse_chunks(&r->best_chunks, &r->best_near, chunks);
	found = fuse(chunks, found, &r->best_files, both);
	if (found > 1)
		qsort(both, found, sizeof(*both), by_place);
	found = fuse(both, found, &r->best_past, all);
	if (found > 1)
		qsort(all, found, sizeof(*all), best_first);
	if (found < n)
		n = found;
	for (size_t i = 0; i < n; i++)
		hits[i] = (struct rank_hit){ r->ids[all[i].segment], all[i].chunk, all[i].score };
	return n;
}
