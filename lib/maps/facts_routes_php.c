/* Routes of PHP: Laravel's Route::get("/x", ...) with its groups, Slim's $app->get("/x", ...). */
#include "maps/facts_routes.h"

#include <string.h>

#define CHAIN_MAX  32
#define NESTED_MAX 32

/* @ret the prefix in the calls of the chain before @i: Route::prefix("x")->middleware(...)-> */
static const char *chain_prefix(struct routing *rt, uint32_t i, struct span *ret_base)
{
	struct tokens *ts = rt->ts;
	const char *prefix = "", *part;
	uint32_t b = tok_before_dot(ts, i);

	*ret_base = (struct span){ 0 };
	for (int n = 0; n < CHAIN_MAX && b != TOK_NONE; n++) {
		const struct tok *t = tok_at(ts, b);

		if (t->kind == TOKEN_IDENT)
			*ret_base = tok_span(t);
		if (t->c != ')' || t->pair == TOK_NONE || t->pair == 0)
			break;
		part = tok_is(ts, t->pair - 1, "prefix") ? routing_arg(rt, t->pair, 0) : NULL;
		if (part)
			prefix = routing_join(rt->arena, part, prefix);
		b = tok_before_dot(ts, t->pair - 1);
	}
	return prefix;
}

/* ... and of the groups around: ->group(function () { here }) */
static const char *prefix_of(struct routing *rt, uint32_t i, struct span *ret_base)
{
	struct tokens *ts = rt->ts;
	const char *prefix = chain_prefix(rt, i, ret_base), *own;
	uint32_t up = tok_at(ts, i)->up;
	struct span base;

	for (int n = 0; n < NESTED_MAX && up != TOK_NONE; n++, up = tok_at(ts, up)->up) {
		if (tok_c(ts, up) != '(' || up == 0 || !tok_is(ts, up - 1, "group"))
			continue;
		own = tok_c(ts, up + 1) == '[' ? routing_named(rt, up + 1, "prefix")
		                               : routing_arg(rt, up, 0);
		if (own)
			prefix = routing_join(rt->arena, own, prefix);
		prefix = routing_join(rt->arena, chain_prefix(rt, up - 1, &base), prefix);
	}
	return prefix;
}

/* [UserController::class, 'index'], UserController::class, 'UserController@index' */
static const char *handler_of(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	const struct tok *t = tok_at(ts, i);

	if (t->kind == TOKEN_STRING)
		return t->len <= FACTS_NAME_MAX && !memchr(t->text, '\n', t->len)
		               ? arena_strndup(rt->arena, t->text, t->len)
		               : "";
	if (t->c == '[') {
		const char *method = routing_arg(rt, i, 1);
		const struct tok *class = tok_at(ts, i + 1);

		if (class->kind == TOKEN_IDENT && method && class->len <= FACTS_NAME_MAX)
			return arena_printf(rt->arena, "%.*s@%s", (int)class->len, class->text,
			                    method);
		return "";
	}
	if (t->kind != TOKEN_IDENT || tok_in(ts, i, "function fn static new"))
		return "";
	return t->len <= FACTS_NAME_MAX ? arena_strndup(rt->arena, t->text, t->len) : "";
}

static void add_each(struct routing *rt, uint32_t list, struct route_new route)
{
	struct tokens *ts = rt->ts;

	for (uint32_t at = list + 1; at != TOK_NONE && at < tok_close(ts, list);
	     at = tok_next_arg(ts, list, at)) {
		char *method = (char *)tok_literal(ts, rt->arena, at, 16);

		if (!method)
			continue;
		for (char *p = method; *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
		route.method = method;
		routing_add(rt, route);
	}
}

/* Whether an action is registered: 'only' and 'except' of the options or of calls behind. */
static bool has_action(struct routing *rt, uint32_t open, const char *action)
{
	struct tokens *ts = rt->ts;
	uint32_t options = tok_arg(ts, open, 2), close = tok_close(ts, open);
	uint32_t lists[2] = { TOK_NONE, TOK_NONE }; /* only, except */

	if (options != TOK_NONE && tok_c(ts, options) == '[') {
		lists[0] = tok_named(ts, options, "only");
		lists[1] = tok_named(ts, options, "except");
	}
	for (int n = 0; n < CHAIN_MAX && tok_c(ts, close + 1) == '-'; n++) {
		uint32_t name = close + 3;

		if (tok_c(ts, name + 1) != '(')
			break;
		if (tok_in(ts, name, "only except"))
			lists[tok_is(ts, name, "except")] = name + 2;
		close = tok_close(ts, name + 1);
	}
	for (int k = 0; k < 2; k++) {
		bool listed = false;
		uint32_t at = lists[k], end = at;

		if (at == TOK_NONE)
			continue;
		end = tok_c(ts, at) == '[' ? tok_close(ts, at) : at + 1;
		for (int n = 0; n < 2 * CHAIN_MAX && at <= end; n++, at++) {
			const struct tok *t = tok_at(ts, at);

			listed = listed || (t->kind == TOKEN_STRING && t->len == strlen(action) &&
			                    memcmp(t->text, action, t->len) == 0);
		}
		if (listed != (k == 0))
			return false;
	}
	return true;
}

/* "articles" is about an {article}. */
static const char *parameter(struct routing *rt, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *word = slash ? slash + 1 : name;
	size_t n = strlen(word);

	if (n > 3 && strcmp(word + n - 3, "ies") == 0)
		return arena_printf(rt->arena, "{%.*sy}", (int)(n - 3), word);
	return arena_printf(rt->arena, "{%.*s}", (int)(n > 1 && word[n - 1] == 's' ? n - 1 : n),
	                    word);
}

/* What Route::resource() registers. */
static void add_resource(struct routing *rt, uint32_t open, struct route_new route, bool api)
{
	static const struct {
		const char *action, *method, *suffix;
		bool form, on_id;
	} ROWS[] = {
		{ "index", "GET", "", false, false },       { "store", "POST", "", false, false },
		{ "create", "GET", "create", true, false }, { "show", "GET", "", false, true },
		{ "edit", "GET", "edit", true, true },      { "update", "PUT", "", false, true },
		{ "destroy", "DELETE", "", false, true },
	};
	const char *name = route.pattern, *controller = route.handler;

	for (size_t i = 0; name && i < COUNT(ROWS); i++) {
		if ((ROWS[i].form && api) || !has_action(rt, open, ROWS[i].action))
			continue;
		route.method = ROWS[i].method;
		route.handler = arena_printf(rt->arena, "%s@%s", controller, ROWS[i].action);
		route.pattern = name;
		if (ROWS[i].on_id)
			route.pattern = routing_join(rt->arena, name, parameter(rt, name));
		route.pattern = routing_join(rt->arena, route.pattern, ROWS[i].suffix);
		routing_add(rt, route);
	}
}

/* A variable's $ may be part of its name. */
static bool is_named(struct span base, const char *name)
{
	if (base.len > 0 && *base.data == '$')
		base = (struct span){ base.data + 1, base.len - 1 };
	return base.len == strlen(name) && memcmp(base.data, name, base.len) == 0;
}

void routes_php(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1, second = tok_arg(ts, open, 1);
	struct route_new route = { .at = i, .method = routing_verb(rt, i) };
	struct span base;
	bool laravel;

	if (tok_c(ts, open) != '(' || tok_before_dot(ts, i) == TOK_NONE || second == TOK_NONE)
		return;
	route.prefix = prefix_of(rt, i, &base);
	laravel = is_named(base, "Route");
	if (!laravel &&
	    (!routing_has(rt, WEB_SLIM) || (!is_named(base, "app") && !is_named(base, "group"))))
		return;
	route.framework = laravel ? WEB_LARAVEL : WEB_SLIM;
	route.unsure = laravel && !routing_has(rt, WEB_LARAVEL);
	if (tok_in(ts, i, "match map") && tok_c(ts, open + 1) == '[') {
		uint32_t third = tok_arg(ts, open, 2);

		route.pattern = routing_arg(rt, open, 1);
		route.handler = third == TOK_NONE ? "" : handler_of(rt, third);
		add_each(rt, open + 1, route);
		return;
	}
	route.pattern = routing_arg(rt, open, 0);
	route.handler = handler_of(rt, second);
	if (laravel && tok_in(ts, i, "resource apiResource"))
		add_resource(rt, open, route, tok_is(ts, i, "apiResource"));
	if (laravel && tok_is(ts, i, "view"))
		route.method = "GET";
	if (laravel && tok_is(ts, i, "redirect"))
		route.method = "ANY";
	if (route.method)
		routing_add(rt, route);
}
