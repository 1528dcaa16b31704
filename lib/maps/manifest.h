/*
 * Manifests: what a build file says of packages, dependencies and places.
 *
 * manifest_read() reads one file by itself; nothing is executed, expanded by
 * the network or included.  What only running the build could tell (computed
 * names, most variables) is left out.
 *
 *   Input      Any bytes, at most DOC_TEXT_MAX are read.  Time is linear.
 *   Ownership  Results live in the arena given; the text is borrowed.
 *   Limits     MANIFEST_DEPS_MAX and MANIFEST_ITEMS_MAX; what passes them is
 *              dropped and `truncated` says so.
 *   Order      As written.
 */
#ifndef MAPS_MANIFEST_H
#define MAPS_MANIFEST_H

#include "base/arena.h"

#define MANIFEST_DEPS_MAX  5000
#define MANIFEST_ITEMS_MAX 5000

enum ecosystem {
	ECO_NONE = 0,
	ECO_NPM,
	ECO_PYPI,
	ECO_GO,
	ECO_CARGO,
	ECO_MAVEN,
	ECO_SYSTEM, /* C and C++: libraries of the machine, by pkg-config or CMake name */
	ECO_RUBYGEMS,
	ECO_PACKAGIST,
	ECO_COUNT
};

enum manifest_type {
	MANIFEST_NONE = 0,
	MANIFEST_PACKAGE_JSON,
	MANIFEST_TSCONFIG, /* and jsconfig */
	MANIFEST_PNPM_WORKSPACE,
	MANIFEST_COMPOSER,
	MANIFEST_REQUIREMENTS,
	MANIFEST_PYPROJECT,
	MANIFEST_SETUP_CFG,
	MANIFEST_SETUP_PY,
	MANIFEST_PIPFILE,
	MANIFEST_GO_MOD,
	MANIFEST_CARGO,
	MANIFEST_POM,
	MANIFEST_GRADLE,
	MANIFEST_GRADLE_CATALOG,
	MANIFEST_CMAKE,
	MANIFEST_MESON,
	MANIFEST_MAKEFILE,
	MANIFEST_CONFIGURE,
	MANIFEST_GEMFILE,
	MANIFEST_TYPE_COUNT
};

struct manifest_dep {
	const char *name;  /* as the ecosystem knows it; Maven "group:artifact" */
	const char *spec;  /* version as written, "" when none */
	const char *scope; /* "runtime", "dev", "test", "build", "optional", "peer", ... */
	uint32_t line;
};

enum item_kind {
	ITEM_NONE = 0,
	ITEM_ENTRY,       /* key a command's name, value a path or Python "module:function" */
	ITEM_MAIN,        /* value the file that the bare package name means */
	ITEM_EXPORT,      /* package.json exports: key "." or "./sub", value a path; "*" in both */
	ITEM_IMPORT,      /* package.json imports: key "#name" */
	ITEM_WORKSPACE,   /* value a folder or glob of member packages */
	ITEM_INCLUDE_DIR, /* C: value a folder; a leading '/' means the repository's root */
	ITEM_EXTENDS,     /* tsconfig: value the parent */
	ITEM_BASE_URL,    /* tsconfig */
	ITEM_PATH,        /* tsconfig paths: key a pattern, value a target */
	ITEM_LIB,         /* Cargo: key the library's name or "", value its root file or "" */
	ITEM_CRATE_ROOT,  /* Cargo: value the root file of a program, example, test or bench */
	ITEM_CRATE_ALIAS, /* Cargo: key the name used in code, value the package's name */
	ITEM_REPLACE,     /* Go: key a module path, value a folder */
	ITEM_SOURCE_ROOT, /* Python: value the folder that packages live in */
	ITEM_LICENCE,     /* value an SPDX expression, or the name as written */
	ITEM_KIND_COUNT
};

struct manifest_item {
	enum item_kind kind;
	uint32_t line;
	const char *key, *value;
};

struct manifest {
	enum manifest_type type;
	uint32_t file;     /* set by the caller: index of the file it stands in */
	const char *name;  /* of the package, module or project; "" when it has none */
	const char *group; /* Maven groupId, "" elsewhere */
	struct manifest_dep *deps;
	size_t ndeps;
	struct manifest_item *items;
	size_t nitems;
	bool truncated;
};

/** @ret what kind of manifest a file is, by its path; MANIFEST_NONE for most files */
enum manifest_type manifest_detect(struct span path);

/**
 * Read one manifest.
 *
 * @arena    for the results
 * @scratch  for the parse; may be reset by the caller afterwards
 * @path     of the file; tells scopes ("requirements-dev.txt")
 * @text     valid UTF-8
 */
void manifest_read(struct arena *arena, struct arena *scratch, enum manifest_type type,
                   struct span path, struct span text, struct manifest *ret);

/** @ret the ecosystem that a manifest's dependencies belong to */
enum ecosystem manifest_ecosystem(enum manifest_type type);

/** @ret "npm", "pypi", ... stable: stored in maps */
const char *ecosystem_name(enum ecosystem eco);

/** @ret "package.json", "pyproject", ... stable: stored in maps */
const char *manifest_type_name(enum manifest_type type);

#endif
