/* Entry points: main functions, what facts say besides, and commands that manifests declare. */
#include "maps/structure_parts.h"

#include <stdlib.h>
#include <string.h>

static void add_entry(struct structuring *s, struct structure_entry entry)
{
	struct structure *out = s->out;

	if (out->nentries >= STRUCTURE_ENTRIES_MAX)
		return;
	if (out->nentries == s->entries_cap) {
		size_t cap = s->entries_cap != 0 ? s->entries_cap * 2 : 16;

		out->entries =
			arena_grow(s->arena, out->entries, s->entries_cap * sizeof(*out->entries),
		                   cap * sizeof(*out->entries));
		s->entries_cap = cap;
	}
	out->entries[out->nentries++] = entry;
}

static bool path_ends(struct span path, const char *end)
{
	size_t n = strlen(end);

	return path.len >= n && memcmp(path.data + path.len - n, end, n) == 0;
}

static bool path_holds(struct span path, const char *part)
{
	return memmem(path.data, path.len, part, strlen(part)) != NULL;
}

/* Whether a definition called "main" is where a program of its language starts. */
static bool starts_program(const struct map_file *file, const struct fact_def *def)
{
	switch (file->facts.lang) {
	case LANG_C:
	case LANG_CPP:
	case LANG_CUDA:
	case LANG_OBJC:
	case LANG_KOTLIN:
		return def->kind == DEF_FUNCTION && *def->parent == '\0';
	case LANG_GO:
		return def->kind == DEF_FUNCTION && strcmp(file->facts.package, "main") == 0;
	case LANG_JAVA:
		return def->kind == DEF_METHOD;
	case LANG_RUST:
		return def->kind == DEF_FUNCTION &&
		       (path_ends(file->path, "main.rs") || path_holds(file->path, "src/bin/") ||
		        path_holds(file->path, "examples/") || path_ends(file->path, "build.rs"));
	default:
		return false;
	}
}

static void main_functions(struct structuring *s)
{
	for (uint32_t i = 0; i < s->in->nfiles; i++) {
		const struct map_file *file = &s->in->files[i];

		if (file->role == FILE_VENDORED || file->role == FILE_TEST)
			continue;
		if (file->facts.lang == LANG_PYTHON && path_ends(file->path, "__main__.py") &&
		    file->facts.nentries == 0)
			add_entry(s, (struct structure_entry){ "main", "__main__", "", i, 1 });
		for (size_t e = 0; e < file->facts.nentries; e++) {
			const struct fact_entry *entry = &file->facts.entries[e];

			add_entry(s, (struct structure_entry){ entry->kind, entry->name,
			                                       entry->target, i, entry->line });
		}
		for (size_t d = 0; d < file->facts.ndefs; d++) {
			const struct fact_def *def = &file->facts.defs[d];

			if (strcmp(def->name, "main") == 0 && starts_program(file, def))
				add_entry(s, (struct structure_entry){
						     "main",
						     *def->parent != '\0' ? def->parent : def->name,
						     "", i, def->line });
		}
	}
}

static uint32_t file_at(struct structuring *s, const char *path)
{
	return strmap_get(&s->paths, path, strlen(path));
}

/* "package.module:function" of a Python script, below the manifest's folder or its src. */
static uint32_t python_target(struct structuring *s, const char *dir, const char *target)
{
	char *module = arena_strdup(s->arena, target);
	size_t len = strcspn(module, ": [");

	for (size_t i = 0; i < len; i++)
		module[i] = module[i] == '.' ? '/' : module[i];
	module[len] = '\0';
	const char *const tries[] = {
		arena_printf(s->arena, "%s%s.py", dir, module),
		arena_printf(s->arena, "%s%s/__init__.py", dir, module),
		arena_printf(s->arena, "%ssrc/%s.py", dir, module),
		arena_printf(s->arena, "%ssrc/%s/__init__.py", dir, module),
	};

	for (size_t i = 0; i < COUNT(tries); i++) {
		uint32_t file = file_at(s, tries[i]);

		if (file != STRMAP_NONE)
			return file;
	}
	return STRUCTURE_NONE;
}

static uint32_t path_target(struct structuring *s, const char *dir, const char *target)
{
	uint32_t file;

	while (strncmp(target, "./", 2) == 0)
		target += 2;
	file = file_at(s, arena_printf(s->arena, "%s%s", dir, target));
	return file != STRMAP_NONE ? file : STRUCTURE_NONE;
}

static void declared_entries(struct structuring *s)
{
	for (size_t i = 0; i < s->in->nmanifests; i++) {
		const struct manifest *m = &s->in->manifests[i];
		struct span path = s->in->files[m->file].path;
		const char *slash = memrchr(path.data, '/', path.len);
		const char *dir = arena_strndup(
			s->arena, path.data, slash != NULL ? (size_t)(slash + 1 - path.data) : 0);
		bool python = manifest_ecosystem(m->type) == ECO_PYPI;

		for (size_t k = 0; k < m->nitems; k++) {
			const struct manifest_item *item = &m->items[k];

			if (item->kind != ITEM_ENTRY || s->in->files[m->file].role == FILE_VENDORED)
				continue;
			add_entry(s, (struct structure_entry){
					     .kind = python ? "script" : "bin",
					     .name = item->key,
					     .target = item->value,
					     .file = python ? python_target(s, dir, item->value)
			                                    : path_target(s, dir, item->value),
				     });
		}
	}
}

static int by_entry(const void *a, const void *b)
{
	const struct structure_entry *x = a, *y = b;
	int order;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	order = strcmp(x->name, y->name);
	return order != 0 ? order : strcmp(x->target, y->target);
}

void structure_entries(struct structuring *s)
{
	main_functions(s);
	declared_entries(s);
	if (s->out->nentries > 1)
		qsort(s->out->entries, s->out->nentries, sizeof(*s->out->entries), by_entry);
}
