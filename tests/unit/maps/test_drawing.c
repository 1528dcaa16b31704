/*
 * Drawings: which boxes and lines a map is condensed to, and what is written on them.  (B4)
 */
#include "map_text.h"

#include "maps/drawing.h"

#include <string.h>

static const struct drawing_node *node_called(const struct drawing *d, const char *label)
{
	const struct drawing_node *nodes = d->nodes.items;

	for (size_t i = 0; i < d->nodes.n; i++)
		if (strcmp(nodes[i].label, label) == 0)
			return &nodes[i];
	fail_msg("no node is called %s", label);
	return NULL;
}

/* What tests of a part import says nothing of how the parts are built; of a box of tests it is all there is. */
static void test_drawing__what_tests_import(void **state)
{
	static const struct text_map MAP = {
		.commit = "c",
		.files = {
			{ "a/a.c", 10, 0, "a" },
			{ "a/t.c", 400, 0, "a", .test = true },
			{ "b/b.c", 10, 0, "b" },
			{ "tests/t.c", 10, 0, "tests", .test = true },
		},
		.imports = {
			{ "a/t.c", "b/b.c" },
			{ "b/b.c", "a/a.c" },
			{ "tests/t.c", "b/b.c" },
		},
	};
	struct ctx *cx = fixture_ctx(*state);
	const struct drawing_edge *edges;
	struct drawing d;
	struct view v;

	map_text_view(cx, &MAP, &v);
	for (int view = 0; view < 2; view++) {
		if (view == 0)
			drawing_of_components(cx->arena, &v, &d);
		else
			drawing_of_folders(cx->arena, &v, &d);
		edges = d.edges.items;
		assert_int_equal(d.edges.n, 2);
		assert_string_equal(
			((const struct drawing_node *)d.nodes.items)[edges[0].from].label, "b");
		assert_int_equal(edges[0].back, 0);
		assert_string_equal(
			((const struct drawing_node *)d.nodes.items)[edges[1].from].label, "tests");
	}
	/* A part with forty lines of tests for each of its own is a part still. */
	assert_string_equal(node_called(&d, "a")->role, "");
	assert_string_equal(node_called(&d, "a")->hint, "a.c");
	assert_string_equal(node_called(&d, "tests")->role, "tests");
	assert_string_equal(node_called(&d, "tests")->hint, "t.c");
}

/* Much code that many import comes first; a header and its source are one, and a name is told once. */
static void test_drawing__main_files(void **state)
{
	static const struct text_map MAP = {
		.commit = "c",
		.files = {
			{ "a/big.c", 1000, 0, "a" },
			{ "a/index.js", 90000, 0, "a" },
			{ "a/main.c", 500, 0, "a" },
			{ "a/main.h", 20, 0, "a" },
			{ "a/tiny.h", 1, 0, "a" },
			{ "a/x/big.c", 990, 0, "a" },
			{ "a/zero.c", 0, 0, "a" },
		},
		.more = ",'graph':{'cycles':[],'layer':[0,0,0,0,0,0,0],'rank':[0,0,0,0,0,0,0],"
			"'fan_in':[0,0,0,7,2,0,9],'fan_out':[0,0,0,0,0,0,0]}",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct drawing d;
	struct view v;

	map_text_view(cx, &MAP, &v);
	drawing_of_components(cx->arena, &v, &d);
	assert_string_equal(node_called(&d, "a")->hint, "main.c, big.c, tiny.h");
}

/* Dozens of packages of a few lines, wherever they lie, are one box beside the program. */
static void test_drawing__small_ones_are_gathered(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct text_map map = { .commit = "c" };
	const struct drawing_node *node;
	struct drawing d;
	struct view v;

	for (int i = 0; i < 50; i++)
		map.files[i] = (struct text_file){
			.path = arena_printf(cx->arena, "play/p%02d/deep/x.c", i),
			.code = 2,
			.component = arena_printf(cx->arena, "play/p%02d/deep", i),
		};
	map.files[50] = (struct text_file){ "prog/a.c", 9000, 0, "prog", false };
	map.files[51] = (struct text_file){ "prog/tiny/a.c", 2, 0, "prog/tiny", false };
	map_text_view(cx, &map, &v);
	drawing_of_components(cx->arena, &v, &d);
	assert_int_equal(d.nodes.n, 3);
	node = node_called(&d, "play");
	assert_int_equal(node->files, 50);
	assert_string_equal(node->kind, "50 small components");
	node_called(&d, "prog");
	node_called(&d, "prog/tiny");
}

static void test_drawing__labels(void **state)
{
	static const struct {
		const char *path, *label, *above;
	} CASES[] = {
		{ "src", "src", "" },
		{ "packages/shared", "shared", "packages" },
		{ "packages/core/src", "core/src", "packages" },
		{ "core/src", "core/src", "" },
		{ "x/shop/src/main/java", "shop/\xe2\x80\xa6/java", "x" },
		{ "src/main/java", "java", "src/main" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span above;

		assert_string_equal(
			drawing_label(cx->arena,
		                      (struct span){ CASES[i].path, strlen(CASES[i].path) },
		                      &above),
			CASES[i].label);
		assert_int_equal(above.len, strlen(CASES[i].above));
		assert_memory_equal(above.data, CASES[i].above, above.len);
	}
}

/* A chain of many, whose first also imports all others, more weakly: one line along it, and none beside it. */
static void test_drawing__what_stronger_lines_imply_is_left_out(void **state)
{
	enum { N = 16 };
	struct drawing_node nodes[N];
	struct drawing_edge edges[2 * N];
	struct ctx *cx = fixture_ctx(*state);
	struct drawing d = { .nodes = { nodes, N } };
	size_t n = 0;

	for (int i = 0; i < N; i++)
		nodes[i] = (struct drawing_node){ .role = i == N - 1 ? "tests" : "" };
	for (int i = 0; i + 2 < N; i++)
		edges[n++] = (struct drawing_edge){ .from = i, .to = i + 1, .weight = 9 };
	edges[n++] = (struct drawing_edge){ .from = 0, .to = 2, .weight = 3 };
	edges[n++] = (struct drawing_edge){ .from = 0, .to = 9, .weight = 2 };
	for (int i = 0; i < 7; i++) /* tests import everything */
		edges[n++] = (struct drawing_edge){ .from = N - 1, .to = 2 * i, .weight = 1 };
	d.edges = (struct list){ edges, n };
	drawing_prune(cx->arena, &d);
	n = 0;
	for (size_t i = 0; i < d.edges.n; i++) {
		const struct drawing_edge *e = (const struct drawing_edge *)d.edges.items + i;

		assert_false(e->from == 0 && e->to == 2);
		n += e->from == N - 1;
	}
	assert_int_equal(n, 3);
	assert_int_equal(d.hidden_edges + (int64_t)d.edges.n, 23);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawing__what_tests_import),
		cmocka_unit_test(test_drawing__main_files),
		cmocka_unit_test(test_drawing__small_ones_are_gathered),
		cmocka_unit_test(test_drawing__labels),
		cmocka_unit_test(test_drawing__what_stronger_lines_imply_is_left_out),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
