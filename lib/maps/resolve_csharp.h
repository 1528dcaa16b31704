/*
 * Between the files of the resolver of C#: what namespaces and projects hold, and
 * what one file sees of it.
 */
#ifndef MAPS_RESOLVE_CSHARP_H
#define MAPS_RESOLVE_CSHARP_H

#include "maps/resolver.h"

#define USINGS_MAX     64 /* of one file; each is looked at for all names used */
#define NAMESPACES_MAX 32 /* around the types of one file */

struct cs_def {
	uint32_t file, next;
};

/* A namespace that a file uses. */
struct cs_using {
	const char *name;                 /* in full */
	const struct fact_import *import; /* NULL: of the whole project */
	bool used;
};

struct cs_index {
	struct strmap types;      /* "A.B.Type" -> first of chain */
	struct strmap extensions; /* "A.B..method" -> the same */
	struct strmap methods;    /* names of methods that are no extensions */
	struct strmap namespaces; /* "A.B" and "A" -> 1 */
	struct strmap references; /* pairs of project files -> 1 */
	struct strmap packages;   /* first part of a package's name, lower case -> external */
	struct cs_def *chain;
	size_t nchain, chain_cap;
	struct cs_using *global; /* of all projects */
	uint32_t *global_project;
	size_t nglobal, global_cap;
	char key[2 * FACTS_TARGET_MAX + FACTS_NAME_MAX + 4];
};

/* What one file sees. */
struct cs_file {
	uint32_t file, project;
	const char *around[NAMESPACES_MAX]; /* longest first, "" last */
	size_t naround;
	struct cs_using usings[USINGS_MAX];
	size_t nusings;
	struct strmap nested; /* types inside the file's types */
};

/* Where in a file the definitions stand: a stack of namespaces. */
struct cs_place {
	const char *name[NAMESPACES_MAX];
	uint32_t end[NAMESPACES_MAX];
	size_t n;
};

/** Index all files of C#, and the projects. */
void csharp_index(struct resolver *r, struct cs_index *x);

/** @ret length of "a.b" in x->key, NUL-terminated; 0 when too long */
size_t csharp_join(struct cs_index *x, const char *a, const char *b, size_t len);

/**
 * Go on through the definitions of a file, in their order.
 *
 * @ret the namespace of the definition in full; of a namespace's own definition, that one
 */
const char *csharp_place(struct resolver *r, struct cs_place *place, const struct fact_def *def);

/** @ret the project file that a file belongs to, RESOLVE_NONE without one */
uint32_t csharp_project(struct resolver *r, uint32_t file);

/** @ret the file that declares what the map has under x->key, RESOLVE_NONE without one */
uint32_t csharp_find(struct resolver *r, const struct cs_index *x, const struct strmap *map,
                     const struct cs_file *f, size_t len);

/** The file of a type of a namespace.  "Name`" is a generic one, if there is one of its own. */
uint32_t csharp_find_type(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                          const char *space, const char *name, size_t len);

/** The same for a name that may be written without its type arguments: a generic type alone. */
uint32_t csharp_find_generic(struct resolver *r, struct cs_index *x, const struct cs_file *f,
                             const char *space, const char *name, size_t len);

#endif
