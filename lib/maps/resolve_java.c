/*
 * Java and Kotlin: package and class name lead to a file; of several modules
 * the nearest wins.  Wildcards and classes of the same package are found by
 * the names that a file uses.
 *
 * What stands at the top of a Kotlin file is found like a class.  A function
 * may be overloaded over several files: an import of it leads to all of them
 * that share the nearest folder.  Java sees such a file as class "FileKt".
 */
#include "maps/resolve_java.h"

#include <string.h>

#define WILDCARDS_MAX 64 /* of one file; each looks at all names used */
#define OVERLOADS_MAX 64 /* files that one import of a function leads to */

static bool is_jvm(enum lang lang)
{
	return lang == LANG_JAVA || lang == LANG_KOTLIN;
}

/* @ret length of "package.name" in j->key; 0 when too long */
static size_t class_key(struct java_index *j, const char *package, const char *name)
{
	size_t n = strlen(package), m = strlen(name);

	if (n > FACTS_TARGET_MAX || m > FACTS_NAME_MAX)
		return 0;
	memcpy(j->key, package, n);
	if (n > 0)
		j->key[n++] = '.';
	memcpy(j->key + n, name, m);
	return n + m;
}

#define PAIRS ((size_t)1 << 20) /* bits, of which each class sets one */

/* Most names that a file uses are of no class in its package; nearly all of those are told by a bit. */
static uint64_t *pair(const struct java_index *j, uint32_t package, uint32_t simple, uint64_t *bit)
{
	size_t at = (size_t)(((uint64_t)package << 32 | simple) * 0x9E3779B97F4A7C15u >> 32) &
	            (PAIRS - 1);

	*bit = UINT64_C(1) << at % 64;
	return &j->pairs[at / 64];
}

static void note_simple(struct java_index *j, uint32_t package, const char *name)
{
	uint32_t simple = strmap_add(&j->simple, name, strlen(name), (uint32_t)j->simple.used);
	uint64_t bit, *word = pair(j, package, simple, &bit);

	*word |= bit;
}

static void add_class(struct resolver *r, struct java_index *j, uint32_t file, uint32_t package,
                      const char *name)
{
	size_t len = class_key(j, r->in->files[file].facts.package, name);
	uint32_t first = len > 0 ? strmap_get(&j->classes, j->key, len) : STRMAP_NONE;

	if (len == 0 || (first != STRMAP_NONE && j->chain[first].file == file))
		return;
	if (j->nchain == j->chain_cap) {
		size_t cap = j->chain_cap != 0 ? j->chain_cap * 2 : 1024;

		j->chain = arena_grow(j->arena, j->chain, j->chain_cap * sizeof(*j->chain),
		                      cap * sizeof(*j->chain));
		j->chain_cap = cap;
	}
	note_simple(j, package, name);
	j->chain[j->nchain] = (struct java_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(&j->classes, arena_memdup(j->arena, j->key, len), len,
		           (uint32_t)j->nchain++);
	else
		strmap_set(&j->classes, j->key, len, (uint32_t)j->nchain++);
}

/* Top-level functions of a/Text.kt are static members of class TextKt to Java. */
static void add_file_class(struct resolver *r, struct java_index *j, uint32_t file,
                           uint32_t package)
{
	struct span path = r->in->files[file].path;
	const char *slash = memrchr(path.data, '/', path.len);
	const char *base = slash != NULL ? slash + 1 : path.data;
	size_t len = (size_t)(path.data + path.len - base);

	if (len > 3 && len < FACTS_NAME_MAX && memcmp(base + len - 3, ".kt", 3) == 0)
		add_class(r, j, file, package,
		          arena_printf(j->arena, "%.*sKt", (int)(len - 3), base));
}

static void index_classes(struct resolver *r, struct java_index *j)
{
	j->classes = strmap_new(j->arena, 1024);
	j->packages = strmap_new(j->arena, 64);
	j->misses = strmap_new(j->arena, 1024);
	j->simple = strmap_new(j->arena, 1024);
	j->pairs = arena_array(j->arena, PAIRS / 64, sizeof(uint64_t));
	for (size_t i = r->in->nfiles; i-- > 0;) {
		const struct facts *facts = &r->in->files[i].facts;
		bool functions = false;
		uint32_t package;

		if (!is_jvm(facts->lang))
			continue;
		package = strmap_add(&j->packages, facts->package, strlen(facts->package),
		                     (uint32_t)j->packages.used);
		for (size_t d = 0; d < facts->ndefs; d++) {
			if (*facts->defs[d].parent != '\0')
				continue;
			add_class(r, j, (uint32_t)i, package, facts->defs[d].name);
			functions |= facts->defs[d].kind == DEF_FUNCTION ||
			             facts->defs[d].kind == DEF_METHOD ||
			             facts->defs[d].kind == DEF_VARIABLE;
		}
		if (functions)
			add_file_class(r, j, (uint32_t)i, package);
	}
	j->hidden = arena_array(j->arena, j->simple.used, sizeof(uint32_t));
	j->asked = arena_alloc(j->arena, sizeof(*j->asked));
	j->asked_simple = arena_alloc(j->arena, sizeof(*j->asked_simple));
	j->asked_misses = arena_alloc(j->arena, sizeof(*j->asked_misses));
}

/* What a folder of sources is for, in Kotlin's multiplatform projects. */
enum platform { PLATFORM_ANY = 0, PLATFORM_COMMON, PLATFORM_JVM, PLATFORM_NATIVE, PLATFORM_WEB };

static enum platform platform_named(struct span name)
{
	static const struct {
		const char *start;
		enum platform platform;
	} NAMES[] = {
		{ "common", PLATFORM_COMMON },  { "jvm", PLATFORM_JVM },
		{ "android", PLATFORM_JVM },    { "native", PLATFORM_NATIVE },
		{ "apple", PLATFORM_NATIVE },   { "darwin", PLATFORM_NATIVE },
		{ "ios", PLATFORM_NATIVE },     { "macos", PLATFORM_NATIVE },
		{ "linux", PLATFORM_NATIVE },   { "mingw", PLATFORM_NATIVE },
		{ "windows", PLATFORM_NATIVE }, { "unix", PLATFORM_NATIVE },
		{ "posix", PLATFORM_NATIVE },   { "nix", PLATFORM_NATIVE },
		{ "js", PLATFORM_WEB },         { "wasm", PLATFORM_WEB },
		{ "web", PLATFORM_WEB },        { "nonJvm", PLATFORM_NATIVE },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		size_t n = strlen(NAMES[i].start);

		if (name.len >= n && memcmp(name.data, NAMES[i].start, n) == 0)
			return NAMES[i].platform;
	}
	return PLATFORM_ANY;
}

/* The folder in front of one called so: "jvm" of "a/jvm/src/b" */
static struct span folder_before(struct span path, const char *name)
{
	const char *at = memmem(path.data, path.len, name, strlen(name)), *slash;

	if (at == NULL)
		return (struct span){ 0 };
	slash = memrchr(path.data, '/', (size_t)(at - path.data));
	slash = slash != NULL ? slash + 1 : path.data;
	return (struct span){ slash, (size_t)(at - slash) };
}

/* "src/jvmMain/…" as the plugin calls it, or "jvm/src/…", "jvm/test/…" as some projects do. */
static enum platform platform_of(struct span path)
{
	const char *end = path.data + path.len, *src = memmem(path.data, path.len, "src/", 4);
	const char *set = src != NULL ? src + 4 : path.data;
	const char *slash = memchr(set, '/', (size_t)(end - set));
	size_t n = slash != NULL ? (size_t)(slash - set) : 0;

	if (src != NULL && n >= 4 &&
	    (memcmp(slash - 4, "Main", 4) == 0 || memcmp(slash - 4, "Test", 4) == 0))
		return platform_named((struct span){ set, n });
	if (src != NULL && n == 4 && (memcmp(set, "main", 4) == 0 || memcmp(set, "test", 4) == 0))
		return PLATFORM_ANY;
	return platform_named(folder_before(path, src != NULL ? "/src/" : "/test/"));
}

/* Common code sees no platform's, and no platform another's. */
static bool visible(const struct resolver *r, uint32_t from, uint32_t to)
{
	enum platform a, b;

	if (r->in->files[from].facts.lang != LANG_KOTLIN)
		return true;
	a = platform_of(r->in->files[from].path);
	b = platform_of(r->in->files[to].path);
	if (a == b || a == PLATFORM_ANY)
		return true;
	return b == PLATFORM_ANY || b == PLATFORM_COMMON ||
	       (a == PLATFORM_WEB && memmem(r->in->files[to].path.data, r->in->files[to].path.len,
	                                    "src/nonJvm", 10) != NULL);
}

/*
 * Of two files that fit, the nearer; of Kotlin's source sets for several platforms, which declare
 * the same, the one that they have in common.
 */
static uint32_t nearer(const struct resolver *r, uint32_t from, uint32_t a, uint32_t b)
{
	struct span here = r->in->files[from].path;
	struct span x = r->in->files[a].path, y = r->in->files[b].path;
	bool common_a = platform_of(x) == PLATFORM_COMMON;
	bool common_b = platform_of(y) == PLATFORM_COMMON;

	if (common_a != common_b && common_dirs(here, x) == common_dirs(here, y))
		return common_a ? a : b;
	return nearer_file(r, from, a, b);
}

/* @ret of the files of a chain the nearest to `from` */
static uint32_t nearest_of(struct resolver *r, const struct java_index *j, uint32_t from,
                           uint32_t next)
{
	enum { CHAIN_MAX = 1000 };
	uint32_t best = RESOLVE_NONE;

	for (int i = 0; next != STRMAP_NONE && i < CHAIN_MAX; next = j->chain[next].next, i++) {
		if (!visible(r, from, j->chain[next].file))
			continue;
		best = best == RESOLVE_NONE ? j->chain[next].file
		                            : nearer(r, from, best, j->chain[next].file);
	}
	return best;
}

/* @ret the file that defines the class of that full name, nearest to `from` */
static uint32_t nearest_class(struct resolver *r, const struct java_index *j, uint32_t from,
                              const char *key, size_t len)
{
	return nearest_of(r, j, from, strmap_get(&j->classes, key, len));
}

/* A full name, or that of a class around it: "a.b.Outer.Inner" is in a/b/Outer.java. */
static uint32_t find_class(struct resolver *r, const struct java_index *j, uint32_t from,
                           const char *name)
{
	size_t len = strlen(name);

	while (len > 0) {
		uint32_t to = nearest_class(r, j, from, name, len);

		if (to != RESOLVE_NONE)
			return to;
		while (len > 0 && name[len - 1] != '.')
			len--;
		if (len > 0)
			len--;
	}
	return RESOLVE_NONE;
}

/* Whether a name used is that of a type; else it is a function's, with a '.' behind a receiver. */
static bool is_type(const char *name)
{
	return *name >= 'A' && *name <= 'Z';
}

static const char *simple_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/*
 * All files that declare a function of that name, beside the one that fits best; a type may have
 * functions of its name that make it.
 */
static void link_kotlin(struct resolver *r, const struct java_index *j, struct import_at at,
                        uint32_t best)
{
	const char *name = at.import->target;
	uint32_t next = strmap_get(&j->classes, name, strlen(name));
	bool type = next == STRMAP_NONE || is_type(simple_name(name)); /* or a member of a class */

	if (type)
		resolved(r, at, best, RULE_JAVA_CLASS);
	for (int i = 0; next != STRMAP_NONE && i < OVERLOADS_MAX; next = j->chain[next].next, i++) {
		uint32_t to = j->chain[next].file;

		if (r->file_dir[to] == r->file_dir[best] && visible(r, at.file, to) &&
		    !(type && to == best))
			resolved(r, at, to, RULE_KOTLIN_FUNCTION);
	}
}

/* A package that a file sees classes of without naming it. */
struct java_package {
	const char *name;
	uint32_t number;
};

static struct java_package package_of(const struct java_index *j, const char *name)
{
	return (struct java_package){ name, strmap_get(&j->packages, name, strlen(name)) };
}

/* @ret the file of the class that a name used in `from` means in a package, or RESOLVE_NONE */
static uint32_t find_used(struct resolver *r, struct java_index *j, uint32_t from,
                          const struct java_package *package, const char *name)
{
	uint32_t simple;
	uint64_t bit;
	size_t len;

	name += *name == '.';
	simple = strmap_get_seen(&j->simple, j->asked_simple, name);
	if (simple == STRMAP_NONE || j->hidden[simple] == from + 1 ||
	    !(*pair(j, package->number, simple, &bit) & bit))
		return RESOLVE_NONE;
	len = class_key(j, package->name, name);
	return len > 0 ? nearest_class(r, j, from, j->key, len) : RESOLVE_NONE;
}

/* Edges to the classes of a package whose names a file uses.  @ret whether the package is here */
static bool link_wildcard(struct resolver *r, struct java_index *j, struct import_at at)
{
	const struct facts *facts = &r->in->files[at.file].facts;
	const struct java_package own = package_of(j, facts->package);
	const struct java_package package = package_of(j, at.import->target);

	if (package.number == STRMAP_NONE)
		return false;
	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		uint32_t to = find_used(r, j, at.file, &package, name);

		/* A class of the file's own package comes before those of wildcards. */
		if (to != RESOLVE_NONE && is_type(name) &&
		    find_used(r, j, at.file, &own, name) != RESOLVE_NONE)
			continue;
		if (to != RESOLVE_NONE)
			resolved(r, at, to,
			         is_type(name) ? RULE_JAVA_WILDCARD : RULE_KOTLIN_FUNCTION);
	}
	return true;
}

static void link_same_package(struct resolver *r, struct java_index *j, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	const struct java_package own = package_of(j, facts->package);

	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		uint32_t to = find_used(r, j, file, &own, name);

		if (to != RESOLVE_NONE)
			resolved_by_name(r, file, to,
			                 is_type(name) ? RULE_JAVA_SAME_PACKAGE
			                               : RULE_KOTLIN_SAME_PACKAGE,
			                 false);
	}
}

static void hide(struct java_index *j, uint32_t file, const char *name)
{
	uint32_t simple = strmap_get_seen(&j->simple, j->asked_simple, name);

	if (simple != STRMAP_NONE)
		j->hidden[simple] = file + 1;
}

/* Names that mean what an import says, or, in Kotlin, what the file itself defines. */
static void hide_names(struct java_index *j, uint32_t file, const struct facts *facts)
{
	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		const char *name =
			*import->alias != '\0' ? import->alias : simple_name(import->target);

		if (import->kind == IMPORT_MODULE)
			hide(j, file, name);
	}
	for (size_t d = 0; facts->lang == LANG_KOTLIN && d < facts->ndefs; d++)
		hide(j, file, facts->defs[d].name);
}

/* What one Java file did not find, no other will; Kotlin's platforms differ. */
static uint32_t find_imported(struct resolver *r, struct java_index *j, uint32_t file,
                              const char *target)
{
	uint32_t first = strmap_get_seen(&j->classes, j->asked, target);
	uint32_t to = nearest_of(r, j, file, first);
	struct java_miss *miss;

	if (to != RESOLVE_NONE)
		return to;
	if (r->in->files[file].facts.lang != LANG_JAVA)
		return find_class(r, j, file, target);
	miss = java_miss_of(j, target);
	if (!miss->nowhere)
		to = find_class(r, j, file, target);
	miss->nowhere = to == RESOLVE_NONE;
	return to;
}

static void resolve_file(struct resolver *r, struct java_index *j, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	int wildcards = 0;

	hide_names(j, file, facts);
	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		struct import_at at = { file, import };
		uint32_t to;

		if (*import->target == '\0')
			continue;
		if (import->kind == IMPORT_WILDCARD && ++wildcards <= WILDCARDS_MAX &&
		    link_wildcard(r, j, at))
			continue;
		to = find_imported(r, j, file, import->target);
		if (to == RESOLVE_NONE && import->kind == IMPORT_NAME)
			continue; /* fields of fields look like a class with its package */
		if (to == RESOLVE_NONE)
			java_report_miss(r, j, at);
		else if (facts->lang == LANG_KOTLIN)
			link_kotlin(r, j, at, to);
		else
			resolved(r, at, to, RULE_JAVA_CLASS);
	}
	link_same_package(r, j, file);
}

void resolve_java(struct resolver *r)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SIZE_MAX / 2);
	struct java_index j = { .arena = own };

	index_classes(r, &j);
	java_index_artifacts(r, &j);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		if (is_jvm(r->in->files[i].facts.lang))
			resolve_file(r, &j, i);
	}
}
