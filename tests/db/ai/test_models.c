/*
 * What stands around calls of models: budgets, the breaker, the cache, embeddings, rows whose process died, and
 * the ledger against the providers' journal over many calls of all sorts (G5, G7, G8, P1, P4).
 *
 * PORTOLAN_MODEL_CALLS says how many calls the last one makes (240).
 */
#include "model_bench.h"

#include "ai/breaker.h"
#include "ai/budget.h"
#include "ai/ledger.h"
#include "ai/model.h"
#include "ai/probe.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_budget(struct ctx *cx, const char *name, int64_t micro, int64_t tokens)
{
	const struct budget_put put = { "month", micro, tokens };
	struct budget made;

	assert_err(cx, budget_set(cx, name, BUDGET_ABSENT, &put, &made), ERR_OK);
}

static struct budget budget_now(struct ctx *cx, const char *name)
{
	struct budget budget = { 0 };

	assert_err(cx, budget_get(cx, name, &budget), ERR_OK);
	return budget;
}

static enum err ask(struct model_bench *b, const char *steps, int64_t max_tokens, int64_t user_id,
                    int64_t key_id, struct llm_answer *ret)
{
	struct llm_message message = { LLM_USER, .text = model_bench_script(b, steps) };
	struct llm_request rq = {
		.model = "openai",
		.messages = &message,
		.nmessages = 1,
		.max_tokens = max_tokens,
		.user_id = user_id,
		.key_id = key_id,
	};

	return llm_call(&b->f->cx, &rq, NULL, ret);
}

/* --- Budgets --- */

/* Held before, settled after: what was not used is given back, in each budget that it concerns. */
static void test_budget__is_held_and_settled(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	struct budget now;

	set_budget(cx, "tenant", 100000, 0);
	set_budget(cx, "user:3", 0, 100000);
	set_budget(cx, "key:4", 1000, 0);
	assert_err(cx, ask(b, "[{'text': '12345678', 'input': 50}]", 100, 3, 4, &answer), ERR_OK);
	now = budget_now(cx, "tenant");
	assert_int_equal(now.spent_micro, 54);
	assert_int_equal(now.held_micro, 0);
	now = budget_now(cx, "user:3");
	assert_int_equal(now.spent_tokens, 52);
	assert_int_equal(now.held_tokens, 0);
	assert_int_equal(budget_now(cx, "key:4").spent_micro, 54);
	/* Another person's and another key's are not touched by it, and it by none of theirs. */
	assert_err(cx, ask(b, "[{'input': 50}]", 100, 5, 6, &answer), ERR_OK);
	assert_int_equal(budget_now(cx, "user:3").spent_tokens, 52);
	assert_int_equal(budget_now(cx, "key:4").spent_micro, 54);
}

/* What might pass the limit is not sent, and holds nothing anywhere. */
static void test_budget__refuses(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	int64_t charged = model_bench_journal(b, "charged");

	assert_err(cx, ask(b, "[{}]", 1000, 3, 4, &answer), ERR_BUDGET);
	assert_non_null(strstr(cx->fault.detail, "key:4"));
	assert_true(cx->fault.retry_s > 0 && cx->fault.retry_s <= INT64_C(31) * 86400);
	assert_false(err_info(ERR_BUDGET)->retry);
	assert_int_equal(model_bench_journal(b, "charged"), charged);
	assert_int_equal(budget_now(cx, "tenant").held_micro, 0);
	assert_err(cx, ask(b, "[{}]", 100, 3, 4, &answer), ERR_OK);
}

/* A failure costs nothing, and a call that is cut costs what there was. */
static void test_budget__failures(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	int64_t before = budget_now(cx, "tenant").spent_micro;

	assert_err(cx, ask(b, "[{'status': 401}]", 10, 0, 0, &answer), ERR_CREDENTIAL_REFUSED);
	assert_int_equal(budget_now(cx, "tenant").spent_micro, before);
	assert_err(cx, ask(b, "[{'text': '12345678', 'piece': 4, 'cut': 1}]", 10, 0, 0, &answer),
	           ERR_REMOTE_FAILED);
	assert_int_equal(budget_now(cx, "tenant").spent_micro, before + answer.usage.cost_micro);
	assert_true(answer.usage.cost_micro > 0);
	assert_int_equal(budget_now(cx, "tenant").held_micro, 0);
	fixture_db_int(
		cx, "WITH d AS (DELETE FROM app.llm_breaker RETURNING 1) SELECT count(*) FROM d");
}

/* A new month begins at nothing. */
static void test_budget__period(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;

	fixture_db_int(cx, "WITH u AS (UPDATE app.llm_budget SET period_start = period_start - 40,"
	                   " spent_micro = 99999 WHERE scope = 'tenant' RETURNING 1)"
	                   " SELECT count(*) FROM u");
	assert_int_equal(budget_now(cx, "tenant").spent_micro, 0);
	assert_err(cx, ask(b, "[{'text': '1234', 'input': 7}]", 10, 0, 0, &answer), ERR_OK);
	assert_int_equal(budget_now(cx, "tenant").spent_micro, 9);
}

static void test_budget__rules(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	const struct budget_put put = { "day", 1, 0 };
	struct budget made;
	static const char *const BAD[] = {
		"nobody", "user", "user:0", "user:x", "key:", "tenant:1"
	};

	for (size_t i = 0; i < COUNT(BAD); i++)
		assert_err(cx, budget_set(cx, BAD[i], BUDGET_ABSENT, &put, &made), ERR_INVALID);
	assert_err(cx, budget_set(cx, "tenant", BUDGET_ABSENT, &put, &made), ERR_STALE);
	assert_err(cx, budget_set(cx, "key:9", 0, &put, &made), ERR_NOT_FOUND);
	assert_err(cx, budget_delete(cx, "tenant", 99), ERR_STALE);
	assert_err(cx, budget_delete(cx, "tenant", 0), ERR_OK);
	assert_err(cx, budget_delete(cx, "user:3", 0), ERR_OK);
	assert_err(cx, budget_delete(cx, "key:4", 0), ERR_OK);
}

/* --- Rows whose process has died --- */

static void test_ledger__lost(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;

	set_budget(cx, "tenant", 100000, 0);
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.llm_call (tenant_id, attempt, kind,"
	                            " provider, model, remote_name, actor, request_id, held_input,"
	                            " held_tokens, held_micro, open_until) VALUES (%" PRId64
	                            ", 1, 'chat', 'p', 'killed', 'm', 'x', 'x', 10, 15, 20,"
	                            " now() - interval '1 s') RETURNING 1) SELECT count(*) FROM i",
	                            b->f->tenant_id));
	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.llm_budget SET held_micro = 20 WHERE scope = 'tenant'"
	               " RETURNING 1) SELECT count(*) FROM u");
	assert_err(cx, ask(b, "[{'text': '1234', 'input': 7}]", 10, 0, 0, &answer), ERR_OK);
	assert_int_equal(model_bench_ledger(b, "sum(output_tokens)",
	                                    "model = 'killed' AND status = 'lost' AND estimated"
	                                    " AND input_tokens = 10"),
	                 5);
	assert_int_equal(budget_now(cx, "tenant").spent_micro, 29);
	assert_int_equal(budget_now(cx, "tenant").held_micro, 0);
	assert_err(cx, budget_delete(cx, "tenant", 0), ERR_OK);
}

/* --- The breaker --- */

static int64_t provider_id(struct model_bench *b, const char *name)
{
	struct provider provider;

	assert_err(&b->f->cx, provider_get(&b->f->cx, name, &provider), ERR_OK);
	return provider.id;
}

/* Five failures, a rest, one call that finds out; every process knows. */
static void test_breaker__life(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	CLEANUP(db_close_ptr) struct db *other_db = fixture_db_connect(FIXTURE_APP);
	struct ctx other = *cx;
	int64_t id = provider_id(b, "azure");

	other.db = other_db;
	for (int i = 0; i < 5; i++) {
		assert_err(cx, breaker_pass(cx, id, "azure"), ERR_OK);
		assert_err(cx, breaker_bad(cx, id), ERR_OK);
	}
	assert_err(&other, breaker_pass(&other, id, "azure"), ERR_PROVIDER_BUSY);
	assert_true(other.fault.retry_s > 50 && other.fault.retry_s <= 60);
	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.llm_breaker SET failed_at = now() - interval '61 s'"
	               " RETURNING 1) SELECT count(*) FROM u");
	assert_err(cx, breaker_pass(cx, id, "azure"), ERR_OK);
	assert_err(&other, breaker_pass(&other, id, "azure"), ERR_PROVIDER_BUSY);
	assert_err(cx, breaker_bad(cx, id), ERR_OK);
	assert_err(cx, breaker_pass(cx, id, "azure"), ERR_PROVIDER_BUSY);
	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.llm_breaker SET failed_at = now() - interval '61 s'"
	               " RETURNING 1) SELECT count(*) FROM u");
	assert_err(&other, breaker_pass(&other, id, "azure"), ERR_OK);
	assert_err(&other, breaker_good(&other, id), ERR_OK);
	assert_err(cx, breaker_pass(cx, id, "azure"), ERR_OK);
}

/* Who is to find out and does not get so far (a budget is used up) leaves it to the next. */
static void test_breaker__not_found_out(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	int64_t id = provider_id(b, "openai");

	for (int i = 0; i < 5; i++)
		assert_err(cx, breaker_bad(cx, id), ERR_OK);
	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.llm_breaker SET failed_at = now() - interval '61 s'"
	               " RETURNING 1) SELECT count(*) FROM u");
	set_budget(cx, "tenant", 1, 0);
	assert_err(cx, ask(b, "[{}]", 10, 0, 0, &answer), ERR_BUDGET);
	assert_int_equal(answer.attempts, 0);
	assert_err(cx, budget_delete(cx, "tenant", 0), ERR_OK);
	assert_err(cx, ask(b, "[{}]", 10, 0, 0, &answer), ERR_OK);
}

/* A provider that refuses is well: what it refuses is not its failure. */
static void test_breaker__refusals_do_not_count(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	struct provider provider;

	for (int i = 0; i < 6; i++)
		assert_err(cx, ask(b, "[{'status': 400}]", 10, 0, 0, &answer),
		           ERR_PROVIDER_REFUSED);
	assert_err(cx, provider_get(cx, "openai", &provider), ERR_OK);
	assert_int_equal(provider.failures, 0);
	assert_err(
		cx,
		ask(b, "[{'status': 500, 'headers': {'retry-after-ms': '1'}}]", 10, 0, 0, &answer),
		ERR_REMOTE_FAILED);
	assert_err(cx, provider_get(cx, "openai", &provider), ERR_OK);
	assert_int_equal(provider.failures, 3);
	assert_err(cx, ask(b, "[{}]", 10, 0, 0, &answer), ERR_OK);
	assert_err(cx, provider_get(cx, "openai", &provider), ERR_OK);
	assert_int_equal(provider.failures, 0);
}

/* --- The cache --- */

static enum err ask_cached(struct model_bench *b, const char *text, struct llm_answer *ret)
{
	struct llm_message message = { LLM_USER, .text = text };
	struct llm_request rq = {
		.model = "openai", .messages = &message, .nmessages = 1, .cache = true
	};

	return llm_call(&b->f->cx, &rq, NULL, ret);
}

static void test_cache__life(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	const char *text =
		model_bench_script(b, "[{'text': 'one'}, {'text': 'two'}, {'text': 'three'}]");
	const struct provider_put put = { "compatible", "http://127.0.0.1:1/v1", .enabled = true };
	struct provider made;
	struct llm_answer answer;

	assert_err(cx, ask_cached(b, text, &answer), ERR_OK);
	assert_false(answer.cached);
	assert_err(cx, ask_cached(b, text, &answer), ERR_OK);
	assert_true(answer.cached);
	assert_string_equal(answer.text, "one");
	assert_int_equal(answer.usage.cost_micro, 0);
	assert_int_equal(answer.finish, LLM_FINISH_STOP);
	/* Not for another tenant. */
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, ask_cached(b, text, &answer), ERR_NO_MODEL);
	cx->who.tenant_id = b->f->tenant_id;
	/* Not when it is too old. */
	fixture_db_int(cx, "WITH u AS (UPDATE app.llm_cache SET expires_at = now() RETURNING 1)"
	                   " SELECT count(*) FROM u");
	assert_err(cx, ask_cached(b, text, &answer), ERR_OK);
	assert_string_equal(answer.text, "two");
	/* Not after a provider was changed. */
	assert_err(cx, provider_set(cx, "changed", PROVIDER_ABSENT, &put, &made), ERR_OK);
	assert_err(cx, ask_cached(b, text, &answer), ERR_OK);
	assert_string_equal(answer.text, "three");
}

/* --- Embeddings --- */

static void test_embed__vectors(void **state)
{
	struct model_bench *b = *state;
	static const char *const PROVIDERS[] = { "openai", "classic", "local" };

	for (size_t i = 0; i < COUNT(PROVIDERS); i++) {
		struct ctx *cx = model_bench_ctx(b);
		const char *name = arena_printf(cx->arena, "vectors-%s", PROVIDERS[i]);
		const char *const texts[] = { "alpha", "beta", "alpha" };
		struct llm_embed_request rq = { .model = name, .texts = texts, .ntexts = 3 };
		struct llm_vectors v;

		model_bench_model(
			b, name,
			arena_printf(cx->arena,
		                     "{'provider': '%s', 'kind': 'embedding', 'remote_name':"
		                     " 'fake-embed', 'price_input': 1000000}",
		                     PROVIDERS[i]));
		assert_err(cx, llm_embed(cx, &rq, &v), ERR_OK);
		assert_int_equal(v.dimensions, 8);
		assert_memory_equal(v.floats, v.floats + 16, 8 * sizeof(float));
		assert_memory_not_equal(v.floats, v.floats + 8, 8 * sizeof(float));
		assert_string_equal(v.model, name);
		assert_int_equal(v.usage.input_tokens, 5);
		assert_int_equal(v.usage.cost_micro, 5);
		assert_false(v.usage.estimated);
		rq.dimensions = 4;
		assert_err(cx, llm_embed(cx, &rq, &v), ERR_OK);
		assert_int_equal(v.dimensions, 4);
	}
}

/* Answers that are none: refused, never read past. */
static void test_embed__nonsense(void **state)
{
	struct model_bench *b = *state;
	static const char *const BAD[] = {
		"{}",
		"{'data': []}",
		"{'data': [{'index': 0, 'embedding': [1, 2]}]}",
		"{'data': [{'index': 0, 'embedding': [1]}, {'index': 0, 'embedding': [1]}]}",
		"{'data': [{'index': 0, 'embedding': [1]}, {'index': 7, 'embedding': [1]}]}",
		"{'data': [{'index': 0, 'embedding': [1]}, {'index': 1, 'embedding': [1, 2]}]}",
		"{'data': [{'index': 0, 'embedding': []}, {'index': 1, 'embedding': []}]}",
		"{'data': [{'index': 0, 'embedding': 'AAA'}, {'index': 1, 'embedding': 'AAA'}]}",
		"{'data': [{'index': 0, 'embedding': 'AACAfw=='}, {'index': 1, 'embedding': 'AACAfw=='}]}",
		"{'data': [{'index': 0, 'embedding': [1e99]}, {'index': 1, 'embedding': [1]}]}",
	};

	b->f->config.model_retries = 0;
	b->f->config.model_breaker_failures = 1000;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = model_bench_ctx(b);
		const char *const texts[] = {
			model_bench_script(b, arena_printf(cx->arena, "[{'answer': %s}]", BAD[i])),
			"x"
		};
		struct llm_embed_request rq = { .model = "vectors-openai",
			                        .texts = texts,
			                        .ntexts = 2 };
		struct llm_vectors v;

		assert_err(cx, llm_embed(cx, &rq, &v), ERR_REMOTE_FAILED);
	}
	b->f->config.model_retries = 2;
	b->f->config.model_breaker_failures = 5;
	fixture_db_int(
		&b->f->cx,
		"WITH d AS (DELETE FROM app.llm_breaker RETURNING 1) SELECT count(*) FROM d");
}

/* --- Setting models --- */

static const struct {
	const char *json, *blamed;
} MODELS[] = {
	{ "{'provider': 'nobody', 'kind': 'chat', 'remote_name': 'x'}", "/provider" },
	{ "{'provider': 'anthropic', 'kind': 'embedding', 'remote_name': 'x'}", "/kind" },
	{ "{'provider': 'openai', 'kind': 'chat', 'remote_name': 'x', 'fallback': 'self'}",
	  "/fallback" },
	{ "{'provider': 'openai', 'kind': 'embedding', 'remote_name': 'x', 'fallback': 'y'}",
	  "/fallback" },
};

static void test_model__rules(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct model made;

	for (size_t i = 0; i < COUNT(MODELS); i++) {
		struct model_put put;

		assert_err(cx,
		           schema_decode(cx, &model_put_schema, quotes(cx, MODELS[i].json), &put),
		           ERR_OK);
		assert_err(cx, model_set(cx, "self", PROVIDER_ABSENT, &put, &made), ERR_INVALID);
		assert_blamed(cx, MODELS[i].blamed, NULL);
	}
}

/* One model of a kind is preferred; what was probed is forgotten with the model that it was of. */
static void test_model__preferred_and_found(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct model_put put = {
		.provider = "openai", .kind = "chat", .remote_name = "fake-1", .preferred = true
	};
	struct model_found found;
	struct llm_model model;
	struct model made;

	assert_err(cx, model_set(cx, "one", PROVIDER_ABSENT, &put, &made), ERR_OK);
	put.tools = "no";
	assert_err(cx, model_set(cx, "two", PROVIDER_ABSENT, &put, &made), ERR_OK);
	assert_err(cx, llm_find(cx, LLM_CHAT, NULL, &model), ERR_OK);
	assert_string_equal(model.name, "two");
	assert_int_equal(model.tools, LLM_NO);
	assert_err(cx, model_get(cx, "one", &made), ERR_OK);
	assert_false(made.preferred);
	b->f->config.prompts_dir = "deploy/prompts";
	assert_err(cx, probe_model(cx, "one", 0, NULL, NULL, &found), ERR_OK);
	assert_null(found.error);
	assert_err(cx, llm_find(cx, LLM_CHAT, "one", &model), ERR_OK);
	assert_int_equal(model.tools, LLM_NO);
	assert_int_equal(
		model_bench_ledger(b, "count(*)", "prompt = 'probe' AND prompt_version LIKE '1-%'"),
		1);
	put = (struct model_put){ .provider = "openai", .kind = "chat", .remote_name = "another" };
	assert_err(cx, model_set(cx, "one", PROVIDER_ANY, &put, &made), ERR_OK);
	assert_null(made.tools);
	assert_int_equal(made.probed_us, 0);
}

/* --- Many calls of all sorts --- */

static const char *const SORTS[] = {
	"[{'text': 'A short answer.', 'split': 3}]",
	"[{'text': 'Grüße 漢字', 'piece': 1, 'input': 321, 'cached': 100, 'reasoning': 5}]",
	"[{'tools': [{'id': 't', 'name': 'search', 'arguments': '{\\'q\\':1}', 'piece': 1}]}]",
	"[{'text': 'untold', 'usage': false}]",
	"[{'status': 429, 'headers': {'retry-after-ms': '1'}}, {'text': 'later'}]",
	"[{'status': 500, 'headers': {'retry-after-ms': '1'}}, {'drop': true}, {'text': 'third'}]",
	"[{'cut': 0}, {'text': 'again'}]",
	"[{'text': '1234567890', 'cut': 1}]",
	"[{'text': '1234567890', 'fail': 1}]",
	"[{'text': '123456789012', 'hold': 2}]",
	"[{'status': 400, 'error': {'code': 'content_filter'}}]",
	"[{'status': 401}]",
};

struct worker {
	struct model_bench *b;
	struct db *db;
	struct arena *arena;
	unsigned seed;
	int64_t tenant_id;
	int calls, number;
};

/* Errors are of the sorts that the scripts bring about; the ledger is what counts. */
static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < w->calls; i++) {
		const char *model = model_bench_names[(unsigned)rand_r(&w->seed) % 5];
		const char *sort = SORTS[(unsigned)rand_r(&w->seed) % COUNT(SORTS)];
		struct ctx cx;
		struct model_ear ear = { .cx = &cx, .stop_after = 2 };
		struct llm_message message = { .role = LLM_USER };
		struct llm_request rq = { .model = model, .messages = &message, .nmessages = 1 };
		struct llm_watch watch = model_bench_watch(&ear);
		struct llm_answer answer;

		ctx_begin(&cx, &w->b->f->app, w->arena, w->db);
		cx.who = (struct who){ .tenant_id = w->tenant_id,
			               .role = ROLE_OWNER,
			               .actor = "test" };
		message.text = arena_printf(cx.arena, "fake:{\"key\":\"w%d-%d\",\"steps\":%s}",
		                            w->number, i, quotes(&cx, sort).data);
		ear.text = sb_new(cx.arena, LLM_ANSWER_BYTES);
		/* Who holds the line for ever is hung up on; all else ends by itself. */
		if (strstr(sort, "hold") == NULL)
			ear.stop_after = 0;
		if (llm_call(&cx, &rq, &watch, &answer) == ERR_DATABASE)
			return w;
	}
	return NULL;
}

static struct db *share(struct db_pool *pool)
{
	return db_open(&(struct db_options){
		.conninfo = getenv("PORTOLAN_TEST_DB_URL"),
		.component = "test",
		.statement_timeout_ms = 10000,
		.lock_timeout_ms = 2000,
		.pool = pool,
	});
}

static void test_ledger__many_calls(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	const char *wanted = getenv("PORTOLAN_MODEL_CALLS");
	int calls = wanted != NULL ? (int)strtol(wanted, NULL, 10) : 240;
	/* As a runner does it: many threads, and a few connections for all. */
	struct db_pool *pool = db_pool_new(4);
	struct worker workers[24];
	pthread_t threads[COUNT(workers)];
	int64_t input, cached, output, charged, before_in, before_cached, before_out, before_n;

	set_budget(cx, "tenant", INT64_C(1000000000), 0);
	b->f->config.model_breaker_failures = 1000;
	before_in = model_bench_ledger(b, "sum(input_tokens)", "status <> 'lost'");
	before_cached = model_bench_ledger(b, "sum(cached_tokens)", "true");
	before_out = model_bench_ledger(b, "sum(output_tokens)", "status <> 'lost'");
	before_n = model_bench_ledger(b, "count(*)", "input_tokens > 0 AND status <> 'lost'");
	input = model_bench_journal(b, "input");
	cached = model_bench_journal(b, "cached");
	output = model_bench_journal(b, "output");
	charged = model_bench_journal(b, "charged");
	for (int i = 0; i < (int)COUNT(workers); i++) {
		workers[i] = (struct worker){
			.b = b,
			.db = share(pool),
			.arena = arena_new((size_t)64 << 20),
			.seed = 7 + (unsigned)i,
			.tenant_id = b->f->tenant_id,
			.calls = calls / (int)COUNT(workers),
			.number = i,
		};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(workers); i++) {
		void *failed = NULL;

		pthread_join(threads[i], &failed);
		assert_null(failed);
		db_close(workers[i].db);
		arena_free(workers[i].arena);
	}
	db_pool_free(pool);
	assert_int_equal(model_bench_ledger(b, "count(*)", "status = 'open'"), 0);
	assert_int_equal(
		model_bench_ledger(b, "count(*)", "input_tokens > 0 AND status <> 'lost'") -
			before_n,
		model_bench_journal(b, "charged") - charged);
	assert_int_equal(model_bench_ledger(b, "sum(input_tokens)", "status <> 'lost'") - before_in,
	                 model_bench_journal(b, "input") - input);
	assert_int_equal(model_bench_ledger(b, "sum(cached_tokens)", "true") - before_cached,
	                 model_bench_journal(b, "cached") - cached);
	assert_int_equal(model_bench_ledger(b, "sum(output_tokens)", "status <> 'lost'") -
	                         before_out,
	                 model_bench_journal(b, "output") - output);
	assert_int_equal(budget_now(cx, "tenant").held_micro, 0);
	assert_true(budget_now(cx, "tenant").spent_micro > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget__is_held_and_settled),
		cmocka_unit_test(test_budget__refuses),
		cmocka_unit_test(test_budget__failures),
		cmocka_unit_test(test_budget__period),
		cmocka_unit_test(test_budget__rules),
		cmocka_unit_test(test_ledger__lost),
		cmocka_unit_test(test_breaker__life),
		cmocka_unit_test(test_breaker__not_found_out),
		cmocka_unit_test(test_breaker__refusals_do_not_count),
		cmocka_unit_test(test_cache__life),
		cmocka_unit_test(test_embed__vectors),
		cmocka_unit_test(test_embed__nonsense),
		cmocka_unit_test(test_model__rules),
		cmocka_unit_test(test_model__preferred_and_found),
		cmocka_unit_test(test_ledger__many_calls),
	};

	return cmocka_run_group_tests(tests, model_bench_open, model_bench_close);
}
