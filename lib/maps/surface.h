/*
 * Surface: what a system offers and asks for, over all files: HTTP routes,
 * environment variables, tests, licences.
 *
 * The facts say what each file has by itself; here the repository has a word:
 * the roles of files, the packages that manifests name, routers that one file
 * puts below a prefix of another, and frameworks whose routes are file names
 * (Next.js).
 */
#ifndef MAPS_SURFACE_H
#define MAPS_SURFACE_H

#include "maps/resolve.h"

#define SURFACE_ROUTES_MAX   50000
#define SURFACE_ENV_MAX      50000
#define SURFACE_LICENCES_MAX 200000

struct surface_route {
	const char *method, *pattern, *handler; /* pattern: with the prefixes of other files */
	uint32_t file, line;                    /* line 0: the file's name is the route */
	uint8_t framework;                      /* enum web_framework */
};

struct surface_env {
	const char *name, *value; /* value: NULL when there is no literal default */
	uint32_t file, line;
};

struct surface_tests {
	uint32_t file, cases;
	uint8_t framework; /* enum test_framework */
};

struct surface_licence {
	uint32_t file, line;
	const char *evidence; /* "tag", "text", "manifest" */
	const char *expression;
	uint8_t percent;
};

struct surface {
	struct surface_route
		*routes; /* by file, line, method, pattern; none of tests and vendored files */
	size_t nroutes;
	struct surface_env *env; /* by file, line, name; none of vendored files */
	size_t nenv;
	struct surface_tests *tests; /* by file; those with a case, or with the role test */
	size_t ntests;
	struct surface_licence *licences; /* by file, line, expression; none of vendored files */
	size_t nlicences;
	bool truncated;
};

/** @edges  of resolve_imports(), sorted as it does;  @ret lives in the arena */
void surface_find(struct arena *arena, const struct resolve_in *in,
                  const struct resolve_edge *edges, size_t nedges, struct surface *ret);

#endif
