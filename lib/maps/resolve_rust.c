/*
 * Rust: crates from Cargo.toml, their module trees by "mod" and #[path], and
 * use-paths followed to the deepest module that is a file.
 */
#include "maps/resolver.h"

#include <stdio.h>
#include <string.h>

#define MODULE_PATH_MAX 1024 /* bytes of "a::b::c" */
#define LOOK_MAX        4096 /* definitions or uses of a file that one name is compared with */

struct rust_file {
	uint32_t crate; /* plus 1; 0: in no module tree yet */
	bool is_root;
	const char *module; /* path in its crate, "" at the root */
};

struct rust_crate {
	uint32_t root; /* file */
};

struct rust_index {
	struct strmap libs;    /* name as in code -> crate */
	struct strmap modules; /* crate number (4 bytes) and module path -> file */
	struct rust_crate *crates;
	size_t ncrates, crates_cap;
	struct rust_file *files; /* by file */
	uint32_t *queue;
	size_t nqueue;
	char key[4 + MODULE_PATH_MAX + FACTS_TARGET_MAX];
};

static const char *crate_name(struct resolver *r, const char *name)
{
	char *text = arena_strdup(r->arena, name);

	for (char *p = text; *p != '\0'; p++)
		*p = *p == '-' ? '_' : *p;
	return text;
}

/* @ret length of the key in rust->key; 0 when too long */
static size_t module_key(struct rust_index *rust, uint32_t crate, const char *module, size_t len)
{
	if (len > MODULE_PATH_MAX)
		return 0;
	memcpy(rust->key, &crate, sizeof(crate));
	memcpy(rust->key + 4, module, len);
	return len + 4;
}

static uint32_t module_at(struct rust_index *rust, uint32_t crate, const char *module, size_t len)
{
	size_t n = module_key(rust, crate, module, len);

	return n > 0 ? strmap_get(&rust->modules, rust->key, n) : RESOLVE_NONE;
}

/* Give a file its place in a module tree, unless it has one in this crate; queue it once. */
static void place(struct resolver *r, struct rust_index *rust, uint32_t file, uint32_t crate,
                  const char *module, bool is_root)
{
	size_t n = module_key(rust, crate, module, strlen(module));

	if (n == 0)
		return;
	strmap_add(&rust->modules, arena_memdup(r->arena, rust->key, n), n, file);
	if (rust->files[file].crate != 0)
		return;
	rust->files[file] = (struct rust_file){ crate + 1, is_root, module };
	rust->queue[rust->nqueue++] = file;
}

/* @ret the number of the new crate */
static uint32_t add_crate(struct resolver *r, struct rust_index *rust, uint32_t root)
{
	if (rust->ncrates == rust->crates_cap) {
		size_t cap = rust->crates_cap != 0 ? rust->crates_cap * 2 : 64;

		rust->crates =
			arena_grow(r->arena, rust->crates, rust->crates_cap * sizeof(*rust->crates),
		                   cap * sizeof(*rust->crates));
		rust->crates_cap = cap;
	}
	rust->crates[rust->ncrates] = (struct rust_crate){ root };
	place(r, rust, root, (uint32_t)rust->ncrates, "", true);
	return (uint32_t)rust->ncrates++;
}

static uint32_t file_below(struct resolver *r, struct span dir, const char *path)
{
	join_dir(r, dir);
	return join_path(r, path, strlen(path)) ? join_file(r, "") : RESOLVE_NONE;
}

static void add_root(struct resolver *r, struct rust_index *rust, uint32_t file)
{
	if (file != RESOLVE_NONE && rust->files[file].crate == 0 &&
	    r->in->files[file].facts.lang == LANG_RUST)
		add_crate(r, rust, file);
}

static void add_lib(struct resolver *r, struct rust_index *rust, const struct manifest *m)
{
	const char *name = crate_name(r, m->name), *path = "src/lib.rs";
	uint32_t file;

	for (size_t i = 0; i < m->nitems; i++) {
		if (m->items[i].kind != ITEM_LIB)
			continue;
		if (*m->items[i].key != '\0')
			name = crate_name(r, m->items[i].key);
		if (*m->items[i].value != '\0')
			path = m->items[i].value;
	}
	file = file_below(r, dir_of(r, m->file), path);
	if (file == RESOLVE_NONE || *name == '\0' ||
	    strmap_get(&rust->libs, name, strlen(name)) != STRMAP_NONE)
		return;
	strmap_add(&rust->libs, name, strlen(name), add_crate(r, rust, file));
}

/* Set r->join to where the modules of a file's inline module `scope` lie. */
static bool join_module_dir(struct resolver *r, uint32_t file, bool as_root, const char *scope)
{
	struct span path = r->in->files[file].path, dir = dir_of(r, file);
	size_t skip = dir.len > 0 ? dir.len + 1 : 0;
	struct span name = { path.data + skip, path.len - skip };

	join_dir(r, dir);
	if (!as_root && !(name.len == 6 && memcmp(name.data, "mod.rs", 6) == 0) && name.len > 3 &&
	    !join_path(r, name.data, name.len - 3))
		return false;
	while (*scope != '\0') {
		size_t n = strcspn(scope, ":");

		if (!join_path(r, scope, n))
			return false;
		scope += n;
		scope += strspn(scope, ":");
	}
	return true;
}

static uint32_t module_file(struct resolver *r, struct import_at at, bool as_root)
{
	const char *target = at.import->target, *scope = at.import->scope;
	uint32_t to;

	if (at.import->flags & IMPORT_F_PATH) {
		if (*scope == '\0')
			return file_below(r, dir_of(r, at.file), target);
		return join_module_dir(r, at.file, as_root, scope) &&
		                       join_path(r, target, strlen(target))
		               ? join_file(r, "")
		               : RESOLVE_NONE;
	}
	if (strncmp(target, "r#", 2) == 0)
		target += 2;
	if (!join_module_dir(r, at.file, as_root, scope) || !join_path(r, target, strlen(target)))
		return RESOLVE_NONE;
	to = join_file(r, ".rs");
	return to != RESOLVE_NONE ? to : join_file(r, "/mod.rs");
}

static const char *child_module(struct resolver *r, const char *module, const char *scope,
                                const char *name)
{
	return arena_printf(r->arena, "%s%s%s%s%s", module,
	                    *module != '\0' && *scope != '\0' ? "::" : "", scope,
	                    *module != '\0' || *scope != '\0' ? "::" : "", name);
}

/* The inline modules around a "mod x;" are modules too: their file is the one that they stand in. */
static void place_inline(struct resolver *r, struct rust_index *rust, struct import_at at)
{
	const struct rust_file *own = &rust->files[at.file];
	const char *module = child_module(r, own->module, at.import->scope, "");
	size_t whole = strlen(module) - 2;

	for (size_t n = strlen(own->module); *at.import->scope != '\0' && n < whole;) {
		const char *end;
		size_t len;

		n += n > 0 ? 2 : 0;
		end = strstr(module + n, "::");
		n = end != NULL ? (size_t)(end - module) : whole;
		len = module_key(rust, own->crate - 1, module, n);
		if (len > 0 && strmap_get(&rust->modules, rust->key, len) == STRMAP_NONE)
			strmap_add(&rust->modules, arena_memdup(r->arena, rust->key, len), len,
			           at.file);
	}
}

static void follow_mod(struct resolver *r, struct rust_index *rust, struct import_at at)
{
	const struct rust_file *own = &rust->files[at.file];
	const char *name = *at.import->name != '\0' ? at.import->name : at.import->target;
	uint32_t to = module_file(r, at, own->is_root);

	if (to ==
	    RESOLVE_NONE) { /* a file outside any tree that we took for a root, or the reverse */
		to = module_file(r, at, !own->is_root);
		if (to == RESOLVE_NONE) {
			unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
			return;
		}
	}
	resolved(r, at, to, RULE_RUST_MOD);
	place_inline(r, rust, at);
	if (strlen(own->module) + strlen(at.import->scope) + strlen(name) + 4 < MODULE_PATH_MAX)
		place(r, rust, to, own->crate - 1,
		      child_module(r, own->module, at.import->scope, name), false);
}

static void follow_queue(struct resolver *r, struct rust_index *rust, size_t *done)
{
	for (; *done < rust->nqueue; (*done)++) {
		uint32_t file = rust->queue[*done];
		const struct facts *facts = &r->in->files[file].facts;

		for (size_t k = 0; k < facts->nimports; k++)
			if (facts->imports[k].kind == IMPORT_MOD)
				follow_mod(r, rust, (struct import_at){ file, &facts->imports[k] });
	}
}

/* Programs, tests, examples and benches: the usual places, and those the manifest names. */
static void add_programs(struct resolver *r, struct rust_index *rust, const struct manifest *m,
                         size_t *done)
{
	static const char *const SINGLE[] = { "src/main.rs", "build.rs" };
	static const char *const FOLDERS[] = { "src/bin", "tests", "examples", "benches" };
	struct span dir = dir_of(r, m->file);

	for (size_t i = 0; i < m->nitems; i++)
		if (m->items[i].kind == ITEM_CRATE_ROOT)
			add_root(r, rust, file_below(r, dir, m->items[i].value));
	for (size_t i = 0; i < COUNT(SINGLE); i++)
		add_root(r, rust, file_below(r, dir, SINGLE[i]));
	follow_queue(r, rust, done); /* what these have as modules are no programs */
	for (size_t i = 0; i < COUNT(FOLDERS); i++) {
		uint32_t found;

		join_dir(r, dir);
		if (!join_path(r, FOLDERS[i], strlen(FOLDERS[i])) ||
		    (found = join_dir_id(r)) == RESOLVE_NONE)
			continue;
		for (uint32_t f = r->dirs[found].first_file; f != RESOLVE_NONE;
		     f = r->next_in_dir[f])
			add_root(r, rust, f);
	}
}

/* src/bin/name/main.rs and the like. */
static void add_folder_programs(struct resolver *r, struct rust_index *rust)
{
	static const char *const PARENTS[] = { "bin", "tests", "examples", "benches" };

	for (size_t d = 1; d < r->ndirs; d++) {
		struct span up = r->dirs[r->dirs[d].parent].path;

		for (size_t i = 0; i < COUNT(PARENTS); i++) {
			size_t n = strlen(PARENTS[i]);

			if (up.len >= n && memcmp(up.data + up.len - n, PARENTS[i], n) == 0)
				add_root(r, rust, file_below(r, r->dirs[d].path, "main.rs"));
		}
	}
}

/* A use-path being followed: a module of a crate, and the deepest file on the way to it. */
struct use_path {
	uint32_t crate, file;
	bool other_crate;
	size_t len;
	char module[MODULE_PATH_MAX + 1];
};

/* Go down to a child.  @ret false when there is no module of that name in a file */
static bool descend(struct rust_index *rust, struct use_path *path, struct span name)
{
	size_t before = path->len;
	uint32_t file;

	if (path->len + name.len + 2 > MODULE_PATH_MAX)
		return false;
	if (path->len > 0) {
		memcpy(path->module + path->len, "::", 2);
		path->len += 2;
	}
	memcpy(path->module + path->len, name.data, name.len);
	path->len += name.len;
	file = module_at(rust, path->crate, path->module, path->len);
	if (file == RESOLVE_NONE) {
		path->len = before;
		return false;
	}
	path->file = file;
	return true;
}

/* Go up one module, or to the root; the file is that of the nearest module that has one. */
static void ascend(struct rust_index *rust, struct use_path *path, bool to_root)
{
	uint32_t file;

	do {
		while (path->len > 0 && path->module[path->len - 1] != ':')
			path->len--;
		path->len -= path->len >= 2 ? 2 : path->len;
	} while (to_root && path->len > 0);
	file = module_at(rust, path->crate, path->module, path->len);
	for (size_t n = path->len; file == RESOLVE_NONE && n > 0;) {
		while (n > 0 && path->module[n - 1] != ':')
			n--;
		n -= n >= 2 ? 2 : n;
		file = module_at(rust, path->crate, path->module, n);
	}
	path->file = file;
}

static bool next_part(const char **p, struct span *part)
{
	*p += strspn(*p, ":");
	*part = (struct span){ *p, strcspn(*p, ":") };
	*p += part->len;
	if (part->len > 2 && part->data[0] == 'r' && part->data[1] == '#')
		*part = (struct span){ part->data + 2, part->len - 2 };
	return part->len > 0;
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* @ret the crate of that name as the file's Cargo.toml knows it; its package for externals */
static uint32_t find_crate(struct resolver *r, struct rust_index *rust, uint32_t file,
                           struct span name, struct span *package)
{
	const struct manifest *m = nearest_manifest(r, r->file_dir[file], MANIFEST_CARGO);

	*package = name;
	for (size_t i = 0; m != NULL && i < m->nitems; i++) {
		if (m->items[i].kind == ITEM_CRATE_ALIAS && is(name, m->items[i].key)) {
			const char *real = crate_name(r, m->items[i].value);

			*package = (struct span){ real, strlen(real) };
		}
	}
	return strmap_get(&rust->libs, package->data, package->len);
}

static bool defined_here(const struct facts *facts, struct span name)
{
	for (size_t i = 0; i < facts->ndefs && i < LOOK_MAX; i++)
		if (is(name, facts->defs[i].name))
			return true;
	return false;
}

/* @ret another use of the file that brings a name into it; NULL when there is none */
static const char *imported_here(const struct facts *facts, const struct fact_import *not_this,
                                 struct span name)
{
	for (size_t i = 0; i < facts->nimports && i < LOOK_MAX; i++) {
		const struct fact_import *import = &facts->imports[i];
		const char *last = strrchr(import->target, ':');

		if (import == not_this ||
		    (import->kind != IMPORT_USE && import->kind != IMPORT_REEXPORT))
			continue;
		if (is(name, import->alias) ||
		    (*import->alias == '\0' && last != NULL && is(name, last + 1)))
			return import->target;
	}
	return NULL;
}

/* What the first part of a path says of all of it. */
enum first_part {
	PART_LEADS,   /* on from *path */
	PART_SETTLED, /* reported as unresolved, or something of this file */
	PART_UNKNOWN,
};

static enum first_part first_part(struct resolver *r, struct rust_index *rust, struct import_at at,
                                  bool absolute, struct use_path *path, struct span part)
{
	static const char *const STANDARD[] = { "std", "core", "alloc", "proc_macro", "test" };
	struct span package;
	uint32_t crate;

	if (is(part, "crate") || is(part, "$crate")) {
		ascend(rust, path, true);
		return PART_LEADS;
	}
	if (is(part, "self"))
		return PART_LEADS;
	if (is(part, "super")) {
		ascend(rust, path, false);
		return PART_LEADS;
	}
	if (!absolute && descend(rust, path, part))
		return PART_LEADS;
	crate = find_crate(r, rust, at.file, part, &package);
	if (crate != STRMAP_NONE) {
		path->other_crate = crate != path->crate;
		path->crate = crate;
		path->len = 0;
		path->file = rust->crates[crate].root;
		return PART_LEADS;
	}
	for (size_t i = 0; i < COUNT(STANDARD); i++) {
		if (is(part, STANDARD[i])) {
			unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
			return PART_SETTLED;
		}
	}
	if (!absolute && defined_here(&r->in->files[at.file].facts, part))
		return PART_SETTLED;
	crate = use_external(r, at.file, ECO_CARGO, package.data, package.len);
	if (crate == RESOLVE_NONE && !absolute) { /* edition 2015: from the crate's root */
		struct use_path from_root = { .crate = path->crate };

		ascend(rust, &from_root, true);
		if (descend(rust, &from_root, part)) {
			*path = from_root;
			return PART_LEADS;
		}
	}
	if (crate == RESOLVE_NONE)
		return PART_UNKNOWN;
	unresolved(r, at, MISS_EXTERNAL, crate);
	return PART_SETTLED;
}

/* Follow a path; one that begins with a name from another use of the file goes on from there, once. */
static void resolve_path(struct resolver *r, struct rust_index *rust, struct import_at at,
                         const char *target, bool again)
{
	const struct rust_file *own = &rust->files[at.file];
	const char *p = target, *scope = at.import->scope, *other;
	struct use_path path = { .crate = own->crate - 1, .file = at.file };
	bool absolute = target[0] == ':' || at.import->kind == IMPORT_CRATE;
	struct span part;

	path.len = (size_t)snprintf(path.module, sizeof(path.module), "%s%s%s", own->module,
	                            *own->module != '\0' && *scope != '\0' ? "::" : "", scope);
	if (path.len > MODULE_PATH_MAX || !next_part(&p, &part))
		return;
	switch (first_part(r, rust, at, absolute, &path, part)) {
	case PART_LEADS:
		break;
	case PART_SETTLED:
		return;
	case PART_UNKNOWN:
		other = again || absolute
		                ? NULL
		                : imported_here(&r->in->files[at.file].facts, at.import, part);
		if (other != NULL)
			resolve_path(r, rust, at, arena_printf(r->arena, "%s%s", other, p), true);
		else
			unresolved(r, at, MISS_EXTERNAL, RESOLVE_NONE);
		return;
	}
	while (next_part(&p, &part)) {
		if (is(part, "super"))
			ascend(rust, &path, false);
		else if (!is(part, "self") && !descend(rust, &path, part))
			break;
	}
	if (path.file != RESOLVE_NONE)
		resolved(r, at, path.file, path.other_crate ? RULE_RUST_CRATE : RULE_RUST_USE);
}

void resolve_rust(struct resolver *r)
{
	struct rust_index *rust = arena_alloc(r->arena, sizeof(*rust));
	size_t done = 0, n = r->in->nfiles;

	rust->libs = strmap_new(r->arena, 16);
	rust->modules = strmap_new(r->arena, 256);
	rust->files = arena_array(r->arena, n, sizeof(*rust->files));
	rust->queue = arena_array(r->arena, n, sizeof(*rust->queue));
	for (size_t i = 0; i < r->in->nmanifests; i++)
		if (r->in->manifests[i].type == MANIFEST_CARGO && *r->in->manifests[i].name != '\0')
			add_lib(r, rust, &r->in->manifests[i]);
	follow_queue(r, rust, &done);
	for (size_t i = 0; i < r->in->nmanifests; i++)
		if (r->in->manifests[i].type == MANIFEST_CARGO)
			add_programs(r, rust, &r->in->manifests[i], &done);
	add_folder_programs(r, rust);
	follow_queue(r, rust, &done);
	for (uint32_t i = 0; i < n; i++) { /* files that no tree reached are roots of their own */
		add_root(r, rust, i);
		follow_queue(r, rust, &done);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (facts->lang != LANG_RUST || rust->files[i].crate == 0)
			continue;
		for (size_t k = 0; k < facts->nimports; k++)
			if (facts->imports[k].kind != IMPORT_MOD)
				resolve_path(r, rust, (struct import_at){ i, &facts->imports[k] },
				             facts->imports[k].target, false);
	}
}
