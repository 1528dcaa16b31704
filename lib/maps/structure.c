/* Structure: folders and components.  Clusters are in structure_split.c, entry points in structure_entries.c. */
#include "maps/structure_parts.h"

#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

struct span structure_parent(struct span path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return (struct span){ path.data, slash != NULL ? (size_t)(slash - path.data) : 0 };
}

struct span structure_last(struct span path)
{
	struct span up = structure_parent(path);
	size_t skip = up.len > 0 || (path.len > 0 && path.data[0] == '/') ? up.len + 1 : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

int structure_order(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.data, b.data, n) : 0;

	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

bool structure_below(struct span path, struct span dir)
{
	return dir.len == 0 || (path.len > dir.len && path.data[dir.len] == '/' &&
	                        memcmp(path.data, dir.data, dir.len) == 0);
}

static int by_dir(const void *a, const void *b)
{
	const struct structure_dir *x = a, *y = b;

	return structure_order(x->path, y->path);
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
		path = structure_parent(path);
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
		struct span path = structure_parent(file->path);

		if (dir == NULL || structure_order(path, last) != 0)
			dir = &out->dirs[strmap_get(&s->dirs, path.data, path.len)];
		last = path;
		dir->files++;
		dir->code += file->facts.code;
		dir->bytes += file->bytes;
	}
	for (size_t d = out->ndirs; d-- > 1;) { /* each stands behind the ones above it */
		const struct structure_dir *below = &out->dirs[d];
		struct span up = structure_parent(below->path);

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
		add_dir(s, structure_parent(s->in->files[i].path), &cap);
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
		struct span up = structure_parent(out->dirs[d].path);
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

struct structure_component *structure_add(struct structuring *s)
{
	struct structure *out = s->out;

	if (out->ncomponents == s->components_cap) {
		size_t cap = s->components_cap != 0 ? s->components_cap * 2 : 16;

		out->components = arena_grow(s->arena, out->components,
		                             s->components_cap * sizeof(*out->components),
		                             cap * sizeof(*out->components));
		s->components_cap = cap;
	}
	return &out->components[out->ncomponents++];
}

/* One component a folder: the first manifest of it that has a name wins. */
static void add_component(struct structuring *s, struct span path, struct span name,
                          const char *kind, const char *reason, uint32_t manifest)
{
	struct structure *out = s->out;

	if (name.len == 0 || strmap_get(&s->components, path.data, path.len) != STRMAP_NONE)
		return;
	strmap_add(&s->components, path.data, path.len, (uint32_t)out->ncomponents);
	*structure_add(s) = (struct structure_component){
		.path = path,
		.name = arena_strndup(s->arena, name.data, name.len),
		.kind = kind,
		.reason = reason,
		.manifest = manifest,
	};
}

static bool aside(const struct map_file *file)
{
	return file->role == FILE_TEST || file->role == FILE_VENDORED;
}

const char *structure_shown(struct structuring *s, struct span name)
{
	const char *text = text_display(s->arena, name);

	return text != NULL ? text : arena_strndup(s->arena, name.data, name.len);
}

/* Libraries of CMake: one a folder below the root, named after the first. */
static void add_library(struct structuring *s, const struct manifest *m)
{
	struct span dir = structure_parent(s->in->files[m->file].path);

	for (size_t i = 0; i < m->nitems && dir.len > 0; i++) {
		const struct manifest_item *item = &m->items[i];
		struct span name = { item->value, strlen(item->value) };

		if (item->kind != ITEM_TARGET)
			continue;
		add_component(
			s, dir, name.len > 0 ? name : structure_last(dir), "cmake library",
			arena_printf(s->arena, "%s has %s, line %u",
		                     structure_shown(s, structure_last(s->in->files[m->file].path)),
		                     item->key, item->line),
			m->file);
		return;
	}
}

static void declared_components(struct structuring *s)
{
	for (size_t i = 0; i < s->in->nmanifests; i++) {
		const struct manifest *m = &s->in->manifests[i];
		const struct map_file *file = &s->in->files[m->file];
		const char *kind = component_kind(m);
		struct span dir = structure_parent(file->path), name = { m->name, strlen(m->name) };

		if (m->type == MANIFEST_GRADLE && name.len == 0)
			name = structure_last(dir);
		if (kind != NULL && !aside(file))
			add_component(s, dir, name, kind,
			              arena_printf(s->arena, "%s declares it",
			                           structure_shown(s, structure_last(file->path))),
			              m->file);
		else if (m->type == MANIFEST_CMAKE && !aside(file) &&
		         structure_order(structure_last(file->path), SPAN("CMakeLists.txt")) == 0)
			add_library(s, m);
	}
	for (size_t i = 0; i < s->in->nfiles; i++) {
		const struct map_file *file = &s->in->files[i];
		struct span dir = structure_parent(file->path), up = structure_parent(dir);

		if (dir.len > 0 && !aside(file) &&
		    structure_order(structure_last(file->path), SPAN("__init__.py")) == 0 &&
		    strmap_get(&s->paths,
		               arena_printf(s->arena, "%.*s%s__init__.py", (int)up.len, up.data,
		                            up.len > 0 ? "/" : ""),
		               up.len + (up.len > 0) + strlen("__init__.py")) == STRMAP_NONE)
			add_component(s, dir, structure_last(dir), "python package",
			              "a folder with __init__.py, below one without", (uint32_t)i);
	}
}

/*
 * @ret the component with the longest folder above a path, STRMAP_NONE without one.  The answer for a
 * folder holds until another component is made: files of one folder follow each other.
 */
static uint32_t component_above(struct structuring *s, struct span path)
{
	struct span folder = structure_parent(path);
	uint32_t found;

	path = folder;
	if (s->asked.data != NULL && s->asked_of == s->out->ncomponents &&
	    structure_order(folder, s->asked) == 0)
		return s->answer;
	for (;;) {
		found = strmap_get(&s->components, path.data, path.len);
		if (found != STRMAP_NONE || path.len == 0)
			break;
		path = structure_parent(path);
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

			add_component(s, folder, folder, "folder",
			              "a folder at the top that no build file covers",
			              STRUCTURE_NONE);
		} else {
			add_component(s, (struct span){ "", 0 }, SPAN("."), "folder",
			              "files at the top that no build file covers", STRUCTURE_NONE);
		}
	}
}

static int by_component(const void *a, const void *b)
{
	const struct structure_component *x = a, *y = b;

	int order = structure_order(x->path, y->path);

	if (order == 0)
		order = strcmp(x->name, y->name);
	return order != 0 ? order : x->first < y->first ? -1 : x->first > y->first;
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

/* Sort them, leave out those that lost all their files to clusters, and number the files anew. */
static void order_components(struct structuring *s)
{
	struct structure *out = s->out;
	uint32_t *now = arena_array(s->arena, out->ncomponents, sizeof(uint32_t));
	size_t kept = 0;

	for (size_t i = 0; i < s->in->nfiles; i++) {
		struct structure_component *c = &out->components[out->file_component[i]];

		if (c->files++ == 0)
			c->first = (uint32_t)i;
		c->code += s->in->files[i].facts.code;
	}
	for (size_t c = 0; c < out->ncomponents; c++) {
		out->components[c].number = (uint32_t)c;
		if (out->components[c].files > 0)
			out->components[kept++] = out->components[c];
	}
	out->ncomponents = kept;
	if (kept > 1)
		qsort(out->components, kept, sizeof(*out->components), by_component);
	for (size_t c = 0; c < kept; c++)
		now[out->components[c].number] = (uint32_t)c;
	for (size_t i = 0; i < s->in->nfiles; i++)
		out->file_component[i] = now[out->file_component[i]];
}

static void find_components(struct structuring *s, const struct resolve_edge *edges, size_t nedges)
{
	struct structure *out = s->out;

	s->components = strmap_new(s->arena, 64);
	declared_components(s);
	plain_components(s);
	out->file_component = arena_array(s->arena, s->in->nfiles, sizeof(uint32_t));
	for (size_t i = 0; i < s->in->nfiles; i++) {
		uint32_t c = component_above(s, s->in->files[i].path);

		assert(c != STRMAP_NONE);
		out->file_component[i] = c;
	}
	structure_split(s, edges, nedges);
	order_components(s);
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
	find_components(&s, edges, nedges);
	link_components(&s, edges, nedges);
	structure_couple(&s, edges, nedges);
	structure_entries(&s);
}
