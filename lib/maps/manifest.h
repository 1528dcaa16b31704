/*
 * Manifests: what a build file says of packages, dependencies and places.
 *
 * manifest_read() reads one file by itself; nothing is executed, expanded by
 * the network or included.  What only running the build could tell (computed
 * names, most variables) is left out.
 *
 *   Input      Any bytes, at most DOC_TEXT_MAX are read, of lock files MANIFEST_LOCK_TEXT_MAX.
 *              Time is linear.
 *   Ownership  Results live in the arena given; the text is borrowed.
 *   Limits     MANIFEST_DEPS_MAX, MANIFEST_ITEMS_MAX and MANIFEST_LOCKED_MAX; what passes them is
 *              dropped and `truncated` says so.
 *   Order      As written.
 */
#ifndef MAPS_MANIFEST_H
#define MAPS_MANIFEST_H

#include "base/arena.h"

#define MANIFEST_DEPS_MAX      5000
#define MANIFEST_ITEMS_MAX     5000
#define MANIFEST_VALUE_MAX     256 /* bytes of a property that others may use */
#define MANIFEST_EXPAND_MAX    8   /* properties put into one value */
#define MANIFEST_DEPS_MAX      5000
#define MANIFEST_ITEMS_MAX     5000
#define MANIFEST_LOCKED_MAX    50000       /* packages of a lock file */
#define MANIFEST_LOCK_TEXT_MAX (16u << 20) /* bytes of a lock file that is read by lines */

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
	ECO_NUGET,
	ECO_DOCKER,  /* images */
	ECO_ACTIONS, /* GitHub's "uses:" */
	ECO_GITLAB,  /* what GitLab CI includes from elsewhere */
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
	MANIFEST_MSBUILD,       /* .csproj, .fsproj, .vbproj */
	MANIFEST_MSBUILD_PROPS, /* Directory.Build.props and .targets: for all projects below */
	MANIFEST_NUGET_CENTRAL, /* Directory.Packages.props: versions for all projects below */
	MANIFEST_PACKAGES_CONFIG,
	MANIFEST_DOCKERFILE,
	MANIFEST_COMPOSE,
	MANIFEST_ACTIONS,
	MANIFEST_GITLAB_CI,
	MANIFEST_GEMFILE_LOCK, /* this and those below: lock files, see ITEM_LOCKED */
	MANIFEST_PACKAGE_LOCK,
	MANIFEST_YARN_LOCK,
	MANIFEST_PNPM_LOCK,
	MANIFEST_POETRY_LOCK,
	MANIFEST_UV_LOCK,
	MANIFEST_PIPFILE_LOCK,
	MANIFEST_CARGO_LOCK,
	MANIFEST_GO_SUM,
	MANIFEST_COMPOSER_LOCK,
	MANIFEST_NUGET_LOCK,
	MANIFEST_GRADLE_PROPERTIES,
	MANIFEST_TYPE_COUNT
};

struct manifest_dep {
	const char *name;  /* as the ecosystem knows it; Maven "group:artifact" */
	const char *spec;  /* version as written, "" when none */
	const char *scope; /* "runtime", "dev", "test", "build", "optional", "peer", ... */
	uint32_t line;
	enum ecosystem eco; /* ECO_NONE: the manifest's */
};

enum item_kind {
	ITEM_NONE = 0,
	ITEM_ENTRY,       /* key a command's name, value a path or Python "module:function" */
	ITEM_MAIN,        /* value the file that the bare package name means */
	ITEM_EXPORT,      /* package.json exports: key "." or "./sub", value a path; "*" in both */
	ITEM_IMPORT,      /* package.json imports: key "#name" */
	ITEM_WORKSPACE,   /* value a folder or glob of member packages */
	ITEM_INCLUDE_DIR, /* C: value a folder; "/" begins the root, "${NAME}" an ITEM_PROPERTY */
	ITEM_EXTENDS,     /* tsconfig, Maven: value the parent's path; Maven: key its artifact */
	ITEM_BASE_URL,    /* tsconfig */
	ITEM_PATH,        /* tsconfig paths: key a pattern, value a target */
	ITEM_LIB,         /* Cargo: key the library's name or "", value its root file or "" */
	ITEM_CRATE_ROOT,  /* Cargo: value the root file of a program, example, test or bench */
	ITEM_CRATE_ALIAS, /* Cargo: key the name used in code, value the package's name */
	ITEM_REPLACE,     /* Go: key a module path, value a folder */
	ITEM_SOURCE_ROOT, /* Python: value the folder that packages live in */
	ITEM_PROJECT,     /* MSBuild: value the path of a project that this one refers to */
	ITEM_USING,       /* MSBuild: value a namespace that all files of the project use */
	ITEM_AUTOLOAD_PSR4, /* Composer: key a namespace with \ at its end or "", value a folder */
	ITEM_AUTOLOAD_PSR0, /* the same, the namespace being repeated below the folder */
	ITEM_AUTOLOAD,      /* Composer: value a file, or a folder, that is loaded whole */
	ITEM_PROPERTY,      /* Maven, Gradle, MSBuild, CMake: key a name, value what it means */
	ITEM_CATALOG,       /* Gradle: key a scope, value "catalogue.name" that is put into it */
	ITEM_ALIAS,         /* Gradle catalogue: key a name, value the dependency's */
	ITEM_BUNDLE,        /* Gradle catalogue: key a bundle's name, value that of one of it */
	ITEM_STAGE,         /* Dockerfile: key the stage's name, value its image or stage */
	ITEM_LOCAL,         /* CI, Compose: key "uses", "include" or "build", value a path here */
	ITEM_LOCKED,        /* lock file: key a package (resolve_locked.c), value the version */
	ITEM_TARGET,  /* CMake: key "add_library", value the library's name, "" when computed */
	ITEM_LICENCE, /* value an SPDX expression, or the name as written */
	ITEM_REQUIRE, /* as ITEM_EXPORT, which import sees first: what require() sees first */
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
	uint32_t nlocked; /* lock file: packages that it fixes, those of this repository left out */
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

/** @ret whether a manifest of that type is a lock file */
bool manifest_is_lock(enum manifest_type type);

/** @ret the ecosystem that a manifest's dependencies belong to */
enum ecosystem manifest_ecosystem(enum manifest_type type);

/** @ret "npm", "pypi", ... stable: stored in maps */
const char *ecosystem_name(enum ecosystem eco);

/** @ret "package.json", "pyproject", ... stable: stored in maps */
const char *manifest_type_name(enum manifest_type type);

#endif
