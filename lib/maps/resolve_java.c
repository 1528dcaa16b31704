/*
 * Java and Kotlin: package and class name lead to a file; of several modules
 * the nearest wins.  Wildcards and classes of the same package are found by
 * the names that a file uses.
 *
 * What stands at the top of a Kotlin file is found like a class.  A function
 * may be overloaded over several files: an import of it leads to all of them
 * that share the nearest folder.  Java sees such a file as class "FileKt".
 */
#include "maps/resolver.h"

#include <string.h>

#define WILDCARDS_MAX 64 /* of one file; each looks at all names used */
#define OVERLOADS_MAX 64 /* files that one import of a function leads to */
#define KOTLINX       "org.jetbrains.kotlinx"

struct java_def {
	uint32_t file, next;
};

struct java_index {
	struct strmap classes;   /* "package.Class" -> first of chain */
	struct strmap packages;  /* package -> 1 */
	struct strmap artifacts; /* artifact without its group -> external */
	struct java_def *chain;
	size_t nchain, chain_cap;
	char key[FACTS_TARGET_MAX + FACTS_NAME_MAX + 2];
};

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

static void add_class(struct resolver *r, struct java_index *j, uint32_t file, const char *name)
{
	size_t len = class_key(j, r->in->files[file].facts.package, name);
	uint32_t first = len > 0 ? strmap_get(&j->classes, j->key, len) : STRMAP_NONE;

	if (len == 0 || (first != STRMAP_NONE && j->chain[first].file == file))
		return;
	if (j->nchain == j->chain_cap) {
		size_t cap = j->chain_cap != 0 ? j->chain_cap * 2 : 1024;

		j->chain = arena_grow(r->arena, j->chain, j->chain_cap * sizeof(*j->chain),
		                      cap * sizeof(*j->chain));
		j->chain_cap = cap;
	}
	j->chain[j->nchain] = (struct java_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(&j->classes, arena_memdup(r->arena, j->key, len), len,
		           (uint32_t)j->nchain++);
	else
		strmap_set(&j->classes, j->key, len, (uint32_t)j->nchain++);
}

/* Top-level functions of a/Text.kt are static members of class TextKt to Java. */
static void add_file_class(struct resolver *r, struct java_index *j, uint32_t file)
{
	struct span path = r->in->files[file].path;
	const char *slash = memrchr(path.data, '/', path.len);
	const char *base = slash != NULL ? slash + 1 : path.data;
	size_t len = (size_t)(path.data + path.len - base);

	if (len > 3 && len < FACTS_NAME_MAX && memcmp(base + len - 3, ".kt", 3) == 0)
		add_class(r, j, file, arena_printf(r->arena, "%.*sKt", (int)(len - 3), base));
}

static void index_classes(struct resolver *r, struct java_index *j)
{
	j->classes = strmap_new(r->arena, 1024);
	j->packages = strmap_new(r->arena, 64);
	for (size_t i = r->in->nfiles; i-- > 0;) {
		const struct facts *facts = &r->in->files[i].facts;
		bool functions = false;

		if (!is_jvm(facts->lang))
			continue;
		strmap_add(&j->packages, facts->package, strlen(facts->package), 1);
		for (size_t d = 0; d < facts->ndefs; d++) {
			if (*facts->defs[d].parent != '\0')
				continue;
			add_class(r, j, (uint32_t)i, facts->defs[d].name);
			functions |= facts->defs[d].kind == DEF_FUNCTION ||
			             facts->defs[d].kind == DEF_METHOD ||
			             facts->defs[d].kind == DEF_VARIABLE;
		}
		if (functions)
			add_file_class(r, j, (uint32_t)i);
	}
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
	enum platform a = platform_of(r->in->files[from].path);
	enum platform b = platform_of(r->in->files[to].path);

	if (r->in->files[from].facts.lang != LANG_KOTLIN || a == b || a == PLATFORM_ANY)
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

/* @ret the file that defines the class whose full name is in j->key, nearest to `from` */
static uint32_t nearest_class(struct resolver *r, const struct java_index *j, uint32_t from,
                              const char *key, size_t len)
{
	enum { CHAIN_MAX = 1000 };
	uint32_t next = strmap_get(&j->classes, key, len), best = RESOLVE_NONE;

	for (int i = 0; next != STRMAP_NONE && i < CHAIN_MAX; next = j->chain[next].next, i++) {
		if (!visible(r, from, j->chain[next].file))
			continue;
		best = best == RESOLVE_NONE ? j->chain[next].file
		                            : nearer(r, from, best, j->chain[next].file);
	}
	return best;
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

/* Dependencies whose group is no beginning of their packages: junit:junit has org.junit. */
static void index_artifacts(struct resolver *r, struct java_index *j)
{
	j->artifacts = strmap_new(r->arena, 64);
	for (size_t i = 0; i < r->out->nexternals; i++) {
		const char *name = r->out->externals[i].name;
		const char *colon = strchr(name, ':');
		size_t len = colon != NULL ? strlen(colon + 1) : 0;

		if (r->out->externals[i].eco != ECO_MAVEN || len == 0)
			continue;
		if (len == (size_t)(colon - name) && memcmp(name, colon + 1, len) == 0)
			strmap_set(&j->artifacts, colon + 1, len, (uint32_t)i);
		else
			strmap_add(&j->artifacts, colon + 1, len, (uint32_t)i);
	}
}

/* The dependency whose artifact is called like a part of the package, the first that is. */
static uint32_t external_by_part(struct resolver *r, const struct java_index *j,
                                 struct import_at at)
{
	const char *p = at.import->target;

	while (*p != '\0') {
		size_t n = strcspn(p, ".");
		uint32_t found = strmap_get(&j->artifacts, p, n);

		if (found != STRMAP_NONE) {
			const char *name = r->out->externals[found].name;

			return use_external(r, at.file, ECO_MAVEN, name, strlen(name));
		}
		p += n + (p[n] == '.');
	}
	return RESOLVE_NONE;
}

/* How many words of an artifact's name are parts of the package, those that are not taken off. */
static int likeness(const char *artifact, const char *package)
{
	int found = 0;

	while (*artifact != '\0') {
		size_t word = strcspn(artifact, "-."), n;
		bool part = false;

		for (const char *p = package; *p != '\0' && !part; p += n + (p[n] == '.')) {
			n = strcspn(p, ".");
			part = n == word && memcmp(p, artifact, n) == 0;
		}
		found += part ? 2 : -1;
		artifact += word + (artifact[word] != '\0');
	}
	return found;
}

/* Of a group's artifacts the one that is called most like the package, then the nearest. */
static uint32_t external_of_group(struct resolver *r, uint32_t file, const char *group, size_t len,
                                  const char *package)
{
	enum { CHAIN_MAX = 200 };
	uint32_t at = first_external(r, ECO_MAVEN, group, len), best = RESOLVE_NONE;
	struct span path = r->in->files[file].path;
	int most = 0;

	for (int i = 0; at != RESOLVE_NONE && i < CHAIN_MAX; at = r->next_external[at], i++) {
		const struct resolve_external *e = &r->out->externals[at];
		const char *colon = strchr(e->name, ':');
		int found = colon != NULL ? likeness(colon + 1, package) : 0;

		if (best == RESOLVE_NONE || found > most ||
		    (found == most &&
		     common_dirs(path, r->in->files[e->manifest].path) >
		             common_dirs(path,
		                         r->in->files[r->out->externals[best].manifest].path))) {
			best = at;
			most = found;
		}
	}
	if (best != RESOLVE_NONE)
		count_external(r, file, best);
	return best;
}

/* The dependency whose group is the longest beginning of a package. */
static void java_miss(struct resolver *r, const struct java_index *j, struct import_at at)
{
	const char *name = at.import->target;
	size_t len = strlen(name);
	uint32_t external = RESOLVE_NONE;

	if (std_java_package(name)) {
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		return;
	}
	if (strncmp(name, "kotlinx.", 8) == 0)
		external = external_of_group(r, at.file, KOTLINX, strlen(KOTLINX), name);
	while (len > 0 && external == RESOLVE_NONE) {
		if (strmap_get(&j->packages, name, len) != STRMAP_NONE) {
			unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
			return;
		}
		external = external_of_group(r, at.file, name, len, name);
		while (len > 0 && name[len - 1] != '.')
			len--;
		if (len > 0)
			len--;
	}
	if (external == RESOLVE_NONE)
		external = external_by_part(r, j, at);
	unresolved(r, at, MISS_EXTERNAL, external);
}

/* Whether a name used is that of a type; else it is a function's, with a '.' behind a receiver. */
static bool is_type(const char *name)
{
	return *name >= 'A' && *name <= 'Z';
}

static bool strmap_has(const struct strmap *map, const char *name)
{
	name += *name == '.';
	return strmap_get(map, name, strlen(name)) != STRMAP_NONE;
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

/* Edges to the classes of a package whose names a file uses.  @ret whether the package is here */
static bool link_wildcard(struct resolver *r, struct java_index *j, struct import_at at,
                          const struct strmap *hidden)
{
	const struct facts *facts = &r->in->files[at.file].facts;
	const char *package = at.import->target;

	if (strmap_get(&j->packages, package, strlen(package)) == STRMAP_NONE)
		return false;
	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		size_t len;
		uint32_t to;

		if (strmap_has(hidden, name))
			continue;
		/* A class of the file's own package comes before those of wildcards. */
		len = is_type(name) ? class_key(j, facts->package, name) : 0;
		if (len > 0 && nearest_class(r, j, at.file, j->key, len) != RESOLVE_NONE)
			continue;
		len = class_key(j, package, name + (*name == '.'));
		to = len > 0 ? nearest_class(r, j, at.file, j->key, len) : RESOLVE_NONE;
		if (to != RESOLVE_NONE)
			resolved(r, at, to,
			         is_type(name) ? RULE_JAVA_WILDCARD : RULE_KOTLIN_FUNCTION);
	}
	return true;
}

static void link_same_package(struct resolver *r, struct java_index *j, uint32_t file,
                              const struct strmap *hidden)
{
	const struct facts *facts = &r->in->files[file].facts;

	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		size_t len;
		uint32_t to;

		if (strmap_has(hidden, name))
			continue;
		len = class_key(j, facts->package, name + (*name == '.'));
		to = len > 0 ? nearest_class(r, j, file, j->key, len) : RESOLVE_NONE;
		if (to != RESOLVE_NONE)
			resolved_by_name(r, file, to,
			                 is_type(name) ? RULE_JAVA_SAME_PACKAGE
			                               : RULE_KOTLIN_SAME_PACKAGE,
			                 false);
	}
}

/* Names that mean what an import says, or, in Kotlin, what the file itself defines. */
static void hide_names(const struct facts *facts, struct strmap *hidden)
{
	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		const char *name =
			*import->alias != '\0' ? import->alias : simple_name(import->target);

		if (import->kind == IMPORT_MODULE)
			strmap_add(hidden, name, strlen(name), 1);
	}
	for (size_t d = 0; facts->lang == LANG_KOTLIN && d < facts->ndefs; d++)
		strmap_add(hidden, facts->defs[d].name, strlen(facts->defs[d].name), 1);
}

static void resolve_file(struct resolver *r, struct java_index *j, struct arena *scratch,
                         uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	struct strmap hidden = strmap_new(scratch, facts->nimports + 1);
	int wildcards = 0;

	hide_names(facts, &hidden);
	for (size_t k = 0; k < facts->nimports; k++) {
		const struct fact_import *import = &facts->imports[k];
		struct import_at at = { file, import };
		uint32_t to;

		if (*import->target == '\0')
			continue;
		if (import->kind == IMPORT_WILDCARD && ++wildcards <= WILDCARDS_MAX &&
		    link_wildcard(r, j, at, &hidden))
			continue;
		to = find_class(r, j, file, import->target);
		if (to == RESOLVE_NONE)
			java_miss(r, j, at);
		else if (facts->lang == LANG_KOTLIN)
			link_kotlin(r, j, at, to);
		else
			resolved(r, at, to, RULE_JAVA_CLASS);
	}
	link_same_package(r, j, file, &hidden);
}

void resolve_java(struct resolver *r)
{
	struct java_index j = { 0 };
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new((size_t)16 << 20);

	index_classes(r, &j);
	index_artifacts(r, &j);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		if (!is_jvm(r->in->files[i].facts.lang))
			continue;
		arena_reset(scratch);
		resolve_file(r, &j, scratch, i);
	}
}
