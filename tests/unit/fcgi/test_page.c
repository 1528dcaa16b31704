/* Cursors: they lead on, and tell when they were cut, changed or carried elsewhere. */
#include "fixture.h"

#include "page.h"

#include <string.h>

static const struct route LIST = { .op = "listThings" }, OTHER = { .op = "listOthers" };

static struct request request_of(const struct route *route, const char *status, const char *limit)
{
	struct request rq = { .route = route, .ids = { 5 } };

	rq.pairs[rq.npairs++] = (struct pair){ "limit", limit };
	if (status != NULL)
		rq.pairs[rq.npairs++] = (struct pair){ "status", status };
	return rq;
}

static void test_page__round_trip(void **state)
{
	static const int64_t IDS[] = { 1, 2, 255, 256, 4294967296, INT64_MAX };
	struct ctx *cx = fixture_ctx(*state);
	struct request rq = request_of(&LIST, "ready", "20");

	for (size_t i = 0; i < COUNT(IDS); i++) {
		const char *cursor = page_cursor(cx, &rq, IDS[i]);
		int64_t id = 0;

		assert_true(strlen(cursor) < CURSOR_TEXT_MAX);
		assert_int_equal(strspn(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
		                                "yz0123456789-_"),
		                 strlen(cursor));
		assert_int_equal(page_begin(cx, &rq, cursor, &id), ERR_OK);
		assert_int_equal(id, IDS[i]);
	}
}

static void test_page__first(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct request rq = request_of(&LIST, NULL, "20");
	int64_t id = 7;

	assert_int_equal(page_begin(cx, &rq, NULL, &id), ERR_OK);
	assert_int_equal(id, 0);
}

/* Another limit goes on in the same list; another filter, list, parent or tenant does not. */
static void test_page__belongs(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct request rq = request_of(&LIST, "ready", "20");
	const char *cursor = page_cursor(cx, &rq, 9);
	struct request wider = request_of(&LIST, "ready", "50");
	struct request filtered = request_of(&LIST, "failed", "20");
	struct request unfiltered = request_of(&LIST, NULL, "20");
	struct request elsewhere = request_of(&OTHER, "ready", "20");
	struct request parent = rq;
	int64_t id = 0;

	parent.ids[0] = 6;
	assert_int_equal(page_begin(cx, &wider, cursor, &id), ERR_OK);
	assert_int_equal(page_begin(cx, &filtered, cursor, &id), ERR_INVALID);
	assert_blamed(cx, "?cursor", "cursor");
	assert_int_equal(page_begin(cx, &unfiltered, cursor, &id), ERR_INVALID);
	assert_int_equal(page_begin(cx, &elsewhere, cursor, &id), ERR_INVALID);
	assert_int_equal(page_begin(cx, &parent, cursor, &id), ERR_INVALID);
	cx->who.tenant_id = 2;
	assert_int_equal(page_begin(cx, &rq, cursor, &id), ERR_INVALID);
}

static void test_page__order_of_parameters(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct request one = request_of(&LIST, "ready", "20"), two = one;
	int64_t id = 0;

	one.pairs[one.npairs++] = (struct pair){ "q", "x" };
	two.pairs[0] = (struct pair){ "q", "x" };
	two.pairs[two.npairs++] = (struct pair){ "cursor", "anything" };
	assert_int_equal(page_begin(cx, &two, page_cursor(cx, &one, 3), &id), ERR_OK);
	/* What stands in a value is no second parameter. */
	two.pairs[0] = (struct pair){ "q", "x status" };
	assert_int_equal(page_begin(cx, &two, page_cursor(cx, &one, 3), &id), ERR_INVALID);
}

static void test_page__tampered(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct request rq = request_of(&LIST, "ready", "20");
	const char *cursor = page_cursor(cx, &rq, 123456);
	size_t n = strlen(cursor);
	int64_t id = 0;

	for (size_t i = 0; i < n; i++) {
		char *odd = arena_strdup(cx->arena, cursor);

		odd[i] = odd[i] == 'A' ? 'B' : 'A';
		assert_int_equal(page_begin(cx, &rq, odd, &id), ERR_INVALID);
		odd[i] = '\0';
		assert_int_equal(page_begin(cx, &rq, odd, &id), ERR_INVALID);
		odd[i] = '%';
		assert_int_equal(page_begin(cx, &rq, odd, &id), ERR_INVALID);
	}
	assert_int_equal(page_begin(cx, &rq, arena_printf(cx->arena, "%sAA", cursor), &id),
	                 ERR_INVALID);
	assert_int_equal(page_begin(cx, &rq, page_cursor(cx, &rq, 0), &id), ERR_INVALID);
	assert_int_equal(page_begin(cx, &rq, page_cursor(cx, &rq, -1), &id), ERR_INVALID);
	assert_int_equal(id, 0);
}

static void test_page__length(void **state)
{
	const struct list list = { .n = 21 };

	(void)state;
	assert_int_equal(page_length(&list, 20), 20);
	assert_int_equal(page_length(&list, 21), 21);
	assert_int_equal(page_length(&list, 22), 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page__round_trip),
		cmocka_unit_test(test_page__first),
		cmocka_unit_test(test_page__belongs),
		cmocka_unit_test(test_page__order_of_parameters),
		cmocka_unit_test(test_page__tampered),
		cmocka_unit_test(test_page__length),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
