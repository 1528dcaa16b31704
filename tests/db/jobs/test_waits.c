/* Jobs that wait for somebody else: threads, queues and a bell of their own. */
#include "side.h"

#include "events/bell.h"

static const struct field ARGS_FIELDS[] = { F_INT(struct job_claim, id, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct job_claim, "WaitsArguments", ARGS_FIELDS);

#define KIND .arguments = &ARGS, .attempts = 1, .backoff_s = 1, .timeout_s = 10, .doc = "d"
static const struct job_kind HEAVY = { .type = "test.heavy", .queue = "test_heavy", KIND };
static const struct job_kind WAITS = {
	.type = "test.waits", .queue = "test_waits", .waits = true, KIND
};
static const struct job_kind MIXED = { .type = "test.mixed", .queue = "test_waits", KIND };

static enum err nothing(UNUSED struct ctx *cx, UNUSED struct job_run *run, UNUSED const void *args)
{
	return ERR_OK;
}

static const struct job_handler HANDLERS[] = {
	{ .kind = &HEAVY, .run = nothing },
	{ .kind = &WAITS, .run = nothing },
	{ .kind = NULL },
};
static const struct job_handler MIXED_HANDLERS[] = {
	{ .kind = &MIXED, .run = nothing },
	{ .kind = NULL },
};
static queue_handlers handlers = { HANDLERS, NULL };
static queue_handlers mixed = { HANDLERS, MIXED_HANDLERS, NULL };

static int64_t enqueue(struct ctx *cx, const struct job_kind *kind, const char *queue)
{
	const struct job_new in = { .queue = queue };
	int64_t id = 0;

	assert_err(cx, job_enqueue(cx, kind, &in, &(struct job_claim){ 0 }, &id), ERR_OK);
	return id;
}

/* @ret the one job that a lane claims; 0: none */
static int64_t claimed(struct side *s, enum claim_weight weight)
{
	struct list list;

	side_claim_of(s, handlers, weight, 5, &list);
	assert_in_range(list.n, 0, 1);
	return list.n == 0 ? 0 : ((const struct job_claim *)list.items)->id;
}

/* C1: a job that waits takes no thread of those that work, nor they one of its. */
static void test_each_from_its_own_queue(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t heavy = enqueue(cx, &HEAVY, NULL), waits = enqueue(cx, &WAITS, NULL);

	assert_int_equal(claimed(s, CLAIM_WAITS), waits);
	assert_int_equal(claimed(s, CLAIM_WAITS), 0);
	assert_int_equal(claimed(s, CLAIM_HEAVY), heavy);
	assert_int_equal(claimed(s, CLAIM_HEAVY), 0);
	side_close(s);
}

/* As a worker of the release before enqueues it. */
static void test_a_stray_is_done_all_the_same(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t stray = enqueue(cx, &WAITS, "test_heavy");

	assert_int_equal(claimed(s, CLAIM_WAITS), 0);
	assert_int_equal(claimed(s, CLAIM_HEAVY), stray);
	side_close(s);
}

static void test_a_queue_is_of_one_weight(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct claim_lane lane;

	assert_err(cx, claim_lane_open(cx, cx->arena, mixed, CLAIM_WAITS, &lane), ERR_INTERNAL);
	assert_err(cx, claim_lane_open(cx, cx->arena, mixed, CLAIM_HEAVY, &lane), ERR_INTERNAL);
	assert_err(cx, claim_lane_open(cx, cx->arena, handlers, CLAIM_LIGHT, &lane), ERR_OK);
	assert_int_equal(lane.nqueues, 0);
}

/* A runner whose working threads are busy hears of what waits, and the other way round. */
static void test_bell_of_its_own(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);

	assert_err(&s->cx, queue_sleep(&s->cx, &s->queue, BELL_WAITS), ERR_OK);
	cx->bells = 0;
	enqueue(cx, &HEAVY, NULL);
	assert_int_equal(cx->bells & (BELL_HEAVY | BELL_WAITS), BELL_HEAVY);
	bell_ring(cx);
	assert_false(db_wait(&s->cx, -1, 50));
	enqueue(cx, &WAITS, NULL);
	assert_int_equal(cx->bells & (BELL_HEAVY | BELL_WAITS), BELL_WAITS);
	bell_ring(cx);
	assert_true(db_wait(&s->cx, -1, 2000));
	cx->bells = BELL_WAITS;
	bell_ring(cx); /* once: it is awake */
	assert_false(db_wait(&s->cx, -1, 50));
	side_close(s);
}

static int begin(void **state)
{
	int failed = side_begin(state);

	fixture_db_int(fixture_db_ctx(*state),
	               "WITH d AS (DELETE FROM app.background_job WHERE queue IN ('test_heavy',"
	               " 'test_waits')) SELECT 1");
	return failed;
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_from_its_own_queue),
		TEST(test_a_stray_is_done_all_the_same),
		TEST(test_a_queue_is_of_one_weight),
		TEST(test_bell_of_its_own),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
