/* The strict check of JSON from outside, against the corners of RFC 8259. */
#include "fixture.h"

#include "base/json.h"
#include "base/sb.h"

#include <json-c/json.h>
#include <string.h>

#define OK        ERR_OK
#define MALFORMED ERR_MALFORMED
#define ENCODING  ERR_ENCODING
#define T(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

/* As the public corpora of parser tests have them; here \x escapes, because bytes matter. */
static const struct {
	enum err want;
	struct span text;
} CASES[] = {
	/* Values. */
	{ OK, T("0") },
	{ OK, T(" \t\r\n0 \t\r\n") },
	{ OK, T("\"\"") },
	{ OK, T("true") },
	{ OK, T("false") },
	{ OK, T("null") },
	{ OK, T("[]") },
	{ OK, T("{}") },
	{ OK, T("[ ]") },
	{ OK, T("{ }") },
	{ OK, T("[[],{},[{}]]") },
	{ OK, T("{\"a\":{\"a\":{\"a\":[]}},\"\":0}") },
	{ OK, T("[1,\"a\",null,true,false,-1.5e+3]") },
	{ OK, T("{\"a\" : 1 , \"b\" : [ 1 , 2 ] }") },
	{ OK, T("[{\"a\":1},{\"a\":1},{\"a\":{\"a\":1}}]") },
	{ MALFORMED, T("") },
	{ MALFORMED, T(" ") },
	{ MALFORMED, T("\xEF\xBB\xBF{}") },
	{ MALFORMED, T("\xEF\xBB\xBF") },
	{ MALFORMED, T("\xFE\xFF\x00[") },
	{ MALFORMED, T("[]\0") },
	{ MALFORMED, T("\0") },
	{ MALFORMED, T("True") },
	{ MALFORMED, T("nul") },
	{ MALFORMED, T("nulll") },
	{ MALFORMED, T("undefined") },
	{ MALFORMED, T("NaN") },
	{ MALFORMED, T("[NaN]") },
	{ MALFORMED, T("-NaN") },
	{ MALFORMED, T("Infinity") },
	{ MALFORMED, T("-Infinity") },
	{ MALFORMED, T("{'a':1}") },
	{ MALFORMED, T("'a'") },
	{ MALFORMED, T("[\v1]") },
	{ MALFORMED, T("[\f]") },
	{ MALFORMED, T("\xC2\xA0[]") },
	{ MALFORMED, T("\xE2\x80\xA8[]") },
	{ MALFORMED, T("/* c */ 1") },
	{ MALFORMED, T("1 // c") },
	{ MALFORMED, T("# c\n1") },
	/* Containers. */
	{ MALFORMED, T("[") },
	{ MALFORMED, T("]") },
	{ MALFORMED, T("{") },
	{ MALFORMED, T("}") },
	{ MALFORMED, T("[1") },
	{ MALFORMED, T("[1,") },
	{ MALFORMED, T("[1,]") },
	{ MALFORMED, T("[,1]") },
	{ MALFORMED, T("[1,,2]") },
	{ MALFORMED, T("[,]") },
	{ MALFORMED, T("[1 2]") },
	{ MALFORMED, T("[1:2]") },
	{ MALFORMED, T("[1}") },
	{ MALFORMED, T("{]") },
	{ MALFORMED, T("[[]") },
	{ MALFORMED, T("[]]") },
	{ MALFORMED, T("[][]") },
	{ MALFORMED, T("{}{}") },
	{ MALFORMED, T("1 2") },
	{ MALFORMED, T("{\"a\"}") },
	{ MALFORMED, T("{\"a\":}") },
	{ MALFORMED, T("{\"a\":1,}") },
	{ MALFORMED, T("{,\"a\":1}") },
	{ MALFORMED, T("{\"a\":1,,\"b\":1}") },
	{ MALFORMED, T("{\"a\" 1}") },
	{ MALFORMED, T("{\"a\"::1}") },
	{ MALFORMED, T("{\"a\":1 \"b\":2}") },
	{ MALFORMED, T("{\"a\",1}") },
	{ MALFORMED, T("{\"a\":1:2}") },
	{ MALFORMED, T("{a:1}") },
	{ MALFORMED, T("{1:1}") },
	{ MALFORMED, T("{null:1}") },
	{ MALFORMED, T("{[]:1}") },
	{ MALFORMED, T("{\"a\":1") },
	{ MALFORMED, T("{\"a\"") },
	{ MALFORMED, T("{\"a") },
	/* Keys. */
	{ MALFORMED, T("{\"a\":1,\"a\":1}") },
	{ MALFORMED, T("{\"a\":1,\"\\u0061\":2}") },
	{ MALFORMED, T("{\"\":1,\"\":2}") },
	{ MALFORMED, T("{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":2}") },
	{ MALFORMED, T("{\"x\\u00e9\":1,\"x\xC3\xA9\":2}") },
	{ MALFORMED, T("{\"\\u20ACx\":1,\"\xE2\x82\xACx\":2}") },
	{ MALFORMED, T("{\"\\n\":1,\"\\u000a\":2}") },
	{ MALFORMED, T("{\"/\":1,\"\\/\":2}") },
	{ OK, T("{\"a\":1,\"A\":1,\"\\u0062\":1,\"\xC3\xA9\":1,\"e\xCC\x81\":1}") },
	/* Numbers. */
	{ OK, T("-0") },
	{ OK, T("-1") },
	{ OK, T("0.0") },
	{ OK, T("-0.0") },
	{ OK, T("1e5") },
	{ OK, T("1E5") },
	{ OK, T("1e+5") },
	{ OK, T("1e-5") },
	{ OK, T("0e1") },
	{ OK, T("0e+1") },
	{ OK, T("123.456e78") },
	{ OK, T("1e-400") },
	{ OK, T("1.7976931348623157e308") },
	{ OK, T("9223372036854775807") },
	{ OK, T("-9223372036854775808") },
	{ OK, T("0.00000000000000000000000000000000000000000000000000000000000000000000000001") },
	{ OK, T("100000000000000000000000000000000000000000000000000000000000000000000000000.0") },
	{ MALFORMED, T("9223372036854775808") },
	{ MALFORMED, T("-9223372036854775809") },
	{ MALFORMED, T("99999999999999999999") },
	{ MALFORMED, T("[-99999999999999999999]") },
	{ MALFORMED, T("1e999") },
	{ MALFORMED, T("-1e999") },
	{ MALFORMED, T("1.8e308") },
	{ MALFORMED, T("01") },
	{ MALFORMED, T("00") },
	{ MALFORMED, T("-01") },
	{ MALFORMED, T("[012]") },
	{ MALFORMED, T("-") },
	{ MALFORMED, T("[-]") },
	{ MALFORMED, T("--1") },
	{ MALFORMED, T("+1") },
	{ MALFORMED, T("- 1") },
	{ MALFORMED, T(".5") },
	{ MALFORMED, T("-.5") },
	{ MALFORMED, T("1.") },
	{ MALFORMED, T("[1.]") },
	{ MALFORMED, T("1.e1") },
	{ MALFORMED, T("1e") },
	{ MALFORMED, T("1e+") },
	{ MALFORMED, T("1eE2") },
	{ MALFORMED, T("1.5.5") },
	{ MALFORMED, T("1_000") },
	{ MALFORMED, T("0x10") },
	{ MALFORMED, T("1a") },
	{ MALFORMED, T("\xEF\xBC\x91") },
	/* Texts. */
	{ OK, T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") },
	{ OK, T("\"\\u00e9\\u20AC\"") },
	{ OK, T("\"\\ud83d\\ude00\"") },
	{ OK, T("\"\\uDBFF\\uDFFF\"") },
	{ OK, T("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"") },
	{ OK, T("\"\x7F\"") },
	{ OK, T("\"\xEF\xBB\xBF\"") },
	{ OK, T("\"\\uFFFF\xEF\xBF\xBF\"") },
	{ OK, T("\"\xE2\x80\xA8\"") },
	{ MALFORMED, T("\"") },
	{ MALFORMED, T("\"a") },
	{ MALFORMED, T("\"\\\"") },
	{ MALFORMED, T("\"\\") },
	{ MALFORMED, T("\"\\a\"") },
	{ MALFORMED, T("\"\\x41\"") },
	{ MALFORMED, T("\"\\'\"") },
	{ MALFORMED, T("\"\\U0041\"") },
	{ MALFORMED, T("\"\\u\"") },
	{ MALFORMED, T("\"\\u12\"") },
	{ MALFORMED, T("\"\\u12g4\"") },
	{ MALFORMED, T("\"\\u123") },
	{ MALFORMED, T("\"\\\0\"") },
	{ MALFORMED, T("\"\n\"") },
	{ MALFORMED, T("\"\t\"") },
	{ MALFORMED, T("\"\x1F\"") },
	{ MALFORMED, T("\"\0\"") },
	{ ENCODING, T("\"\\u0000\"") },
	{ ENCODING, T("{\"a\\u0000b\":1}") },
	{ ENCODING, T("\"\\ud800\"") },
	{ ENCODING, T("\"\\udc00\"") },
	{ ENCODING, T("\"\\ud800\\ud800\"") },
	{ ENCODING, T("\"\\ud800\\n\"") },
	{ ENCODING, T("\"\\ud800a\"") },
	{ ENCODING, T("\"\\ud800\\u0061\"") },
	{ ENCODING, T("\"\\udc00\\ud800\"") },
	{ ENCODING, T("\"\xFF\"") },
	{ ENCODING, T("\"\x80\"") },
	{ ENCODING, T("\"\xC3\"") },
	{ ENCODING, T("\"\xC0\x80\"") },
	{ ENCODING, T("\"\xE0\x80\x80\"") },
	{ ENCODING, T("\"\xED\xA0\x80\"") },
	{ ENCODING, T("\"\xF4\x90\x80\x80\"") },
	{ ENCODING, T("\"\xF8\x88\x80\x80\x80\"") },
	{ ENCODING, T("{\"\xE9\":1}") },
};

static void test_json_check__corners(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		/* A copy without a byte after it, so that ASan sees a read too far. */
		struct span text = { arena_memdup(cx->arena, CASES[i].text.data, CASES[i].text.len),
			             CASES[i].text.len };
		enum err e = json_check(cx, text, &json_limits_body);

		if (e != CASES[i].want)
			print_message("# %.*s: %s\n", (int)text.len, text.data,
			              e == ERR_OK ? "accepted" : cx->fault.detail);
		assert_int_equal(e, CASES[i].want);
	}
}

/* What the check takes, json-c parses; what it refuses, json_parse() refuses alike. */
static void test_json_parse__agrees(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		CLEANUP(json_put) struct json_object *doc = NULL;
		enum err e = json_parse(cx, CASES[i].text, &json_limits_body, &doc);

		if (e != CASES[i].want)
			print_message("# %s: %s\n", CASES[i].text.data,
			              e == ERR_OK ? "accepted" : cx->fault.detail);
		assert_int_equal(e, CASES[i].want);
	}
}

static void test_json_check__tells_where(void **state)
{
	static const struct {
		const char *text, *detail;
	} TELLS[] = {
		{ "{'a':1,}", "line 1, column 8: a key in double quotes is expected here" },
		{ "{\n  'a': 1,\n  'a': 2\n}",
		  "line 3, column 3: the key \"a\" stands here twice" },
		{ "['\xC3\xA9\xC3\xA9', x]", "line 1, column 8: a value is expected here" },
		{ "[1", "line 1, column 3: the text ends too early" },
		{ "", "line 1, column 1: the text ends too early" },
		{ "[1e999]", "line 1, column 2: the number is out of range" },
		{ "{'a' 1}", "line 1, column 6: a colon is expected here" },
		{ "[1 1]", "line 1, column 4: a comma or ] is expected here" },
		{ "{} {}", "line 1, column 4: nothing may follow the value" },
		{ "['\\ud800']", "line 1, column 3: half a surrogate pair" },
		{ "['\xFF']", "line 1, column 3: the bytes are not UTF-8" },
	};

	for (size_t i = 0; i < COUNT(TELLS); i++) {
		struct ctx *cx = fixture_ctx(*state);

		assert_int_not_equal(json_check(cx, quotes(cx, TELLS[i].text), &json_limits_body),
		                     ERR_OK);
		assert_string_equal(cx->fault.detail, TELLS[i].detail);
	}
}

static struct span repeat(struct ctx *cx, const char *open, const char *mid, const char *close,
                          int n)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024 * 1024);

	for (int i = 0; i < n; i++)
		sb_add(&sb, open);
	sb_add(&sb, mid);
	for (int i = 0; i < n; i++)
		sb_add(&sb, close);
	return (struct span){ sb.data, sb.len };
}

static void test_json_check__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct json_limits small = { .max_bytes = 20, .max_depth = 3, .max_values = 4 };
	CLEANUP(json_put) struct json_object *doc = NULL;

	assert_int_equal(json_check(cx, SPAN("[[[]]]"), &small), ERR_OK);
	assert_int_equal(json_check(cx, SPAN("[[[[]]]]"), &small), ERR_LIMIT);
	assert_int_equal(json_check(cx, SPAN("[1,2,3]"), &small), ERR_OK);
	assert_int_equal(json_check(cx, SPAN("[1,2,3,4]"), &small), ERR_LIMIT);
	assert_int_equal(json_check(cx, SPAN("{\"a\":{\"b\":1}}"), &small), ERR_LIMIT);
	assert_int_equal(json_check(cx, SPAN("[                  ]"), &small), ERR_OK);
	assert_int_equal(json_check(cx, SPAN("[                   ]"), &small), ERR_LIMIT);
	assert_int_equal(json_check(cx, repeat(cx, "[", "", "]", 500000), &json_limits_body),
	                 ERR_LIMIT);
	assert_int_equal(json_check(cx, repeat(cx, "{\"a\":", "1", "}", 33), &json_limits_body),
	                 ERR_LIMIT);
	assert_int_equal(
		json_parse(cx, repeat(cx, "{\"a\":", "1", "}", 32), &json_limits_body, &doc),
		ERR_OK);
}

/* Many keys in one object, and many objects in one array, stay cheap in time and memory. */
static void test_json_check__many_keys(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1024 * 1024);
	size_t before;

	sb_add(&sb, "[{");
	for (int i = 0; i < 30000; i++)
		sb_addf(&sb, "%s\"k%d\":%d", i == 0 ? "" : ",", i, i);
	sb_add(&sb, "}");
	for (int i = 0; i < 10000; i++)
		sb_add(&sb, ",{\"a\":1}");
	sb_add(&sb, "]");
	assert_false(sb.failed);
	before = arena_used(cx->arena);
	assert_int_equal(json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body),
	                 ERR_OK);
	assert_true(arena_used(cx->arena) - before < (size_t)5 * 1024 * 1024);

	sb_truncate(&sb, sb.len - 1);
	sb_add(&sb, ",{\"a\":1,\"b\":1,\"a\":1}]");
	assert_int_equal(json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body),
	                 ERR_MALFORMED);
}

static void test_json__paths(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = NULL;

	assert_int_equal(json_parse(cx,
	                            quotes(cx, "{'a':{'b':{'c':'text'}},'n':[10,{'x':true}],"
	                                       "'z':null,'r':1.5}"),
	                            &json_limits_body, &doc),
	                 ERR_OK);
	assert_string_equal(json_text(doc, "a.b.c", "no"), "text");
	assert_string_equal(json_text(doc, "a.b", "no"), "no");
	assert_string_equal(json_text(doc, "a.b.c.d", "no"), "no");
	assert_string_equal(json_text(doc, "z", "no"), "no");
	assert_null(json_text(doc, "absent.far.away", NULL));
	assert_int_equal(json_int(doc, "n.0", -1), 10);
	assert_int_equal(json_int(doc, "n.2", -1), -1);
	assert_int_equal(json_int(doc, "n.x", -1), -1);
	assert_int_equal(json_int(doc, "r", -1), -1);
	assert_true(json_flag(doc, "n.1.x", false));
	assert_true(json_flag(doc, "n.1.y", true));
	assert_ptr_equal(json_at(doc, ""), doc);
	assert_null(json_at(NULL, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_check__corners),
		cmocka_unit_test(test_json_parse__agrees),
		cmocka_unit_test(test_json_check__tells_where),
		cmocka_unit_test(test_json_check__limits),
		cmocka_unit_test(test_json_check__many_keys),
		cmocka_unit_test(test_json__paths),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
