/*
 * Following the log: positions that readers can trust although transactions commit out of order, the bell, and
 * reading one's own writes.  D5, D6, D14, X1, X3.
 */
#include "teller.h"

#include "events/bell.h"
#include "events/follow.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define WRITERS      4
#define READERS      3
#define TRANSACTIONS 150 /* of each writer; each tells two events of the writer's project */
#define RACE_S       60

/* The test's events among those that follow. @ret how many */
static size_t follow_told(struct ctx *cx, int64_t *after, int64_t *numbers, size_t max)
{
	struct list list;
	size_t n = 0;

	do {
		const struct event_followed *items;

		assert_err(cx, event_follow(cx, *after, 100, &list), ERR_OK);
		items = list.items;
		for (size_t i = 0; i < list.n; i++) {
			assert_true(items[i].event.position > *after);
			*after = items[i].event.position;
			if (strcmp(items[i].event.kind, told_kind.type) != 0)
				continue;
			assert_true(n < max);
			numbers[n++] = told_number(cx, &items[i].event);
		}
	} while (list.n > 0);
	return n;
}

/* A transaction that takes long comes later, and holds nobody up. */
static void test_follow__out_of_order(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller slow, quick, reader;
	struct db_tx tx = { 0 };
	int64_t after, numbers[4];

	teller_open(&slow, cx, FIXTURE_APP);
	teller_open(&quick, cx, FIXTURE_APP);
	teller_open(&reader, cx, FIXTURE_RUNNER);
	assert_err(&reader.cx, event_newest(&reader.cx, &after), ERR_OK);

	assert_err(&slow.cx, db_begin(&slow.cx, &tx), ERR_OK);
	assert_err(&slow.cx, tell(&slow.cx, 1, 1), ERR_OK);
	assert_err(&quick.cx, tell(&quick.cx, 1, 2), ERR_OK);
	assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 1);
	assert_int_equal(numbers[0], 2);
	assert_err(&quick.cx, tell(&quick.cx, 1, 3), ERR_OK);
	assert_err(&slow.cx, db_commit(&tx), ERR_OK);
	assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 2);
	assert_int_equal(numbers[0],
	                 1); /* committed last, but told first: what is free is in that order */
	assert_int_equal(numbers[1], 3);
	assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 0);
	teller_close(&slow);
	teller_close(&quick);
	teller_close(&reader);
}

static void test_follow__rolled_back_is_never_told(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller reader;
	int64_t after, numbers[4];

	teller_open(&reader, cx, FIXTURE_RUNNER);
	assert_err(&reader.cx, event_newest(&reader.cx, &after), ERR_OK);
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, tell(cx, 1, 1), ERR_OK);
	}
	assert_err(cx, tell(cx, 1, 2), ERR_OK);
	assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 1);
	assert_int_equal(numbers[0], 2);
	teller_close(&reader);
}

/* However many others are told meanwhile: its events come as soon as it has ended, and before later ones. */
static void test_follow__very_long_transaction(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller slow, reader;
	struct db_tx tx = { 0 };
	struct event_filter filter = { .limit = 10 };
	struct event_page page;
	int64_t after, numbers[4];

	teller_open(&slow, cx, FIXTURE_APP);
	teller_open(&reader, cx, FIXTURE_RUNNER);
	assert_err(&reader.cx, event_newest(&reader.cx, &after), ERR_OK);
	assert_err(cx, event_head(cx, &filter.after), ERR_OK);
	assert_err(&slow.cx, db_begin(&slow.cx, &tx), ERR_OK);
	assert_err(&slow.cx, tell(&slow.cx, 1, 1), ERR_OK);
	for (int i = 0; i < 5; i++) {
		fixture_db_int(cx,
		               "WITH i AS (INSERT INTO app.event_outbox (tenant_id, kind, payload,"
		               " actor) SELECT 0, 'noise', '{}', 'a' FROM generate_series(1, 900)"
		               " RETURNING 1) SELECT count(*) FROM i");
		assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 0);
	}
	assert_err(&slow.cx, db_commit(&tx), ERR_OK);
	assert_err(&slow.cx, tell(&slow.cx, 1, 2), ERR_OK);
	assert_int_equal(follow_told(&reader.cx, &after, numbers, 4), 2);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 2);

	/* The same for who reads their own writes. */
	assert_err(cx, event_list(cx, &filter, &page), ERR_OK);
	assert_int_equal(page.items.n, 2);
	assert_int_equal(told_number(cx, page.items.items), 1);
	assert_int_equal(page.next_after, ((const struct event *)page.items.items)[1].position);
	assert_false(page.more);
	teller_close(&slow);
	teller_close(&reader);
}

/* --- The bell --- */

static int64_t asleep(struct ctx *cx, const struct event_reader *reader)
{
	return fixture_db_int(cx,
	                      arena_printf(cx->arena,
	                                   "SELECT count(*) FROM app.event_reader WHERE id = '%s'"
	                                   " AND asleep",
	                                   reader->id));
}

static void test_reader__is_rung(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct event_reader reader;
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	assert_err(&t.cx, event_reader_join(&t.cx, &reader, "host"), ERR_OK);
	assert_false(db_wait(&t.cx, -1, 0));
	assert_err(cx, tell(cx, 1, 1), ERR_OK);
	bell_ring(cx);
	assert_false(db_wait(&t.cx, -1, 100)); /* it is awake: nobody rings */
	assert_err(&t.cx, event_reader_sleep(&t.cx, &reader, true), ERR_OK);
	assert_int_equal(asleep(cx, &reader), 1);
	assert_err(cx, tell(cx, 1, 2), ERR_OK);
	bell_ring(cx);
	assert_true(db_wait(&t.cx, -1, 10000));
	assert_int_equal(asleep(cx, &reader), 0); /* who rang has said so */
	assert_err(&t.cx, event_reader_leave(&t.cx, &reader), ERR_OK);
	teller_close(&t);
}

/* Who was taken for dead is back with its next sign of life. */
static void test_reader__forgotten_and_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct event_reader old, young;
	struct teller t;

	teller_open(&t, cx, FIXTURE_RUNNER);
	assert_err(&t.cx, event_reader_join(&t.cx, &old, "host"), ERR_OK);
	fixture_db_int(cx, "WITH u AS (UPDATE app.event_reader SET heartbeat_at = now()"
	                   " - interval '2 minutes' RETURNING 1) SELECT count(*) FROM u");
	assert_err(&t.cx, event_reader_join(&t.cx, &young, "host"), ERR_OK);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.event_reader"), 1);
	assert_err(&t.cx, event_reader_beat(&t.cx, &old), ERR_OK);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.event_reader"), 2);
	assert_err(&t.cx, event_reader_leave(&t.cx, &old), ERR_OK);
	assert_err(&t.cx, event_reader_leave(&t.cx, &young), ERR_OK);
	teller_close(&t);
}

/* --- The race --- */

struct racer {
	struct teller t;
	pthread_t thread;
	int64_t id, after; /* of a writer: its project; of a reader: where it begins */
	int64_t seen[WRITERS * TRANSACTIONS * 2];
	int64_t positions[WRITERS * TRANSACTIONS * 2];
	size_t n;
	enum err failed;
};

/* Two events in one transaction, which end in whatever order the threads bring about. */
static enum err write_one(struct racer *r, int64_t i)
{
	struct ctx *cx = teller_ctx(&r->t);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(tell(cx, r->id, r->id * 1000000 + 2 * i));
	TRY(tell(cx, r->id, r->id * 1000000 + 2 * i + 1));
	return db_commit(&tx);
}

static enum err give_up(struct racer *r)
{
	struct ctx *cx = teller_ctx(&r->t);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	return tell(cx, r->id, -1);
}

static void *write_all(void *arg)
{
	struct racer *r = arg;

	for (int64_t i = 0; i < TRANSACTIONS && r->failed == ERR_OK; i++) {
		r->failed = write_one(r, i);
		if (r->failed == ERR_OK && i % 3 == 0)
			r->failed = give_up(r);
	}
	return NULL;
}

static void *read_all(void *arg)
{
	struct racer *r = arg;
	int64_t until = system_clock.mono_us(&system_clock) + (int64_t)RACE_S * 1000000;

	while (r->n < COUNT(r->seen) && r->failed == ERR_OK &&
	       system_clock.mono_us(&system_clock) < until) {
		struct ctx *cx = teller_ctx(&r->t);
		const struct event_followed *items;
		struct list list = { 0 };

		r->failed = event_follow(cx, r->after, 7, &list);
		items = list.items;
		for (size_t i = 0; i < list.n && r->failed == ERR_OK; i++) {
			r->after = items[i].event.position;
			if (strcmp(items[i].event.kind, told_kind.type) != 0)
				continue;
			if (r->n == COUNT(r->seen)) {
				r->failed = ERR_LIMIT;
				break;
			}
			r->positions[r->n] = items[i].event.position;
			r->seen[r->n++] = told_number(cx, &items[i].event);
		}
	}
	return NULL;
}

/* Each event once, in the same order for all who follow, and each writer's in the order it wrote them. */
static void test_follow__race(void **state)
{
	static struct racer writers[WRITERS], readers[READERS];
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller t;
	int64_t after, next[WRITERS] = { 0 };

	teller_open(&t, cx, FIXTURE_RUNNER);
	assert_err(&t.cx, event_newest(&t.cx, &after), ERR_OK);
	teller_close(&t);
	for (int i = 0; i < READERS; i++) {
		teller_open(&readers[i].t, cx, FIXTURE_RUNNER);
		readers[i].after = after;
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]),
		                 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		teller_open(&writers[i].t, cx, FIXTURE_APP);
		writers[i].id = i + 1;
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_all, &writers[i]),
		                 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].failed, ERR_OK);
		teller_close(&writers[i].t);
	}
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].failed, ERR_OK);
		assert_int_equal(readers[i].n, COUNT(readers[i].seen));
		assert_memory_equal(readers[i].seen, readers[0].seen, sizeof(readers[0].seen));
		assert_memory_equal(readers[i].positions, readers[0].positions,
		                    sizeof(readers[0].positions));
		teller_close(&readers[i].t);
	}
	for (size_t i = 0; i < readers[0].n; i++) {
		int64_t writer = readers[0].seen[i] / 1000000;

		assert_in_range(writer, 1, WRITERS);
		assert_int_equal(readers[0].seen[i] % 1000000, next[writer - 1]++);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow__out_of_order),
		cmocka_unit_test(test_follow__rolled_back_is_never_told),
		cmocka_unit_test(test_follow__very_long_transaction),
		cmocka_unit_test(test_reader__is_rung),
		cmocka_unit_test(test_reader__forgotten_and_back),
		cmocka_unit_test(test_follow__race),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
