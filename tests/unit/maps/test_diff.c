/* Comparison of maps, and the formats of other programs.  (B4) */
#include "map_text.h"

#include "maps/diff.h"
#include "maps/digest.h"
#include "maps/exports.h"

#include <stdio.h>
#include <string.h>

#define CYCLE                                                                                      \
	",'graph':{'cycles':[[0,1]],'layer':[0,0,0,0],'rank':[9,5,1,1],'fan_in':[1,2,0,0],"        \
	"'fan_out':[1,1,1,0]}"

static const struct text_map BEFORE = {
	.commit = "1111111111111111111111111111111111111111",
	.files = {
		{ "a/one.c", 10, 1, "a" },
		{ "a/two.c", 20, 2, "a" },
		{ "b/three.c", 30, 3, "b" },
		{ "old/gone.c", 40, 4, "old" },
	},
	.imports = { { "a/one.c", "a/two.c" }, { "b/three.c", "a/two.c" }, { "old/gone.c", "b/three.c" } },
	.more = ",'externals':[{'ecosystem':'npm','name':'left-pad','spec':'1.3.0','scope':'runtime','manifest':0,'line':3,'used_by':1},"
		"{'ecosystem':'npm','name':'vue','spec':'^3.0.0','scope':'runtime','manifest':0,'line':4,'used_by':0}],"
		"'routes':{'method':['GET'],'pattern':['/old'],'file':[0],'line':[1]}"
		",'graph':{'cycles':[],'layer':[0,0,0,0],'rank':[1,9,5,2],'fan_in':[0,2,1,0],'fan_out':[1,0,1,1]}",
};
/* three.c has moved, two.c changed and imports one.c: a cycle; a component went, a route came. */
static const struct text_map AFTER = {
	.commit = "2222222222222222222222222222222222222222",
	.files = {
		{ "a/one.c", 10, 1, "a" },
		{ "a/two.c", 21, 22, "a" },
		{ "c/moved.c", 30, 3, "c" },
		{ "new|`x`.c", 1, 9, "." },
	},
	.imports = { { "a/one.c", "a/two.c" }, { "a/two.c", "a/one.c" }, { "c/moved.c", "a/two.c" } },
	.more = ",'externals':[{'ecosystem':'npm','name':'vue','spec':'^3.5.0','scope':'runtime','manifest':0,'line':4,'used_by':0}],"
		"'routes':{'method':['GET'],'pattern':['/new'],'file':[1],'line':[7]},"
		"'history':{'hotspots':{'file':[1],'score':[5]}}" CYCLE,
};

static void compare(struct ctx *cx, const struct text_map *from, const struct text_map *to,
                    struct diff *ret)
{
	struct view *a = arena_alloc(cx->arena, sizeof(*a)),
		    *b = arena_alloc(cx->arena, sizeof(*b));

	map_text_view(cx, from, a);
	map_text_view(cx, to, b);
	diff_maps(cx->arena, a, b, ret);
}

static void test_diff__what_came_and_went(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct diff d;

	compare(cx, &BEFORE, &AFTER, &d);
	assert_int_equal(d.files.added, 1);
	assert_int_equal(d.files.removed, 1);
	assert_int_equal(d.files.moved, 1);
	assert_int_equal(d.files.changed, 1);
	assert_int_equal(d.cycles.added, 1);
	assert_int_equal(d.cycles.n, 1);
	assert_int_equal(d.externals.removed, 1);
	assert_int_equal(d.externals.changed, 1);
	assert_int_equal(d.externals.added, 0);
	assert_int_equal(d.routes.added + d.routes.removed, 2);
	assert_int_equal(d.hotspots.added, 1);
	assert_int_equal(d.components.removed, 2); /* b, old */
	assert_int_equal(d.components.added, 2);   /* c, . */
	/* The import of the moved file is the same import. */
	assert_int_equal(d.nimports_added, 1);
	assert_string_equal(
		arena_strndup(cx->arena, d.to->files.path[d.imports_added[0].from].data, 7),
		"a/two.c");
	assert_int_equal(d.nimports_removed, 1);
}

static void test_diff__the_other_way_round(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct diff there, back;

	compare(cx, &BEFORE, &AFTER, &there);
	compare(cx, &AFTER, &BEFORE, &back);
	assert_int_equal(there.files.added, back.files.removed);
	assert_int_equal(there.files.moved, back.files.moved);
	assert_int_equal(there.nimports_added, back.nimports_removed);
	assert_int_equal(there.cycles.added, back.cycles.removed);
	assert_int_equal(there.externals.removed, back.externals.added);
	assert_int_equal(there.nlinks_added, back.nlinks_removed);
}

static void test_diff__nothing(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct span text;
	struct diff d;

	compare(cx, &AFTER, &AFTER, &d);
	assert_true(diff_is_empty(&d));
	assert_int_equal(diff_markdown(cx, cx->arena, &d, &text), ERR_OK);
	assert_contains(text.data, "Nothing of the structure changed");
}

static void test_diff__a_cycle_that_grows_is_the_same_cycle(void **state)
{
	static const struct text_map SMALL = {
		.commit = "c",
		.files = { { "a" }, { "b" }, { "c" } },
		.more = ",'graph':{'cycles':[[0,1]],'layer':[0,0,0],'rank':[0,0,0],'fan_in':[0,0,0],'fan_out':[0,0,0]}",
	};
	static const struct text_map LARGE = {
		.commit = "c",
		.files = { { "a" }, { "b" }, { "c" } },
		.more = ",'graph':{'cycles':[[0,1,2]],'layer':[0,0,0],'rank':[0,0,0],'fan_in':[0,0,0],'fan_out':[0,0,0]}",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct diff d;

	compare(cx, &SMALL, &LARGE, &d);
	assert_int_equal(d.cycles.changed, 1);
	assert_int_equal(d.cycles.added + d.cycles.removed, 0);
}

/* Clusters of one folder have its path: the name tells which is which. */
static void test_diff__components_that_share_a_path(void **state)
{
#define CLUSTERS(x, y)                                                                             \
	",'components':{'name':['" x "','" y                                                       \
	"'],'path':['src','src'],'kind':['cluster','cluster'],"                                    \
	"'reason':['they import each other','names begin with net'],'files':[1,1],'code':[5,6]}"
	static const struct text_map OLD = {
		.commit = "c",
		.files = { { "src/a.c", 5, 0, "a" }, { "src/b.c", 6, 0, "b" } },
		.more = CLUSTERS("store", "net"),
	};
	static const struct text_map NEW = {
		.commit = "d",
		.files = { { "src/a.c", 5, 0, "a" }, { "src/b.c", 6, 0, "b" } },
		.more = CLUSTERS("net", "parser"),
	};
	struct ctx *cx = fixture_ctx(*state);
	const struct drawing_node *nodes;
	struct drawing drawing;
	struct diff d;

	compare(cx, &OLD, &NEW, &d);
	assert_int_equal(d.component_from[0], 1); /* net is net */
	assert_int_equal(d.component_from[1], 0);
	drawing_of_components(cx->arena, d.to, &drawing);
	nodes = drawing.nodes.items;
	assert_string_equal(nodes[0].key, "src#net");
	assert_string_equal(nodes[1].key, "src#parser");
	assert_string_equal(nodes[1].kind, "cluster: names begin with net");
}

static void test_diff__older_maps_lack_members(void **state)
{
	static const struct text_map BARE = { .commit = "c",
		                              .files = { { "a/one.c", 10, 1, "a" } } };
	struct ctx *cx = fixture_ctx(*state);
	struct span text;
	struct diff d;

	compare(cx, &BARE, &AFTER, &d);
	assert_int_equal(d.routes.added, 1);
	assert_int_equal(diff_json(cx, cx->arena, &d, &text), ERR_OK);
	compare(cx, &AFTER, &BARE, &d);
	assert_int_equal(d.cycles.removed, 1);
}

static void test_diff__json_is_json(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct json_object *doc = NULL;
	struct span text;
	struct diff d;

	compare(cx, &BEFORE, &AFTER, &d);
	assert_int_equal(diff_json(cx, cx->arena, &d, &text), ERR_OK);
	assert_int_equal(json_parse(cx, text, &json_limits_body, &doc), ERR_OK);
	assert_string_equal(json_text(doc, "cycles.added.0.to.0", ""), "a/one.c");
	assert_string_equal(json_text(doc, "files.changed.1.moved_from", ""), "b/three.c");
	assert_int_equal(json_int(doc, "summary.files.moved", 0), 1);
	json_put(&doc);
}

static void test_diff__markdown_cannot_be_broken_by_names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct span text;
	struct diff d;

	compare(cx, &BEFORE, &AFTER, &d);
	assert_int_equal(diff_markdown(cx, cx->arena, &d, &text), ERR_OK);
	assert_contains(text.data, "`new/'x'.c`");
	assert_contains(text.data, "`b/three.c` moved to `c/moved.c`");
	assert_contains(text.data, "`vue` `^3.0.0` \xe2\x86\x92 `^3.5.0`");
	assert_true(text.len < 4000);
}

static void test_diff__drawn_with_states(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	int states[DRAWING_CHANGED + 1] = { 0 };
	struct drawing drawing;
	struct diff d;

	compare(cx, &BEFORE, &AFTER, &d);
	diff_drawing(cx->arena, &d, &drawing);
	assert_int_equal(drawing_check(cx, &drawing), ERR_OK);
	assert_int_equal(drawing.nodes.n, 5);
	for (size_t i = 0; i < drawing.nodes.n; i++)
		states[((const struct drawing_node *)drawing.nodes.items)[i].state]++;
	assert_int_equal(states[DRAWING_ADDED], 2);
	assert_int_equal(states[DRAWING_REMOVED], 2);
	assert_int_equal(states[DRAWING_CHANGED], 1);
}

/* --- Exports --- */

static void test_cyclonedx__package_urls(void **state)
{
	static const struct {
		const char *eco, *name, *spec, *purl;
	} CASES[] = {
		{ "npm", "@vue/core", "3.0.0", "pkg:npm/%40vue/core@3.0.0" },
		{ "npm", "a", "^3.0.0", "pkg:npm/a" },
		{ "npm", "a", "1.x", "pkg:npm/a" },
		{ "maven", "org.x:y", "1.2", "pkg:maven/org.x/y@1.2" },
		{ "go", "github.com/a/b", "v1.2.3", "pkg:golang/github.com/a/b@v1.2.3" },
		{ "pypi", "Flask", "==2.0", "pkg:pypi/Flask@2.0" },
		{ "cargo", "serde", "1.0", "pkg:cargo/serde" },
		{ "system", "ssl\"<", "", "pkg:generic/ssl%22%3C" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct text_map map = { .commit = BEFORE.commit, .files = { { "m", 1 } } };
		struct json_object *doc = NULL;
		struct sb more = sb_new(cx->arena, 4096);
		struct span text;
		struct view v;

		sb_add(&more, ",'externals':[{'ecosystem':");
		sb_addf(&more, "'%s','name':", CASES[i].eco);
		sb_json(&more, CASES[i].name);
		sb_addf(&more, ",'spec':'%s','scope':'dev','manifest':0,'line':3,'used_by':2}]",
		        CASES[i].spec);
		map.more = more.data;
		map_text_view(cx, &map, &v);
		assert_int_equal(export_cyclonedx(cx, cx->arena, &v, "p\"", &text), ERR_OK);
		assert_int_equal(json_parse(cx, text, &json_limits_body, &doc), ERR_OK);
		assert_string_equal(json_text(doc, "components.0.purl", ""), CASES[i].purl);
		assert_string_equal(json_text(doc, "components.0.scope", ""), "optional");
		assert_string_equal(
			json_text(doc, "components.0.evidence.occurrences.0.location", ""), "m:3");
		assert_string_equal(json_text(doc, "serialNumber", ""),
		                    "urn:uuid:11111111-1111-8111-a111-111111111111");
		json_put(&doc);
	}
}

static void test_exports__names_stay_names(void **state)
{
	static const struct text_map ODD = {
		.commit = "c",
		.files = { { "a", 1, 0, "a\"]; x --> y\\" }, { "b", 1, 0, "end<b>" } },
		.imports = { { "a", "b" } },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct drawing drawing;
	struct span text;
	struct view v;

	map_text_view(cx, &ODD, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	assert_int_equal(export_dot(cx, cx->arena, &drawing, &text), ERR_OK);
	assert_contains(text.data, "label=\"a\\\"]; x --> y\\\\\\n");
	assert_int_equal(export_mermaid(cx, cx->arena, &drawing, &text), ERR_OK);
	assert_contains(text.data, "n0[\"a#34;#93;#59; x --#62; y#92;<br/>");
	assert_contains(text.data, "n1[\"end#60;b#62;<br/>");
	assert_int_equal(export_graphml(cx, cx->arena, &v, &text), ERR_OK);
	assert_contains(text.data, "end&lt;b&gt;");
	assert_contains(text.data,
	                "<edge source=\"f0\" target=\"f1\"><data key=\"weight\">1</data></edge>");
}

/* --- For a model --- */

static void test_digest__keeps_to_its_budget(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct span text;
	struct view v;

	map_text_view(cx, &AFTER, &v);
	for (int64_t tokens = DIGEST_TOKENS_LEAST; tokens < 1000; tokens += 7) {
		digest_write(cx->arena, &v, "p", "two", tokens, &text);
		assert_true(text.len <= (size_t)tokens * DIGEST_BYTES_A_TOKEN);
		assert_contains(text.data, "# Map of p at 2222");
	}
	assert_contains(text.data, "GET /new in a/two.c:7");
}

static void test_digest__the_question_decides(void **state)
{
	static const struct text_map MAP = {
		.commit = "c",
		.files = { { "auth/session_store.c", 9, 0, "auth" },
		           { "core/hub.c", 9, 0, "core" },
		           { "db/HTTPServer.c", 9, 0, "db" },
		           { "db/other.c", 9, 0, "db" } },
		.more = ",'graph':{'cycles':[],'layer':[0,0,0,0],'rank':[1,900,2,1],'fan_in':[0,9,0,0],'fan_out':[0,0,0,0]},"
			"'defs':{'file':[3],'name':['parseConfigFile'],'kind':[1],'line':[1],'end_line':[2],'parent':['']}",
	};
	static const struct {
		const char *question;
		uint32_t first;
	} CASES[] = {
		{ NULL, 1 },
		{ "!?", 1 },
		{ "where are sessions kept?", 0 },
		{ "http server", 2 },
		{ "How is the config parsed", 3 },
		{ "nothing of this kind", 1 },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct view v;

	map_text_view(cx, &MAP, &v);
	for (size_t i = 0; i < COUNT(CASES); i++)
		if (digest_rank(cx->arena, &v, CASES[i].question)[0] != CASES[i].first)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff__what_came_and_went),
		cmocka_unit_test(test_diff__the_other_way_round),
		cmocka_unit_test(test_diff__nothing),
		cmocka_unit_test(test_diff__a_cycle_that_grows_is_the_same_cycle),
		cmocka_unit_test(test_diff__components_that_share_a_path),
		cmocka_unit_test(test_diff__older_maps_lack_members),
		cmocka_unit_test(test_diff__json_is_json),
		cmocka_unit_test(test_diff__markdown_cannot_be_broken_by_names),
		cmocka_unit_test(test_diff__drawn_with_states),
		cmocka_unit_test(test_cyclonedx__package_urls),
		cmocka_unit_test(test_exports__names_stay_names),
		cmocka_unit_test(test_digest__keeps_to_its_budget),
		cmocka_unit_test(test_digest__the_question_decides),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
