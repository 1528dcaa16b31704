/* Digest: which files matter. */
#include "maps/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX   40
#define PREFIX_MIN 4 /* letters of a word that matches the beginning of another */
#define PATH_TIMES 3 /* a word in the path counts so many times one in a definition */
#define K1         1.2
#define B          0.75
#define RRF        60

struct word {
	char text[WORD_MAX];
	size_t len;
};

struct words {
	struct word list[DIGEST_WORDS_MAX];
	size_t n;
};

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Where the next word of a name ends; *at is moved to where it begins. */
static size_t next_word(struct span text, size_t *at)
{
	const unsigned char *s = (const unsigned char *)text.data;
	size_t i = *at, end;

	while (i < text.len && !is_letter(s[i]) && !is_digit(s[i]))
		i++;
	*at = end = i;
	if (end < text.len && is_digit(s[end])) {
		while (end < text.len && is_digit(s[end]))
			end++;
		return end;
	}
	while (end < text.len && is_letter(s[end])) {
		/* fooBar | fooBar, HTTPServer | HTTP Server */
		if (end > i && is_upper(s[end]) &&
		    (!is_upper(s[end - 1]) ||
		     (end + 1 < text.len && is_letter(s[end + 1]) && !is_upper(s[end + 1]))))
			break;
		end++;
	}
	return end;
}

static void lower(struct word *w, const char *from, size_t n)
{
	w->len = n < WORD_MAX ? n : WORD_MAX;
	for (size_t i = 0; i < w->len; i++)
		w->text[i] = (char)(is_upper((unsigned char)from[i]) ? from[i] + 32 : from[i]);
}

static void read_question(const char *question, struct words *ret)
{
	static const char *const STOP[] = { "the", "a",  "an",   "of",   "is",    "are", "in", "to",
		                            "how", "do", "what", "does", "where", "and", "for" };
	struct span text = { question, strlen(question) };
	size_t at = 0;

	while (ret->n < DIGEST_WORDS_MAX) {
		struct word *w = &ret->list[ret->n];
		size_t end = next_word(text, &at);
		bool known = false;

		if (end == at)
			return;
		lower(w, text.data + at, end - at);
		at = end;
		for (size_t i = 0; i < COUNT(STOP); i++)
			known |= strlen(STOP[i]) == w->len && memcmp(STOP[i], w->text, w->len) == 0;
		for (size_t i = 0; i < ret->n; i++)
			known |= ret->list[i].len == w->len &&
			         memcmp(ret->list[i].text, w->text, w->len) == 0;
		ret->n += !known;
	}
}

/* 2: the same; 1: one begins with the other; 0: neither */
static unsigned matches(const struct word *a, const struct word *b)
{
	size_t n = a->len < b->len ? a->len : b->len;

	if (a->text[0] != b->text[0] || memcmp(a->text, b->text, n) != 0)
		return 0;
	return a->len == b->len ? 2 : n >= PREFIX_MIN ? 1 : 0;
}

/* @hits by word of the question  @ret words of the text */
static unsigned count(const struct words *q, struct span text, unsigned times, unsigned *hits)
{
	unsigned n = 0;
	size_t at = 0, end;

	while ((end = next_word(text, &at)) > at) {
		struct word w;

		lower(&w, text.data + at, end - at);
		for (size_t i = 0; i < q->n; i++)
			hits[i] += matches(&q->list[i], &w) * times;
		at = end;
		n++;
	}
	return n;
}

struct scored {
	double score;
	int64_t fused;
	uint32_t file, rank;
};

static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

static int by_fused(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	if (x->fused != y->fused)
		return x->fused > y->fused ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* Hits and lengths of every file, then Okapi's sum. */
static void score(struct arena *arena, const struct view *v, const struct words *q,
                  struct scored *files)
{
	size_t n = v->files.n;
	unsigned(*hits)[DIGEST_WORDS_MAX] = arena_array(arena, n, sizeof(*hits));
	unsigned *length = arena_array(arena, n, sizeof(*length));
	size_t with[DIGEST_WORDS_MAX] = { 0 };
	double total = 0;

	for (size_t f = 0; f < n; f++) {
		length[f] += count(q, v->files.path[f], PATH_TIMES, hits[f]);
		count(q, v->components.name[v->files.component[f]], 1, hits[f]);
	}
	for (size_t d = 0; d < v->defs.n; d++)
		length[v->defs.file[d]] += count(q, v->defs.name[d], 1, hits[v->defs.file[d]]);
	for (size_t f = 0; f < n; f++) {
		total += length[f];
		for (size_t w = 0; w < q->n; w++)
			with[w] += hits[f][w] > 0;
	}
	for (size_t f = 0; f < n; f++) {
		for (size_t w = 0; w < q->n; w++) {
			double idf = log(1 + ((double)n - (double)with[w] + 0.5) /
			                             ((double)with[w] + 0.5));
			double tf = hits[f][w];

			files[f].score +=
				idf * tf * (K1 + 1) /
				(tf + K1 * (1 - B + B * length[f] * (double)n / (total + 1)));
		}
	}
}

/* @ret what a place in a ranking is worth */
static int64_t worth(size_t place)
{
	return 100000000 / (int64_t)(RRF + place);
}

uint32_t *digest_rank(struct arena *arena, const struct view *v, const char *question)
{
	size_t n = v->files.n;
	struct scored *files = arena_array(arena, n, sizeof(*files));
	uint32_t *ret = arena_array(arena, n, sizeof(*ret));
	struct words *q = arena_alloc(arena, sizeof(*q));

	for (size_t f = 0; f < n; f++) {
		files[f].file = (uint32_t)f;
		files[f].score = v->graph.n > 0 ? v->graph.rank[f] + v->files.code[f] * 1e-9
		                                : v->files.code[f];
	}
	if (n > 1)
		qsort(files, n, sizeof(*files), by_score);
	for (size_t i = 0; i < n; i++)
		ret[files[i].file] = (uint32_t)i;
	for (size_t f = 0; f < n; f++)
		files[f] = (struct scored){ .file = (uint32_t)f, .fused = worth(ret[f]) };
	if (question != NULL)
		read_question(question, q);
	if (q->n > 0) {
		score(arena, v, q, files);
		if (n > 1)
			qsort(files, n, sizeof(*files), by_score);
		for (size_t i = 0; i < n && files[i].score > 0; i++)
			files[i].fused += DIGEST_MATCH_WEIGHT * worth(i);
	}
	if (n > 1)
		qsort(files, n, sizeof(*files), by_fused);
	for (size_t i = 0; i < n; i++)
		ret[i] = files[i].file;
	return ret;
}
