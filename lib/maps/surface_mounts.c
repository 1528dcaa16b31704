/*
 * Mounts: routers of one file that another one puts below a prefix.
 *
 * The import that gives the router's name has been resolved to a file; where it
 * leads to several, the one with that name is it.  A router that is mounted
 * more than once is there as often; tests mount what is mounted elsewhere.
 */
#include "maps/surface_mounts.h"

#include "maps/strmap.h"

#include <stdlib.h>
#include <string.h>

#define MOUNTS_DEEP 8
#define PARENTS_MAX 64
#define TARGETS_MAX 64 /* files of one package */
#define PLACES_MAX  64 /* routers between a route and all its ends */

struct finding {
	struct arena *arena;
	const struct resolve_in *in;
	const struct resolve_edge *edges;
	size_t nedges;
	struct strmap paths;
	struct surface_mounts out;
	size_t cap;
};

static void add(struct finding *fd, uint32_t from, uint32_t to, const struct fact_mount *mount)
{
	struct surface_mounts *out = &fd->out;

	if (from == to || fd->in->files[from].role == FILE_TEST)
		return;
	if (out->n == fd->cap) {
		size_t cap = fd->cap ? 2 * fd->cap : 64;

		out->rows = arena_grow(fd->arena, out->rows, fd->cap * sizeof(*out->rows),
		                       cap * sizeof(*out->rows));
		fd->cap = cap;
	}
	out->rows[out->n++] = (struct surface_mount){ to, from, mount };
}

/* The first edge of a file; edges are sorted by the file that they start from. */
static size_t first_edge(const struct finding *fd, uint32_t from)
{
	size_t low = 0, high = fd->nedges;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (fd->edges[mid].from < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* a/b/items.py, a/b/items/__init__.py, a/b/items/index.ts: whether it is called @name */
static bool is_called(struct span path, const char *name)
{
	const char *slash = memrchr(path.data, '/', path.len);
	const char *base = slash ? slash + 1 : path.data;
	size_t n = strlen(name);

	if (strncmp(base, name, n) == 0 && base[n] == '.')
		return true;
	if (!slash || (strncmp(base, "__init__.", 9) != 0 && strncmp(base, "index.", 6) != 0 &&
	               strncmp(base, "mod.rs", 6) != 0))
		return false;
	return (size_t)(slash - path.data) >= n && memcmp(slash - n, name, n) == 0 &&
	       (slash - n == path.data || slash[-(ptrdiff_t)n - 1] == '/');
}

static bool defines(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->ndefs; i++) {
		if (strcmp(facts->defs[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Through the edges of the import's line; for a Go package those of its files that define it. */
static void by_import(struct finding *fd, uint32_t from, const struct fact_mount *mount)
{
	uint32_t targets[TARGETS_MAX], called = RESOLVE_NONE;
	bool go = fd->in->files[from].facts.lang == LANG_GO;
	size_t n = 0;

	for (size_t i = first_edge(fd, from); i < fd->nedges && fd->edges[i].from == from; i++) {
		uint32_t to = fd->edges[i].to;

		if (fd->edges[i].line != mount->import_line || n == TARGETS_MAX)
			continue;
		if (go) {
			if (defines(&fd->in->files[to].facts, mount->name))
				add(fd, from, to, mount);
			continue;
		}
		if (n == 0 || targets[n - 1] != to)
			targets[n++] = to;
		if (called == RESOLVE_NONE && is_called(fd->in->files[to].path, mount->base))
			called = to;
	}
	if (called != RESOLVE_NONE)
		add(fd, from, called, mount);
	else if (n == 1)
		add(fd, from, targets[0], mount);
}

/* A Python module by its dotted name, looked for from the file's folder upwards. */
static void by_module(struct finding *fd, uint32_t from, const struct fact_mount *mount)
{
	struct span path = fd->in->files[from].path;
	char *module = arena_strdup(fd->arena, mount->base);
	size_t len = path.len;

	for (char *p = module; *p; p++)
		*p = *p == '.' ? '/' : *p;
	for (int n = 0; n < PARENTS_MAX; n++) {
		const char *slash = memrchr(path.data, '/', len);
		size_t dir = slash ? (size_t)(slash + 1 - path.data) : 0;
		const char *ends[] = { ".py", "/__init__.py" };

		for (size_t k = 0; k < COUNT(ends); k++) {
			const char *file = arena_printf(fd->arena, "%.*s%s%s", (int)dir, path.data,
			                                module, ends[k]);
			uint32_t to = strmap_get(&fd->paths, file, strlen(file));

			if (to != STRMAP_NONE) {
				add(fd, from, to, mount);
				return;
			}
		}
		if (!slash)
			return;
		len = (size_t)(slash - path.data);
	}
}

static int by_target(const void *a, const void *b)
{
	const struct surface_mount *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->mount > y->mount) - (x->mount < y->mount); /* of one array, by position */
}

struct surface_mounts surface_mounts_find(struct arena *arena, const struct resolve_in *in,
                                          const struct resolve_edge *edges, size_t nedges)
{
	struct finding fd = { .arena = arena, .in = in, .edges = edges, .nedges = nedges };
	size_t total = 0;

	for (size_t i = 0; i < in->nfiles; i++)
		total += in->files[i].facts.nmounts;
	if (total == 0)
		return fd.out;
	fd.paths = strmap_new(arena, in->nfiles);
	for (uint32_t i = 0; i < in->nfiles; i++)
		strmap_add(&fd.paths, in->files[i].path.data, in->files[i].path.len, i);
	for (uint32_t i = 0; i < in->nfiles; i++) {
		const struct facts *facts = &in->files[i].facts;

		for (size_t k = 0; k < facts->nmounts; k++) {
			const struct fact_mount *mount = &facts->mounts[k];

			if (mount->import_line == 0 && facts->lang == LANG_PYTHON)
				by_module(&fd, i, mount);
			else
				by_import(&fd, i, mount);
		}
	}
	if (fd.out.n > 1)
		qsort(fd.out.rows, fd.out.n, sizeof(*fd.out.rows), by_target);
	return fd.out;
}

/* The first mount of anything of a file, the end when nobody mounts it. */
static size_t first_mount(const struct surface_mounts *mounts, uint32_t file)
{
	size_t low = 0, high = mounts->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (mounts->rows[mid].to < file)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* A router on the way to where it is mounted, and the pattern up to there. */
struct place {
	uint32_t file, deep;
	const char *owner, *pattern;
};

struct places {
	struct place list[PLACES_MAX];
	size_t n;
};

static const char *below(struct arena *arena, const char *prefix, const char *pattern)
{
	size_t n = strlen(prefix);

	while (n > 0 && prefix[n - 1] == '/')
		n--;
	return n == 0 ? pattern
	              : arena_printf(arena, "%s%.*s%s", *prefix == '/' ? "" : "/", (int)n, prefix,
	                             pattern);
}

/* Where the router of a place is mounted itself.  @ret whether it is */
static bool go_up(const struct surface_mounts *mounts, struct arena *arena, struct places *places,
                  const struct place *at)
{
	size_t i = first_mount(mounts, at->file);
	bool any = false;

	for (; i < mounts->n && mounts->rows[i].to == at->file && at->deep < MOUNTS_DEEP; i++) {
		const struct surface_mount *row = &mounts->rows[i];

		if (*row->mount->name && strcmp(row->mount->name, at->owner) != 0)
			continue;
		any = true;
		if (places->n < PLACES_MAX)
			places->list[places->n++] =
				(struct place){ row->from, at->deep + 1, row->mount->owner,
				                below(arena, row->mount->prefix, at->pattern) };
	}
	return any;
}

size_t surface_mounts_patterns(const struct surface_mounts *mounts, struct arena *arena,
                               uint32_t file, const struct fact_route *route,
                               const char *ret[MOUNT_PATTERNS_MAX])
{
	struct places places = { .list = { { file, 0, route->owner, route->pattern } }, .n = 1 };
	size_t n = 0;

	for (size_t i = 0; i < places.n; i++) {
		const struct place at = places.list[i];
		size_t same = 0;

		if (go_up(mounts, arena, &places, &at) || strlen(at.pattern) > FACTS_PATTERN_MAX)
			continue;
		while (same < n && strcmp(ret[same], at.pattern) != 0)
			same++;
		if (same == n && n < MOUNT_PATTERNS_MAX)
			ret[n++] = at.pattern;
	}
	if (n == 0)
		ret[n++] = route->pattern;
	return n;
}
