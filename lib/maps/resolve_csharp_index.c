/* C#: indexes of types, extensions, namespaces and projects; see the header. */
#include "maps/resolve_csharp.h"

#include <string.h>

size_t csharp_join(struct cs_index *x, const char *a, const char *b, size_t len)
{
	size_t n = strlen(a);

	if (n + len + 2 > sizeof(x->key))
		return 0;
	memcpy(x->key, a, n);
	if (n > 0)
		x->key[n++] = '.';
	memcpy(x->key + n, b, len);
	x->key[n + len] = '\0';
	return n + len;
}

static void add_def(struct resolver *r, struct cs_index *x, struct strmap *map, size_t len,
                    uint32_t file)
{
	uint32_t first = len > 0 ? strmap_get(map, x->key, len) : STRMAP_NONE;

	if (len == 0 || (first != STRMAP_NONE && x->chain[first].file == file))
		return;
	if (x->nchain == x->chain_cap) {
		size_t cap = x->chain_cap != 0 ? x->chain_cap * 2 : 1024;

		x->chain = arena_grow(r->arena, x->chain, x->chain_cap * sizeof(*x->chain),
		                      cap * sizeof(*x->chain));
		x->chain_cap = cap;
	}
	x->chain[x->nchain] = (struct cs_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(map, arena_memdup(r->arena, x->key, len), len, (uint32_t)x->nchain++);
	else
		strmap_set(map, x->key, len, (uint32_t)x->nchain++);
}

/* A namespace and those around it. */
static void add_namespace(struct cs_index *x, const char *name)
{
	size_t len = strlen(name);

	while (len > 0 && strmap_get(&x->namespaces, name, len) == STRMAP_NONE) {
		strmap_add(&x->namespaces, name, len, 1);
		while (len > 0 && name[len - 1] != '.')
			len--;
		len -= len > 0;
	}
}

const char *csharp_place(struct resolver *r, struct cs_place *place, const struct fact_def *def)
{
	const char *around;

	while (place->n > 0 && place->end[place->n - 1] < def->line)
		place->n--;
	around = place->n > 0 ? place->name[place->n - 1] : "";
	if (def->kind != DEF_MODULE || place->n == NAMESPACES_MAX ||
	    strlen(around) + strlen(def->name) >= FACTS_TARGET_MAX)
		return around;
	place->name[place->n] =
		*around == '\0' ? def->name : arena_printf(r->arena, "%s.%s", around, def->name);
	place->end[place->n] = def->end_line;
	return place->name[place->n++];
}

/* Whether a file uses a name; its names are sorted. */
static bool has_name(const struct facts *facts, const char *name, size_t len)
{
	size_t low = 0, high = facts->nnames;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(name, facts->names[middle], len);

		if (order == 0 && facts->names[middle][len] == '\0')
			return true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Whether the file has another type of that name beside: Name and Name<T>. */
static bool is_twice(const struct facts *facts, size_t at)
{
	enum { NEAR = 64 };
	size_t from = at > NEAR ? at - NEAR : 0;

	for (size_t d = from; d < facts->ndefs && d < at + NEAR; d++)
		if (d != at && *facts->defs[d].parent == '\0' &&
		    facts->defs[d].kind != DEF_MODULE &&
		    strcmp(facts->defs[d].name, facts->defs[at].name) == 0)
			return true;
	return false;
}

static void index_file(struct resolver *r, struct cs_index *x, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	struct cs_place place = { .n = 0 };

	for (size_t d = 0; d < facts->ndefs; d++) {
		const struct fact_def *def = &facts->defs[d];
		const char *space = csharp_place(r, &place, def);
		size_t n = strlen(def->name);
		char name[FACTS_NAME_MAX + 3];

		assert(n <= FACTS_NAME_MAX);
		memcpy(name + 1, def->name, n + 1);
		if (def->kind == DEF_MODULE) {
			add_namespace(x, space);
		} else if (def->kind == DEF_METHOD) {
			strmap_add(&x->methods, def->name, n, 1);
		} else if (def->kind == DEF_FUNCTION) {
			name[0] = '.';
			add_def(r, x, &x->extensions, csharp_join(x, space, name, n + 1), file);
		} else if (*def->parent == '\0') {
			bool generic;

			name[0] = name[n + 1] = '`';
			name[n + 2] = '\0';
			generic = has_name(facts, name, n + 1);
			if (!generic || is_twice(facts, d))
				add_def(r, x, &x->types, csharp_join(x, space, def->name, n), file);
			if (generic)
				add_def(r, x, &x->types, csharp_join(x, space, name + 1, n + 1),
				        file);
		}
	}
}

uint32_t csharp_project(struct resolver *r, uint32_t file)
{
	const struct manifest *m = nearest_manifest(r, r->file_dir[file], MANIFEST_MSBUILD);

	return m != NULL ? m->file : RESOLVE_NONE;
}

static void add_global(struct resolver *r, struct cs_index *x, uint32_t project, const char *name)
{
	if (x->nglobal == x->global_cap) {
		size_t cap = x->global_cap != 0 ? x->global_cap * 2 : 16;

		x->global = arena_grow(r->arena, x->global, x->global_cap * sizeof(*x->global),
		                       cap * sizeof(*x->global));
		x->global_project =
			arena_grow(r->arena, x->global_project, x->global_cap * sizeof(uint32_t),
		                   cap * sizeof(uint32_t));
		x->global_cap = cap;
	}
	x->global_project[x->nglobal] = project;
	x->global[x->nglobal++] = (struct cs_using){ .name = name };
}

/* References between projects, and the namespaces that a project uses everywhere. */
static void index_projects(struct resolver *r, struct cs_index *x)
{
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		for (size_t k = 0; m->type == MANIFEST_MSBUILD && k < m->nitems; k++) {
			const char *value = m->items[k].value;
			uint32_t pair[2] = { m->file };

			if (m->items[k].kind == ITEM_USING)
				add_global(r, x, m->file, value);
			if (m->items[k].kind != ITEM_PROJECT)
				continue;
			join_dir(r, dir_of(r, m->file));
			pair[1] = join_path(r, value, strlen(value)) ? join_file(r, "")
			                                             : RESOLVE_NONE;
			if (pair[1] != RESOLVE_NONE)
				strmap_add(&x->references,
				           arena_memdup(r->arena, pair, sizeof(pair)), sizeof(pair),
				           1);
		}
	}
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		for (size_t k = 0; facts->lang == LANG_CSHARP && k < facts->nimports; k++)
			if ((facts->imports[k].flags & IMPORT_F_GLOBAL) &&
			    facts->imports[k].kind == IMPORT_WILDCARD)
				add_global(r, x, csharp_project(r, i), facts->imports[k].target);
	}
}

/* How well a file's project fits: its own, one that it refers to, any other. */
static int project_rank(struct resolver *r, const struct cs_index *x, const struct cs_file *f,
                        uint32_t file)
{
	uint32_t pair[2] = { f->project, csharp_project(r, file) };

	if (pair[0] == pair[1])
		return 2;
	return strmap_get(&x->references, (const char *)pair, sizeof(pair)) != STRMAP_NONE;
}

/* Whether a file is called like a type: "Type.cs". */
static bool called_like(struct resolver *r, uint32_t file, const char *name, size_t len)
{
	struct span path = r->in->files[file].path;
	const char *slash = memrchr(path.data, '/', path.len);
	const char *base = slash != NULL ? slash + 1 : path.data;

	return (size_t)(path.data + path.len - base) == len + 3 && memcmp(base, name, len) == 0;
}

uint32_t csharp_find(struct resolver *r, const struct cs_index *x, const struct strmap *map,
                     const struct cs_file *f, size_t len)
{
	enum { CHAIN_MAX = 1000 };
	uint32_t next = len > 0 ? strmap_get(map, x->key, len) : STRMAP_NONE, best = RESOLVE_NONE;
	const char *dot = len > 0 ? memrchr(x->key, '.', len) : NULL;
	const char *name = dot != NULL ? dot + 1 : x->key;
	size_t n = (size_t)(x->key + len - name);

	for (int i = 0; next != STRMAP_NONE && i < CHAIN_MAX; next = x->chain[next].next, i++) {
		uint32_t file = x->chain[next].file;
		int rank = project_rank(r, x, f, file);
		int than = best != RESOLVE_NONE ? project_rank(r, x, f, best) : -1;
		bool like = called_like(r, file, name, n);

		if (file == f->file)
			return file;
		if (rank > than)
			best = file;
		else if (rank == than && like != called_like(r, best, name, n))
			best = like ? file : best;
		else if (rank == than)
			best = nearer_file(r, f->file, best, file);
	}
	return best;
}

uint32_t csharp_find_type(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                          const char *space, const char *name, size_t len)
{
	size_t n = csharp_join(x, space, name, len);
	uint32_t to = csharp_find(r, x, &x->types, f, n);

	if (to == RESOLVE_NONE && n > 0 && x->key[n - 1] == '`')
		to = csharp_find(r, x, &x->types, f, n - 1);
	return to;
}

uint32_t csharp_find_generic(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                             const char *space, const char *name, size_t len)
{
	size_t n = csharp_join(x, space, name, len);

	if (n == 0 || n + 2 > sizeof(x->key))
		return RESOLVE_NONE;
	x->key[n] = '`';
	return csharp_find(r, x, &x->types, f, n + 1);
}

void csharp_index(struct resolver *r, struct cs_index *x)
{
	*x = (struct cs_index){ .types = strmap_new(r->arena, 1024),
		                .extensions = strmap_new(r->arena, 64),
		                .methods = strmap_new(r->arena, 1024),
		                .namespaces = strmap_new(r->arena, 64),
		                .references = strmap_new(r->arena, 64),
		                .packages = strmap_new(r->arena, 64) };
	for (uint32_t i = (uint32_t)r->in->nfiles; i-- > 0;)
		if (r->in->files[i].facts.lang == LANG_CSHARP)
			index_file(r, x, i);
	index_projects(r, x);
}
