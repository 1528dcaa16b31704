/* Schemas: one table decodes, checks, encodes, fills from columns and describes itself. */
#include "fixture.h"

#include "base/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct part {
	const char *label;
	int64_t weight;
};

struct thing {
	const char *name;
	int64_t depth;
	int64_t owner_id;
	bool active;
	int64_t due_us;
	const char *extra;
	struct part *part;
	struct list parts, tags, numbers;
	const char *colour;
	const char *code;
	const char *note;
};

static const char *const COLOURS[] = { "red", "green", NULL };

static enum err check_code(struct ctx *cx, const char *pointer, const char *text)
{
	if (strcmp(text, "bad") == 0)
		return err_field(cx, ERR_INVALID, pointer, "code", "code must not be bad");
	return ERR_OK;
}

static const struct field PART_FIELDS[] = {
	F_TEXT(struct part, label, .required = true, .min = 1, .max = 5, .doc = "Label"),
	F_INT(struct part, weight, .doc = "Weight"),
};
static const struct schema part_schema = SCHEMA(struct part, "Part", PART_FIELDS);

static const struct field THING_FIELDS[] = {
	F_TEXT(struct thing, name, .required = true, .one_line = true, .min = 1, .max = 10,
	       .doc = "Its \"name\"", .example = "\"Atlas\""),
	F_INT(struct thing, depth, .min = 0, .max = 100, .preset = 7, .doc = "Depth"),
	F_INT(struct thing, owner_id, .zero_is_null = true, .nullable = true),
	F_BOOL(struct thing, active, .preset = true),
	F_TIME(struct thing, due_us, .name = "due_at", .nullable = true),
	F_JSON(struct thing, extra),
	F_OBJ(struct thing, part, .of = &part_schema, .nullable = true),
	F_LIST(struct thing, parts, .of = &part_schema, .max = 3),
	F_LIST(struct thing, tags, .item = FIELD_TEXT, .min = 1, .max = 3, .one_of = COLOURS),
	F_LIST(struct thing, numbers, .item = FIELD_INT),
	F_TEXT(struct thing, colour, .one_of = COLOURS, .nullable = true),
	F_TEXT(struct thing, code, .check = check_code, .pattern = "^[a-z]+$"),
	F_TEXT(struct thing, note, .name = "a/b~c"),
};
static const struct schema thing_schema = SCHEMA(struct thing, "Thing", THING_FIELDS);

/* Each row: the body, the pointer blamed or NULL, and the rule. */
static const struct {
	const char *body, *blamed, *rule;
} BODIES[] = {
	{ "{'name':'a'}", NULL, NULL },
	{ "{'name':'1234567890'}", NULL, NULL },
	{ "{'name':'\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9'}", NULL, NULL },
	{ "{'name':'a','depth':0,'owner_id':null,'active':false,'due_at':null,'extra':[1]}", NULL,
	  NULL },
	{ "{'name':'a','parts':[],'tags':['red'],'numbers':[-1,2],'colour':null,'part':null}", NULL,
	  NULL },
	{ "{}", "/name", "required" },
	{ "[]", "", "type" },
	{ "1", "", "type" },
	{ "null", "", "type" },
	{ "{'name':null}", "/name", "null" },
	{ "{'name':1}", "/name", "type" },
	{ "{'name':''}", "/name", "min_length" },
	{ "{'name':'12345678901'}", "/name", "max_length" },
	{ "{'name':'a\\nb'}", "/name", "one_line" },
	{ "{'name':'a\\u0085b'}", "/name", "one_line" },
	{ "{'name':'a\\u007fb'}", "/name", "one_line" },
	{ "{'name':'a','depth':101}", "/depth", "range" },
	{ "{'name':'a','depth':-1}", "/depth", "range" },
	{ "{'name':'a','depth':1.0}", "/depth", "type" },
	{ "{'name':'a','depth':'1'}", "/depth", "type" },
	{ "{'name':'a','depth':null}", "/depth", "null" },
	{ "{'name':'a','depth':true}", "/depth", "type" },
	{ "{'name':'a','active':1}", "/active", "type" },
	{ "{'name':'a','active':'true'}", "/active", "type" },
	{ "{'name':'a','due_at':'2026-11-21'}", "/due_at", "format" },
	{ "{'name':'a','due_at':1}", "/due_at", "type" },
	{ "{'name':'a','part':[]}", "/part", "type" },
	{ "{'name':'a','part':{}}", "/part/label", "required" },
	{ "{'name':'a','part':{'label':'x','size':1}}", "/part/size", "unknown" },
	{ "{'name':'a','parts':{}}", "/parts", "type" },
	{ "{'name':'a','parts':[{'label':'x'},{'label':'toolong'}]}", "/parts/1/label",
	  "max_length" },
	{ "{'name':'a','parts':[1]}", "/parts/0", "type" },
	{ "{'name':'a','parts':[{},{},{},{}]}", "/parts", "max_items" },
	{ "{'name':'a','tags':[]}", "/tags", "min_items" },
	{ "{'name':'a','tags':['red','blue']}", "/tags/1", "one_of" },
	{ "{'name':'a','numbers':['1']}", "/numbers/0", "type" },
	{ "{'name':'a','colour':'blue'}", "/colour", "one_of" },
	{ "{'name':'a','code':'bad'}", "/code", "code" },
	{ "{'name':'a','a/b~c':1}", "/a~1b~0c", "type" },
	{ "{'name':'a','x/y~':1}", "/x~1y~0", "unknown" },
	{ "{'name':'a','Name':'a'}", "/Name", "unknown" },
};

static void test_schema_decode__rules(void **state)
{
	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct thing got;
		enum err e = schema_decode(cx, &thing_schema, quotes(cx, BODIES[i].body), &got);

		print_message("# %s\n", BODIES[i].body);
		if (BODIES[i].blamed == NULL) {
			assert_int_equal(e, ERR_OK);
			continue;
		}
		assert_int_equal(e, strcmp(BODIES[i].rule, "unknown") == 0 ? ERR_UNKNOWN_FIELD
		                                                           : ERR_INVALID);
		assert_blamed(cx, BODIES[i].blamed, BODIES[i].rule);
		assert_int_equal(cx->fault.nfields, 1);
	}
}

static void test_schema_decode__values(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing got;

	assert_int_equal(
		schema_decode(cx, &thing_schema,
	                      quotes(cx,
	                             "{'name':'\\u00e9\\\\','depth':9,'owner_id':4,'active':false,"
	                             "'due_at':'2026-11-21T07:45:00.123+01:00',"
	                             "'extra':{'a':[1.50,null,'/']},"
	                             "'part':{'label':'p','weight':-3},"
	                             "'parts':[{'label':'q'},{'label':'r','weight':9}],"
	                             "'tags':['red','green'],'numbers':[1,-2],"
	                             "'colour':'red','code':'ok'}"),
	                      &got),
		ERR_OK);
	assert_string_equal(got.name, "\xC3\xA9\\");
	assert_int_equal(got.depth, 9);
	assert_int_equal(got.owner_id, 4);
	assert_false(got.active);
	assert_int_equal(got.due_us, FIXTURE_WALL_US);
	assert_string_equal(got.extra, "{\"a\":[1.50,null,\"/\"]}");
	assert_string_equal(got.part->label, "p");
	assert_int_equal(got.part->weight, -3);
	assert_int_equal(got.parts.n, 2);
	assert_string_equal(((const struct part *)got.parts.items)[1].label, "r");
	assert_string_equal(((const char *const *)got.tags.items)[1], "green");
	assert_int_equal(((const int64_t *)got.numbers.items)[1], -2);
	assert_null(got.note);
}

static void test_schema_decode__presets_and_failure(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing got = { .depth = 55 };

	assert_int_not_equal(schema_decode(cx, &thing_schema, quotes(cx, "{'depth':1}"), &got),
	                     ERR_OK);
	assert_int_equal(got.depth, 55);
	/* A fault that was handled before is no part of this one. */
	assert_int_equal(schema_decode(cx, &thing_schema, quotes(cx, "{'name':'a'}"), &got),
	                 ERR_OK);
	assert_int_equal(cx->fault.nfields, 0);
	assert_int_equal(got.depth, 7);
	assert_true(got.active);
	assert_int_equal(got.due_us, 0);
	assert_int_equal(schema_decode(cx, &thing_schema, SPAN("{\"a\":1"), &got), ERR_MALFORMED);
	assert_int_equal(schema_decode(cx, &thing_schema, SPAN("\"\xFF\""), &got), ERR_ENCODING);
}

/* Every mistake of a body is named, with what would be right. */
static void test_schema_decode__messages(void **state)
{
	static const char *const DETAILS[] = {
		"nmae is not a field here; did you mean name?",
		"depth must be a whole number from 0 to 100, got 200",
		"item 0 of tags must be one of red, green, got \"blue\"",
		"name is required",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct thing got;

	assert_int_equal(schema_decode(cx, &thing_schema,
	                               quotes(cx, "{'nmae':'a','depth':200,'tags':['blue']}"),
	                               &got),
	                 ERR_UNKNOWN_FIELD);
	assert_int_equal(cx->fault.nfields, COUNT(DETAILS));
	for (size_t i = 0; i < COUNT(DETAILS); i++)
		assert_string_equal(cx->fault.fields[i].detail, DETAILS[i]);
}

static void test_schema_decode__wording(void **state)
{
	static const struct {
		const struct schema *schema;
		const char *body, *detail;
	} CASES[] = {
		{ &thing_schema, "{'name':'12345678901'}",
		  "name must be 1 to 10 characters long, got 11" },
		{ &thing_schema, "{'name':1.5}",
		  "name must be a text, got a number with a fraction or exponent" },
		{ &part_schema, "{'label':'a','zzzzzz':1}",
		  "zzzzzz is not a field here; known are label, weight" },
		{ &thing_schema, "[]", "the body must be a JSON object, got a list" },
		{ &thing_schema, "{'name':'a','numbers':[1,'2']}",
		  "item 1 of numbers must be a whole number, got a text" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct thing got;

		assert_int_not_equal(
			schema_decode(cx, CASES[i].schema, quotes(cx, CASES[i].body), &got),
			ERR_OK);
		assert_string_equal(cx->fault.detail, CASES[i].detail);
	}
}

/* More mistakes than a fault holds, and a key as long as a body, do no harm. */
static void test_schema_decode__many_mistakes(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1024 * 1024);
	struct thing got;

	sb_add(&sb, "{\"name\":\"a\"");
	for (int i = 0; i < 49000; i++)
		sb_addf(&sb, ",\"x%d\":1", i);
	sb_addf(&sb, ",\"%0*d\":1}", 400000, 0);
	assert_false(sb.failed);
	assert_int_equal(schema_decode(cx, &thing_schema, (struct span){ sb.data, sb.len }, &got),
	                 ERR_UNKNOWN_FIELD);
	assert_int_equal(cx->fault.nfields, 49001);
	assert_true(arena_used(cx->arena) < (size_t)12 * 1024 * 1024);

	sb_truncate(&sb, 0);
	sb_addf(&sb, "{\"%0*d\":1}", 400000, 0);
	assert_int_equal(schema_decode(cx, &part_schema, (struct span){ sb.data, sb.len }, &got),
	                 ERR_UNKNOWN_FIELD);
	assert_contains(cx->fault.detail, "is not a field here; known are label, weight");
}

static const char *const LONG_NAMES[] = {
	"a_rather_long_name_of_a_choice_1",
	"a_rather_long_name_of_a_choice_2",
	"a_rather_long_name_of_a_choice_3",
	"a_rather_long_name_of_a_choice_4",
	"a_rather_long_name_of_a_choice_5",
	"a_rather_long_name_of_a_choice_6",
	"a_rather_long_name_of_a_choice_7",
	"a_rather_long_name_of_a_choice_8",
	"a_rather_long_name_of_a_choice_9",
	"short",
	NULL,
};

static const struct field FEW_FIELDS[] = {
	F_TEXT(struct thing, name, .one_of = LONG_NAMES),
	F_LIST(struct thing, tags, .item = FIELD_TEXT, .min = 2),
	F_JSON(struct thing, extra),
};
static const struct schema few_schema = SCHEMA(struct thing, "Few", FEW_FIELDS);
static const struct schema no_schema = { .name = "None",
	                                 .size = sizeof(struct thing),
	                                 .given_offset = SIZE_MAX };

static void test_schema_decode__seldom(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing got;

	assert_int_equal(
		schema_decode(cx, &few_schema, quotes(cx, "{'name':'x','tags':['a']}"), &got),
		ERR_INVALID);
	assert_contains(cx->fault.fields[0].detail, "_choice_8, ..., got \"x\"");
	assert_string_equal(cx->fault.fields[1].detail, "tags must have at least 2 items, got 1");
	assert_int_equal(schema_decode(cx, &few_schema, quotes(cx, "{'extra':null}"), &got),
	                 ERR_OK);
	assert_string_equal(got.extra, "null"); /* null is a value like others there */
	assert_int_equal(schema_decode(cx, &no_schema, quotes(cx, "{'a':1}"), &got),
	                 ERR_UNKNOWN_FIELD);
	assert_string_equal(cx->fault.detail, "a is not a field; none are known here");
	assert_int_equal(schema_decode(cx, &no_schema, quotes(cx, "{}"), &got), ERR_OK);
}

struct change {
	uint64_t given;
	const char *name;
	int64_t depth;
	const char *note;
};

static const struct field CHANGE_FIELDS[] = {
	F_TEXT(struct change, name, .max = 10),
	F_INT(struct change, depth, .nullable = true),
	F_TEXT(struct change, note, .nullable = true),
};
static const struct schema change_schema = SCHEMA_PATCH(struct change, "Change", CHANGE_FIELDS);

static void test_schema__given(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct change got;

	assert_int_equal(
		schema_decode(cx, &change_schema, quotes(cx, "{'note':null,'depth':0}"), &got),
		ERR_OK);
	assert_true(schema_given(&change_schema, &got, "note"));
	assert_true(schema_given(&change_schema, &got, "depth"));
	assert_false(schema_given(&change_schema, &got, "name"));
	assert_int_equal(schema_decode(cx, &change_schema, quotes(cx, "{}"), &got), ERR_OK);
	assert_int_equal(got.given, 0);
	assert_ptr_equal(schema_field(&change_schema, "note"), &CHANGE_FIELDS[2]);
	assert_null(schema_field(&change_schema, "absent"));
}

struct query {
	const char *q;
	int64_t limit;
	bool all;
	int64_t after_us;
	struct list types, ids;
};

static const struct field QUERY_FIELDS[] = {
	F_TEXT(struct query, q, .max = 5),
	F_INT(struct query, limit, .min = 1, .max = 200, .preset = 20),
	F_BOOL(struct query, all),
	F_TIME(struct query, after_us, .name = "after"),
	F_LIST(struct query, types, .item = FIELD_TEXT, .max = 2, .one_of = COLOURS),
	F_LIST(struct query, ids, .item = FIELD_INT),
};
static const struct schema query_schema = SCHEMA(struct query, "Query", QUERY_FIELDS);

static void test_schema_decode_pairs__rules(void **state)
{
	static const struct {
		struct pair pair;
		const char *rule; /* NULL: good */
	} CASES[] = {
		{ { "q", "abc" }, NULL },
		{ { "q", "" }, NULL },
		{ { "limit", "1" }, NULL },
		{ { "all", "false" }, NULL },
		{ { "after", "2026-11-21T06:45:00Z" }, NULL },
		{ { "types", "red,green" }, NULL },
		{ { "types", "" }, NULL },
		{ { "ids", "1,-2" }, NULL },
		{ { "q", "abcdef" }, "max_length" },
		{ { "q", "\xFF" }, "utf8" },
		{ { "limit", "0" }, "range" },
		{ { "limit", "201" }, "range" },
		{ { "limit", "" }, "type" },
		{ { "limit", "1x" }, "type" },
		{ { "limit", " 1" }, "type" },
		{ { "limit", "+1" }, "type" },
		{ { "limit", "-" }, "type" },
		{ { "limit", "9223372036854775808" }, "type" },
		{ { "all", "1" }, "type" },
		{ { "after", "yesterday" }, "format" },
		{ { "types", "red,blue" }, "one_of" },
		{ { "types", "red," }, "one_of" },
		{ { "types", "red,red,red" }, "max_items" },
		{ { "ids", "1,x" }, "type" },
		{ { "lmit", "1" }, "unknown" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct query got;
		enum err e = schema_decode_pairs(cx, &query_schema, &CASES[i].pair, 1, &got);

		print_message("# %s=%s\n", CASES[i].pair.name, CASES[i].pair.value);
		if (CASES[i].rule == NULL)
			assert_int_equal(e, ERR_OK);
		else
			assert_blamed(cx, arena_printf(cx->arena, "?%s", CASES[i].pair.name),
			              CASES[i].rule);
	}
}

static void test_schema_decode_pairs__values(void **state)
{
	static const struct pair PAIRS[] = { { "q", "x" },
		                             { "all", "true" },
		                             { "ids", "5,-9223372036854775808" } };
	static const struct pair TWICE[] = { { "q", "x" }, { "q", "x" } };
	struct ctx *cx = fixture_ctx(*state);
	struct query got;

	assert_int_equal(schema_decode_pairs(cx, &query_schema, PAIRS, COUNT(PAIRS), &got), ERR_OK);
	assert_string_equal(got.q, "x");
	assert_int_equal(got.limit, 20);
	assert_true(got.all);
	assert_int_equal(got.ids.n, 2);
	assert_int_equal(((const int64_t *)got.ids.items)[1], INT64_MIN);
	assert_int_equal(schema_decode_pairs(cx, &query_schema, TWICE, COUNT(TWICE), &got),
	                 ERR_INVALID);
	assert_blamed(cx, "?q", "repeated");
	assert_int_equal(schema_decode_pairs(cx, &query_schema, NULL, 0, &got), ERR_OK);
	assert_int_equal(got.types.n, 0);
}

static void test_schema_encode(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct part part = { "p\"", 1 };
	const char *tags[] = { "red", NULL };
	const int64_t numbers[] = { INT64_MIN, 0 };
	const struct thing thing = {
		.name = "a\n\xFF",
		.depth = -1,
		.due_us = FIXTURE_WALL_US,
		.extra = "[1]",
		.part = &part,
		.parts = { &part, 1 },
		.tags = { tags, 2 },
		.numbers = { numbers, 2 },
	};
	struct sb sb = sb_new(cx->arena, 4096), none = sb_new(cx->arena, 4096);

	schema_encode(&sb, &thing_schema, &thing);
	assert_string_equal(
		sb.data,
		"{\"name\":\"a\\n\xEF\xBF\xBD\",\"depth\":-1,\"owner_id\":null,\"active\":false,"
		"\"due_at\":\"2026-11-21T06:45:00.123Z\",\"extra\":[1],"
		"\"part\":{\"label\":\"p\\\"\",\"weight\":1},"
		"\"parts\":[{\"label\":\"p\\\"\",\"weight\":1}],\"tags\":[\"red\",null],"
		"\"numbers\":[-9223372036854775808,0],\"colour\":null,\"code\":null,\"a/b~c\":null}");
	assert_int_equal(json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body),
	                 ERR_OK);
	schema_encode_array(&none, &thing_schema, NULL, 0);
	assert_string_equal(none.data, "[]");

	sb_truncate(&none, 0);
	schema_encode_array(&none, &thing_schema, (const struct thing[2]){ { 0 }, { 0 } }, 2);
	assert_contains(none.data, "},{\"name\":null,\"depth\":0,\"owner_id\":null,"
	                           "\"active\":false,\"due_at\":null,\"extra\":null,\"part\":null,"
	                           "\"parts\":[],\"tags\":[],\"numbers\":[],");

	/* What is written is read back. */
	sb_truncate(&none, 0);
	schema_encode(&none, &part_schema, &part);
	assert_int_equal(
		schema_decode(cx, &part_schema, (struct span){ none.data, none.len }, &part),
		ERR_OK);
	assert_string_equal(part.label, "p\"");
}

static void set(struct ctx *cx, struct thing *obj, const char *name, const char *text)
{
	schema_set_column(cx->arena, schema_field(&thing_schema, name), text,
	                  text == NULL ? 0 : strlen(text), obj);
}

static void test_schema_set_column(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing obj = { .depth = 4, .active = true, .name = "x" };

	set(cx, &obj, "name", "n");
	set(cx, &obj, "depth", "-42");
	set(cx, &obj, "active", "f");
	set(cx, &obj, "due_at", "1795243500123000");
	set(cx, &obj, "extra", "{\"a\": 1}");
	/* Rules are for clients: what is stored is read as it is. */
	set(cx, &obj, "part", "{\"label\": \"longer than five\", \"new\": 1}");
	set(cx, &obj, "tags", "[\"violet\", \"red\"]");
	set(cx, &obj, "numbers", "[1, \"x\", 3]");
	assert_string_equal(obj.name, "n");
	assert_int_equal(obj.depth, -42);
	assert_false(obj.active);
	assert_int_equal(obj.due_us, FIXTURE_WALL_US);
	assert_string_equal(obj.extra, "{\"a\": 1}");
	assert_string_equal(obj.part->label, "longer than five");
	assert_int_equal(obj.tags.n, 2);
	assert_string_equal(((const char *const *)obj.tags.items)[0], "violet");
	assert_int_equal(((const int64_t *)obj.numbers.items)[2], 3);
	set(cx, &obj, "name", NULL);
	set(cx, &obj, "depth", NULL);
	set(cx, &obj, "active", NULL);
	assert_null(obj.name);
	assert_int_equal(obj.depth, 0);
	assert_false(obj.active);
}

static void test_schema_print(void **state)
{
	static const char *const PARTS[] = {
		"{\"type\":\"object\",\"title\":\"Thing\",\"properties\":{\"name\":{",
		"\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":10,"
		"\"description\":\"Its \\\"name\\\"\",\"examples\":[\"Atlas\"]}",
		"\"depth\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0,\"maximum\":100,"
		"\"default\":7,\"description\":\"Depth\"}",
		"\"owner_id\":{\"type\":[\"integer\",\"null\"],",
		"\"active\":{\"type\":\"boolean\",\"default\":true}",
		"\"due_at\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}",
		"\"extra\":{}",
		"\"part\":{\"anyOf\":[{\"$ref\":\"#/components/schemas/Part\"},{\"type\":\"null\"}]}",
		"\"parts\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Part\"},"
		"\"maxItems\":3}",
		"\"items\":{\"type\":\"string\",\"enum\":[\"red\",\"green\"]}",
		"\"colour\":{\"type\":[\"string\",\"null\"],\"enum\":[\"red\",\"green\",null]}",
		"\"pattern\":\"^[a-z]+$\"",
		"\"required\":[\"name\"],\"additionalProperties\":false}",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 65536);

	schema_print(&sb, &thing_schema);
	assert_false(sb.failed);
	for (size_t i = 0; i < COUNT(PARTS); i++)
		assert_contains(sb.data, PARTS[i]);
	assert_int_equal(json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body),
	                 ERR_OK);
}

/* @ret whether a source that ends in these rows compiles */
static bool compiles(const char *rows, const char *schema)
{
	FILE *cc = popen(
		"${CC:-cc} -std=gnu17 -Wall -Wextra -Werror -Ilib -fsyntax-only -x c - 2>/dev/null",
		"w");

	assert_non_null(cc);
	fprintf(cc,
	        "#include \"base/schema.h\"\n"
	        "struct t { const char *text; char *loose; int64_t number; int small; bool flag;"
	        " struct list list; struct t *t; uint64_t given; };\n"
	        "struct u { int given; };\n"
	        "static const struct field FIELDS[] = { %s };\n"
	        "static const struct field MANY[65] = { { .name = \"x\" } };\n"
	        "extern const struct schema s, m;\n"
	        "const struct schema s = %s;\n"
	        "const struct schema m = SCHEMA(struct t, \"T\", FIELDS);\n"
	        "extern const struct field *first;\n"
	        "const struct field *first = MANY;\n",
	        rows, schema);
	return pclose(cc) == 0;
}

/* A table that disagrees with its struct does not compile. */
static void test_schema__types_are_checked(void **state)
{
	static const char *const WRONG[] = {
		"F_TEXT(struct t, number)", "F_TEXT(struct t, loose)", "F_INT(struct t, small)",
		"F_INT(struct t, text)",    "F_BOOL(struct t, small)", "F_TIME(struct t, flag)",
		"F_JSON(struct t, number)", "F_LIST(struct t, text)",  "F_OBJ(struct t, number)",
	};

	(void)state;
	if (access("lib/base/schema.h", R_OK) != 0)
		skip();
	assert_true(
		compiles("F_TEXT(struct t, text), F_INT(struct t, number), F_BOOL(struct t, flag),"
	                 "F_TIME(struct t, number), F_JSON(struct t, text),"
	                 "F_LIST(struct t, list), F_OBJ(struct t, t)",
	                 "SCHEMA_PATCH(struct t, \"T\", FIELDS)"));
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		print_message("# %s\n", WRONG[i]);
		assert_false(compiles(WRONG[i], "SCHEMA(struct t, \"T\", FIELDS)"));
	}
	assert_false(compiles("F_TEXT(struct t, text)", "SCHEMA_PATCH(struct u, \"T\", FIELDS)"));
	assert_false(compiles("F_TEXT(struct t, text)", "SCHEMA(struct t, \"T\", MANY)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_decode__rules),
		cmocka_unit_test(test_schema_decode__values),
		cmocka_unit_test(test_schema_decode__presets_and_failure),
		cmocka_unit_test(test_schema_decode__messages),
		cmocka_unit_test(test_schema_decode__wording),
		cmocka_unit_test(test_schema_decode__many_mistakes),
		cmocka_unit_test(test_schema_decode__seldom),
		cmocka_unit_test(test_schema__given),
		cmocka_unit_test(test_schema_decode_pairs__rules),
		cmocka_unit_test(test_schema_decode_pairs__values),
		cmocka_unit_test(test_schema_encode),
		cmocka_unit_test(test_schema_set_column),
		cmocka_unit_test(test_schema_print),
		cmocka_unit_test(test_schema__types_are_checked),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
