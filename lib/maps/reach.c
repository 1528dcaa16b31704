/* Reach: breadth first, a step a round trip; numbers from the database are checked before they index. */
#include "maps/reach.h"

#include "base/sb.h"
#include "maps/reach_repo.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY       (-1)
#define NUMBER_BYTES 12 /* digits and comma */

static const struct field STEP_FIELDS[] = {
	F_TEXT(struct map_step, from, .doc = "File that imports"),
	F_TEXT(struct map_step, to, .doc = "File that is imported"),
	F_INT(struct map_step, line, .doc = "Line of the import; 0: by name within a package"),
	F_TEXT(struct map_step, kind, .doc = "include, from, require, ..."),
	F_TEXT(struct map_step, rule, .doc = "The rule that resolved it"),
	F_INT(struct map_step, confidence, .doc = "How sure the rule is, in percent"),
};
static const struct schema STEP = SCHEMA(struct map_step, "MapEdge", STEP_FIELDS);

#define OF_MAP(T)                                                                                  \
	F_INT(T, map_id, .doc = "Number of the map"),                                              \
		F_TEXT(T, commit, .doc = "The commit that it shows")

static const struct field NEIGHBOURS_FIELDS[] = {
	OF_MAP(struct map_neighbours),
	F_TEXT(struct map_neighbours, path, .doc = "The file in the middle"),
	F_INT(struct map_neighbours, total, .doc = "Edges of that direction and kind"),
	F_BOOL(struct map_neighbours, complete, .doc = "Whether the items are all there is"),
	F_LIST(struct map_neighbours, items, .of = &STEP,
	       .doc = "What it imports, then who imports it"),
};
const struct schema map_neighbours_schema =
	SCHEMA(struct map_neighbours, "MapNeighbours", NEIGHBOURS_FIELDS);

static const struct field ROUTE_FIELDS[] = {
	OF_MAP(struct map_route),
	F_TEXT(struct map_route, from, .doc = "Where it starts"),
	F_TEXT(struct map_route, to, .doc = "Where it ends"),
	F_BOOL(struct map_route, found, .doc = "Whether imports lead there"),
	F_INT(struct map_route, length, .doc = "Steps of the shortest way"),
	F_BOOL(struct map_route, complete, .doc = "Whether no limit ended the search"),
	F_LIST(struct map_route, steps, .of = &STEP, .doc = "The way, from its start"),
};
const struct schema map_route_schema = SCHEMA(struct map_route, "MapPath", ROUTE_FIELDS);

static const struct field REACHED_FIELDS[] = {
	F_TEXT(struct map_reached, path, .doc = "File"),
	F_INT(struct map_reached, depth, .doc = "Steps to it"),
	F_TEXT(struct map_reached, via, .doc = "The file by which it is reached, a step nearer"),
};
static const struct schema REACHED = SCHEMA(struct map_reached, "MapReached", REACHED_FIELDS);

static const struct field IMPACT_FIELDS[] = {
	OF_MAP(struct map_impact),
	F_TEXT(struct map_impact, path, .doc = "The file that changes"),
	F_INT(struct map_impact, depth, .doc = "Steps that were gone"),
	F_INT(struct map_impact, total, .doc = "Files reached"),
	F_LIST(struct map_impact, by_depth, .item = FIELD_INT, .doc = "Files at 1, 2, ... steps"),
	F_BOOL(struct map_impact, complete,
	       .doc = "Whether the items are all files within that many steps"),
	F_LIST(struct map_impact, items, .of = &REACHED, .doc = "Nearest first, then by path"),
};
const struct schema map_impact_schema = SCHEMA(struct map_impact, "MapImpact", IMPACT_FIELDS);

/* One side of a search: who was reached, from where, in which order. */
struct side {
	struct ctx *cx;
	const struct map_index *index;
	bool inward;
	int32_t *from;  /* by file: whom it was reached from, itself for the start; NOBODY */
	int32_t *queue; /* files in the order in which they were reached */
	size_t done;    /* of the queue: their edges are read */
	size_t n;
};

static struct side side_new(struct ctx *cx, const struct map_index *index, bool inward,
                            int64_t start)
{
	size_t files = (size_t)index->files;
	struct side side = { .cx = cx, .index = index, .inward = inward };

	side.from = arena_array(cx->arena, files, sizeof(*side.from));
	side.queue = arena_array(cx->arena, files, sizeof(*side.queue));
	memset(side.from, 0xff, files * sizeof(*side.from)); /* NOBODY */
	side.from[start] = (int32_t)start;
	side.queue[side.n++] = (int32_t)start;
	return side;
}

static enum err array_of(struct ctx *cx, const int32_t *files, size_t n, const char **ret)
{
	struct sb sb = sb_new(cx->arena, n * NUMBER_BYTES + 3);

	sb_addc(&sb, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(&sb, ',');
		sb_int(&sb, files[i]);
	}
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

/* @ret the next number of a list with commas, -1 at its end or for what is none of the files */
static int64_t next_number(const char **at, int64_t files)
{
	int64_t n = 0;

	if (**at < '0' || **at > '9')
		return -1;
	for (; **at >= '0' && **at <= '9' && n < files; ++*at)
		n = n * 10 + (**at - '0');
	if (n >= files)
		return -1;
	if (**at == ',')
		++*at;
	return n;
}

/* Go one step on.  The rows come by file, which makes the order that of files, not of luck. */
static enum err side_step(struct side *side)
{
	size_t edge = side->n;
	const char *files;
	struct list rows;

	TRY(array_of(side->cx, side->queue + side->done, edge - side->done, &files));
	side->done = edge;
	TRY(reach_repo_edges(side->cx, side->index->id, side->inward, files, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct reach_row *row = (const struct reach_row *)rows.items + i;
		const char *at = row->others;
		int64_t other;

		while ((other = next_number(&at, side->index->files)) >= 0) {
			if (side->from[other] != NOBODY)
				continue;
			side->from[other] = (int32_t)row->file;
			side->queue[side->n++] = (int32_t)other;
		}
	}
	return ERR_OK;
}

static bool side_ended(const struct side *side)
{
	return side->done == side->n;
}

static enum err find_file(struct ctx *cx, const struct map_index *index, const char *path,
                          int64_t *ret)
{
	enum err e;

	if (index->files > REACH_FILES_MAX)
		return err_set(cx, ERR_LIMIT, "a map of more than %d files is not walked",
		               REACH_FILES_MAX);
	e = reach_repo_file(cx, index->id, path, ret);

	if (e == ERR_NOT_FOUND || (e == ERR_OK && *ret >= index->files))
		return err_set(cx, ERR_NOT_FOUND, "commit %.12s has no file \"%.200s\"",
		               index->commit, path);
	return e;
}

/* --- Neighbours --- */

static enum err add_steps(struct ctx *cx, const struct map_index *index, bool inward, int64_t file,
                          const char *kind, int64_t limit, struct map_neighbours *ret)
{
	struct map_step *all = (struct map_step *)ret->items.items;
	struct list more = { 0 };
	int64_t n;

	TRY(reach_repo_count(cx, index->id, inward, file, kind, &n));
	ret->total += n;
	if (n > 0 && (int64_t)ret->items.n < limit)
		TRY(reach_repo_steps(cx, index->id, inward, file, kind,
		                     limit - (int64_t)ret->items.n, &more));
	if (more.n == 0)
		return ERR_OK;
	all = arena_grow(cx->arena, all, ret->items.n * sizeof(*all),
	                 (ret->items.n + more.n) * sizeof(*all));
	memcpy(all + ret->items.n, more.items, more.n * sizeof(*all));
	ret->items.items = all;
	ret->items.n += more.n;
	return ERR_OK;
}

enum err reach_neighbours(struct ctx *cx, const struct map_index *index, const char *path,
                          enum reach_direction direction, const char *kind, int64_t limit,
                          struct map_neighbours *ret)
{
	int64_t file;

	TRY(find_file(cx, index, path, &file));
	*ret = (struct map_neighbours){ .map_id = index->map_id,
		                        .commit = index->commit,
		                        .path = path };
	if ((direction & REACH_OUT) != 0)
		TRY(add_steps(cx, index, false, file, kind, limit, ret));
	if ((direction & REACH_IN) != 0)
		TRY(add_steps(cx, index, true, file, kind, limit, ret));
	ret->complete = index->complete && (int64_t)ret->items.n == ret->total;
	return ERR_OK;
}

/* --- Path --- */

/* @ret a file that both sides have reached, with the fewest steps, NOBODY when there is none */
static int32_t meeting(const struct side *moved, const struct side *other, size_t since)
{
	for (size_t i = since; i < moved->n; i++)
		if (other->from[moved->queue[i]] != NOBODY)
			return moved->queue[i];
	return NOBODY;
}

static enum err write_route(const struct side *out, const struct side *in, int32_t middle,
                            struct map_route *ret)
{
	int32_t way[REACH_PATH_MAX + 2];
	size_t n = 0, half;
	const char *from, *to;

	for (int32_t file = middle;; file = out->from[file]) {
		way[n++] = file;
		if (out->from[file] == file)
			break;
	}
	half = n;
	for (size_t i = 0; i < half / 2; i++) {
		int32_t swapped = way[i];

		way[i] = way[half - 1 - i];
		way[half - 1 - i] = swapped;
	}
	for (int32_t file = middle; in->from[file] != file; file = in->from[file])
		way[n++] = in->from[file];
	ret->found = true;
	ret->length = (int64_t)n - 1;
	TRY(array_of(out->cx, way, n - 1, &from));
	TRY(array_of(out->cx, way + 1, n - 1, &to));
	return reach_repo_way(out->cx, out->index->id, from, to, &ret->steps);
}

enum err reach_route(struct ctx *cx, const struct map_index *index, const char *from,
                     const char *to, struct map_route *ret)
{
	int64_t first, last;
	struct side out, in;
	int32_t middle = NOBODY;
	int steps = 0;

	TRY(find_file(cx, index, from, &first));
	TRY(find_file(cx, index, to, &last));
	*ret = (struct map_route){
		.map_id = index->map_id, .commit = index->commit, .from = from, .to = to
	};
	out = side_new(cx, index, false, first);
	in = side_new(cx, index, true, last);
	if (first == last)
		middle = (int32_t)first;
	while (middle == NOBODY && !side_ended(&out) && !side_ended(&in) &&
	       steps++ < REACH_PATH_MAX) {
		struct side *side = out.n - out.done <= in.n - in.done ? &out : &in;
		size_t since = side->n;

		TRY(side_step(side));
		middle = meeting(side, side == &out ? &in : &out, since);
	}
	if (middle != NOBODY)
		TRY(write_route(&out, &in, middle, ret));
	ret->complete = ret->found || (index->complete && (side_ended(&out) || side_ended(&in)));
	return ERR_OK;
}

/* --- Impact --- */

/* How many of the queue were reached by each step; ends[d] where those of d steps end. */
struct depths {
	size_t ends[REACH_DEPTH_MAX + 1];
	int64_t gone;
};

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

static const char *name_in(const struct list *names, int64_t file)
{
	size_t from = 0, to = names->n;

	while (from < to) {
		size_t at = (from + to) / 2;
		const struct reach_name *name = (const struct reach_name *)names->items + at;

		if (name->file == file)
			return name->path;
		if (name->file < file)
			from = at + 1;
		else
			to = at;
	}
	return "";
}

/* Names for the first of the queue and for whom they were reached from. */
static enum err write_items(const struct side *side, const struct depths *depths, int64_t limit,
                            struct map_impact *ret)
{
	size_t n = side->n - 1 < (size_t)limit ? side->n - 1 : (size_t)limit;
	int32_t *wanted = arena_array(side->cx->arena, 2 * n, sizeof(*wanted));
	struct map_reached *items = arena_array(side->cx->arena, n, sizeof(*items));
	const char *files;
	struct list names;
	int64_t depth = 1;

	for (size_t i = 0; i < n; i++) {
		wanted[2 * i] = side->queue[1 + i];
		wanted[2 * i + 1] = side->from[side->queue[1 + i]];
	}
	TRY(array_of(side->cx, wanted, 2 * n, &files));
	TRY(reach_repo_names(side->cx, side->index->id, files, &names));
	for (size_t i = 0; i < n; i++) {
		while (1 + i >= depths->ends[depth])
			depth++;
		items[i] = (struct map_reached){ .path = name_in(&names, wanted[2 * i]),
			                         .depth = depth,
			                         .via = name_in(&names, wanted[2 * i + 1]) };
	}
	ret->items = (struct list){ .items = items, .n = n };
	return ERR_OK;
}

enum err reach_impact(struct ctx *cx, const struct map_index *index, const char *path,
                      enum reach_direction direction, int64_t depth, int64_t limit,
                      struct map_impact *ret)
{
	struct depths depths = { .ends = { 1 } };
	int64_t *counts = arena_array(cx->arena, REACH_DEPTH_MAX, sizeof(*counts));
	struct side side;
	int64_t file;

	TRY(find_file(cx, index, path, &file));
	*ret = (struct map_impact){ .map_id = index->map_id,
		                    .commit = index->commit,
		                    .path = path };
	side = side_new(cx, index, direction == REACH_IN, file);
	while (depths.gone < depth && !side_ended(&side)) {
		size_t since = side.n;

		TRY(side_step(&side));
		if (side.n == since)
			break;
		qsort(side.queue + since, side.n - since, sizeof(*side.queue), by_number);
		counts[depths.gone++] = (int64_t)(side.n - since);
		depths.ends[depths.gone] = side.n;
	}
	ret->depth = depths.gone;
	ret->total = (int64_t)side.n - 1;
	ret->by_depth = (struct list){ .items = counts, .n = (size_t)depths.gone };
	TRY(write_items(&side, &depths, limit, ret));
	ret->complete = index->complete && (int64_t)ret->items.n == ret->total;
	return ERR_OK;
}
