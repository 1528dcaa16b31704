/* Postings: terms of chunks gathered, weighted, written as text. */
#include "retrieval/postings.h"

#include "maps/strmap.h"
#include "retrieval/terms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_BITS 5
#define GROUP_MASK 31u
#define MORE       32u
#define ZERO       '0'
#define SHIFT_MAX  30

/* What one term has: its postings as text, grown as they come. */
struct term {
	const char *name;
	char *text;
	uint32_t len, cap, chunks, last; /* last: number of the newest chunk that has it, + 1 */
	float seen;                      /* in the chunk at hand */
};

struct postings {
	struct arena *arena;
	struct strmap numbers;
	struct term *terms;
	size_t nterms, terms_cap;
	uint32_t *touched; /* terms of the chunk at hand */
	size_t ntouched, touched_cap;
	double length; /* of the chunk at hand, in terms of its text ... */
	double past;   /* ... and of what was said of it */
	double weight; /* of the field at hand ... */
	enum posting_field field;
	uint32_t chunks;
};

struct postings *postings_new(struct arena *arena)
{
	struct postings *p = arena_alloc(arena, sizeof(*p));

	p->arena = arena;
	p->numbers = strmap_new(arena, 1024);
	return p;
}

uint32_t postings_chunk(struct postings *p)
{
	p->ntouched = 0;
	p->length = p->past = 0;
	return p->chunks++;
}

static struct term *find_term(struct postings *p, const char *name, size_t n)
{
	uint32_t number = strmap_get(&p->numbers, name, n);

	if (number != STRMAP_NONE)
		return &p->terms[number];
	if (p->nterms == p->terms_cap) {
		size_t cap = p->terms_cap != 0 ? p->terms_cap * 2 : 1024;

		p->terms = arena_grow(p->arena, p->terms, p->terms_cap * sizeof(*p->terms),
		                      cap * sizeof(*p->terms));
		p->terms_cap = cap;
	}
	name = arena_strndup(p->arena, name, n);
	strmap_add(&p->numbers, name, n, (uint32_t)p->nterms);
	p->terms[p->nterms] = (struct term){ .name = name };
	return &p->terms[p->nterms++];
}

static void touch(struct postings *p, struct term *term)
{
	if (p->ntouched == p->touched_cap) {
		size_t cap = p->touched_cap != 0 ? p->touched_cap * 2 : 1024;

		p->touched = arena_grow(p->arena, p->touched, p->touched_cap * sizeof(*p->touched),
		                        cap * sizeof(*p->touched));
		p->touched_cap = cap;
	}
	p->touched[p->ntouched++] = (uint32_t)(term - p->terms);
}

static void take_term(void *arg, const char *name, size_t n, struct span written)
{
	struct postings *p = arg;
	char marked[TERM_WORD_MAX + 1];
	struct term *term;

	(void)written;
	if (term_is_noise(name, n))
		return;
	if (p->field == POSTING_PAST) {
		marked[0] = POSTINGS_PAST_MARK;
		memcpy(marked + 1, name, n);
		name = marked;
		n++;
	}
	term = find_term(p, name, n);
	if (term->seen == 0)
		touch(p, term);
	term->seen += (float)p->weight;
	if (p->field == POSTING_TEXT)
		p->length += 1;
	else if (p->field == POSTING_PAST)
		p->past += 1;
}

void postings_add(struct postings *p, enum posting_field field, struct span text)
{
	static const double WEIGHTS[POSTING_FIELDS] = {
		[POSTING_TEXT] = 1.0,
		[POSTING_SYMBOL] = POSTINGS_SYMBOL,
		[POSTING_AROUND] = POSTINGS_AROUND,
		[POSTING_PATH] = POSTINGS_PATH,
		[POSTING_PAST] = 1.0,
	};

	p->weight = WEIGHTS[field];
	p->field = field;
	terms_each(text, take_term, p);
}

static void put(struct postings *p, struct term *term, unsigned code)
{
	if (term->len + 1 >= term->cap) {
		uint32_t cap = term->cap != 0 ? term->cap * 2 : 8;

		term->text = arena_grow(p->arena, term->text, term->cap, cap);
		term->cap = cap;
	}
	term->text[term->len++] = (char)(ZERO + code);
	term->text[term->len] = '\0';
}

static double norm_of(double length, double usual)
{
	const double times = length / usual < POSTINGS_LONG ? length / usual : POSTINGS_LONG;

	return POSTINGS_K1 * (1 - POSTINGS_B + POSTINGS_B * times);
}

void postings_end(struct postings *p, double worth)
{
	double norm = norm_of(p->length, POSTINGS_LENGTH);
	double past = norm_of(p->past, POSTINGS_PAST_LENGTH);

	for (size_t i = 0; i < p->ntouched; i++) {
		struct term *term = &p->terms[p->touched[i]];
		bool of_past = term->name[0] == POSTINGS_PAST_MARK;
		double share = of_past ? term->seen / (term->seen + past)
		                       : worth * term->seen / (term->seen + norm);
		uint32_t gap = p->chunks - 1 - term->last;

		for (; gap > GROUP_MASK; gap >>= GROUP_BITS)
			put(p, term, (gap & GROUP_MASK) + MORE);
		put(p, term, gap);
		put(p, term, (unsigned)lround(share * (POSTINGS_WEIGHTS - 1)));
		term->last = p->chunks;
		term->chunks++;
		term->seen = 0;
	}
	p->ntouched = 0;
}

size_t postings_bytes(const struct postings *p)
{
	return arena_used(p->arena);
}

uint32_t postings_chunks(const struct postings *p)
{
	return p->chunks;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct term *)a)->name, ((const struct term *)b)->name);
}

enum err postings_write(struct postings *p, postings_each *each, void *arg)
{
	if (p->nterms > 1)
		qsort(p->terms, p->nterms, sizeof(*p->terms), by_name);
	for (size_t i = 0; i < p->nterms; i++)
		TRY(each(arg, p->terms[i].name, p->terms[i].chunks, p->terms[i].text));
	return ERR_OK;
}

int64_t postings_next(const char **at, int64_t last, unsigned *ret_weight)
{
	const char *p = *at;
	uint64_t gap = 0;
	unsigned code;
	int shift = 0;

	do {
		code = (unsigned)(unsigned char)*p - ZERO;
		if (code >= 2 * MORE || shift > SHIFT_MAX)
			return -1;
		gap |= (uint64_t)(code & GROUP_MASK) << shift;
		shift += GROUP_BITS;
		p++;
	} while (code >= MORE);
	code = (unsigned)(unsigned char)*p - ZERO;
	if (code >= POSTINGS_WEIGHTS)
		return -1;
	*ret_weight = code;
	*at = p + 1;
	return last + 1 + (int64_t)gap;
}
