/*
 * C#: types are found by namespace and name.  A word that is used as a type is
 * looked for in the namespaces around it, from the inside out, then in those
 * that using directives name; the directive is the edge's evidence.
 *
 * Of several files that declare a type (parts of it, or other projects), the
 * file itself comes first, then its project, then the projects that it refers
 * to, then the file that is called like the type.
 */
#include "maps/resolve_csharp.h"

#include <ctype.h>
#include <string.h>

/* "A.B.C": the first beginning of it that is a type, in full or from a namespace around. */
static uint32_t find_qualified(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                               const char *name)
{
	for (const char *dot = strchrnul(name, '.');; dot = strchrnul(dot + 1, '.')) {
		for (size_t i = 0; i < f->naround; i++) {
			size_t len = (size_t)(dot - name);
			uint32_t to = csharp_find_type(r, x, f, f->around[i], name, len);

			if (to == RESOLVE_NONE)
				to = csharp_find_generic(r, x, f, f->around[i], name, len);
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
		size_t len = csharp_join(x, f->around[i], name, strlen(name));

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
		const struct fact_def *def = &facts->defs[d];
		const char *space = csharp_place(r, &place, def);
		size_t len = strlen(space);

		if (*def->parent != '\0' && def->kind != DEF_METHOD && def->kind != DEF_FUNCTION)
			strmap_add(&f->nested, def->name, strlen(def->name), 1);
		if (def->kind != DEF_MODULE)
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
		const char *space = find_namespace(r, x, f, import->target);

		if (space != NULL && import->kind != IMPORT_STATIC)
			add_using(r, f, space, import);
		else if (import->kind == IMPORT_WILDCARD)
			miss(r, x, (struct import_at){ f->file, import });
	}
	for (size_t i = 0; i < x->nglobal; i++)
		if (x->global_project[i] == f->project &&
		    strmap_get(&x->namespaces, x->global[i].name, strlen(x->global[i].name)) !=
		            STRMAP_NONE)
			add_using(r, f, x->global[i].name, NULL);
}

/* using static A.B; using X = A.B; where B is a type, maybe of a namespace that is used. */
static void read_types(struct resolver *r, struct cs_index *x, struct cs_file *f)
{
	const struct facts *facts = &r->in->files[f->file].facts;

	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		struct import_at at = { f->file, import };
		const char *name = import->target;
		bool plain = strchr(name, '.') == NULL;
		uint32_t to;

		if (import->kind == IMPORT_WILDCARD ||
		    (import->kind == IMPORT_MODULE && find_namespace(r, x, f, name) != NULL))
			continue;
		if (*import->alias != '\0') /* hides other types of that name */
			strmap_add(&f->nested, import->alias, strlen(import->alias), 1);
		to = find_qualified(r, x, f, name);
		for (size_t i = 0; plain && to == RESOLVE_NONE && i < f->nusings; i++)
			to = csharp_find_type(r, x, f, f->usings[i].name, name, strlen(name));
		if (to != RESOLVE_NONE)
			resolved(r, at, to, RULE_CS_TYPE);
		else if (plain)
			unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		else
			miss(r, x, at);
	}
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

/* [A]: "AAttribute" where there is one, else "A".  @ret bytes of the latter, 0 for other names */
static size_t attribute_name(const char *name, size_t len)
{
	len -= len > 0 && name[len - 1] == '`';
	return len > 9 && memcmp(name + len - 9, "Attribute", 9) == 0 ? len - 9 : 0;
}

/* A name of one part: a type of the namespaces around, or of one that is used. */
static bool link_type(struct resolver *r, struct cs_index *x, struct cs_file *f, const char *name,
                      size_t len)
{
	size_t plain = len - (len > 0 && name[len - 1] == '`');

	if (strmap_get(&f->nested, name, plain) != STRMAP_NONE)
		return true;
	for (size_t i = 0; i < f->naround; i++) {
		uint32_t to = csharp_find_type(r, x, f, f->around[i], name, len);

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
		to = csharp_find_type(r, x, f, f->usings[i].name, name, len);
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
		to = csharp_find_type(r, x, f, f->usings[i].name, rest, strcspn(rest, "."));
		if (to == RESOLVE_NONE)
			to = csharp_find_generic(r, x, f, f->usings[i].name, rest,
			                         strcspn(rest, "."));
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
		uint32_t to = csharp_find(r, x, &x->extensions, f,
		                          csharp_join(x, f->around[i], name, len));

		if (to != RESOLVE_NONE) {
			resolved_by_name(r, f->file, to, RULE_CS_EXTENSION, false);
			return;
		}
	}
	for (size_t i = 0; i < f->nusings; i++) {
		uint32_t to = csharp_find(r, x, &x->extensions, f,
		                          csharp_join(x, f->usings[i].name, name, len));

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
	read_types(r, x, f);
	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];

		if (*name == '.')
			link_extension(r, x, f, name);
		else if (strchr(name, '.') != NULL)
			link_qualified(r, x, f, name);
		else if (!link_type(r, x, f, name, strlen(name)) &&
		         attribute_name(name, strlen(name)) > 0)
			link_type(r, x, f, name, attribute_name(name, strlen(name)));
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
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new((size_t)16 << 20);
	struct cs_index x;

	csharp_index(r, &x);
	index_packages(r, &x);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		struct cs_file f = { .file = i, .project = csharp_project(r, i) };

		if (r->in->files[i].facts.lang != LANG_CSHARP)
			continue;
		arena_reset(scratch);
		f.nested = strmap_new(scratch, 16);
		resolve_file(r, &x, &f);
	}
}
