/*
 * For the files manifest_<ecosystem>.c: what they are given, and the few
 * helpers for reading lines and tokens.  Nobody else includes this.
 */
#ifndef MAPS_MANIFEST_PARSE_H
#define MAPS_MANIFEST_PARSE_H

#include "maps/doc.h"
#include "maps/manifest.h"

/* One manifest being read. */
struct manifest_in {
	struct arena *arena;   /* results */
	struct arena *scratch; /* trees, lines */
	struct span path, text;
	struct manifest *out;
	size_t deps_cap, items_cap;
};

/** Note a dependency; strings are copied.  An empty name is ignored. */
void manifest_dep(struct manifest_in *in, const char *name, const char *spec, const char *scope,
                  uint32_t line);

/** The same of another ecosystem than the manifest's own. */
void manifest_dep_in(struct manifest_in *in, enum ecosystem eco, const char *name, const char *spec,
                     const char *scope, uint32_t line);

/** Note a container image ("name:tag", "name@digest"); what is computed is left out. */
void manifest_image(struct manifest_in *in, const char *image, const char *scope, uint32_t line);

/**
 * Note what a lock file fixes.
 *
 * @key      the package's name, or the name with what the lock file tells it by (resolve_locked.c)
 * @version  "" for a package that is only counted
 */
void manifest_locked(struct manifest_in *in, const char *key, const char *version, uint32_t line);

/** Note an item; strings are copied, NULL is "". */
void manifest_item(struct manifest_in *in, enum item_kind kind, const char *key, const char *value,
                   uint32_t line);

/** Note the licence that a member says: a text, a list of texts, or {type: text}. */
void manifest_licence(struct manifest_in *in, const struct doc *doc);

/** Set the name unless there is one. */
void manifest_name(struct manifest_in *in, const char *name);

/* Lines of a text, one after the other. */
struct lines {
	const char *p, *end;
	struct span line; /* without its line end */
	uint32_t number;
};

struct lines lines_of(struct span text);

/** @ret false at the end */
bool lines_next(struct lines *lines);

/** @ret the span without white space around it */
struct span span_trim(struct span s);

bool span_starts(struct span s, const char *with);
bool span_is(struct span s, const char *text);

/** @ret a copy in scratch memory */
const char *span_text(struct manifest_in *in, struct span s);

/**
 * Find the next quoted string ('…' or "…") in a span, escapes not undone.
 *
 * @s    moved behind it
 * @ret  its text
 */
bool span_quoted(struct span *s, struct span *ret);

/**
 * Take the next word: up to white space or one of `stops`, which are skipped
 * in front of it.
 */
bool span_word(struct span *s, const char *stops, struct span *ret);

/** Note a PEP 508 requirement ("name[extra]>=1; marker"). */
void manifest_requirement(struct manifest_in *in, struct span text, const char *scope,
                          uint32_t line);

typedef void manifest_reader(struct manifest_in *in);

manifest_reader manifest_package_json, manifest_tsconfig, manifest_pnpm_workspace,
	manifest_composer, manifest_requirements, manifest_pyproject, manifest_setup_cfg,
	manifest_setup_py, manifest_pipfile, manifest_go_mod, manifest_cargo, manifest_pom,
	manifest_gradle, manifest_gradle_catalog, manifest_cmake, manifest_meson, manifest_makefile,
	manifest_configure, manifest_gemfile, manifest_msbuild, manifest_packages_config,
	manifest_nuget_lock, manifest_gradle_properties, manifest_dockerfile, manifest_compose,
	manifest_actions, manifest_gitlab_ci, manifest_gemfile_lock, manifest_package_lock,
	manifest_yarn_lock, manifest_pnpm_lock, manifest_python_lock, manifest_pipfile_lock,
	manifest_cargo_lock, manifest_go_sum, manifest_composer_lock;

#endif
