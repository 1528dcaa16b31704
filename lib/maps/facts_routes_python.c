/*
 * Routes of Python: decorators of flask, fastapi and their kin, Django's lists
 * of path(), aiohttp's add_get() and Starlette's Route().
 */
#include "maps/facts_routes.h"

#include <string.h>

#define AHEAD_MAX   200 /* tokens from a decorator to its def */
#define NESTED_MAX  8   /* include([...]) inside each other */
#define METHODS_MAX 10

static bool is_decorator(struct tokens *ts, uint32_t base)
{
	while (base >= 2 && tok_c(ts, base - 1) == '.')
		base -= 2;
	return base > 0 && tok_c(ts, base - 1) == '@' && tok_at(ts, base - 1)->first;
}

static enum web_framework framework_of(struct routing *rt, bool *unsure)
{
	static const enum web_framework ALL[] = { WEB_FASTAPI, WEB_FLASK, WEB_AIOHTTP,
		                                  WEB_STARLETTE };

	*unsure = false;
	for (size_t i = 0; i < COUNT(ALL); i++) {
		if (routing_has(rt, ALL[i]))
			return ALL[i];
	}
	*unsure = true;
	return WEB_FLASK;
}

/* The name behind the def or class that the decorators before it stand for. */
static const char *decorated(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;

	for (uint32_t n = 0; n < AHEAD_MAX && i < ts->n; n++, i++) {
		if (tok_at(ts, i)->first && tok_in(ts, i, "def class"))
			return tok_name(ts, rt->arena, i + 1);
		if (tok_at(ts, i)->first && tok_is(ts, i, "async"))
			return tok_name(ts, rt->arena, i + 2);
		if (tok_c(ts, i) == '(')
			i = tok_close(ts, i);
	}
	return "";
}

/* One route for each of methods=["GET", ...]; @method when there are none. */
static void add_methods(struct routing *rt, uint32_t open, struct route_new route)
{
	struct tokens *ts = rt->ts;
	uint32_t list = tok_named(ts, open, "methods"), at;
	const char *method;
	int n = 0;

	if (list != TOK_NONE && strchr("[({", tok_c(ts, list)) && tok_c(ts, list)) {
		for (at = list + 1; at != TOK_NONE && at < tok_close(ts, list) && n < METHODS_MAX;
		     at = tok_next_arg(ts, list, at)) {
			method = tok_literal(ts, rt->arena, at, 16);
			if (!method)
				continue;
			route.method = method;
			routing_add(rt, route);
			n++;
		}
	}
	if (n == 0)
		routing_add(rt, route);
}

static void add_decorator(struct routing *rt, uint32_t i, uint32_t base)
{
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1;
	struct route_new route = { .at = i, .owner = tok_span(tok_at(ts, base)) };

	route.method = routing_verb(rt, i);
	if (tok_in(ts, i, "route api_route"))
		route.method = "GET";
	else if (tok_is(ts, i, "websocket"))
		route.method = "WS";
	if (!route.method)
		return;
	route.framework = framework_of(rt, &route.unsure);
	route.pattern = routing_arg(rt, open, 0);
	if (!route.pattern)
		route.pattern = routing_named(rt, open, "path rule");
	if (!route.pattern || (*route.pattern && *route.pattern != '/'))
		return;
	route.prefix = routing_prefix(rt, route.owner, i);
	route.handler = decorated(rt, tok_close(ts, open) + 1);
	add_methods(rt, open, route);
}

/* router = APIRouter(prefix="/x"), bp = Blueprint(..., url_prefix="/x") */
static void name_router(struct routing *rt, uint32_t i)
{
	const char *prefix = routing_named(rt, i + 1, "prefix url_prefix");
	struct span name = routing_assigned(rt, i);

	if (prefix && name.len > 0)
		routing_name(rt, name, prefix, i, rt->ts->n);
}

/* app.include_router(router, prefix="/x"), app.register_blueprint(bp, url_prefix="/x") */
static void mount(struct routing *rt, uint32_t i, uint32_t base)
{
	struct tokens *ts = rt->ts;
	uint32_t child = tok_arg(ts, i + 1, 0);
	const char *prefix = routing_named(rt, i + 1, "prefix url_prefix");

	if (child == TOK_NONE || tok_at(ts, child)->kind != TOKEN_IDENT)
		return;
	routing_mount_far(rt, child,
	                  routing_join(rt->arena, routing_prefix(rt, tok_span(tok_at(ts, base)), i),
	                               prefix ? prefix : ""),
	                  tok_span(tok_at(ts, base)));
	if (tok_c(ts, child + 1) == '.')
		return;
	routing_mount(rt, tok_span(tok_at(ts, child)), prefix ? prefix : "",
	              tok_span(tok_at(ts, base)), tok_is(ts, i, "register_blueprint"));
}

/* ---- Django, Starlette: lists of calls, inside each other ---- */

/* ^a/$ of re_path: as a path */
static const char *plain(struct routing *rt, const char *regex)
{
	size_t n;

	regex += *regex == '^';
	n = strlen(regex);
	if (n > 0 && regex[n - 1] == '$')
		n--;
	return arena_strndup(rt->arena, regex, n);
}

/* What the calls around say: path("a/", include([ ... here ... ])), Mount("/a", routes=[...]). */
static const char *list_prefix(struct routing *rt, uint32_t i, struct span *ret_list)
{
	struct tokens *ts = rt->ts;
	uint32_t up = tok_at(ts, i)->up;
	const char *prefix = "", *outer;

	for (int n = 0; n < 4 * NESTED_MAX && up != TOK_NONE; n++, up = tok_at(ts, up)->up) {
		if (tok_c(ts, up) == '(' && up > 0 &&
		    tok_in(ts, up - 1, "path re_path url Mount")) {
			outer = routing_arg(rt, up, 0);
			if (outer)
				prefix = routing_join(rt->arena, plain(rt, outer), prefix);
		} else if (tok_c(ts, up) == '[') {
			*ret_list = routing_assigned(rt, up);
		}
	}
	return prefix;
}

static void add_django(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1, view = tok_arg(ts, open, 1);
	struct route_new route = { .at = i, .method = "ANY", .framework = WEB_DJANGO };
	const char *pattern = routing_arg(rt, open, 0);
	char *as_view;

	if (!pattern || view == TOK_NONE || tok_c(ts, i - 1) == '.')
		return;
	route.prefix = list_prefix(rt, i, &route.owner);
	pattern = plain(rt, pattern);
	if (tok_is(ts, view, "include")) {
		/* include(patterns), a list of this file */
		uint32_t list = tok_arg(ts, view + 1, 0);

		if (list != TOK_NONE && tok_at(ts, list)->kind == TOKEN_IDENT &&
		    tok_c(ts, list + 1) != '.')
			routing_mount(rt, tok_span(tok_at(ts, list)),
			              routing_join(rt->arena, route.prefix, pattern), route.owner,
			              false);
		else if (list != TOK_NONE && tok_at(ts, list)->kind == TOKEN_STRING &&
		         routing_arg(rt, view + 1, 0))
			routing_mount_module(rt, routing_arg(rt, view + 1, 0),
			                     routing_join(rt->arena, route.prefix, pattern),
			                     route.owner);
		return;
	}
	route.handler = tok_is(ts, view, "lambda") ? "" : tok_name(ts, rt->arena, view);
	as_view = strstr(route.handler, ".as_view");
	if (as_view)
		route.handler =
			arena_strndup(rt->arena, route.handler, (size_t)(as_view - route.handler));
	/* A pattern that is empty means the prefix itself, with its '/'. */
	route.pattern = *pattern || !*route.prefix ? pattern : "/";
	routing_add(rt, route);
}

static void add_starlette(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t view = tok_named(ts, i + 1, "endpoint");
	struct route_new route = { .at = i, .framework = WEB_STARLETTE };

	if (view == TOK_NONE)
		view = tok_arg(ts, i + 1, 1);
	route.method = tok_is(ts, i, "WebSocketRoute") ? "WS" : "GET";
	route.pattern = routing_arg(rt, i + 1, 0);
	route.prefix = list_prefix(rt, i, &route.owner);
	route.handler = view == TOK_NONE ? "" : tok_name(ts, rt->arena, view);
	if (route.pattern && *route.pattern == '/')
		add_methods(rt, i + 1, route);
}

/* app.router.add_get("/x", f), app.add_url_rule("/x", view_func=f), add_api_route, add_route */
static void add_call(struct routing *rt, uint32_t i, uint32_t base)
{
	static const char *const SUFFIXES[][2] = {
		{ "add_get", "GET" },     { "add_post", "POST" }, { "add_put", "PUT" },
		{ "add_patch", "PATCH" }, { "add_head", "HEAD" }, { "add_delete", "DELETE" },
	};
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1, view = tok_named(ts, open, "view_func endpoint handler");
	struct route_new route = { .at = i, .method = "GET", .owner = tok_span(tok_at(ts, base)) };
	uint32_t pattern = 0;

	route.framework = framework_of(rt, &route.unsure);
	if (route.framework == WEB_AIOHTTP && tok_is(ts, i, "add_route")) {
		route.method = routing_arg(rt, open, 0);
		pattern = 1;
	}
	for (size_t k = 0; k < COUNT(SUFFIXES); k++) {
		if (tok_is(ts, i, SUFFIXES[k][0]))
			route.method = SUFFIXES[k][1];
	}
	if (view == TOK_NONE || tok_c(ts, view - 1) != '=')
		view = tok_arg(ts, open, pattern + 1);
	route.pattern = routing_arg(rt, open, pattern);
	route.prefix = routing_prefix(rt, route.owner, i);
	route.handler = view == TOK_NONE ? "" : tok_name(ts, rt->arena, view);
	if (route.method && route.pattern && *route.pattern == '/' && !route.unsure)
		add_methods(rt, open, route);
}

/* aiohttp: web.get("/x", f) in a list; DRF: router.register("x", ViewSet) */
static void add_listed(struct routing *rt, uint32_t i, uint32_t base)
{
	struct tokens *ts = rt->ts;
	uint32_t view = tok_arg(ts, i + 1, 1);
	struct route_new route = { .at = i, .method = routing_verb(rt, i) };

	route.pattern = routing_arg(rt, i + 1, 0);
	route.handler = view == TOK_NONE ? "" : tok_name(ts, rt->arena, view);
	if (tok_is(ts, i, "register") && routing_has(rt, WEB_DJANGO) && view != TOK_NONE) {
		route.method = "ANY";
		route.framework = WEB_DJANGO;
		route.owner = tok_span(tok_at(ts, base));
		if (route.pattern)
			route.pattern = routing_join(rt->arena, plain(rt, route.pattern), "/");
	} else if (route.method && tok_is(ts, base, "web") && routing_has(rt, WEB_AIOHTTP) &&
	           route.pattern && *route.pattern == '/') {
		route.framework = WEB_AIOHTTP;
	} else {
		return;
	}
	routing_add(rt, route);
}

void routes_python(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t base;

	if (tok_c(ts, i + 1) != '(')
		return;
	base = tok_before_dot(ts, i);
	if (base != TOK_NONE && is_decorator(ts, base))
		add_decorator(rt, i, base);
	else if (tok_in(ts, i, "APIRouter Blueprint Namespace"))
		name_router(rt, i);
	else if (tok_in(ts, i, "include_router register_blueprint") && base != TOK_NONE)
		mount(rt, i, base);
	else if (tok_in(ts, i, "path re_path url") && routing_has(rt, WEB_DJANGO))
		add_django(rt, i);
	else if (tok_in(ts, i, "Route WebSocketRoute") && routing_has(rt, WEB_STARLETTE))
		add_starlette(rt, i);
	else if (base != TOK_NONE && tok_at(ts, i)->len > 4 &&
	         memcmp(tok_at(ts, i)->text, "add_", 4) == 0)
		add_call(rt, i, base);
	else if (base != TOK_NONE)
		add_listed(rt, i, base);
}
