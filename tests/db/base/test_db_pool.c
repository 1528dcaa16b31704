/* Connections that several threads share. */
#include "db_aid.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define THREADS 12
#define ROUNDS  30
#define SOON_MS 200 /* for those that shall not get a connection */

static const struct db_stmt BAD = READ("t_bad_pool", 0, "SELECT 1/0");
static const struct db_stmt KILL_ME =
	READ("t_kill_me", 0, "SELECT pg_terminate_backend(pg_backend_pid())::text");

struct sharer {
	struct ctx cx;
	struct arena *arena;
};

static struct db *share(struct db_pool *pool, int statement_timeout_ms)
{
	return db_open(&(struct db_options){
		.conninfo = getenv("PORTOLAN_TEST_DB_URL"),
		.component = "test",
		.statement_timeout_ms = statement_timeout_ms,
		.pool = pool,
	});
}

static void sharer_open(struct sharer *s, const struct ctx *of, struct db_pool *pool, int ms)
{
	s->arena = arena_new((size_t)1 << 20);
	ctx_begin(&s->cx, of->app, s->arena, share(pool, ms));
	s->cx.who = of->who;
}

static void sharer_close(struct sharer *s)
{
	db_close(s->cx.db);
	arena_free(s->arena);
}

/* A statement outside of transactions keeps nothing: one connection serves any number in turn. */
static void test_pool__turns(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct db_pool *pool = db_pool_new(1);
	struct sharer a, b;
	int64_t pid;

	sharer_open(&a, cx, pool, SOON_MS);
	sharer_open(&b, cx, pool, SOON_MS);
	assert_int_equal(db_pool_open(pool), 0);
	pid = get_int(&a.cx, &PID);
	assert_int_equal(get_int(&b.cx, &PID), pid);
	assert_err(&a.cx, db_get_int(&a.cx, &BAD, DB_NO_ARGS, &pid), ERR_DATABASE);
	assert_int_equal(get_int(&b.cx, &ONE), 1);
	assert_int_equal(db_pool_open(pool), 1);
	sharer_close(&a);
	sharer_close(&b);
	db_pool_free(pool);
}

/* Who has one in a transaction keeps it; another says in time that it got none, and why. */
static void test_pool__transaction_keeps(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct db_pool *pool = db_pool_new(1);
	struct db_tx tx = { 0 };
	struct sharer a, b;
	int64_t pid, n;

	sharer_open(&a, cx, pool, SOON_MS);
	sharer_open(&b, cx, pool, SOON_MS);
	assert_err(&a.cx, db_begin(&a.cx, &tx), ERR_OK);
	assert_int_equal(get_int(&b.cx, &ONE), 1); /* nothing was done in it yet */
	pid = get_int(&a.cx, &PID);
	assert_err(&b.cx, db_get_int(&b.cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
	assert_non_null(strstr(b.cx.fault.cause, "none of the 1 shared connections"));
	assert_int_equal(get_int(&a.cx, &PID), pid);
	assert_err(&a.cx, db_commit(&tx), ERR_OK);
	assert_int_equal(get_int(&b.cx, &PID), pid);
	/* And one that is rolled back gives it as well. */
	assert_err(&a.cx, db_begin(&a.cx, &tx), ERR_OK);
	assert_err(&a.cx, db_get_int(&a.cx, &BAD, DB_NO_ARGS, &n), ERR_DATABASE);
	db_end(&tx);
	assert_int_equal(get_int(&b.cx, &PID), pid);
	sharer_close(&a);
	sharer_close(&b);
	db_pool_free(pool);
}

/* What the server ends is made anew, and what was open there is told to be lost. */
static void test_pool__lost_connection(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct db_pool *pool = db_pool_new(1);
	struct db_tx tx = { 0 };
	struct sharer a, b;
	const char *text;
	int64_t pid, n;

	sharer_open(&a, cx, pool, SOON_MS);
	sharer_open(&b, cx, pool, SOON_MS);
	assert_err(&a.cx, db_begin(&a.cx, &tx), ERR_OK);
	pid = get_int(&a.cx, &PID);
	assert_err(&a.cx, db_get_text(&a.cx, &KILL_ME, DB_NO_ARGS, &text), ERR_UNAVAILABLE);
	assert_err(&a.cx, db_get_int(&a.cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
	db_end(&tx);
	assert_true(get_int(&b.cx, &PID) != pid);
	assert_int_equal(get_int(&a.cx, &ONE), 1);
	sharer_close(&a);
	sharer_close(&b);
	db_pool_free(pool);
}

struct worker {
	struct sharer s;
	struct db_pool *pool;
	pthread_t thread;
	int n, most;
	bool failed;
};

static enum err add(struct worker *w)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct thing row;
	int open;

	TRY(db_begin(&w->s.cx, &tx));
	TRY(db_get(&w->s.cx, &ADD_ROW,
	           DB_ARGS(DB_TEXT(arena_printf(w->s.arena, "%p %d", (void *)w, w->n))), &ID,
	           &row));
	open = db_pool_open(w->pool);
	w->most = open > w->most ? open : w->most;
	return w->n % 3 == 0 ? ERR_OK : db_commit(&tx); /* every third is rolled back */
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (w->n = 0; w->n < ROUNDS && !w->failed; w->n++)
		w->failed = add(w) != ERR_OK;
	return NULL;
}

/* Many threads, few connections: all of them get on, and each does in its transaction what it says. */
static void test_pool__many_threads(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct db_pool *pool = db_pool_new(3);
	struct worker all[THREADS] = { 0 };
	int64_t rows = 0;

	for (int i = 0; i < THREADS; i++) {
		all[i].pool = pool;
		sharer_open(&all[i].s, cx, pool, 10000);
		assert_int_equal(pthread_create(&all[i].thread, NULL, work, &all[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		assert_false(all[i].failed);
		assert_in_range(all[i].most, 1, 3);
		for (int n = 0; n < ROUNDS; n++)
			rows += count_of(cx, arena_printf(cx->arena, "%p %d", (void *)&all[i], n));
		sharer_close(&all[i].s);
	}
	assert_int_equal(rows, THREADS * ROUNDS / 3 * 2);
	db_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool__turns),
		cmocka_unit_test(test_pool__transaction_keeps),
		cmocka_unit_test(test_pool__lost_connection),
		cmocka_unit_test(test_pool__many_threads),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
