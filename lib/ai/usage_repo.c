/* Usage and its SQL: one row a metric, and the text that Prometheus reads. */
#include "ai/usage.h"

#include "base/sb.h"
#include "config/config.h"
#include "jobs/metrics.h"

#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

static const struct db_stmt SAMPLE = {
	.name = "usage_sample",
	.nparams = 6,
	.sql = "INSERT INTO app.usage_sample (tenant_id, kind, provider, model, duration_ms, hits)"
	       " VALUES ($1, $2, $3, $4, $5, $6)",
};

static void sample(struct ctx *cx, const char *kind, const char *provider, const char *model,
                   int64_t duration_ms, int64_t hits)
{
	if (db_run(cx, &SAMPLE,
	           DB_ARGS(DB_TEXT(kind), DB_TEXT(provider), DB_TEXT(model), DB_INT(duration_ms),
	                   DB_INT(hits)),
	           NULL) != ERR_OK)
		err_clear(cx);
}

void usage_searched(struct ctx *cx, int64_t duration_ms, int64_t hits)
{
	sample(cx, "search", NULL, NULL, duration_ms, hits);
}

void usage_refused(struct ctx *cx, const char *provider, const char *model)
{
	const struct fault why = cx->fault;

	sample(cx, "refusal", provider, model, 0, 0);
	cx->fault = why;
}

/* By the names that app.usage_metrics() gives. */
static const struct shown {
	const char *row, *name, *label, *help; /* label: what the row's is called */
} SHOWN[] = {
	{ "calls", "portolan_model_calls_5m", "status",
	  "Requests to models of the last five minutes, by how they ended." },
	{ "tokens", "portolan_model_tokens_5m", "kind", "Tokens that they took." },
	{ "cost", "portolan_model_cost_5m", NULL,
	  "What they cost, in the currency that the prices are in." },
	{ "seconds", "portolan_model_seconds_5m_bucket", "le",
	  "Requests to models, by the seconds they took." },
	{ "first", "portolan_model_first_token_seconds_5m_bucket", "le",
	  "Requests to models, by the seconds until their first token." },
	{ "refusals", "portolan_model_refusals_5m", NULL, "Calls that a budget refused." },
	{ "breaker", "portolan_model_breaker", "state",
	  "Providers that have failed in a row: closed, open (left alone), half_open." },
	{ "searches", "portolan_searches_5m", "outcome",
	  "Searches of the last five minutes: found, or nothing." },
	{ "hits", "portolan_search_hits_5m", NULL, "Passages that they found." },
	{ "search", "portolan_search_seconds_5m_bucket", "le",
	  "Searches, by the seconds they took." },
};

struct metric {
	const char *name, *provider, *model, *label, *value;
};
static const struct field FIELDS[] = {
	F_TEXT(struct metric, name),  F_TEXT(struct metric, provider), F_TEXT(struct metric, model),
	F_TEXT(struct metric, label), F_TEXT(struct metric, value),
};
static const struct schema ROW = SCHEMA(struct metric, "UsageMetric", FIELDS);

static const struct db_stmt READ = {
	.name = "usage_read",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "SELECT name, provider, model, label, value::text AS value"
	       " FROM app.usage_metrics($1, $2) ORDER BY name, provider, model,"
	       " CASE WHEN label = '+Inf' THEN 'infinity' WHEN label ~ '^[0-9.]+$'"
	       " THEN label::double precision END, label",
};

static void line(struct sb *sb, const struct shown *shown, const struct metric *m)
{
	bool first = true;

	sb_add(sb, shown->name);
	metrics_label(sb, &first, "provider", m->provider);
	metrics_label(sb, &first, "model", m->model);
	if (shown->label != NULL)
		metrics_label(sb, &first, shown->label, m->label);
	sb_addf(sb, "%s %s\n", first ? "" : "}", m->value);
}

enum err usage_print(struct ctx *cx, struct span *ret)
{
	const struct config *config = cx->app->config;
	struct sb sb = sb_new(cx->arena, TEXT_MAX);
	const struct metric *rows;
	const char *text;
	struct list list;

	TRY(db_list(
		cx, &READ,
		DB_ARGS(DB_INT(config->model_breaker_failures), DB_INT(config->model_breaker_s)),
		&ROW, &list));
	rows = list.items;
	for (size_t s = 0; s < COUNT(SHOWN); s++) {
		sb_addf(&sb, "# HELP %s %s\n# TYPE %s gauge\n", SHOWN[s].name, SHOWN[s].help,
		        SHOWN[s].name);
		for (size_t i = 0; i < list.n; i++)
			if (strcmp(rows[i].name, SHOWN[s].row) == 0)
				line(&sb, &SHOWN[s], &rows[i]);
	}
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}

static const struct db_stmt EXPIRE = {
	.name = "usage_expire",
	.any_tenant = true,
	.nparams = 2,
	.sql = "SELECT app.expire_usage($1::integer, $2::integer)",
};

enum err usage_expire(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &EXPIRE,
	                  DB_ARGS(DB_INT(cx->app->config->model_calls_days), DB_INT(USAGE_ROWS)),
	                  ret);
}

const struct db_check usage_statements[] = {
	{ .stmt = &SAMPLE },
	{ .stmt = &READ, .row = &ROW },
	{ .stmt = &EXPIRE, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
