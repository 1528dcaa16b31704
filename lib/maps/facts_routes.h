/*
 * HTTP routes: what the readers of the languages' frameworks share.
 *
 *   facts_routes.c         which frameworks a file imports; prefixes; the list of routes
 *   facts_routes_js.c      express and its kin, Nest's decorators are with annotations
 *   facts_routes_python.c  decorators, Django's lists, aiohttp, Starlette
 *   facts_routes_go.c      gin, chi, echo, fiber, gorilla/mux, net/http
 *   facts_routes_java.c    annotations before classes and methods: Spring, JAX-RS, Nest
 *   facts_routes_rust.c    axum, actix, rocket
 *   facts_routes_ruby.c    config/routes.rb
 *   facts_routes_php.c     Laravel, Slim
 *   facts_routes_csharp.c  ASP.NET: attributes and minimal APIs
 */
#ifndef MAPS_FACTS_ROUTES_H
#define MAPS_FACTS_ROUTES_H

#include "maps/tap.h"

#define ROUTERS_MAX 256 /* routers with a prefix, and mounts of such, of one file */

/* A variable (or function, or class) whose routes stand below a prefix. */
struct router {
	struct span name;
	const char *prefix;
	uint32_t from, to; /* tokens between which it holds */
};

/* Somewhere in the file the routes of one are put below a prefix of another. */
struct mount {
	struct span name, on;
	const char *prefix;
	bool replaces; /* the router's own prefix */
};

struct route_new {
	enum web_framework framework;
	const char *method, *pattern, *handler;
	const char *prefix; /* that of the router itself and of what is around it */
	struct span owner;  /* the router's variable: it may be mounted farther down */
	uint32_t at;        /* token, for the line */
	bool unsure;
};

struct routing {
	struct tokens *ts;
	struct sink *sk;
	struct arena *arena;
	uint32_t frameworks; /* bits: 1 << enum web_framework that the file imports */
	struct router routers[ROUTERS_MAX];
	size_t nrouters;
	struct mount mounts[ROUTERS_MAX];
	size_t nmounts;
	struct route_new *routes;
	size_t nroutes, routes_cap;
	size_t mounts_cap; /* of sk->ret->mounts */
	size_t bytes_max;  /* of the arena; what is read beyond has no routes */
};

static inline bool routing_has(const struct routing *rt, enum web_framework framework)
{
	return rt->frameworks >> framework & 1;
}

/** @ret false when the limits of routes or of their memory are reached; notes that */
bool routing_goes_on(struct routing *rt);

/** Note a route; a NULL pattern is none. */
void routing_add(struct routing *rt, struct route_new route);

/** The routes of a variable named so stand below @prefix, from token @from to @to. */
void routing_name(struct routing *rt, struct span name, const char *prefix, uint32_t from,
                  uint32_t to);

/** Wherever @name's routes are registered, they also stand below @prefix and what @on is below. */
void routing_mount(struct routing *rt, struct span name, const char *prefix, struct span on,
                   bool replaces);

/**
 * The same of a router in another file.
 *
 * @i       token of the first word of what is mounted: router, items.router, users::routes()
 * @prefix  complete but for where @on itself is mounted
 */
void routing_mount_far(struct routing *rt, uint32_t i, const char *prefix, struct span on);

/** The same of a Python module's routes. */
void routing_mount_module(struct routing *rt, const char *module, const char *prefix,
                          struct span on);

/** The same of the routes that a function of the package of @base ("": of this one) registers. */
void routing_mount_function(struct routing *rt, uint32_t base, struct span function,
                            const char *prefix, struct span on);

/** @ret the prefix of a variable at a token, "" when it has none */
const char *routing_prefix(struct routing *rt, struct span name, uint32_t at);

/** @ret a and b with one '/' between them */
const char *routing_join(struct arena *arena, const char *a, const char *b);

/** @ret the text of argument @n of the call whose ( is at @open, or NULL when it is no literal */
const char *routing_arg(struct routing *rt, uint32_t open, uint32_t n);

/** @ret the same of a named argument, one of @names */
const char *routing_named(struct routing *rt, uint32_t open, const char *names);

/** @ret GET of get, Get, GET, del: the method that a word means; NULL for any other word */
const char *routing_verb(struct routing *rt, uint32_t i);

/** @ret the innermost function around a token; empty when there is none */
struct span routing_function(struct routing *rt, uint32_t i);

/** @ret the name of the class whose body a token stands in; empty when it does not */
struct span routing_class(struct routing *rt, uint32_t i);

/** @ret the method whose name is at a token, with its class: "Owner.find" */
const char *routing_method(struct routing *rt, uint32_t i);

/** @ret whether a file without imports has this word in its head */
bool routing_word(struct routing *rt, const char *word);

/** @ret the variable that the statement around token @i assigns to; empty when it does not */
struct span routing_assigned(struct routing *rt, uint32_t i);

/* One call for each token with WORD_ROUTE. */
void routes_js(struct routing *rt, uint32_t i);
void routes_python(struct routing *rt, uint32_t i);
void routes_go(struct routing *rt, uint32_t i);
void routes_annotation(struct routing *rt, uint32_t i);
void routes_rust(struct routing *rt, uint32_t i);
void routes_php(struct routing *rt, uint32_t i);
void routes_csharp(struct routing *rt, uint32_t i);

/* Of the whole file at once: its blocks are no brackets. */
void routes_ruby(struct routing *rt);

#endif
