/*
 * Routes of express, fastify, koa-router and hono: router.get("/x", handler).
 *
 * The same words are those of caches and clients, so a route is what has a
 * pattern, a handler behind it, and a router before it: a variable that this
 * file makes one, or whose name says so.
 */
#include "maps/facts_routes.h"

#include <string.h>
#include <strings.h>

#define CHAIN_MAX 64 /* calls of one chain */
#define MAKERS    "Router express fastify Fastify Hono KoaRouter OpenAPIHono"

static bool ends_with(struct span name, const char *end)
{
	size_t n = strlen(end);

	return name.len >= n && strncasecmp(name.data + name.len - n, end, n) == 0;
}

static bool is_router_name(struct span name)
{
	static const char *const ENDS[] = { "router", "app",   "server",   "api",
		                            "routes", "route", "instance", "fastify" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		if (ends_with(name, ENDS[i]))
			return true;
	}
	return false;
}

/* What a chain of calls starts from, and the pattern of a .route("/x") in it. */
struct chain {
	struct span base;
	const char *pattern;
	bool made; /* it starts with the call that makes a router */
};

static struct chain chain_of(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	struct chain ret = { 0 };
	uint32_t b = tok_before_dot(ts, i);

	for (int n = 0; n < CHAIN_MAX && b != TOK_NONE; n++) {
		const struct tok *t = tok_at(ts, b);

		if (t->c != ')') {
			if (t->kind == TOKEN_IDENT)
				ret.base = tok_span(t);
			return ret;
		}
		if (t->pair == TOK_NONE || t->pair == 0)
			return ret;
		uint32_t callee = t->pair - 1;

		if (tok_is(ts, callee, "route") && !ret.pattern)
			ret.pattern = routing_arg(rt, t->pair, 0);
		if (tok_in(ts, callee, MAKERS)) {
			ret.base = routing_assigned(rt, callee);
			ret.made = true;
			return ret;
		}
		b = tok_before_dot(ts, callee);
	}
	return ret;
}

static bool is_known(struct routing *rt, struct span name, uint32_t at)
{
	for (size_t i = 0; i < rt->nrouters; i++) {
		const struct router *r = &rt->routers[i];

		if (r->from <= at && at <= r->to && r->name.len == name.len &&
		    memcmp(r->name.data, name.data, name.len) == 0)
			return true;
	}
	return is_router_name(name);
}

static enum web_framework framework_of(struct routing *rt, struct span base, bool *unsure)
{
	static const enum web_framework ALL[] = { WEB_FASTIFY, WEB_KOA, WEB_HONO, WEB_EXPRESS };

	*unsure = false;
	for (size_t i = 0; i < COUNT(ALL); i++) {
		if (routing_has(rt, ALL[i]))
			return ALL[i];
	}
	*unsure = true;
	return ends_with(base, "fastify") ? WEB_FASTIFY : WEB_EXPRESS;
}

/* The last argument, when it is a name or a named function. */
static const char *handler_of(struct routing *rt, uint32_t open)
{
	struct tokens *ts = rt->ts;
	uint32_t last = tok_arg(ts, open, 0), at;

	for (int n = 0; n < CHAIN_MAX && (at = tok_next_arg(ts, open, last)) != TOK_NONE; n++)
		last = at;
	if (last == TOK_NONE)
		return "";
	if (tok_is(ts, last, "async"))
		last++;
	if (tok_is(ts, last, "function"))
		return tok_name(ts, rt->arena, last + 1);
	if (tok_c(ts, last + 1) == '=')
		return ""; /* x => ... */
	return tok_name(ts, rt->arena, last);
}

/* `${a}/b` as written; tokens of a template with code in it are pieces. */
static const char *template_text(struct routing *rt, uint32_t open, uint32_t at)
{
	const struct tok *from = tok_at(rt->ts, at), *to;
	uint32_t next = tok_next_arg(rt->ts, open, at);

	if (from->kind != TOKEN_PIECE || next == TOK_NONE || next < at + 2)
		return NULL;
	to = tok_at(rt->ts, next - 2);

	size_t len = (size_t)(to->text + to->len - from->text);

	if (to->kind != TOKEN_PIECE || len > FACTS_PATTERN_MAX || len < 2 ||
	    memchr(from->text, '\n', len))
		return NULL;
	if (*from->text == '`')
		return arena_strndup(rt->arena, from->text + 1, len - 2);
	return *from->text == '/' ? arena_strndup(rt->arena, from->text, len) : NULL;
}

static bool is_pattern(const char *pattern)
{
	return pattern && (*pattern == '/' || *pattern == '*' || *pattern == '$' || !*pattern ||
	                   *pattern == ':');
}

static void add_verb(struct routing *rt, uint32_t i, const char *method)
{
	struct tokens *ts = rt->ts;
	struct chain chain = chain_of(rt, i);
	uint32_t open = i + 1, first = tok_arg(ts, open, 0);
	struct route_new route = { .method = method, .at = i, .owner = chain.base };
	bool more = first != TOK_NONE && tok_next_arg(ts, open, first) != TOK_NONE;

	if (!chain.made && (chain.base.len == 0 || !is_known(rt, chain.base, i)))
		return;
	route.framework = framework_of(rt, chain.base, &route.unsure);
	route.prefix = routing_prefix(rt, chain.base, i);
	route.handler = handler_of(rt, open);
	if (chain.pattern) {
		route.pattern = first == TOK_NONE ? NULL : chain.pattern;
		routing_add(rt, route);
	} else if (more && tok_c(ts, first) == '[') {
		for (uint32_t at = first + 1; at != TOK_NONE && at < tok_close(ts, first);
		     at = tok_next_arg(ts, first, at)) {
			route.pattern = tok_literal(ts, rt->arena, at, FACTS_PATTERN_MAX);
			if (is_pattern(route.pattern))
				routing_add(rt, route);
		}
	} else if (more) {
		route.pattern = routing_arg(rt, open, 0);
		if (!route.pattern)
			route.pattern = template_text(rt, open, first);
		if (is_pattern(route.pattern))
			routing_add(rt, route);
	}
}

/* app.use("/x", router), app.route("/x", router): the variable's routes stand below. */
static void mount(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	const char *prefix = routing_arg(rt, i + 1, 0);
	struct span on = chain_of(rt, i).base;

	bool pattern = prefix && *prefix && is_pattern(prefix);

	/* app.use(router) */
	if (!pattern)
		prefix = "";
	prefix = routing_join(rt->arena, routing_prefix(rt, on, i), prefix);
	for (uint32_t n = pattern ? 1 : 0; n < 8; n++) {
		uint32_t at = tok_arg(ts, i + 1, n);

		if (at == TOK_NONE)
			return;
		if (tok_at(ts, at)->kind == TOKEN_IDENT && tok_c(ts, at + 1) != '(' &&
		    tok_c(ts, at + 1) != '.')
			routing_mount(rt, tok_span(tok_at(ts, at)), prefix, on, false);
		routing_mount_far(rt, at, prefix, on);
	}
}

/* fastify.register(plugin, { prefix: "/x" }), with the plugin's name or the plugin itself. */
static void mount_plugin(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t plugin = tok_arg(ts, i + 1, 0), options = tok_arg(ts, i + 1, 1);
	struct span on = chain_of(rt, i).base;
	const char *prefix;

	if (options == TOK_NONE || tok_c(ts, options) != '{')
		return;
	prefix = routing_named(rt, options, "prefix");
	if (!prefix)
		return;
	if (tok_is(ts, plugin, "async"))
		plugin++;
	if (tok_is(ts, plugin, "function"))
		plugin++;
	if (tok_c(ts, plugin) == '(')
		routing_name(rt, tok_span(tok_at(ts, plugin + 1)),
		             routing_join(rt->arena, routing_prefix(rt, on, i), prefix), plugin,
		             options);
	else
		routing_mount(rt, tok_span(tok_at(ts, plugin)), prefix, on, false);
	routing_mount_far(rt, plugin, prefix, on);
}

/* fastify.route({ method: "GET", url: "/x", handler }) */
static void add_object(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t object = tok_arg(ts, i + 1, 0), method, handler;
	struct span base = chain_of(rt, i).base;
	struct route_new route = { .at = i, .owner = base, .framework = WEB_FASTIFY };

	if (object == TOK_NONE || tok_c(ts, object) != '{' || !is_known(rt, base, i))
		return;
	route.framework = framework_of(rt, base, &route.unsure);
	route.pattern = routing_named(rt, object, "url path");
	route.prefix = routing_prefix(rt, base, i);
	method = tok_named(ts, object, "method");
	handler = tok_named(ts, object, "handler");
	route.handler = handler == TOK_NONE ? "" : tok_name(ts, rt->arena, handler);
	if (method == TOK_NONE || !is_pattern(route.pattern))
		return;
	for (uint32_t at = method, n = 0; n < 8; n++, at += 2) {
		at += tok_c(ts, at) == '[';
		if (tok_at(ts, at)->kind != TOKEN_STRING)
			return;
		route.method = tok_literal(ts, rt->arena, at, 16);
		if (route.method)
			routing_add(rt, route);
		if (tok_c(ts, at + 1) != ',' || tok_c(ts, method) != '[')
			return;
	}
}

void routes_js(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	const char *method;

	if (i > 0 && tok_c(ts, i - 1) == '@') {
		routes_annotation(rt, i);
		return;
	}
	if (tok_c(ts, i + 1) != '(')
		return;
	if (tok_in(ts, i, MAKERS)) {
		const char *prefix = tok_c(ts, i + 2) == '{'
		                             ? routing_named(rt, i + 2, "prefix basePath")
		                             : NULL;
		struct span name = routing_assigned(rt, i);

		if (name.len > 0)
			routing_name(rt, name, prefix ? prefix : "", i, ts->n);
		return;
	}
	if (tok_before_dot(ts, i) == TOK_NONE)
		return;
	if (tok_is(ts, i, "use"))
		mount(rt, i);
	else if (tok_is(ts, i, "register"))
		mount_plugin(rt, i);
	else if (tok_is(ts, i, "route") && tok_c(ts, i + 2) == '{')
		add_object(rt, i);
	else if (tok_is(ts, i, "route") && routing_has(rt, WEB_HONO))
		mount(rt, i);
	else if (tok_is(ts, i, "prefix") && routing_arg(rt, i + 1, 0))
		routing_name(rt, chain_of(rt, i).base, routing_arg(rt, i + 1, 0), 0, ts->n);
	else if ((method = routing_verb(rt, i)) != NULL && strcmp(method, "CONNECT") != 0)
		add_verb(rt, i, method);
}
