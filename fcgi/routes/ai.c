/* Models over HTTP: providers, models, budgets, the ledger, and calls as jobs. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "ai/budget.h"
#include "ai/ledger.h"
#include "ai/model.h"
#include "ai/order.h"
#include "projects/project.h"

struct list_query {
	const char *cursor;
	int64_t limit;
};
static const struct field LIST_FIELDS[] = { PAGE_FIELDS(struct list_query) };
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "AiListQuery", LIST_FIELDS);

/* --- Providers --- */

static enum err list_providers(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct provider_filter filter = { .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(provider_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &provider_schema, &list, query->limit,
	                  offsetof(struct provider, id));
}

static enum err get_provider(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct provider provider;

	TRY(provider_get(cx, rq->name, &provider));
	if (reply_version(rp, provider.version))
		return ERR_OK;
	return reply_json(rp, &provider_schema, &provider);
}

static enum err put_provider(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct provider_put *in = request_body(rq, &provider_put_schema);
	struct provider provider;

	TRY(provider_set(cx, rq->name, rq->version, in, &provider));
	if (rq->version == REQUEST_ABSENT)
		rp->status = 201;
	reply_version(rp, provider.version);
	return reply_json(rp, &provider_schema, &provider);
}

static enum err delete_provider(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return provider_delete(cx, rq->name, rq->version);
}

/* --- Models --- */

struct models_query {
	const char *kind, *cursor;
	int64_t limit;
};
static const char *const KINDS[] = { "chat", "embedding", NULL };
static const struct field MODELS_FIELDS[] = {
	F_TEXT(struct models_query, kind, .one_of = KINDS, .doc = "Only models of this kind"),
	PAGE_FIELDS(struct models_query),
};
static const struct schema MODELS_QUERY =
	SCHEMA(struct models_query, "ModelListQuery", MODELS_FIELDS);

static enum err list_models(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct models_query *query = request_query(rq, &MODELS_QUERY);
	struct model_filter filter = { .kind = query->kind, .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(model_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &model_schema, &list, query->limit,
	                  offsetof(struct model, id));
}

static enum err get_model(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct model model;

	TRY(model_get(cx, rq->name, &model));
	if (reply_version(rp, model.version))
		return ERR_OK;
	return reply_json(rp, &model_schema, &model);
}

static enum err put_model(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct model_put *in = request_body(rq, &model_put_schema);
	struct model model;

	TRY(model_set(cx, rq->name, rq->version, in, &model));
	if (rq->version == REQUEST_ABSENT)
		rp->status = 201;
	reply_version(rp, model.version);
	return reply_json(rp, &model_schema, &model);
}

static enum err delete_model(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return model_delete(cx, rq->name, rq->version);
}

struct started {
	int64_t job_id;
};
static const struct field STARTED_FIELDS[] = {
	F_INT(struct started, job_id, .example = "7",
	      .doc = "The job; its result is what was asked for"),
};
static const struct schema STARTED = SCHEMA(struct started, "ModelJobStarted", STARTED_FIELDS);

static enum err probe(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct started started;

	TRY(order_probe(cx, rq->name, &started.job_id));
	return reply_json(rp, &STARTED, &started);
}

/* --- Calls and the ledger --- */

static enum err call_model(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct order order = *(const struct order *)request_body(rq, &order_schema);
	struct started started;
	struct project project;

	if (order.project_id != 0)
		TRY(project_get(cx, order.project_id, &project));
	TRY(order_call(cx, &order, &started.job_id));
	return reply_json(rp, &STARTED, &started);
}

struct calls_query {
	const char *model, *provider, *status, *cursor;
	int64_t project_id, user_id, key_id, since_us, until_us, limit;
};
#define LEDGER_FILTERS(T)                                                                          \
	F_TEXT(T, model, .max = MODEL_NAME_MAX, .doc = "Only of this model"),                      \
		F_TEXT(T, provider, .max = PROVIDER_NAME_MAX, .doc = "Only of this provider"),     \
		F_TEXT(T, status, .one_of = ledger_states, .doc = "Only that ended so"),           \
		F_INT(T, project_id, .name = "project", .min = 1, .max = INT64_MAX,                \
	              .doc = "Only about this project"),                                           \
		F_INT(T, user_id, .name = "user", .min = 1, .max = INT64_MAX,                      \
	              .doc = "Only for this person"),                                              \
		F_INT(T, key_id, .name = "key", .min = 1, .max = INT64_MAX,                        \
	              .doc = "Only by this API key"),                                              \
		F_TIME(T, since_us, .name = "since", .doc = "Not before this time"),               \
		F_TIME(T, until_us, .name = "until", .doc = "Only before this time")
static const struct field CALLS_FIELDS[] = {
	LEDGER_FILTERS(struct calls_query),
	PAGE_FIELDS(struct calls_query),
};
static const struct schema CALLS_QUERY =
	SCHEMA(struct calls_query, "ModelCallListQuery", CALLS_FIELDS);

static enum err list_calls(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct calls_query *query = request_query(rq, &CALLS_QUERY);
	struct ledger_filter filter = {
		.model = query->model,
		.provider = query->provider,
		.status = query->status,
		.project_id = query->project_id,
		.user_id = query->user_id,
		.key_id = query->key_id,
		.since_us = query->since_us,
		.until_us = query->until_us,
		.limit = query->limit + 1,
	};
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(ledger_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &ledger_call_schema, &list, query->limit,
	                  offsetof(struct ledger_call, id));
}

struct usage_query {
	const char *by, *model, *provider, *status;
	int64_t project_id, user_id, key_id, since_us, until_us;
};
static const struct field USAGE_FIELDS[] = {
	F_TEXT(struct usage_query, by, .one_of = ledger_groups,
	       .doc = "What is summed up; model when not given"),
	LEDGER_FILTERS(struct usage_query),
};
static const struct schema USAGE_QUERY =
	SCHEMA(struct usage_query, "ModelUsageQuery", USAGE_FIELDS);

struct usage {
	struct list items;
};
static const struct field USAGE_REPLY_FIELDS[] = {
	F_LIST(struct usage, items, .of = &ledger_sum_schema,
	       .doc = "The groups, the dearest first; the first 201 of them"),
};
static const struct schema USAGE = SCHEMA(struct usage, "ModelUsageList", USAGE_REPLY_FIELDS);

static enum err get_usage(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct usage_query *query = request_query(rq, &USAGE_QUERY);
	const struct ledger_filter filter = {
		.model = query->model,
		.provider = query->provider,
		.status = query->status,
		.project_id = query->project_id,
		.user_id = query->user_id,
		.key_id = query->key_id,
		.since_us = query->since_us,
		.until_us = query->until_us,
	};
	struct usage usage;

	TRY(ledger_sums(cx, query->by == NULL ? "model" : query->by, &filter, &usage.items));
	return reply_json(rp, &USAGE, &usage);
}

/* --- Budgets --- */

static enum err list_budgets(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct budget_filter filter = { .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(budget_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &budget_schema, &list, query->limit,
	                  offsetof(struct budget, id));
}

static enum err get_budget(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct budget budget;

	TRY(budget_get(cx, rq->name, &budget));
	if (reply_version(rp, budget.version))
		return ERR_OK;
	return reply_json(rp, &budget_schema, &budget);
}

static enum err put_budget(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct budget_put *in = request_body(rq, &budget_put_schema);
	struct budget budget;

	TRY(budget_set(cx, rq->name, rq->version, in, &budget));
	if (rq->version == REQUEST_ABSENT)
		rp->status = 201;
	reply_version(rp, budget.version);
	return reply_json(rp, &budget_schema, &budget);
}

static enum err delete_budget(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return budget_delete(cx, rq->name, rq->version);
}

/* --- Rows --- */

#define CALLER .tag = "Models", .auth = AUTH_ANY, .area = AREA_MODELS
#define READS  .method = HTTP_GET, CALLER, .rate = RATE_READ, .status = 200
#define PUTS                                                                                       \
	.method = HTTP_PUT, CALLER, .role = ROLE_ADMIN, .rate = RATE_WRITE, .if_match = true,      \
	.creates = true, .etag = true, .status = 200
#define DELETES                                                                                    \
	.method = HTTP_DELETE, CALLER, .role = ROLE_ADMIN, .rate = RATE_WRITE, .if_match = true,   \
	.status = 204
#define VERSIONS                                                                                   \
	"If-Match names the version that was read, or * for whatever is there; If-None-Match: * "  \
	"makes one that is not there yet."
#define TIMES                                                                                      \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"updated_at\":\"2026-11-21T06:45:00.123Z\""
#define PROVIDER_EXAMPLE                                                                           \
	"{\"id\":1,\"name\":\"openai\",\"kind\":\"openai\","                                       \
	"\"base_url\":\"https://api.openai.com/v1\",\"api_version\":null,"                         \
	"\"owner\":\"tenant\",\"secret_id\":3,"                                                    \
	"\"enabled\":true,\"failures\":0,\"failed_at\":null,\"version\":1," TIMES "}"
#define MODEL_EXAMPLE                                                                              \
	"{\"id\":1,\"name\":\"small\",\"provider\":\"openai\",\"owner\":\"tenant\","               \
	"\"kind\":\"chat\","                                                                       \
	"\"remote_name\":\"gpt-5-mini\",\"preferred\":true,\"enabled\":true,\"fallback\":null,"    \
	"\"context_tokens\":400000,\"output_tokens\":null,\"dimensions\":null,\"tools\":\"yes\","  \
	"\"json_schema\":null,\"vision\":null,\"stream_usage\":\"yes\","                           \
	"\"found\":[\"tools\",\"stream_usage\"],\"price_input\":250000,\"price_cached\":25000,"    \
	"\"price_output\":2000000,\"probed_at\":\"2026-11-21T06:45:00.123Z\","                     \
	"\"probe_error\":null,\"version\":2," TIMES "}"
#define BUDGET_EXAMPLE                                                                             \
	"{\"id\":1,\"name\":\"tenant\",\"period\":\"month\",\"limit_micro\":5000000,"              \
	"\"limit_tokens\":null,\"spent_micro\":1234,\"spent_tokens\":5678,\"held_micro\":0,"       \
	"\"held_tokens\":0,\"version\":1," TIMES "}"
#define PAGE_OF(example) "{\"items\":[" example "],\"next_cursor\":null}"

const struct route ai_routes[] = {
	{
		READS,
		.path = "/api/v1/ai/models",
		.op = "listModels",
		.role = ROLE_VIEWER,
		.alias = true,
		.query = &MODELS_QUERY,
		.form = ROUTE_PAGE,
		.reply = &model_schema,
		.run = list_models,
		.doc = "List the models that the tenant may ask, with what is known of them, newest "
		       "first.",
		.detail =
			"Capabilities were configured, or found by a probe: found says which. What "
			"nobody knows is null. Those of owner installation are lent to all tenants "
			"and cannot be changed here; one of the tenant's own of the same name goes "
			"before.",
		.example = PAGE_OF(MODEL_EXAMPLE),
	},
	{
		READS,
		.path = "/api/v1/ai/models/{name}",
		.op = "getModel",
		.role = ROLE_VIEWER,
		.etag = true,
		.reply = &model_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_model,
		.doc = "Read one model.",
		.example = MODEL_EXAMPLE,
	},
	{
		PUTS,
		.path = "/api/v1/ai/models/{name}",
		.op = "putModel",
		.body = &model_put_schema,
		.reply = &model_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.audit = "model.changed",
		.run = put_model,
		.doc = "Make a model, or set all of one anew.",
		.detail = VERSIONS,
		.example = MODEL_EXAMPLE,
	},
	{
		DELETES,
		.path = "/api/v1/ai/models/{name}",
		.op = "deleteModel",
		.fails = { ERR_NOT_FOUND },
		.audit = "model.deleted",
		.run = delete_model,
		.doc = "Delete a model; what it has cost stays in the ledger.",
	},
	{
		.method = HTTP_POST,
		CALLER,
		.path = "/api/v1/ai/models/{name}/probe",
		.op = "probeModel",
		.role = ROLE_ADMIN,
		.rate = RATE_WRITE,
		.status = 202,
		.reply = &STARTED,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.unaudited = "it changes no setting; the ledger tells what it cost and who asked",
		.run = probe,
		.doc = "Find out what a model can do, by asking it.",
		.detail = "Costs what one or two short calls cost.",
		.example = "{\"job_id\":7}",
	},
	{
		READS,
		.path = "/api/v1/ai/providers",
		.op = "listProviders",
		.role = ROLE_MEMBER,
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &provider_schema,
		.run = list_providers,
		.doc = "List the providers of models that the tenant may ask, newest first.",
		.example = PAGE_OF(PROVIDER_EXAMPLE),
	},
	{
		READS,
		.path = "/api/v1/ai/providers/{name}",
		.op = "getProvider",
		.role = ROLE_MEMBER,
		.etag = true,
		.reply = &provider_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_provider,
		.doc = "Read one provider.",
		.example = PROVIDER_EXAMPLE,
	},
	{
		PUTS,
		.path = "/api/v1/ai/providers/{name}",
		.op = "putProvider",
		.body = &provider_put_schema,
		.reply = &provider_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_URL_REFUSED },
		.audit = "provider.changed",
		.run = put_provider,
		.doc = "Make a provider of models, or set all of one anew.",
		.detail = VERSIONS
		" Its key is a secret of kind provider_key. An address that is private, "
		"or http, must be named in the setting model_hosts.",
		.example = PROVIDER_EXAMPLE,
	},
	{
		DELETES,
		.path = "/api/v1/ai/providers/{name}",
		.op = "deleteProvider",
		.fails = { ERR_NOT_FOUND },
		.audit = "provider.deleted",
		.run = delete_provider,
		.doc = "Delete a provider with its models.",
	},
	{
		.method = HTTP_POST,
		CALLER,
		.path = "/api/v1/ai/calls",
		.op = "callModel",
		.role = ROLE_MEMBER,
		.rate = RATE_WRITE,
		.body = &order_schema,
		.status = 202,
		.reply = &STARTED,
		.fails = { ERR_NOT_FOUND, ERR_NO_MODEL, ERR_LIMIT },
		.unaudited = "it changes nothing; the ledger tells what it cost and who asked",
		.run = call_model,
		.doc = "Ask a model; the answer is the job's result.",
		.detail =
			"The result holds text, tool_calls, finish (stop, length, tool_calls or "
			"content_filter), model, provider, usage, cached, and call_id of the ledger. "
			"Nothing of the tenant's is read for it.",
		.example = "{\"job_id\":7}",
	},
	{
		READS,
		.path = "/api/v1/ai/calls",
		.op = "listModelCalls",
		.role = ROLE_ADMIN,
		.query = &CALLS_QUERY,
		.form = ROUTE_PAGE,
		.reply = &ledger_call_schema,
		.run = list_calls,
		.doc = "List the requests that were sent to providers, newest first.",
		.detail =
			"One row for each request, also those that failed, were cut or cancelled.",
	},
	{
		READS,
		.path = "/api/v1/ai/usage",
		.op = "getModelUsage",
		.role = ROLE_ADMIN,
		.query = &USAGE_QUERY,
		.reply = &USAGE,
		.run = get_usage,
		.doc = "Sum up what models were asked and what it cost.",
		.example = "{\"items\":[{\"name\":\"small\",\"calls\":12,\"failed\":1,\"cached\":2,"
			   "\"input_tokens\":3456,\"cached_tokens\":0,\"output_tokens\":789,"
			   "\"cost_micro\":2442}]}",
	},
	{
		READS,
		.path = "/api/v1/ai/budgets",
		.op = "listBudgets",
		.role = ROLE_ADMIN,
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &budget_schema,
		.run = list_budgets,
		.doc = "List the budgets for models, newest first.",
		.example = PAGE_OF(BUDGET_EXAMPLE),
	},
	{
		READS,
		.path = "/api/v1/ai/budgets/{name}",
		.op = "getBudget",
		.role = ROLE_ADMIN,
		.etag = true,
		.reply = &budget_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_budget,
		.doc = "Read a budget: tenant, user:<number> or key:<number>.",
		.example = BUDGET_EXAMPLE,
	},
	{
		PUTS,
		.path = "/api/v1/ai/budgets/{name}",
		.op = "putBudget",
		.body = &budget_put_schema,
		.reply = &budget_schema,
		.fails = { ERR_NOT_FOUND },
		.audit = "budget.changed",
		.run = put_budget,
		.doc = "Set what models may cost the tenant, a person or an API key.",
		.detail =
			VERSIONS " What is spent already stays counted, unless the period changes.",
		.example = BUDGET_EXAMPLE,
	},
	{
		DELETES,
		.path = "/api/v1/ai/budgets/{name}",
		.op = "deleteBudget",
		.fails = { ERR_NOT_FOUND },
		.audit = "budget.deleted",
		.run = delete_budget,
		.doc = "Delete a budget: nothing is limited by it any more.",
	},
	ROUTES_END,
};
