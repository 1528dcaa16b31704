/* What the runner takes away by itself: what is over, in portions, and nothing else (A1, C10). */
#include "fixture_db.h"

#include "auth/expiry.h"
#include "keep.h"

#include <inttypes.h>

/* One row that is over and one that is not, of each kind; ids and names say which test made them. */
static const char SEED[] =
	"WITH u AS (INSERT INTO app.user_account (email) VALUES ('keep%1$lld@example.org') RETURNING id),"
	" s AS (INSERT INTO app.session (user_id, token_hash, expires_at) SELECT id,"
	" sha256(convert_to('keep%1$lld' || at, 'UTF8')), now() + at::interval FROM u,"
	" unnest(ARRAY['-1 second', '1 hour']) at),"
	" t AS (INSERT INTO app.password_token (user_id, kind, token_hash, expires_at) SELECT id, 'reset',"
	" sha256(convert_to('keep%1$lld' || at, 'UTF8')), now() + at::interval FROM u,"
	" unnest(ARRAY['-1 second', '1 hour']) at),"
	" a AS (INSERT INTO app.sign_in_attempt (email_hash, failures, not_before, last_at) SELECT"
	" sha256(convert_to('keep%1$lld' || at, 'UTF8')), 1, now(), now() + at::interval FROM"
	" unnest(ARRAY['-25 hours', '-23 hours']) at),"
	" r AS (INSERT INTO app.rate_bucket (name, slot, taken) SELECT 'keep%1$lld' || at,"
	" (date_part('epoch', now() + at::interval) / 2)::bigint, array_fill(0::bigint, ARRAY[32])"
	" FROM unnest(ARRAY['-200 seconds', '-60 seconds']) at) SELECT id FROM u";

static const char LEFT[] =
	"SELECT (SELECT count(*) FROM app.session WHERE user_id = %1$lld) * 1000"
	" + (SELECT count(*) FROM app.password_token WHERE user_id = %1$lld) * 100"
	" + (SELECT count(*) FROM app.sign_in_attempt WHERE email_hash IN (SELECT"
	" sha256(convert_to('keep%2$lld' || at, 'UTF8')) FROM unnest(ARRAY['-25 hours', '-23 hours']) at)) * 10"
	" + (SELECT count(*) FROM app.rate_bucket WHERE starts_with(name, 'keep%2$lld-'))";

/* One round of a runner.  @ret in how many milliseconds it wants to come again for what is over */
static int64_t round_of(struct fixture_db *f)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	struct keep keep = { 0 };
	struct ctx cx;

	ctx_begin(&cx, &f->app, arena, db);
	keep_run(&cx, &keep, 1000);
	assert_err(&cx, cx.fault.code, ERR_OK);
	assert_false(keep.away);
	arena_free(arena);
	return keep.expire_at - 1000;
}

static void test_expiry__takes_what_is_over(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	long long mark = (long long)fixture_db_tenant(cx);
	long long user_id = (long long)fixture_db_int(cx, arena_printf(cx->arena, SEED, mark));
	const char *left = arena_printf(cx->arena, LEFT, user_id, mark);

	assert_int_equal(fixture_db_int(cx, left), 2222);
	while (round_of(f) != KEEP_EXPIRY_MS) /* what other tests have left */
		;
	assert_int_equal(fixture_db_int(cx, left), 1111);
	assert_int_equal(round_of(f), KEEP_EXPIRY_MS);
	assert_int_equal(fixture_db_int(cx, left), 1111);
}

/* A lot of it is taken in portions, soon after each other. */
static void test_expiry__by_portions(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const char *old = "SELECT count(*) FROM app.sign_in_attempt"
			  " WHERE last_at < now() - interval '1 day'";

	fixture_db_int(
		cx,
		arena_printf(cx->arena,
	                     "WITH i AS (INSERT INTO app.sign_in_attempt (email_hash, failures,"
	                     " not_before, last_at) SELECT sha256(convert_to('many' || n, 'UTF8')),"
	                     " 1, now(), now() - interval '2 days' FROM generate_series(1, %d) n"
	                     " RETURNING 1) SELECT count(*) FROM i",
	                     EXPIRY_ROWS + 5));
	assert_int_equal(round_of(f), KEEP_SEAL_MS);
	assert_int_equal(fixture_db_int(cx, old), 5);
	assert_int_equal(round_of(f), KEEP_EXPIRY_MS);
	assert_int_equal(fixture_db_int(cx, old), 0);
}

/* It is the runner's alone: the workers may not. */
static void test_expiry__not_of_workers(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t rows = 0;

	assert_true(expiry_run(cx, &rows) != ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expiry__takes_what_is_over),
		cmocka_unit_test(test_expiry__by_portions),
		cmocka_unit_test(test_expiry__not_of_workers),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
