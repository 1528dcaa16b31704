/* One call of a model, one statement. */
#include "retrieval/meaning.h"

#include "ai/llm.h"
#include "config/config.h"

#define MILLIONTHS_OF_PERCENT 10000

/* @ret whether the search can go on without: it cannot where the database fails */
static bool is_of_provider(enum err e)
{
	return e != ERR_DATABASE && e != ERR_UNAVAILABLE && e != ERR_INTERNAL;
}

static enum err embed_query(struct ctx *cx, const struct retrieval_query *query,
                            const struct llm_model *model, struct vector_query *ret)
{
	const struct llm_embed_request rq = {
		.model = model->name,
		.texts = &query->text,
		.ntexts = 1,
		.total_ms = cx->app->config->search_embed_ms,
		.project_id = query->project_id,
	};
	struct llm_vectors vectors;
	float *floats;

	TRY(llm_embed(cx, &rq, &vectors));
	floats = arena_memdup(cx->arena, vectors.floats, vectors.dimensions * sizeof(*floats));
	if (!vector_unit(floats, vectors.dimensions))
		return err_set(cx, ERR_REMOTE_FAILED, "the vector of the question is zero");
	ret->floats = floats;
	ret->dimensions = vectors.dimensions;
	return vector_space(cx, vectors.origin, vectors.dimensions, &ret->space_id);
}

/* Nearest first: those that are too far are the last ones. */
static void leave_far(const struct ctx *cx, struct list *near)
{
	const int64_t least = cx->app->config->search_meaning_percent * MILLIONTHS_OF_PERCENT;
	const struct vector_near *items = near->items;

	while (near->n > 0 && items[near->n - 1].similarity < least)
		near->n--;
}

static enum err look(struct ctx *cx, struct vector_query *wanted, struct meaning *ret)
{
	const char *way;

	if (wanted->space_id == 0) {
		ret->state = "waiting";
		return ERR_OK;
	}
	TRY(vector_search(cx, wanted, &ret->near, &way));
	leave_far(cx, &ret->near);
	ret->state = way[0] == 'n' ? "too_many" : "used";
	return ERR_OK;
}

enum err meaning_find(struct ctx *cx, const struct retrieval_query *query, const char *segments,
                      struct meaning *ret)
{
	struct vector_query wanted = {
		.segments = segments,
		.project_id = query->project_id,
		.path = query->path,
		.language = query->language,
		.source = query->source,
		.most = MEANING_DEPTH,
	};
	struct llm_model model;
	enum err e;

	*ret = (struct meaning){ .state = "off" };
	if (cx->app->config->search_embed_ms == 0)
		return ERR_OK;
	e = llm_find(cx, LLM_EMBEDDING, NULL, &model);
	if (e == ERR_NO_MODEL) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(vector_space(cx, model.origin, 0, &wanted.space_id));
	if (segments == NULL || wanted.space_id == 0) { /* there is nothing to compare it with */
		ret->state = "waiting";
		return ERR_OK;
	}
	e = embed_query(cx, query, &model, &wanted);
	if (e == ERR_OK)
		return look(cx, &wanted, ret);
	if (!is_of_provider(e))
		return e;
	ret->state = "unavailable";
	ret->problem = arena_strdup(cx->arena, cx->fault.detail);
	err_clear(cx);
	return ERR_OK;
}
