/*
 * View: the content of a stored map, read back for drawing, exports and comparison.
 *
 * One pass over the text of maps/content.h, without recursion; only the members that are wanted are kept, the
 * others are stepped over.  Nothing is trusted: the grammar, the length of columns and every index are
 * checked, so that a reader may use them as they are.
 *
 *   Memory     Numbers take 4 bytes, texts 16 and their bytes only where they hold escapes: else they are
 *              borrowed from the text, which must outlive the view.
 *   Absent     A member that an older analyser did not write is an empty table.
 *   Limits     VIEW_ROWS_MAX rows of any table, VIEW_BYTES_MAX in the arena.
 *   Time       Linear in the text.
 */
#ifndef MAPS_VIEW_H
#define MAPS_VIEW_H

#include "base/ctx.h"

#define VIEW_ROWS_MAX  2000000u
#define VIEW_BYTES_MAX ((size_t)192 << 20)
#define VIEW_ARENA_MAX ((size_t)512 << 20) /* for an arena that holds a view: never reached */

/* What may be left out. */
enum view_want {
	VIEW_DEFS = 1,
	VIEW_IMPORTS = 2,
};

struct view_files {
	size_t n;
	struct span *path, *oid;
	int32_t *lang, *role, *code, *comment, *blank, *component;
};

struct view_components {
	size_t n;
	struct span *name, *path, *kind, *reason; /* reason: NULL in older maps */
	int32_t *files, *code;
};

struct view_links {
	size_t n;
	int32_t *from, *to, *edges;
};

struct view_imports {
	size_t n;
	int32_t *from, *to, *line;
};

struct view_externals {
	size_t n;
	struct span *ecosystem, *name, *spec, *scope;
	int32_t *manifest, *line, *used_by;
};

struct view_languages {
	size_t n;
	struct span *name;
	int32_t *files, *code;
};

struct view_entries {
	size_t n;
	struct span *kind, *name, *target;
	int32_t *file, *line; /* file -1: none */
};

struct view_routes {
	size_t n;
	struct span *method, *pattern;
	int32_t *file, *line;
};

struct view_defs {
	size_t n;
	struct span *name, *parent;
	int32_t *file, *kind, *line, *end_line;
};

/* By file; NULL in a map without them. */
struct view_graph {
	size_t n, ncycles, ncycle_files;
	int32_t *layer, *rank, *fan_in, *fan_out;
	int32_t *cycle_start; /* ncycles + 1 places in cycle_files */
	int32_t *cycle_files;
};

struct view_hotspots {
	size_t n;
	int32_t *file, *score;
};

struct view {
	struct span commit, ref, analyser; /* ref.data NULL: unknown */
	struct view_languages languages;
	struct view_files files;
	struct view_components components;
	struct view_links links;
	struct view_imports imports;
	struct view_externals externals;
	struct view_entries entries;
	struct view_routes routes;
	struct view_hotspots hotspots;
	struct view_graph graph;
	struct view_defs defs;
	struct span *roles, *def_kinds; /* names by number */
	size_t nroles, ndef_kinds;
};

/**
 * @text borrowed; valid UTF-8
 * @want bits of enum view_want
 * @ret  in arena
 * Returns ERR_MALFORMED for what is no content, ERR_LIMIT for more rows than are read
 */
NODISCARD
enum err view_read(struct ctx *cx, struct arena *arena, struct span text, unsigned want,
                   struct view *ret);

/** @ret whether a component's name is that of the top folder, "." */
bool view_is_root(struct span name);

/** @ret name of a file's language, "" when none is known */
struct span view_language(const struct view *v, size_t file);

#endif
