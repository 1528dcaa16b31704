/* Map views: finding maps, reading what is needed of them, writing what is asked for. */
#include "maps/map_views.h"

#include "base/db.h"
#include "config/config.h"
#include "maps/diagram.h"
#include "maps/diff.h"
#include "maps/digest.h"
#include "maps/exports.h"
#include "maps/part_repo.h"
#include "projects/project.h"

#include <inttypes.h>
#include <string.h>

#define COMMIT_PREFIX_MIN 7
#define COMMIT_MAX        64
#define REF_MAX           255

#define RETRY_S 2 /* what is made of a large map takes a second or so */

#define MEMBERS_OF_ALL "meta,legend,languages,files,components,component_links,graph"

/* 7 digits and more: a commit; a branch that is called so is reached by its commit. */
static bool is_commit(const char *text)
{
	size_t n = strlen(text);

	return n >= COMMIT_PREFIX_MIN && n <= COMMIT_MAX && strspn(text, "0123456789abcdef") == n;
}

enum err map_find(struct ctx *cx, int64_t project_id, const char *which, const char *pointer,
                  struct map *ret)
{
	struct project project;
	enum err e;

	if (which != NULL && (which[0] == '\0' || strlen(which) > REF_MAX))
		return err_field(cx, ERR_INVALID, pointer, "commit",
		                 "is neither 7 digits of a commit and more nor a branch");
	e = part_repo_map(cx, project_id, which == NULL || is_commit(which) ? which : NULL,
	                  which == NULL || is_commit(which) ? NULL : which, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	TRY(project_get(cx, project_id, &project)); /* none at all is another answer */
	if (which == NULL) {
		err_set(cx, e, "project %" PRId64 " has no map yet", project_id);
		err_fix(cx, "have it mapped: POST /api/v1/projects/%" PRId64 "/sync", project_id);
		return e;
	}
	err_set(cx, e, "project %" PRId64 " has no map of %s %s", project_id,
	        is_commit(which) ? "commit" : "a branch", which);
	err_fix(cx,
	        "have it mapped: POST /api/v1/projects/%" PRId64
	        "/maps with {\"commit\":\"%s\"}; GET"
	        " there lists the maps that there are",
	        project_id, which);
	return e;
}

/*
 * Workers are many and small; what is made of large maps takes much of one for a while.  So only a few of that
 * are made at a time, by all of them together: a lock each, which goes with the transaction, however it ends.
 */
static enum err take_slot(struct ctx *cx, struct db_tx *tx, int64_t map_id, int64_t other_id)
{
	int64_t slots = cx->app->config->map_views_at_once, slot;

	TRY(db_begin(cx, tx));
	TRY(part_repo_slot(cx, map_id, other_id, MAP_VIEW_SMALL, slots, &slot));
	if (slot >= 0)
		return ERR_OK;
	err_set(cx, ERR_UNAVAILABLE,
	        "%" PRId64 " large maps are being read already, which is as many as may be", slots);
	err_fix(cx, "ask again; or let the operator raise the setting map_views_at_once");
	err_retry(cx, RETRY_S);
	return ERR_UNAVAILABLE;
}

static enum err read_members(struct ctx *cx, const struct map *map, const char *members,
                             struct span *ret)
{
	const char *text;

	TRY(part_repo_members(cx, map->id, members, MAP_VIEW_BYTES, &text));
	if (text == NULL)
		return err_set(cx, ERR_LIMIT,
		               "what is needed of map %" PRId64 " passes %" PRId64 " MiB", map->id,
		               MAP_VIEW_BYTES >> 20);
	*ret = (struct span){ text, strlen(text) };
	return ERR_OK;
}

static enum err read_map(struct ctx *cx, struct arena *arena, const struct map *map,
                         const char *members, unsigned want, struct view *ret)
{
	struct span text;

	TRY(read_members(cx, map, members, &text));
	return view_read(cx, arena, text, want, ret);
}

const char *const map_member_names[] = {
	"meta",         "legend",          "languages", "files",      "path_bytes", "dirs",
	"components",   "component_links", "imports",   "unresolved", "externals",  "manifests",
	"entry_points", "graph",           "defs",      "coverage",   "tests",      "routes",
	"env",          "licences",        "history",   "summary",    NULL
};

enum err map_members(struct ctx *cx, const struct map *map, const struct list *names,
                     struct span *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct sb sb = sb_new(cx->arena, 256);
	const char *members;

	for (size_t i = 0; i < names->n; i++) {
		sb_add(&sb, i > 0 ? "," : "");
		sb_add(&sb, ((const char *const *)names->items)[i]);
	}
	TRY(sb_finish(cx, &sb, &members));
	TRY(take_slot(cx, &tx, map->id, map->id));
	enum err e = read_members(cx, map, members, ret);
	if (e == ERR_NOT_FOUND) { /* it has none of them */
		err_clear(cx);
		*ret = SPAN("{}");
		e = ERR_OK;
	}
	TRY(e);
	return db_commit(&tx);
}

static void hand_over(struct ctx *cx, struct span text, struct span *ret)
{
	*ret = (struct span){ arena_memdup(cx->arena, text.data, text.len + 1), text.len };
}

enum err map_write(struct ctx *cx, const struct map *map, enum map_text what, const char *project,
                   struct span *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(VIEW_ARENA_MAX);
	struct span text;
	struct view v;

	TRY(take_slot(cx, &tx, map->id, map->id));
	if (what == MAP_TEXT_GRAPHML) {
		TRY(read_map(cx, arena, map, MEMBERS_OF_ALL ",imports", VIEW_IMPORTS, &v));
		TRY(export_graphml(cx, arena, &v, &text));
	} else {
		TRY(read_map(cx, arena, map, MEMBERS_OF_ALL ",externals", 0, &v));
		TRY(export_cyclonedx(cx, arena, &v, project, &text));
	}
	hand_over(cx, text, ret);
	return db_commit(&tx);
}

enum err map_digest(struct ctx *cx, const struct map *map, const char *project,
                    const char *question, int64_t tokens, struct span *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(VIEW_ARENA_MAX);
	struct span text;
	struct view v;

	TRY(take_slot(cx, &tx, map->id, map->id));
	TRY(read_map(cx, arena, map, MEMBERS_OF_ALL ",externals,entry_points,routes,defs",
	             VIEW_DEFS, &v));
	digest_write(arena, &v, project, question, tokens, &text);
	hand_over(cx, text, ret);
	return db_commit(&tx);
}

/* --- Comparison --- */

static enum err paint(struct ctx *cx, struct arena *arena, const struct diff *diff,
                      struct span *ret)
{
	struct drawing drawing;
	struct diagram diagram;

	diff_drawing(arena, diff, &drawing);
	diagram_begin(arena, &drawing, &diagram);
	TRY(layout_run(cx, arena, &diagram.layout));
	return diagram_svg(cx, &diagram, ret);
}

static enum err compare(struct ctx *cx, struct arena *arena, const struct map *from,
                        const struct map *to, enum diff_format format, struct span *ret)
{
	static const char MEMBERS[] = MEMBERS_OF_ALL ",externals,routes,imports,history";
	struct diff diff;
	struct view a, b;

	TRY(read_map(cx, arena, from, MEMBERS, VIEW_IMPORTS, &a));
	TRY(read_map(cx, arena, to, MEMBERS, VIEW_IMPORTS, &b));
	diff_maps(arena, &a, &b, &diff);
	if (format == DIFF_JSON)
		return diff_json(cx, arena, &diff, ret);
	if (format == DIFF_MARKDOWN)
		return diff_markdown(cx, arena, &diff, ret);
	return paint(cx, arena, &diff, ret);
}

enum err map_compare(struct ctx *cx, const struct map *from, const struct map *to,
                     enum diff_format format, struct span *ret)
{
	static const char *const FORMATS[] = { "json", "md", "svg" };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	CLEANUP(arena_free_ptr) struct arena *arena = NULL;
	const char *kept;
	struct span text;
	enum err e = part_repo_diff_get(cx, from->id, to->id, FORMATS[format], &kept);

	if (e == ERR_OK) {
		*ret = (struct span){ kept, strlen(kept) };
		return ERR_OK;
	}
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(take_slot(cx, &tx, from->id, to->id));
	arena = arena_new(VIEW_ARENA_MAX);
	TRY(compare(cx, arena, from, to, format, &text));
	TRY(part_repo_diff_put(cx, from->id, to->id, FORMATS[format], text, MAP_DIFFS_KEPT));
	hand_over(cx, text, ret);
	return db_commit(&tx);
}
