/* Strips: sums over folders, then each folder's rows. */
#include "maps/strips.h"

#include <stdlib.h>

#define ASPECT_ONE   1024 /* of a square */
#define ASPECT_ROOT  (ASPECT_ONE * 3 / 2)
#define ASPECT_LEAST (ASPECT_ONE / 16)
#define ASPECT_MOST  (ASPECT_ONE * 16)
#define SHARE_LEAST  4
#define LAYER_UNIT   1000

struct sums {
	uint64_t files, linked, layers; /* layers: sum over those that are linked */
};

/* What lies in a folder. */
struct item {
	int64_t height; /* mean layer by LAYER_UNIT; -1: nothing is linked */
	uint64_t share;
	uint32_t order; /* of equals: folders, then files, as they come */
	uint32_t index;
	bool folder;
};

struct placing {
	const struct strips_in *in;
	struct strips *out;
	struct sums *sums;  /* by folder */
	uint32_t *aspect;   /* by folder: width by height, by ASPECT_ONE */
	struct item *items; /* of all folders, behind one another */
	uint32_t *start;    /* by folder: where its items begin; one more */
};

static uint64_t root_of(uint64_t n)
{
	uint64_t r = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1)
		if ((r + bit) * (r + bit) <= n)
			r += bit;
	return r;
}

/* The logarithm, and one more. */
static uint64_t bits_of(uint64_t n)
{
	uint64_t bits = 0;

	for (; n != 0; n >>= 1)
		bits++;
	return bits;
}

static int higher(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->height != y->height)
		return x->height > y->height ? -1 : 1;
	if (x->folder != y->folder)
		return x->folder ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sum_up(struct placing *p)
{
	const struct strips_in *in = p->in;

	for (size_t f = 0; f < in->nfiles; f++) {
		struct sums *s = &p->sums[in->folder[f]];

		s->files++;
		s->linked += in->linked[f];
		s->layers += in->linked[f] ? in->layer[f] : 0;
	}
	for (size_t d = in->nfolders; d-- > 1;) {
		struct sums *s = &p->sums[in->parent[d]];

		s->files += p->sums[d].files;
		s->linked += p->sums[d].linked;
		s->layers += p->sums[d].layers;
	}
}

static struct item item_of(const struct sums *s, size_t index, bool folder)
{
	return (struct item){
		.height = s->linked == 0 ? -1 : (int64_t)(s->layers * LAYER_UNIT / s->linked),
		.share = SHARE_LEAST + bits_of(s->files),
		.order = (uint32_t)index,
		.index = (uint32_t)index,
		.folder = folder,
	};
}

/* Each folder's items behind those of the one before it. */
static void collect(struct arena *arena, struct placing *p)
{
	const struct strips_in *in = p->in;
	uint32_t *next = arena_array(arena, in->nfolders + 1, sizeof(*next));

	for (size_t d = 1; d < in->nfolders; d++)
		p->start[in->parent[d] + 1]++;
	for (size_t f = 0; f < in->nfiles; f++)
		p->start[in->folder[f] + 1]++;
	for (size_t d = 0; d < in->nfolders; d++) {
		p->start[d + 1] += p->start[d];
		next[d] = p->start[d];
	}
	for (size_t d = 1; d < in->nfolders; d++)
		p->items[next[in->parent[d]]++] = item_of(&p->sums[d], d, true);
	for (size_t f = 0; f < in->nfiles; f++) {
		const struct sums one = { 1, in->linked[f], in->linked[f] ? in->layer[f] : 0 };

		p->items[next[in->folder[f]]++] = item_of(&one, f, false);
	}
}

static uint32_t aspect_of(uint32_t around, const struct strips_place *place)
{
	uint64_t aspect = (uint64_t)around * (uint64_t)place->width /
	                  (uint64_t)(place->height > 0 ? place->height : 1);

	return aspect < ASPECT_LEAST  ? ASPECT_LEAST
	       : aspect > ASPECT_MOST ? ASPECT_MOST
	                              : (uint32_t)aspect;
}

/* One row from side to side. */
static void put_row(struct placing *p, uint32_t folder, const struct item *items, size_t n,
                    int32_t top, int32_t bottom)
{
	uint64_t sum = 0, all = 0;
	int32_t left = 0;

	for (size_t i = 0; i < n; i++)
		all += items[i].share;
	for (size_t i = 0; i < n; i++) {
		struct strips_place *place = items[i].folder ? &p->out->folders[items[i].index]
		                                             : &p->out->files[items[i].index];
		int32_t right;

		sum += items[i].share;
		right = (int32_t)(sum * STRIPS_UNIT / all);
		*place = (struct strips_place){ left, top, right - left, bottom - top };
		if (items[i].folder)
			p->aspect[items[i].index] = aspect_of(p->aspect[folder], place);
		left = right;
	}
}

/* As many rows as make things of the mean size square; what is not linked begins a new one. */
static uint64_t count_rows(const struct item *items, size_t n, uint64_t all, uint32_t aspect)
{
	uint64_t squares = 0, like;

	for (size_t i = 0; i < n; i++)
		squares += items[i].share * items[i].share;
	like = (uint64_t)((unsigned __int128)all * all / squares);
	return (root_of(16 * like * ASPECT_ONE / aspect) + 3) / 4; /* rounded up */
}

static void place_folder(struct placing *p, uint32_t folder)
{
	struct item *items = p->items + p->start[folder];
	size_t n = p->start[folder + 1] - p->start[folder], first = 0;
	uint64_t all = 0, sum = 0, rows;
	int32_t top = 0;

	if (n == 0)
		return;
	if (n > 1)
		qsort(items, n, sizeof(*items), higher);
	for (size_t i = 0; i < n; i++)
		all += items[i].share;
	rows = count_rows(items, n, all, p->aspect[folder]);
	for (size_t i = 0, row = 1; i < n; i++) {
		int32_t bottom;

		sum += items[i].share;
		if (i + 1 < n && sum * rows < all * row &&
		    (items[i].height < 0 || items[i + 1].height >= 0))
			continue;
		while (sum * rows >= all * row)
			row++;
		bottom = (int32_t)(sum * STRIPS_UNIT / all);
		put_row(p, folder, items + first, i + 1 - first, top, bottom);
		top = bottom;
		first = i + 1;
	}
}

void strips_place(struct arena *arena, const struct strips_in *in, struct strips *ret)
{
	size_t nitems = in->nfolders + in->nfiles;
	struct placing p = { .in = in, .out = ret };

	ret->folders = arena_array(arena, in->nfolders, sizeof(*ret->folders));
	ret->files = arena_array(arena, in->nfiles, sizeof(*ret->files));
	p.sums = arena_array(arena, in->nfolders, sizeof(*p.sums));
	p.aspect = arena_array(arena, in->nfolders, sizeof(*p.aspect));
	p.items = arena_array(arena, nitems, sizeof(*p.items));
	p.start = arena_array(arena, in->nfolders + 1, sizeof(*p.start));
	ret->folders[0] = (struct strips_place){ 0, 0, STRIPS_UNIT, STRIPS_UNIT };
	p.aspect[0] = ASPECT_ROOT;
	sum_up(&p);
	collect(arena, &p);
	for (uint32_t d = 0; d < in->nfolders; d++)
		place_folder(&p, d);
}
