/*
 * Resolve: from what files say they import to edges between files.
 *
 * Works on a list of files with their facts and on the manifests found among
 * them; knows nothing of repositories.  Every question is answered by a hash
 * map: the cost is linear in imports and names, never files times files.
 *
 *   Edges        Each has its line, the kind as written, the rule that found
 *                it and a confidence in percent.  A file never points to itself.
 *   Misses       What leads to no file is listed with the reason, and tied to
 *                the dependency of a manifest where one is known.
 *   Order        Edges by from, line, to, kind; misses by from, line, target.
 *   Limits       RESOLVE_*_MAX; what passes them is dropped and flagged.
 */
#ifndef MAPS_RESOLVE_H
#define MAPS_RESOLVE_H

#include "base/ctx.h"
#include "maps/file.h"
#include "maps/manifest.h"

#define RESOLVE_EDGES_MAX  1000000
#define RESOLVE_MISSES_MAX 1000000

#define RESOLVE_NONE UINT32_MAX /* no file, no dependency */

/* RULE(id, name in maps, confidence in percent) */
#define RESOLVE_RULES(RULE)                                                                        \
	RULE(C_SAME_DIR, "c.same_dir", 100)                                                        \
	RULE(C_INCLUDE_DIR, "c.include_dir", 98)                                                   \
	RULE(C_UNIQUE_SUFFIX, "c.unique_suffix", 85)                                               \
	RULE(C_NEAREST, "c.nearest", 60)                                                           \
	RULE(PY_RELATIVE, "py.relative", 100)                                                      \
	RULE(PY_ABSOLUTE, "py.absolute", 98)                                                       \
	RULE(PY_SCRIPT_DIR, "py.script_dir", 85)                                                   \
	RULE(JS_RELATIVE, "js.relative", 100)                                                      \
	RULE(JS_PATHS, "js.paths", 98)                                                             \
	RULE(JS_BASE_URL, "js.base_url", 95)                                                       \
	RULE(JS_WORKSPACE, "js.workspace", 95)                                                     \
	RULE(JS_IMPORTS, "js.imports", 95)                                                         \
	RULE(JS_ALIAS, "js.alias", 70)                                                             \
	RULE(GO_PACKAGE, "go.package", 98)                                                         \
	RULE(GO_PACKAGE_FILE, "go.package_file", 60)                                               \
	RULE(GO_SAME_PACKAGE, "go.same_package", 80)                                               \
	RULE(JAVA_CLASS, "java.class", 100)                                                        \
	RULE(JAVA_WILDCARD, "java.wildcard", 90)                                                   \
	RULE(JAVA_SAME_PACKAGE, "java.same_package", 90)                                           \
	RULE(KOTLIN_FUNCTION, "kotlin.function", 90)                                               \
	RULE(KOTLIN_SAME_PACKAGE, "kotlin.same_package", 75)                                       \
	RULE(CS_USING, "cs.using", 95)                                                             \
	RULE(CS_TYPE, "cs.type", 98)                                                               \
	RULE(CS_QUALIFIED, "cs.qualified", 95)                                                     \
	RULE(CS_SAME_NAMESPACE, "cs.same_namespace", 90)                                           \
	RULE(CS_GLOBAL_USING, "cs.global_using", 90)                                               \
	RULE(CS_EXTENSION, "cs.extension", 75)                                                     \
	RULE(PHP_PSR, "php.psr", 100)                                                              \
	RULE(PHP_CLASSMAP, "php.classmap", 98)                                                     \
	RULE(PHP_DECLARED, "php.declared", 92)                                                     \
	RULE(PHP_SAME_NAMESPACE, "php.same_namespace", 95)                                         \
	RULE(PHP_QUALIFIED, "php.qualified", 95)                                                   \
	RULE(PHP_FUNCTION, "php.function", 90)                                                     \
	RULE(PHP_REQUIRE, "php.require", 100)                                                      \
	RULE(PHP_INCLUDE, "php.include", 90)                                                       \
	RULE(PHP_INCLUDE_PATH, "php.include_path", 75)                                             \
	RULE(PHP_DYNAMIC, "php.dynamic", 60)                                                       \
	RULE(RUST_MOD, "rust.mod", 100)                                                            \
	RULE(RUST_USE, "rust.use", 95)                                                             \
	RULE(RUST_CRATE, "rust.crate", 95)                                                         \
	RULE(RUBY_RELATIVE, "ruby.relative", 100)                                                  \
	RULE(RUBY_LOAD_PATH, "ruby.load_path", 98)                                                 \
	RULE(RUBY_GEM, "ruby.gem", 95)                                                             \
	RULE(RUBY_CONSTANT, "ruby.constant", 90)                                                   \
	RULE(SHELL_RELATIVE, "shell.relative", 100)                                                \
	RULE(SHELL_WORKING_DIR, "shell.working_dir", 90)                                           \
	RULE(SHELL_UNIQUE_SUFFIX, "shell.unique_suffix", 80)                                       \
	RULE(SHELL_NEAREST, "shell.nearest", 70)                                                   \
	RULE(SQL_RELATIVE, "sql.relative", 100)                                                    \
	RULE(SQL_WORKING_DIR, "sql.working_dir", 90)                                               \
	RULE(SQL_TABLE, "sql.table", 90)                                                           \
	RULE(BUILD_PATH, "build.path", 100)

enum resolve_rule {
	RULE_NONE = 0,
#define RULE(id, name, confidence) RULE_##id,
	RESOLVE_RULES(RULE)
#undef RULE
		RULE_COUNT
};

/* Kind of an edge that no import line makes: files of one package that use each other's names. */
#define EDGE_KIND_SAME_PACKAGE IMPORT_NONE

enum miss_reason {
	MISS_NONE = 0,
	MISS_STANDARD,  /* the language's standard library */
	MISS_EXTERNAL,  /* a package from outside the repository */
	MISS_NOT_FOUND, /* should be here and is not (often generated by the build) */
	MISS_AMBIGUOUS, /* several files fit equally well */
	MISS_COUNT
};

struct resolve_edge {
	uint32_t from, to;  /* indexes of files */
	uint32_t line;      /* 0: the whole file (same package) */
	uint8_t kind;       /* enum import_kind, or EDGE_KIND_SAME_PACKAGE */
	uint8_t rule;       /* enum resolve_rule */
	uint8_t confidence; /* percent */
	bool within_unit;   /* no part of a cycle: a name within a Go package, Rust's "mod" */
};

struct resolve_miss {
	const char *target;
	uint32_t from, line;
	uint32_t external; /* index into externals, or RESOLVE_NONE */
	uint8_t reason;    /* enum miss_reason */
};

/* One dependency as one manifest declares it. */
struct resolve_external {
	const char *name, *spec, *scope;
	const char *locked; /* version that the nearest lock file fixes it to, "" when none does */
	uint32_t manifest;  /* index of the manifest's file */
	uint32_t line;
	uint32_t used_by; /* files that import it */
	enum ecosystem eco;
};

struct resolve_in {
	const struct map_file *files; /* sorted by path, each once */
	size_t nfiles;
	const struct manifest *manifests; /* sorted by file */
	size_t nmanifests;
};

struct resolve_out {
	struct resolve_edge *edges;
	size_t nedges;
	struct resolve_miss *misses;
	size_t nmisses;
	struct resolve_external *externals; /* by ecosystem, name, manifest, line */
	size_t nexternals;
	uint32_t *
		declared; /* by manifest: of a lock file's packages, those that a manifest declares */
	bool truncated;
};

/** Resolve all imports.  @ret lives in cx->arena */
NODISCARD
enum err resolve_imports(struct ctx *cx, const struct resolve_in *in, struct resolve_out *ret);

/** @ret "c.same_dir", ...; stable: stored in maps.  "" for RULE_NONE */
const char *resolve_rule_name(enum resolve_rule rule);

/** @ret "standard", "external", "not_found", "ambiguous" */
const char *resolve_miss_name(enum miss_reason reason);

#endif
