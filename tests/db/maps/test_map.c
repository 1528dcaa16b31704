/* System maps against a real server: B4, and X11's tenants. */
#include "fixture_db.h"

#include "maps/map.h"
#include "projects/project.h"

#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "aaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"

static int64_t make_project(struct ctx *cx, const char *name)
{
	const struct project_new in = { name, "https://h.example/r", NULL, 0 };
	struct project made = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	return made.id;
}

static int64_t publish_as(struct ctx *cx, int64_t project_id, bool requested, const char *commit,
                          const char *content)
{
	const struct map in = {
		.requested = requested,
		.project_id = project_id,
		.commit = commit,
		.ref = "main",
		.analyser = "1",
		.content = content,
	};
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t id = 0;

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, map_publish(cx, &in, &id), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
	return id;
}

static int64_t publish(struct ctx *cx, int64_t project_id, const char *commit, const char *content)
{
	return publish_as(cx, project_id, false, commit, content);
}

/* Spaces, order and doubled keys stay: the same commit gives the same bytes. */
static void test_publish__content_is_kept_to_the_byte(void **state)
{
	static const char CONTENT[] =
		"{ \"b\" : 1,\"a\":[ 1.50, \"\\u00e9\xc3\xa9\" ], \"b\":2 }\n";
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "bytes"), id = publish(cx, project_id, A, CONTENT);
	struct map map;
	char sql[200];

	assert_err(cx, map_get(cx, id, &map), ERR_OK);
	assert_string_equal(map.content, CONTENT);
	assert_string_equal(map.commit, A);
	assert_string_equal(map.ref, "main");
	assert_int_equal(map.project_id, project_id);
	assert_true(map.generated_us > 0);
	snprintf(
		sql, sizeof(sql),
		"SELECT count(*) FROM app.event_all WHERE kind = 'map.published' AND project_id = %lld",
		(long long)project_id);
	assert_int_equal(fixture_db_int(cx, sql), 1);
}

static void test_publish__again_replaces(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "again");
	int64_t first = publish(cx, project_id, A, "1"), same = publish(cx, project_id, A, "2");
	int64_t second = publish(cx, project_id, C, "3"), back;
	struct list list;
	struct map map;

	assert_true(first == same); /* the newest keeps its id */
	back = publish(cx, project_id, A, "4");
	assert_true(back > second); /* the branch went back: newest again */
	assert_err(cx, map_of_project(cx, project_id, NULL, &map), ERR_OK);
	assert_string_equal(map.content, "4");
	assert_err(cx, map_list(cx, project_id, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 2);
	assert_err(cx, map_get(cx, first, &map), ERR_NOT_FOUND);
}

static void test_of_project__newest_and_by_commit(void **state)
{
	static const struct {
		const char *commit;
		enum err wanted;
		const char *content;
	} CASES[] = {
		{ NULL, ERR_OK, "3" },
		{ A, ERR_OK, "1" },
		{ "aaaaaaaa", ERR_OK, "1" },
		{ "aaaaaaa", ERR_OK, "2" }, /* two begin so; the newer is meant */
		{ "ddddddd", ERR_NOT_FOUND, NULL },
		{ "aaaaaa", ERR_INVALID, NULL },
		{ "AAAAAAA", ERR_INVALID, NULL },
		{ "aaaaaa%", ERR_INVALID, NULL },
		{ "", ERR_INVALID, NULL },
		{ A A, ERR_INVALID, NULL },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "commits");
	struct map map;

	assert_err(cx, map_of_project(cx, project_id, NULL, &map), ERR_NOT_FOUND);
	publish(cx, project_id, A, "1");
	publish(cx, project_id, B, "2");
	publish(cx, project_id, C, "3");
	for (size_t i = 0; i < COUNT(CASES); i++) {
		err_clear(cx);
		assert_err(cx, map_of_project(cx, project_id, CASES[i].commit, &map),
		           CASES[i].wanted);
		if (CASES[i].content != NULL)
			assert_string_equal(map.content, CASES[i].content);
		if (CASES[i].wanted == ERR_INVALID)
			assert_blamed(cx, "?commit", NULL);
	}
}

static void expect_newest(struct ctx *cx, int64_t project_id, const char *content)
{
	struct map map, brief;

	assert_err(cx, map_of_project(cx, project_id, NULL, &map), ERR_OK);
	assert_string_equal(map.content, content);
	assert_false(map.requested);
	assert_err(cx, map_newest(cx, project_id, &brief), ERR_OK);
	assert_true(brief.id == map.id);
	assert_null(brief.content);
}

/* Looking at the past does not move the present; when the branch comes there, it is the newest. */
static void test_requested__is_never_the_newest(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "requested"), asked, again;
	struct list list;
	struct map map;

	asked = publish_as(cx, project_id, true, B, "1");
	assert_err(cx, map_newest(cx, project_id, &map), ERR_NOT_FOUND);
	assert_err(cx, map_of_project(cx, project_id, NULL, &map), ERR_NOT_FOUND);
	publish(cx, project_id, A, "2");
	again = publish_as(cx, project_id, true, B, "3");
	assert_true(asked == again);
	publish_as(cx, project_id, true, C, "4");
	expect_newest(cx, project_id, "2");
	assert_err(cx, map_of_project(cx, project_id, B, &map), ERR_OK);
	assert_string_equal(map.content, "3");
	assert_true(map.requested);
	assert_err(cx, map_made(cx, project_id, "aaaaaaab", "1", &map), ERR_OK);
	assert_true(map.id == asked);
	assert_err(cx, map_made(cx, project_id, "aaaaaaab", "2", &map), ERR_NOT_FOUND);

	/* Asked for again, the branch's own stays what it is. */
	publish_as(cx, project_id, true, A, "5");
	expect_newest(cx, project_id, "5");

	publish(cx, project_id, B, "6");
	expect_newest(cx, project_id, "6");
	assert_err(cx, map_get(cx, asked, &map), ERR_NOT_FOUND);
	assert_err(cx, map_list(cx, project_id, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 3);
}

static void test_requested__only_some_are_kept(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "kept"), was = f->config.map_requested_max;
	int64_t other = make_project(cx, "kept too"), first;
	struct map map;

	f->config.map_requested_max = 1;
	publish(cx, project_id, A, "1");
	publish_as(cx, other, true, A, "2");
	first = publish_as(cx, project_id, true, B, "3");
	publish_as(cx, project_id, true, C, "4");
	f->config.map_requested_max = was;
	assert_err(cx, map_get(cx, first, &map), ERR_NOT_FOUND);
	assert_err(cx, map_of_project(cx, project_id, C, &map), ERR_OK);
	assert_err(cx, map_of_project(cx, other, A, &map), ERR_OK);
	expect_newest(cx, project_id, "1");
}

static void test_list__pages(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "pages");
	int64_t a = publish(cx, project_id, A, "1"), b = publish(cx, project_id, B, "2");
	const struct map *items;
	struct list list;

	assert_err(cx, map_list(cx, project_id, 0, 1, &list), ERR_OK);
	items = list.items;
	assert_int_equal(list.n, 1);
	assert_true(items[0].id == b);
	assert_null(items[0].content);
	assert_err(cx, map_list(cx, project_id, b, 10, &list), ERR_OK);
	items = list.items;
	assert_int_equal(list.n, 1);
	assert_true(items[0].id == a);
}

static void test_tenants_are_apart(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "apart"), id = publish(cx, project_id, A, "1"), other;
	const struct map in = {
		.project_id = project_id, .commit = C, .analyser = "1", .content = "{}"
	};
	struct list list;
	struct map map;

	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, map_get(cx, id, &map), ERR_NOT_FOUND);
	assert_err(cx, map_of_project(cx, project_id, NULL, &map), ERR_NOT_FOUND);
	assert_err(cx, map_list(cx, project_id, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 0);
	assert_err(cx, map_publish(cx, &in, &other), ERR_NOT_FOUND);
}

static void test_deleted_with_its_project(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "deleted"), id = publish(cx, project_id, A, "1");
	struct map map;

	assert_err(cx, project_delete(cx, project_id, 0), ERR_OK);
	assert_err(cx, map_get(cx, id, &map), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish__content_is_kept_to_the_byte),
		cmocka_unit_test(test_publish__again_replaces),
		cmocka_unit_test(test_of_project__newest_and_by_commit),
		cmocka_unit_test(test_requested__is_never_the_newest),
		cmocka_unit_test(test_requested__only_some_are_kept),
		cmocka_unit_test(test_list__pages),
		cmocka_unit_test(test_tenants_are_apart),
		cmocka_unit_test(test_deleted_with_its_project),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
