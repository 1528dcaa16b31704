/*
 * C and C++ includes: the includer's folder, then folders that build files
 * name, then a path that ends in the target and is the only one, then the one
 * with most folders in common.  Standard headers lead nowhere.
 */
#include "maps/resolver.h"

#include <string.h>

#define CANDIDATES_MAX 256  /* files of one name that are looked at for one include */
#define EXPANSIONS_MAX 4096 /* folders behind CMake's variables; those past it are unknown */

struct c_index {
	struct strmap names; /* file name -> first file of that name, chained */
	uint32_t *next_named;
	struct strmap include_dirs; /* folder -> index of the manifest that names it */
};

static bool is_c(enum lang lang)
{
	return lang == LANG_C || lang == LANG_CPP || lang == LANG_CUDA || lang == LANG_OBJC;
}

static struct span file_name(struct span path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	size_t skip = slash != NULL ? (size_t)(slash + 1 - path.data) : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

static void index_names(struct resolver *r, struct c_index *c)
{
	size_t n = r->in->nfiles;

	c->names = strmap_new(r->arena, n);
	c->next_named = arena_array(r->arena, n, sizeof(uint32_t));
	for (size_t i = n; i-- > 0;) {
		struct span name = file_name(r->in->files[i].path);
		uint32_t first = strmap_get(&c->names, name.data, name.len);

		c->next_named[i] = first;
		strmap_set(&c->names, name.data, name.len, (uint32_t)i);
	}
}

/* What variables of CMake have: a path from the folder of the manifest that gives it to them. */
struct c_variables {
	struct strmap names; /* name -> the first value, STRMAP_NONE ends a chain */
	struct c_value {
		uint32_t manifest, next;
		const char *path;
	} * values;
	uint32_t nvalues;
	struct strmap seen; /* texts that stand in the queue */
	const char *queue[EXPANSIONS_MAX];
	uint32_t nqueue;
};

static void add_value(struct c_variables *v, const char *name, uint32_t manifest, const char *path)
{
	size_t len = strlen(name);

	v->values[v->nvalues] =
		(struct c_value){ manifest, strmap_get(&v->names, name, len), path };
	strmap_set(&v->names, name, len, v->nvalues++);
}

/* All values that any file gives; and where the projects are, for "${name_SOURCE_DIR}". */
static void index_variables(struct resolver *r, struct c_variables *v)
{
	size_t n = 0;

	for (size_t i = 0; i < r->in->nmanifests; i++)
		if (r->in->manifests[i].type == MANIFEST_CMAKE)
			n += r->in->manifests[i].nitems + 1;
	v->names = strmap_new(r->arena, n);
	v->seen = strmap_new(r->arena, 64);
	v->values = arena_array(r->arena, n, sizeof(*v->values));
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		if (m->type != MANIFEST_CMAKE)
			continue;
		if (*m->name != '\0')
			add_value(v, arena_printf(r->arena, "%s_SOURCE_DIR", m->name), (uint32_t)i,
			          ".");
		for (size_t k = 0; k < m->nitems; k++)
			if (m->items[k].kind == ITEM_PROPERTY)
				add_value(v, m->items[k].key, (uint32_t)i, m->items[k].value);
	}
}

/* A folder of the repository; one behind a variable is put into the queue. */
static void add_include_dir(struct resolver *r, struct c_index *c, struct c_variables *v,
                            uint32_t manifest, const char *dir)
{
	bool from_root = dir[0] == '/';

	if (strncmp(dir, "${", 2) == 0) {
		if (v->nqueue < EXPANSIONS_MAX &&
		    strmap_add(&v->seen, dir, strlen(dir), v->nqueue) == v->nqueue)
			v->queue[v->nqueue++] = dir;
		return;
	}
	join_dir(r,
	         from_root ? (struct span){ "", 0 } : dir_of(r, r->in->manifests[manifest].file));
	if (join_path(r, dir, strlen(dir)) && join_dir_id(r) != RESOLVE_NONE)
		strmap_add(&c->include_dirs, arena_memdup(r->arena, r->join, r->join_len),
		           r->join_len, manifest);
}

/* "${NAME}below": each value of the variable with that behind it. */
static void expand(struct resolver *r, struct c_index *c, struct c_variables *v, const char *text)
{
	const char *name = text + 2, *close = strchr(name, '}');
	uint32_t at = strmap_get(&v->names, name, (size_t)(close - name));

	for (int i = 0; at != STRMAP_NONE && i < CANDIDATES_MAX; at = v->values[at].next, i++) {
		const struct c_value *value = &v->values[at];

		if (strlen(value->path) + strlen(close) < JOIN_MAX)
			add_include_dir(r, c, v, value->manifest,
			                arena_printf(r->arena, "%s%s", value->path, close + 1));
	}
}

static void index_include_dirs(struct resolver *r, struct c_index *c)
{
	struct c_variables *v = arena_alloc(r->arena, sizeof(*v));

	c->include_dirs = strmap_new(r->arena, 64);
	index_variables(r, v);
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		for (size_t k = 0; k < m->nitems; k++)
			if (m->items[k].kind == ITEM_INCLUDE_DIR)
				add_include_dir(r, c, v, (uint32_t)i, m->items[k].value);
	}
	for (uint32_t i = 0; i < v->nqueue; i++)
		expand(r, c, v, v->queue[i]);
}

/* @ret whether path ends in "/target" or is the target */
static bool ends_in(struct span path, const char *target, size_t len)
{
	if (path.len < len || memcmp(path.data + path.len - len, target, len) != 0)
		return false;
	return path.len == len || path.data[path.len - len - 1] == '/';
}

/* The folder that a target is below, when path ends in it. */
static struct span root_of(struct span path, size_t target_len)
{
	return (struct span){ path.data, path.len > target_len ? path.len - target_len - 1 : 0 };
}

/* What the files of an include's name have to say. */
struct c_choice {
	uint32_t in_dir;  /* the nearest in a folder that a build file names */
	uint32_t nearest; /* the nearest that ends in the target */
	size_t ending;    /* how many end in it */
	bool tie;         /* another one is as near as the nearest */
};

static struct c_choice choose(struct resolver *r, const struct c_index *c, uint32_t from,
                              const char *target, size_t len)
{
	struct span name = file_name((struct span){ target, len });
	struct span here = r->in->files[from].path;
	uint32_t at = strmap_get(&c->names, name.data, name.len);
	struct c_choice found = { RESOLVE_NONE, RESOLVE_NONE, 0, false };

	for (int i = 0; at != RESOLVE_NONE && i < CANDIDATES_MAX; at = c->next_named[at], i++) {
		struct span path = r->in->files[at].path;
		struct span root = root_of(path, len);

		if (!ends_in(path, target, len) || r->in->files[at].skip == SKIP_SUBMODULE)
			continue;
		found.ending++;
		if (strmap_get(&c->include_dirs, root.data, root.len) != STRMAP_NONE)
			found.in_dir = found.in_dir == RESOLVE_NONE
			                       ? at
			                       : nearer_file(r, from, found.in_dir, at);
		if (found.nearest == RESOLVE_NONE) {
			found.nearest = at;
			continue;
		}
		size_t best = common_dirs(here, r->in->files[found.nearest].path);
		size_t mine = common_dirs(here, path);

		found.tie = mine == best || (found.tie && mine < best);
		found.nearest = nearer_file(r, from, found.nearest, at);
	}
	return found;
}

static void resolve_include(struct resolver *r, const struct c_index *c, struct import_at at)
{
	const char *target = at.import->target;
	size_t len = strlen(target);
	bool system = at.import->kind == IMPORT_INCLUDE_SYSTEM;
	struct c_choice found;
	uint32_t to;

	if (len == 0 || target[0] == '/') {
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
		return;
	}
	join_dir(r, dir_of(r, at.file));
	if (!system && join_path(r, target, len) && (to = join_file(r, "")) != RESOLVE_NONE) {
		resolved(r, at, to, RULE_C_SAME_DIR);
		return;
	}
	while (len > 3 && memcmp(target, "../", 3) == 0) { /* written for another include folder */
		target += 3;
		len -= 3;
	}
	found = choose(r, c, at.file, target, len);
	if (found.in_dir != RESOLVE_NONE &&
	    (!system || !std_c_header(target) || memchr(target, '/', len) != NULL)) {
		resolved(r, at, found.in_dir, RULE_C_INCLUDE_DIR);
	} else if (std_c_header(target)) {
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
	} else if (found.ending == 1) {
		resolved(r, at, found.nearest, RULE_C_UNIQUE_SUFFIX);
	} else if (found.ending > 1 && !found.tie) {
		resolved(r, at, found.nearest, RULE_C_NEAREST);
	} else if (found.ending > 1) {
		unresolved(r, at, MISS_AMBIGUOUS, RESOLVE_NONE);
	} else {
		const char *slash = memchr(target, '/', len);
		const char *dot = memchr(target, '.', len);
		const char *stop = slash != NULL ? slash : dot != NULL ? dot : target + len;
		uint32_t external =
			use_external(r, at.file, ECO_SYSTEM, target, (size_t)(stop - target));

		unresolved(r, at,
		           system || external != RESOLVE_NONE ? MISS_EXTERNAL : MISS_NOT_FOUND,
		           external);
	}
}

void resolve_c(struct resolver *r)
{
	struct c_index c;

	index_names(r, &c);
	index_include_dirs(r, &c);
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (!is_c(facts->lang))
			continue;
		for (size_t k = 0; k < facts->nimports; k++) {
			struct import_at at = { (uint32_t)i, &facts->imports[k] };

			if (at.import->kind == IMPORT_INCLUDE ||
			    at.import->kind == IMPORT_INCLUDE_SYSTEM)
				resolve_include(r, &c, at);
		}
	}
}
