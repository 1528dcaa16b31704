/* Embeddings: texts in, vectors out. */
#include "ai/llm_private.h"

#include <string.h>

struct embedding {
	const struct llm_embed_request *rq;
	struct llm_vectors *ret;
};

static enum err send_texts(struct ctx *cx, struct attempt *a)
{
	const struct embedding *embedding = a->self;
	struct span body;

	TRY(exchange_whole(cx, &a->exchange, DIALECT_VECTORS_BYTES, &body));
	/* It answered and has charged; without output there is nothing more to be told. */
	reader_output(a->reader, 0, 0);
	return dialect_vectors(cx, body, embedding->rq->ntexts, embedding->ret, a->reader);
}

static enum err check(struct ctx *cx, const struct llm_embed_request *rq, int64_t *ret_tokens)
{
	size_t bytes = 0;

	if (rq->ntexts == 0 || rq->ntexts > LLM_EMBED_TEXTS_MAX)
		return err_field(cx, ERR_INVALID, "/texts", "items", "are 1 to %d",
		                 LLM_EMBED_TEXTS_MAX);
	*ret_tokens = 0;
	for (size_t i = 0; i < rq->ntexts; i++) {
		size_t n = strlen(rq->texts[i]);

		if (n == 0)
			return err_field(cx, ERR_INVALID, arena_printf(cx->arena, "/texts/%zu", i),
			                 "min_length", "is empty");
		bytes += n;
		*ret_tokens += llm_tokens(rq->texts[i], n);
	}
	if (bytes > LLM_REQUEST_BYTES)
		return err_field(cx, ERR_INVALID, "/texts", "max_bytes", "have more than %zu bytes",
		                 LLM_REQUEST_BYTES);
	return ERR_OK;
}

enum err llm_embed(struct ctx *cx, const struct llm_embed_request *rq, struct llm_vectors *ret)
{
	struct llm_vectors vectors = { 0 };
	struct embedding embedding = { .rq = rq, .ret = &vectors };
	bool caller = rq->user_id == 0 && rq->key_id == 0, next;
	struct attempt a = {
		.about.kind = "embedding",
		.about.project_id = rq->project_id,
		.about.job_id = rq->job_id,
		.exchange.what = "embeddings",
		.exchange.cancelled = rq->cancelled,
		.exchange.arg = rq->arg,
		.deadline_ms = attempt_deadline(cx, rq->total_ms),
		.send = send_texts,
		.self = &embedding,
	};
	struct sb sb = sb_new(cx->arena, 2 * LLM_REQUEST_BYTES);
	struct target chain[LLM_CHAIN_MAX];
	const char *text;
	size_t n;

	TRY(check(cx, rq, &a.held.input_tokens));
	TRY(llm_chain(cx, "embedding", rq->model, chain, &n));
	a.about.user_id = caller ? cx->who.user_id : rq->user_id;
	a.about.key_id = caller ? cx->who.key_id : rq->key_id;
	dialect_embed(cx, &sb, &chain[0], rq);
	TRY(sb_finish(cx, &sb, &text));
	a.exchange.body = (struct span){ text, sb.len };
	TRY(attempt_model(cx, &a, &chain[0], &next));
	vectors.model = chain[0].name;
	vectors.origin = dialect_origin(cx, &chain[0]);
	vectors.usage = a.usage;
	*ret = vectors;
	return ERR_OK;
}
