/* Routes of ASP.NET: attributes of controllers, and app.MapGet("/x", ...). */
#include "maps/facts_routes.h"

#include <string.h>

#define AHEAD_MAX 400

struct attributed {
	bool is_class;
	uint32_t name, body;
};

/* What the attributes that end at @i stand before. */
static bool find_attributed(struct routing *rt, uint32_t i, struct attributed *ret)
{
	struct tokens *ts = rt->ts;

	for (int n = 0; n < AHEAD_MAX && i < ts->n; n++) {
		const struct tok *t = tok_at(ts, i);

		if (t->c == '[') {
			i = tok_close(ts, i) + 1;
		} else if (tok_in(ts, i, "class record")) {
			*ret = (struct attributed){ .is_class = true, .name = i + 1 };
			for (i++; n < AHEAD_MAX && i < ts->n && tok_c(ts, i) != '{'; n++)
				i = tok_c(ts, i) == '(' ? tok_close(ts, i) + 1 : i + 1;
			ret->body = i;
			return true;
		} else if (t->kind == TOKEN_IDENT && tok_c(ts, i + 1) == '(') {
			*ret = (struct attributed){ .name = i };
			return true;
		} else if (t->c && strchr("{};=)", t->c)) {
			return false;
		} else {
			i++;
		}
	}
	return false;
}

/* [controller] and [action] stand for names, without the word Controller. */
static const char *fill_in(struct routing *rt, const char *pattern, const char *word,
                           struct span name)
{
	const char *at = strstr(pattern, word);

	if (name.len > 10 && memcmp(name.data + name.len - 10, "Controller", 10) == 0)
		name.len -= 10;
	if (!at || name.len > FACTS_NAME_MAX)
		return pattern;
	return arena_printf(rt->arena, "%.*s%.*s%s", (int)(at - pattern), pattern, (int)name.len,
	                    name.data, at + strlen(word));
}

static const char *attribute_pattern(struct routing *rt, uint32_t i)
{
	const char *pattern = tok_c(rt->ts, i + 1) == '(' ? routing_arg(rt, i + 1, 0) : NULL;

	return pattern ? pattern : "";
}

/* The [Route("x")] beside a verb, within the attributes before the method at @to. */
static const char *route_beside(struct routing *rt, uint32_t i, uint32_t to)
{
	struct tokens *ts = rt->ts;

	for (int n = 0; n < AHEAD_MAX && i < to; n++, i++) {
		if (tok_is(ts, i, "Route") && tok_c(ts, i + 1) == '(')
			return attribute_pattern(rt, i);
	}
	return "";
}

static void add_attribute(struct routing *rt, uint32_t i)
{
	static const char *const VERBS[][2] = {
		{ "HttpGet", "GET" },         { "HttpPost", "POST" },   { "HttpPut", "PUT" },
		{ "HttpDelete", "DELETE" },   { "HttpPatch", "PATCH" }, { "HttpHead", "HEAD" },
		{ "HttpOptions", "OPTIONS" },
	};
	struct tokens *ts = rt->ts;
	uint32_t up = tok_at(ts, i)->up;
	struct attributed target;
	struct route_new route = { .at = i, .framework = WEB_ASPNET };

	if (up == TOK_NONE || tok_c(ts, up) != '[' ||
	    !find_attributed(rt, tok_close(ts, up) + 1, &target))
		return;
	if (target.is_class) {
		if (tok_is(ts, i, "Route"))
			routing_name(rt, (struct span){ 0 },
			             fill_in(rt, attribute_pattern(rt, i), "[controller]",
			                     tok_span(tok_at(ts, target.name))),
			             target.body, tok_close(ts, target.body));
		return;
	}
	for (size_t k = 0; k < COUNT(VERBS); k++) {
		if (tok_is(ts, i, VERBS[k][0]))
			route.method = VERBS[k][1];
	}
	if (!route.method)
		return;
	route.pattern = attribute_pattern(rt, i);
	if (!*route.pattern)
		route.pattern = route_beside(rt, up, target.name);
	route.prefix = routing_prefix(rt, (struct span){ 0 }, i);
	/* A pattern that starts at the root leaves the class's prefix behind. */
	if (*route.pattern == '/' || *route.pattern == '~') {
		route.pattern += *route.pattern == '~';
		route.prefix = "";
	}
	/* Without any pattern the convention of MVC holds. */
	if (!*route.pattern && !*route.prefix)
		route.prefix =
			fill_in(rt, "[controller]/[action]", "[controller]", routing_class(rt, up));
	route.handler = routing_method(rt, target.name);
	route.pattern = fill_in(rt, route.pattern, "[action]", tok_span(tok_at(ts, target.name)));
	route.prefix = fill_in(rt, route.prefix, "[action]", tok_span(tok_at(ts, target.name)));
	routing_add(rt, route);
}

static void add_map(struct routing *rt, uint32_t i)
{
	static const char *const VERBS[][2] = {
		{ "MapGet", "GET" },       { "MapPost", "POST" },   { "MapPut", "PUT" },
		{ "MapDelete", "DELETE" }, { "MapPatch", "PATCH" }, { "Map", "ANY" },
	};
	struct tokens *ts = rt->ts;
	uint32_t base = tok_before_dot(ts, i), handler = tok_arg(ts, i + 1, 1);
	struct span name = { 0 };
	struct route_new route = { .at = i, .framework = WEB_ASPNET };

	if (base != TOK_NONE)
		name = tok_span(tok_at(ts, base));
	route.pattern = routing_arg(rt, i + 1, 0);
	route.prefix = routing_prefix(rt, name, i);
	if (!route.pattern || base == TOK_NONE)
		return;
	if (tok_is(ts, i, "MapGroup")) {
		struct span group = routing_assigned(rt, i);

		if (group.len > 0)
			routing_name(rt, group,
			             routing_join(rt->arena, route.prefix, route.pattern), i,
			             ts->n);
		return;
	}
	for (size_t k = 0; k < COUNT(VERBS); k++) {
		if (tok_is(ts, i, VERBS[k][0]))
			route.method = VERBS[k][1];
	}
	if (!route.method || handler == TOK_NONE)
		return;
	route.handler = tok_in(ts, handler, "async static") || tok_c(ts, handler + 1) == '='
	                        ? ""
	                        : tok_name(ts, rt->arena, handler);
	routing_add(rt, route);
}

void routes_csharp(struct routing *rt, uint32_t i)
{
	const struct tok *t = tok_at(rt->ts, i);

	if (t->len >= 3 && memcmp(t->text, "Map", 3) == 0)
		add_map(rt, i);
	else
		add_attribute(rt, i);
}
