/* Resolve: the index of paths and folders, and the lists that the languages report into. */
#include "maps/resolver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint8_t confidence;
} RULES[] = { [RULE_NONE] = { "", 0 },
#define RULE(id, text, percent) [RULE_##id] = { text, percent },
	      RESOLVE_RULES(RULE)
#undef RULE
};

const char *resolve_rule_name(enum resolve_rule rule)
{
	assert((size_t)rule < COUNT(RULES));
	return RULES[rule].name;
}

const char *resolve_miss_name(enum miss_reason reason)
{
	static const char *const NAMES[] = {
		[MISS_NONE] = "",
		[MISS_STANDARD] = "standard",
		[MISS_EXTERNAL] = "external",
		[MISS_NOT_FOUND] = "not_found",
		[MISS_AMBIGUOUS] = "ambiguous",
	};

	assert((size_t)reason < COUNT(NAMES));
	return NAMES[reason];
}

static struct span parent_path(struct span path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return (struct span){ path.data, slash != NULL ? (size_t)(slash - path.data) : 0 };
}

/* The folder of that path, made with those above it; the loop goes up, the second one down. */
static uint32_t dir_id(struct resolver *r, struct span path, size_t *cap)
{
	uint32_t id, parent = RESOLVE_NONE;
	size_t done;

	id = strmap_get(&r->dir_ids, path.data, path.len);
	if (id != STRMAP_NONE)
		return id;
	for (done = 0;; done++) {
		if (done == 0 || done == path.len || path.data[done] == '/') {
			id = strmap_get(&r->dir_ids, path.data, done);
			if (id == STRMAP_NONE) {
				if (r->ndirs == *cap) {
					r->dirs = arena_grow(r->arena, r->dirs,
					                     *cap * sizeof(*r->dirs),
					                     *cap * 2 * sizeof(*r->dirs));
					*cap *= 2;
				}
				id = (uint32_t)r->ndirs++;
				r->dirs[id] = (struct resolver_dir){ { path.data, done },
					                             parent,
					                             RESOLVE_NONE };
				strmap_add(&r->dir_ids, path.data, done, id);
			}
			parent = id;
		}
		if (done == path.len)
			return id;
	}
}

static void index_files(struct resolver *r)
{
	size_t n = r->in->nfiles, cap = 256;

	r->paths = strmap_new(r->arena, n);
	r->dir_ids = strmap_new(r->arena, n / 4);
	r->dirs = arena_array(r->arena, cap, sizeof(*r->dirs));
	r->file_dir = arena_array(r->arena, n, sizeof(uint32_t));
	r->next_in_dir = arena_array(r->arena, n, sizeof(uint32_t));
	dir_id(r, (struct span){ "", 0 }, &cap);
	for (size_t i = n; i-- > 0;) { /* from the end, so that chains are in order */
		struct span path = r->in->files[i].path;
		uint32_t dir = dir_id(r, parent_path(path), &cap);

		strmap_add(&r->paths, path.data, path.len, (uint32_t)i);
		r->file_dir[i] = dir;
		r->next_in_dir[i] = r->dirs[dir].first_file;
		r->dirs[dir].first_file = (uint32_t)i;
	}
}

void join_dir(struct resolver *r, struct span dir)
{
	assert(dir.len <= MAP_PATH_MAX);
	memcpy(r->join, dir.data, dir.len);
	r->join_len = dir.len;
}

bool join_path(struct resolver *r, const char *relative, size_t len)
{
	const char *p = relative, *end = relative + len;

	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = (size_t)((slash != NULL ? slash : end) - p);

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (r->join_len == 0)
				return false;
			r->join_len = parent_path((struct span){ r->join, r->join_len }).len;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			if (r->join_len + n + 1 >= JOIN_MAX)
				return false;
			if (r->join_len > 0)
				r->join[r->join_len++] = '/';
			memcpy(r->join + r->join_len, p, n);
			r->join_len += n;
		}
		p = slash != NULL ? slash + 1 : end;
	}
	return true;
}

bool join_add(struct resolver *r, const char *text)
{
	size_t n = strlen(text);

	if (r->join_len + n >= JOIN_MAX)
		return false;
	memcpy(r->join + r->join_len, text, n);
	r->join_len += n;
	return true;
}

uint32_t join_file(struct resolver *r, const char *suffix)
{
	size_t n = strlen(suffix);

	if (r->join_len + n >= JOIN_MAX)
		return RESOLVE_NONE;
	memcpy(r->join + r->join_len, suffix, n);
	return strmap_get(&r->paths, r->join, r->join_len + n);
}

uint32_t join_dir_id(const struct resolver *r)
{
	return strmap_get(&r->dir_ids, r->join, r->join_len);
}

struct span dir_of(const struct resolver *r, uint32_t file)
{
	return r->dirs[r->file_dir[file]].path;
}

/* One pass down: folders stand behind those above them in r->dirs. */
static void index_near(struct resolver *r, enum manifest_type type)
{
	uint32_t *near = arena_array(r->arena, r->ndirs, sizeof(uint32_t));

	memset(near, 0xFF, r->ndirs * sizeof(uint32_t));
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];
		uint32_t *own = &near[r->file_dir[m->file]];
		struct span path = r->in->files[m->file].path;

		/* "tsconfig.json" goes before "tsconfig.build.json": it has the shorter path */
		if (m->type == type &&
		    (*own == RESOLVE_NONE ||
		     path.len < r->in->files[r->in->manifests[*own].file].path.len))
			*own = (uint32_t)i;
	}
	for (size_t d = 1; d < r->ndirs; d++)
		if (near[d] == RESOLVE_NONE)
			near[d] = near[r->dirs[d].parent];
	r->near[type] = near;
}

const struct manifest *nearest_manifest(struct resolver *r, uint32_t dir, enum manifest_type type)
{
	uint32_t found;

	if (r->near[type] == NULL)
		index_near(r, type);
	found = r->near[type][dir];
	return found != RESOLVE_NONE ? &r->in->manifests[found] : NULL;
}

size_t common_dirs(struct span a, struct span b)
{
	size_t shared = 0;

	for (size_t i = 0; i < a.len && i < b.len && a.data[i] == b.data[i]; i++)
		if (a.data[i] == '/')
			shared = i + 1;
	return shared;
}

uint32_t nearer_file(const struct resolver *r, uint32_t from, uint32_t a, uint32_t b)
{
	const struct map_file *x = &r->in->files[a], *y = &r->in->files[b];
	struct span here = r->in->files[from].path;
	size_t near_a = common_dirs(here, x->path), near_b = common_dirs(here, y->path);

	if (near_a != near_b)
		return near_a > near_b ? a : b;
	if ((x->role == FILE_TEST) != (y->role == FILE_TEST))
		return x->role == FILE_TEST ? b : a;
	if (x->path.len != y->path.len)
		return x->path.len < y->path.len ? a : b;
	return a < b ? a : b;
}

static struct resolve_edge *new_edge(struct resolver *r)
{
	struct resolve_out *out = r->out;

	if (out->nedges >= RESOLVE_EDGES_MAX) {
		out->truncated = true;
		return NULL;
	}
	if (out->nedges == r->edges_cap) {
		size_t cap = r->edges_cap != 0 ? r->edges_cap * 2 : 1024;

		out->edges = arena_more(r->arena, out->edges, r->edges_cap * sizeof(*out->edges),
		                        cap * sizeof(*out->edges));
		r->edges_cap = cap;
	}
	return &out->edges[out->nedges++];
}

void resolved(struct resolver *r, struct import_at at, uint32_t to, enum resolve_rule rule)
{
	struct resolve_edge *edge = at.file != to ? new_edge(r) : NULL;

	if (edge != NULL)
		*edge = (struct resolve_edge){ .from = at.file,
			                       .to = to,
			                       .line = at.import->line,
			                       .kind = at.import->kind,
			                       .rule = (uint8_t)rule,
			                       .confidence = RULES[rule].confidence,
			                       .within_unit = rule == RULE_RUST_MOD };
}

void resolved_by_name(struct resolver *r, uint32_t from, uint32_t to, enum resolve_rule rule,
                      bool within_unit)
{
	struct resolve_edge *edge = from != to ? new_edge(r) : NULL;

	if (edge != NULL)
		*edge = (struct resolve_edge){ .from = from,
			                       .to = to,
			                       .kind = EDGE_KIND_SAME_PACKAGE,
			                       .rule = (uint8_t)rule,
			                       .confidence = RULES[rule].confidence,
			                       .within_unit = within_unit };
}

void unresolved(struct resolver *r, struct import_at at, enum miss_reason reason, uint32_t external)
{
	struct resolve_out *out = r->out;

	if (out->nmisses >= RESOLVE_MISSES_MAX) {
		out->truncated = true;
		return;
	}
	if (out->nmisses == r->misses_cap) {
		size_t cap = r->misses_cap != 0 ? r->misses_cap * 2 : 1024;

		out->misses =
			arena_more(r->arena, out->misses, r->misses_cap * sizeof(*out->misses),
		                   cap * sizeof(*out->misses));
		r->misses_cap = cap;
	}
	out->misses[out->nmisses++] = (struct resolve_miss){ .target = at.import->target,
		                                             .from = at.file,
		                                             .line = at.import->line,
		                                             .external = external,
		                                             .reason = (uint8_t)reason };
}

/*
 * The form in which dependencies of an ecosystem are compared: PyPI takes
 * case, '-', '_' and '.' as the same, NuGet case, Cargo '-' and '_'; of Maven's it is the
 * group, since packages are named after groups.
 *
 * @ret length of the key; 0 when too long
 */
size_t external_key(enum ecosystem eco, const char *name, size_t len, char *key, size_t cap)
{
	if (eco == ECO_MAVEN && memchr(name, ':', len) != NULL)
		len = (size_t)((const char *)memchr(name, ':', len) - name);
	if (len + 2 > cap)
		return 0;
	key[0] = (char)('a' + eco);
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (eco == ECO_NUGET)
			c = (char)tolower((unsigned char)c);
		else if (eco == ECO_PYPI)
			c = c == '_' || c == '.' ? '-' : (char)tolower((unsigned char)c);
		else if (eco == ECO_CARGO && c == '-')
			c = '_';
		key[i + 1] = c;
	}
	return len + 1;
}

static int by_external(const void *a, const void *b)
{
	const struct resolve_external *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (x->eco != y->eco)
		return x->eco < y->eco ? -1 : 1;
	if (order != 0)
		return order;
	if (x->manifest != y->manifest)
		return x->manifest < y->manifest ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->scope, y->scope);
}

static void list_externals(struct resolver *r)
{
	struct resolve_out *out = r->out;
	size_t n = 0;

	for (size_t i = 0; i < r->in->nmanifests; i++)
		n += r->in->manifests[i].ndeps;
	out->externals = arena_array(r->arena, n, sizeof(*out->externals));
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		for (size_t d = 0; d < m->ndeps; d++)
			out->externals[out->nexternals++] = (struct resolve_external){
				.eco = m->deps[d].eco != ECO_NONE ? m->deps[d].eco
				                                  : manifest_ecosystem(m->type),
				.name = m->deps[d].name,
				.spec = m->deps[d].spec,
				.scope = m->deps[d].scope,
				.manifest = m->file,
				.line = m->deps[d].line,
			};
	}
	if (n > 1)
		qsort(out->externals, n, sizeof(*out->externals), by_external);
	r->externals = strmap_new(r->arena, n);
	r->next_external = arena_array(r->arena, n, sizeof(uint32_t));
	r->external_user = arena_array(r->arena, n, sizeof(uint32_t));
	for (size_t i = n; i-- > 0;) {
		char key[512];
		const char *name = out->externals[i].name;
		size_t len =
			external_key(out->externals[i].eco, name, strlen(name), key, sizeof(key));
		uint32_t first = len > 0 ? strmap_get(&r->externals, key, len) : RESOLVE_NONE;

		r->next_external[i] = first;
		if (len > 0 && first == STRMAP_NONE)
			strmap_add(&r->externals, arena_memdup(r->arena, key, len), len,
			           (uint32_t)i);
		else if (len > 0)
			strmap_set(&r->externals, key, len, (uint32_t)i);
	}
}

uint32_t first_external(const struct resolver *r, enum ecosystem eco, const char *name, size_t len)
{
	char key[512];
	size_t n = external_key(eco, name, len, key, sizeof(key));

	return n > 0 ? strmap_get(&r->externals, key, n) : RESOLVE_NONE;
}

void count_external(struct resolver *r, uint32_t file, uint32_t external)
{
	if (r->external_user[external] == file + 1)
		return;
	r->external_user[external] = file + 1;
	r->out->externals[external].used_by++;
}

uint32_t use_external(struct resolver *r, uint32_t file, enum ecosystem eco, const char *name,
                      size_t len)
{
	enum { CHAIN_MAX = 1000 };
	size_t best_len = 0;
	struct span path = r->in->files[file].path;
	uint32_t best = RESOLVE_NONE, at = first_external(r, eco, name, len);

	for (int i = 0; at != RESOLVE_NONE && i < CHAIN_MAX; at = r->next_external[at], i++) {
		struct span manifest = r->in->files[r->out->externals[at].manifest].path;
		size_t shared = common_dirs(path, manifest);

		if (best == RESOLVE_NONE || shared > best_len) {
			best = at;
			best_len = shared;
		}
	}
	if (best != RESOLVE_NONE)
		count_external(r, file, best);
	return best;
}

static int by_edge(const void *a, const void *b)
{
	const struct resolve_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static int by_miss(const void *a, const void *b)
{
	const struct resolve_miss *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->target, y->target);
}

/* Sort rows, which mostly are in order as they come. */
static void sort_rows(void *rows, size_t n, size_t size, int (*order)(const void *, const void *))
{
	const char *row = rows;

	for (size_t i = 1; i < n; i++) {
		if (order(row + (i - 1) * size, row + i * size) > 0) {
			qsort(rows, n, size, order);
			return;
		}
	}
}

/* What is sorted: edges or misses. */
struct sorting {
	size_t size, from; /* of a row, and where the number of its file is in it */
	int (*order)(const void *, const void *);
};

static uint32_t from_of(const struct sorting *how, const char *row)
{
	uint32_t from;

	memcpy(&from, row + how->from, sizeof(from));
	return from;
}

/*
 * Files come nearly in order and each has few rows: those of each file are gathered first, so that
 * only they are compared.
 */
static void sort_by_file(const struct sorting *how, size_t nfiles, void *rows, size_t n)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SIZE_MAX / 2);
	size_t *start = arena_array(own, nfiles + 2, sizeof(size_t));
	char *old = arena_memdup(own, rows, n * how->size), *sorted = rows;

	for (const char *row = old; row < old + n * how->size; row += how->size)
		start[from_of(how, row) + 2]++;
	for (size_t f = 2; f <= nfiles; f++)
		start[f] += start[f - 1];
	for (const char *row = old; row < old + n * how->size; row += how->size)
		memcpy(sorted + start[from_of(how, row) + 1]++ * how->size, row, how->size);
	for (size_t f = 0; f < nfiles; f++)
		sort_rows(sorted + start[f] * how->size, start[f + 1] - start[f], how->size,
		          how->order);
}

/* Sort, and keep one of those that differ in nothing that is stored. */
static void sort_results(size_t nfiles, struct resolve_out *out)
{
	static const struct sorting EDGES = { sizeof(struct resolve_edge),
		                              offsetof(struct resolve_edge, from), by_edge };
	static const struct sorting MISSES = { sizeof(struct resolve_miss),
		                               offsetof(struct resolve_miss, from), by_miss };
	size_t kept = 0;

	if (out->nedges > 1) {
		sort_by_file(&EDGES, nfiles, out->edges, out->nedges);
		for (size_t i = 1; i < out->nedges; i++) {
			struct resolve_edge *last = &out->edges[kept], *edge = &out->edges[i];

			if (edge->from != last->from || edge->line != last->line ||
			    edge->to != last->to || edge->kind != last->kind)
				out->edges[++kept] = *edge;
		}
		out->nedges = kept + 1;
	}
	if (out->nmisses > 1) {
		sort_by_file(&MISSES, nfiles, out->misses, out->nmisses);
		kept = 0;
		for (size_t i = 1; i < out->nmisses; i++)
			if (by_miss(&out->misses[kept], &out->misses[i]) != 0)
				out->misses[++kept] = out->misses[i];
		out->nmisses = kept + 1;
	}
}

enum err resolve_imports(struct ctx *cx, const struct resolve_in *in, struct resolve_out *ret)
{
	struct resolver *r = arena_alloc(cx->arena, sizeof(*r));

	*ret = (struct resolve_out){ 0 };
	if (in->nfiles >= RESOLVE_NONE)
		return err_set(cx, ERR_LIMIT, "%zu files are too many to resolve", in->nfiles);
	r->cx = cx;
	r->arena = cx->arena;
	r->in = in;
	r->out = ret;
	index_files(r);
	list_externals(r);
	resolve_locked(r);
	resolve_c(r);
	resolve_python(r);
	resolve_js(r);
	resolve_go(r);
	resolve_java(r);
	resolve_csharp(r);
	resolve_php(r);
	resolve_rust(r);
	resolve_ruby(r);
	resolve_shell(r);
	resolve_sql(r);
	resolve_build(r);
	sort_results(in->nfiles, ret);
	return ERR_OK;
}
