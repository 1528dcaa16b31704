/* The log from its end: newest first, by actor, request and time (D14, M1). */
#include "fixture_db.h"

#include "events/event.h"

#include <inttypes.h>
#include <string.h>

struct told {
	int64_t number;
};
static const struct field TOLD_FIELDS[] = { F_INT(struct told, number, .doc = "d") };
static const struct schema TOLD = SCHEMA(struct told, "ToldBack", TOLD_FIELDS);
static const struct event_kind KIND = {
	.type = "test.told", .version = 1, .payload = &TOLD, .doc = "d"
};

/* A tenant of its own, so that its log holds what the test tells. */
static struct ctx *fresh(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	cx->who.tenant_id = fixture_db_tenant(cx);
	return cx;
}

static void tell(struct ctx *cx, const char *actor, const char *request_id)
{
	cx->who.actor = actor;
	memcpy(cx->request_id, request_id, strlen(request_id) + 1);
	assert_err(cx, event_emit(cx, &KIND, 0, &(struct told){ 1 }), ERR_OK);
}

static struct event_page list_of(struct ctx *cx, struct event_filter filter)
{
	struct event_page page;

	assert_err(cx, event_list(cx, &filter, &page), ERR_OK);
	return page;
}

static const struct event *item(const struct event_page *page, size_t i)
{
	assert_true(i < page->items.n);
	return (const struct event *)page->items.items + i;
}

/* Back to the beginning, page by page: each event once, and none that is not there. */
static void test_back__pages(void **state)
{
	struct ctx *cx = fresh(state);
	struct event_filter filter = { .newest_first = true, .limit = 3 };
	struct event_page page = { .more = true };
	int64_t head, last = INT64_MAX;
	size_t n = 0, before = list_of(cx, (struct event_filter){ .limit = 100 }).items.n;

	for (int i = 0; i < 7; i++)
		tell(cx, "user:1", "req_back");
	assert_err(cx, event_head(cx, &head), ERR_OK);
	while (page.more) {
		page = list_of(cx, filter);
		for (size_t i = 0; i < page.items.n; i++, n++) {
			assert_true(item(&page, i)->position < last);
			last = item(&page, i)->position;
		}
		if (filter.before == 0) {
			assert_int_equal(item(&page, 0)->position, head);
			assert_int_equal(page.next_after, head);
		}
		filter.before = page.next_before;
	}
	assert_int_equal(n, before + 7);
	assert_int_equal(page.next_before, 0);
}

/* What few events pass leads further back, with the place to go on from. */
static void test_back__a_filter_looks_so_far(void **state)
{
	struct ctx *cx = fresh(state);
	struct event_filter filter = { .newest_first = true, .actor = "user:9", .limit = 5 };
	struct event_page page;

	tell(cx, "user:9", "req_far");
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.event (tenant_id, kind, payload,"
	                            " actor) SELECT %" PRId64 ", 'noise.made', '{}', 'a'"
	                            " FROM app.event_sequence(1000, true), generate_series(1, %d)"
	                            " RETURNING 1) SELECT count(*) FROM i",
	                            cx->who.tenant_id, EVENT_SCAN + 5));
	page = list_of(cx, filter);
	assert_int_equal(page.items.n, 0);
	assert_true(page.more && page.next_before > 0);
	filter.before = page.next_before;
	page = list_of(cx, filter);
	assert_int_equal(page.items.n, 1);
	assert_false(page.more);
	assert_string_equal(item(&page, 0)->actor, "user:9");
}

static void test_filter__actor_and_request(void **state)
{
	struct ctx *cx = fresh(state);
	struct event_page page;

	tell(cx, "user:1", "req_one");
	tell(cx, "job:5", "req_one");
	tell(cx, "job:5", "req_two");
	page = list_of(cx, (struct event_filter){ .request_id = "req_one", .limit = 9 });
	assert_int_equal(page.items.n, 2);
	assert_string_equal(item(&page, 0)->actor, "user:1");
	page = list_of(cx, (struct event_filter){ .actor = "job:5", .limit = 9 });
	assert_int_equal(page.items.n, 2);
	page = list_of(
		cx, (struct event_filter){ .actor = "job:5", .request_id = "req_two", .limit = 9 });
	assert_int_equal(page.items.n, 1);
	page = list_of(cx, (struct event_filter){ .before = item(&page, 0)->position,
	                                          .actor = "job:5",
	                                          .limit = 9 });
	assert_int_equal(page.items.n, 1);
	cx->who.tenant_id = fixture_db_tenant(cx);
	page = list_of(cx, (struct event_filter){ .request_id = "req_one", .limit = 9 });
	assert_int_equal(page.items.n, 0);
}

/* Hours that lie in several partitions, told of in the order of their places. */
static void test_position_at(void **state)
{
	struct ctx *cx = fresh(state);
	CLEANUP(db_close_ptr) struct db *super = fixture_db_connect(FIXTURE_SUPER);
	struct db *own = cx->db;
	int64_t hours = 60, at, first, n;
	const char *since = "(date_part('epoch', now()) * 1000000)::bigint";

	first = fixture_db_int(
		cx,
		arena_printf(cx->arena,
	                     "WITH i AS (INSERT INTO app.event (tenant_id, kind, payload, actor,"
	                     " created_at, sequenced_at) SELECT %" PRId64 ", 'noise.made', '{}',"
	                     " 'a', t, t FROM (SELECT now() + n * interval '1 hour' AS t"
	                     " FROM generate_series(1, %" PRId64 ") n ORDER BY n) x"
	                     " RETURNING position) SELECT min(position) FROM i",
	                     cx->who.tenant_id, hours));
	for (int64_t hour = 1; hour <= hours + 1; hour += 7) {
		const char *time = arena_printf(cx->arena, "SELECT %s + %" PRId64, since,
		                                hour * INT64_C(3600000000) - 1000000);

		assert_err(cx, event_position_at(cx, fixture_db_int(cx, time), &at), ERR_OK);
		n = fixture_db_int(cx, arena_printf(cx->arena,
		                                    "SELECT count(*) FROM app.event WHERE kind ="
		                                    " 'noise.made' AND tenant_id = %" PRId64
		                                    " AND position > %" PRId64,
		                                    cx->who.tenant_id, at));
		assert_int_equal(n, hours - (hour - 1));
	}
	assert_err(cx, event_position_at(cx, 1, &at), ERR_OK);
	assert_true(at < first);
	cx->db = super; /* who reads the log after this expects none of days to come */
	assert_err(cx, db_script(cx, "DELETE FROM app.event WHERE kind = 'noise.made'"), ERR_OK);
	cx->db = own;
}

/* A handler goes on in its event's request; what has no id, or too long a one, changes nothing. */
static void test_take_request(void **state)
{
	struct ctx *cx = fresh(state);
	const char *longer = arena_printf(cx->arena, "%0*d", REQUEST_ID_MAX + 1, 1);

	event_take_request(cx, &(struct event){ .request_id = "req_of_it" });
	assert_string_equal(cx->request_id, "req_of_it");
	event_take_request(cx, &(struct event){ 0 });
	event_take_request(cx, &(struct event){ .request_id = longer });
	assert_string_equal(cx->request_id, "req_of_it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back__pages),
		cmocka_unit_test(test_back__a_filter_looks_so_far),
		cmocka_unit_test(test_filter__actor_and_request),
		cmocka_unit_test(test_position_at),
		cmocka_unit_test(test_take_request),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
