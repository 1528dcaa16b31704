/* Structure: folders and components.  Entry points are in structure_entries.c. */
#include "maps/structure_parts.h"

#include <stdlib.h>
#include <string.h>

static struct span parent_of(struct span path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return (struct span){ path.data, slash != NULL ? (size_t)(slash - path.data) : 0 };
}

static struct span last_part(struct span path)
{
	struct span up = parent_of(path);
	size_t skip = up.len > 0 || (path.len > 0 && path.data[0] == '/') ? up.len + 1 : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

static int by_span(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.data, b.data, n) : 0;

	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int by_dir(const void *a, const void *b)
{
	const struct structure_dir *x = a, *y = b;

	return by_span(x->path, y->path);
}

static void add_dir(struct structuring *s, struct span path, size_t *cap)
{
	struct structure *out = s->out;

	while (strmap_get(&s->dirs, path.data, path.len) == STRMAP_NONE) {
		if (out->ndirs == *cap) {
			out->dirs = arena_grow(s->arena, out->dirs, *cap * sizeof(*out->dirs),
			                       *cap * 2 * sizeof(*out->dirs));
			*cap *= 2;
		}
		strmap_add(&s->dirs, path.data, path.len, (uint32_t)out->ndirs);
		out->dirs[out->ndirs++].path = path;
		if (path.len == 0)
			return;
		path = parent_of(path);
	}
}

/* The numbers of each file go to its own folder; those of folders then to the ones above. */
static void count_files(struct structuring *s)
{
	struct structure *out = s->out;
	struct span last = { NULL, 0 };
	struct structure_dir *dir = NULL;

	for (size_t i = 0; i < s->in->nfiles; i++) {
		const struct map_file *file = &s->in->files[i];
		struct span path = parent_of(file->path);

		if (dir == NULL || by_span(path, last) != 0)
			dir = &out->dirs[strmap_get(&s->dirs, path.data, path.len)];
		last = path;
		dir->files++;
		dir->code += file->facts.code;
		dir->bytes += file->bytes;
	}
	for (size_t d = out->ndirs; d-- > 1;) { /* each stands behind the ones above it */
		const struct structure_dir *below = &out->dirs[d];
		struct span up = parent_of(below->path);

		dir = &out->dirs[strmap_get(&s->dirs, up.data, up.len)];
		dir->files += below->files;
		dir->code += below->code;
		dir->bytes += below->bytes;
	}
}

static void find_dirs(struct structuring *s)
{
	struct structure *out = s->out;
	size_t cap = 256;

	s->dirs = strmap_new(s->arena, 256);
	out->dirs = arena_array(s->arena, cap, sizeof(*out->dirs));
	add_dir(s, (struct span){ "", 0 }, &cap);
	for (size_t i = 0; i < s->in->nfiles; i++)
		add_dir(s, parent_of(s->in->files[i].path), &cap);
	qsort(out->dirs, out->ndirs, sizeof(*out->dirs), by_dir);
	for (size_t d = 0; d < out->ndirs; d++) {
		struct structure_dir *dir = &out->dirs[d];

		strmap_set(&s->dirs, dir->path.data, dir->path.len, (uint32_t)d);
		dir->depth = dir->path.len > 0;
		for (size_t i = 0; i < dir->path.len; i++)
			dir->depth += dir->path.data[i] == '/';
	}
	count_files(s);
	for (size_t d = 1; d < out->ndirs; d++) {
		struct span up = parent_of(out->dirs[d].path);
		struct structure_dir *above = &out->dirs[strmap_get(&s->dirs, up.data, up.len)];

		above->passes_through |= above->files == out->dirs[d].files;
	}
}

/* @ret what a manifest of the type declares, NULL when it declares no component */
static const char *component_kind(const struct manifest *m)
{
	switch (m->type) {
	case MANIFEST_PACKAGE_JSON:
		return "npm package";
	case MANIFEST_GO_MOD:
		return "go module";
	case MANIFEST_CARGO:
		return "crate";
	case MANIFEST_POM:
		return "maven module";
	case MANIFEST_GRADLE:
		return "gradle project";
	case MANIFEST_PYPROJECT:
	case MANIFEST_SETUP_PY:
	case MANIFEST_SETUP_CFG:
		return "python project";
	case MANIFEST_COMPOSER:
		return "composer package";
	case MANIFEST_GEMFILE:
		return "gem";
	case MANIFEST_MSBUILD:
		return "dotnet project";
	default:
		return NULL;
	}
}

/* One component a folder: the first manifest of it that has a name wins. */
static void add_component(struct structuring *s, struct span path, struct span name,
                          const char *kind, uint32_t manifest)
{
	struct structure *out = s->out;

	if (name.len == 0 || strmap_get(&s->components, path.data, path.len) != STRMAP_NONE)
		return;
	if (out->ncomponents == s->components_cap) {
		size_t cap = s->components_cap != 0 ? s->components_cap * 2 : 16;

		out->components = arena_grow(s->arena, out->components,
		                             s->components_cap * sizeof(*out->components),
		                             cap * sizeof(*out->components));
		s->components_cap = cap;
	}
	strmap_add(&s->components, path.data, path.len, (uint32_t)out->ncomponents);
	out->components[out->ncomponents++] = (struct structure_component){
		.path = path,
		.name = arena_strndup(s->arena, name.data, name.len),
		.kind = kind,
		.manifest = manifest,
	};
}

static bool aside(const struct map_file *file)
{
	return file->role == FILE_TEST || file->role == FILE_VENDORED;
}

static void declared_components(struct structuring *s)
{
	for (size_t i = 0; i < s->in->nmanifests; i++) {
		const struct manifest *m = &s->in->manifests[i];
		const struct map_file *file = &s->in->files[m->file];
		const char *kind = component_kind(m);
		struct span dir = parent_of(file->path), name = { m->name, strlen(m->name) };

		if (m->type == MANIFEST_GRADLE && name.len == 0)
			name = last_part(dir);
		if (kind != NULL && !aside(file))
			add_component(s, dir, name, kind, m->file);
	}
	for (size_t i = 0; i < s->in->nfiles; i++) {
		const struct map_file *file = &s->in->files[i];
		struct span dir = parent_of(file->path), up = parent_of(dir);

		if (dir.len > 0 && !aside(file) &&
		    by_span(last_part(file->path), SPAN("__init__.py")) == 0 &&
		    strmap_get(&s->paths,
		               arena_printf(s->arena, "%.*s%s__init__.py", (int)up.len, up.data,
		                            up.len > 0 ? "/" : ""),
		               up.len + (up.len > 0) + strlen("__init__.py")) == STRMAP_NONE)
			add_component(s, dir, last_part(dir), "python package", (uint32_t)i);
	}
}

/*
 * @ret the component with the longest folder above a path, STRMAP_NONE without one.  The answer for a
 * folder holds until another component is made: files of one folder follow each other.
 */
static uint32_t component_above(struct structuring *s, struct span path)
{
	struct span folder = parent_of(path);
	uint32_t found;

	path = folder;
	if (s->asked.data != NULL && s->asked_of == s->out->ncomponents &&
	    by_span(folder, s->asked) == 0)
		return s->answer;
	for (;;) {
		found = strmap_get(&s->components, path.data, path.len);
		if (found != STRMAP_NONE || path.len == 0)
			break;
		path = parent_of(path);
	}
	s->asked = folder;
	s->asked_of = s->out->ncomponents;
	s->answer = found;
	return found;
}

/* Top-level folders, where nothing finer than the root was declared. */
static void plain_components(struct structuring *s)
{
	size_t declared = s->out->ncomponents;

	for (size_t i = 0; i < s->in->nfiles; i++) {
		struct span path = s->in->files[i].path;
		const char *slash = memchr(path.data, '/', path.len);
		uint32_t above = component_above(s, path);

		if (above != STRMAP_NONE && above < declared &&
		    s->out->components[above].path.len > 0)
			continue;
		if (slash != NULL) {
			struct span folder = { path.data, (size_t)(slash - path.data) };

			add_component(s, folder, folder, "folder", STRUCTURE_NONE);
		} else {
			add_component(s, (struct span){ "", 0 }, SPAN("."), "folder",
			              STRUCTURE_NONE);
		}
	}
}

static int by_component(const void *a, const void *b)
{
	const struct structure_component *x = a, *y = b;

	return by_span(x->path, y->path);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void link_components(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	struct structure *out = s->out;
	uint64_t *pairs = arena_array(s->arena, nedges, sizeof(uint64_t));
	size_t n = 0;

	for (size_t i = 0; i < nedges; i++) {
		uint64_t from = out->file_component[edges[i].from];
		uint64_t to = out->file_component[edges[i].to];

		if (from != to)
			pairs[n++] = from << 32 | to;
	}
	if (n > 1)
		qsort(pairs, n, sizeof(uint64_t), by_number);
	for (size_t i = 0; i < n; i++)
		out->nlinks += i == 0 || pairs[i] != pairs[i - 1];
	out->links = arena_array(s->arena, out->nlinks, sizeof(*out->links));
	out->nlinks = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || pairs[i] != pairs[i - 1])
			out->links[out->nlinks++] =
				(struct structure_link){ (uint32_t)(pairs[i] >> 32),
				                         (uint32_t)pairs[i], 0 };
		out->links[out->nlinks - 1].edges++;
	}
}

static void find_components(struct structuring *s)
{
	struct structure *out = s->out;

	s->components = strmap_new(s->arena, 64);
	declared_components(s);
	plain_components(s);
	if (out->ncomponents > 1)
		qsort(out->components, out->ncomponents, sizeof(*out->components), by_component);
	for (size_t c = 0; c < out->ncomponents; c++)
		strmap_set(&s->components, out->components[c].path.data,
		           out->components[c].path.len, (uint32_t)c);
	out->file_component = arena_array(s->arena, s->in->nfiles, sizeof(uint32_t));
	for (size_t i = 0; i < s->in->nfiles; i++) {
		uint32_t c = component_above(s, s->in->files[i].path);

		assert(c != STRMAP_NONE);
		out->file_component[i] = c;
		out->components[c].files++;
		out->components[c].code += s->in->files[i].facts.code;
	}
}

void structure_find(struct arena *arena, const struct resolve_in *in,
                    const struct resolve_edge *edges, size_t nedges, struct structure *ret)
{
	struct structuring s = { .arena = arena, .in = in, .out = ret };

	*ret = (struct structure){ 0 };
	s.paths = strmap_new(arena, in->nfiles);
	for (size_t i = 0; i < in->nfiles; i++)
		strmap_add(&s.paths, in->files[i].path.data, in->files[i].path.len, (uint32_t)i);
	find_dirs(&s);
	find_components(&s);
	link_components(&s, edges, nedges);
	structure_entries(&s);
}
