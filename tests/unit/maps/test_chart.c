/*
 * The chart of a map: one table of files, and a place for each, as a page draws them.  (B4, B10)
 */
#include "raw_repo.h"

#include "maps/chart.h"
#include "maps/strips.h"

static struct json_object *part_of(struct ctx *cx, const struct analyse_result *result,
                                   const char *name)
{
	const struct span *text = bundle_find(&result->bundle, name);
	struct json_object *doc;

	assert_non_null(text);
	assert_int_equal(json_parse(cx, *text, &MAP_LIMITS, &doc), ERR_OK);
	return doc;
}

/* lib/a.c imports lib/b.h, and b.h a.c: a cycle; lib/b.c is b.h's source; tests/t.c tests b.h. */
static void make_map(struct ctx *cx, struct analyse_result *ret)
{
	struct repo repo;
	struct tree root = { .len = 0 }, lib = { .len = 0 }, tests = { .len = 0 };
	struct analyse_in in = { .directory = repo.path, .ref = "main" };

	repo_new(&repo);
	add_text(&repo, &root, "README.md", "# \xff\n");
	add_text(&repo, &lib, "a.c", "#include \"b.h\"\nint a;\nint aa;\n");
	add_text(&repo, &lib, "b.c", "#include \"b.h\"\nint b;\n");
	add_text(&repo, &lib, "b.h", "#include \"a.c\"\n");
	add_text(&repo, &lib, "lonely\xff.c", "int c;\n");
	add_text(&repo, &tests, "test_t.c",
	         "#include \"../lib/b.h\"\nint main(void) { return 0; }\n");
	add(&root, "40000", "lib", put_tree(&repo, &lib));
	add(&root, "40000", "tests", put_tree(&repo, &tests));
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	if (analyse_repository(cx, &in, ret) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
	repo_end(&repo);
}

enum { README, A_C, B_C, B_H, LONELY, TEST_T, FILES };

static void test_chart__one_table_of_all_files(void **state)
{
	static const char *const COLUMNS[] = { "folder", "name",      "lang",    "role",
		                               "code",   "component", "fan_in",  "fan_out",
		                               "impact", "rank",      "layer",   "cycle",
		                               "tested", "commits",   "authors", "owner",
		                               "last" };
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct analyse_result result;
	int64_t folder;

	make_map(cx, &result);
	doc = part_of(cx, &result, "chart_files");
	for (size_t i = 0; i < COUNT(COLUMNS); i++)
		assert_int_equal(rows(doc, arena_printf(cx->arena, "files.%s", COLUMNS[i])), FILES);
	assert_string_equal(column_text(doc, "files.name", A_C), "a.c");
	assert_string_equal(column_text(doc, "files.name", LONELY), "lonely\\xff.c");
	folder = column_int(doc, "files.folder", A_C);
	assert_string_equal(column_text(doc, "folders.name", (size_t)folder), "lib");
	assert_int_equal(column_int(doc, "folders.parent", (size_t)folder), 0);
	assert_int_equal(column_int(doc, "files.folder", README), 0);
	assert_int_equal(column_int(doc, "files.code", A_C), 3);
	assert_int_equal(column_int(doc, "files.fan_in", B_H), 3);
	assert_int_equal(column_int(doc, "files.impact", B_H), 3);
	/* Both of the cycle have its number, nobody else. */
	assert_int_equal(column_int(doc, "files.cycle", A_C), 1);
	assert_int_equal(column_int(doc, "files.cycle", B_H), 1);
	assert_int_equal(column_int(doc, "files.cycle", B_C), 0);
	assert_true(column_int(doc, "files.layer", TEST_T) > column_int(doc, "files.layer", B_H));
	/* The test itself, the header it includes, the source beside that, what the header includes. */
	assert_int_equal(column_int(doc, "files.tested", TEST_T), 0);
	assert_int_equal(column_int(doc, "files.tested", B_H), 1);
	assert_int_equal(column_int(doc, "files.tested", B_C), 1);
	assert_int_equal(column_int(doc, "files.tested", A_C), 2);
	assert_int_equal(column_int(doc, "files.tested", LONELY), -1);
	assert_int_equal(column_int(doc, "files.commits", A_C), 1);
	assert_string_equal(
		column_text(doc, "authors", (size_t)column_int(doc, "files.owner", A_C)), "A");
	assert_true(rows(doc, "components.name") > 0);
}

static void check_within(struct json_object *doc, const char *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *side[] = { "x", "y", "width", "height" };
		int64_t v[4];

		for (int k = 0; k < 4; k++) {
			char path[64];

			snprintf(path, sizeof(path), "%s.%s", table, side[k]);
			v[k] = column_int(doc, path, i);
		}
		assert_true(v[0] >= 0 && v[1] >= 0 && v[2] > 0 && v[3] > 0);
		assert_true(v[0] + v[2] <= STRIPS_UNIT && v[1] + v[3] <= STRIPS_UNIT);
	}
}

static void test_chart__places_and_imports(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct analyse_result result;
	int64_t all = 0;

	make_map(cx, &result);
	doc = part_of(cx, &result, "chart_graph");
	check_within(doc, "files", FILES);
	check_within(doc, "folders", 3);
	/* tests depend on lib, and stand above it; what is linked to nothing stands below. */
	assert_true(column_int(doc, "folders.y", 2) < column_int(doc, "folders.y", 1) ||
	            column_int(doc, "folders.x", 2) < column_int(doc, "folders.x", 1));
	assert_true(column_int(doc, "files.y", LONELY) >= column_int(doc, "files.y", B_H));
	for (size_t f = 0; f < FILES; f++)
		all += column_int(doc, "imports.count", f);
	assert_int_equal(all, 4);
	assert_int_equal(rows(doc, "imports.to"), 4);
	assert_int_equal(column_int(doc, "imports.to", 0), B_H); /* a.c's */
	assert_true(json_object_get_boolean(json_at(doc, "complete")));
}

/* --- Places --- */

static uint64_t area(const struct strips_place *p)
{
	return (uint64_t)p->width * (uint64_t)p->height;
}

static bool apart(const struct strips_place *a, const struct strips_place *b)
{
	return a->x + a->width <= b->x || b->x + b->width <= a->x || a->y + a->height <= b->y ||
	       b->y + b->height <= a->y;
}

/* Whatever a folder holds: all of it is filled, nothing overlaps, and layers go downwards. */
static void test_strips__fill_the_folder_by_layers(void **state)
{
	enum { MOST = 300 };
	struct arena *arena = fixture_ctx(*state)->arena;
	static const uint32_t parent[1] = { 0 };
	uint32_t *folder = arena_array(arena, MOST, sizeof(uint32_t));
	uint32_t *layer = arena_array(arena, MOST, sizeof(uint32_t));
	bool *linked = arena_array(arena, MOST, sizeof(bool));

	for (size_t n = 1; n <= MOST; n += n < 20 ? 1 : 31) {
		const struct strips_in in = { 1, parent, n, folder, layer, linked };
		struct strips out;
		uint64_t sum = 0;

		for (size_t i = 0; i < n; i++) {
			layer[i] = (uint32_t)(i * 7 % 5);
			linked[i] = i % 11 != 0;
		}
		strips_place(arena, &in, &out);
		for (size_t i = 0; i < n; i++) {
			sum += area(&out.files[i]);
			for (size_t k = 0; k < n; k++) {
				assert_true(i == k || apart(&out.files[i], &out.files[k]));
				if (linked[i] && (!linked[k] || layer[i] > layer[k]))
					assert_true(out.files[i].y <= out.files[k].y);
			}
		}
		assert_int_equal(sum, (uint64_t)STRIPS_UNIT * STRIPS_UNIT);
	}
}

/* A thousand folders in one another, and one with very many files: neither recursion nor a crowd is a problem. */
static void test_strips__deep_and_crowded(void **state)
{
	enum { DEEP = 1000, CROWD = 100000 };
	struct arena *arena = fixture_ctx(*state)->arena;
	uint32_t *parent = arena_array(arena, DEEP, sizeof(uint32_t));
	uint32_t *folder = arena_array(arena, CROWD, sizeof(uint32_t));
	uint32_t *layer = arena_array(arena, CROWD, sizeof(uint32_t));
	bool *linked = arena_array(arena, CROWD, sizeof(bool));
	const struct strips_in in = { DEEP, parent, CROWD, folder, layer, linked };
	struct strips out;

	for (uint32_t d = 1; d < DEEP; d++)
		parent[d] = d - 1;
	for (size_t f = 0; f < CROWD; f++)
		folder[f] = DEEP - 1;
	strips_place(arena, &in, &out);
	for (size_t d = 0; d < DEEP; d++)
		assert_int_equal(area(&out.folders[d]), (uint64_t)STRIPS_UNIT * STRIPS_UNIT);
	for (size_t f = 0; f < CROWD;
	     f++) /* about square: the root is half as wide again as high */
		assert_true(out.files[f].width > 0 && out.files[f].height > 0 &&
		            out.files[f].width < 3 * out.files[f].height &&
		            out.files[f].height < 6 * out.files[f].width);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chart__one_table_of_all_files),
		cmocka_unit_test(test_chart__places_and_imports),
		cmocka_unit_test(test_strips__fill_the_folder_by_layers),
		cmocka_unit_test(test_strips__deep_and_crowded),
	};

	return cmocka_run_group_tests(tests, raw_repo_set_up, raw_repo_tear_down);
}
