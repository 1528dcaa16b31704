/* System maps: schemas, the event, and the rules of reading and publishing. */
#include "maps/map.h"

#include "config/config.h"
#include "maps/map_repo.h"
#include "projects/project.h"

#include <inttypes.h>
#include <string.h>

#define COMMIT_PREFIX_MIN 7
#define COMMIT_MAX        64 /* digits of a SHA-256 commit */

#define BRIEF_FIELDS                                                                               \
	F_INT(struct map, id, .example = "3", .doc = "Number of the map"),                         \
		F_INT(struct map, project_id, .doc = "The project it is of"),                      \
		F_TEXT(struct map, commit, .max = COMMIT_MAX,                                      \
	               .doc = "Commit it shows; 40 zeros for a repository without commits"),       \
		F_TEXT(struct map, ref, .nullable = true, .max = 255,                              \
	               .doc = "Branch or tag that led to it, or HEAD"),                            \
		F_TEXT(struct map, analyser, .max = 50, .doc = "Version of the analyser"),         \
		F_BOOL(struct map, requested,                                                      \
	               .doc = "Asked for by its commit: never the project's newest map"),          \
		F_TIME(struct map, generated_us, .name = "generated_at",                           \
	               .doc = "When it was made")

static const struct field BRIEFS[] = { BRIEF_FIELDS };
const struct schema map_brief_schema = SCHEMA(struct map, "MapBrief", BRIEFS);

static const struct field FIELDS[] = {
	BRIEF_FIELDS,
	F_JSON(struct map, content, .doc = "The map: languages, folders, files, edges, packages"),
};
const struct schema map_schema = SCHEMA(struct map, "Map", FIELDS);

const struct event_kind map_published = {
	.type = "map.published",
	.version = 1,
	.payload = &map_brief_schema,
	.doc = "A project has a map of a commit.",
};

enum err map_get(struct ctx *cx, int64_t id, struct map *ret)
{
	enum err e = map_repo_get(cx, id, ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no map %" PRId64, id) : e;
}

static enum err check_prefix(struct ctx *cx, const char *commit)
{
	size_t n = strlen(commit);

	if (n >= COMMIT_PREFIX_MIN && n <= COMMIT_MAX && strspn(commit, "0123456789abcdef") == n)
		return ERR_OK;
	return err_field(cx, ERR_INVALID, "?commit", "commit",
	                 "is not 7 to 64 digits of a commit, 0-9 and a-f");
}

enum err map_of_project(struct ctx *cx, int64_t project_id, const char *commit, struct map *ret)
{
	struct project project;
	enum err e;

	if (commit != NULL)
		TRY(check_prefix(cx, commit));
	e = commit != NULL ? map_repo_of_commit(cx, project_id, commit, ret)
	                   : map_repo_newest(cx, project_id, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	TRY(project_get(cx, project_id, &project)); /* none at all is another answer */
	if (commit != NULL)
		return err_set(cx, e, "project %" PRId64 " has no map of commit %s", project_id,
		               commit);
	return err_set(cx, e, "project %" PRId64 " has no map yet", project_id);
}

enum err map_newest(struct ctx *cx, int64_t project_id, struct map *ret)
{
	return map_repo_newest_brief(cx, project_id, ret);
}

enum err map_made(struct ctx *cx, int64_t project_id, const char *commit, const char *analyser,
                  struct map *ret)
{
	return map_repo_made(cx, project_id, commit, analyser, ret);
}

enum err map_list(struct ctx *cx, int64_t project_id, int64_t before_id, int64_t limit,
                  struct list *ret)
{
	return map_repo_list(cx, project_id, before_id, limit, ret);
}

enum err map_publish(struct ctx *cx, const struct map *in, int64_t *ret_id)
{
	struct map made;
	enum err e;

	if (!in->requested)
		TRY(map_repo_make_way(cx, in));
	e = map_repo_put(cx, in, &made);
	if (e == ERR_CONFLICT)
		return err_set(cx, ERR_NOT_FOUND, "there is no project %" PRId64, in->project_id);
	TRY(e);
	if (in->requested)
		TRY(map_repo_thin_out(cx, in->project_id, cx->app->config->map_requested_max));
	TRY(event_emit(cx, &map_published, made.project_id, &made));
	*ret_id = made.id;
	return ERR_OK;
}

enum err map_bytes(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return map_repo_bytes(cx, project_id, ret);
}
