/*
 * Subscriptions: in order, once in effect, failures apart, taken over.  D6, D9, D12, D14.
 *
 * The handler of these tests writes each event into a table of its own, in the transaction in which it is
 * handed on, and fails where a test says so.
 */
#include "teller.h"

#include "events/delivery.h"
#include "events/follow.h"
#include "events/subscription.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define MANY     1200 /* events, more than two portions */
#define PROJECTS 5

/* --- The handler --- */

static const struct db_stmt EFFECT = {
	.name = "t_effect",
	.nparams = 3,
	.sql = "INSERT INTO app.t_effect (tenant_id, project_id, number) VALUES ($1, $2, $3)",
};
static const struct db_stmt END_SESSION = {
	.name = "t_end",
	.any_tenant = true,
	.sql = "SELECT pg_terminate_backend(pg_backend_pid())",
};

/* What goes wrong; a handler has no context but what it is handed. */
static struct {
	int64_t never;     /* the number that is never taken; 0: none */
	atomic_int ending; /* so many times the session ends in the middle */
	atomic_uint dice;  /* else than 0: one of five fails, one of forty ends its session */
	atomic_int calls;
} trouble;

static enum err take_one(struct ctx *cx, const struct event *event)
{
	int64_t number = told_number(cx, event);
	unsigned dice = atomic_load(&trouble.dice);

	TRY(db_run(cx, &EFFECT, DB_ARGS(DB_INT(event->project_id), DB_INT(number)), NULL));
	if (number == trouble.never)
		return err_set(cx, ERR_LIMIT, "number %" PRId64 " is not to my taste", number);
	if (dice != 0)
		dice = atomic_fetch_add(&trouble.dice, 2654435761U) >> 8;
	if (atomic_load(&trouble.ending) > 0 || (dice != 0 && dice % 40 == 0)) {
		atomic_fetch_sub(&trouble.ending, 1);
		return db_run(cx, &END_SESSION, DB_NO_ARGS, NULL);
	}
	if (dice != 0 && dice % 5 == 0)
		return err_set(cx, ERR_TIMEOUT, "bad luck");
	return ERR_OK;
}

static enum err take(struct ctx *cx, const struct event *events, size_t n)
{
	atomic_fetch_add(&trouble.calls, 1);
	for (size_t i = 0; i < n; i++)
		TRY(take_one(cx, &events[i]));
	return ERR_OK;
}

static const char *const KINDS[] = { "test.*", NULL };
static const struct event_subscriber SUBSCRIBER = {
	.name = "test",
	.kinds = KINDS,
	.handle = take,
	.attempts = 3,
	.backoff_s = 600, /* with jitter: it must not be due by chance while a test looks */
	.doc = "d",
};
static const struct event_subscriber PATIENT = {
	.name = "test",
	.kinds = KINDS,
	.handle = take,
	.attempts = 1000,
	.backoff_s = 1,
	.doc = "d",
};
static event_subscribers ALL = { &SUBSCRIBER, NULL };

static int begin(void **state)
{
	static bool made;
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;
	int64_t newest;

	trouble.never = 0;
	atomic_store(&trouble.ending, 0);
	atomic_store(&trouble.dice, 0);
	teller_open(&t, cx, FIXTURE_SUPER);
	if (!made)
		assert_err(&t.cx,
		           db_script(&t.cx, "CREATE TABLE app.t_effect (id bigint GENERATED ALWAYS"
		                            " AS IDENTITY, tenant_id bigint, project_id bigint,"
		                            " number bigint);"
		                            " GRANT ALL ON app.t_effect TO portolan_runner"),
		           ERR_OK);
	made = true;
	assert_err(&t.cx,
	           db_script(&t.cx, "DELETE FROM app.t_effect; DELETE FROM app.event_delivery"),
	           ERR_OK);
	teller_close(&t);
	teller_open(&t, cx, FIXTURE_RUNNER);
	assert_err(&t.cx, subscription_register(&t.cx, ALL), ERR_OK);
	assert_err(&t.cx, event_newest(&t.cx, &newest), ERR_OK);
	teller_close(&t);
	fixture_db_int(cx, "WITH u AS (UPDATE app.event_subscription SET handled = 0, position ="
	                   " (SELECT coalesce(max(position), 0) FROM app.event) RETURNING 1)"
	                   " SELECT count(*) FROM u");
	return 0;
}

/* Numbers 1 to n, each of project number % PROJECTS + 1. */
static void tell_many(struct ctx *cx, int64_t n)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	for (int64_t i = 1; i <= n; i++)
		assert_err(cx, tell(cx, i % PROJECTS + 1, i), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
}

/* Rounds until nothing is left to do now. @ret what they did, added up */
static struct subscription_round run(struct teller *t, const struct event_subscriber *s)
{
	struct subscription_round sum = { 0 }, one;
	bool work;
	int64_t wait_ms;

	do {
		struct ctx *cx = teller_ctx(t);

		assert_err(cx, subscription_look(cx, ALL, &work, &wait_ms), ERR_OK);
		assert_err(cx, subscription_run(cx, s, &one), ERR_OK);
		assert_false(one.elsewhere);
		sum.handled += one.handled;
		sum.failed += one.failed;
		sum.parked += one.parked;
		sum.at = one.failed + one.parked > 0 ? one.at : sum.at;
	} while (work || one.more);
	/* Who has nothing to do, and nothing to try again, is told to wait for the bell, not for 0 ms. */
	assert_true(wait_ms == -1 || wait_ms > 0);
	return sum;
}

/* As if the time had come to try again. */
static void be_due(struct ctx *cx)
{
	fixture_db_int(cx, "WITH u AS (UPDATE app.event_delivery SET retry_at = now() WHERE id IN"
	                   " (SELECT id FROM app.event_delivery WHERE retry_at IS NOT NULL"
	                   " FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*) FROM u");
}

static int64_t effects(struct ctx *cx, const char *where)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena, "SELECT count(*) FROM app.t_effect WHERE %s", where));
}

/* Within a project the numbers rise with the order in which they were taken. */
static int64_t out_of_order(struct ctx *cx)
{
	return fixture_db_int(cx,
	                      "SELECT count(*) FROM (SELECT number < lag(number) OVER (PARTITION BY"
	                      " project_id ORDER BY id) AS wrong FROM app.t_effect) e WHERE wrong");
}

static int64_t twice(struct ctx *cx)
{
	return fixture_db_int(cx, "SELECT count(*) - count(DISTINCT number) FROM app.t_effect");
}

static void test_run__each_once_in_order(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct subscription_round done;
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	tell_many(cx, MANY);
	done = run(&t, &SUBSCRIBER);
	assert_int_equal(done.handled, MANY);
	assert_int_equal(done.failed + done.parked, 0);
	assert_int_equal(effects(cx, "true"), MANY);
	assert_int_equal(
		effects(cx, arena_printf(cx->arena, "tenant_id = %" PRId64, cx->who.tenant_id)),
		MANY);
	assert_int_equal(twice(cx), 0);
	assert_int_equal(out_of_order(cx), 0);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 0);
	teller_close(&t);
}

/* Other kinds are passed by, and the place moves on all the same. */
static void test_run__only_its_kinds(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	fixture_db_int(cx,
	               "WITH i AS (INSERT INTO app.event_outbox (tenant_id, kind, payload, actor)"
	               " SELECT 1, 'tests.told', '{}', 'a' FROM generate_series(1, 900)"
	               " RETURNING 1) SELECT count(*) FROM i");
	assert_err(cx, tell(cx, 1, 7), ERR_OK);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);
	assert_int_equal(fixture_db_int(cx,
	                                "SELECT (SELECT max(position) FROM app.event) - position"
	                                " FROM app.event_subscription WHERE name = 'test'"),
	                 0);
	teller_close(&t);
}

static struct subscription of_tenant(struct ctx *cx)
{
	struct list list;

	assert_err(cx, subscription_list(cx, &list), ERR_OK);
	for (size_t i = 0; i < list.n; i++) {
		const struct subscription *s = (const struct subscription *)list.items + i;

		if (strcmp(s->name, "test") == 0)
			return *s;
	}
	fail_msg("the subscription is not listed");
	return (struct subscription){ 0 };
}

static struct delivery first_of(struct ctx *cx, const char *delivery_state, size_t wanted)
{
	struct delivery_filter filter = { .subscription = "test",
		                          .state = delivery_state,
		                          .limit = 200 };
	struct list list;

	assert_err(cx, delivery_list(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, wanted);
	return ((const struct delivery *)list.items)[list.n - 1];
}

/* One event that is never taken: its project waits, is let go in the end, and others never notice. */
static void test_failure__keeps_back_its_project_alone(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct subscription_round done;
	struct delivery parked;
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	trouble.never = 6; /* of project 2; so are 1, 11, 16 ... 96 */
	tell_many(cx, 100);
	done = run(&t, &SUBSCRIBER);
	assert_int_equal(done.failed, 1);
	assert_int_equal(done.handled, 81); /* the 80 of the others, and number 1 */
	assert_int_equal(effects(cx, "number = 6"), 0);
	assert_int_equal(of_tenant(cx).failing, 19);
	assert_int_equal(first_of(cx, "waiting", 1).attempt, 1);
	(void)first_of(cx, "behind", 18);

	/* What is told meanwhile of the project stands behind, of others not. */
	assert_err(cx, tell(cx, 2, 101), ERR_OK);
	assert_err(cx, tell(cx, 3, 102), ERR_OK);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);

	be_due(cx);
	assert_int_equal(run(&t, &SUBSCRIBER).failed, 1);
	assert_int_equal(effects(cx, "project_id = 2"), 1);
	be_due(cx);
	done = run(&t, &SUBSCRIBER);
	assert_int_equal(done.parked, 1);
	assert_int_equal(done.handled, 19);
	assert_int_equal(effects(cx, "project_id = 2"), 20);
	assert_int_equal(out_of_order(cx), 0);
	assert_int_equal(twice(cx), 0);

	parked = first_of(cx, "parked", 1);
	assert_int_equal(parked.attempt, 3);
	assert_string_equal(parked.error_type, "limit-reached");
	assert_contains(parked.error_message, "not to my taste");
	assert_int_equal(parked.position, done.at);
	assert_int_equal(of_tenant(cx).parked, 1);
	assert_int_equal(of_tenant(cx).failing, 0);
	teller_close(&t);
}

static void park_one(struct ctx *cx, struct teller *t)
{
	trouble.never = 1;
	assert_err(cx, tell(cx, 4, 1), ERR_OK);
	for (int i = 0; i < 3; i++) {
		(void)run(t, &SUBSCRIBER);
		be_due(cx);
	}
	trouble.never = 0;
}

static void test_parked__redelivered(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct delivery d;
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	park_one(cx, &t);
	d = first_of(cx, "parked", 1);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 0);
	assert_err(cx, delivery_redeliver(cx, d.id, &d), ERR_OK);
	assert_string_equal(d.state, "waiting");
	assert_int_equal(d.attempt, 0);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);
	assert_int_equal(effects(cx, "number = 1"), 1);
	assert_err(cx, delivery_redeliver(cx, d.id, &d), ERR_NOT_FOUND);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit"
	                                    " WHERE action = 'event_delivery.redelivered'"),
	                 1);
	teller_close(&t);
}

static void test_parked__redelivered_all_or_discarded(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct delivery_choice mine = { .subscription = "test" }, other = { "other" };
	struct delivery d;
	struct teller t;
	int64_t n = 0;

	teller_open(&t, cx, FIXTURE_RUNNER);
	park_one(cx, &t);
	assert_err(cx, delivery_redeliver_all(cx, &other, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_err(cx, delivery_redeliver_all(cx, &mine, &n), ERR_OK);
	assert_int_equal(n, 1);
	d = first_of(cx, "waiting", 1);
	assert_err(cx, delivery_discard(cx, d.id), ERR_STATE); /* it may yet be taken */
	trouble.never = 1;
	for (int i = 0; i < 3; i++) {
		(void)run(&t, &SUBSCRIBER);
		be_due(cx);
	}
	assert_err(cx, delivery_discard(cx, d.id), ERR_OK);
	assert_int_equal(of_tenant(cx).parked, 0);
	assert_err(cx, delivery_discard(cx, d.id), ERR_NOT_FOUND);
	teller_close(&t);
}

/* An operator sets the place back: all is handed on once more, and what was parked does not stop it. */
static void test_parked__place_set_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	park_one(cx, &t);
	assert_err(cx, tell(cx, 4, 2), ERR_OK);
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);
	trouble.never = 1;
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH u AS (UPDATE app.event_subscription SET position ="
	                                " %" PRId64 " RETURNING 1) SELECT count(*) FROM u",
	                                first_of(cx, "parked", 1).position - 1));
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);
	(void)first_of(cx, "parked", 1);
	teller_close(&t);
}

/* Another tenant has no such delivery, and its own count of what waits. */
static void test_parked__of_another_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct delivery d;
	struct teller t;
	int64_t mine = cx->who.tenant_id, n = 99;

	teller_open(&t, cx, FIXTURE_RUNNER);
	park_one(cx, &t);
	d = first_of(cx, "parked", 1);
	assert_err(cx, tell(cx, 4, 5), ERR_OK);
	(void)run(&t, &SUBSCRIBER);
	assert_err(cx, tell(cx, 4, 6), ERR_OK);
	assert_err(cx, event_head(cx, &n), ERR_OK);
	assert_int_equal(of_tenant(cx).lag_events, 1);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_int_equal(of_tenant(cx).lag_events, 0);
	assert_int_equal(of_tenant(cx).parked, 0);
	assert_err(cx, delivery_redeliver(cx, d.id, &d), ERR_NOT_FOUND);
	assert_err(cx, delivery_discard(cx, d.id), ERR_NOT_FOUND);
	assert_err(cx, delivery_redeliver_all(cx, &(struct delivery_choice){ 0 }, &n), ERR_OK);
	assert_int_equal(n, 0);
	cx->who.tenant_id = mine;
	(void)first_of(cx, "parked", 1);
	teller_close(&t);
}

/* --- Several who hand on --- */

/* The session of who holds it ends in the middle: nothing of that has happened, and the next goes on at once. */
static void test_takeover__session_ends(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct subscription_round round;
	struct teller dead, next;
	bool work;
	int64_t wait_ms;

	teller_open(&dead, cx, FIXTURE_RUNNER);
	teller_open(&next, cx, FIXTURE_RUNNER);
	tell_many(cx, 20);
	assert_err(&dead.cx, subscription_look(&dead.cx, ALL, &work, &wait_ms), ERR_OK);
	assert_true(work);
	atomic_store(&trouble.ending, 1);
	assert_err(&dead.cx, subscription_run(&dead.cx, &SUBSCRIBER, &round), ERR_UNAVAILABLE);
	assert_int_equal(effects(cx, "true"), 0);
	assert_int_equal(run(&next, &SUBSCRIBER).handled, 20);
	assert_int_equal(run(&dead, &SUBSCRIBER).handled, 0); /* with a new session */
	assert_int_equal(twice(cx), 0);
	teller_close(&dead);
	teller_close(&next);
}

/* One holds it at a time; who is silent for longer than SUBSCRIPTION_IDLE_MS is thrown out. */
static void test_takeover__holder_is_silent(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct subscription_round round;
	struct teller silent, next;
	int64_t since = system_clock.mono_us(&system_clock);

	teller_open(&silent, cx, FIXTURE_RUNNER);
	teller_open(&next, cx, FIXTURE_RUNNER);
	tell_many(cx, 20);
	assert_err(&silent.cx,
	           db_script(&silent.cx,
	                     "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '300ms';"
	                     " SELECT FROM app.event_subscription WHERE name = 'test' FOR UPDATE"),
	           ERR_OK);
	assert_err(&next.cx, subscription_run(&next.cx, &SUBSCRIBER, &round), ERR_OK);
	assert_true(round.elsewhere);
	assert_int_equal(round.handled, 0);
	while (round.elsewhere &&
	       system_clock.mono_us(&system_clock) - since < INT64_C(10) * 1000000) {
		(void)db_wait(teller_ctx(&next), -1, 20);
		assert_err(&next.cx, subscription_run(&next.cx, &SUBSCRIBER, &round), ERR_OK);
	}
	assert_false(round.elsewhere);
	assert_int_equal(round.handled + run(&next, &SUBSCRIBER).handled, 20);
	assert_int_equal(twice(cx), 0);
	teller_close(&silent);
	teller_close(&next);
}

struct worker {
	struct teller t;
	pthread_t thread;
	atomic_bool *over;
	enum err failed;
};

static void *hand_on(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(w->over) && w->failed == ERR_OK) {
		struct subscription_round round;
		struct ctx *cx = teller_ctx(&w->t);
		int64_t wait_ms;
		bool work;
		enum err e = subscription_look(cx, ALL, &work, &wait_ms);

		if (e == ERR_OK)
			e = subscription_run(cx, &PATIENT, &round);
		if (e != ERR_OK && e != ERR_UNAVAILABLE)
			w->failed = e;
	}
	return NULL;
}

/* Failures and ends of sessions at random, two who hand on: each effect once, and in the order of its project. */
static void test_takeover__chaos(void **state)
{
	enum { TOLD = 300 };
	struct ctx *cx = fixture_db_ctx(*state);
	atomic_bool over = false;
	struct worker workers[2] = { { .over = &over }, { .over = &over } };
	int64_t until = system_clock.mono_us(&system_clock) + INT64_C(60) * 1000000;

	atomic_store(&trouble.dice, 12345);
	for (size_t i = 0; i < COUNT(workers); i++) {
		teller_open(&workers[i].t, cx, FIXTURE_RUNNER);
		assert_int_equal(pthread_create(&workers[i].thread, NULL, hand_on, &workers[i]), 0);
	}
	tell_many(cx, TOLD);
	while (effects(cx, "true") < TOLD && system_clock.mono_us(&system_clock) < until) {
		cx = fixture_db_ctx(*state);
		be_due(cx);
	}
	atomic_store(&over, true);
	for (size_t i = 0; i < COUNT(workers); i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].failed, ERR_OK);
		teller_close(&workers[i].t);
	}
	assert_int_equal(effects(cx, "true"), TOLD);
	assert_int_equal(twice(cx), 0);
	assert_int_equal(out_of_order(cx), 0);
	/* Shown, not only counted, should there be any. */
	assert_string_equal(
		fixture_db_text(cx, "SELECT handled || coalesce((SELECT string_agg(d::text, ' ')"
	                            " FROM app.event_delivery d), '')"
	                            " FROM app.event_subscription WHERE name = 'test'"),
		"300");
}

/* --- What is not handed on --- */

static void test_run__tenant_that_is_being_deleted(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;
	int64_t gone = fixture_db_tenant(cx);

	teller_open(&t, cx, FIXTURE_RUNNER);
	assert_err(cx, tell(cx, 1, 1), ERR_OK);
	cx->who.tenant_id = gone;
	assert_err(cx, tell(cx, 1, 2), ERR_OK);
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH u AS (UPDATE app.tenant SET status = 'deleting'"
	                            " WHERE id = %" PRId64 " RETURNING 1) SELECT count(*) FROM u",
	                            gone));
	assert_int_equal(run(&t, &SUBSCRIBER).handled, 1);
	assert_int_equal(effects(cx, "number = 2"), 0);
	teller_close(&t);
}

static void test_tidy(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;
	int64_t rows = 0;

	teller_open(&t, cx, FIXTURE_RUNNER);
	park_one(cx, &t);
	assert_err(&t.cx, subscription_tidy(&t.cx, &rows), ERR_OK);
	assert_int_equal(rows, 0);
	fixture_db_int(cx, "WITH u AS (UPDATE app.event_delivery SET failed_at = now()"
	                   " - interval '91 days' RETURNING 1) SELECT count(*) FROM u");
	assert_err(&t.cx, subscription_tidy(&t.cx, &rows), ERR_OK);
	assert_int_equal(rows, 1);
	assert_int_equal(of_tenant(cx).parked, 0);
	teller_close(&t);
}

static void test_tidy__pieces_of_answers(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;
	int64_t rows = 0;

	teller_open(&t, cx, FIXTURE_RUNNER);
	fixture_db_int(cx, "WITH i AS (INSERT INTO app.event (tenant_id, kind, payload, actor,"
	                   " sequenced_at) SELECT 1, kind, '{}', 'pieces', now() - at FROM"
	                   " (VALUES ('run.delta', interval '23 h'), ('run.delta', '25 h'),"
	                   " ('run.ended', '25 h')) v (kind, at)) SELECT 1");
	assert_err(&t.cx, subscription_tidy(&t.cx, &rows), ERR_OK);
	assert_int_equal(rows, 1);
	assert_int_equal(
		fixture_db_int(cx, "SELECT count(*) FROM app.event WHERE actor = 'pieces'"), 2);
	teller_close(&t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(test_run__each_once_in_order),
		TEST(test_run__only_its_kinds),
		TEST(test_tidy__pieces_of_answers),
		TEST(test_failure__keeps_back_its_project_alone),
		TEST(test_parked__redelivered),
		TEST(test_parked__redelivered_all_or_discarded),
		TEST(test_parked__place_set_back),
		TEST(test_parked__of_another_tenant),
		TEST(test_takeover__session_ends),
		TEST(test_takeover__holder_is_silent),
		TEST(test_takeover__chaos),
		TEST(test_run__tenant_that_is_being_deleted),
		TEST(test_tidy),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
