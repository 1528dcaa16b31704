/*
 * JavaScript, TypeScript, Vue: relative paths, tsconfig paths, package.json
 * imports, the repository's own packages, then packages from outside.
 */
#include "maps/resolver.h"

#include <string.h>

#define EXTENDS_MAX 16

struct js_index {
	struct strmap packages; /* name -> manifest of a package in this repository */
};

static bool is_js(enum lang lang)
{
	return lang == LANG_JAVASCRIPT || lang == LANG_TYPESCRIPT || lang == LANG_TSX ||
	       lang == LANG_VUE || lang == LANG_SVELTE;
}

static bool ends_with(const struct resolver *r, const char *end)
{
	size_t n = strlen(end);

	return r->join_len > n && memcmp(r->join + r->join_len - n, end, n) == 0;
}

/* "./a.js" may be written for a.ts: the compiler keeps the name of its output. */
static uint32_t source_of_output(struct resolver *r)
{
	static const struct {
		const char *output, *sources[3];
	} SWAPS[] = {
		{ ".js", { ".ts", ".tsx", ".d.ts" } },
		{ ".jsx", { ".tsx", NULL, NULL } },
		{ ".mjs", { ".mts", ".d.mts", NULL } },
		{ ".cjs", { ".cts", ".d.cts", NULL } },
	};
	size_t len = r->join_len;

	for (size_t i = 0; i < COUNT(SWAPS); i++) {
		uint32_t to = RESOLVE_NONE;

		if (!ends_with(r, SWAPS[i].output))
			continue;
		r->join_len -= strlen(SWAPS[i].output);
		for (size_t k = 0; k < 3 && SWAPS[i].sources[k] != NULL && to == RESOLVE_NONE; k++)
			to = join_file(r, SWAPS[i].sources[k]);
		r->join_len = len;
		return to;
	}
	return RESOLVE_NONE;
}

static uint32_t probe_file(struct resolver *r)
{
	static const char *const ENDS[] = { "",        ".ts",    ".tsx",   ".js",  ".jsx", ".d.ts",
		                            ".mjs",    ".cjs",   ".mts",   ".cts", ".vue", ".json",
		                            ".svelte", ".d.mts", ".d.cts", ".node" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		uint32_t to = join_file(r, ENDS[i]);

		if (to != RESOLVE_NONE)
			return to;
		if (i == 0 && (to = source_of_output(r)) != RESOLVE_NONE)
			return to;
	}
	return RESOLVE_NONE;
}

static uint32_t probe_index(struct resolver *r)
{
	size_t len = r->join_len;
	uint32_t to = join_path(r, "index", 5) ? probe_file(r) : RESOLVE_NONE;

	r->join_len = len;
	return to;
}

/* @ret the file for a path below a package's folder, as it stands or as an index */
static uint32_t probe_below(struct resolver *r, struct span dir, const char *path, size_t len)
{
	uint32_t to;

	join_dir(r, dir);
	if (!join_path(r, path, len))
		return RESOLVE_NONE;
	to = r->join_len > 0 ? probe_file(r) : RESOLVE_NONE;
	return to != RESOLVE_NONE ? to : probe_index(r);
}

/* @ret the first file that the items of a kind and key lead to; key NULL: any */
static uint32_t item_file(struct resolver *r, const struct manifest *m, enum item_kind kind,
                          const char *key)
{
	uint32_t to = RESOLVE_NONE;

	for (size_t i = 0; i < m->nitems && to == RESOLVE_NONE; i++) {
		const struct manifest_item *item = &m->items[i];

		if (item->kind == kind && (key == NULL || strcmp(item->key, key) == 0))
			to = probe_below(r, dir_of(r, m->file), item->value, strlen(item->value));
	}
	return to;
}

/* Where the sources of a package usually begin. */
static uint32_t usual_main(struct resolver *r, const struct manifest *m)
{
	static const char *const USUAL[] = { "src/index", "index", "lib/index", "src/main" };
	uint32_t to = RESOLVE_NONE;

	for (size_t i = 0; i < COUNT(USUAL) && to == RESOLVE_NONE; i++)
		to = probe_below(r, dir_of(r, m->file), USUAL[i], strlen(USUAL[i]));
	return to;
}

/* What a package's folder means: its main file.  Exports are for those who use its name. */
static uint32_t folder_main(struct resolver *r, const struct manifest *m)
{
	uint32_t to = item_file(r, m, ITEM_MAIN, NULL);

	if (to == RESOLVE_NONE)
		to = item_file(r, m, ITEM_EXPORT, ".");
	return to != RESOLVE_NONE ? to : usual_main(r, m);
}

/* What the bare name of a package means: exports come before a main file. */
static uint32_t package_main(struct resolver *r, const struct manifest *m, bool require)
{
	uint32_t to = item_file(r, m, ITEM_MAIN, "source");

	if (to == RESOLVE_NONE && require)
		to = item_file(r, m, ITEM_REQUIRE, ".");
	if (to == RESOLVE_NONE)
		to = item_file(r, m, ITEM_EXPORT, ".");
	return to != RESOLVE_NONE ? to : folder_main(r, m);
}

/* @ret the file, the index or the package that r->join names */
static uint32_t probe(struct resolver *r)
{
	uint32_t to = r->join_len > 0 ? probe_file(r) : RESOLVE_NONE, dir;
	const struct manifest *m;

	if (to != RESOLVE_NONE)
		return to;
	dir = join_dir_id(r);
	if (dir == RESOLVE_NONE)
		return RESOLVE_NONE;
	m = nearest_manifest(r, dir, MANIFEST_PACKAGE_JSON);
	if (m != NULL && r->file_dir[m->file] == dir) {
		to = folder_main(r, m);
		if (to != RESOLVE_NONE)
			return to;
		join_dir(r, r->dirs[dir].path);
	}
	return probe_index(r);
}

/*
 * Match a pattern with at most one "*".
 *
 * @star  set to what the "*" stands for
 * @ret   length of what stands before the "*" plus 1, or all plus 2 without one; 0: no match
 */
static size_t match(const char *pattern, struct span name, struct span *star)
{
	const char *at = strchr(pattern, '*');
	size_t before, after;

	*star = (struct span){ "", 0 };
	if (at == NULL)
		return strlen(pattern) == name.len && memcmp(pattern, name.data, name.len) == 0
		               ? name.len + 2
		               : 0;
	before = (size_t)(at - pattern);
	after = strlen(at + 1);
	if (name.len < before + after || memcmp(pattern, name.data, before) != 0 ||
	    memcmp(at + 1, name.data + name.len - after, after) != 0)
		return 0;
	*star = (struct span){ name.data + before, name.len - before - after };
	return before + 1;
}

/* Join a target below a folder, its "*" replaced. */
static bool join_target(struct resolver *r, struct span dir, const char *target, struct span star)
{
	const char *at = strchr(target, '*');
	char path[JOIN_MAX];
	size_t len = strlen(target), before = at != NULL ? (size_t)(at - target) : len;

	if (len + star.len >= sizeof(path))
		return false;
	memcpy(path, target, before);
	if (at != NULL) {
		memcpy(path + before, star.data, star.len);
		memcpy(path + before + star.len, at + 1, len - before - 1);
		len = len - 1 + star.len;
	}
	join_dir(r, dir);
	return join_path(r, path, len);
}

/* The items of one kind whose key matches best: their targets in order, the first that exists. */
static uint32_t match_items(struct resolver *r, const struct manifest *m, enum item_kind kind,
                            struct span dir, struct span name)
{
	const char *best_key = NULL;
	size_t best = 0;
	struct span star, best_star = { "", 0 };

	for (size_t i = 0; i < m->nitems; i++) {
		size_t fit = m->items[i].kind == kind ? match(m->items[i].key, name, &star) : 0;

		if (fit > best) {
			best = fit;
			best_key = m->items[i].key;
			best_star = star;
		}
	}
	for (size_t i = 0; i < m->nitems && best_key != NULL; i++) {
		uint32_t to;

		if (m->items[i].kind != kind || strcmp(m->items[i].key, best_key) != 0 ||
		    !join_target(r, dir, m->items[i].value, best_star))
			continue;
		to = probe(r);
		if (to != RESOLVE_NONE)
			return to;
	}
	return RESOLVE_NONE;
}

static const char *item_value(const struct manifest *m, enum item_kind kind)
{
	for (size_t i = 0; i < m->nitems; i++)
		if (m->items[i].kind == kind)
			return m->items[i].value;
	return NULL;
}

/* @ret the manifest that a file is, or NULL */
static const struct manifest *manifest_of(struct resolver *r, uint32_t file)
{
	size_t low = 0, high = r->in->nmanifests;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->in->manifests[middle].file < file)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->in->nmanifests && r->in->manifests[low].file == file
	               ? &r->in->manifests[low]
	               : NULL;
}

/* @ret the tsconfig that another one extends, where it is a file of this repository */
static const struct manifest *parent_config(struct resolver *r, const struct manifest *m)
{
	const char *extends = item_value(m, ITEM_EXTENDS);
	uint32_t file;

	if (extends == NULL || extends[0] != '.')
		return NULL;
	join_dir(r, dir_of(r, m->file));
	if (!join_path(r, extends, strlen(extends)))
		return NULL;
	file = join_file(r, "");
	if (file == RESOLVE_NONE)
		file = join_file(r, ".json");
	if (file == RESOLVE_NONE)
		file = join_file(r, "/tsconfig.json");
	return file != RESOLVE_NONE ? manifest_of(r, file) : NULL;
}

static struct span base_url(struct resolver *r, const struct manifest *m)
{
	const char *base = item_value(m, ITEM_BASE_URL);
	uint32_t dir;

	join_dir(r, dir_of(r, m->file));
	if (base == NULL || !join_path(r, base, strlen(base)))
		return dir_of(r, m->file);
	dir = join_dir_id(r);
	return dir != RESOLVE_NONE ? r->dirs[dir].path : dir_of(r, m->file);
}

/* A tsconfig, then what it extends; the first that has paths decides on paths. */
static uint32_t by_config(struct resolver *r, const struct manifest *m, struct span name,
                          enum resolve_rule *rule)
{
	bool paths_done = false, base_done = false;
	uint32_t to;

	for (int i = 0; m != NULL && i < EXTENDS_MAX; m = parent_config(r, m), i++) {
		if (!paths_done && item_value(m, ITEM_PATH) != NULL) {
			paths_done = true;
			*rule = RULE_JS_PATHS;
			to = match_items(r, m, ITEM_PATH, base_url(r, m), name);
			if (to != RESOLVE_NONE)
				return to;
		}
		if (!base_done && item_value(m, ITEM_BASE_URL) != NULL) {
			base_done = true;
			*rule = RULE_JS_BASE_URL;
			join_dir(r, base_url(r, m));
			if (join_path(r, name.data, name.len) && (to = probe(r)) != RESOLVE_NONE)
				return to;
		}
	}
	return RESOLVE_NONE;
}

/* Whether the compiler finds a configuration by itself: tsconfig.test.json must be named to it. */
static bool is_found(const struct resolver *r, const struct manifest *m)
{
	struct span path = r->in->files[m->file].path;
	size_t dir = dir_of(r, m->file).len, skip = dir > 0 ? dir + 1 : 0;

	return path.len - skip == strlen("tsconfig.json");
}

/* The nearest configuration; one that must be named says nothing against those above it. */
static uint32_t by_tsconfig(struct resolver *r, struct import_at at, struct span name,
                            enum resolve_rule *rule)
{
	uint32_t dir = r->file_dir[at.file], to;

	for (int i = 0; dir != RESOLVE_NONE && i < EXTENDS_MAX; i++) {
		const struct manifest *m = nearest_manifest(r, dir, MANIFEST_TSCONFIG);

		if (m == NULL)
			break;
		to = by_config(r, m, name, rule);
		if (to != RESOLVE_NONE)
			return to;
		if (is_found(r, m))
			break;
		dir = r->dirs[r->file_dir[m->file]].parent;
	}
	return RESOLVE_NONE;
}

/* @ret how much of an import's name is the package: "@scope/name" or "name" */
static size_t package_len(struct span name)
{
	const char *end = name.data + name.len;
	const char *slash = memchr(name.data, '/', name.len);

	if (name.len > 0 && name.data[0] == '@' && slash != NULL)
		slash = memchr(slash + 1, '/', (size_t)(end - slash - 1));
	return slash != NULL ? (size_t)(slash - name.data) : name.len;
}

/* A package of this repository: its exports, else its main file or the path below it. */
static uint32_t by_workspace(struct resolver *r, const struct js_index *js, struct span name,
                             bool require)
{
	size_t len = package_len(name);
	uint32_t found = strmap_get(&js->packages, name.data, len), to;
	const struct manifest *m;
	char key[FACTS_TARGET_MAX + 2] = ".";
	struct span dir, below = { name.data + len, name.len - len };

	if (found == STRMAP_NONE)
		return RESOLVE_NONE;
	m = &r->in->manifests[found];
	if (below.len == 0)
		return package_main(r, m, require);
	if (below.len >= sizeof(key) - 1)
		return RESOLVE_NONE;
	dir = dir_of(r, m->file);
	memcpy(key + 1, below.data, below.len);
	to = require ? match_items(r, m, ITEM_REQUIRE, dir, (struct span){ key, below.len + 1 })
	             : RESOLVE_NONE;
	if (to == RESOLVE_NONE)
		to = match_items(r, m, ITEM_EXPORT, dir, (struct span){ key, below.len + 1 });
	if (to == RESOLVE_NONE)
		to = probe_below(r, dir, below.data, below.len);
	if (to == RESOLVE_NONE) {
		join_dir(r, dir);
		if (join_path(r, "src", 3) && join_path(r, below.data, below.len))
			to = probe(r);
	}
	return to;
}

/* "@/x" and "~/x" without a tsconfig: by custom the src folder of the package. */
static uint32_t by_custom(struct resolver *r, struct import_at at, struct span name)
{
	const struct manifest *m = nearest_manifest(r, r->file_dir[at.file], MANIFEST_PACKAGE_JSON);

	if (m == NULL || name.len < 3 || (name.data[0] != '@' && name.data[0] != '~') ||
	    name.data[1] != '/')
		return RESOLVE_NONE;
	join_dir(r, dir_of(r, m->file));
	if (!join_path(r, "src", 3) || !join_path(r, name.data + 2, name.len - 2))
		return RESOLVE_NONE;
	return probe(r);
}

static void resolve_bare(struct resolver *r, const struct js_index *js, struct import_at at,
                         struct span name)
{
	enum resolve_rule rule = RULE_NONE;
	const struct manifest *m = nearest_manifest(r, r->file_dir[at.file], MANIFEST_PACKAGE_JSON);
	uint32_t to = RESOLVE_NONE;

	if (name.data[0] == '#' && m != NULL) {
		rule = RULE_JS_IMPORTS;
		to = match_items(r, m, ITEM_IMPORT, dir_of(r, m->file), name);
	}
	if (to == RESOLVE_NONE)
		to = by_tsconfig(r, at, name, &rule);
	if (to == RESOLVE_NONE) {
		rule = RULE_JS_WORKSPACE;
		to = by_workspace(r, js, name, at.import->kind == IMPORT_REQUIRE);
	}
	if (to == RESOLVE_NONE) {
		rule = RULE_JS_ALIAS;
		to = by_custom(r, at, name);
	}
	if (to != RESOLVE_NONE) {
		resolved(r, at, to, rule);
	} else if (std_node_module(name.data, name.len)) {
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
	} else {
		uint32_t external = use_external(r, at.file, ECO_NPM, name.data, package_len(name));
		bool local =
			external == RESOLVE_NONE &&
			(name.data[0] == '#' || name.data[0] == '~' || name.data[0] == '/' ||
		         (name.len > 1 && name.data[0] == '@' && name.data[1] == '/') ||
		         strmap_get(&js->packages, name.data, package_len(name)) != STRMAP_NONE);

		unresolved(r, at, local ? MISS_NOT_FOUND : MISS_EXTERNAL, external);
	}
}

static void resolve_one(struct resolver *r, const struct js_index *js, struct import_at at)
{
	struct span name = { at.import->target, strcspn(at.import->target, "?") };
	const char *loader = memrchr(name.data, '!', name.len);
	bool relative;
	uint32_t to;

	if (loader != NULL) { /* webpack: "style-loader!./a.css" */
		name.len -= (size_t)(loader + 1 - name.data);
		name.data = loader + 1;
	}
	if (name.len == 0)
		return;
	relative = name.data[0] == '.' &&
	           (name.len == 1 || name.data[1] == '/' ||
	            (name.data[1] == '.' && (name.len == 2 || name.data[2] == '/')));
	if (!relative) {
		resolve_bare(r, js, at, name);
		return;
	}
	join_dir(r, dir_of(r, at.file));
	to = join_path(r, name.data, name.len) ? probe(r) : RESOLVE_NONE;
	if (to != RESOLVE_NONE)
		resolved(r, at, to, RULE_JS_RELATIVE);
	else
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

void resolve_js(struct resolver *r)
{
	struct js_index js = { .packages = strmap_new(r->arena, 64) };

	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		if (m->type == MANIFEST_PACKAGE_JSON && *m->name != '\0')
			strmap_add(&js.packages, m->name, strlen(m->name), (uint32_t)i);
	}
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (!is_js(facts->lang))
			continue;
		for (size_t k = 0; k < facts->nimports; k++)
			resolve_one(r, &js, (struct import_at){ (uint32_t)i, &facts->imports[k] });
	}
}
