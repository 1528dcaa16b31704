/*
 * For the files resolve_<language>.c: the shared index, and where they report.
 * Nobody else includes this.
 */
#ifndef MAPS_RESOLVER_H
#define MAPS_RESOLVER_H

#include "maps/resolve.h"
#include "maps/strmap.h"

#define JOIN_MAX (MAP_PATH_MAX + FACTS_TARGET_MAX + 64) /* bytes of a path being tried */

struct resolver_dir {
	struct span path;    /* "" is the root */
	uint32_t parent;     /* RESOLVE_NONE for the root */
	uint32_t first_file; /* chained through next_in_dir, in order of paths */
};

struct resolver {
	struct ctx *cx;
	struct arena *arena;
	const struct resolve_in *in;
	struct resolve_out *out;

	struct strmap paths;   /* path -> file */
	struct strmap dir_ids; /* path -> dir; all folders that hold files, and those above */
	struct resolver_dir *dirs;
	size_t ndirs;
	uint32_t *file_dir;                  /* file -> dir */
	uint32_t *next_in_dir;               /* file -> file */
	uint32_t *near[MANIFEST_TYPE_COUNT]; /* dir -> nearest manifest of the type, or NULL */

	struct strmap externals; /* "ecosystem name" -> first, chained by next_external */
	uint32_t *next_external;
	uint32_t *external_user; /* external -> file that was counted last, plus 1 */

	size_t edges_cap, misses_cap;
	char join[JOIN_MAX]; /* path being built: join_*() */
	size_t join_len;
};

/* One import of one file, being resolved. */
struct import_at {
	uint32_t file;
	const struct fact_import *import;
};

#define EXTERNAL_KEY_MAX 1024

/**
 * The form in which dependencies of an ecosystem are compared.
 *
 * @ret length of the key; 0 when it does not fit
 */
size_t external_key(enum ecosystem eco, const char *name, size_t len, char *key, size_t cap);

/** Find what lock files say of the externals (resolve_locked.c). */
void resolve_locked(struct resolver *r);

/** Set r->join to a folder; later parts are added below it. */
void join_dir(struct resolver *r, struct span dir);

/**
 * Go on from r->join by a path with "." and ".." in it.
 *
 * @ret false when it leaves the repository or grows too long
 */
bool join_path(struct resolver *r, const char *relative, size_t len);

/** Append bytes to r->join as they are (an extension).  @ret false when too long */
bool join_add(struct resolver *r, const char *text);

/** @ret the file that r->join names, with `suffix` appended, or RESOLVE_NONE */
uint32_t join_file(struct resolver *r, const char *suffix);

/** @ret the folder that r->join names, or RESOLVE_NONE */
uint32_t join_dir_id(const struct resolver *r);

/** @ret folder of a file, without the '/' at its end */
struct span dir_of(const struct resolver *r, uint32_t file);

/** @ret the nearest manifest of a type, from a folder upwards; NULL when there is none */
const struct manifest *nearest_manifest(struct resolver *r, uint32_t dir, enum manifest_type type);

/** @ret how many bytes of leading folders two paths share */
size_t common_dirs(struct span a, struct span b);

/**
 * Of two files that fit, the one nearer to `from` by shared folders; then one
 * that is no test, then the shorter path, then the first.
 */
uint32_t nearer_file(const struct resolver *r, uint32_t from, uint32_t a, uint32_t b);

/** Report an edge.  One from a file to itself is ignored. */
void resolved(struct resolver *r, struct import_at at, uint32_t to, enum resolve_rule rule);

/** Report an edge that no line makes (same package). */
void resolved_by_name(struct resolver *r, uint32_t from, uint32_t to, enum resolve_rule rule,
                      bool within_unit);

/** Report that an import leads to no file. */
void unresolved(struct resolver *r, struct import_at at, enum miss_reason reason,
                uint32_t external);

/**
 * The dependency of that name, of the manifest nearest above a file; counts
 * the file as its user.
 *
 * @ret index, or RESOLVE_NONE
 */
uint32_t use_external(struct resolver *r, uint32_t file, enum ecosystem eco, const char *name,
                      size_t len);

/** @ret the first dependency of that name, chained by r->next_external, or RESOLVE_NONE */
uint32_t first_external(const struct resolver *r, enum ecosystem eco, const char *name, size_t len);

/** Count a file as a user of a dependency, once. */
void count_external(struct resolver *r, uint32_t file, uint32_t external);

/** @ret whether a name is in a sorted table of the standard library */
bool std_c_header(const char *name);
bool std_python_module(const char *name, size_t len);
bool std_node_module(const char *name, size_t len);
bool std_java_package(const char *name);
bool std_dotnet_namespace(const char *name);
bool std_php_namespace(const char *name);

/* Each resolves all files of its languages. */
void resolve_c(struct resolver *r);
void resolve_python(struct resolver *r);
void resolve_js(struct resolver *r);
void resolve_go(struct resolver *r);
void resolve_java(struct resolver *r);
void resolve_csharp(struct resolver *r);
void resolve_php(struct resolver *r);
void resolve_rust(struct resolver *r);
void resolve_ruby(struct resolver *r);
void resolve_shell(struct resolver *r);
void resolve_sql(struct resolver *r);

/** Of manifests: what CI and Compose files use of this repository. */
void resolve_build(struct resolver *r);

/** Ruby, of applications that load files by the names of their constants (resolve_zeitwerk.c). */
void resolve_ruby_constants(struct resolver *r);

#endif
