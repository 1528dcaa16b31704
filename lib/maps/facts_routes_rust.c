/*
 * Routes of Rust: axum's .route("/x", get(f)), attributes of actix-web and
 * rocket, actix-web's scopes and resources.
 */
#include "maps/facts_routes.h"

#include <string.h>

#define CHAIN_MAX  64
#define NESTED_MAX 16
#define AHEAD_MAX  200
#define VERBS      "get post put delete patch head options trace any connect"

static enum web_framework attribute_framework(struct routing *rt, bool *unsure)
{
	*unsure = !routing_has(rt, WEB_ACTIX) && !routing_has(rt, WEB_ROCKET);
	return routing_has(rt, WEB_ACTIX) ? WEB_ACTIX : WEB_ROCKET;
}

/* #[get("/x")] before a fn, #[actix_web::get("/x")] */
static void add_attribute(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1, at = tok_close(ts, open), method;
	struct route_new route = { .at = i, .method = routing_verb(rt, i) };

	route.framework = attribute_framework(rt, &route.unsure);
	route.pattern = routing_arg(rt, open, 0);
	if (!route.pattern || *route.pattern != '/')
		return;
	for (int n = 0; n < AHEAD_MAX && at < ts->n && !tok_is(ts, at, "fn"); n++)
		at++;
	route.owner = tok_span(tok_at(ts, at + 1));
	route.handler = tok_name(ts, rt->arena, at + 1);
	if (route.method) {
		routing_add(rt, route);
		return;
	}
	for (uint32_t n = 1; n < 10 && (method = tok_arg(ts, open, n)) != TOK_NONE; n++) {
		route.method = tok_is(ts, method, "method")
		                       ? tok_literal(ts, rt->arena, method + 2, 16)
		                       : NULL;
		if (route.method)
			routing_add(rt, route);
	}
}

/* The prefix that the chain before a call says: web::scope("/x").route(...) */
static const char *chain_prefix(struct routing *rt, uint32_t i, uint32_t *ret_base)
{
	struct tokens *ts = rt->ts;
	const char *prefix = "", *part;
	uint32_t b = tok_before_dot(ts, i);

	*ret_base = i;
	for (int n = 0; n < CHAIN_MAX && b != TOK_NONE; n++) {
		const struct tok *t = tok_at(ts, b);

		*ret_base = b;
		if (t->c != ')' || t->pair == TOK_NONE || t->pair == 0)
			break;
		part = tok_is(ts, t->pair - 1, "scope") ? routing_arg(rt, t->pair, 0) : NULL;
		if (part)
			prefix = routing_join(rt->arena, part, prefix);
		*ret_base = t->pair - 1;
		b = tok_before_dot(ts, t->pair - 1);
	}
	return prefix;
}

/* ... and the calls around: .nest("/x", here), web::scope("/x").service(here) */
static const char *prefix_of(struct routing *rt, uint32_t i, struct span *ret_owner)
{
	struct tokens *ts = rt->ts;
	uint32_t base, up = tok_at(ts, i)->up;
	const char *prefix = chain_prefix(rt, i, &base), *outer;

	*ret_owner = routing_assigned(rt, base);
	for (int n = 0; n < NESTED_MAX && up != TOK_NONE; n++, up = tok_at(ts, up)->up) {
		if (tok_c(ts, up) == '{')
			break;
		if (tok_c(ts, up) != '(' || up == 0 || tok_at(ts, up - 1)->kind != TOKEN_IDENT)
			continue;
		outer = tok_is(ts, up - 1, "nest") ? routing_arg(rt, up, 0) : NULL;
		if (outer)
			prefix = routing_join(rt->arena, outer, prefix);
		prefix = routing_join(rt->arena, chain_prefix(rt, up - 1, &base), prefix);
		*ret_owner = routing_assigned(rt, base);
	}
	if (ret_owner->len == 0)
		*ret_owner = routing_function(rt, i);
	return prefix;
}

/* The path at @i; a closure has no name, and what is called on a handler is none of it. */
static const char *path_at(struct routing *rt, uint32_t i)
{
	const char *name;

	if (tok_in(rt->ts, i, "move async") || tok_c(rt->ts, i) == '|')
		return "";
	name = tok_name(rt->ts, rt->arena, i);
	return arena_strndup(rt->arena, name, strcspn(name, "."));
}

/* The handler of web::get().to(f), looked for up to @end. */
static const char *to_handler(struct routing *rt, uint32_t i, uint32_t end)
{
	for (int n = 0; n < CHAIN_MAX && i < end; n++, i++) {
		if (tok_is(rt->ts, i, "to") && tok_c(rt->ts, i + 1) == '(')
			return path_at(rt, i + 2);
	}
	return "";
}

/* Each get(f).post(g) at the depth of an argument, up to its end. */
static void add_verbs(struct routing *rt, uint32_t i, uint32_t end, struct route_new route)
{
	struct tokens *ts = rt->ts;
	bool any = false;

	for (int n = 0; n < 4 * CHAIN_MAX && i < end; n++) {
		const char *method = tok_in(ts, i, VERBS) ? routing_verb(rt, i) : NULL;

		if (method && tok_c(ts, i + 1) == '(') {
			route.method = method;
			route.handler = tok_c(ts, i + 2) == ')' ? to_handler(rt, i, end)
			                                        : path_at(rt, i + 2);
			routing_add(rt, route);
			any = true;
		}
		i = tok_c(ts, i) == '(' ? tok_close(ts, i) + 1 : i + 1;
	}
	if (!any) {
		route.method = "ANY";
		routing_add(rt, route);
	}
}

static void add_route(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t second = tok_arg(ts, i + 1, 1);
	struct route_new route = { .at = i, .pattern = routing_arg(rt, i + 1, 0) };

	route.framework = routing_has(rt, WEB_AXUM) ? WEB_AXUM : WEB_ACTIX;
	if (!rt->frameworks || !route.pattern || second == TOK_NONE)
		return;
	route.prefix = prefix_of(rt, i, &route.owner);
	add_verbs(rt, second, tok_close(ts, i + 1), route);
}

/* web::resource("/x").route(web::get().to(f)).to(g) */
static void add_resource(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t close = tok_close(ts, i + 1);
	struct route_new route = { .at = i, .framework = WEB_ACTIX };

	route.pattern = routing_arg(rt, i + 1, 0);
	route.prefix = prefix_of(rt, i, &route.owner);
	for (int n = 0; n < CHAIN_MAX && tok_c(ts, close + 1) == '.'; n++) {
		uint32_t name = close + 2;

		if (tok_c(ts, name + 1) != '(')
			break;
		close = tok_close(ts, name + 1);
		route.at = name;
		if (tok_is(ts, name, "route")) {
			add_verbs(rt, name + 2, close, route);
		} else if (tok_is(ts, name, "to")) {
			route.method = "ANY";
			route.handler = path_at(rt, name + 2);
			routing_add(rt, route);
		}
	}
}

/* The name of a router given by value or by the function that makes it. */
static void mount_at(struct routing *rt, uint32_t i, const char *prefix, struct span on)
{
	struct tokens *ts = rt->ts;

	while (tok_c(ts, i + 1) == ':' && tok_c(ts, i + 2) == ':')
		i += 3;
	if (tok_at(ts, i)->kind == TOKEN_IDENT)
		routing_mount(rt, tok_span(tok_at(ts, i)), prefix, on, false);
}

/* .nest("/x", api), rocket's .mount("/x", routes![a, b]), .service(f) within a scope */
static void mount(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	bool service = tok_is(ts, i, "service");
	uint32_t child = tok_arg(ts, i + 1, service ? 0 : 1);
	struct span owner;
	const char *prefix = prefix_of(rt, i, &owner), *own;

	if (child == TOK_NONE || !rt->frameworks)
		return;
	own = service ? "" : routing_arg(rt, i + 1, 0);
	if (!own)
		return;
	prefix = routing_join(rt->arena, prefix, own);
	if (!tok_is(ts, child, "routes")) {
		if (*prefix && tok_c(ts, child + 1) != '.')
			mount_at(rt, child, prefix, owner);
		routing_mount_far(rt, child, prefix, owner);
		return;
	}
	for (uint32_t at = child + 3; at != TOK_NONE && at < tok_close(ts, child + 2);
	     at = tok_next_arg(ts, child + 2, at)) {
		mount_at(rt, at, prefix, (struct span){ 0 });
		routing_mount_far(rt, at, prefix, (struct span){ 0 });
	}
}

void routes_rust(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	bool dotted = tok_before_dot(ts, i) != TOK_NONE;
	uint32_t start = i;

	if (tok_c(ts, i + 1) != '(')
		return;
	while (start >= 3 && tok_c(ts, start - 1) == ':')
		start -= 3;
	if (start >= 2 && tok_c(ts, start - 1) == '[' && tok_c(ts, start - 2) == '#') {
		if (tok_in(ts, i, VERBS " route"))
			add_attribute(rt, i);
	} else if (tok_is(ts, i, "route") && dotted) {
		add_route(rt, i);
	} else if (tok_is(ts, i, "resource") && routing_has(rt, WEB_ACTIX)) {
		add_resource(rt, i);
	} else if (tok_in(ts, i, "nest mount service") && dotted) {
		mount(rt, i);
	}
}
