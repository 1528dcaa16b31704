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

/* What becomes of a name that no file has: the same wherever it is imported. */
enum java_fate { FATE_STANDARD, FATE_NOT_FOUND, FATE_GROUP, FATE_PART };

struct java_miss {
	enum java_fate fate;
	uint32_t first,
		n;    /* FATE_GROUP: dependencies that are called equally like it, in j->alike */
	bool nowhere; /* a Java file has not found it, to which every class is visible */
};

struct java_index {
	struct arena *arena;  /* of all this */
	struct strmap misses; /* name -> miss */
	struct java_miss *miss;
	uint32_t *alike;
	size_t nmiss, miss_cap, nalike, alike_cap;
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

		j->chain = arena_grow(j->arena, j->chain, j->chain_cap * sizeof(*j->chain),
		                      cap * sizeof(*j->chain));
		j->chain_cap = cap;
	}
	j->chain[j->nchain] = (struct java_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(&j->classes, arena_memdup(j->arena, j->key, len), len,
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
		add_class(r, j, file, arena_printf(j->arena, "%.*sKt", (int)(len - 3), base));
}

static void index_classes(struct resolver *r, struct java_index *j)
{
	j->classes = strmap_new(j->arena, 1024);
	j->packages = strmap_new(j->arena, 64);
	j->misses = strmap_new(j->arena, 1024);
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
	j->artifacts = strmap_new(j->arena, 64);
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

static void note_alike(struct java_index *j, uint32_t external)
{
	if (j->nalike == j->alike_cap) {
		size_t cap = j->alike_cap != 0 ? j->alike_cap * 2 : 256;

		j->alike = arena_grow(j->arena, j->alike, j->alike_cap * sizeof(*j->alike),
		                      cap * sizeof(*j->alike));
		j->alike_cap = cap;
	}
	j->alike[j->nalike++] = external;
}

/* Of a group's artifacts those that are called most like the package.  @ret whether there are any */
static bool alike_of_group(struct resolver *r, struct java_index *j, struct span group,
                           const char *package, struct java_miss *ret)
{
	enum { CHAIN_MAX = 200 };
	uint32_t at = first_external(r, ECO_MAVEN, group.data, group.len);
	int most = 0;

	ret->first = (uint32_t)j->nalike;
	for (int i = 0; at != RESOLVE_NONE && i < CHAIN_MAX; at = r->next_external[at], i++) {
		const char *colon = strchr(r->out->externals[at].name, ':');
		int found = colon != NULL ? likeness(colon + 1, package) : 0;

		if (i > 0 && found < most)
			continue;
		if (found > most)
			j->nalike = ret->first;
		most = i == 0 || found > most ? found : most;
		note_alike(j, at);
	}
	ret->n = (uint32_t)j->nalike - ret->first;
	return ret->n > 0;
}

/* The dependencies whose group is the longest beginning of a package. */
static enum java_fate fate_of(struct resolver *r, struct java_index *j, const char *name,
                              struct java_miss *ret)
{
	const struct span kotlinx = { KOTLINX, sizeof(KOTLINX) - 1 };
	size_t len = strlen(name);

	if (std_java_package(name))
		return FATE_STANDARD;
	if (strncmp(name, "kotlinx.", 8) == 0 && alike_of_group(r, j, kotlinx, name, ret))
		return FATE_GROUP;
	while (len > 0) {
		if (strmap_get(&j->packages, name, len) != STRMAP_NONE)
			return FATE_NOT_FOUND;
		if (alike_of_group(r, j, (struct span){ name, len }, name, ret))
			return FATE_GROUP;
		while (len > 0 && name[len - 1] != '.')
			len--;
		if (len > 0)
			len--;
	}
	return FATE_PART;
}

static struct java_miss *miss_of(struct resolver *r, struct java_index *j, const char *name)
{
	size_t len = strlen(name);
	uint32_t at = strmap_get(&j->misses, name, len);
	struct java_miss miss = { 0 };

	if (at != STRMAP_NONE)
		return &j->miss[at];
	if (j->nmiss == j->miss_cap) {
		size_t cap = j->miss_cap != 0 ? j->miss_cap * 2 : 256;

		j->miss = arena_grow(j->arena, j->miss, j->miss_cap * sizeof(*j->miss),
		                     cap * sizeof(*j->miss));
		j->miss_cap = cap;
	}
	miss.fate = fate_of(r, j, name, &miss);
	j->miss[j->nmiss] = miss;
	strmap_add(&j->misses, name, len, (uint32_t)j->nmiss);
	return &j->miss[j->nmiss++];
}

/* Of dependencies that fit equally the nearest, the first of those. */
static uint32_t nearest_alike(struct resolver *r, const struct java_index *j, uint32_t file,
                              const struct java_miss *miss)
{
	struct span path = r->in->files[file].path;
	uint32_t best = j->alike[miss->first];
	size_t most = 0;

	for (uint32_t i = 0; i < miss->n && miss->n > 1; i++) {
		uint32_t at = j->alike[miss->first + i];
		size_t shared =
			common_dirs(path, r->in->files[r->out->externals[at].manifest].path);

		if (i == 0 || shared > most) {
			best = at;
			most = shared;
		}
	}
	count_external(r, file, best);
	return best;
}

static void report_miss(struct resolver *r, struct java_index *j, struct import_at at)
{
	struct java_miss *miss = miss_of(r, j, at.import->target);

	miss->nowhere |= r->in->files[at.file].facts.lang == LANG_JAVA;
	switch (miss->fate) {
	case FATE_STANDARD:
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		break;
	case FATE_NOT_FOUND:
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
		break;
	case FATE_GROUP:
		unresolved(r, at, MISS_EXTERNAL, nearest_alike(r, j, at.file, miss));
		break;
	case FATE_PART:
		unresolved(r, at, MISS_EXTERNAL, external_by_part(r, j, at));
		break;
	}
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

/* What one Java file did not find, no other will; Kotlin's platforms differ. */
static bool missed(const struct java_index *j, enum lang lang, const char *name)
{
	uint32_t at = lang == LANG_JAVA ? strmap_get(&j->misses, name, strlen(name)) : STRMAP_NONE;

	return at != STRMAP_NONE && j->miss[at].nowhere;
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
		to = missed(j, facts->lang, import->target)
		             ? RESOLVE_NONE
		             : find_class(r, j, file, import->target);
		if (to == RESOLVE_NONE && import->kind == IMPORT_NAME)
			continue; /* fields of fields look like a class with its package */
		if (to == RESOLVE_NONE)
			report_miss(r, j, at);
		else if (facts->lang == LANG_KOTLIN)
			link_kotlin(r, j, at, to);
		else
			resolved(r, at, to, RULE_JAVA_CLASS);
	}
	link_same_package(r, j, file, &hidden);
}

void resolve_java(struct resolver *r)
{
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(SIZE_MAX / 2);
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new((size_t)16 << 20);
	struct java_index j = { .arena = own };

	index_classes(r, &j);
	index_artifacts(r, &j);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		if (!is_jvm(r->in->files[i].facts.lang))
			continue;
		arena_reset(scratch);
		resolve_file(r, &j, scratch, i);
	}
}
