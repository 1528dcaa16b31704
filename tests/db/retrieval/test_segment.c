/*
 * Segments against a real server: filled, searched, replaced, joined, swept.  (H1, H3, H4, H8)
 */
#include "fixture_db.h"

#include "projects/project.h"
#include "retrieval/search.h"
#include "retrieval/segment.h"

#include <inttypes.h>
#include <string.h>

/* A context of the runner's role, in the fixture's tenant. */
struct stage {
	struct ctx *cx;
	struct db *app;
	int64_t project_id;
};

static struct stage stage_open(void **state, const char *name)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct project_new in = { .name = name, .repository_url = "https://h.example/r" };
	struct project made = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	return (struct stage){ cx, cx->db, made.id };
}

/* A file of one chunk. */
static struct segment_file file(struct ctx *cx, const char *path, const char *symbol,
                                const char *text)
{
	const char *row =
		arena_printf(cx->arena, "1\t3\t0\tfunction\t%s\tAround\t%s\n", symbol, text);

	return (struct segment_file){ .path = path,
		                      .oid = "0123456789012345678901234567890123456789",
		                      .language = "C",
		                      .source = "code",
		                      .chunks = 1,
		                      .rows = { row, strlen(row) } };
}

/* What the job does, as the runner: files put and published; then small segments joined. */
static enum err put(struct stage *st, const struct segment_file *files, size_t n)
{
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);
	struct segment segment;
	enum err e;

	st->cx->db = runner;
	segment_begin(&segment, st->cx, NULL, st->project_id);
	e = segment_put(&segment, files, n);
	if (e == ERR_OK)
		assert_err(st->cx, segment_publish(&segment), ERR_OK);
	segment_end(&segment);
	st->cx->db = st->app;
	return e;
}

static void put_one(struct stage *st, const char *path, const char *symbol, const char *text)
{
	const struct segment_file one = file(st->cx, path, symbol, text);

	assert_err(st->cx, put(st, &one, 1), ERR_OK);
}

static void join_and_sweep(struct stage *st)
{
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);

	st->cx->db = runner;
	assert_err(st->cx, segment_join(st->cx, NULL, st->project_id), ERR_OK);
	assert_err(st->cx, segment_sweep(st->cx, st->project_id), ERR_OK);
	st->cx->db = st->app;
}

/* Paths of the hits, best first, with their first symbols. */
static const char *found(struct stage *st, const char *text)
{
	const struct retrieval_query query = { .text = text, .project_id = st->project_id };
	struct sb sb = sb_new(st->cx->arena, 65536);
	const struct retrieval_hit *hits;
	struct retrieval_found all;

	assert_err(st->cx, retrieval_search(st->cx, &query, &all), ERR_OK);
	hits = all.items.items;
	for (size_t i = 0; i < all.items.n; i++) {
		assert_int_equal(hits[i].project_id, st->project_id);
		assert_true(hits[i].why.n > 0);
		sb_addf(&sb, "%s%s:%s", i > 0 ? " " : "", hits[i].path,
		        ((const char *const *)hits[i].symbols.items)[0]);
	}
	return sb.data != NULL ? sb.data : "";
}

static int64_t segments(struct stage *st)
{
	return fixture_db_int(st->cx, arena_printf(st->cx->arena,
	                                           "SELECT count(*) FROM app.search_segment WHERE"
	                                           " tenant_id = %" PRId64,
	                                           st->cx->who.tenant_id));
}

static void test_search__finds_what_was_put(void **state)
{
	struct stage st = stage_open(state, "put");
	const struct segment_file files[] = {
		file(st.cx, "lib/parse.c", "parse_request", "int parse_request\x1e{ body }"),
		{ .path = "lib/empty.bin", .oid = "1", .language = "", .source = "code" },
		file(st.cx, "lib/open.c", "openSocket", "int openSocket\x1dparse"),
	};

	assert_string_equal(found(&st, "parse"), "");
	assert_err(st.cx, put(&st, files, COUNT(files)), ERR_OK);
	assert_string_equal(found(&st, "parse"), "lib/parse.c:parse_request lib/open.c:openSocket");
	assert_string_equal(found(&st, "open_socket"), "lib/open.c:openSocket");
	assert_string_equal(found(&st, "nothing of it"), "");
}

/* A file that is put again takes the place of what it was, before and after segments are joined. */
static void test_put__replaces(void **state)
{
	struct stage st = stage_open(state, "replaced");

	put_one(&st, "a.c", "first", "alpha");
	put_one(&st, "b.c", "other", "alpha");
	put_one(&st, "a.c", "second", "beta");
	assert_string_equal(found(&st, "alpha"), "b.c:other");
	assert_string_equal(found(&st, "beta"), "a.c:second");
	join_and_sweep(&st);
	assert_string_equal(found(&st, "alpha"), "b.c:other");
	assert_string_equal(found(&st, "beta"), "a.c:second");
}

static void test_join__leaves_one_segment_and_every_hit(void **state)
{
	struct stage st = stage_open(state, "joined");
	int64_t before = segments(&st);

	for (int i = 0; i < SEGMENT_SMALL_MAX + 3; i++)
		put_one(&st, arena_printf(st.cx->arena, "f%d.c", i),
		        arena_printf(st.cx->arena, "name%d", i), "common words");
	put_one(&st, "f1.c", "renamed", "common words");
	assert_true(segments(&st) - before > SEGMENT_SMALL_MAX);
	join_and_sweep(&st);
	assert_int_equal(segments(&st) - before, 1);
	assert_string_equal(found(&st, "renamed"), "f1.c:renamed");
	assert_string_equal(found(&st, "name1"), "");
	for (int i = 2; i < SEGMENT_SMALL_MAX + 3; i++)
		assert_string_equal(found(&st, arena_printf(st.cx->arena, "name%d", i)),
		                    arena_printf(st.cx->arena, "f%d.c:name%d", i, i));
	assert_int_equal(fixture_db_int(st.cx, "SELECT count(*) FROM app.search_file WHERE NOT live"
	                                       " AND path = 'f1.c'"),
	                 0);
}

/* Rows of another form are the child's mistake: nothing of them is found, and they are swept. */
static void test_put__refuses_rows_that_are_none(void **state)
{
	struct stage st = stage_open(state, "refused");
	struct segment_file bad = file(st.cx, "a.c", "gamma", "gamma");
	static const char *const ROWS[] = { "1\t3\t0\tfunction\n", "", "1\t2\t3\t4\t5\t6\t7\t8\n" };

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		bad.rows = (struct span){ ROWS[i], strlen(ROWS[i]) };
		assert_err(st.cx, put(&st, &bad, 1), ERR_INTERNAL);
	}
	assert_string_equal(found(&st, "gamma"), "");
	join_and_sweep(&st);
	assert_int_equal(
		fixture_db_int(st.cx,
	                       arena_printf(st.cx->arena,
	                                    "SELECT count(*) FROM app.search_segment WHERE NOT"
	                                    " published AND project_id = %" PRId64,
	                                    st.project_id)),
		0);
}

static void test_search__refuses_what_has_no_word(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct retrieval_query query = { .text = "?! ..." };
	struct retrieval_found all;

	assert_err(cx, retrieval_search(cx, &query, &all), ERR_INVALID);
	query = (struct retrieval_query){ .text = "word", .project_id = 999999 };
	assert_err(cx, retrieval_search(cx, &query, &all), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search__finds_what_was_put),
		cmocka_unit_test(test_put__replaces),
		cmocka_unit_test(test_join__leaves_one_segment_and_every_hit),
		cmocka_unit_test(test_put__refuses_rows_that_are_none),
		cmocka_unit_test(test_search__refuses_what_has_no_word),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
