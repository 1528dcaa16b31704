/*
 * System maps: what a project is made of at one commit.
 *
 * Maps are published by a job (maps/map_jobs.h) and read here.  The content is
 * JSON text whose format is told in maps/content.h.
 *
 * The newest map of a project shows what its branch has come to.  Maps of other
 * commits that somebody asked for (maps/commit.h) are marked and never that;
 * of them the setting map_requested_max are kept.
 */
#ifndef MAPS_MAP_H
#define MAPS_MAP_H

#include "events/event.h"

struct map {
	int64_t id, project_id;
	const char *commit;   /* 40 zeros: a repository without commits */
	const char *ref;      /* branch or "HEAD"; NULL when unknown */
	const char *analyser; /* version that made it */
	int64_t generated_us;
	bool requested;       /* by its commit; never the newest */
	const char *content;  /* JSON text; NULL in lists */
	size_t content_bytes; /* of a map that is published; 0: as far as its NUL */
};

extern const struct schema map_schema;       /* with content */
extern const struct schema map_brief_schema; /* without */
extern const struct event_kind map_published;

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err map_get(struct ctx *cx, int64_t id, struct map *ret);

/** Of the newest map.  @ret without content.  Returns ERR_NOT_FOUND */
NODISCARD
enum err map_newest(struct ctx *cx, int64_t project_id, struct map *ret);

/**
 * The map that this analyser has made of a commit, whoever asked for it.
 *
 * @commit as in map_of_project()
 * @ret    without content
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err map_made(struct ctx *cx, int64_t project_id, const char *commit, const char *analyser,
                  struct map *ret);

/**
 * @commit NULL: the newest.  A prefix of at least 7 digits will do; of several, the newest is meant.
 * Returns ERR_NOT_FOUND, ERR_INVALID (blames ?commit)
 */
NODISCARD
enum err map_of_project(struct ctx *cx, int64_t project_id, const char *commit, struct map *ret);

/** @ret items are struct map without content, newest first; ids below before_id when not 0 */
NODISCARD
enum err map_list(struct ctx *cx, int64_t project_id, int64_t before_id, int64_t limit,
                  struct list *ret);

/**
 * Store a map and announce it; the one of the same commit and analyser is replaced, and what is stored
 * becomes the newest unless it was requested.  A requested one makes older ones go that are too many.
 * In the caller's transaction, which an error has made useless.
 * Returns ERR_NOT_FOUND when there is no such project
 */
NODISCARD
enum err map_publish(struct ctx *cx, const struct map *in, int64_t *ret_id);

/** @ret bytes that the maps of a project take in the database */
NODISCARD
enum err map_bytes(struct ctx *cx, int64_t project_id, int64_t *ret);

extern const struct db_check map_statements[], map_part_statements[];

#endif
