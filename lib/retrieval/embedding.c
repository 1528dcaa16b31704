/* Embedding: who is woken by what. */
#include "retrieval/embedding.h"

#include "ai/llm.h"
#include "config/config.h"
#include "jobs/job.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define ATTEMPTS  12
#define BACKOFF_S 30
#define TIMEOUT_S 7200

static const struct field ARGS_FIELDS[] = {
	F_INT(struct search_embed_args, project_id, .required = true, .min = EMBEDDING_ALL,
	      .max = INT64_MAX, .doc = "The project; 0: the tenant's documents; -1: all"),
};
static const struct schema ARGS =
	SCHEMA(struct search_embed_args, "SearchEmbedArguments", ARGS_FIELDS);

/* May run twice: what has its vector is not embedded again. */
const struct job_kind search_embed_job = {
	.type = "search_embed",
	.queue = "models",
	.arguments = &ARGS,
	.attempts = ATTEMPTS,
	.backoff_s = BACKOFF_S,
	.timeout_s = TIMEOUT_S,
	.doc = "Give a project's passages, or those of documents, their vectors.",
};

enum err embedding_ask(struct ctx *cx, int64_t project_id)
{
	const struct search_embed_args args = { project_id };
	/* One after the other in a tenant: none pays for what another is about to have. */
	const struct job_new job = {
		.project_id = project_id > 0 ? project_id : 0,
		.unique_key =
			arena_printf(cx->arena, "%s:%" PRId64, search_embed_job.type, project_id),
		.order_key = arena_printf(cx->arena, "%s:%" PRId64, search_embed_job.type,
		                          cx->who.tenant_id),
	};
	struct llm_model model;
	int64_t id;
	enum err e = llm_find(cx, LLM_EMBEDDING, NULL, &model);

	if (e == ERR_NO_MODEL) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	return job_enqueue(cx, &search_embed_job, &job, &args, &id);
}

/* A model of chats changes nothing here; what a provider's change does is not worth telling apart. */
static bool concerns(struct ctx *cx, const struct event *event)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct span text = { event->payload, strlen(event->payload) };

	if (strcmp(event->kind, "model.changed") != 0)
		return true;
	if (json_parse(cx, text, &json_limits_body, &doc) != ERR_OK) {
		err_clear(cx);
		return false;
	}
	return strcmp(json_text(doc, "kind", ""), "embedding") == 0;
}

static enum err handle(struct ctx *cx, const struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (concerns(cx, &events[i]))
			return embedding_ask(cx, EMBEDDING_ALL);
	return ERR_OK;
}

static const char *const KINDS[] = { "model.changed", "provider.changed", NULL };

const struct event_subscriber embedding_subscriber = {
	.name = "embedding",
	.kinds = KINDS,
	.handle = handle,
	.attempts = 20,
	.backoff_s = 1,
	.doc = "Has passages embedded when an embedding model or its provider is set.",
};
