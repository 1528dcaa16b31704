/* Orders: schemas, kinds of jobs, and what they are enqueued with. */
#include "ai/order.h"

#include "ai/llm_private.h"
#include "ai/model.h"

#include <string.h>

#define CALL_TIMEOUT_S 86400 /* the settings model_..._s bound it sooner */

static const char *const ROLES[] = { "system", "user", "assistant", NULL };
static const char *const CHOICES[] = { "auto", "none", "required", NULL };

static const struct field MESSAGE_FIELDS[] = {
	F_TEXT(struct order_message, role, .required = true, .one_of = ROLES, .doc = "Who speaks"),
	F_TEXT(struct order_message, content, .required = true, .min = 1, .max = 1000000,
	       .doc = "What is said"),
};
static const struct schema MESSAGE = SCHEMA(struct order_message, "ModelMessage", MESSAGE_FIELDS);

static const struct field TOOL_FIELDS[] = {
	F_TEXT(struct order_tool, name, .required = true, .min = 1, .max = 64, .one_line = true,
	       .pattern = "^[A-Za-z0-9_-]+$", .doc = "Name: letters, digits, _ and -"),
	F_TEXT(struct order_tool, description, .required = true, .max = 10000,
	       .doc = "What it is for, in the model's words"),
	F_JSON(struct order_tool, parameters, .nullable = true,
	       .doc = "JSON Schema of an object; null: it takes nothing"),
};
static const struct schema TOOL = SCHEMA(struct order_tool, "ModelTool", TOOL_FIELDS);

static const struct field FIELDS[] = {
	F_TEXT(struct order, model, .nullable = true, .min = 1, .max = MODEL_NAME_MAX,
	       .doc = "Name of a model; null: the preferred one"),
	F_LIST(struct order, messages, .of = &MESSAGE, .required = true, .min = 1,
	       .max = LLM_MESSAGES_MAX, .doc = "What was said so far"),
	F_LIST(struct order, tools, .of = &TOOL, .max = LLM_TOOLS_MAX,
	       .doc = "Tools that it may call; the calls are in the answer, nothing runs them"),
	F_TEXT(struct order, tool_choice, .nullable = true, .one_of = CHOICES,
	       .doc = "Whether it may (auto), must not or must call one"),
	F_INT(struct order, max_tokens, .nullable = true, .zero_is_null = true, .min = 1,
	      .max = 1000000, .doc = "Most tokens of the answer"),
	F_INT(struct order, temperature_percent, .nullable = true, .zero_is_null = true, .min = 1,
	      .max = 200, .doc = "Hundredths of the temperature; null: the model's own"),
	F_BOOL(struct order, cache,
	       .doc = "Whether an equal request of the last model_cache_s seconds may answer"),
	F_INT(struct order, project_id, .nullable = true, .zero_is_null = true, .min = 1,
	      .max = INT64_MAX, .doc = "The project that it is about, for the ledger"),
};
const struct schema order_schema = SCHEMA(struct order, "ModelOrder", FIELDS);

static const struct field ARGS_FIELDS[] = {
	F_OBJ(struct order_args, order, .of = &order_schema, .required = true,
	      .doc = "What is asked"),
	F_INT(struct order_args, user_id, .doc = "For whom"),
	F_INT(struct order_args, key_id, .doc = "By which API key"),
};
const struct schema order_args_schema =
	SCHEMA(struct order_args, "ModelCallArguments", ARGS_FIELDS);

static const struct field PROBE_FIELDS[] = {
	F_TEXT(struct probe_args, model, .required = true, .min = 1, .max = MODEL_NAME_MAX,
	       .doc = "Name of the model"),
};
const struct schema probe_args_schema =
	SCHEMA(struct probe_args, "ModelProbeArguments", PROBE_FIELDS);

/* May run twice: a model that is asked again is paid again, and the ledger has both. */
const struct job_kind model_call_job = {
	.type = "model_call",
	.queue = "models",
	.arguments = &order_args_schema,
	.attempts = 3,
	.backoff_s = 10,
	.timeout_s = CALL_TIMEOUT_S,
	.doc = "Ask a model.",
};

/* May run twice: it finds the same. */
const struct job_kind model_probe_job = {
	.type = "model_probe",
	.queue = "models",
	.arguments = &probe_args_schema,
	.attempts = 1,
	.backoff_s = 10,
	.timeout_s = CALL_TIMEOUT_S,
	.doc = "Find out what a model can do.",
};

static enum llm_role role_of(const char *name)
{
	if (strcmp(name, "system") == 0)
		return LLM_SYSTEM;
	return strcmp(name, "user") == 0 ? LLM_USER : LLM_ASSISTANT;
}

static enum llm_choice choice_of(const char *name)
{
	if (name == NULL || strcmp(name, "auto") == 0)
		return LLM_CHOICE_AUTO;
	return strcmp(name, "none") == 0 ? LLM_CHOICE_NONE : LLM_CHOICE_REQUIRED;
}

enum err order_request(struct ctx *cx, const struct order *order, struct llm_request *ret)
{
	const struct order_message *from = order->messages.items;
	const struct order_tool *tool = order->tools.items;
	struct llm_message *messages = arena_array(cx->arena, order->messages.n, sizeof(*messages));
	struct llm_tool *tools = arena_array(cx->arena, order->tools.n + 1, sizeof(*tools));

	for (size_t i = 0; i < order->messages.n; i++)
		messages[i] =
			(struct llm_message){ role_of(from[i].role), .text = from[i].content };
	for (size_t i = 0; i < order->tools.n; i++)
		tools[i] =
			(struct llm_tool){ tool[i].name, tool[i].description, tool[i].parameters };
	*ret = (struct llm_request){
		.model = order->model,
		.messages = messages,
		.nmessages = order->messages.n,
		.tools = tools,
		.ntools = order->tools.n,
		.choice = choice_of(order->tool_choice),
		.max_tokens = order->max_tokens,
		.has_temperature = order->temperature_percent > 0,
		.temperature_percent = order->temperature_percent,
		.cache = order->cache,
		.project_id = order->project_id,
	};
	return llm_check(cx, ret);
}

static enum err enqueue(struct ctx *cx, const struct job_kind *kind, int64_t project_id,
                        const void *args, int64_t *ret_job)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct job_new job = { .project_id = project_id };

	TRY(db_begin(cx, &tx));
	TRY(job_enqueue(cx, kind, &job, args, ret_job));
	return db_commit(&tx);
}

enum err order_call(struct ctx *cx, struct order *order, int64_t *ret_job)
{
	struct order_args args = { .order = order };
	struct llm_request rq;
	struct llm_model model;

	TRY(order_request(cx, order, &rq));
	TRY(llm_find(cx, LLM_CHAT, order->model, &model));
	/* Not known before the first statement of a request. */
	args.user_id = cx->who.user_id;
	args.key_id = cx->who.key_id;
	return enqueue(cx, &model_call_job, order->project_id, &args, ret_job);
}

enum err order_probe(struct ctx *cx, const char *name, int64_t *ret_job)
{
	const struct probe_args args = { .model = name };
	struct model model;

	TRY(model_get_own(cx, name, &model));
	return enqueue(cx, &model_probe_job, 0, &args, ret_job);
}
