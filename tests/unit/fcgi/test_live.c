/* Live streams without sockets: the ring, who gets what, what workers and clients say.  M1, M2, M3. */
#include "fixture.h"

#include "live/message.h"
#include "live/ring.h"

#include <stdlib.h>
#include <string.h>

static struct live_event *event(struct ctx *cx, int64_t position, const char *kind,
                                int64_t project_id)
{
	const struct event made = { .position = position,
		                    .kind = kind,
		                    .version = 1,
		                    .project_id = project_id,
		                    .payload = "{\"n\": 1}",
		                    .actor = "key:1",
		                    .created_us = FIXTURE_WALL_US };

	return live_event_new(cx, 7, &made);
}

static void test_ring__frame(void **state)
{
	static const char JSON[] =
		"{\"position\":5,\"kind\":\"job.done\",\"version\":1,\"project_id\":null,"
		"\"payload\":{\"n\": 1},\"actor\":\"key:1\",\"request_id\":null,"
		"\"created_at\":\"2026-11-21T06:45:00.123Z\"}";
	struct ctx *cx = fixture_ctx(*state);
	struct live_event *e = event(cx, 5, "job.done", 0);
	const char *want = arena_printf(cx->arena, "id: 5\nevent: job.done\ndata: %s\n\n", JSON);

	assert_int_equal(e->frame_bytes, strlen(want));
	assert_memory_equal(e->text, want, strlen(want));
	assert_int_equal(e->json_bytes, strlen(JSON));
	assert_memory_equal(e->text + e->json_at, JSON, strlen(JSON));
	live_event_drop(e);
}

/* Each row: why, who asks, and whether an event of tenant 7, project 3, kind job.done is theirs. */
static const struct {
	const char *why;
	struct live_filter filter;
	bool fits;
} FILTERS[] = {
	{ "all of the tenant", { .tenant_id = 7 }, true },
	{ "another tenant", { .tenant_id = 8 }, false },
	{ "its project", { .tenant_id = 7, .project_id = 3 }, true },
	{ "another project", { .tenant_id = 7, .project_id = 4 }, false },
	{ "its kind", { .tenant_id = 7, .kinds = (char *)"job.done" }, true },
	{ "its kind among others", { .tenant_id = 7, .kinds = (char *)"a.b,job.done,c" }, true },
	{ "kinds that begin or end alike",
	  { .tenant_id = 7, .kinds = (char *)"job.don,job.done2,ob.done" },
	  false },
	{ "a kind that is hidden", { .tenant_id = 7, .hidden = (char *)"x,job.done" }, false },
	{ "asked for and hidden",
	  { .tenant_id = 7, .kinds = (char *)"job.done", .hidden = (char *)"job.done" },
	  false },
	{ "others are hidden", { .tenant_id = 7, .hidden = (char *)"x" }, true },
};

static void test_ring__filter(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct live_event *e = event(cx, 5, "job.done", 3);

	for (size_t i = 0; i < COUNT(FILTERS); i++) {
		print_message("# %s\n", FILTERS[i].why);
		assert_int_equal(live_event_fits(e, &FILTERS[i].filter), FILTERS[i].fits);
	}
	live_event_drop(e);
}

/* The run is the member of that name, whatever the texts beside it say; in the order that jsonb gives members. */
static void test_ring__events_of_a_run(void **state)
{
	static const struct {
		const char *kind, *payload;
		int64_t run_id;
	} CASES[] = {
		{ "run.delta", "{\"text\": \"x\", \"offset\": 0, \"run_id\": 12}", 12 },
		{ "run.delta", "{\"text\": \"\\\"run_id\\\": 13\", \"offset\": 0, \"run_id\": 12}",
		  12 },
		{ "run.ended", "{\"run\": {\"id\": 12}, \"run_id\": 12}", 12 },
		{ "job.done", "{\"run_id\": 12}", 0 },
		{ "run.odd", "{}", 0 },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct event made = { .position = 5,
			                    .kind = CASES[i].kind,
			                    .version = 1,
			                    .payload = CASES[i].payload,
			                    .actor = "job:1" };
		const struct live_filter mine = { .tenant_id = 7, .run_id = 12 };
		struct live_event *e = live_event_new(cx, 7, &made);

		print_message("# %s\n", CASES[i].payload);
		assert_int_equal(e->run_id, CASES[i].run_id);
		assert_int_equal(live_event_fits(e, &mine), CASES[i].run_id == 12);
		live_event_drop(e);
	}
}

/* Positions may have gaps; a reader's place is found by position all the same. */
static void test_ring__after(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct ring ring;

	ring_open(&ring, 4, 1 << 20);
	ring_begin(&ring, 10);
	assert_int_equal(ring_after(&ring, 10), 0);
	for (int64_t position = 12; position <= 20; position += 2)
		ring_add(&ring, event(cx, position, "k", 0));
	assert_int_equal(ring.n, 4);
	assert_int_equal(ring.floor, 12); /* the first had to go */
	assert_int_equal(ring.newest, 20);
	assert_int_equal(ring_at(&ring, ring_after(&ring, 12))->position, 14);
	assert_int_equal(ring_at(&ring, ring_after(&ring, 15))->position, 16);
	assert_int_equal(ring_at(&ring, ring_after(&ring, 18))->position, 20);
	assert_int_equal(ring_after(&ring, 20), ring.n);
	assert_int_equal(ring_after(&ring, 99), ring.n);
	ring_close(&ring);
}

/* What somebody still sends outlives the ring; bytes bound it as well as numbers. */
static void test_ring__bounds(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct live_event *first = event(cx, 1, "k", 0), *held;
	size_t one = first->frame_bytes;
	struct ring ring;

	ring_open(&ring, 100, 3 * one + one / 2);
	ring_begin(&ring, 0);
	held = live_event_hold(first);
	ring_add(&ring, first);
	for (int64_t position = 2; position <= 9; position++)
		ring_add(&ring, event(cx, position, "k", 0));
	assert_int_equal(ring.n, 3);
	assert_true(ring.bytes <= ring.max_bytes);
	assert_int_equal(ring.floor, 6);
	assert_memory_equal(held->text, "id: 1\n", 6);
	live_event_drop(held);
	ring_begin(&ring, 50);
	assert_int_equal(ring.n, 0);
	assert_int_equal(ring.bytes, 0);
	assert_int_equal(ring.floor, 50);
	ring_close(&ring);
}

/* What a worker writes is what the relay reads. */
static void test_spec__round(void **state)
{
	static const char *const NAMES[] = { "job.completed", "map.published" };
	const struct list kinds = { NAMES, COUNT(NAMES) }, hidden = { NAMES, 1 };
	struct ctx *cx = fixture_ctx(*state);
	struct live_spec spec = { .way = LIVE_POLL,
		                  .who = { .tenant_id = 3, .key_id = 4, .family_id = 5, .role = 2 },
		                  .after = 17,
		                  .project_id = 9,
		                  .wait_s = 30,
		                  .limit = 100,
		                  .request_id = "req_1" },
			 back;
	struct sb sb = sb_new(cx->arena, 10000);
	char *query, *pair;

	spec_list(spec.kinds, &kinds);
	spec_list(spec.hidden, &hidden);
	assert_string_equal(spec.kinds, "job.completed,map.published");
	spec_print(&sb, &spec);
	assert_memory_equal(sb.data, LIVE_PLACE "poll?", strlen(LIVE_PLACE "poll?"));
	query = strchr(sb.data, '?');
	*query++ = '\0';
	assert_true(spec_begin(&back, sb.data + strlen(LIVE_PLACE) - 1));
	while ((pair = strsep(&query, "&")) != NULL)
		assert_true(spec_take(&back, pair));
	assert_true(spec_is_whole(&back));
	assert_int_equal(back.way, spec.way);
	assert_memory_equal(&back.who, &spec.who, sizeof(spec.who));
	assert_int_equal(back.after, 17);
	assert_int_equal(back.project_id, 9);
	assert_int_equal(back.wait_s, 30);
	assert_int_equal(back.limit, 100);
	assert_string_equal(back.kinds, spec.kinds);
	assert_string_equal(back.hidden, spec.hidden);
	assert_string_equal(back.request_id, "req_1");
}

static void test_spec__refused(void **state)
{
	static const char *const BAD[] = {
		"tenant",  "tenant=", "tenant=-1", "tenant=1x", "tenant=9999999999999999999",
		"other=1", "kinds=A", "kinds=a b", "kinds=a\"", "rid=",
		"rid=a b", "=1",      "",
	};
	struct live_spec spec;

	(void)state;
	assert_false(spec_begin(&spec, "/"));
	assert_false(spec_begin(&spec, "sse"));
	assert_false(spec_begin(&spec, "/sse/"));
	assert_true(spec_begin(&spec, "/sse"));
	for (size_t i = 0; i < COUNT(BAD); i++) {
		print_message("# %s\n", BAD[i]);
		assert_false(spec_take(&spec, BAD[i]));
	}
	assert_false(spec_is_whole(&spec)); /* of nobody */
	assert_true(spec_take(&spec, "tenant=1") && spec_take(&spec, "role=1") &&
	            spec_take(&spec, "rid=x"));
	assert_false(spec_is_whole(&spec));
	assert_true(spec_take(&spec, "key=1"));
	assert_true(spec_is_whole(&spec));
	assert_true(spec_take(&spec, "user=1"));
	assert_false(spec_is_whole(&spec)); /* of two at once */
}

/* Each row: what a client says, and the answer; "!..." is the error's beginning. */
static const struct {
	const char *said, *answer;
} MESSAGES[] = {
	{ "{'ping':1}", "{'pong':1}" },
	{ "{'ping':null}", "{'pong':null}" },
	{ "{'ping':{'a':['b']}}", "{'pong':{'a':['b']}}" },
	{ "{'after':5}", "{'after':5,'types':[]}" },
	{ "{'types':['a.b'],'ping':0}", "{'after':5,'types':[],'pong':0}" },
	{ "{}", "!{'error':'A message has" },
	{ "[]", "!{'error':" },
	{ "{'after':'5'}", "!{'error':" },
	{ "{'after':-5}", "!{'error':" },
	{ "{'after':1,'after':2}", "!{'error':" },
	{ "{'types':[1]}", "!{'error':" },
	{ "{'types':'a'}", "!{'error':" },
	{ "{'more':1}", "!{'error':" },
	{ "", "!{'error':" },
};

static void test_message__answers(void **state)
{
	for (size_t i = 0; i < COUNT(MESSAGES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		const char *want = quotes(cx, MESSAGES[i].answer).data;
		struct sb sb = sb_new(cx->arena, 4096);
		struct live_message message;

		print_message("# %s\n", MESSAGES[i].said);
		if (message_read(cx, quotes(cx, MESSAGES[i].said), &message) == ERR_OK) {
			message_answer(&sb, &message, "", 5);
			assert_string_equal(sb.data, want);
			continue;
		}
		message_error(&sb, cx, "req_9");
		assert_int_equal(want[0], '!');
		assert_memory_equal(sb.data, want + 1, strlen(want + 1));
		assert_contains(sb.data, "\"correlation_id\":\"req_9\"}");
	}
}

static void test_message__size(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct live_message message;
	char *text = arena_alloc(cx->arena, LIVE_MESSAGE_MAX + 2);

	memset(text, ' ', LIVE_MESSAGE_MAX + 1);
	memcpy(text, "{\"ping\":1}", 10);
	assert_int_equal(message_read(cx, (struct span){ text, LIVE_MESSAGE_MAX }, &message),
	                 ERR_OK);
	assert_int_equal(message_read(cx, (struct span){ text, LIVE_MESSAGE_MAX + 1 }, &message),
	                 ERR_TOO_LARGE);
}

static void test_message__state(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4096);

	message_state(&sb, "a.b,c.d", 12);
	assert_string_equal(sb.data, "{\"after\":12,\"types\":[\"a.b\",\"c.d\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring__frame),   cmocka_unit_test(test_ring__events_of_a_run),
		cmocka_unit_test(test_ring__filter),  cmocka_unit_test(test_ring__after),
		cmocka_unit_test(test_ring__bounds),  cmocka_unit_test(test_spec__round),
		cmocka_unit_test(test_spec__refused), cmocka_unit_test(test_message__answers),
		cmocka_unit_test(test_message__size), cmocka_unit_test(test_message__state),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
