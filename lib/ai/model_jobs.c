/* model_call and model_probe: the answer, or what was found, is the job's result. */
#include "ai/model_jobs.h"

#include "ai/order.h"
#include "ai/probe.h"

#define RESULT_MAX (8 * LLM_ANSWER_BYTES)

static bool stopped(void *arg)
{
	return run_stopped(arg);
}

static const char *answer_json(struct ctx *cx, const struct llm_answer *a)
{
	struct sb sb = sb_new(cx->arena, RESULT_MAX);
	const char *text;

	sb_add(&sb, "{\"text\":");
	sb_json(&sb, a->text);
	sb_add(&sb, ",\"tool_calls\":[");
	for (size_t i = 0; i < a->ncalls; i++) {
		sb_add(&sb, i > 0 ? ",{\"id\":" : "{\"id\":");
		sb_json(&sb, a->calls[i].id);
		sb_add(&sb, ",\"name\":");
		sb_json(&sb, a->calls[i].name);
		sb_add(&sb, ",\"arguments\":");
		if (a->calls[i].malformed)
			sb_json(&sb, a->calls[i].arguments);
		else
			sb_add(&sb, a->calls[i].arguments);
		sb_addc(&sb, '}');
	}
	sb_addf(&sb, "],\"finish\":\"%s\",\"model\":", llm_finish_name(a->finish));
	sb_json(&sb, a->model);
	sb_add(&sb, ",\"provider\":");
	sb_json(&sb, a->provider);
	sb_addf(&sb,
	        ",\"call_id\":%lld,\"cached\":%s,\"usage\":{\"input_tokens\":%lld,"
	        "\"cached_tokens\":%lld,\"output_tokens\":%lld,\"cost_micro\":%lld,"
	        "\"estimated\":%s}}",
	        (long long)a->call_id, a->cached ? "true" : "false",
	        (long long)a->usage.input_tokens, (long long)a->usage.cached_tokens,
	        (long long)a->usage.output_tokens, (long long)a->usage.cost_micro,
	        a->usage.estimated ? "true" : "false");
	return sb_finish(cx, &sb, &text) == ERR_OK ? text : NULL;
}

static enum err finish(struct ctx *cx, struct job_run *run, const char *result)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(run_complete(cx, run, result));
	return db_commit(&tx);
}

static enum err run_call(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct order_args *args = arguments;
	const struct llm_watch watch = { .arg = run, .cancelled = stopped };
	struct llm_request rq;
	struct llm_answer answer;
	const char *result;

	TRY(order_request(cx, args->order, &rq));
	rq.job_id = run->job->id;
	rq.user_id = args->user_id;
	rq.key_id = args->key_id;
	run_step(cx, run, 10, "asking the model");
	TRY(llm_call(cx, &rq, &watch, &answer));
	result = answer_json(cx, &answer);
	if (result == NULL)
		return cx->fault.code;
	return finish(cx, run, result);
}

static void add_found(struct sb *sb, const char *name, const char *text)
{
	sb_addf(sb, ",\"%s\":", name);
	if (text == NULL)
		sb_add(sb, "null");
	else
		sb_json(sb, text);
}

static enum err run_probe(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct probe_args *args = arguments;
	struct sb sb = sb_new(cx->arena, RESULT_MAX);
	struct model_found found;
	const char *result;

	run_step(cx, run, 10, "asking the model");
	TRY(probe_model(cx, args->model, run->job->id, stopped, run, &found));
	sb_add(&sb, "{\"model\":");
	sb_json(&sb, args->model);
	add_found(&sb, "tools", found.tools);
	add_found(&sb, "stream_usage", found.stream_usage);
	add_found(&sb, "error", found.error);
	sb_addf(&sb, ",\"context_tokens\":%lld,\"dimensions\":%lld}",
	        (long long)found.context_tokens, (long long)found.dimensions);
	TRY(sb_finish(cx, &sb, &result));
	return finish(cx, run, result);
}

const struct job_handler model_jobs[] = {
	{ .kind = &model_call_job, .run = run_call },
	{ .kind = &model_probe_job, .run = run_probe },
	{ .kind = NULL },
};
