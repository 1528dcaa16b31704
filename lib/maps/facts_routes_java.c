/*
 * Routes that annotations make: Spring and JAX-RS in Java and Kotlin, Nest in
 * TypeScript.  An annotation before a class is a prefix of those in it.
 */
#include "maps/facts_routes.h"

#include <string.h>

#define AHEAD_MAX   400 /* tokens from an annotation to what it stands before */
#define GROUP_MAX   16  /* annotations of one thing */
#define METHODS_MAX 10
#define NOT_SERVED  "\1" /* prefix of a class whose annotations tell of another server's routes */

struct annotated {
	bool is_class;
	uint32_t name, body; /* token of its name; body: the { of a class */
};

/* @ret the token behind the annotation whose name is at @i */
static uint32_t behind(struct tokens *ts, uint32_t i)
{
	while (tok_c(ts, i + 1) == '.' && tok_at(ts, i + 2)->kind == TOKEN_IDENT)
		i += 2;
	return tok_c(ts, i + 1) == '(' ? tok_close(ts, i + 1) + 1 : i + 1;
}

/* What the annotations stand before.  Returns false when it has no routes. */
static bool find_annotated(struct routing *rt, uint32_t i, struct annotated *ret)
{
	struct tokens *ts = rt->ts;

	i = behind(ts, i);
	for (int n = 0; n < AHEAD_MAX && i < ts->n; n++) {
		const struct tok *t = tok_at(ts, i);

		if (t->c == '@') {
			if (tok_is(ts, i + 1, "interface"))
				return false;
			i = behind(ts, i + 1);
		} else if (tok_in(ts, i, "class interface record object")) {
			*ret = (struct annotated){ .is_class = true, .name = i + 1 };
			for (i++; n < AHEAD_MAX && i < ts->n && tok_c(ts, i) != '{'; n++)
				i = tok_c(ts, i) == '(' ? tok_close(ts, i) + 1 : i + 1;
			ret->body = i;
			return true;
		} else if (t->kind == TOKEN_IDENT && tok_c(ts, i + 1) == '(') {
			*ret = (struct annotated){ .name = i };
			return true;
		} else if (t->c && strchr("{};=)", t->c)) {
			return false;
		} else {
			i++;
		}
	}
	return false;
}

/* Calls for each string of an argument that is one or a list of them; returns how many. */
static size_t strings_of(struct routing *rt, uint32_t at, const char **ret, size_t max)
{
	struct tokens *ts = rt->ts;
	size_t n = 0;

	if (at == TOK_NONE)
		return 0;
	if (tok_c(ts, at) != '{' && tok_c(ts, at) != '[') {
		ret[0] = tok_literal(ts, rt->arena, at, FACTS_PATTERN_MAX);
		return ret[0] != NULL;
	}
	for (uint32_t i = at + 1; i != TOK_NONE && i < tok_close(ts, at) && n < max;
	     i = tok_next_arg(ts, at, i)) {
		ret[n] = tok_literal(ts, rt->arena, i, FACTS_PATTERN_MAX);
		n += ret[n] != NULL;
	}
	return n;
}

/* @ret how many patterns an annotation has; one that is empty when it names none */
static size_t patterns_of(struct routing *rt, uint32_t i, const char **ret, size_t max)
{
	struct tokens *ts = rt->ts;
	uint32_t open = i + 1, at;

	ret[0] = "";
	if (tok_c(ts, open) != '(' || tok_c(ts, open + 1) == ')')
		return 1;
	at = tok_named(ts, open, "value path");
	if (at == TOK_NONE && tok_c(ts, open + 1) == '{' && rt->sk->ret->lang != LANG_JAVA)
		at = tok_named(ts, open + 1, "path");
	if (at == TOK_NONE) {
		/* Other arguments have names: method = ..., produces = ... */
		if (tok_at(ts, open + 1)->kind == TOKEN_IDENT && tok_c(ts, open + 2) == '=')
			return 1;
		at = open + 1;
	}
	return strings_of(rt, at, ret, max);
}

static enum web_framework framework_of(const struct routing *rt)
{
	return routing_has(rt, WEB_NEST)     ? WEB_NEST
	       : routing_has(rt, WEB_SPRING) ? WEB_SPRING
	       : routing_has(rt, WEB_JAXRS)  ? WEB_JAXRS
	                                     : WEB_NONE;
}

static const char *class_prefix(struct routing *rt, uint32_t i)
{
	return routing_prefix(rt, (struct span){ 0 }, i);
}

static void add_all(struct routing *rt, uint32_t i, uint32_t pattern_at, const char *method,
                    const struct annotated *target)
{
	const char *patterns[METHODS_MAX];
	size_t n = patterns_of(rt, pattern_at, patterns, METHODS_MAX);
	struct route_new route = { .at = i,
		                   .method = method,
		                   .framework = framework_of(rt),
		                   .prefix = class_prefix(rt, i),
		                   .handler = routing_method(rt, target->name) };

	if (strcmp(route.prefix, NOT_SERVED) == 0)
		return;
	for (size_t k = 0; k < n; k++) {
		route.pattern = patterns[k];
		routing_add(rt, route);
	}
}

/* RequestMapping(method = RequestMethod.GET) or a list of such; ANY without. */
static void add_request_mapping(struct routing *rt, uint32_t i, const struct annotated *target)
{
	struct tokens *ts = rt->ts;
	uint32_t at = tok_c(ts, i + 1) == '(' ? tok_named(ts, i + 1, "method") : TOK_NONE, end;
	bool any = false;

	if (at != TOK_NONE) {
		bool list = tok_c(ts, at) == '{' || tok_c(ts, at) == '[';

		end = list ? tok_close(ts, at) : at + 3;
		for (int n = 0; at < end && n < 3 * METHODS_MAX; at++, n++) {
			const char *method = routing_verb(rt, at);

			if (method && tok_c(ts, at + 1) != '.') {
				add_all(rt, i, i, method, target);
				any = true;
			}
		}
	}
	if (!any)
		add_all(rt, i, i, "ANY", target);
}

/* JAX-RS: @GET and @Path("/x") stand side by side, in either order. */
static uint32_t path_beside(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	uint32_t start = i - 1;

	for (int n = 0; n < GROUP_MAX && start > 0; n++) {
		uint32_t name = start - 1;

		if (tok_c(ts, name) == ')') {
			if (tok_at(ts, name)->pair == TOK_NONE || tok_at(ts, name)->pair == 0)
				break;
			name = tok_at(ts, name)->pair - 1;
		}
		if (name == 0 || tok_c(ts, name - 1) != '@')
			break;
		start = name - 1;
	}
	for (int n = 0; n < GROUP_MAX && tok_c(ts, start) == '@'; n++) {
		if (tok_is(ts, start + 1, "Path"))
			return start + 1;
		start = behind(ts, start + 1);
	}
	return TOK_NONE;
}

static void read_class(struct routing *rt, uint32_t i, const struct annotated *target)
{
	const char *patterns[METHODS_MAX];

	if (tok_in(rt->ts, i, "FeignClient HttpExchange RegisterRestClient"))
		patterns[0] = NOT_SERVED;
	else if (!tok_in(rt->ts, i, "RequestMapping Path Controller") ||
	         patterns_of(rt, i, patterns, METHODS_MAX) == 0)
		return;
	/* What is not served stays so, whatever else stands before the class. */
	if (strcmp(class_prefix(rt, target->body + 1), NOT_SERVED) == 0)
		return;
	routing_name(rt, (struct span){ 0 }, patterns[0], target->body,
	             tok_close(rt->ts, target->body));
}

void routes_annotation(struct routing *rt, uint32_t i)
{
	struct tokens *ts = rt->ts;
	enum web_framework framework = framework_of(rt);
	struct annotated target;
	size_t len = tok_at(ts, i)->len;
	uint32_t path;

	if (i == 0 || tok_c(ts, i - 1) != '@' || framework == WEB_NONE ||
	    !find_annotated(rt, i, &target))
		return;
	if (target.is_class) {
		read_class(rt, i, &target);
	} else if (framework == WEB_SPRING && tok_is(ts, i, "RequestMapping")) {
		add_request_mapping(rt, i, &target);
	} else if (framework == WEB_SPRING && len > 7 && routing_verb(rt, i) == NULL &&
	           memcmp(tok_at(ts, i)->text + len - 7, "Mapping", 7) == 0) {
		static const char *const MAPPINGS[][2] = {
			{ "GetMapping", "GET" },     { "PostMapping", "POST" },
			{ "PutMapping", "PUT" },     { "DeleteMapping", "DELETE" },
			{ "PatchMapping", "PATCH" },
		};

		for (size_t k = 0; k < COUNT(MAPPINGS); k++) {
			if (tok_is(ts, i, MAPPINGS[k][0]))
				add_all(rt, i, i, MAPPINGS[k][1], &target);
		}
	} else if (framework == WEB_NEST &&
	           tok_in(ts, i, "Get Post Put Delete Patch Head Options All")) {
		add_all(rt, i, i, routing_verb(rt, i), &target);
	} else if (framework == WEB_JAXRS &&
	           tok_in(ts, i, "GET POST PUT DELETE PATCH HEAD OPTIONS")) {
		path = path_beside(rt, i);
		add_all(rt, i, path == TOK_NONE ? ts->n : path, routing_verb(rt, i), &target);
	}
}
