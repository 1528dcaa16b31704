/* SQL of what is stored with maps, and of comparisons; of lib/maps alone. */
#ifndef MAPS_PART_REPO_H
#define MAPS_PART_REPO_H

#include "maps/map.h"

/* To be stored: data, or why there is none. */
struct map_part {
	const char *name;
	struct span data; /* no data: see the reason */
	const char *reason;
};

struct map_part_row {
	const char *data, *reason;
};

/** A map without its content.  @commit a prefix, or NULL; @ref a branch, or NULL.  Returns ERR_NOT_FOUND */
NODISCARD
enum err part_repo_map(struct ctx *cx, int64_t project_id, const char *commit, const char *ref,
                       struct map *ret);

/** Take away what is stored with a map, and every comparison with it. */
NODISCARD
enum err part_repo_clear(struct ctx *cx, int64_t map_id);
NODISCARD
enum err part_repo_put(struct ctx *cx, int64_t map_id, const struct map_part *part);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err part_repo_get(struct ctx *cx, int64_t map_id, const char *name, struct map_part_row *ret);

/**
 * Some members of a map's content, as one JSON object.
 *
 * @members  names with commas between
 * Returns ERR_NOT_FOUND; @ret NULL: they pass max_bytes
 */
NODISCARD
enum err part_repo_members(struct ctx *cx, int64_t map_id, const char *members, int64_t max_bytes,
                           const char **ret);

/**
 * Take one of so many slots for reading two maps, held until the transaction ends.
 *
 * @other_id     the same when there is one map
 * @small_bytes  maps that take no more than this in the table, compressed, need none
 * @ret          0: they need none; 1 and up: the slot; -1: none is free
 */
NODISCARD
enum err part_repo_slot(struct ctx *cx, int64_t map_id, int64_t other_id, int64_t small_bytes,
                        int64_t slots, int64_t *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err part_repo_diff_get(struct ctx *cx, int64_t from_map, int64_t to_map, const char *format,
                            const char **ret);
/** Keep a comparison, and of all the tenant's only the newest `keep`. */
NODISCARD
enum err part_repo_diff_put(struct ctx *cx, int64_t from_map, int64_t to_map, const char *format,
                            struct span text, int64_t keep);

#endif
