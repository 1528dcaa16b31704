/*
 * Models of the whole installation: what one tenant lends, the others see, ask and pay; they change nothing of it,
 * and its key they do not see (A6, G4, G5, P1).  And what becomes of a call that a killed runner left open.
 */
#include "model_bench.h"

#include "ai/budget.h"
#include "ai/model.h"
#include "ai/order.h"
#include "auth/tenant.h"
#include "auth/vault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct lent {
	struct model_bench *b;
	struct db *boss; /* of the gate */
	int64_t other;   /* the tenant that borrows */
};

static enum err set_models(struct lent *l, int64_t tenant, const struct tenant_models *in)
{
	struct ctx *cx = model_bench_ctx(l->b);
	struct tenant made;

	cx->db = l->boss;
	return tenant_set_models(cx, tenant, in, &made);
}

/* @ret the fixture's context, in the name of the tenant that borrows */
static struct ctx *borrower(struct lent *l)
{
	struct ctx *cx = model_bench_ctx(l->b);

	cx->who.tenant_id = l->other;
	return cx;
}

static int lent_open(void **state)
{
	struct lent *l = calloc(1, sizeof(*l));
	void *bench = NULL;

	if (l == NULL || model_bench_open(&bench) != 0)
		return -1;
	l->b = bench;
	l->boss = fixture_db_connect(FIXTURE_GATE);
	l->other = fixture_db_tenant(model_bench_ctx(l->b));
	*state = l;
	return 0;
}

static int lent_close(void **state)
{
	struct lent *l = *state;
	void *bench = l->b;

	db_close(l->boss);
	free(l);
	return model_bench_close(&bench);
}

static int64_t count(struct ctx *cx, const char *table, const char *where, int64_t tenant)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT count(*) FROM app.%s WHERE tenant_id = %" PRId64 " AND %s",
	                         table, tenant, where));
}

/* What is not lent is not there. */
static void test_lent__nothing_before(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = borrower(l);
	struct llm_model model;
	struct model made;

	assert_err(cx, model_get(cx, "openai", &made), ERR_NOT_FOUND);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_NO_MODEL);
}

/* The operator says so, of one tenant at a time. */
static void test_lent__one_lends(void **state)
{
	static const struct tenant_models LEND = { .set_lends = true, .lends = true };
	struct lent *l = *state;

	assert_err(&l->b->f->cx, set_models(l, l->b->f->tenant_id, &LEND), ERR_OK);
	assert_err(&l->b->f->cx, set_models(l, l->other, &LEND), ERR_CONFLICT);
	assert_non_null(strstr(l->b->f->cx.fault.detail, "lends its models already"));
	assert_err(&l->b->f->cx, set_models(l, INT64_MAX, &LEND), ERR_STATE);
}

/* Seen as the installation's, without the number of the secret; asked, and paid by who asks. */
static void test_lent__asked(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = borrower(l);
	const struct budget_put put = { "month", 100000, 0 };
	const struct provider_filter all = { .limit = PROVIDER_LIST_MAX };
	struct llm_answer answer;
	struct provider provider;
	struct budget budget;
	struct model model;
	struct list list;

	assert_err(cx, provider_list(cx, &all, &list), ERR_OK);
	assert_int_equal(list.n, 5);
	assert_err(cx, provider_get(cx, "openai", &provider), ERR_OK);
	assert_string_equal(provider.owner, "installation");
	assert_int_equal(provider.secret_id, 0);
	assert_err(cx, model_get(cx, "openai", &model), ERR_OK);
	assert_string_equal(model.owner, "installation");
	assert_err(cx, budget_set(cx, "tenant", BUDGET_ABSENT, &put, &budget), ERR_OK);
	assert_err(cx,
	           model_bench_ask(l->b, "openai", "[{'text': '12345678', 'input': 50}]", NULL,
	                           &answer),
	           ERR_OK);
	assert_string_equal(answer.text, "12345678");
	assert_int_equal(cx->who.tenant_id, l->other);
	assert_err(cx, budget_get(cx, "tenant", &budget), ERR_OK);
	assert_int_equal(budget.spent_micro, 54);
	assert_int_equal(budget.held_micro, 0);
	assert_int_equal(count(cx, "llm_call", "cost_micro = 54", l->other), 1);
	assert_int_equal(count(cx, "llm_call", "true", l->b->f->tenant_id), 0);
	assert_int_equal(count(cx, "secret", "last_used_at IS NOT NULL", l->b->f->tenant_id), 1);
}

/* The rules refuse, and so does row-level security where a statement forgets them. */
static void test_lent__not_changed(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = borrower(l);
	const struct provider_put put = { .kind = "openai", .base_url = NULL, .enabled = true };
	const struct model_put model = { .provider = "openai", .kind = "chat", .remote_name = "x" };
	static const struct db_stmt TRIES[] = {
		{ .name = "t1",
		  .any_tenant = true,
		  .sql = "UPDATE app.llm_provider SET enabled = false" },
		{ .name = "t2", .any_tenant = true, .sql = "DELETE FROM app.llm_provider" },
		{ .name = "t3",
		  .any_tenant = true,
		  .sql = "UPDATE app.llm_model SET price_input = 0" },
		{ .name = "t4", .any_tenant = true, .sql = "DELETE FROM app.llm_breaker" },
		{ .name = "t5", .any_tenant = true, .sql = "UPDATE app.secret SET name = 'mine'" },
	};
	static const struct db_stmt SECRETS = { .name = "t6",
		                                .any_tenant = true,
		                                .sql = "SELECT count(*) FROM app.secret" };
	static const struct db_stmt LEND = { .name = "t7",
		                             .any_tenant = true,
		                             .sql = "UPDATE app.tenant SET lends_models = true" };
	struct provider provider;
	struct secret secret;
	struct model made;
	int64_t n = -1;

	assert_err(cx, provider_set(cx, "openai", PROVIDER_ANY, &put, &provider), ERR_NOT_FOUND);
	assert_non_null(strstr(cx->fault.fix, "operator"));
	assert_err(cx, provider_delete(cx, "openai", PROVIDER_ANY), ERR_NOT_FOUND);
	assert_err(cx, model_delete(cx, "openai", PROVIDER_ANY), ERR_NOT_FOUND);
	assert_err(cx, model_set(cx, "mine", PROVIDER_ABSENT, &model, &made), ERR_INVALID);
	assert_err(cx, order_probe(cx, "openai", &n), ERR_NOT_FOUND);
	assert_err(cx, vault_get(cx, l->b->secret_id, &secret), ERR_NOT_FOUND);
	for (size_t i = 0; i < COUNT(TRIES); i++) {
		assert_err(cx, db_run(cx, &TRIES[i], DB_NO_ARGS, &n), ERR_OK);
		assert_int_equal(n, 0);
	}
	assert_err(cx, db_get_int(cx, &SECRETS, DB_NO_ARGS, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_true(db_run(cx, &LEND, DB_NO_ARGS, NULL) != ERR_OK);
}

/* What is preferred of the installation's is asked where the tenant prefers nothing of its own. */
static void test_lent__preferred(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = model_bench_ctx(l->b);
	const struct model_put put = {
		.provider = "openai", .kind = "chat", .remote_name = "fake-1", .preferred = true
	};
	struct llm_model model;
	struct model made;

	assert_err(cx, model_set(cx, "first", PROVIDER_ABSENT, &put, &made), ERR_OK);
	cx = borrower(l);
	assert_err(cx, llm_find(cx, LLM_CHAT, NULL, &model), ERR_OK);
	assert_string_equal(model.name, "first");
	model_bench_provider(
		l->b, "own",
		arena_printf(cx->arena, "{'kind': 'compatible', 'base_url': 'http://%s/local/v1'}",
	                     l->b->hosts[0]));
	model_bench_model(
		l->b, "mine",
		"{'provider': 'own', 'kind': 'chat', 'remote_name': 'fake-1', 'preferred': true}");
	assert_err(cx, llm_find(cx, LLM_CHAT, NULL, &model), ERR_OK);
	assert_string_equal(model.name, "mine");
	assert_err(cx, model_get(cx, "first", &made), ERR_OK);
	assert_false(made.preferred);
}

/* The own goes before the lent of the same name, which is not seen any more, also when the own is out of use. */
static void test_lent__own_wins(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = borrower(l);
	const struct model_filter all = { .limit = MODEL_LIST_MAX };
	struct provider_put off = { .kind = "compatible", .enabled = false };
	struct llm_answer answer;
	struct llm_model model;
	struct provider provider;
	struct model made;
	struct list list;
	int seen = 0;

	model_bench_model(l->b, "openai",
	                  "{'provider': 'own', 'kind': 'chat', 'remote_name': 'fake-1'}");
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_OK);
	assert_string_equal(model.provider, "own");
	assert_err(cx, model_get(cx, "openai", &made), ERR_OK);
	assert_string_equal(made.owner, "tenant");
	assert_err(cx, model_list(cx, &all, &list), ERR_OK);
	for (size_t i = 0; i < list.n; i++)
		seen += strcmp(((const struct model *)list.items)[i].name, "openai") == 0;
	assert_int_equal(seen, 1);
	assert_err(cx, model_bench_ask(l->b, "openai", "[{'text': 'own'}]", NULL, &answer), ERR_OK);
	assert_string_equal(answer.provider, "own");
	off.base_url = arena_printf(cx->arena, "http://%s/local/v1", l->b->hosts[0]);
	assert_err(cx, provider_set(cx, "own", PROVIDER_ANY, &off, &provider), ERR_OK);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_NO_MODEL);
	/* And is seen again when the own is gone. */
	assert_err(cx, provider_delete(cx, "own", PROVIDER_ANY), ERR_OK);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_OK);
	assert_string_equal(model.provider, "openai");
}

/* That a provider is away is found out once for all. */
static void test_lent__breaker(void **state)
{
	struct lent *l = *state;
	struct ctx *cx = model_bench_ctx(l->b);
	struct llm_answer answer;
	struct provider provider;

	model_bench_provider(l->b, "gone",
	                     "{'kind': 'compatible', 'base_url': 'http://127.0.0.1:1/v1'}");
	model_bench_model(l->b, "gone", "{'provider': 'gone', 'kind': 'chat', 'remote_name': 'x'}");
	l->b->f->config.model_retries = 0;
	cx = borrower(l);
	for (int i = 0; i < 5; i++)
		assert_err(cx, model_bench_ask(l->b, "gone", "[{}]", NULL, &answer),
		           ERR_REMOTE_UNREACHABLE);
	assert_err(cx, provider_get(cx, "gone", &provider), ERR_OK);
	assert_int_equal(provider.failures, 5);
	cx = model_bench_ctx(l->b);
	assert_err(cx, model_bench_ask(l->b, "gone", "[{}]", NULL, &answer), ERR_PROVIDER_BUSY);
}

/* The operator keeps one tenant from them, and takes all back. */
static void test_lent__limited(void **state)
{
	struct lent *l = *state;
	const struct tenant_models keep = { .set_borrows = true },
				   let = { .set_borrows = true, .borrows = true },
				   back = { .set_lends = true };
	struct llm_model model;
	struct ctx *cx = borrower(l);

	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_OK);
	assert_err(&l->b->f->cx, set_models(l, l->other, &keep), ERR_OK);
	cx = borrower(l);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_NO_MODEL);
	assert_err(&l->b->f->cx, set_models(l, l->other, &let), ERR_OK);
	cx = borrower(l);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_OK);
	assert_err(&l->b->f->cx, set_models(l, l->b->f->tenant_id, &back), ERR_OK);
	cx = borrower(l);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_NO_MODEL);
}

/* A job asks one at a time: what an attempt before has left open is over, and no other job's is. */
static void test_ledger__lost_of_a_job(void **state)
{
	static const int64_t ASKING[] = { 78, 77 };
	struct model_bench *b = ((struct lent *)*state)->b;
	struct ctx *cx = model_bench_ctx(b);

	fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "WITH i AS (INSERT INTO app.llm_call (tenant_id, attempt, kind,"
	                         " provider, model, remote_name, actor, request_id, job_id,"
	                         " held_input, held_tokens, held_micro, open_until)"
	                         " VALUES (%" PRId64 ", 1, 'chat', 'p', 'midst', 'm', 'x', 'x', 77,"
	                         " 10, 15, 20, now() + interval '600 s') RETURNING 1)"
	                         " SELECT count(*) FROM i",
	                         b->f->tenant_id));
	for (size_t i = 0; i < COUNT(ASKING); i++) {
		struct llm_message message = { LLM_USER, .text = model_bench_script(b, "[{}]") };
		const struct llm_request rq = {
			.model = "openai",
			.messages = &message,
			.nmessages = 1,
			.job_id = ASKING[i],
		};
		struct llm_answer answer;

		assert_err(cx, llm_call(cx, &rq, NULL, &answer), ERR_OK);
		assert_int_equal(model_bench_ledger(b, "sum(cost_micro)",
		                                    "model = 'midst' AND status = 'lost'"),
		                 ASKING[i] == 77 ? 20 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lent__nothing_before),
		cmocka_unit_test(test_lent__one_lends),
		cmocka_unit_test(test_lent__asked),
		cmocka_unit_test(test_lent__not_changed),
		cmocka_unit_test(test_lent__preferred),
		cmocka_unit_test(test_lent__own_wins),
		cmocka_unit_test(test_lent__breaker),
		cmocka_unit_test(test_lent__limited),
		cmocka_unit_test(test_ledger__lost_of_a_job),
	};

	return cmocka_run_group_tests(tests, lent_open, lent_close);
}
