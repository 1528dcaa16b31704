/* Calls: the cache, the chain of models, and what the watcher and the caller get of it. */
#include "ai/llm.h"

#include "ai/cache.h"
#include "ai/llm_private.h"
#include "config/config.h"

#include <string.h>

/* What a chat keeps over all its requests. */
struct chat {
	const struct llm_request *rq;
	const struct llm_watch *watch; /* NULL: nobody looks on */
	int64_t input_tokens;
	struct sb body; /* of whatever model is asked: one after the other in the same memory */
};

static enum err send_chat(struct ctx *cx, struct attempt *a)
{
	const struct chat *chat = a->self;
	const struct llm_watch *watch = chat->watch;

	if (watch != NULL && watch->model != NULL)
		TRY(watch->model(watch->arg, a->exchange.to->name, a->call_id));
	return exchange_chat(cx, &a->exchange, watch, a->reader);
}

/* What the model may write: as asked, within what it can and what its context leaves. */
static enum err room_for(struct ctx *cx, const struct chat *chat, const struct target *to,
                         int64_t *ret)
{
	int64_t max = chat->rq->max_tokens;

	if (max == 0)
		max = to->output_tokens != 0 ? to->output_tokens
		                             : cx->app->config->model_output_tokens;
	if (to->output_tokens != 0 && max > to->output_tokens)
		max = to->output_tokens;
	if (to->context_tokens != 0 && chat->input_tokens >= to->context_tokens) {
		err_set(cx, ERR_CONTEXT_TOO_LONG,
		        "about %lld tokens do not fit the %lld of model %s",
		        (long long)chat->input_tokens, (long long)to->context_tokens, to->name);
		err_fix(cx, "Send less, or use a model with a larger context.");
		return ERR_CONTEXT_TOO_LONG;
	}
	if (to->context_tokens != 0 && max > to->context_tokens - chat->input_tokens)
		max = to->context_tokens - chat->input_tokens;
	*ret = max;
	return ERR_OK;
}

static enum err ask(struct ctx *cx, struct attempt *a, const struct target *to, bool *ret_next)
{
	struct chat *chat = a->self;
	const char *text;

	*ret_next = true;
	TRY(room_for(cx, chat, to, &a->held.output_tokens));
	sb_truncate(&chat->body, 0);
	dialect_find(to->provider_kind)->chat(cx, &chat->body, to, chat->rq, a->held.output_tokens);
	TRY(sb_finish(cx, &chat->body, &text));
	a->held.input_tokens = chat->input_tokens;
	a->exchange.body = (struct span){ text, chat->body.len };
	return attempt_model(cx, a, to, ret_next);
}

/* The models, one after the other, until one begins to answer. */
static enum err ask_all(struct ctx *cx, struct attempt *a, const struct target *chain, size_t n,
                        struct llm_answer *ret)
{
	enum err e = ERR_NO_MODEL;
	bool next = true;

	for (size_t i = 0; i < n && next; i++) {
		a->reader = NULL;
		e = ask(cx, a, &chain[i], &next);
		ret->model = chain[i].name;
		ret->provider = chain[i].provider;
		if (e == ERR_OK)
			break;
		if (a->reader == NULL || !a->reader->began)
			ret->model = ret->provider = NULL;
	}
	return e;
}

/* After the text: what could not be told before the end. */
static enum err tell_end(const struct llm_watch *watch, const struct llm_answer *answer)
{
	if (watch == NULL)
		return ERR_OK;
	for (size_t i = 0; watch->tool != NULL && i < answer->ncalls; i++)
		TRY(watch->tool(watch->arg, &answer->calls[i]));
	if (watch->usage != NULL)
		TRY(watch->usage(watch->arg, &answer->usage));
	return watch->finish != NULL ? watch->finish(watch->arg, answer->finish) : ERR_OK;
}

static void fill(struct ctx *cx, struct attempt *a, enum err e, struct llm_answer *ret)
{
	ret->usage = a->usage;
	ret->call_id = a->call_id;
	ret->attempts = a->attempts;
	if (a->reader == NULL)
		return;
	ret->text = a->reader->text.data == NULL ? "" : a->reader->text.data;
	if (e != ERR_OK)
		return;
	ret->calls = reader_calls(cx, a->reader, &ret->ncalls);
	ret->finish = a->reader->finish;
	/* Some servers say "stop" all the same; and who says "tool_calls" without any has stopped. */
	if (ret->ncalls > 0 && ret->finish == LLM_FINISH_STOP)
		ret->finish = LLM_FINISH_TOOLS;
	else if (ret->ncalls == 0 && ret->finish == LLM_FINISH_TOOLS)
		ret->finish = LLM_FINISH_STOP;
}

/* --- The cache --- */

static enum err digest_of(struct ctx *cx, struct chat *chat, const struct target *to,
                          unsigned char ret[SECRET_HASH_BYTES])
{
	const char *text;

	dialect_find(to->provider_kind)->chat(cx, &chat->body, to, chat->rq, chat->rq->max_tokens);
	TRY(sb_finish(cx, &chat->body, &text));
	cache_digest(to->name, (struct span){ text, chat->body.len }, ret);
	return ERR_OK;
}

static enum err from_cache(struct ctx *cx, const struct ledger_about *about,
                           const struct llm_watch *watch, const unsigned char *digest,
                           struct llm_answer *ret)
{
	struct cache_answer found;

	TRY(cache_get(cx, digest, &found));
	if (found.answer == NULL)
		return ERR_OK;
	TRY(llm_answer_read(cx, found.answer, ret));
	ret->cached = true;
	ret->model = found.model;
	ret->provider = found.provider;
	TRY(ledger_cached(cx, found.provider, found.model, about, &ret->call_id));
	if (watch != NULL && watch->model != NULL)
		TRY(watch->model(watch->arg, ret->model, ret->call_id));
	if (watch != NULL && watch->text != NULL && ret->text[0] != '\0')
		TRY(watch->text(watch->arg, ret->text, strlen(ret->text)));
	return tell_end(watch, ret);
}

/* What was cut off by its length or by a filter is not worth keeping. */
static enum err into_cache(struct ctx *cx, const unsigned char *digest,
                           const struct llm_answer *answer)
{
	const struct cache_answer keep = {
		.answer = llm_answer_text(cx, answer),
		.model = answer->model,
		.provider = answer->provider,
	};

	if (answer->finish != LLM_FINISH_STOP || answer->ncalls > 0 || keep.answer == NULL)
		return ERR_OK;
	return cache_put(cx, digest, &keep);
}

/* --- The call --- */

static struct ledger_about about_of(const struct ctx *cx, const struct llm_request *rq)
{
	bool caller = rq->user_id == 0 && rq->key_id == 0;

	return (struct ledger_about){
		.kind = "chat",
		.prompt = rq->prompt,
		.prompt_version = rq->prompt_version,
		.project_id = rq->project_id,
		.job_id = rq->job_id,
		.user_id = caller ? cx->who.user_id : rq->user_id,
		.key_id = caller ? cx->who.key_id : rq->key_id,
	};
}

enum err llm_call(struct ctx *cx, const struct llm_request *rq, const struct llm_watch *watch,
                  struct llm_answer *ret)
{
	struct chat chat = { .rq = rq, .watch = watch };
	struct attempt a = {
		.exchange.what = "chat",
		.exchange.cancelled = watch != NULL ? watch->cancelled : NULL,
		.exchange.arg = watch != NULL ? watch->arg : NULL,
		.deadline_ms = attempt_deadline(cx, rq->total_ms),
		.send = send_chat,
		.self = &chat,
	};
	unsigned char digest[SECRET_HASH_BYTES];
	struct target chain[LLM_CHAIN_MAX];
	size_t n;
	enum err e;

	*ret = (struct llm_answer){ .text = "" };
	TRY(llm_check(cx, rq));
	TRY(llm_chain(cx, "chat", rq->model, chain, &n));
	a.about =
		about_of(cx, rq); /* of a request, it is known who asks since the first statement */
	chat.input_tokens = llm_input_tokens(rq);
	chat.body = sb_new(cx->arena, 2 * LLM_REQUEST_BYTES);
	if (rq->cache) {
		TRY(digest_of(cx, &chat, &chain[0], digest));
		TRY(from_cache(cx, &a.about, watch, digest, ret));
		if (ret->cached)
			return ERR_OK;
	}
	e = ask_all(cx, &a, chain, n, ret);
	fill(cx, &a, e, ret);
	TRY(e);
	if (rq->cache)
		TRY(into_cache(cx, digest, ret));
	return tell_end(watch, ret);
}
