/*
 * PHP: names come in full from the reader.  A class is where Composer would
 * load it from, else in the file that declares it; functions are found by
 * declaration, first in the namespace, then without one.
 */
#include "maps/resolve_php.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct php_def {
	uint32_t file, next;
};

struct php_index {
	/* In lower case, as PHP compares them: "a\b", "a\f()"; constants "a\X#" as written. */
	struct strmap names;
	struct strmap namespaces;
	struct php_def *chain;
	size_t nchain, chain_cap;
	struct php_load load;
	char key[2 * FACTS_TARGET_MAX + FACTS_NAME_MAX + 8];
};

/* @ret length of the key in x->key; 0 when too long */
static size_t make_key(struct php_index *x, const char *space, const char *name, const char *end)
{
	size_t n = strlen(space), m = strlen(name), e = strlen(end);

	if (n + m + e + 2 > sizeof(x->key))
		return 0;
	memcpy(x->key, space, n);
	if (n > 0)
		x->key[n++] = '\\';
	memcpy(x->key + n, name, m);
	memcpy(x->key + n + m, end, e);
	for (size_t i = 0; i < n + m && *end != '#'; i++)
		x->key[i] = (char)tolower((unsigned char)x->key[i]);
	return n + m + e;
}

static void add_def(struct resolver *r, struct php_index *x, uint32_t file, size_t len)
{
	uint32_t first = len > 0 ? strmap_get(&x->names, x->key, len) : STRMAP_NONE;

	if (len == 0 || (first != STRMAP_NONE && x->chain[first].file == file))
		return;
	if (x->nchain == x->chain_cap) {
		size_t cap = x->chain_cap != 0 ? x->chain_cap * 2 : 1024;

		x->chain = arena_grow(r->arena, x->chain, x->chain_cap * sizeof(*x->chain),
		                      cap * sizeof(*x->chain));
		x->chain_cap = cap;
	}
	x->chain[x->nchain] = (struct php_def){ file, first };
	if (first == STRMAP_NONE)
		strmap_add(&x->names, arena_memdup(r->arena, x->key, len), len,
		           (uint32_t)x->nchain++);
	else
		strmap_set(&x->names, x->key, len, (uint32_t)x->nchain++);
}

static void index_file(struct resolver *r, struct php_index *x, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;
	const struct fact_def *space = NULL;

	for (size_t d = 0; d < facts->ndefs; d++) {
		const struct fact_def *def = &facts->defs[d];
		const char *end = def->kind == DEF_FUNCTION ? "()" : "";

		if (def->kind == DEF_MODULE) {
			space = def;
			strmap_add(&x->namespaces, def->name, strlen(def->name), 1);
			continue;
		}
		if (space != NULL && def->line > space->end_line)
			space = NULL;
		if (def->kind == DEF_CONSTANT)
			end = "#";
		if (*def->parent == '\0')
			add_def(r, x, file,
			        make_key(x, space != NULL ? space->name : "", def->name, end));
	}
}

/* @ret the file nearest to `from` that declares what x->key names */
static uint32_t declared(struct resolver *r, const struct php_index *x, uint32_t from, size_t len)
{
	enum { CHAIN_MAX = 1000 };
	uint32_t next = len > 0 ? strmap_get(&x->names, x->key, len) : STRMAP_NONE;
	uint32_t best = RESOLVE_NONE;

	for (int i = 0; next != STRMAP_NONE && i < CHAIN_MAX; next = x->chain[next].next, i++) {
		if (x->chain[next].file == from)
			return from;
		best = best == RESOLVE_NONE ? x->chain[next].file
		                            : nearer_file(r, from, best, x->chain[next].file);
	}
	return best;
}

static uint32_t find_class(struct resolver *r, struct php_index *x, uint32_t from, const char *name,
                           enum resolve_rule *rule)
{
	uint32_t to = declared(r, x, from, make_key(x, "", name, ""));
	uint32_t loaded = to != from ? php_load_class(r, &x->load, from, name) : RESOLVE_NONE;

	*rule = RULE_PHP_PSR;
	if (loaded != RESOLVE_NONE)
		return loaded;
	*rule = to != RESOLVE_NONE && php_load_listed(r, &x->load, to) ? RULE_PHP_CLASSMAP
	                                                               : RULE_PHP_DECLARED;
	return to;
}

/*
 * "a\f()", or "f()" where the namespace has none.  Tests put functions into the namespaces of what
 * they test, which hide PHP's own: no code depends on those.
 */
static uint32_t find_function(struct resolver *r, struct php_index *x, uint32_t from,
                              const char *name)
{
	uint32_t to = declared(r, x, from, make_key(x, "", name, ""));
	const char *slash = strrchr(name, '\\');

	if (to == RESOLVE_NONE && slash != NULL)
		to = declared(r, x, from, make_key(x, "", slash + 1, ""));
	if (to != RESOLVE_NONE && r->in->files[to].role == FILE_TEST &&
	    r->in->files[from].role != FILE_TEST)
		return RESOLVE_NONE;
	return to;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool in_namespace(const char *name, const char *space)
{
	const char *slash = strrchr(name, '\\');
	size_t n = strlen(space);

	return slash != NULL && (size_t)(slash - name) == n && memcmp(name, space, n) == 0;
}

/* The names used that begin with a namespace that is imported.  @ret whether one led to a file */
static bool link_namespace(struct resolver *r, struct php_index *x, struct import_at at)
{
	const struct facts *facts = &r->in->files[at.file].facts;
	const char *start = arena_printf(r->arena, "%s\\", at.import->target);
	size_t n = strlen(start), low = 0, high = facts->nnames;
	bool found = false;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_name(&facts->names[middle], &start) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < facts->nnames && strncmp(facts->names[low], start, n) == 0; low++) {
		enum resolve_rule rule = RULE_PHP_DECLARED;

		if (in_namespace(facts->names[low], facts->package))
			continue; /* of the file's own, which may be below it: no line imports them */
		uint32_t to = strchr(facts->names[low], '(') != NULL
		                      ? find_function(r, x, at.file, facts->names[low])
		                      : find_class(r, x, at.file, facts->names[low], &rule);

		if (to != RESOLVE_NONE)
			resolved(r, at, to, rule);
		found |= to != RESOLVE_NONE;
	}
	return found;
}

/* A use, or a name written in full, that leads to no file. */
static void miss(struct resolver *r, const struct php_index *x, struct import_at at)
{
	const char *name = at.import->target;
	const char *slash = strrchr(name, '\\');
	uint32_t external;

	if (std_php_namespace(name) ||
	    (slash == NULL && (at.import->kind != IMPORT_USE || strchr(name, '_') == NULL))) {
		/* Without a namespace, and not of this repository: PHP's own. */
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		return;
	}
	external = slash != NULL ? php_external(r, &x->load, at.file, name) : RESOLVE_NONE;
	if (external == RESOLVE_NONE &&
	    (php_load_owns(&x->load, name) ||
	     (slash != NULL &&
	      strmap_get(&x->namespaces, name, (size_t)(slash - name)) != STRMAP_NONE)))
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
	else
		unresolved(r, at, MISS_EXTERNAL, external);
}

static void resolve_use(struct resolver *r, struct php_index *x, struct import_at at)
{
	const char *name = at.import->target;
	enum resolve_rule rule = RULE_PHP_FUNCTION;
	uint32_t to;

	if (at.import->kind == IMPORT_USE_FUNCTION)
		to = declared(r, x, at.file, make_key(x, "", name, "()"));
	else if (at.import->kind == IMPORT_USE_CONST)
		to = declared(r, x, at.file, make_key(x, "", name, "#"));
	else
		to = find_class(r, x, at.file, name, &rule);
	if (to != RESOLVE_NONE)
		resolved(r, at, to, rule);
	else if (!link_namespace(r, x, at))
		miss(r, x, at);
}

/* Names of the namespace and below it: no line imports them. */
static void link_names(struct resolver *r, struct php_index *x, uint32_t file)
{
	const struct facts *facts = &r->in->files[file].facts;

	for (size_t i = 0; i < facts->nnames; i++) {
		const char *name = facts->names[i];
		bool same = in_namespace(name, facts->package) ||
		            (*facts->package == '\0' && strchr(name, '\\') == NULL);
		enum resolve_rule rule;
		uint32_t to;

		if (strchr(name, '(') != NULL) {
			to = find_function(r, x, file, name);
			rule = RULE_PHP_FUNCTION;
		} else {
			to = find_class(r, x, file, name, &rule);
			rule = same ? RULE_PHP_SAME_NAMESPACE : RULE_PHP_QUALIFIED;
		}
		if (to != RESOLVE_NONE)
			resolved_by_name(r, file, to, rule, false);
	}
}

void resolve_php(struct resolver *r)
{
	struct php_index x = { .names = strmap_new(r->arena, 1024),
		               .namespaces = strmap_new(r->arena, 64) };

	for (uint32_t i = (uint32_t)r->in->nfiles; i-- > 0;)
		if (r->in->files[i].facts.lang == LANG_PHP)
			index_file(r, &x, i);
	php_load_index(r, &x.load);
	for (uint32_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (facts->lang != LANG_PHP)
			continue;
		for (size_t k = 0; k < facts->nimports; k++) {
			struct import_at at = { i, &facts->imports[k] };

			if (at.import->kind == IMPORT_REQUIRE || at.import->kind == IMPORT_DYNAMIC)
				php_require(r, at);
			else
				resolve_use(r, &x, at);
		}
		link_names(r, &x, i);
	}
}
