/* Asking a model what it can do. */
#include "ai/probe.h"

#include "ai/attempt.h"
#include "ai/model_repo.h"
#include "ai/prompt.h"

#include <json-c/json.h>
#include <string.h>

#define PROBE_TOKENS 1000 /* room for a model that reasons first */
#define PROBE_MS     60000
#define LIST_BYTES   ((size_t)1 << 20) /* of a provider's list of models */

static const struct llm_tool TOOL = {
	"report_number",
	"Reports the number that was asked for.",
	"{\"type\":\"object\",\"properties\":{\"number\":{\"type\":\"integer\"}},"
	"\"required\":[\"number\"]}",
};

struct probe {
	const struct model *model;
	int64_t job_id;
	struct llm_watch watch;
	struct model_found *found;
};

static enum err ask(struct ctx *cx, const struct probe *p, bool tool, struct llm_answer *ret)
{
	const struct prompt_value value = { "tool", TOOL.name };
	struct llm_message message = { .role = LLM_USER };
	struct llm_request rq = {
		.model = p->model->name,
		.messages = &message,
		.nmessages = 1,
		.tools = &TOOL,
		.ntools = tool ? 1 : 0,
		.max_tokens = PROBE_TOKENS,
		.total_ms = PROBE_MS,
		.job_id = p->job_id,
	};
	struct prompt prompt;
	enum err e;

	TRY(prompt_fill(cx, "probe", &value, 1, &prompt));
	message.text = prompt.text;
	rq.prompt = prompt.name;
	rq.prompt_version = prompt.version;
	e = llm_call(cx, &rq, &p->watch, ret);
	if (e == ERR_OK && strcmp(ret->model, p->model->name) != 0)
		return err_set(cx, ERR_PROVIDER_REFUSED, "its fallback %s has answered",
		               ret->model);
	return e;
}

static enum err probe_chat(struct ctx *cx, const struct probe *p)
{
	struct llm_answer answer;
	enum err e = ask(cx, p, true, &answer);

	if (e == ERR_OK) {
		p->found->tools = answer.ncalls > 0 && !answer.calls[0].malformed ? "yes" : "no";
	} else if (e == ERR_PROVIDER_REFUSED || e == ERR_REMOTE_FAILED) {
		/* Without tools it may be well. */
		err_clear(cx);
		e = ask(cx, p, false, &answer);
		if (e == ERR_OK)
			p->found->tools = "no";
	}
	TRY(e);
	p->found->stream_usage = answer.usage.estimated ? "no" : "yes";
	return ERR_OK;
}

static enum err probe_vectors(struct ctx *cx, const struct probe *p)
{
	static const char *const TEXT[] = { "probe" };
	const struct llm_embed_request rq = {
		.model = p->model->name,
		.texts = TEXT,
		.ntexts = 1,
		.total_ms = PROBE_MS,
		.job_id = p->job_id,
		.cancelled = p->watch.cancelled,
		.arg = p->watch.arg,
	};
	struct llm_vectors vectors;

	TRY(llm_embed(cx, &rq, &vectors));
	p->found->dimensions = (int64_t)vectors.dimensions;
	return ERR_OK;
}

/* vLLM says max_model_len, others context_length or context_window. */
static int64_t context_in(struct json_object *doc, const char *remote_name)
{
	static const char *const NAMES[] = { "max_model_len", "context_length", "context_window" };
	struct json_object *data = json_at(doc, "data");
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(data, i);

		if (strcmp(json_text(item, "id", ""), remote_name) != 0)
			continue;
		for (size_t k = 0; k < COUNT(NAMES); k++) {
			int64_t tokens = json_int(item, NAMES[k], 0);

			if (tokens > 0 && tokens <= READER_TOKENS_MAX)
				return tokens;
		}
	}
	return 0;
}

/* Many have no such list, or say nothing there: that is no failure. */
static void probe_list(struct ctx *cx, const struct probe *p)
{
	static const struct json_limits LIMITS = { LIST_BYTES, 16, 100000 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct target to;
	struct exchange ex = {
		.to = &to,
		.what = "models",
		.deadline_ms = attempt_deadline(cx, PROBE_MS),
		.cancelled = p->watch.cancelled,
		.arg = p->watch.arg,
	};
	struct span body;

	if (model_repo_target(cx, p->model->kind, p->model->name, &to) == ERR_OK &&
	    exchange_whole(cx, &ex, LIST_BYTES, &body) == ERR_OK &&
	    json_parse(cx, body, &LIMITS, &doc) == ERR_OK)
		p->found->context_tokens = context_in(doc, to.remote_name);
	err_clear(cx);
}

enum err probe_model(struct ctx *cx, const char *name, int64_t job_id, bool (*cancelled)(void *arg),
                     void *arg, struct model_found *ret)
{
	struct model model;
	struct probe p = {
		.model = &model,
		.job_id = job_id,
		.watch = { .arg = arg, .cancelled = cancelled },
		.found = ret,
	};
	enum err e;

	*ret = (struct model_found){ 0 };
	TRY(model_get_own(cx, name, &model));
	e = strcmp(model.kind, "chat") == 0 ? probe_chat(cx, &p) : probe_vectors(cx, &p);
	if (e == ERR_CANCELLED)
		return e;
	if (e != ERR_OK)
		ret->error = arena_strdup(cx->arena, cx->fault.detail);
	err_clear(cx);
	probe_list(cx, &p);
	return model_keep_found(cx, model.id, ret);
}
