/*
 * Between the files of PHP's resolver: where Composer loads classes from, what
 * require leads to, and which package a namespace belongs to.
 */
#ifndef MAPS_RESOLVE_PHP_H
#define MAPS_RESOLVE_PHP_H

#include "maps/resolver.h"

/* A folder that the classes below a namespace live in. */
struct php_root {
	uint32_t manifest; /* its file */
	const char *folder;
	bool psr0; /* the namespace is repeated in folders, and _ separates them too */
	uint32_t next;
};

struct php_load {
	struct strmap prefixes; /* namespace with \ at its end, or "" -> first root */
	struct php_root *roots;
	size_t nroots, roots_cap;
	struct strmap listed;   /* files and folders of classmap and files -> 1 */
	struct strmap vendors;  /* vendor of a package -> first external, chained by `next` */
	struct strmap packages; /* package without vendor and '-' -> external */
	uint32_t *next;
	bool psr0; /* whether there is a root of that kind */
};

/** Read the autoload sections of all composer.json. */
void php_load_index(struct resolver *r, struct php_load *load);

/** @ret the file that Composer would load a class from, RESOLVE_NONE when there is none */
uint32_t php_load_class(struct resolver *r, const struct php_load *load, uint32_t from,
                        const char *name);

/** @ret whether a composer.json lists the file, or a folder above it, to be loaded whole */
bool php_load_listed(const struct resolver *r, const struct php_load *load, uint32_t file);

/** @ret whether classes below the namespace should be here by some composer.json */
bool php_load_owns(const struct php_load *load, const char *name);

/** Resolve require and include, and report. */
void php_require(struct resolver *r, struct import_at at);

/** @ret the dependency that a class of that name most likely comes from, or RESOLVE_NONE */
uint32_t php_external(struct resolver *r, const struct php_load *load, uint32_t from,
                      const char *name);

#endif
