/* SQL of system maps; of lib/maps alone. */
#ifndef MAPS_MAP_REPO_H
#define MAPS_MAP_REPO_H

#include "maps/map.h"

NODISCARD
enum err map_repo_get(struct ctx *cx, int64_t id, struct map *ret);
NODISCARD
enum err map_repo_newest(struct ctx *cx, int64_t project_id, struct map *ret);
/** @ret without content, as are the next ones' */
NODISCARD
enum err map_repo_newest_brief(struct ctx *cx, int64_t project_id, struct map *ret);
/** @prefix hex digits only */
NODISCARD
enum err map_repo_made(struct ctx *cx, int64_t project_id, const char *prefix, const char *analyser,
                       struct map *ret);
/** @prefix hex digits only */
NODISCARD
enum err map_repo_of_commit(struct ctx *cx, int64_t project_id, const char *prefix,
                            struct map *ret);
NODISCARD
enum err map_repo_list(struct ctx *cx, int64_t project_id, int64_t before_id, int64_t limit,
                       struct list *ret);
/** Keep so many of the requested maps, the newest ones. */
NODISCARD
enum err map_repo_thin_out(struct ctx *cx, int64_t project_id, int64_t keep);
/** Before the branch's map: take one of the same commit and analyser away, unless it is the newest. */
NODISCARD
enum err map_repo_make_way(struct ctx *cx, const struct map *in);
/** @ret without content.  Returns ERR_CONFLICT when there is no such project */
NODISCARD
enum err map_repo_put(struct ctx *cx, const struct map *in, struct map *ret);

NODISCARD
enum err map_repo_bytes(struct ctx *cx, int64_t project_id, int64_t *ret);

#endif
