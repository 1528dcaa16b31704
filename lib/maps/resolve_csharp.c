/*
 * C#: types are found by namespace and name.  A word that is used as a type is
 * looked for in the namespaces around it, from the inside out, then in those
 * that using directives name; the directive is the edge's evidence.
 *
 * Of several files that declare a type (parts of it, or other projects), the
 * file itself comes first, then its project, then the projects that it refers
 * to, then the file that is called like the type.
 */
#include "maps/resolver.h"

#include <ctype.h>
#include <string.h>

#define USINGS_MAX     64 /* of one file; each is looked at for all names used */
#define NAMESPACES_MAX 64 /* around the types of one file */

struct cs_def {
	uint32_t file, next;
};

/* A namespace that a file uses. */
struct cs_using {
	const char *name;                 /* in full */
	const struct fact_import *import; /* NULL: of the whole project */
	bool used;
};

struct cs_index {
	struct strmap types;      /* "A.B.Type" -> first of chain */
	struct strmap extensions; /* "A.B..method" -> the same */
	struct strmap methods;    /* names of methods that are no extensions */
	struct strmap namespaces; /* "A.B" and "A" -> 1 */
	struct strmap references; /* pairs of project files -> 1 */
	struct strmap packages;   /* first part of a package's name, lower case -> external */
	struct cs_def *chain;
	size_t nchain, chain_cap;
	struct cs_using *global; /* of all projects */
	uint32_t *global_project;
	size_t nglobal, global_cap;
	char key[2 * FACTS_TARGET_MAX + FACTS_NAME_MAX + 4];
};

/* What one file sees. */
struct cs_file {
	uint32_t file, project;
	const char *around[NAMESPACES_MAX]; /* longest first, "" last */
	size_t naround;
	struct cs_using usings[USINGS_MAX];
	size_t nusings;
};

/* @ret length of "a.b" in x->key; 0 when too long */
static size_t join(struct cs_index *x, const char *a, const char *b, size_t len)
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

/* Where in a file the definitions stand: a stack of namespaces. */
struct cs_place {
	const char *name[NAMESPACES_MAX];
	uint32_t end[NAMESPACES_MAX];
	size_t n;
};

/* @ret the namespace in full; of a namespace's own definition, that one */
static const char *place_of(struct resolver *r, struct cs_place *place, const struct fact_def *def)
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

static void index_file(struct resolver *r, struct cs_index *x, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	struct cs_place place = { .n = 0 };

	for (size_t d = 0; d < facts->ndefs; d++) {
		const struct fact_def *def = &facts->defs[d];
		const char *space = place_of(r, &place, def);
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
			add_def(r, x, &x->extensions, join(x, space, name, n + 1), file);
		} else if (*def->parent == '\0') {
			add_def(r, x, &x->types, join(x, space, def->name, n), file);
			name[0] = name[n + 1] = '`';
			name[n + 2] = '\0';
			if (has_name(facts, name, n + 1))
				add_def(r, x, &x->types, join(x, space, name + 1, n + 1), file);
		}
	}
}

static uint32_t project_of(struct resolver *r, uint32_t file)
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
				add_global(r, x, project_of(r, i), facts->imports[k].target);
	}
}

/* How well a file's project fits: its own, one that it refers to, any other. */
static int project_rank(struct resolver *r, const struct cs_index *x, const struct cs_file *f,
                        uint32_t file)
{
	uint32_t pair[2] = { f->project, project_of(r, file) };

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

/* @ret the file that declares what the map has under x->key, RESOLVE_NONE without one */
static uint32_t find(struct resolver *r, const struct cs_index *x, const struct strmap *map,
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

/*
 * A type of a namespace.  "Name`" is a generic one, if there is one of its own; in attributes the
 * end of the name may be left out.
 */
static uint32_t find_type(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                          const char *space, const char *name, size_t len)
{
	size_t n = join(x, space, name, len);
	uint32_t to = find(r, x, &x->types, f, n);

	if (to == RESOLVE_NONE && n > 0 && x->key[n - 1] == '`')
		to = find(r, x, &x->types, f, --n);
	if (to != RESOLVE_NONE || n == 0 || n + 10 > sizeof(x->key))
		return to;
	memcpy(x->key + n, "Attribute", 10);
	return find(r, x, &x->types, f, n + 9);
}

/* "A.B.C": the first beginning of it that is a type, in full or from a namespace around. */
static uint32_t find_qualified(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                               const char *name)
{
	for (const char *dot = strchrnul(name, '.');; dot = strchrnul(dot + 1, '.')) {
		for (size_t i = 0; i < f->naround; i++) {
			uint32_t to = find_type(r, x, f, f->around[i], name, (size_t)(dot - name));

			if (to != RESOLVE_NONE)
				return to;
		}
		if (*dot == '\0')
			return RESOLVE_NONE;
	}
}

/* A namespace of the repository, as it is called from within a file; NULL without one. */
static const char *find_namespace(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                                  const char *name)
{
	for (size_t i = 0; i < f->naround; i++) {
		size_t len = join(x, f->around[i], name, strlen(name));

		if (len > 0 && strmap_get(&x->namespaces, x->key, len) != STRMAP_NONE)
			return *f->around[i] == '\0' ? name : arena_strndup(r->arena, x->key, len);
	}
	return NULL;
}

static void add_around(struct cs_file *f, const char *name)
{
	size_t at = f->naround;

	for (size_t i = 0; i < f->naround; i++)
		if (strcmp(f->around[i], name) == 0)
			return;
	if (f->naround == NAMESPACES_MAX)
		return;
	for (; at > 0 && strlen(f->around[at - 1]) < strlen(name); at--)
		f->around[at] = f->around[at - 1];
	f->around[at] = name;
	f->naround++;
}

/* The namespaces of a file, and those around them. */
static void look_around(struct resolver *r, struct cs_file *f)
{
	const struct facts *facts = &r->in->files[f->file].facts;
	struct cs_place place = { .n = 0 };

	for (size_t d = 0; d < facts->ndefs; d++) {
		const char *space = place_of(r, &place, &facts->defs[d]);
		size_t len = strlen(space);

		if (facts->defs[d].kind != DEF_MODULE)
			continue;
		while (len > 0) {
			add_around(f, space[len] == '\0' ? space
			                                 : arena_strndup(r->arena, space, len));
			while (len > 0 && space[len - 1] != '.')
				len--;
			len -= len > 0;
		}
	}
	add_around(f, "");
}

/* The first part of a name in lower case. */
static const char *first_part(struct resolver *r, const char *name)
{
	char *part = arena_strndup(r->arena, name, strcspn(name, "."));

	for (char *p = part; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return part;
}

static void index_packages(struct resolver *r, struct cs_index *x)
{
	for (uint32_t i = 0; i < r->out->nexternals; i++) {
		const char *part = first_part(r, r->out->externals[i].name);

		if (r->out->externals[i].eco == ECO_NUGET && strcmp(part, "microsoft") != 0)
			strmap_add(&x->packages, part, strlen(part), i);
	}
}

/* Where no package's name begins the namespace: one that has the first part, FsCheck.Xunit. */
static uint32_t package_of(struct resolver *r, struct cs_index *x, struct import_at at)
{
	const char *part = first_part(r, at.import->target);
	uint32_t found = strmap_get(&x->packages, part, strlen(part));
	const char *name = found != STRMAP_NONE ? r->out->externals[found].name : NULL;

	return name != NULL ? use_external(r, at.file, ECO_NUGET, name, strlen(name))
	                    : RESOLVE_NONE;
}

/* The package whose name is the longest beginning of a namespace. */
static void miss(struct resolver *r, struct cs_index *x, struct import_at at)
{
	const char *name = at.import->target;
	bool standard = std_dotnet_namespace(name);

	for (size_t len = strlen(name); len > 0; len -= len > 0) {
		bool whole = !standard || memchr(name, '.', len) != NULL;
		uint32_t external =
			whole ? use_external(r, at.file, ECO_NUGET, name, len) : RESOLVE_NONE;

		if (external != RESOLVE_NONE) {
			unresolved(r, at, MISS_EXTERNAL, external);
			return;
		}
		while (len > 0 && name[len - 1] != '.')
			len--;
		if (len == 0)
			break;
	}
	if (standard)
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
	else if (strmap_get(&x->namespaces, name, strcspn(name, ".")) != STRMAP_NONE)
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
	else
		unresolved(r, at, MISS_EXTERNAL, package_of(r, x, at));
}

static void add_using(struct resolver *r, struct cs_file *f, const char *name,
                      const struct fact_import *import)
{
	if (f->nusings < USINGS_MAX)
		f->usings[f->nusings++] = (struct cs_using){ .name = name, .import = import };
	else
		r->out->truncated = true;
}

static void read_imports(struct resolver *r, struct cs_index *x, struct cs_file *f)
{
	const struct facts *facts = &r->in->files[f->file].facts;

	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		struct import_at at = { f->file, import };
		const char *space = find_namespace(r, x, f, import->target);
		uint32_t to;

		if (space != NULL && import->kind != IMPORT_STATIC) {
			add_using(r, f, space, import);
			continue;
		}
		to = find_qualified(r, x, f, import->target);
		if (to != RESOLVE_NONE)
			resolved(r, at, to, RULE_CS_TYPE);
		else
			miss(r, x, at);
	}
	for (size_t i = 0; i < x->nglobal; i++)
		if (x->global_project[i] == f->project &&
		    strmap_get(&x->namespaces, x->global[i].name, strlen(x->global[i].name)) !=
		            STRMAP_NONE)
			add_using(r, f, x->global[i].name, NULL);
}

static void link_using(struct resolver *r, struct cs_file *f, struct cs_using *using, uint32_t to,
                       enum resolve_rule rule)
{
	using->used = true;
	if (using->import != NULL)
		resolved(r, (struct import_at){ f->file, using->import }, to, rule);
	else
		resolved_by_name(r, f->file, to, RULE_CS_GLOBAL_USING, false);
}

/* A name of one part: a type of the namespaces around, or of one that is used. */
static bool link_type(struct resolver *r, struct cs_index *x, struct cs_file *f, const char *name,
                      size_t len)
{
	for (size_t i = 0; i < f->naround; i++) {
		uint32_t to = find_type(r, x, f, f->around[i], name, len);

		if (to != RESOLVE_NONE) {
			resolved_by_name(r, f->file, to, RULE_CS_SAME_NAMESPACE, false);
			return true;
		}
	}
	for (size_t i = 0; i < f->nusings; i++) {
		const struct fact_import *import = f->usings[i].import;
		uint32_t to;

		if (import != NULL && *import->alias != '\0')
			continue;
		to = find_type(r, x, f, f->usings[i].name, name, len);
		if (to != RESOLVE_NONE) {
			link_using(r, f, &f->usings[i], to, RULE_CS_USING);
			return true;
		}
	}
	return false;
}

/* "A.B.C": of a type, below an alias, or in full. */
static void link_qualified(struct resolver *r, struct cs_index *x, struct cs_file *f,
                           const char *name)
{
	size_t first = strcspn(name, ".");
	uint32_t to;

	if (link_type(r, x, f, name, first))
		return;
	for (size_t i = 0; i < f->nusings; i++) {
		const struct fact_import *import = f->usings[i].import;
		const char *rest = name + first + 1;

		if (import == NULL || strlen(import->alias) != first ||
		    memcmp(import->alias, name, first) != 0)
			continue;
		to = find_type(r, x, f, f->usings[i].name, rest, strcspn(rest, "."));
		if (to != RESOLVE_NONE)
			link_using(r, f, &f->usings[i], to, RULE_CS_USING);
		return;
	}
	to = find_qualified(r, x, f, name);
	if (to != RESOLVE_NONE)
		resolved_by_name(r, f->file, to, RULE_CS_QUALIFIED, false);
}

/* ".Method": an extension, where no type of the repository has a method of that name. */
static void link_extension(struct resolver *r, struct cs_index *x, struct cs_file *f,
                           const char *name)
{
	size_t len = strlen(name);

	if (strmap_get(&x->methods, name + 1, len - 1) != STRMAP_NONE)
		return;
	for (size_t i = 0; i < f->naround; i++) {
		uint32_t to = find(r, x, &x->extensions, f, join(x, f->around[i], name, len));

		if (to != RESOLVE_NONE) {
			resolved_by_name(r, f->file, to, RULE_CS_EXTENSION, false);
			return;
		}
	}
	for (size_t i = 0; i < f->nusings; i++) {
		uint32_t to = find(r, x, &x->extensions, f, join(x, f->usings[i].name, name, len));

		if (to != RESOLVE_NONE) {
			link_using(r, f, &f->usings[i], to, RULE_CS_EXTENSION);
			return;
		}
	}
}

static void resolve_file(struct resolver *r, struct cs_index *x, struct cs_file *f)
{
	const struct facts *facts = &r->in->files[f->file].facts;

	look_around(r, f);
	read_imports(r, x, f);
	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];

		if (*name == '.')
			link_extension(r, x, f, name);
		else if (strchr(name, '.') != NULL)
			link_qualified(r, x, f, name);
		else
			link_type(r, x, f, name, strlen(name));
	}
	/* A namespace may be both here and in a package: nothing here was used of it. */
	for (size_t i = 0; i < f->nusings; i++) {
		const struct cs_using *using = &f->usings[i];
		struct import_at at = { f->file, using->import };

		if (!using->used && using->import != NULL &&
		    std_dotnet_namespace(using->import->target))
			miss(r, x, at);
	}
}

void resolve_csharp(struct resolver *r)
{
	struct cs_index x = { .types = strmap_new(r->arena, 1024),
		              .extensions = strmap_new(r->arena, 64),
		              .methods = strmap_new(r->arena, 1024),
		              .namespaces = strmap_new(r->arena, 64),
		              .references = strmap_new(r->arena, 64),
		              .packages = strmap_new(r->arena, 64) };

	for (uint32_t i = (uint32_t)r->in->nfiles; i-- > 0;)
		if (r->in->files[i].facts.lang == LANG_CSHARP)
			index_file(r, &x, i);
	index_projects(r, &x);
	index_packages(r, &x);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		struct cs_file f = { .file = i, .project = project_of(r, i) };

		if (r->in->files[i].facts.lang == LANG_CSHARP)
			resolve_file(r, &x, &f);
	}
}
