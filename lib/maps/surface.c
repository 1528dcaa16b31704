/* Surface: the facts of all files, and what only the repository can tell. */
#include "maps/surface_mounts.h"

#include "maps/licence.h"
#include "maps/strmap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PARENTS_MAX 64 /* folders above a file that are asked for their manifest */

struct finding {
	struct arena *arena;
	const struct resolve_in *in;
	struct surface *out;
	struct surface_mounts mounts;
	struct strmap packages; /* names of all dependencies */
	struct strmap runners;  /* folder of a package.json -> enum test_framework */
	size_t routes_cap, env_cap, tests_cap, licences_cap;
};

static void *room(struct finding *fd, void *items, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;

	if (n < *cap)
		return items;
	items = arena_grow(fd->arena, items, *cap * size, more * size);
	*cap = more;
	return items;
}

/* ---- manifests ---- */

static void note_runner(struct finding *fd, const struct manifest *m, const char *package)
{
	static const struct {
		const char *package;
		enum test_framework framework;
	} ROWS[] = {
		{ "vitest", TEST_VITEST },
		{ "jest", TEST_JEST },
		{ "mocha", TEST_MOCHA },
	};
	struct span path = fd->in->files[m->file].path;
	const char *slash = memrchr(path.data, '/', path.len);
	size_t dir = slash ? (size_t)(slash - path.data) : 0;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (strcmp(package, ROWS[i].package) == 0)
			strmap_add(&fd->runners, path.data, dir, ROWS[i].framework);
	}
}

static void note_packages(struct finding *fd)
{
	for (size_t i = 0; i < fd->in->nmanifests; i++) {
		const struct manifest *m = &fd->in->manifests[i];

		/* A framework's own repository uses it as well. */
		strmap_add(&fd->packages, m->name, strlen(m->name), 1);
		for (size_t k = 0; k < m->ndeps; k++) {
			strmap_add(&fd->packages, m->deps[k].name, strlen(m->deps[k].name), 1);
			if (manifest_ecosystem(m->type) == ECO_NPM)
				note_runner(fd, m, m->deps[k].name);
		}
	}
}

static bool has_package(struct finding *fd, enum web_framework framework)
{
	const char *package = web_framework_package(framework);

	return *package && strmap_get(&fd->packages, package, strlen(package)) != STRMAP_NONE;
}

/* The runner of the nearest package.json at or above a file's folder. */
static enum test_framework runner_of(struct finding *fd, struct span path)
{
	size_t len = path.len;

	for (int n = 0; n < PARENTS_MAX && len > 0; n++) {
		const char *slash = memrchr(path.data, '/', len);
		uint32_t found;

		len = slash ? (size_t)(slash - path.data) : 0;
		found = strmap_get(&fd->runners, path.data, len);
		if (found != STRMAP_NONE)
			return (enum test_framework)found;
	}
	return TEST_OTHER;
}

/* ---- routes ---- */

/* What an unsure route may be of, by what it was taken for; the first that a manifest names. */
static enum web_framework settle(struct finding *fd, enum web_framework guess)
{
	static const enum web_framework JS[] = { WEB_EXPRESS, WEB_FASTIFY, WEB_KOA, WEB_HONO };
	static const enum web_framework PYTHON[] = { WEB_FASTAPI, WEB_FLASK, WEB_AIOHTTP,
		                                     WEB_STARLETTE };
	static const enum web_framework RUST[] = { WEB_ROCKET, WEB_ACTIX };
	const enum web_framework *all = NULL;
	size_t n = 0;

	if (has_package(fd, guess))
		return guess;
	if (guess == WEB_EXPRESS || guess == WEB_FASTIFY) {
		all = JS;
		n = COUNT(JS);
	} else if (guess == WEB_FLASK) {
		all = PYTHON;
		n = COUNT(PYTHON);
	} else if (guess == WEB_ROCKET) {
		all = RUST;
		n = COUNT(RUST);
	}
	for (size_t i = 0; i < n; i++) {
		if (has_package(fd, all[i]))
			return all[i];
	}
	return WEB_NONE;
}

static void add_route(struct finding *fd, struct surface_route route)
{
	struct surface *out = fd->out;

	if (out->nroutes >= SURFACE_ROUTES_MAX) {
		out->truncated = true;
		return;
	}
	out->routes = room(fd, out->routes, out->nroutes, &fd->routes_cap, sizeof(*out->routes));
	out->routes[out->nroutes++] = route;
}

static bool serves(const struct map_file *file)
{
	return file->role != FILE_TEST && file->role != FILE_VENDORED &&
	       file->role != FILE_GENERATED;
}

static void take_routes(struct finding *fd, uint32_t index)
{
	const struct map_file *file = &fd->in->files[index];
	const char *patterns[MOUNT_PATTERNS_MAX];
	size_t n;

	for (size_t i = 0; i < file->facts.nroutes && serves(file); i++) {
		const struct fact_route *route = &file->facts.routes[i];
		enum web_framework framework = (enum web_framework)route->framework;

		if (route->unsure)
			framework = settle(fd, framework);
		if (framework == WEB_NONE)
			continue;
		n = surface_mounts_patterns(&fd->mounts, fd->arena, index, route, patterns);
		for (size_t k = 0; k < n; k++)
			add_route(fd, (struct surface_route){ route->method, patterns[k],
			                                      route->handler, index, route->line,
			                                      (uint8_t)framework });
	}
}

/* ---- Next.js: the path of a file is the pattern ---- */

/* The extension of a script, or NULL. */
static const char *script_end(struct span path)
{
	static const char *const ENDS[] = { ".ts", ".tsx", ".js", ".jsx", ".mjs" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		size_t n = strlen(ENDS[i]);

		if (path.len > n && memcmp(path.data + path.len - n, ENDS[i], n) == 0)
			return path.data + path.len - n;
	}
	return NULL;
}

/* a/[id]/(group)/[...rest] as /a/[id]/[...rest]; NULL for folders that are not routed. */
static const char *next_pattern(struct finding *fd, const char *from, const char *to)
{
	char *out = arena_alloc(fd->arena, (size_t)(to - from) + 2), *p = out;

	while (from < to) {
		const char *slash = memchr(from, '/', (size_t)(to - from));
		const char *end = slash ? slash : to;
		size_t n = (size_t)(end - from);

		if (n > 0 && (*from == '_' || *from == '@'))
			return NULL;
		if (n > 0 && *from != '(') {
			*p++ = '/';
			memcpy(p, from, n);
			p += n;
		}
		from = slash ? slash + 1 : to;
	}
	if (p == out)
		*p++ = '/';
	*p = '\0';
	return out;
}

static bool ends_with(const char *from, const char *to, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(to - from) >= n && memcmp(to - n, word, n) == 0 &&
	       ((size_t)(to - from) == n || to[-(ptrdiff_t)n - 1] == '/');
}

/* What stands behind a folder called @name, at the root, in src or of a package. */
static const char *behind_dir(struct span path, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = path.data;
	     (p = memmem(p, (size_t)(path.data + path.len - p), name, n)); p++) {
		if ((p == path.data || p[-1] == '/') && p[n] == '/')
			return p + n + 1;
	}
	return NULL;
}

/* app/a/route.ts: the functions that it exports are the methods. */
static void next_handlers(struct finding *fd, uint32_t index, const char *pattern)
{
	static const char *const METHODS[] = { "DELETE", "GET",  "HEAD", "OPTIONS",
		                               "PATCH",  "POST", "PUT" };
	const struct facts *facts = &fd->in->files[index].facts;

	for (size_t d = 0; d < facts->ndefs; d++) {
		for (size_t i = 0; i < COUNT(METHODS); i++) {
			if (strcmp(facts->defs[d].name, METHODS[i]) == 0 && !*facts->defs[d].parent)
				add_route(fd, (struct surface_route){
						      METHODS[i], pattern, METHODS[i], index,
						      facts->defs[d].line, WEB_NEXT });
		}
	}
}

static void next_route(struct finding *fd, uint32_t index)
{
	const struct map_file *file = &fd->in->files[index];
	const char *end = script_end(file->path), *from, *pattern;

	if (!end || !serves(file) || file->skip != SKIP_NONE)
		return;
	from = behind_dir(file->path, "app");
	if (from && ends_with(from, end, "route")) {
		pattern = next_pattern(fd, from, end - 5);
		if (pattern)
			next_handlers(fd, index, pattern);
		return;
	}
	if (from && ends_with(from, end, "page")) {
		pattern = next_pattern(fd, from, end - 4);
		if (pattern)
			add_route(fd,
			          (struct surface_route){ "GET", pattern, "", index, 0, WEB_NEXT });
		return;
	}
	from = behind_dir(file->path, "pages");
	if (!from)
		return;
	bool api = end - from > 4 && memcmp(from, "api/", 4) == 0;

	pattern = next_pattern(fd, from, ends_with(from, end, "index") ? end - 5 : end);
	if (pattern)
		add_route(fd, (struct surface_route){ api ? "ANY" : "GET", pattern, "", index, 0,
		                                      WEB_NEXT });
}

/* ---- environment, tests ---- */

static void take_env(struct finding *fd, uint32_t index)
{
	const struct map_file *file = &fd->in->files[index];
	struct surface *out = fd->out;

	if (file->role == FILE_VENDORED || file->role == FILE_GENERATED)
		return;
	for (size_t i = 0; i < file->facts.nenv; i++) {
		const struct fact_env *env = &file->facts.env[i];

		if (out->nenv >= SURFACE_ENV_MAX) {
			out->truncated = true;
			return;
		}
		out->env = room(fd, out->env, out->nenv, &fd->env_cap, sizeof(*out->env));
		out->env[out->nenv++] =
			(struct surface_env){ env->name, env->value, index, env->line };
	}
}

/* Where cases stand beside the code that they test, their framework says so for sure. */
static bool counts_anywhere(enum test_framework framework)
{
	return framework == TEST_CARGO || framework == TEST_GO_TEST || framework == TEST_GTEST ||
	       framework == TEST_CMOCKA || framework == TEST_JUNIT || framework == TEST_XUNIT;
}

static void take_tests(struct finding *fd, uint32_t index)
{
	const struct map_file *file = &fd->in->files[index];
	enum test_framework framework = (enum test_framework)file->facts.test_framework;
	uint32_t cases = file->facts.test_cases;
	struct surface *out = fd->out;

	if (file->role != FILE_TEST && (cases == 0 || !counts_anywhere(framework) || !serves(file)))
		return;
	if (cases > 0 && framework == TEST_OTHER)
		framework = runner_of(fd, file->path);
	out->tests = room(fd, out->tests, out->ntests, &fd->tests_cap, sizeof(*out->tests));
	out->tests[out->ntests++] =
		(struct surface_tests){ index, cases,
		                        (uint8_t)(cases > 0 ? framework : TEST_NONE) };
}

/* ---- licences ---- */

static void add_licence(struct finding *fd, struct surface_licence licence)
{
	struct surface *out = fd->out;

	if (out->nlicences >= SURFACE_LICENCES_MAX) {
		out->truncated = true;
		return;
	}
	out->licences =
		room(fd, out->licences, out->nlicences, &fd->licences_cap, sizeof(*out->licences));
	out->licences[out->nlicences++] = licence;
}

/* LICENSE, COPYING.LESSER, LICENSES/MIT.txt: a text elsewhere is only quoted. */
static bool is_licence_file(struct span path)
{
	static const char *const STARTS[] = { "licen", "copying", "unlicense", "copyright" };
	const char *slash = memrchr(path.data, '/', path.len);
	const char *base = slash ? slash + 1 : path.data;

	for (size_t i = 0; i < COUNT(STARTS); i++) {
		if (strncasecmp(base, STARTS[i], strlen(STARTS[i])) == 0)
			return true;
	}
	return behind_dir(path, "LICENSES") != NULL || behind_dir(path, "licenses") != NULL;
}

static void take_licences(struct finding *fd, uint32_t index)
{
	const struct map_file *file = &fd->in->files[index];

	if (file->role == FILE_VENDORED)
		return;
	for (size_t i = 0; i < file->facts.nlicences; i++) {
		const struct fact_licence *l = &file->facts.licences[i];

		if (l->evidence == LICENCE_TAG || is_licence_file(file->path))
			add_licence(fd, (struct surface_licence){
						index, l->line,
						licence_evidence_name(
							(enum licence_evidence)l->evidence),
						l->expression, l->percent });
	}
}

static void declared_licences(struct finding *fd)
{
	for (size_t i = 0; i < fd->in->nmanifests; i++) {
		const struct manifest *m = &fd->in->manifests[i];

		for (size_t k = 0; k < m->nitems; k++) {
			const char *value = m->items[k].value;
			struct span text = { value, strlen(value) };

			if (m->items[k].kind == ITEM_LICENCE &&
			    text.len <= LICENCE_EXPRESSION_MAX && text.len > 0)
				add_licence(fd,
				            (struct surface_licence){
						    m->file, m->items[k].line, "manifest", value,
						    licence_expression_valid(text) ? 100 : 0 });
		}
	}
}

static int by_licence(const void *a, const void *b)
{
	const struct surface_licence *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->expression, y->expression);
}

static int by_place(const void *a, const void *b)
{
	const struct surface_route *x = a, *y = b;
	int order;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	order = strcmp(x->method, y->method);
	return order != 0 ? order : strcmp(x->pattern, y->pattern);
}

void surface_find(struct arena *arena, const struct resolve_in *in,
                  const struct resolve_edge *edges, size_t nedges, struct surface *ret)
{
	struct finding fd = { .arena = arena, .in = in, .out = ret };
	bool next;

	*ret = (struct surface){ 0 };
	fd.packages = strmap_new(arena, 256);
	fd.runners = strmap_new(arena, 16);
	note_packages(&fd);
	fd.mounts = surface_mounts_find(arena, in, edges, nedges);
	next = has_package(&fd, WEB_NEXT);
	for (uint32_t i = 0; i < in->nfiles; i++) {
		take_routes(&fd, i);
		if (next)
			next_route(&fd, i);
		take_env(&fd, i);
		take_tests(&fd, i);
		take_licences(&fd, i);
	}
	declared_licences(&fd);
	if (ret->nlicences > 1)
		qsort(ret->licences, ret->nlicences, sizeof(*ret->licences), by_licence);
	if (ret->nroutes > 1)
		qsort(ret->routes, ret->nroutes, sizeof(*ret->routes), by_place);
}
