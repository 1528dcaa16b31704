/* Treemap: where the rectangles are.  Painting them is in treemap_svg.c. */
#include "maps/treemap.h"

#include <stdlib.h>
#include <string.h>

#define PAD_UNITS   (2 * TREEMAP_UNIT)
#define HEAD_UNITS  (15 * TREEMAP_UNIT)
#define HEAD_WIDTH  (56 * TREEMAP_UNIT) /* a smaller folder shows no name */
#define HEAD_HEIGHT (40 * TREEMAP_UNIT)
#define RATIO_BITS  20

/* What lies in a folder: a file or a folder. */
struct item {
	int64_t code;
	uint32_t index;
	bool folder;
};

static int larger(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->code != y->code)
		return x->code > y->code ? -1 : 1;
	if (x->folder != y->folder)
		return x->folder ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * The worst of a row: how many times longer than wide its longest or its thinnest rectangle is, with
 * RATIO_BITS bits behind the point.  @side of the row; @sum of areas, of which most and least are known
 */
static uint64_t worst(int64_t side, int64_t sum, int64_t most, int64_t least)
{
	unsigned __int128 side2 = (unsigned __int128)side * (unsigned __int128)side;
	unsigned __int128 sum2 = (unsigned __int128)sum * (unsigned __int128)sum, a, b;

	if (sum == 0 || least == 0 || side == 0)
		return UINT64_MAX;
	a = (((unsigned __int128)most * side2) << RATIO_BITS) / sum2;
	b = (sum2 << RATIO_BITS) / ((unsigned __int128)least * side2);
	a = a > b ? a : b;
	return a < UINT64_MAX ? (uint64_t)a : UINT64_MAX;
}

static void put(struct treemap *t, const struct item *item, struct treemap_rect rect)
{
	if (item->folder)
		t->rects[item->index] = rect;
	else
		t->files[item->index] = rect;
}

/* Put a row along the shorter side.  @left code of the row and all behind it  @ret what is left */
static struct treemap_rect put_row(struct treemap *t, const struct item *items, size_t n,
                                   int64_t row, int64_t left, struct treemap_rect room)
{
	bool across = room.width >= room.height; /* the row is a column at the left */
	int32_t thick = (int32_t)((across ? room.width : room.height) * row / left), at = 0;
	int32_t side = across ? room.height : room.width;
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		int32_t end;

		sum += items[i].code;
		end = (int32_t)(side * sum / row);
		put(t, &items[i],
		    across ? (struct treemap_rect){ room.x, room.y + at, thick, end - at }
		           : (struct treemap_rect){ room.x + at, room.y, end - at, thick });
		at = end;
	}
	if (across)
		return (struct treemap_rect){ room.x + thick, room.y, room.width - thick,
			                      room.height };
	return (struct treemap_rect){ room.x, room.y + thick, room.width, room.height - thick };
}

/* @items largest first, none without code */
static void squarify(struct treemap *t, const struct item *items, size_t n, int64_t left,
                     struct treemap_rect room)
{
	size_t first = 0;

	while (first < n) {
		int64_t side = room.width < room.height ? room.width : room.height;
		int64_t area = (int64_t)room.width * room.height, row = items[first].code;
		int64_t most = row * area / left;
		uint64_t ratio = worst(side, most, most, most);
		size_t end = first + 1;

		for (; end < n; end++) {
			int64_t sum = (row + items[end].code) * area / left;
			uint64_t next = worst(side, sum, most, items[end].code * area / left);

			if (next > ratio)
				break;
			ratio = next;
			row += items[end].code;
		}
		room = put_row(t, items + first, end - first, row, left, room);
		left -= row;
		first = end;
	}
}

static struct treemap_rect inside(struct treemap *t, uint32_t folder)
{
	struct treemap_rect r = t->rects[folder];
	int32_t head =
		folder != 0 && r.width >= HEAD_WIDTH && r.height >= HEAD_HEIGHT ? HEAD_UNITS : 0;

	t->headed[folder] = head != 0;
	if (folder == 0 || r.width < 6 * PAD_UNITS || r.height < 6 * PAD_UNITS)
		return r;
	return (struct treemap_rect){ r.x + PAD_UNITS, r.y + PAD_UNITS + head,
		                      r.width - 2 * PAD_UNITS, r.height - 2 * PAD_UNITS - head };
}

/* The files of each folder behind one another: files_of[starts[d]] to files_of[starts[d + 1]]. */
static uint32_t *sort_files(struct arena *arena, const struct treemap *t, uint32_t *starts)
{
	size_t nfiles = t->view->files.n, nfolders = t->folders.n;
	uint32_t *files = arena_array(arena, nfiles, sizeof(*files));
	uint32_t *next = arena_array(arena, nfolders + 1, sizeof(*next));

	for (size_t d = 0; d < nfolders; d++)
		starts[d + 1] = starts[d] + (uint32_t)t->folders.list[d].own;
	memcpy(next, starts, (nfolders + 1) * sizeof(*next));
	for (size_t f = 0; f < nfiles; f++)
		files[next[t->folders.of_file[f]]++] = (uint32_t)f;
	return files;
}

void treemap_place(struct arena *arena, const struct view *v, struct treemap *ret)
{
	struct folders *all = &ret->folders;
	uint32_t *starts, *files;
	struct item *items;

	*ret = (struct treemap){ .view = v };
	folders_read(arena, v, all);
	ret->files = arena_array(arena, v->files.n, sizeof(*ret->files));
	ret->rects = arena_array(arena, all->n, sizeof(*ret->rects));
	ret->headed = arena_array(arena, all->n, sizeof(bool));
	ret->rects[0] = (struct treemap_rect){ 0, 0, TREEMAP_WIDTH * TREEMAP_UNIT,
		                               TREEMAP_HEIGHT * TREEMAP_UNIT };
	starts = arena_array(arena, all->n + 1, sizeof(*starts));
	files = sort_files(arena, ret, starts);
	items = arena_array(arena, v->files.n + all->n, sizeof(*items));
	for (uint32_t d = 0; d < all->n; d++) {
		size_t n = 0;

		if (all->list[d].code == 0)
			continue;
		for (uint32_t c = all->list[d].child; c != 0; c = all->list[c].next)
			if (all->list[c].code > 0)
				items[n++] = (struct item){ all->list[c].code, c, true };
		for (uint32_t i = starts[d]; i < starts[d + 1]; i++)
			if (v->files.code[files[i]] > 0)
				items[n++] =
					(struct item){ v->files.code[files[i]], files[i], false };
		if (n > 1)
			qsort(items, n, sizeof(*items), larger);
		squarify(ret, items, n, all->list[d].code, inside(ret, d));
	}
}
