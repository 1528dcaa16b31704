/* The log of events against a real server: D5, D6, D11, D14. */
#include "fixture_db.h"

#include "events/activity.h"
#include "events/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct told {
	int64_t number;
	const char *text;
};
static const struct field TOLD_FIELDS[] = {
	F_INT(struct told, number, .doc = "d"),
	F_TEXT(struct told, text, .doc = "d"),
};
static const struct schema TOLD = SCHEMA(struct told, "Told", TOLD_FIELDS);
static const struct event_kind KIND = {
	.type = "test.told",
	.version = 3,
	.payload = &TOLD,
	.doc = "d",
};

/* The newest event of the fixture's tenant, as a row. */
struct row {
	int64_t project_id, version;
	const char *kind, *payload, *actor, *request_id;
};
static const struct field ROW_FIELDS[] = {
	F_INT(struct row, project_id, .doc = "d"), F_INT(struct row, version, .doc = "d"),
	F_TEXT(struct row, kind, .doc = "d"),      F_JSON(struct row, payload, .doc = "d"),
	F_TEXT(struct row, actor, .doc = "d"),     F_TEXT(struct row, request_id, .doc = "d"),
};
static const struct schema ROW = SCHEMA(struct row, "Row", ROW_FIELDS);
static const struct db_stmt NEWEST = {
	.name = "t_newest",
	.nparams = 1,
	.read = true,
	.sql = "SELECT project_id, version, kind, payload, actor, request_id FROM app.event_all"
	       " WHERE tenant_id = $1 ORDER BY xid DESC LIMIT 1",
};

static void test_emit(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct told told = { 7, "quote \" and \xc3\xa9" };
	struct row row;

	cx->who.actor = "key:9";
	assert_err(cx, event_emit(cx, &KIND, 12, &told), ERR_OK);
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_string_equal(row.kind, "test.told");
	assert_int_equal(row.version, 3);
	assert_int_equal(row.project_id, 12);
	assert_string_equal(row.actor, "key:9");
	assert_string_equal(row.request_id, cx->request_id);
	assert_contains(row.payload, "\"number\": 7");
	assert_contains(row.payload, "quote \\\" and \xc3\xa9");

	cx->who.actor = NULL; /* a program without a name of its own */
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_string_equal(row.actor, cx->app->component);
	assert_int_equal(row.project_id, 0);
}

static void test_emit__goes_with_its_transaction(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct told told = { 1, "undone" };
	struct row row;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, event_emit(cx, &KIND, 99, &told), ERR_OK);
	}
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_int_not_equal(row.project_id, 99);
}

static void test_emit__needs_a_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	cx->who.tenant_id = 0;
	assert_err(cx, event_emit(cx, &KIND, 0, &(struct told){ 1, "x" }), ERR_INTERNAL);
}

/* What was told stays told: the application's role may neither change nor take back. */
static void test_log__append_only(void **state)
{
	static const char *const SCRIPTS[] = {
		"UPDATE app.event SET actor = 'nobody'",
		"DELETE FROM app.event",
		"UPDATE app.event_outbox SET actor = 'nobody'",
		"DELETE FROM app.event_outbox",
		"TRUNCATE app.event",
		"INSERT INTO app.event (tenant_id, kind, payload, actor)"
		" SELECT app.current_tenant_id(), 'x', '{}', 'x'",
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(SCRIPTS); i++) {
		assert_err(cx, db_script(cx, SCRIPTS[i]), ERR_DATABASE);
		assert_contains(cx->fault.cause, "42501");
	}
}

/* --- Reading --- */

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

static void test_list__pages(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct event_page page;
	int64_t after;

	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, event_head(cx, &after), ERR_OK);
	page = list_of(cx, (struct event_filter){ .after = after, .limit = 3 });
	assert_int_equal(page.items.n, 0);
	assert_int_equal(page.next_after, after);
	assert_false(page.more);
	for (int64_t i = 1; i <= 5; i++)
		assert_err(cx, event_emit(cx, &KIND, i % 2 + 1, &(struct told){ i, "x" }), ERR_OK);
	page = list_of(cx, (struct event_filter){ .after = after, .limit = 3 });
	assert_int_equal(page.items.n, 3);
	assert_true(page.more);
	assert_int_equal(page.next_after, item(&page, 2)->position);
	assert_true(item(&page, 0)->position < item(&page, 1)->position);
	assert_string_equal(item(&page, 0)->kind, "test.told");
	assert_int_equal(item(&page, 0)->version, 3);
	assert_int_equal(item(&page, 0)->project_id, 2);
	assert_string_equal(item(&page, 0)->request_id, cx->request_id);
	assert_contains(item(&page, 0)->payload, "\"number\": 1");
	page = list_of(cx, (struct event_filter){ .after = page.next_after, .limit = 3 });
	assert_int_equal(page.items.n, 2);
	assert_false(page.more);
	assert_int_equal(
		list_of(cx, (struct event_filter){ .after = page.next_after, .limit = 3 }).items.n,
		0);
	page = list_of(cx, (struct event_filter){ .after = after, .limit = 9, .project_id = 2 });
	assert_int_equal(page.items.n, 3);

	/* Another tenant sees nothing of it, wherever it looks. */
	cx->who.tenant_id = fixture_db_tenant(cx);
	page = list_of(cx, (struct event_filter){ .limit = 9 });
	for (size_t i = 0; i < page.items.n; i++)
		assert_string_not_equal(item(&page, i)->kind, "test.told");
	assert_err(cx, event_head(cx, &after), ERR_OK);
	assert_int_equal(after, page.next_after);
}

/* A filter that nothing passes comes to an end all the same, with the place to go on from. */
static void test_list__filters(void **state)
{
	static const char *const FAILED[] = { "job.failed" };
	static const char *const TOLD_ONES[] = { "test.told", "job.failed" };
	const struct list failed = { .items = FAILED, .n = 1 };
	const struct list told = { .items = TOLD_ONES, .n = 2 };
	struct ctx *cx = fixture_db_ctx(*state);
	struct event_page page;
	int64_t head;

	cx->who.tenant_id = fixture_db_tenant(cx);
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.event (tenant_id, kind, payload,"
	                            " actor) SELECT %" PRId64 ", 'noise.made', '{}', 'a'"
	                            " FROM generate_series(1, %d) RETURNING 1)"
	                            " SELECT count(*) FROM i",
	                            cx->who.tenant_id, EVENT_SCAN + 5));
	assert_err(cx, event_emit(cx, &KIND, 0, &(struct told){ 1, "x" }), ERR_OK);
	assert_err(cx, event_head(cx, &head), ERR_OK);
	page = list_of(cx, (struct event_filter){ .kinds = failed, .limit = 9 });
	assert_int_equal(page.items.n, 0);
	assert_true(page.more);
	assert_true(page.next_after < head);
	page = list_of(
		cx, (struct event_filter){ .kinds = failed, .after = page.next_after, .limit = 9 });
	assert_int_equal(page.items.n, 0);
	assert_false(page.more);
	assert_int_equal(page.next_after, head);
	page = list_of(cx, (struct event_filter){ .kinds = told, .after = head - 3, .limit = 9 });
	assert_int_equal(page.items.n, 1);
	page = list_of(cx, (struct event_filter){ .hidden = told, .after = head - 3, .limit = 9 });
	assert_int_equal(page.items.n, 2);
}

/* Large payloads end a page early, and the next one goes on. */
static void test_list__large_payloads(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct event_page page = { .more = true };
	int64_t after;
	size_t n = 0, pages = 0;

	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, event_head(cx, &after), ERR_OK);
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.event (tenant_id, kind, payload,"
	                            " actor) SELECT %" PRId64 ", 'noise.made', to_jsonb(repeat('x',"
	                            " 250000)), 'a' FROM generate_series(1, 40) RETURNING 1)"
	                            " SELECT count(*) FROM i",
	                            cx->who.tenant_id));
	for (; page.more; pages++) {
		page = list_of(cx, (struct event_filter){ .after = after, .limit = 100 });
		after = page.next_after;
		n += page.items.n;
		assert_true(page.items.n < 20);
	}
	assert_int_equal(n, 40);
	assert_true(pages >= 3);
}

/* The test's events that were counted today. */
static int64_t counted(struct ctx *cx, int64_t project_id)
{
	struct activity_filter filter = { .project_id = project_id };
	struct list list;
	int64_t n = 0;

	assert_err(cx, activity_list(cx, &filter, &list), ERR_OK);
	for (size_t i = 0; i < list.n; i++) {
		const struct activity *a = (const struct activity *)list.items + i;

		n += strcmp(a->kind, "test.told") == 0 ? a->events : 0;
	}
	return n;
}

static enum err asked(struct ctx *cx, const char *from, const char *to)
{
	struct list list;

	return activity_list(cx, &(struct activity_filter){ .from = from, .to = to }, &list);
}

/* D12: what hangs off the log: each event is counted once, by project, kind and day. */
static void test_activity(void **state)
{
	static event_subscribers ONE = { &activity_subscriber, NULL };
	struct ctx *cx = fixture_db_ctx(*state);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx runner = { .app = cx->app, .arena = cx->arena, .db = db };
	struct subscription_round round = { .more = true };
	int64_t wait_ms;
	bool work;

	cx->who.tenant_id = fixture_db_tenant(cx);
	for (int64_t i = 1; i <= 5; i++)
		assert_err(cx, event_emit(cx, &KIND, i % 2 + 1, &(struct told){ i, "x" }), ERR_OK);
	assert_err(&runner, subscription_register(&runner, ONE), ERR_OK);
	assert_err(&runner, subscription_look(&runner, ONE, &work, &wait_ms), ERR_OK);
	assert_true(work);
	while (round.more)
		assert_err(&runner, subscription_run(&runner, &activity_subscriber, &round),
		           ERR_OK);
	assert_int_equal(counted(cx, 0), 5);
	assert_int_equal(counted(cx, 2), 3);
	assert_err(cx, asked(cx, "2020-01-01", "2020-12-31"), ERR_OK);
	assert_err(cx, asked(cx, "2020-01-01", "2021-01-01"), ERR_INVALID);
	assert_blamed(cx, "?from", "range");
	assert_err(cx, asked(cx, "2020-02-30", NULL), ERR_INVALID);
	assert_blamed(cx, "?from", "date");
	assert_err(cx, asked(cx, "2020-03-02", "2020-03-01"), ERR_INVALID);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_int_equal(counted(cx, 0), 0);
}

static enum err take_none(struct ctx *cx, const struct event *events, size_t n)
{
	(void)cx;
	(void)events;
	return n > 0 ? ERR_OK : ERR_INTERNAL;
}

static bool wants(struct ctx *runner, const struct event_subscriber *subscriber, bool all)
{
	bool ret = false;

	assert_err(runner, subscription_wants(runner, subscriber, all, &ret), ERR_OK);
	return ret;
}

/* What nobody wants makes no work until there is much of it, or somebody asks for all. */
static void test_wants(void **state)
{
	static const char *const HERE[] = { "test.*", NULL },
				 *const EXACT[] = { "test.told", NULL },
				 *const THERE[] = { "never.*", "test.tol", NULL };
	static const struct event_subscriber HAS[] = {
		{ .name = "here", .kinds = HERE, .handle = take_none, .doc = "d" },
		{ .name = "exact", .kinds = EXACT, .handle = take_none, .doc = "d" },
		{ .name = "there", .kinds = THERE, .handle = take_none, .doc = "d" },
	};
	static event_subscribers THREE = { &HAS[0], &HAS[1], &HAS[2], NULL };
	struct ctx *cx = fixture_db_ctx(*state);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx runner = { .app = cx->app, .arena = cx->arena, .db = db };
	struct subscription_round round = { .more = true };
	int64_t wait_ms;
	bool work;

	assert_err(&runner, subscription_register(&runner, THREE), ERR_OK);
	assert_err(&runner, subscription_look(&runner, THREE, &work, &wait_ms), ERR_OK);
	for (size_t i = 0; i < COUNT(HAS); i++) {
		for (round.more = true; round.more;)
			assert_err(&runner, subscription_run(&runner, &HAS[i], &round), ERR_OK);
		assert_false(wants(&runner, &HAS[i], true));
	}
	for (int64_t i = 0; i < SUBSCRIPTION_PASS_OVER; i++) {
		assert_false(wants(&runner, &HAS[2], false));
		assert_err(cx, event_emit(cx, &KIND, 1, &(struct told){ i, "x" }), ERR_OK);
		assert_err(&runner, subscription_look(&runner, THREE, &work, &wait_ms), ERR_OK);
		assert_true(wants(&runner, &HAS[0], false) && wants(&runner, &HAS[1], false));
		assert_true(wants(&runner, &HAS[2], true));
	}
	assert_true(wants(&runner, &HAS[2], false));
	assert_err(&runner, subscription_run(&runner, &HAS[2], &round), ERR_OK);
	assert_false(wants(&runner, &HAS[2], true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_emit__goes_with_its_transaction),
		cmocka_unit_test(test_emit__needs_a_tenant),
		cmocka_unit_test(test_log__append_only),
		cmocka_unit_test(test_list__pages),
		cmocka_unit_test(test_list__filters),
		cmocka_unit_test(test_list__large_payloads),
		cmocka_unit_test(test_activity),
		cmocka_unit_test(test_wants),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
