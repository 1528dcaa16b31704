#include "maps/commit.h"

#include "maps/analyse.h"
#include "maps/map.h"
#include "projects/project.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX_MIN 7 /* digits of a commit */
#define PREFIX_MAX 40
#define ATTEMPTS   5
#define BACKOFF_S  10
#define TIMEOUT_S  3600 /* over the limits of fetch and analysis, which have their own */

/* What no name of a branch, a tag or a commit has; the rest is for the repository to know. */
static enum err check_name(struct ctx *cx, const char *pointer, const char *text)
{
	bool good = text[0] != '-' && strstr(text, "..") == NULL && strstr(text, "@{") == NULL;

	for (const char *p = text; *p != '\0' && good; p++)
		good = (unsigned char)*p > ' ' && *p != 0x7f && strchr("~^:?*[\\", *p) == NULL;
	if (good)
		return ERR_OK;
	err_field(cx, ERR_INVALID, pointer, "commit_name",
	          "is neither digits of a commit nor a name that a branch or tag can have");
	err_fix(cx, "send 7 to 40 digits of the commit, as git log shows them, or a name");
	return ERR_INVALID;
}

#define NAME_RULES                                                                                 \
	.required = true, .min = 1, .max = COMMIT_NAME_MAX, .one_line = true, .check = check_name, \
	.example = "\"v1.2.0\"",                                                                   \
	.doc = "At least 7 digits of a commit, or the name of a branch or tag"

static const struct field WANTED_FIELDS[] = {
	F_TEXT(struct commit_wanted, commit, NAME_RULES),
};
const struct schema commit_wanted_schema = SCHEMA(struct commit_wanted, "MapWanted", WANTED_FIELDS);

static const struct field ARGS_FIELDS[] = {
	F_INT(struct commit_map_args, project_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The project"),
	F_TEXT(struct commit_map_args, commit, NAME_RULES),
};
const struct schema commit_map_args_schema =
	SCHEMA(struct commit_map_args, "CommitMapArguments", ARGS_FIELDS);

static const struct field ASKED_FIELDS[] = {
	F_INT(struct commit_asked, project_id, .doc = "The project"),
	F_TEXT(struct commit_asked, commit, .doc = "What was asked for"),
	F_INT(struct commit_asked, map_id, .zero_is_null = true,
	      .doc = "The map, when there is one already"),
	F_INT(struct commit_asked, job_id, .zero_is_null = true,
	      .doc = "The job that makes it; its result has the map's number"),
};
const struct schema commit_asked_schema = SCHEMA(struct commit_asked, "MapAsked", ASKED_FIELDS);

const struct event_kind commit_requested = {
	.type = "map.requested",
	.version = 1,
	.payload = &commit_asked_schema,
	.audited = true,
	.doc = "Somebody asked for the map of a commit.",
};

/* May run twice: the map of the same commit is replaced. */
const struct job_kind commit_map_job = {
	.type = "commit_map",
	.queue = "heavy",
	.arguments = &commit_map_args_schema,
	.attempts = ATTEMPTS,
	.backoff_s = BACKOFF_S,
	.timeout_s = TIMEOUT_S,
	.unique_running = true,
	.doc = "Fetch a project's repository and map one commit of it.",
};

static bool is_prefix(const char *text)
{
	size_t n = strlen(text);

	return n >= PREFIX_MIN && n <= PREFIX_MAX && strspn(text, "0123456789abcdef") == n;
}

/* Digits are taken for those of a commit, also where a branch is called so: its name leads to that. */
static enum err find_made(struct ctx *cx, struct commit_asked *asked)
{
	struct map map;
	enum err e;

	if (!is_prefix(asked->commit))
		return ERR_OK;
	e = map_made(cx, asked->project_id, asked->commit, ANALYSER_VERSION, &map);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	asked->map_id = map.id;
	return ERR_OK;
}

enum err commit_ask(struct ctx *cx, int64_t project_id, const struct commit_wanted *in,
                    struct commit_asked *ret)
{
	const struct commit_map_args args = { project_id, in->commit };
	struct commit_asked asked = { .project_id = project_id, .commit = in->commit };
	/* The same words are the same job; those of one project run one after the other. */
	const struct job_new job = {
		.project_id = project_id,
		.unique_key = arena_printf(cx->arena, "%s:%" PRId64 ":%s", commit_map_job.type,
		                           project_id, in->commit),
		.order_key = arena_printf(cx->arena, "project:%" PRId64, project_id),
	};
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct project project;

	TRY(db_begin(cx, &tx));
	TRY(project_get(cx, project_id, &project));
	TRY(find_made(cx, &asked));
	if (asked.map_id == 0)
		TRY(job_enqueue(cx, &commit_map_job, &job, &args, &asked.job_id));
	TRY(event_emit(cx, &commit_requested, project_id, &asked));
	TRY(db_commit(&tx));
	*ret = asked;
	return ERR_OK;
}
