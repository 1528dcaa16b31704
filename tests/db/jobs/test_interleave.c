/*
 * Interleavings of claim, heartbeat, rescue, cancel, retry and complete, all of them (C4, C8, C11, C13, T5).
 *
 * Each actor is a list of steps that are one statement or one commit each, on a connection of its own; a
 * scenario names the actors, and every order in which their steps can come is played on a job of its own.
 * The transaction in which a runner completes is split, so that others come between its parts.  A step that
 * waits for a lock is tried again after the next one of another actor.
 *
 * After each play the queue is emptied, and the books must agree: see judge().  That the explorer can find
 * a fault is shown by a runner that completes without its fencing token.
 */
#include "db/jobs/interleave_sql.h"
#include "side.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEASE_MS   1000
#define LOCK_MS    5  /* a step that waits longer comes later */
#define MOST       60 /* orders of a scenario, evenly chosen; INTERLEAVE=all plays all */
#define JOINS_MAX  4  /* of one session; each listens to a channel of its own */
#define STEPS_MAX  6
#define ACTORS_MAX 4

struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "TestTurnArguments", ARGS_FIELDS);
static const struct job_kind KIND = {
	.type = "test.turn",
	.queue = QUEUE,
	.arguments = &ARGS,
	.attempts = 50,
	.backoff_s = 1,
	.timeout_s = 10,
	.doc = "d",
};

/* --- The world of one play --- */

enum step {
	END = 0,
	CLAIM_A,
	BEAT_A,
	HOLD_A,   /* run_begin() */
	FINISH_A, /* the effect, and run_complete() */
	COMMIT_A,
	END_A,   /* both */
	BATCH_A, /* completes as a lane does */
	KILL_A,  /* its session ends; it goes on with another */
	AGE_A,   /* its heartbeat becomes old */
	LOOK_B,
	CLAIM_B,
	COMPLETE_B,
	CANCEL,
	RETRY,
	AGAIN, /* the same unique key once more */
};

struct scenario {
	const char *why;
	enum step actors[ACTORS_MAX][STEPS_MAX];
	bool limited; /* the queue has a limit: jobs run in slots */
};

struct world {
	struct ctx *cx;
	struct app app; /* with a clock that jumps */
	struct side a, b;
	struct arena *lanes;
	struct db *db;                     /* the operator's, and of who enqueues */
	struct job_claim claim_a, claim_b; /* id 0: none */
	struct db_tx tx;
	bool dead_a;   /* declared so */
	bool unfenced; /* the mutation */
	int64_t job;
	bool may_vanish;  /* the operator dropped it while it waited */
	int64_t asked_at; /* the highest token when AGAIN was asked; -1: not */
	int64_t plays, bad;
	int64_t orders,
		stride; /* of the scenario: counted so far, of which each so manieth is played */
};

static int64_t skip_us;

static int64_t real_us(const struct clock *self)
{
	(void)self;
	return system_clock.wall_us(&system_clock);
}

static int64_t skipped_us(const struct clock *self)
{
	(void)self;
	return system_clock.mono_us(&system_clock) + skip_us;
}

static const struct clock CLOCK = { real_us, skipped_us };

static int64_t get(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs)
{
	int64_t ret = 0;

	assert_err(cx, db_get_int(cx, stmt, args, nargs, &ret), ERR_OK);
	return ret;
}

#define GET(w, stmt, ...) get(&(w)->b.cx, stmt, DB_ARGS(__VA_ARGS__))

/* --- Steps --- */

static enum err complete(struct ctx *cx, struct job_run *run)
{
	TRY(db_run(cx, &EFFECT, DB_ARGS(DB_INT(run->job->id), DB_INT(run->job->token)), NULL));
	return run_complete(cx, run, NULL);
}

/* The mutation: as if the job could be nobody else's. */
static enum err complete_unfenced(struct ctx *cx, const struct job_run *run)
{
	const struct job_claim *job = run->job;

	TRY(db_run(cx, &EFFECT, DB_ARGS(DB_INT(job->id), DB_INT(job->token)), NULL));
	return db_run(cx, &UNFENCED, DB_ARGS(DB_INT(job->id), DB_INT(job->token)), NULL);
}

static enum err do_work(struct ctx *cx, struct job_run *run, const void *arguments)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	(void)arguments;
	TRY(run_begin(cx, run, &tx));
	TRY(complete(cx, run));
	return db_commit(&tx);
}

static const struct job_handler TABLE[] = { { .kind = &KIND, .run = do_work }, { .kind = NULL } };
static queue_handlers handlers = { TABLE, NULL };

static enum err claim(struct world *w, struct side *s, struct job_claim *ret)
{
	struct list list;

	side_sweep(s);
	TRY(queue_claim(&s->cx, &s->queue, &s->lane, &(struct claim_wish){ .n = 1 }, &list));
	if (list.n > 0)
		*ret = *(const struct job_claim *)list.items;
	(void)w;
	return ERR_OK;
}

/* A stale token is refused, and the one that holds is not. */
static enum err hold_a(struct world *w, struct job_run *run)
{
	struct ctx *cx = &w->a.cx;
	int64_t owns;
	enum err e;

	if (w->unfenced)
		return db_begin(cx, &w->tx);
	owns = GET(w, &OWNS, DB_INT(run->job->id), DB_INT(run->job->token), DB_TEXT(w->a.queue.id));
	e = run_begin(cx, run, &w->tx);
	if (e == ERR_OK || e == ERR_LEASE_LOST)
		w->bad += owns != (e == ERR_OK);
	return e;
}

static enum err batch_a(struct world *w)
{
	const struct claim_done done = { w->claim_a.id, w->claim_a.token, w->claim_a.place };
	struct claim_wish wish = { .n = 0, .done = &done, .ndone = 1 };
	struct job_run run = { .job = &w->claim_a, .runner = w->a.queue.id };
	struct list list;

	TRY(queue_claim(&w->a.cx, &w->a.queue, &w->a.lane, &wish, &list));
	run_adopt(&w->a.cx, &run);
	run.handler = &TABLE[0];
	if (list.n > 0)
		return run_refused(&w->a.cx, &run);
	/* What such a job does is done before; here it is noted once it is accepted. */
	return db_run(&w->b.cx, &EFFECT, DB_ARGS(DB_INT(done.id), DB_INT(done.token)), NULL);
}

static enum err step_a(struct world *w, enum step step)
{
	struct job_run run = { .job = &w->claim_a, .runner = w->a.queue.id };
	enum err e = ERR_OK;

	if (step == CLAIM_A)
		return claim(w, &w->a, &w->claim_a);
	if (w->claim_a.id == 0 || (step != HOLD_A && step != BATCH_A && w->tx.depth == 0))
		return ERR_OK; /* nothing to do it with */
	run_adopt(&w->a.cx, &run);
	if (step == HOLD_A)
		e = hold_a(w, &run);
	else if (step == FINISH_A)
		e = w->unfenced ? complete_unfenced(&w->a.cx, &run) : complete(&w->a.cx, &run);
	else if (step == END_A)
		e = complete(&w->a.cx, &run) == ERR_OK ? db_commit(&w->tx) : w->a.cx.fault.code;
	else if (step == BATCH_A)
		return batch_a(w);
	else
		e = db_commit(&w->tx);
	if (e != ERR_OK)
		db_end(&w->tx);
	return e;
}

static struct db *connection(const char *name)
{
	return db_open(&(struct db_options){
		.conninfo = getenv(name),
		.component = "test",
		.statement_timeout_ms = 10000,
		.lock_timeout_ms = LOCK_MS,
	});
}

static void connect(struct world *w, struct side *s)
{
	db_close(s->db);
	s->db = connection("PORTOLAN_TEST_RUNNER_URL");
	ctx_begin(&s->cx, &w->app, s->arena, s->db);
}

static enum err kill_a(struct world *w)
{
	w->tx = (struct db_tx){ 0 }; /* gone with it */
	db_close(w->a.db);
	w->a.db = w->a.cx.db = connection("PORTOLAN_TEST_RUNNER_URL");
	return ERR_OK;
}

static enum err look_b(struct world *w)
{
	int64_t dead = 0;
	bool suspects;
	enum err e;

	skip_us += (QUEUE_CONFIRM_MS + 1) * 1000;
	e = queue_rescue(&w->b.cx, &w->b.queue, handlers, &dead, &suspects);
	w->dead_a = w->dead_a || dead > 0;
	return e;
}

static enum err complete_b(struct world *w)
{
	struct job_run run = { .job = &w->claim_b, .runner = w->b.queue.id };
	struct run_report report;

	if (w->claim_b.id == 0)
		return ERR_OK;
	run_adopt(&w->b.cx, &run);
	TRY(run_attempt(&w->b.cx, handlers, &run, &report));
	w->claim_b.id = 0;
	return ERR_OK;
}

static enum err enqueue(struct world *w, int64_t *ret)
{
	const struct args args = { 0 };
	const struct job_new in = {
		.project_id = 77,
		.order_key = "turn",
		.unique_key = "turn",
	};

	return job_enqueue(w->cx, &KIND, &in, &args, ret);
}

static enum err again(struct world *w)
{
	int64_t id;

	TRY(enqueue(w, &id));
	w->asked_at = get(&w->b.cx, &TOKEN, DB_NO_ARGS);
	return ERR_OK;
}

static enum err cancel(struct world *w)
{
	bool waits = GET(w, &WAITS, DB_INT(w->job)) > 0;

	TRY(job_drop_project(w->cx, 77));
	w->may_vanish = w->may_vanish || waits;
	return ERR_OK;
}

/* @ret ERR_UNAVAILABLE: it waits for another; anything else: it is done */
static enum err take(struct world *w, enum step step)
{
	struct job job;

	switch (step) {
	case AGE_A:
		return db_run(&w->b.cx, &AGE, DB_ARGS(DB_TEXT(w->a.queue.id)), NULL);
	case BEAT_A:
		return queue_beat(&w->a.cx, &w->a.queue);
	case KILL_A:
		return kill_a(w);
	case LOOK_B:
		return look_b(w);
	case CLAIM_B:
		return claim(w, &w->b, &w->claim_b);
	case COMPLETE_B:
		return complete_b(w);
	case CANCEL:
		return cancel(w);
	case RETRY:
		return job_retry(w->cx, side_kinds, w->job, NULL, &job);
	case AGAIN:
		return again(w);
	default:
		return step_a(w, step);
	}
}

/* --- A play --- */

static void begin(struct world *w, struct ctx *cx, const struct scenario *sc)
{
	w->cx = cx;
	w->cx->app = &w->app;
	w->cx->db = w->db;
	side_reset(&w->b, w->cx);
	if (w->plays % JOINS_MAX == 0)
		connect(w, &w->a);
	side_reset(&w->a, w->cx);
	assert_err(&w->a.cx, db_run(&w->a.cx, &UNLOCK, DB_NO_ARGS, NULL), ERR_OK);
	w->tx = (struct db_tx){ 0 };
	w->claim_a = w->claim_b = (struct job_claim){ 0 };
	w->dead_a = w->may_vanish = false;
	w->asked_at = -1;
	assert_err(cx, queue_join(&w->a.cx, &w->a.queue, "test", LEASE_MS), ERR_OK);
	for (size_t i = 0; i < w->a.lane.nqueues; i++)
		w->a.lane.queue[i].limited = w->b.lane.queue[i].limited = sc->limited;
	assert_err(cx, enqueue(w, &w->job), ERR_OK);
}

/* An actor stays at a step that waits; what a transaction has lost with it is done again. */
static void act(struct world *w, const enum step *steps, int *at)
{
	enum step step = steps[*at];

	if (step == END)
		return;
	if (take(w, step) != ERR_UNAVAILABLE) {
		(*at)++;
		return;
	}
	while (*at > 0 && steps[*at] > HOLD_A && steps[*at] <= END_A)
		(*at)--;
}

/* A session that was killed a moment ago may still hold its locks. */
static void surely(struct world *w, enum step step)
{
	enum err e = ERR_UNAVAILABLE;

	for (int i = 0; i < 200 && e == ERR_UNAVAILABLE; i++)
		e = take(w, step);
	assert_err(&w->b.cx, e, ERR_OK);
}

/* All that is left is done by B, and A is dead at last. */
static void drain(struct world *w)
{
	db_end(&w->tx);
	for (int i = 0; i < 10; i++) {
		if (!w->dead_a)
			surely(w, AGE_A);
		surely(w, LOOK_B);
		assert_err(&w->b.cx, db_run(&w->b.cx, &DUE, DB_NO_ARGS, NULL), ERR_OK);
		if (w->claim_b.id == 0)
			surely(w, CLAIM_B);
		surely(w, COMPLETE_B);
		if (w->dead_a && get(&w->b.cx, &LEFT, DB_NO_ARGS) == 0)
			return;
	}
	w->bad++; /* something is stuck */
}

/* @ret what is wrong; 0: nothing */
static int64_t judge(struct world *w, const struct scenario *sc)
{
	const int64_t tenant = w->cx->who.tenant_id;
	bool quiet = sc->actors[0][1] == BATCH_A;
	int64_t wrong = GET(w, &WRONG, DB_INT(w->job), DB_INT(tenant), DB_BOOL(quiet));
	int64_t places = GET(w, &PLACES, DB_INT(w->job), DB_INT(tenant));

	if (wrong == 0 && places != 1 && !(w->may_vanish && places == 0))
		wrong = 10; /* lost */
	if (wrong == 0 && w->asked_at < 0 && GET(w, &EFFECTS, DB_INT(w->job)) > 1)
		wrong = 11; /* done twice */
	if (wrong == 0 && w->asked_at >= 0 &&
	    GET(w, &SERVED, DB_INT(w->job), DB_INT(w->asked_at)) == 0)
		wrong = 12; /* who asked again was not served */
	return wrong;
}

static void tell(const struct scenario *sc, const int *order, int n, int64_t wrong)
{
	char text[64] = "";

	for (int i = 0; i < n; i++)
		text[i] = (char)('0' + order[i]);
	print_message("# %s: order of actors %s: wrong %" PRId64 "\n", sc->why, text, wrong);
}

static void play(struct world *w, void *state, const struct scenario *sc, const int *order, int n)
{
	int at[ACTORS_MAX] = { 0 };
	int64_t bad = w->bad, wrong;

	begin(w, fixture_db_ctx(state), sc);
	for (int i = 0; i < n; i++)
		act(w, sc->actors[order[i]], &at[order[i]]);
	for (int round = 0; round < 2 * STEPS_MAX; round++) {
		for (int i = 0; i < ACTORS_MAX; i++)
			act(w, sc->actors[i], &at[i]);
	}
	drain(w);
	wrong = judge(w, sc);
	w->bad += wrong != 0;
	w->plays++;
	if (w->bad > bad && !w->unfenced)
		tell(sc, order, n, wrong);
	assert_err(&w->b.cx, db_run(&w->b.cx, &WIPE, DB_NO_ARGS, NULL), ERR_OK);
}

/* Every order in which what is left can come. */
static void explore(struct world *w, void *state, const struct scenario *sc, int *left, int *order,
                    int n)
{
	bool over = true;

	for (int i = 0; i < ACTORS_MAX; i++) {
		if (left[i] == 0)
			continue;
		over = false;
		left[i]--;
		order[n] = i;
		explore(w, state, sc, left, order, n + 1);
		left[i]++;
	}
	if (over && w->orders++ % w->stride == 0)
		play(w, state, sc, order, n);
}

/* In how many orders steps of several actors can come. */
static int64_t count(const int *left)
{
	int64_t ret = 1, n = 0;

	for (int i = 0; i < ACTORS_MAX; i++) {
		for (int k = 1; k <= left[i]; k++)
			ret = ret * ++n / k;
	}
	return ret;
}

static void explore_all(struct world *w, void *state, const struct scenario *sc)
{
	int left[ACTORS_MAX] = { 0 }, order[ACTORS_MAX * STEPS_MAX];
	int64_t plays = w->plays;

	for (int i = 0; i < ACTORS_MAX; i++) {
		while (left[i] < STEPS_MAX && sc->actors[i][left[i]] != END)
			left[i]++;
	}
	w->orders = 0;
	w->stride = getenv("INTERLEAVE") != NULL ? 1 : count(left) / MOST + 1;
	explore(w, state, sc, left, order, 0);
	print_message("# %s: %" PRId64 " of %" PRId64 " orders\n", sc->why, w->plays - plays,
	              w->orders);
}

/* --- The scenarios --- */

static const struct scenario SCENARIOS[] = {
	{ "a runner past its lease, with heartbeat",
	  { { CLAIM_A, BEAT_A, HOLD_A, FINISH_A, COMMIT_A },
	    { LOOK_B, CLAIM_B, COMPLETE_B },
	    { AGE_A } },
	  false },
	{ "the same in slots",
	  { { CLAIM_A, HOLD_A, FINISH_A, COMMIT_A }, { LOOK_B, CLAIM_B, COMPLETE_B }, { AGE_A } },
	  true },
	{ "a killed session, looked at twice",
	  { { CLAIM_A, HOLD_A, FINISH_A, COMMIT_A }, { LOOK_B, LOOK_B, CLAIM_B }, { KILL_A } },
	  false },
	{ "and the operator cancels",
	  { { CLAIM_A, HOLD_A, END_A }, { LOOK_B, CLAIM_B, COMPLETE_B }, { AGE_A }, { CANCEL } },
	  false },
	{ "the operator cancels and retries",
	  { { CLAIM_A, HOLD_A, END_A }, { LOOK_B, CLAIM_B }, { AGE_A }, { CANCEL, RETRY } },
	  false },
	{ "somebody asks again",
	  { { CLAIM_A, HOLD_A, END_A }, { LOOK_B, CLAIM_B, COMPLETE_B }, { AGE_A }, { AGAIN } },
	  false },
	{ "completions of batches",
	  { { CLAIM_A, BATCH_A }, { LOOK_B, CLAIM_B, COMPLETE_B }, { AGE_A }, { CANCEL } },
	  false },
	{ "completions of batches, and somebody asks again",
	  { { CLAIM_A, BATCH_A }, { LOOK_B, CLAIM_B, COMPLETE_B }, { AGE_A }, { AGAIN } },
	  false },
};

static void set_up(struct world *w, void *state)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx *cx = fixture_db_ctx(state);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };

	*w = (struct world){ .cx = cx, .app = *cx->app };
	w->app.clock = &CLOCK;
	assert_err(&own,
	           db_script(&own,
	                     "DROP SCHEMA IF EXISTS test_turns CASCADE; CREATE SCHEMA test_turns;"
	                     "CREATE TABLE test_turns.effect (job_id bigint, token bigint);"
	                     "CREATE INDEX ON test_turns.effect (job_id);"
	                     "GRANT USAGE ON SCHEMA test_turns TO portolan_runner;"
	                     "GRANT SELECT, INSERT ON test_turns.effect TO portolan_runner;"
	                     "GRANT SELECT ON SEQUENCE app.job_claim_seq TO portolan_runner;"
	                     "DELETE FROM app.job_runner WHERE host = 'test'"),
	           ERR_OK);
	while (fixture_db_int(cx, "SELECT (now() - pg_postmaster_start_time()"
	                          " > interval '2 s')::integer") == 0)
		usleep(50000);
	w->lanes = arena_new((size_t)1024 * 1024);
	w->a.arena = arena_new((size_t)16 * 1024 * 1024);
	w->b.arena = arena_new((size_t)16 * 1024 * 1024);
	w->db = connection("PORTOLAN_TEST_DB_URL");
	connect(w, &w->a);
	connect(w, &w->b);
	assert_err(&w->b.cx, queue_join(&w->b.cx, &w->b.queue, "test", SIDE_HOLD_MS), ERR_OK);
	for (int i = 0; i < 2; i++) {
		struct side *s = i == 0 ? &w->a : &w->b;

		assert_err(&s->cx,
		           claim_lane_open(&s->cx, w->lanes, handlers, CLAIM_HEAVY, &s->lane),
		           ERR_OK);
	}
}

static void tear_down(struct world *w)
{
	assert_err(&w->b.cx, queue_leave(&w->b.cx, &w->b.queue), ERR_OK);
	side_free(&w->a);
	side_free(&w->b);
	arena_free(w->lanes);
	db_close(w->db);
}

static void test_every_order_adds_up(void **state)
{
	struct world w;

	set_up(&w, *state);
	for (size_t i = 0; i < COUNT(SCENARIOS); i++)
		explore_all(&w, *state, &SCENARIOS[i]);
	print_message("# %" PRId64 " plays\n", w.plays);
	assert_int_equal(w.bad, 0);
	tear_down(&w);
}

/* The explorer sees what it is for. */
static void test_a_runner_without_its_token_is_noticed(void **state)
{
	struct world w;

	set_up(&w, *state);
	w.unfenced = true;
	explore_all(&w, *state, &SCENARIOS[1]);
	assert_true(w.bad > 0);
	tear_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order_adds_up),
		cmocka_unit_test(test_a_runner_without_its_token_is_noticed),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
