/*
 * Go: an import path is the longest prefix that a go.mod names plus a folder;
 * the edge goes to the files that define the names used.  Files of one package
 * that use each other's names get edges marked as within one unit.
 */
#include "maps/resolver.h"

#include <string.h>

struct go_def {
	uint32_t file, next;
};

struct go_index {
	struct strmap modules; /* module path -> dir */
	struct strmap defs;    /* "dir package name" -> first of chain */
	struct go_def *chain;
	size_t nchain, chain_cap;
	const char **packages; /* by dir: name of its package, or NULL */
	char key[2 * FACTS_NAME_MAX + 64];
};

static bool is_test(const struct resolver *r, uint32_t file)
{
	struct span path = r->in->files[file].path;

	return path.len > 8 && memcmp(path.data + path.len - 8, "_test.go", 8) == 0;
}

/* @ret length of the key of a name in go->key; 0 when a part is too long */
static size_t def_key(struct go_index *go, uint32_t dir, const char *package, const char *name,
                      size_t name_len)
{
	size_t n = strlen(package);

	if (n > FACTS_NAME_MAX || name_len > FACTS_NAME_MAX)
		return 0;
	memcpy(go->key, &dir, sizeof(dir));
	memcpy(go->key + 4, package, n);
	go->key[4 + n] = ' ';
	memcpy(go->key + 5 + n, name, name_len);
	return 5 + n + name_len;
}

static void add_def(struct resolver *r, struct go_index *go, uint32_t file, const char *name)
{
	size_t len = def_key(go, r->file_dir[file], r->in->files[file].facts.package, name,
	                     strlen(name));
	uint32_t first;

	if (len == 0)
		return;
	if (go->nchain == go->chain_cap) {
		size_t cap = go->chain_cap != 0 ? go->chain_cap * 2 : 1024;

		go->chain = arena_grow(r->arena, go->chain, go->chain_cap * sizeof(*go->chain),
		                       cap * sizeof(*go->chain));
		go->chain_cap = cap;
	}
	first = strmap_get(&go->defs, go->key, len);
	if (first != STRMAP_NONE && go->chain[first].file == file)
		return;
	go->chain[go->nchain] = (struct go_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(&go->defs, arena_memdup(r->arena, go->key, len), len,
		           (uint32_t)go->nchain++);
	else
		strmap_set(&go->defs, go->key, len, (uint32_t)go->nchain++);
}

/* A folder's package is the one named like it, else the first that is not "main". */
static void note_package(struct resolver *r, struct go_index *go, uint32_t file)
{
	uint32_t dir = r->file_dir[file];
	const char *package = r->in->files[file].facts.package, *now = go->packages[dir];
	struct span path = r->dirs[dir].path;
	size_t n = strlen(package);
	bool like_folder =
		n > 0 && path.len >= n && memcmp(path.data + path.len - n, package, n) == 0;

	if (is_test(r, file) || n == 0)
		return;
	if (now == NULL || like_folder || (strcmp(now, "main") == 0))
		go->packages[dir] = package;
}

static void index_go(struct resolver *r, struct go_index *go)
{
	go->modules = strmap_new(r->arena, 16);
	go->defs = strmap_new(r->arena, 1024);
	go->packages = arena_array(r->arena, r->ndirs, sizeof(*go->packages));
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		if (m->type != MANIFEST_GO_MOD)
			continue;
		if (*m->name != '\0')
			strmap_add(&go->modules, m->name, strlen(m->name), r->file_dir[m->file]);
		for (size_t k = 0; k < m->nitems; k++) {
			const struct manifest_item *item = &m->items[k];
			uint32_t dir;

			join_dir(r, dir_of(r, m->file));
			if (item->kind == ITEM_REPLACE &&
			    join_path(r, item->value, strlen(item->value)) &&
			    (dir = join_dir_id(r)) != RESOLVE_NONE)
				strmap_add(&go->modules, item->key, strlen(item->key), dir);
		}
	}
	for (size_t i = r->in->nfiles; i-- > 0;) {
		const struct facts *facts = &r->in->files[i].facts;

		if (facts->lang != LANG_GO)
			continue;
		note_package(r, go, (uint32_t)i);
		for (size_t d = 0; d < facts->ndefs; d++)
			if (facts->defs[d].kind != DEF_METHOD && *facts->defs[d].parent == '\0')
				add_def(r, go, (uint32_t)i, facts->defs[d].name);
	}
}

/* @ret the folder that an import path means, in this module, another one here, or vendor/ */
static uint32_t package_dir(struct resolver *r, struct go_index *go, uint32_t file,
                            const char *path)
{
	size_t len = strlen(path), n = len;
	uint32_t dir;

	for (;;) {
		uint32_t module = strmap_get(&go->modules, path, n);

		if (module != STRMAP_NONE) {
			join_dir(r, r->dirs[module].path);
			if (join_path(r, path + n, len - n) &&
			    (dir = join_dir_id(r)) != RESOLVE_NONE)
				return dir;
		}
		while (n > 0 && path[n - 1] != '/')
			n--;
		if (n == 0)
			break;
		n--;
	}
	for (dir = r->file_dir[file]; dir != RESOLVE_NONE; dir = r->dirs[dir].parent) {
		uint32_t found;

		join_dir(r, r->dirs[dir].path);
		if (join_path(r, "vendor", 6) && join_path(r, path, len) &&
		    (found = join_dir_id(r)) != RESOLVE_NONE && go->packages[found] != NULL)
			return found;
	}
	return RESOLVE_NONE;
}

/* The file that stands for a package as a whole: named like it, doc.go, or the first. */
static uint32_t package_file(struct resolver *r, const struct go_index *go, uint32_t dir)
{
	uint32_t first = RESOLVE_NONE, to;

	join_dir(r, r->dirs[dir].path);
	if (join_path(r, go->packages[dir], strlen(go->packages[dir])) &&
	    (to = join_file(r, ".go")) != RESOLVE_NONE)
		return to;
	for (uint32_t f = r->dirs[dir].first_file; f != RESOLVE_NONE && first == RESOLVE_NONE;
	     f = r->next_in_dir[f])
		if (r->in->files[f].facts.lang == LANG_GO && !is_test(r, f))
			first = f;
	return first;
}

/* Edges to all files of a package that define a name (build tags make several). */
static size_t link_name(struct resolver *r, struct go_index *go, struct import_at at, uint32_t dir,
                        const char *name)
{
	size_t len = def_key(go, dir, go->packages[dir], name, strlen(name)), n = 0;
	uint32_t next = len > 0 ? strmap_get(&go->defs, go->key, len) : STRMAP_NONE;

	for (; next != STRMAP_NONE; next = go->chain[next].next) {
		if (is_test(r, go->chain[next].file))
			continue;
		resolved(r, at, go->chain[next].file, RULE_GO_PACKAGE);
		n++;
	}
	return n;
}

/* @ret the first of the sorted names that is not below "prefix." */
static size_t first_selector(const struct facts *facts, const char *prefix, size_t n)
{
	size_t low = 0, high = facts->nnames;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(facts->names[middle], prefix, n);

		if (order < 0 || (order == 0 && facts->names[middle][n] < '.'))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void link_import(struct resolver *r, struct go_index *go, struct import_at at, uint32_t dir)
{
	const struct facts *facts = &r->in->files[at.file].facts;
	const char *alias = at.import->alias, *local = *alias != '\0' ? alias : go->packages[dir];
	size_t n = strlen(local), linked = 0;
	uint32_t whole;

	if (strcmp(alias, ".") == 0) {
		for (size_t i = 0; i < facts->nnames; i++)
			if (strchr(facts->names[i], '.') == NULL)
				linked += link_name(r, go, at, dir, facts->names[i]);
	} else if (strcmp(alias, "_") != 0) {
		for (size_t i = first_selector(facts, local, n);
		     i < facts->nnames && strncmp(facts->names[i], local, n) == 0 &&
		     facts->names[i][n] == '.';
		     i++)
			linked += link_name(r, go, at, dir, facts->names[i] + n + 1);
	}
	if (linked > 0)
		return;
	whole = package_file(r, go, dir);
	if (whole != RESOLVE_NONE)
		resolved(r, at, whole, RULE_GO_PACKAGE_FILE);
}

static void go_miss(struct resolver *r, struct go_index *go, struct import_at at)
{
	const char *path = at.import->target;
	size_t n = strlen(path);

	for (;;) {
		uint32_t external = use_external(r, at.file, ECO_GO, path, n);

		if (external != RESOLVE_NONE) {
			unresolved(r, at, MISS_EXTERNAL, external);
			return;
		}
		if (strmap_get(&go->modules, path, n) != STRMAP_NONE) {
			unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
			return;
		}
		while (n > 0 && path[n - 1] != '/')
			n--;
		if (n == 0)
			break;
		n--;
	}
	n = strcspn(path, "/");
	unresolved(r, at, memchr(path, '.', n) == NULL ? MISS_STANDARD : MISS_EXTERNAL,
	           RESOLVE_NONE);
}

static void link_same_package(struct resolver *r, struct go_index *go, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;

	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		size_t len = strlen(name);
		uint32_t next;

		if (memchr(name, '.', len) != NULL)
			continue;
		len = def_key(go, r->file_dir[file], facts->package, name, len);
		next = len > 0 ? strmap_get(&go->defs, go->key, len) : STRMAP_NONE;
		for (uint32_t own = next; own != STRMAP_NONE; own = go->chain[own].next)
			if (go->chain[own].file == file)
				next = STRMAP_NONE; /* its own name, or a variant of it */
		for (; next != STRMAP_NONE; next = go->chain[next].next)
			if (is_test(r, file) || !is_test(r, go->chain[next].file))
				resolved_by_name(r, file, go->chain[next].file,
				                 RULE_GO_SAME_PACKAGE, true);
	}
}

void resolve_go(struct resolver *r)
{
	struct go_index go = { 0 };

	index_go(r, &go);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (facts->lang != LANG_GO)
			continue;
		for (size_t k = 0; k < facts->nimports; k++) {
			struct import_at at = { i, &facts->imports[k] };
			uint32_t dir;

			if (strcmp(at.import->target, "C") == 0)
				continue; /* cgo */
			dir = package_dir(r, &go, i, at.import->target);
			if (dir != RESOLVE_NONE && go.packages[dir] != NULL)
				link_import(r, &go, at, dir);
			else
				go_miss(r, &go, at);
		}
		link_same_package(r, &go, i);
	}
}
