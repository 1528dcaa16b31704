/*
 * Routes of Rails: what stands in Rails.application.routes.draw.
 *
 * Blocks are words here (do, end), so the file is read statement by statement
 * with a stack of the prefixes that are open.  Sinatra's get "/x" do is no
 * part of it.
 */
#include "maps/facts_routes.h"

#include <string.h>

#define BLOCKS_MAX  64
#define ACTIONS_MAX 10

enum block_kind { BLOCK_OTHER = 0, BLOCK_PREFIX, BLOCK_RESOURCES, BLOCK_RESOURCE, BLOCK_MEMBER };

struct block {
	uint8_t kind;
	const char *path;     /* of everything inside, complete */
	const char *resource; /* path of the resource itself, in which member stands */
	const char *id;       /* ":post_id" */
	const char *module;   /* "admin/" before controllers */
};

struct rails {
	struct routing *rt;
	struct block blocks[BLOCKS_MAX];
	size_t nblocks, beyond;
};

static const struct block *top(const struct rails *rd)
{
	return &rd->blocks[rd->nblocks - 1];
}

/* Where arguments without parentheses end: the token behind the statement. */
static uint32_t end_of(struct tokens *ts, uint32_t i)
{
	uint32_t n = 0;

	for (i++; i < ts->n && n < 400; i++, n++) {
		char before = tok_c(ts, i - 1);

		if (tok_at(ts, i)->first && before != ',' && before != '(' && before != '[' &&
		    before != '>')
			return i;
		if (tok_is(ts, i, "do") || tok_c(ts, i) == ';')
			return i;
	}
	return i;
}

/* :name or "name" at @i, in the arena; NULL for anything else */
static const char *word_at(struct rails *rd, uint32_t i)
{
	struct tokens *ts = rd->rt->ts;
	const struct tok *t = tok_at(ts, tok_c(ts, i) == ':' ? i + 1 : i);

	if ((t->kind != TOKEN_STRING && !(t->kind == TOKEN_IDENT && tok_c(ts, i) == ':')) ||
	    t->len > FACTS_PATTERN_MAX || memchr(t->text, '\n', t->len))
		return NULL;
	return arena_strndup(rd->rt->arena, t->text, t->len);
}

/* The value of name: or :name => between two tokens. */
static uint32_t option(struct tokens *ts, uint32_t i, uint32_t end, const char *name)
{
	for (; i < end; i++) {
		if (tok_is(ts, i, name) && tok_c(ts, i + 1) == ':')
			return i + 2;
		if (tok_is(ts, i, name) && tok_c(ts, i + 1) == '=' && tok_c(ts, i + 2) == '>')
			return i + 3;
	}
	return TOK_NONE;
}

/* Whether :word is in the list (or is the one) that stands at @i: [:a, :b], %i[a b], :a */
static bool lists(struct tokens *ts, uint32_t i, const char *word)
{
	uint32_t end = i + 2;

	if (tok_c(ts, i) == '%')
		i += 2;
	if (tok_c(ts, i) == '[')
		end = tok_close(ts, i);
	for (uint32_t n = 0; i < end && n < 64; i++, n++) {
		const struct tok *t = tok_at(ts, i);

		if (t->len == strlen(word) && memcmp(t->text, word, t->len) == 0)
			return true;
	}
	return false;
}

static void open_block(struct rails *rd, struct block block)
{
	if (rd->nblocks == BLOCKS_MAX)
		rd->beyond++;
	else
		rd->blocks[rd->nblocks++] = block;
}

static void close_block(struct rails *rd)
{
	if (rd->beyond > 0)
		rd->beyond--;
	else if (rd->nblocks > 1)
		rd->nblocks--;
}

static void add(struct rails *rd, uint32_t at, const char *method, const char *pattern,
                const char *handler)
{
	routing_add(rd->rt, (struct route_new){ .at = at,
	                                        .framework = WEB_RAILS,
	                                        .method = method,
	                                        .pattern = *pattern ? pattern : "/",
	                                        .handler = handler });
}

/* "admin/posts#index" */
static const char *action(struct rails *rd, const char *controller, const char *name)
{
	return arena_printf(rd->rt->arena, "%s%s#%s", top(rd)->module, controller, name);
}

static const char *singular(struct rails *rd, const char *name)
{
	size_t n = strlen(name);

	if (n > 3 && strcmp(name + n - 3, "ies") == 0)
		return arena_printf(rd->rt->arena, "%.*sy", (int)(n - 3), name);
	if (n > 4 && (strcmp(name + n - 4, "sses") == 0 || strcmp(name + n - 4, "xes") == 0))
		n--;
	return arena_printf(rd->rt->arena, "%.*s", (int)(n > 1 && name[n - 1] == 's' ? n - 1 : n),
	                    name);
}

static void add_resources(struct rails *rd, uint32_t at, uint32_t end, const char *name, bool many)
{
	static const struct {
		const char *action, *method, *suffix;
		bool only_many, on_id;
	} ROWS[] = {
		{ "index", "GET", "", true, false },      { "create", "POST", "", false, false },
		{ "new", "GET", "new", false, false },    { "edit", "GET", "edit", false, true },
		{ "show", "GET", "", false, true },       { "update", "PATCH", "", false, true },
		{ "destroy", "DELETE", "", false, true },
	};
	struct arena *arena = rd->rt->arena;
	struct tokens *ts = rd->rt->ts;
	uint32_t only = option(ts, at, end, "only"), except = option(ts, at, end, "except");
	uint32_t path_at = option(ts, at, end, "path"), param_at = option(ts, at, end, "param");
	uint32_t controller_at = option(ts, at, end, "controller");
	const char *path = path_at == TOK_NONE ? NULL : word_at(rd, path_at);
	const char *controller = controller_at == TOK_NONE ? NULL : word_at(rd, controller_at);
	const char *param = param_at == TOK_NONE ? NULL : word_at(rd, param_at);
	const char *base = routing_join(arena, top(rd)->path, path ? path : name);

	param = param ? param : "id";
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const char *whole = base;

		if ((ROWS[i].only_many && !many) ||
		    (only != TOK_NONE && !lists(ts, only, ROWS[i].action)) ||
		    (except != TOK_NONE && lists(ts, except, ROWS[i].action)))
			continue;
		if (ROWS[i].on_id && many)
			whole = arena_printf(arena, "%s/:%s", whole, param);
		add(rd, at, ROWS[i].method, routing_join(arena, whole, ROWS[i].suffix),
		    action(rd,
		           controller ? controller
		           : many     ? name
		                      : arena_printf(arena, "%ss", name),
		           ROWS[i].action));
	}
	if (tok_is(ts, end, "do"))
		open_block(rd,
		           (struct block){ .kind = many ? BLOCK_RESOURCES : BLOCK_RESOURCE,
		                           .path = many ? arena_printf(arena, "%s/:%s_%s", base,
		                                                       singular(rd, name), param)
		                                        : base,
		                           .resource = base,
		                           .id = arena_printf(arena, ":%s", param),
		                           .module = top(rd)->module });
}

/* namespace :admin do, scope "/x" do, scope path: "x", module: "y" do */
static void open_scope(struct rails *rd, uint32_t i, uint32_t end, bool namespace)
{
	struct arena *arena = rd->rt->arena;
	struct tokens *ts = rd->rt->ts;
	uint32_t path_at = option(ts, i, end, "path"), module_at = option(ts, i, end, "module");
	const char *path = path_at == TOK_NONE ? word_at(rd, i + 1) : word_at(rd, path_at);
	const char *module = module_at == TOK_NONE ? NULL : word_at(rd, module_at);
	struct block block = *top(rd);

	if (tok_c(ts, i + 1) == '(')
		path = word_at(rd, i + 2);
	if (namespace && !module)
		module = word_at(rd, i + 1);
	/* scope module: "x": a symbol first would be read as a path. */
	if (path && !(path_at == TOK_NONE && tok_at(ts, i + 1)->kind == TOKEN_IDENT))
		block.path = routing_join(arena, block.path, path);
	if (module)
		block.module = arena_printf(arena, "%s%s/", block.module, module);
	block.kind = BLOCK_PREFIX;
	open_block(rd, block);
}

/* The path within resources: of a member, or of the collection. */
static const char *action_base(const struct rails *rd, uint32_t i, uint32_t end)
{
	struct routing *rt = rd->rt;
	const struct block *in = top(rd);
	uint32_t on = option(rt->ts, i, end, "on");

	if (on != TOK_NONE && in->resource && in->kind == BLOCK_RESOURCES)
		return lists(rt->ts, on, "member")
		               ? arena_printf(rt->arena, "%s/%s", in->resource, in->id)
		               : in->resource;
	return in->path;
}

/* get "path", to: "c#a"; get "path" => "c#a"; get :action; match ..., via: [...] */
static void add_verb(struct rails *rd, uint32_t i, uint32_t end, const char *method)
{
	struct routing *rt = rd->rt;
	struct tokens *ts = rt->ts;
	uint32_t first = tok_c(ts, i + 1) == '(' ? i + 2 : i + 1, to = option(ts, i, end, "to");
	const char *path = word_at(rd, first), *handler = "",
		   *via[] = { "get", "post", "put", "patch", "delete" };
	uint32_t via_at = option(ts, i, end, "via");

	if (!path)
		return;
	if (to != TOK_NONE)
		handler = word_at(rd, to);
	else if (tok_c(ts, first + 1) == '=' && tok_c(ts, first + 2) == '>')
		handler = word_at(rd, first + 3);
	handler = handler ? handler : "";
	path = routing_join(rt->arena, action_base(rd, i, end), path);
	if (method) {
		add(rd, i, method, path, handler);
		return;
	}
	bool any = false;

	for (size_t k = 0; k < COUNT(via) && via_at != TOK_NONE; k++) {
		static const char *const UPPER[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

		if (lists(ts, via_at, via[k])) {
			add(rd, i, UPPER[k], path, handler);
			any = true;
		}
	}
	if (!any)
		add(rd, i, "ANY", path, handler);
}

static void read_statement(struct rails *rd, uint32_t i)
{
	struct routing *rt = rd->rt;
	struct tokens *ts = rt->ts;
	uint32_t end = end_of(ts, i), at = i + 1;
	bool opens = tok_is(ts, end, "do");
	struct block same = *top(rd);
	const char *name;

	if (tok_in(ts, i, "resources resource")) {
		bool many = tok_is(ts, i, "resources");

		at += tok_c(ts, at) == '(';
		for (int n = 0; n < ACTIONS_MAX && (name = word_at(rd, at)) != NULL; n++) {
			uint32_t next = tok_c(ts, at) == ':' ? at + 2 : at + 1;
			bool last = tok_c(ts, next) != ',' || !word_at(rd, next + 1) ||
			            tok_c(ts, next + 2) == '=' ||
			            (tok_c(ts, next + 1) == ':' && tok_c(ts, next + 3) == '=');

			add_resources(rd, at, end, name, many);
			if (last)
				return;
			at = next + 1;
		}
		return;
	}
	if (tok_in(ts, i, "namespace scope")) {
		if (opens)
			open_scope(rd, i, end, tok_is(ts, i, "namespace"));
		return;
	}
	if (tok_is(ts, i, "root")) {
		uint32_t to = option(ts, i, end, "to");

		name = word_at(rd, to == TOK_NONE ? i + 1 : to);
		add(rd, i, "GET", top(rd)->path, name ? name : "");
	} else if (tok_in(ts, i, "member collection") && same.resource) {
		same.path = tok_is(ts, i, "member") && same.kind == BLOCK_RESOURCES
		                    ? arena_printf(rt->arena, "%s/%s", same.resource, same.id)
		                    : same.resource;
		same.kind = BLOCK_MEMBER;
	} else if (tok_in(ts, i, "get post put patch delete")) {
		add_verb(rd, i, end, routing_verb(rt, i));
	} else if (tok_is(ts, i, "match")) {
		add_verb(rd, i, end, NULL);
	}
	if (opens || tok_in(ts, i, "if unless case begin def class module"))
		open_block(rd, same);
}

void routes_ruby(struct routing *rt)
{
	struct tokens *ts = rt->ts;
	struct rails rd = { .rt = rt, .nblocks = 1 };
	uint32_t i = 0;

	rd.blocks[0] = (struct block){ .path = "", .module = "" };
	/* ... .routes.draw do */
	while (i < ts->n &&
	       !(tok_is(ts, i, "draw") && tok_c(ts, i - 1) == '.' && tok_is(ts, i - 2, "routes")))
		i++;
	for (i += 2; i < ts->n && routing_goes_on(rt); i++) {
		if (!tok_at(ts, i)->first)
			continue;
		if (tok_is(ts, i, "end"))
			close_block(&rd);
		else if (tok_at(ts, i)->kind == TOKEN_IDENT)
			read_statement(&rd, i);
	}
}
