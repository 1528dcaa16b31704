/* The breaker and its SQL: three small statements are all of it. */
#include "ai/breaker.h"

#include "config/config.h"

struct state {
	int64_t failures, rest_s; /* seconds until it may be asked again; 0 and below: it may */
};
static const struct field STATE_FIELDS[] = {
	F_INT(struct state, failures),
	F_INT(struct state, rest_s),
};
static const struct schema STATE = SCHEMA(struct state, "BreakerState", STATE_FIELDS);

static const struct db_stmt LOOK = {
	.name = "breaker_look",
	.read = true,
	.nparams = 3,
	.sql = "SELECT failures, ceil(extract(epoch FROM failed_at - now()) + $3::bigint)::bigint"
	       " AS rest_s FROM app.llm_breaker WHERE tenant_id = $1 AND provider_id = $2",
};

/* One wins: who comes later finds the row changed.  A winner that died is waited for as long as a call may take. */
static const struct db_stmt PROBE = {
	.name = "breaker_probe",
	.nparams = 4,
	.sql = "UPDATE app.llm_breaker SET probing_at = now() WHERE tenant_id = $1 AND provider_id = $2"
	       " AND failed_at <= now() - make_interval(secs => $3::bigint)"
	       " AND (probing_at IS NULL OR probing_at < now() - make_interval(secs => $4::bigint))",
};

static enum err rests(struct ctx *cx, const char *provider, int64_t failures, int64_t rest_s)
{
	err_set(cx, ERR_PROVIDER_BUSY,
	        "provider %s has failed %lld times in a row and is left alone", provider,
	        (long long)failures);
	err_retry(cx, rest_s);
	return ERR_PROVIDER_BUSY;
}

enum err breaker_pass(struct ctx *cx, int64_t provider_id, const char *provider)
{
	const struct config *config = cx->app->config;
	struct state state;
	int64_t rows;
	enum err e =
		db_get(cx, &LOOK, DB_ARGS(DB_INT(provider_id), DB_INT(config->model_breaker_s)),
	               &STATE, &state);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	if (state.failures < config->model_breaker_failures)
		return ERR_OK;
	if (state.rest_s > 0)
		return rests(cx, provider, state.failures, state.rest_s);
	TRY(db_run(cx, &PROBE,
	           DB_ARGS(DB_INT(provider_id), DB_INT(config->model_breaker_s),
	                   DB_INT(config->model_total_s)),
	           &rows));
	return rows > 0 ? ERR_OK : rests(cx, provider, state.failures, 1);
}

static const struct db_stmt GOOD = {
	.name = "breaker_good",
	.nparams = 2,
	.sql = "DELETE FROM app.llm_breaker WHERE tenant_id = $1 AND provider_id = $2",
};

enum err breaker_good(struct ctx *cx, int64_t provider_id)
{
	return db_run(cx, &GOOD, DB_ARGS(DB_INT(provider_id)), NULL);
}

/* Of a provider that has been deleted meanwhile nothing is kept. */
static const struct db_stmt BAD = {
	.name = "breaker_bad",
	.nparams = 2,
	.sql = "INSERT INTO app.llm_breaker AS b (tenant_id, provider_id, failures)"
	       " SELECT $1, p.id, 1 FROM app.llm_provider p WHERE p.tenant_id = $1 AND p.id = $2"
	       " ON CONFLICT (tenant_id, provider_id) DO UPDATE SET failures = b.failures + 1,"
	       " failed_at = now(), probing_at = NULL",
};

enum err breaker_bad(struct ctx *cx, int64_t provider_id)
{
	return db_run(cx, &BAD, DB_ARGS(DB_INT(provider_id)), NULL);
}

static const struct db_stmt UNKNOWN = {
	.name = "breaker_unknown",
	.nparams = 2,
	.sql = "UPDATE app.llm_breaker SET probing_at = NULL"
	       " WHERE tenant_id = $1 AND provider_id = $2 AND probing_at IS NOT NULL",
};

enum err breaker_unknown(struct ctx *cx, int64_t provider_id)
{
	return db_run(cx, &UNKNOWN, DB_ARGS(DB_INT(provider_id)), NULL);
}

const struct db_check breaker_statements[] = {
	{ .stmt = &LOOK, .row = &STATE },
	{ .stmt = &PROBE },
	{ .stmt = &GOOD },
	{ .stmt = &BAD },
	{ .stmt = &UNKNOWN },
	{ .stmt = NULL },
};
