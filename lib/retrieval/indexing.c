/* Indexing: who is woken by what. */
#include "retrieval/indexing.h"

#include "config/config.h"
#include "jobs/job.h"
#include "projects/project.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define ATTEMPTS  10
#define BACKOFF_S 10
#define TIMEOUT_S 7200

static const struct field ARGS_FIELDS[] = {
	F_INT(struct search_index_args, project_id, .required = true, .min = 0, .max = INT64_MAX,
	      .doc = "The project; 0: the tenant's documents"),
};
static const struct schema ARGS =
	SCHEMA(struct search_index_args, "SearchIndexArguments", ARGS_FIELDS);

/* May run twice: what is indexed already is not indexed again. */
const struct job_kind search_index_job = {
	.type = "search_index",
	.queue = "heavy",
	.arguments = &ARGS,
	.attempts = ATTEMPTS,
	.backoff_s = BACKOFF_S,
	.timeout_s = TIMEOUT_S,
	.doc = "Cut what is new in a project's files, or in documents, for the search.",
};

enum err indexing_ask(struct ctx *cx, int64_t project_id, int64_t *ret_job)
{
	const struct search_index_args args = { project_id };
	/* Those of one project run one after the other; whoever wants a newer map does not wait for them. */
	const struct job_new job = {
		.project_id = project_id,
		.unique_key =
			arena_printf(cx->arena, "%s:%" PRId64, search_index_job.type, project_id),
		.order_key = arena_printf(cx->arena, "search:%" PRId64, project_id),
	};

	return job_enqueue(cx, &search_index_job, &job, &args, ret_job);
}

static bool is_requested(struct ctx *cx, const char *payload)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct span text = { payload, strlen(payload) };

	if (json_parse(cx, text, &json_limits_body, &doc) != ERR_OK) {
		err_clear(cx);
		return false;
	}
	return json_flag(doc, "requested", false);
}

static enum err take_map(struct ctx *cx, const struct event *event)
{
	struct project project;
	enum err e = project_get(cx, event->project_id, &project);
	int64_t job;

	if (e == ERR_NOT_FOUND) { /* deleted meanwhile */
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	return indexing_ask(cx, project.id, &job);
}

/* The rows of a project that is gone are swept by the job of the documents, which has no project. */
static enum err handle(struct ctx *cx, const struct event *events, size_t n)
{
	int64_t job;

	for (size_t i = 0; i < n && cx->app->config->search_maps; i++) {
		event_take_request(cx, &events[i]);
		if (strcmp(events[i].kind, project_deleted.type) == 0)
			TRY(indexing_ask(cx, 0, &job));
		else if (!is_requested(cx, events[i].payload))
			TRY(take_map(cx, &events[i]));
	}
	return ERR_OK;
}

static const char *const KINDS[] = { "map.published", "project.deleted", NULL };

const struct event_subscriber search_subscriber = {
	.name = "search",
	.kinds = KINDS,
	.handle = handle,
	.attempts = 20,
	.backoff_s = 1,
	.doc = "Has the search follow maps that are published and projects that are deleted.",
};
