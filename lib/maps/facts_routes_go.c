/*
 * Routes of Go: gin, echo, chi, fiber, gorilla/mux and net/http.
 *
 * Groups are values: v1 := r.Group("/v1"), or the parameter of a function given
 * to r.Route("/v1", func(r chi.Router) { ... }).  Their names hold within the
 * function that they stand in.
 */
#include "maps/facts_routes.h"

#include <string.h>

#define CHAIN_MAX 32
#define UPPER     "GET POST PUT DELETE PATCH HEAD OPTIONS CONNECT TRACE Any"
#define TITLE     "Get Post Put Delete Patch Head Options Connect Trace All"
#define MAKERS    "Group PathPrefix Subrouter With Route"

static enum web_framework first_of(struct routing *rt, const enum web_framework *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (routing_has(rt, all[i]))
			return all[i];
	}
	return WEB_NONE;
}

static enum web_framework upper_framework(struct routing *rt)
{
	static const enum web_framework ALL[] = { WEB_GIN, WEB_ECHO };

	return first_of(rt, ALL, COUNT(ALL));
}

static enum web_framework title_framework(struct routing *rt)
{
	static const enum web_framework ALL[] = { WEB_CHI, WEB_FIBER };

	return first_of(rt, ALL, COUNT(ALL));
}

static enum web_framework handle_framework(struct routing *rt)
{
	static const enum web_framework ALL[] = { WEB_CHI, WEB_GORILLA, WEB_NET_HTTP };

	return first_of(rt, ALL, COUNT(ALL));
}

/* The end of the function around: where its names are forgotten. */
static uint32_t scope_end(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t up = tok_at(ts, i)->up, end = ts->n;

	for (int n = 0; n < 64 && up != TOK_NONE; n++) {
		if (tok_c(ts, up) == '{')
			end = tok_close(ts, up);
		up = tok_at(ts, up)->up;
	}
	return end;
}

/* A receiver that this function was given: its routes stand where the function is called. */
static struct span owner_of(struct routing *rt, uint32_t i)
{
	uint32_t b = tok_before_dot(rt->ts, i);

	if (b == TOK_NONE || tok_at(rt->ts, b)->kind != TOKEN_IDENT ||
	    *routing_prefix(rt, tok_span(tok_at(rt->ts, b)), i))
		return (struct span){ 0 };
	return routing_function(rt, i);
}

/* users.Register(v1.Group("/users")): the routes of a function, maybe of another file. */
static void mount_argument(struct routing *rt, uint32_t i, const char *prefix)
{
	struct tokens *ts = rt->ts;
	uint32_t up = tok_at(ts, i)->up, behind = tok_close(ts, i + 1) + 1;

	if (up == TOK_NONE || up == 0 || tok_c(ts, up) != '(' ||
	    tok_at(ts, up - 1)->kind != TOKEN_IDENT ||
	    (tok_c(ts, behind) != ')' && tok_c(ts, behind) != ','))
		return;
	routing_mount_function(rt, tok_before_dot(ts, up - 1), tok_span(tok_at(ts, up - 1)), prefix,
	                       routing_function(rt, i));
}

/* users.Register(v1), of the group that was given the name before. */
static void mount_variable(struct routing *rt, uint32_t i, struct span name, const char *prefix)
{
	struct tokens *ts = rt->ts;
	uint32_t end = scope_end(rt, i);

	for (uint32_t k = tok_close(ts, i + 1); k < end && tok_walk(ts); k++) {
		const struct tok *t = tok_at(ts, k);
		uint32_t up = t->up;

		if (t->kind != TOKEN_IDENT || t->len != name.len ||
		    memcmp(t->text, name.data, t->len) != 0 || up == TOK_NONE || up == 0 ||
		    tok_c(ts, up) != '(' || tok_at(ts, up - 1)->kind != TOKEN_IDENT)
			continue;
		if ((k == up + 1 || tok_c(ts, k - 1) == ',') &&
		    (tok_c(ts, k + 1) == ')' || tok_c(ts, k + 1) == ','))
			routing_mount_function(rt, tok_before_dot(ts, up - 1),
			                       tok_span(tok_at(ts, up - 1)), prefix,
			                       routing_function(rt, i));
	}
}

static const char *receiver_prefix(struct routing *rt, uint32_t i);

/* r.Mount("/x", admin.Router()) of chi */
static void mount_call(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t callee = tok_arg(ts, i + 1, 1), base = TOK_NONE;
	const char *prefix = routing_arg(rt, i + 1, 0);

	if (!prefix || callee == TOK_NONE || tok_at(ts, callee)->kind != TOKEN_IDENT)
		return;
	if (tok_c(ts, callee + 1) == '.') {
		base = callee;
		callee += 2;
	}
	if (tok_c(ts, callee + 1) == '(')
		routing_mount_function(rt, base, tok_span(tok_at(ts, callee)),
		                       routing_join(rt->arena, receiver_prefix(rt, i), prefix),
		                       routing_function(rt, i));
}

/* The prefix that a receiver brings: its variable's, and those of the calls before it. */
static const char *receiver_prefix(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	const char *prefix = "", *part;
	uint32_t b = tok_before_dot(ts, i);

	for (int n = 0; n < CHAIN_MAX && b != TOK_NONE; n++) {
		const struct tok *t = tok_at(ts, b);

		if (t->c != ')')
			return routing_join(rt->arena, routing_prefix(rt, tok_span(t), i), prefix);
		if (t->pair == TOK_NONE || t->pair == 0)
			break;
		part = tok_in(ts, t->pair - 1, "Group PathPrefix") ? routing_arg(rt, t->pair, 0)
		                                                   : NULL;
		if (part)
			prefix = routing_join(rt->arena, part, prefix);
		b = tok_before_dot(ts, t->pair - 1);
	}
	return prefix;
}

/* v1 := r.Group("/v1"); r.Route("/v1", func(r chi.Router) {...}) */
static void name_group(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	const char *prefix = routing_arg(rt, i + 1, 0), *whole;
	uint32_t function = tok_arg(ts, i + 1, tok_is(ts, i, "Route") ? 1 : 0);
	struct span name = routing_assigned(rt, i);

	if (tok_is(ts, i, "Group") && !prefix && !tok_is(ts, function, "func"))
		return;
	whole = routing_join(rt->arena, receiver_prefix(rt, i), prefix ? prefix : "");
	if (function != TOK_NONE && tok_is(ts, function, "func") && tok_c(ts, function + 1) == '(')
		routing_name(rt, tok_span(tok_at(ts, function + 2)), whole, function,
		             tok_close(ts, i + 1));
	else if (name.len == 0 && prefix)
		mount_argument(rt, i, whole);
	else if (prefix) {
		routing_name(rt, name, whole, tok_close(ts, i + 1), scope_end(rt, i));
		mount_variable(rt, i, name, whole);
	}
}

static const char *handler_of(struct routing *rt, uint32_t open, uint32_t from)
{
	struct tokens *ts = rt->ts;
	uint32_t last = TOK_NONE, at = tok_arg(ts, open, from);

	for (int n = 0; n < CHAIN_MAX && at != TOK_NONE; n++) {
		last = at;
		at = tok_next_arg(ts, open, at);
	}
	if (last == TOK_NONE || tok_is(ts, last, "func"))
		return "";
	/* http.HandlerFunc(f) is f. */
	if (tok_is(ts, last, "http") && tok_is(ts, last + 2, "HandlerFunc"))
		last += 4;
	if (tok_is(ts, last, "func"))
		return "";
	return tok_name(ts, rt->arena, last);
}

/* .Methods("GET", "POST") behind a route of gorilla/mux */
static bool add_methods(struct routing *rt, uint32_t close, struct route_new route)
{
	struct tokens *ts = rt->ts;
	bool any = false;

	for (int n = 0; n < CHAIN_MAX; n++) {
		uint32_t name = close + 2, at;

		if (tok_c(ts, close + 1) != '.' || tok_c(ts, name + 1) != '(')
			break;
		close = tok_close(ts, name + 1);
		if (!tok_is(ts, name, "Methods"))
			continue;
		for (at = name + 2; at != TOK_NONE && at < close;
		     at = tok_next_arg(ts, name + 1, at)) {
			const char *method = tok_literal(ts, rt->arena, at, 16);

			/* http.MethodGet */
			if (!method && tok_is(ts, at, "http") && tok_at(ts, at + 2)->len > 6) {
				char *upper = arena_strndup(rt->arena, tok_at(ts, at + 2)->text + 6,
				                            tok_at(ts, at + 2)->len - 6);

				for (char *p = upper; *p; p++)
					*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
				method = upper;
			}
			if (!method)
				continue;
			route.method = method;
			routing_add(rt, route);
			any = true;
		}
	}
	return any;
}

/* HandleFunc("/x", f), Handle("GET /x", h): the method may stand in the pattern. */
static void add_handle(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	struct route_new route = { .at = i, .method = "ANY", .framework = handle_framework(rt) };
	const char *pattern = routing_arg(rt, i + 1, 0), *blank;

	if (!pattern || route.framework == WEB_NONE || tok_arg(ts, i + 1, 1) == TOK_NONE)
		return;
	blank = strchr(pattern, ' ');
	if (blank && blank > pattern && *pattern >= 'A' && *pattern <= 'Z') {
		route.method = arena_strndup(rt->arena, pattern, (size_t)(blank - pattern));
		pattern = blank + strspn(blank, " ");
	}
	/* A host may stand before the path. */
	if (*pattern != '/' && (!strchr(pattern, '/') || route.framework != WEB_NET_HTTP))
		return;
	route.pattern = strchr(pattern, '/');
	route.prefix = receiver_prefix(rt, i);
	route.owner = owner_of(rt, i);
	route.handler = handler_of(rt, i + 1, 1);
	if (!add_methods(rt, tok_close(ts, i + 1), route))
		routing_add(rt, route);
}

/* r.Handle("GET", "/x", f) of gin, r.Method("GET", "/x", h) of chi, e.Add("GET", "/x", f) of echo */
static void add_named_method(struct routing *rt, uint32_t i, enum web_framework framework)
{
	struct route_new route = { .at = i, .framework = framework };

	route.method = routing_arg(rt, i + 1, 0);
	route.pattern = routing_arg(rt, i + 1, 1);
	if (!route.method && tok_is(rt->ts, i + 2, "http") && tok_at(rt->ts, i + 4)->len > 6)
		route.method = routing_verb(rt, i + 4);
	if (!route.method || !route.pattern || tok_arg(rt->ts, i + 1, 2) == TOK_NONE)
		return;
	route.prefix = receiver_prefix(rt, i);
	route.owner = owner_of(rt, i);
	route.handler = handler_of(rt, i + 1, 2);
	routing_add(rt, route);
}

static void add_verb(struct routing *rt, uint32_t i, enum web_framework framework)
{
	struct route_new route = { .at = i, .framework = framework };

	route.method = routing_verb(rt, i);
	route.pattern = routing_arg(rt, i + 1, 0);
	if (!route.pattern || tok_arg(rt->ts, i + 1, 1) == TOK_NONE || strchr(route.pattern, ' '))
		return;
	route.prefix = receiver_prefix(rt, i);
	route.owner = owner_of(rt, i);
	route.handler = handler_of(rt, i + 1, 1);
	routing_add(rt, route);
}

void routes_go(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;

	if (tok_c(ts, i + 1) != '(' || tok_before_dot(ts, i) == TOK_NONE || rt->frameworks == 0)
		return;
	if (tok_in(ts, i, UPPER)) {
		if (upper_framework(rt))
			add_verb(rt, i, upper_framework(rt));
	} else if (tok_in(ts, i, TITLE)) {
		if (title_framework(rt))
			add_verb(rt, i, title_framework(rt));
	} else if (tok_is(ts, i, "Mount") && routing_has(rt, WEB_CHI)) {
		mount_call(rt, i);
	} else if (tok_in(ts, i, MAKERS)) {
		name_group(rt, i);
	} else if (tok_in(ts, i, "Handle Add") && upper_framework(rt)) {
		add_named_method(rt, i, upper_framework(rt));
	} else if (tok_in(ts, i, "Method MethodFunc") && routing_has(rt, WEB_CHI)) {
		add_named_method(rt, i, WEB_CHI);
	} else if (tok_in(ts, i, "Handle HandleFunc")) {
		add_handle(rt, i);
	}
}
