/*
 * Map views: what is made of stored maps when it is asked for.
 *
 * The content of a map may be many megabytes.  Of it only the members that a view needs are sent by the
 * database, MAP_VIEW_BYTES at most, and what is read of them lives in an arena that ends with the
 * call; so the memory of a worker is bounded, and given back.  What is made of maps that are large together is made
 * map_views_at_once at a time by all workers; whoever comes then is told to ask again (ERR_UNAVAILABLE).  A
 * comparison is kept (app.map_diff), and what is kept needs no such turn.
 */
#ifndef MAPS_MAP_VIEWS_H
#define MAPS_MAP_VIEWS_H

#include "maps/map.h"
#include "maps/view.h"

#define MAP_VIEW_BYTES ((int64_t)48 << 20) /* of the members of one map */
#define MAP_VIEW_SMALL                                                                             \
	((int64_t)1 << 20) /* of one or two maps in the table, compressed: no turn is needed */
#define MAP_DIFFS_KEPT 200 /* of a tenant: the newest */

enum diff_format {
	DIFF_JSON,
	DIFF_MARKDOWN,
	DIFF_SVG,
};

enum map_text {
	MAP_TEXT_GRAPHML,
	MAP_TEXT_CYCLONEDX,
};

/**
 * Find a map of a project, without its content.
 *
 * @which  NULL: the newest; 7 digits of a commit and more; or a branch, whose newest map is meant
 * Returns ERR_NOT_FOUND, its fix tells how to have one made; ERR_INVALID (blames @pointer)
 */
NODISCARD
enum err map_find(struct ctx *cx, int64_t project_id, const char *which, const char *pointer,
                  struct map *ret);

/* The members of a map's content (content.h), ended by NULL. */
extern const char *const map_member_names[];

/**
 * Some members of a map's content as one JSON object; those that it lacks are left out.
 *
 * @names  texts, of map_member_names
 * @ret    in cx->arena.  Returns ERR_LIMIT, ERR_UNAVAILABLE
 */
NODISCARD
enum err map_members(struct ctx *cx, const struct map *map, const struct list *names,
                     struct span *ret);

/** @ret text in cx->arena.  Returns ERR_NOT_FOUND, ERR_LIMIT, ERR_MALFORMED, ERR_UNAVAILABLE */
NODISCARD
enum err map_write(struct ctx *cx, const struct map *map, enum map_text what, const char *project,
                   struct span *ret);

/** The Markdown of maps/digest.h.  Returns as map_write() */
NODISCARD
enum err map_digest(struct ctx *cx, const struct map *map, const char *project,
                    const char *question, int64_t tokens, struct span *ret);

/**
 * Compare two maps, or give what was kept of doing so.
 *
 * @ret in cx->arena.  Returns as map_write(), and for a picture what layout_run() does
 */
NODISCARD
enum err map_compare(struct ctx *cx, const struct map *from, const struct map *to,
                     enum diff_format format, struct span *ret);

#endif
