/*
 * Reach: what files of an indexed map lead to, and what leads to them.
 *
 * Breadth first over the rows of app.map_edge, a round trip a step: the rows of all files
 * that the step before has reached are read by their key.  A path is looked for
 * from both ends, the smaller side first (bidirectional search: Pohl, 1971).
 *
 *   Order   Deterministic: by steps, then by path; of shortest paths the one that is found
 *           through the smallest files of the map's order.
 *   Limits  REACH_DEPTH_MAX steps of an impact, REACH_PATH_MAX of a path, REACH_FILES_MAX
 *           files of a map: a larger one is ERR_LIMIT.
 */
#ifndef MAPS_REACH_H
#define MAPS_REACH_H

#include "maps/index.h"

#define REACH_LIMIT_MAX 1000 /* items of an answer */
#define REACH_DEPTH     3    /* what is taken where nobody says */
#define REACH_DEPTH_MAX 100
#define REACH_PATH_MAX  100 /* steps */
#define REACH_FILES_MAX 1000000

enum reach_direction { REACH_OUT = 1, REACH_IN = 2, REACH_BOTH = 3 };

/* One import between two files, and how it is known. */
struct map_step {
	const char *from, *to; /* paths; from imports to */
	int64_t line;          /* in from; 0: the whole file */
	const char *kind, *rule;
	int64_t confidence; /* percent */
};

struct map_neighbours {
	int64_t map_id;
	const char *commit, *path;
	int64_t total;     /* edges that there are, of the kind asked for */
	bool complete;     /* false: the items are not all, or the map itself is not complete */
	struct list items; /* map_step */
};

struct map_route {
	int64_t map_id;
	const char *commit, *from, *to;
	bool found;
	int64_t length; /* steps; 0: from and to are one file, or none was found */
	bool complete; /* false: none was found within the limits, or in a map that is not complete */
	struct list steps; /* map_step */
};

struct map_reached {
	const char *path;
	int64_t depth;   /* steps */
	const char *via; /* the file one step nearer by which it was reached first */
};

struct map_impact {
	int64_t map_id;
	const char *commit, *path;
	int64_t depth;        /* steps that were gone */
	int64_t total;        /* files reached */
	struct list by_depth; /* int64_t: files at 1, 2, ... steps */
	bool complete;        /* false: the items are not all, or a limit ended it */
	struct list items;    /* map_reached, nearest first */
};

extern const struct schema map_neighbours_schema, map_route_schema, map_impact_schema;

/**
 * The files next to one.
 *
 * @kind  as import_kind_name(), or "same_package"; NULL: any
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err reach_neighbours(struct ctx *cx, const struct map_index *index, const char *path,
                          enum reach_direction direction, const char *kind, int64_t limit,
                          struct map_neighbours *ret);

/** A shortest way along imports.  Returns ERR_NOT_FOUND when a file is none */
NODISCARD
enum err reach_route(struct ctx *cx, const struct map_index *index, const char *from,
                     const char *to, struct map_route *ret);

/**
 * Whom a change of a file may concern: all that import it, directly or through others.
 *
 * @direction REACH_IN, or REACH_OUT for what the file itself depends on
 * @depth     1 to REACH_DEPTH_MAX
 */
NODISCARD
enum err reach_impact(struct ctx *cx, const struct map_index *index, const char *path,
                      enum reach_direction direction, int64_t depth, int64_t limit,
                      struct map_impact *ret);

extern const struct db_check reach_statements[];

#endif
