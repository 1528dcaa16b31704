/* State by key: versions, stale writers, what the log tells.  D7, D8, X3. */
#include "teller.h"

#include "events/state.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RACERS 4
#define RACES  25

static enum err put(struct ctx *cx, const char *key, int64_t version, const char *data,
                    struct state *ret)
{
	return state_put(cx, key, version, &(struct state_new){ .data = data }, ret);
}

/* The newest event of the tenant. */
static struct event newest(struct ctx *cx)
{
	struct event_filter filter = { .limit = 1 };
	struct event_page page;

	assert_err(cx, event_head(cx, &filter.after), ERR_OK);
	filter.after--;
	assert_err(cx, event_list(cx, &filter, &page), ERR_OK);
	assert_int_equal(page.items.n, 1);
	return *(const struct event *)page.items.items;
}

static void test_put__versions(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct state s;
	struct event told;

	assert_err(cx, state_get(cx, "a:1", &s), ERR_NOT_FOUND);
	assert_err(cx, put(cx, "a:1", 7, "1", &s), ERR_NOT_FOUND);
	assert_err(cx, put(cx, "a:1", STATE_ANY, "1", &s), ERR_NOT_FOUND);
	assert_err(cx, put(cx, "a:1", STATE_ABSENT, "{\"n\": 1}", &s), ERR_OK);
	assert_int_equal(s.version, 1);
	assert_int_equal(s.project_id, 0);
	assert_err(cx, put(cx, "a:1", STATE_ABSENT, "2", &s), ERR_STALE);
	assert_err(cx, put(cx, "a:1", 2, "2", &s), ERR_STALE);
	assert_contains(cx->fault.detail, "at version 1");
	assert_err(cx, put(cx, "a:1", 1, "{\"n\": 2}", &s), ERR_OK);
	assert_int_equal(s.version, 2);
	assert_err(cx, put(cx, "a:1", 1, "3", &s), ERR_STALE);         /* the stale writer loses */
	assert_err(cx, put(cx, "a:1", STATE_ANY, "null", &s), ERR_OK); /* JSON's null is a value */
	assert_err(cx, state_get(cx, "a:1", &s), ERR_OK);
	assert_int_equal(s.version, 3);
	assert_string_equal(s.data, "null");

	told = newest(cx);
	assert_string_equal(told.kind, "state.changed");
	assert_contains(told.payload, "\"key\": \"a:1\"");
	assert_contains(told.payload, "\"version\": 3");
	assert_contains(told.payload, "\"deleted\": false");
}

/* Who read a key before it was deleted and made anew has an old version, not one that looks new. */
static void test_delete__versions_go_on(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct state s;
	struct list list;

	assert_err(cx, put(cx, "b:1", STATE_ABSENT, "1", &s), ERR_OK);
	assert_err(cx, state_delete(cx, "b:1", 9), ERR_STALE);
	assert_err(cx, state_delete(cx, "b:1", 1), ERR_OK);
	assert_contains(newest(cx).payload, "\"deleted\": true");
	assert_err(cx, state_get(cx, "b:1", &s), ERR_NOT_FOUND);
	assert_err(cx, state_delete(cx, "b:1", STATE_ANY), ERR_NOT_FOUND);
	assert_err(cx, put(cx, "b:1", 2, "1", &s), ERR_NOT_FOUND);
	assert_err(cx, state_list(cx, &(struct state_filter){ .prefix = "b:", .limit = 5 }, &list),
	           ERR_OK);
	assert_int_equal(list.n, 0);
	assert_err(cx, put(cx, "b:1", STATE_ABSENT, "1", &s), ERR_OK);
	assert_int_equal(s.version, 3);
	assert_err(cx, put(cx, "b:1", 1, "2", &s), ERR_STALE);
}

/* The key of a project belongs to it, and so does what is told; without such a project it is a key like others. */
static void test_put__project(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = fixture_db_int(
		cx,
		arena_printf(cx->arena,
	                     "WITH i AS (INSERT INTO app.project (tenant_id, name, repository_url)"
	                     " VALUES (%" PRId64 ", 'p', 'https://h/p') RETURNING id)"
	                     " SELECT id FROM i",
	                     cx->who.tenant_id));
	const char *key = arena_printf(cx->arena, "project:%" PRId64, id);
	const char *plan = arena_printf(cx->arena, "project:%" PRId64 ":plan", id);
	const char *longer = arena_printf(cx->arena, "project:%" PRId64 "7", id);
	struct state s;

	assert_err(cx, put(cx, key, STATE_ABSENT, "1", &s), ERR_OK);
	assert_int_equal(s.project_id, id);
	assert_int_equal(newest(cx).project_id, id);
	assert_err(cx, put(cx, plan, STATE_ABSENT, "1", &s), ERR_OK);
	assert_int_equal(s.project_id, id);
	assert_err(cx, put(cx, longer, STATE_ABSENT, "1", &s), ERR_OK);
	assert_int_equal(s.project_id, 0);
	assert_err(cx, put(cx, "project:999999999999999999", STATE_ABSENT, "1", &s), ERR_OK);
	assert_int_equal(s.project_id, 0);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH d AS (DELETE FROM app.project WHERE id = %" PRId64
	                                " RETURNING 1) SELECT count(*) FROM d",
	                                id));
	assert_err(cx, state_get(cx, key, &s), ERR_NOT_FOUND); /* it went with the project */
}

static void test_put__another_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct state s;
	struct list list;

	assert_err(cx, put(cx, "c:1", STATE_ABSENT, "1", &s), ERR_OK);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, state_get(cx, "c:1", &s), ERR_NOT_FOUND);
	assert_err(cx, put(cx, "c:1", 1, "2", &s), ERR_NOT_FOUND);
	assert_err(cx, state_delete(cx, "c:1", STATE_ANY), ERR_NOT_FOUND);
	assert_err(cx, state_list(cx, &(struct state_filter){ .limit = 5 }, &list), ERR_OK);
	assert_int_equal(list.n, 0);
	assert_err(cx, put(cx, "c:1", STATE_ABSENT, "2", &s), ERR_OK); /* its own */
	assert_int_equal(s.version, 1);
}

static void test_put__limits(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(*state);
	char *large = arena_alloc(cx->arena, STATE_DATA_MAX + 2);
	struct state s;

	cx->who.tenant_id = fixture_db_tenant(cx);
	memset(large, '1', STATE_DATA_MAX + 1);
	large[0] = large[STATE_DATA_MAX] = '"';
	assert_err(cx, put(cx, "d:1", STATE_ABSENT, large, &s), ERR_INVALID);
	assert_blamed(cx, "/data", "max_bytes");
	large[STATE_DATA_MAX] = '\0';
	large[STATE_DATA_MAX - 1] = '"';
	assert_err(cx, put(cx, "d:1", STATE_ABSENT, large, &s), ERR_OK);

	f->config.state_keys_max = 2;
	assert_err(cx, put(cx, "d:2", STATE_ABSENT, "1", &s), ERR_OK);
	assert_err(cx, put(cx, "d:3", STATE_ABSENT, "1", &s), ERR_LIMIT);
	assert_err(cx, put(cx, "d:2", STATE_ABSENT, "1", &s), ERR_STALE);
	assert_err(cx, put(cx, "d:2", 1, "2", &s), ERR_OK);
	assert_err(cx, state_delete(cx, "d:1", STATE_ANY), ERR_OK);
	assert_err(cx, put(cx, "d:3", STATE_ABSENT, "1", &s), ERR_OK);
	f->config.state_keys_max = 10000;
}

/* --- The race --- */

struct racer {
	struct teller t;
	pthread_t thread;
	enum err failed;
	int lost;
};

/* Read, add one, write if nobody was faster. */
static enum err add_one(struct racer *r)
{
	for (;;) {
		struct ctx *cx = teller_ctx(&r->t);
		struct state s;
		enum err e;

		TRY(state_get(cx, "race", &s));
		e = put(cx, "race", s.version,
		        arena_printf(cx->arena, "%ld", strtol(s.data, NULL, 10) + 1), &s);
		if (e != ERR_STALE)
			return e;
		r->lost++;
	}
}

static void *race(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < RACES && r->failed == ERR_OK; i++)
		r->failed = add_one(r);
	return NULL;
}

/* No update is lost, and each that was made is told. */
static void test_put__race(void **state)
{
	static struct racer racers[RACERS];
	struct ctx *cx = fixture_db_ctx(*state);
	struct state s;

	assert_err(cx, put(cx, "race", STATE_ABSENT, "0", &s), ERR_OK);
	for (int i = 0; i < RACERS; i++) {
		teller_open(&racers[i].t, cx, FIXTURE_APP);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		assert_int_equal(racers[i].failed, ERR_OK);
		teller_close(&racers[i].t);
	}
	assert_err(cx, state_get(cx, "race", &s), ERR_OK);
	assert_int_equal(strtol(s.data, NULL, 10), RACERS * RACES);
	assert_int_equal(s.version, RACERS * RACES + 1);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.event_all WHERE kind ="
	                                    " 'state.changed' AND payload->>'key' = 'race'"),
	                 RACERS * RACES + 1);
}

static void *make_one(void *arg)
{
	struct racer *r = arg;
	struct state s;

	r->failed = put(teller_ctx(&r->t), "made.once", STATE_ABSENT, "1", &s);
	return NULL;
}

/* Of several who make the same key one wins, the others hear that it is there. */
static void test_put__race_to_make(void **state)
{
	static struct racer racers[RACERS];
	struct ctx *cx = fixture_db_ctx(*state);
	int made = 0;

	for (int i = 0; i < RACERS; i++) {
		teller_open(&racers[i].t, cx, FIXTURE_APP);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, make_one, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		assert_true(racers[i].failed == ERR_OK || racers[i].failed == ERR_STALE);
		made += racers[i].failed == ERR_OK;
		teller_close(&racers[i].t);
	}
	assert_int_equal(made, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put__versions),
		cmocka_unit_test(test_delete__versions_go_on),
		cmocka_unit_test(test_put__project),
		cmocka_unit_test(test_put__another_tenant),
		cmocka_unit_test(test_put__limits),
		cmocka_unit_test(test_put__race),
		cmocka_unit_test(test_put__race_to_make),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
