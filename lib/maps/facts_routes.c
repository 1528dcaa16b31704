/*
 * Routes: which frameworks the file imports, what is below which prefix, and
 * the list in its promised order.
 */
#include "maps/facts_routes.h"

#include <stdlib.h>
#include <string.h>

#define ROUTES_BYTES  ((size_t)32 << 20) /* for the texts of one file's routes */
#define MOUNTS_DEEP   8                  /* mounts inside each other that are followed */
#define HEAD_TOKENS   4000               /* where a word of a file without imports is looked for */
#define HEAD_MAX      60                 /* tokens of a class's head before its { */
#define BACK_MAX      40                 /* tokens before a call among which its = is looked for */
#define FUNCTIONS_MAX 200                /* definitions looked at for the function around a line */

/* What an import starts with; then it ends, or a '.', '/', ':' or '_' follows. */
static const struct {
	const char *target;
	enum web_framework framework;
} IMPORTS[] = {
	{ "flask", WEB_FLASK },
	{ "quart", WEB_FLASK },
	{ "fastapi", WEB_FASTAPI },
	{ "starlette", WEB_STARLETTE },
	{ "django.urls", WEB_DJANGO },
	{ "django.conf.urls", WEB_DJANGO },
	{ "rest_framework.routers", WEB_DJANGO },
	{ "aiohttp", WEB_AIOHTTP },
	{ "express", WEB_EXPRESS },
	{ "express-promise-router", WEB_EXPRESS },
	{ "fastify", WEB_FASTIFY },
	{ "koa-router", WEB_KOA },
	{ "@koa/router", WEB_KOA },
	{ "hono", WEB_HONO },
	{ "@nestjs/common", WEB_NEST },
	{ "github.com/gin-gonic/gin", WEB_GIN },
	{ "github.com/go-chi/chi", WEB_CHI },
	{ "github.com/labstack/echo", WEB_ECHO },
	{ "github.com/gofiber/fiber", WEB_FIBER },
	{ "github.com/gorilla/mux", WEB_GORILLA },
	{ "net/http", WEB_NET_HTTP },
	{ "org.springframework.web", WEB_SPRING },
	{ "javax.ws.rs", WEB_JAXRS },
	{ "jakarta.ws.rs", WEB_JAXRS },
	{ "axum", WEB_AXUM },
	{ "actix_web", WEB_ACTIX },
	{ "rocket", WEB_ROCKET },
};

/* The same for languages whose imports nobody has read: a word of the file's head. */
static const struct {
	enum lang lang;
	const char *word;
	enum web_framework framework;
} WORDS[] = {
	{ LANG_KOTLIN, "springframework", WEB_SPRING },
	{ LANG_GROOVY, "springframework", WEB_SPRING },
	{ LANG_KOTLIN, "rs", WEB_JAXRS },
	{ LANG_PHP, "Illuminate", WEB_LARAVEL },
	{ LANG_PHP, "Slim", WEB_SLIM },
	{ LANG_RUST, "axum", WEB_AXUM },
	{ LANG_RUST, "actix_web", WEB_ACTIX },
	{ LANG_RUST, "rocket", WEB_ROCKET },
};

static bool is_import_of(const char *target, const char *prefix)
{
	size_t n;

	if (*target != *prefix)
		return false;
	n = strlen(prefix);
	return strncmp(target, prefix, n) == 0 && (target[n] == '\0' || strchr("./:_", target[n]));
}

bool routing_word(struct routing *rt, const char *word)
{
	for (uint32_t i = 0; i < rt->ts->n && i < HEAD_TOKENS; i++) {
		if (tok_is(rt->ts, i, word))
			return true;
	}
	return false;
}

static void find_frameworks(struct routing *rt)
{
	const struct facts *facts = rt->sk->ret;

	for (size_t i = 0; i < facts->nimports; i++) {
		for (size_t k = 0; k < COUNT(IMPORTS); k++) {
			if (is_import_of(facts->imports[i].target, IMPORTS[k].target))
				rt->frameworks |= 1u << IMPORTS[k].framework;
		}
	}
	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (WORDS[i].lang == facts->lang && routing_word(rt, WORDS[i].word))
			rt->frameworks |= 1u << WORDS[i].framework;
	}
}

/* ---- prefixes ---- */

const char *routing_join(struct arena *arena, const char *a, const char *b)
{
	size_t n = strlen(a);

	if (!*a || !*b)
		return *a ? a : b;
	while (n > 0 && a[n - 1] == '/')
		n--;
	return arena_printf(arena, "%.*s/%s", (int)n, a, b + (*b == '/'));
}

void routing_name(struct routing *rt, struct span name, const char *prefix, uint32_t from,
                  uint32_t to)
{
	if (rt->nrouters < ROUTERS_MAX && strlen(prefix) <= FACTS_PATTERN_MAX)
		rt->routers[rt->nrouters++] = (struct router){ name, prefix, from, to };
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

const char *routing_prefix(struct routing *rt, struct span name, uint32_t at)
{
	for (size_t i = rt->nrouters; i-- > 0;) {
		const struct router *r = &rt->routers[i];

		if (r->from <= at && at <= r->to && same(r->name, name))
			return r->prefix;
	}
	return "";
}

void routing_mount(struct routing *rt, struct span name, const char *prefix, struct span on,
                   bool replaces)
{
	if (rt->nmounts < ROUTERS_MAX && name.len > 0 && !same(name, on))
		rt->mounts[rt->nmounts++] = (struct mount){ name, on, prefix, replaces };
}

/*
 * What the mounts of a router put before its own prefix; the last mount of a name holds.
 * @io_name becomes that of the outermost router, which another file may mount.
 */
static const char *mounted(struct routing *rt, struct span *io_name, bool *replaces)
{
	struct span name = *io_name;
	const char *prefix = "";

	for (int deep = 0; deep < MOUNTS_DEEP && name.len > 0; deep++) {
		const struct mount *found = NULL;

		for (size_t i = 0; i < rt->nmounts; i++) {
			if (same(rt->mounts[i].name, name))
				found = &rt->mounts[i];
		}
		if (!found)
			break;
		*replaces = *replaces || (deep == 0 && found->replaces && *found->prefix);
		prefix = routing_join(rt->arena, found->prefix, prefix);
		name = *io_name = found->on;
	}
	return prefix;
}

/* ---- routers of other files ---- */

/* The line of the import that gives a name: where its statement starts; 0 when none does. */
static uint32_t import_line(struct routing *rt, struct span name)
{
	struct tokens *ts = rt->ts;
	bool import = false;
	uint32_t line = 0;

	for (uint32_t i = 0; i < ts->n && i < HEAD_TOKENS && tok_walk(ts); i++) {
		const struct tok *t = &ts->t[i];

		if (t->first && t->kind == TOKEN_IDENT && t->up == TOK_NONE) {
			import = (t->words & WORD_IMPORT) || tok_in(ts, i, "const let var mod pub");
			line = t->line;
		}
		if (import && t->kind == TOKEN_IDENT && same(tok_span(t), name))
			return line;
	}
	return 0;
}

static const char *text_of(struct routing *rt, struct span name)
{
	return name.len > 0 ? sink_text(rt->sk, name, FACTS_NAME_MAX) : "";
}

static void add_mount(struct routing *rt, struct fact_mount mount)
{
	struct facts *ret = rt->sk->ret;

	if (ret->nmounts >= FACTS_MOUNTS_MAX || strlen(mount.prefix) > FACTS_PATTERN_MAX) {
		ret->truncated = true;
		return;
	}
	ret->mounts = sink_room(rt->arena, ret->mounts, ret->nmounts, &rt->mounts_cap,
	                        sizeof(*ret->mounts));
	ret->mounts[ret->nmounts++] = mount;
}

void routing_mount_far(struct routing *rt, uint32_t i, const char *prefix, struct span on)
{
	struct tokens *ts = rt->ts;
	struct span base = tok_span(tok_at(ts, i)), name = { 0 };
	uint32_t line;

	if (tok_at(ts, i)->kind != TOKEN_IDENT)
		return;
	if (tok_is(ts, i, "require") && tok_at(ts, i + 2)->kind == TOKEN_STRING) {
		add_mount(rt, (struct fact_mount){ "require", "", prefix, text_of(rt, on),
		                                   tok_at(ts, i)->line });
		return;
	}
	for (;;) {
		uint32_t next = tok_c(ts, i + 1) == '.'                              ? i + 2
		                : tok_c(ts, i + 1) == ':' && tok_c(ts, i + 2) == ':' ? i + 3
		                                                                     : TOK_NONE;

		if (next == TOK_NONE || tok_at(ts, next)->kind != TOKEN_IDENT)
			break;
		if (name.len > 0 || tok_in(ts, i, "crate self super"))
			base = tok_span(tok_at(ts, i));
		name = tok_span(tok_at(ts, next));
		i = next;
	}
	line = import_line(rt, base);
	if (line > 0)
		add_mount(rt, (struct fact_mount){ text_of(rt, base), text_of(rt, name), prefix,
		                                   text_of(rt, on), line });
}

void routing_mount_module(struct routing *rt, const char *module, const char *prefix,
                          struct span on)
{
	add_mount(rt, (struct fact_mount){ module, "", prefix, text_of(rt, on), 0 });
}

void routing_mount_function(struct routing *rt, uint32_t base, struct span function,
                            const char *prefix, struct span on)
{
	struct span name = { 0 };
	const struct facts *facts = rt->sk->ret;
	uint32_t line = 0;

	if (base != TOK_NONE)
		name = tok_span(tok_at(rt->ts, base));
	/* Go names a package by the end of its path. */
	for (size_t i = 0; name.len > 0 && i < facts->nimports && line == 0; i++) {
		const char *target = facts->imports[i].target;
		const char *slash = strrchr(target, '/');
		const char *known = *facts->imports[i].alias ? facts->imports[i].alias
		                    : slash                  ? slash + 1
		                                             : target;

		if (strlen(known) == name.len && memcmp(known, name.data, name.len) == 0)
			line = facts->imports[i].line;
	}
	if (name.len == 0)
		routing_mount(rt, function, prefix, on, false);
	if (name.len == 0 || line > 0)
		add_mount(rt, (struct fact_mount){ text_of(rt, name), text_of(rt, function), prefix,
		                                   text_of(rt, on), line });
}

/* Prefixes that mounts of this file add hold for what it mounts of others as well. */
static void finish_mounts(struct routing *rt)
{
	struct facts *ret = rt->sk->ret;

	for (size_t i = 0; i < ret->nmounts; i++) {
		struct fact_mount *mount = &ret->mounts[i];
		struct span on = { mount->owner, strlen(mount->owner) };
		bool replaces = false;

		mount->prefix = routing_join(rt->arena, mounted(rt, &on, &replaces), mount->prefix);
		mount->owner = text_of(rt, on);
	}
}

/* ---- words around ---- */

const char *routing_arg(struct routing *rt, uint32_t open, uint32_t n)
{
	uint32_t at = tok_arg(rt->ts, open, n);

	return at == TOK_NONE ? NULL : tok_literal(rt->ts, rt->arena, at, FACTS_PATTERN_MAX);
}

const char *routing_named(struct routing *rt, uint32_t open, const char *names)
{
	uint32_t at = tok_named(rt->ts, open, names);

	return at == TOK_NONE ? NULL : tok_literal(rt->ts, rt->arena, at, FACTS_PATTERN_MAX);
}

const char *routing_verb(struct routing *rt, uint32_t i)
{
	static const char *const VERBS[][2] = {
		{ "get Get GET", "GET" },
		{ "post Post POST", "POST" },
		{ "put Put PUT", "PUT" },
		{ "delete Delete DELETE del", "DELETE" },
		{ "patch Patch PATCH", "PATCH" },
		{ "head Head HEAD", "HEAD" },
		{ "options Options OPTIONS", "OPTIONS" },
		{ "trace Trace TRACE", "TRACE" },
		{ "connect Connect CONNECT", "CONNECT" },
		{ "all All any Any ALL ANY", "ANY" },
	};

	for (size_t k = 0; k < COUNT(VERBS); k++) {
		if (tok_in(rt->ts, i, VERBS[k][0]))
			return VERBS[k][1];
	}
	return NULL;
}

struct span routing_assigned(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;

	for (uint32_t n = 0; i > 0 && n < BACK_MAX; n++) {
		const struct tok *t = tok_at(ts, --i);

		if (t->c == ')' || t->c == ']') {
			if (t->pair == TOK_NONE)
				break;
			i = t->pair;
		} else if (t->c == '=' && tok_c(ts, i + 1) != '>' && tok_c(ts, i + 1) != '=') {
			uint32_t name = tok_c(ts, i - 1) == ':' ? i - 2 : i - 1;

			/* name: Type = */
			if (i >= 3 && tok_c(ts, i - 2) == ':' &&
			    tok_at(ts, i - 3)->kind == TOKEN_IDENT)
				name = i - 3;
			if (tok_at(ts, name)->kind == TOKEN_IDENT)
				return tok_span(tok_at(ts, name));
			break;
		} else if (t->c && strchr("({[;},", t->c)) {
			break;
		}
	}
	return (struct span){ 0 };
}

static const struct fact_def *def_around(struct routing *rt, uint32_t line)
{
	const struct facts *facts = rt->sk->ret;
	size_t low = 0, high = facts->ndefs;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (facts->defs[mid].line <= line)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t n = 0; low-- > 0 && n < FUNCTIONS_MAX; n++) {
		const struct fact_def *def = &facts->defs[low];

		if ((def->kind == DEF_FUNCTION || def->kind == DEF_METHOD) && def->end_line >= line)
			return def;
	}
	return NULL;
}

struct span routing_function(struct routing *rt, uint32_t i)
{
	const struct fact_def *def = def_around(rt, tok_at(rt->ts, i)->line);

	return def ? (struct span){ def->name, strlen(def->name) } : (struct span){ 0 };
}

struct span routing_class(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t up = tok_at(ts, i)->up;

	while (up != TOK_NONE && tok_c(ts, up) != '{')
		up = tok_at(ts, up)->up;
	for (uint32_t n = 1; up != TOK_NONE && n < HEAD_MAX && n <= up; n++) {
		if (tok_in(ts, up - n, "class record interface object"))
			return tok_span(tok_at(ts, up - n + 1));
		if (tok_c(ts, up - n) && strchr("{};", tok_c(ts, up - n)))
			break;
	}
	return (struct span){ 0 };
}

const char *routing_method(struct routing *rt, uint32_t i)
{
	const struct tok *t = tok_at(rt->ts, i);
	struct span class = routing_class(rt, i);

	if (t->len > FACTS_NAME_MAX || class.len > FACTS_NAME_MAX)
		return "";
	if (class.len == 0)
		return arena_strndup(rt->arena, t->text, t->len);
	return arena_printf(rt->arena, "%.*s.%.*s", (int)class.len, class.data, (int)t->len,
	                    t->text);
}

/* ---- the list ---- */

void routing_add(struct routing *rt, struct route_new route)
{
	if (!route.pattern)
		return;
	if (rt->nroutes >= FACTS_ROUTES_MAX) {
		rt->sk->ret->truncated = true;
		return;
	}
	rt->routes =
		sink_room(rt->arena, rt->routes, rt->nroutes, &rt->routes_cap, sizeof(*rt->routes));
	if (!route.prefix)
		route.prefix = "";
	if (!route.handler)
		route.handler = "";
	rt->routes[rt->nroutes++] = route;
}

static int by_place(const void *a, const void *b)
{
	const struct fact_route *x = a, *y = b;
	int order;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	order = strcmp(x->method, y->method);
	return order != 0 ? order : strcmp(x->pattern, y->pattern);
}

static void finish(struct routing *rt)
{
	struct facts *ret = rt->sk->ret;

	ret->routes = arena_array(rt->arena, rt->nroutes, sizeof(*ret->routes));
	for (size_t i = 0; i < rt->nroutes; i++) {
		const struct route_new *route = &rt->routes[i];
		bool replaces = false;
		struct span owner = route->owner;
		const char *outer = mounted(rt, &owner, &replaces);
		const char *pattern =
			replaces ? route->pattern
				 : routing_join(rt->arena, route->prefix, route->pattern);

		pattern = routing_join(rt->arena, outer, pattern);
		if (*pattern != '/')
			pattern = routing_join(rt->arena, "/", *pattern ? pattern : "/");
		if (strlen(pattern) > FACTS_PATTERN_MAX)
			continue;
		ret->routes[ret->nroutes++] = (struct fact_route){
			.method = route->method,
			.pattern = pattern,
			.handler = route->handler,
			.owner = text_of(rt, owner),
			.line = tok_at(rt->ts, route->at)->line,
			.framework = (uint8_t)route->framework,
			.unsure = route->unsure,
		};
	}
	if (ret->nroutes > 1)
		qsort(ret->routes, ret->nroutes, sizeof(*ret->routes), by_place);
}

bool routing_goes_on(struct routing *rt)
{
	if (rt->nroutes < FACTS_ROUTES_MAX && arena_used(rt->arena) < rt->bytes_max)
		return true;
	rt->sk->ret->truncated = true;
	return false;
}

static void (*reader_of(enum lang lang))(struct routing *rt, uint32_t i)
{
	switch (lang) {
	case LANG_JAVASCRIPT:
	case LANG_TYPESCRIPT:
	case LANG_TSX:
		return routes_js;
	case LANG_PYTHON:
		return routes_python;
	case LANG_GO:
		return routes_go;
	case LANG_JAVA:
	case LANG_KOTLIN:
	case LANG_GROOVY:
		return routes_annotation;
	case LANG_RUST:
		return routes_rust;
	case LANG_PHP:
		return routes_php;
	case LANG_CSHARP:
		return routes_csharp;
	default:
		return NULL;
	}
}

static void read_routes(struct tokens *ts, struct sink *sk)
{
	struct routing rt = { .ts = ts, .sk = sk, .arena = sk->arena };
	void (*read)(struct routing *, uint32_t) = reader_of(sk->ret->lang);

	rt.bytes_max = arena_used(sk->arena) + ROUTES_BYTES;
	if (sk->ret->lang == LANG_RUBY) {
		routes_ruby(&rt);
	} else if (read) {
		find_frameworks(&rt);
		for (uint32_t i = 0; i < ts->nmarks && routing_goes_on(&rt); i++) {
			if (ts->t[ts->marks[i]].words & WORD_ROUTE)
				read(&rt, ts->marks[i]);
		}
	}
	if (rt.nroutes > 0)
		finish(&rt);
	finish_mounts(&rt);
}

/* Most files have no word that a route may start from, and need none of what it takes to read some. */
void facts_routes(struct tokens *ts, struct sink *sk)
{
	enum lang lang = sk->ret->lang;

	if (ts->n > 0 && (lang == LANG_RUBY || (reader_of(lang) && ts->any & WORD_ROUTE)))
		read_routes(ts, sk);
}
