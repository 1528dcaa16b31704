/* Runners and jobs for tests of the queue. */
#include "side.h"

#include <inttypes.h>
#include <unistd.h>

struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "TestQueueArguments", ARGS_FIELDS);
static const struct job_kind KIND = {
	.type = "test.queue",
	.queue = "test_queue",
	.arguments = &ARGS,
	.attempts = 3,
	.backoff_s = 1,
	.timeout_s = 10,
	.doc = "d",
};

/* n is the error to return; 0 completes, with the claim's token as result. */
static enum err do_work(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct args *args = arguments;
	CLEANUP(db_end) struct db_tx tx = { 0 };

	if (args->n != ERR_OK) {
		err_set(cx, (enum err)args->n, "as the test wants it");
		err_fix(cx, "do nothing");
		return (enum err)args->n;
	}
	TRY(run_begin(cx, run, &tx));
	TRY(run_complete(cx, run,
	                 arena_printf(cx->arena, "{\"token\": %" PRId64 "}", run->job->token)));
	return db_commit(&tx);
}

/* What the work was told goes into the log of events, in the same transaction. */
static enum err tell_work(struct ctx *cx, const struct job_claim *job, const struct fault *why,
                          bool again)
{
	const struct job_told told = {
		.job_id = job->id,
		.job_type = again ? "again" : "over",
		.status = "told",
		.error_type = err_info(why->code)->slug,
	};

	return event_emit(cx, &job_failed, 0, &told);
}

static const struct job_handler TABLE[] = {
	{ .kind = &KIND, .run = do_work, .failed = tell_work },
	{ .kind = NULL },
};
queue_handlers side_handlers = { TABLE, NULL };
job_kinds side_kinds = { &KIND, NULL };

/* --- Runners --- */

void side_reset(struct side *s, const struct ctx *of)
{
	ctx_begin(&s->cx, of->app, s->arena, s->db);
}

struct side *side_open(struct ctx *of, int64_t lease_ms)
{
	struct side *s = arena_alloc(of->arena, sizeof(*s));

	s->arena = arena_new((size_t)16 * 1024 * 1024);
	s->db = fixture_db_connect(FIXTURE_RUNNER);
	side_reset(s, of);
	assert_err(&s->cx, queue_join(&s->cx, &s->queue, "test", lease_ms), ERR_OK);
	assert_err(&s->cx, claim_lane_open(&s->cx, of->arena, side_handlers, CLAIM_HEAVY, &s->lane),
	           ERR_OK);
	assert_err(&s->cx, claim_limits(&s->cx, &s->lane, NULL), ERR_OK);
	return s;
}

void side_kill(struct side *s)
{
	db_close(s->db);
	s->db = fixture_db_connect(FIXTURE_RUNNER);
	s->cx.db = s->db;
}

void side_close(struct side *s)
{
	assert_err(&s->cx, queue_leave(&s->cx, &s->queue), ERR_OK);
	db_close(s->db);
	arena_free(s->arena);
}

void side_free(struct side *s)
{
	db_close(s->db);
	arena_free(s->arena);
}

/* Tests want to see what there is, whatever a sweep costs on a busy machine. */
void side_sweep(struct side *s)
{
	s->lane.swept_ms = 0;
}

const struct job_claim *side_claim(struct side *s, int64_t n, size_t wanted)
{
	struct list list;

	side_sweep(s);
	assert_err(&s->cx,
	           queue_claim(&s->cx, &s->queue, &s->lane, &(struct claim_wish){ .n = n }, &list),
	           ERR_OK);
	assert_int_equal(list.n, wanted);
	return list.items;
}

void side_claim_of(struct side *s, queue_handlers handlers, enum claim_weight weight, int64_t n,
                   struct list *ret)
{
	struct claim_lane lane;

	assert_err(&s->cx, claim_lane_open(&s->cx, s->cx.arena, handlers, weight, &lane), ERR_OK);
	assert_err(&s->cx, claim_limits(&s->cx, &lane, NULL), ERR_OK);
	assert_err(&s->cx,
	           queue_claim(&s->cx, &s->queue, &lane, &(struct claim_wish){ .n = n }, ret),
	           ERR_OK);
}

const char *side_attempt(struct side *s, const struct job_claim *job, enum run_why why)
{
	struct job_run run = { .job = job, .runner = s->queue.id };
	struct run_report report;

	run_adopt(&s->cx, &run);
	if (why != RUN_ON)
		run_stop(&run, why);
	assert_err(&s->cx, run_attempt(&s->cx, side_handlers, &run, &report), ERR_OK);
	return report.outcome;
}

int64_t side_rescue(struct side *s, int ms)
{
	int64_t dead = 0;

	for (int left = ms; left > 0 && dead == 0; left -= 50) {
		bool suspects;

		assert_err(&s->cx, queue_rescue(&s->cx, &s->queue, side_handlers, &dead, &suspects),
		           ERR_OK);
		if (dead == 0)
			usleep(50000);
	}
	return dead;
}

/* --- Jobs --- */

int64_t side_enqueue(struct ctx *cx, struct job_new in, int64_t n)
{
	const struct args args = { n };
	int64_t id = 0;

	assert_err(cx, job_enqueue(cx, &KIND, &in, &args, &id), ERR_OK);
	return id;
}

struct job side_job(struct ctx *cx, int64_t id)
{
	struct job job;

	assert_err(cx, job_get(cx, id, &job), ERR_OK);
	return job;
}

enum err side_look(struct ctx *cx, int64_t id, struct job_detail *ret)
{
	struct db_question *q;

	assert_err(cx, job_look_ask(cx, id, &q), ERR_OK);
	return job_look_answer(cx, id, q, ret);
}

int64_t side_events(struct ctx *cx, int64_t job, const char *kind, const char *status)
{
	return fixture_db_int(
		cx,
		arena_printf(cx->arena,
	                     "SELECT count(*) FROM app.event_all WHERE kind = '%s' AND"
	                     " payload->>'job_id' = '%" PRId64 "' AND payload->>'status' = '%s'",
	                     kind, job, status));
}

int64_t side_told(struct ctx *cx, int64_t job, const char *how)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT count(*) FROM app.event_all WHERE payload->>'job_id' ="
	                         " '%" PRId64 "' AND payload->>'status' = 'told'"
	                         " AND payload->>'job_type' = '%s'",
	                         job, how));
}

int side_begin(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job WHERE queue = 'test_queue'),"
	                   " r AS (DELETE FROM app.job_runner WHERE host = 'test') SELECT 1");
	return 0;
}
