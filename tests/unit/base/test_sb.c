/* String builder: appending, JSON texts, the ceiling. */
#include "fixture.h"

#include "base/json.h"
#include "base/sb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void test_sb__append(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 10000);
	const char *text = NULL;

	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	assert_string_equal(text, "");
	sb_add(&sb, "a");
	sb_addc(&sb, 'b');
	sb_addn(&sb, "cde", 2);
	sb_addf(&sb, "%d%s", 12, "x");
	sb_addn(&sb, NULL, 0);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	assert_string_equal(text, "abcd12x");
	assert_int_equal(sb.len, 7);
	sb_truncate(&sb, 2);
	sb_add(&sb, "!");
	assert_string_equal(sb.data, "ab!");
	for (int i = 0; i < 9000; i++)
		sb_addc(&sb, 'y');
	assert_int_equal(strlen(sb.data), 9003);
}

static void test_sb__int(void **state)
{
	static const int64_t NUMBERS[] = {
		0, 1, -1, 9, 10, -10, 1234567890123, INT64_MAX, INT64_MIN
	};
	struct ctx *cx = fixture_ctx(*state);

	for (int64_t power = 10; power < INT64_MAX / 10; power *= 10) {
		for (int64_t n = power - 1; n <= power + 1; n++) {
			struct sb sb = sb_new(cx->arena, 100);

			sb_int(&sb, n);
			sb_int_after(&sb, ' ', -n);
			assert_string_equal(sb.data, arena_printf(cx->arena, "%lld %lld",
			                                          (long long)n, (long long)-n));
		}
	}

	for (size_t i = 0; i < COUNT(NUMBERS); i++) {
		struct sb sb = sb_new(cx->arena, 100);

		sb_int(&sb, NUMBERS[i]);
		assert_string_equal(sb.data,
		                    arena_printf(cx->arena, "%lld", (long long)NUMBERS[i]));
	}
}

/* The append that does not fit changes nothing, and none after it counts. */
static void test_sb__ceiling(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 10);
	const char *text = "untouched";

	sb_add(&sb, "0123456789");
	assert_false(sb.failed);
	sb_truncate(&sb, 8);
	sb_add(&sb, "abc");
	assert_true(sb.failed);
	sb_add(&sb, "d");
	sb_addf(&sb, "%d", 1);
	assert_string_equal(sb.data, "01234567");
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_LIMIT);
	assert_string_equal(text, "untouched");
	assert_string_equal(cx->fault.detail, "the text passes 10 bytes");
}

static void test_sb__fixed(void **state)
{
	char memory[8];
	struct sb sb = sb_fixed(memory, sizeof(memory));

	(void)state;
	assert_string_equal(memory, "");
	sb_add(&sb, "1234567");
	assert_false(sb.failed);
	assert_string_equal(memory, "1234567");
	sb_addc(&sb, '8');
	assert_true(sb.failed);
	assert_string_equal(memory, "1234567");
}

static void test_sb__json(void **state)
{
	static const struct {
		struct span text;
		const char *json;
	} CASES[] = {
		{ { "", 0 }, "\"\"" },
		{ { "abc", 3 }, "\"abc\"" },
		{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
		{ { "\b\f\n\r\t\x01\x1F\x7F", 8 }, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"" },
		{ { "a\0b", 3 }, "\"a\\u0000b\"" },
		{ { "\xC3\xA9\xF0\x9F\x98\x80", 6 }, "\"\xC3\xA9\xF0\x9F\x98\x80\"" },
		{ { "\xFFz\xC3", 3 }, "\"\xEF\xBF\xBDz\xEF\xBF\xBD\"" },
		{ { "\xED\xA0\x80", 3 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 1000);

		sb_jsonn(&sb, CASES[i].text.data, CASES[i].text.len);
		assert_string_equal(sb.data, CASES[i].json);
	}
}

/* A text of plain bytes alone is appended at once; one that does not fit with its quotes, not at all. */
static void test_sb__json_of_plain_text(void **state)
{
	char memory[13];
	struct sb sb = sb_fixed(memory, sizeof(memory));

	(void)state;
	sb_json_name(&sb, "name");
	sb_json(&sb, " ~!");
	assert_false(sb.failed);
	assert_string_equal(memory, "\"name\":\" ~!\"");
	sb_truncate(&sb, 8);
	sb_json(&sb, "abcd");
	assert_true(sb.failed);
	sb = sb_fixed(memory, 7);
	sb_json_name(&sb, "name");
	assert_true(sb.failed);
	assert_string_equal(memory, "");
	sb = sb_fixed(memory, 9);
	sb_json_member(&sb, '{', "name");
	assert_false(sb.failed);
	assert_string_equal(memory, "{\"name\":");
	sb_json_member(&sb, ',', "n");
	assert_true(sb.failed);
	assert_string_equal(memory, "{\"name\":");
}

/* What is looked at eight bytes at a time is as it is one by one, wherever a byte stands. */
static void test_sb__json_of_long_text(void **state)
{
	for (int c = 1; c < 128; c++) {
		struct ctx *cx = fixture_ctx(*state);
		const char one[] = { (char)c, '\0' };
		struct sb piece = sb_new(cx->arena, 100);

		sb_json(&piece, one);
		for (int at = 0; at < 20; at++) {
			struct sb sb = sb_new(cx->arena, 1000), want = sb_new(cx->arena, 1000);
			char text[21];

			memset(text, '~', 20);
			text[20] = '\0';
			text[at] = (char)c;
			sb_json(&sb, text);
			sb_addf(&want, "\"%.*s%.*s%.*s\"", at, "~~~~~~~~~~~~~~~~~~~~",
			        (int)piece.len - 2, piece.data + 1, 19 - at,
			        "~~~~~~~~~~~~~~~~~~~~");
			assert_string_equal(sb.data, want.data);
		}
	}
}

/* Whatever bytes come in, valid JSON comes out. */
static void test_sb__json_of_every_byte(void **state)
{
	for (int c = 1; c < 256; c++) {
		struct ctx *cx = fixture_ctx(*state);
		struct sb sb = sb_new(cx->arena, 1000);
		const char text[] = { 'a', (char)c, 'z', (char)c, '\0' };

		sb_json(&sb, text);
		assert_int_equal(
			json_check(cx, (struct span){ sb.data, sb.len }, &json_limits_body),
			ERR_OK);
	}
}

/* Neither an element nor an attribute, whichever quotes it has, is left. */
static void test_sb__markup(void **state)
{
	static const struct {
		const char *text, *shown;
	} CASES[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "<b>\"x\" & 'y'</b>", "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;" },
		{ "&lt;", "&amp;lt;" },
		{ "\xc3\xa9<", "\xc3\xa9&lt;" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct sb sb = sb_new(cx->arena, 1000);

		sb_markup(&sb, CASES[i].text);
		assert_string_equal(sb.data, CASES[i].shown);
	}
}

/* Room that is written to directly counts like any other text, and so does the ceiling. */
static void test_sb__room(void **state)
{
	static const int64_t NUMBERS[] = { 0,  9,   10,    99,        100,       999,     1000,
		                           -1, -10, 12345, INT64_MAX, INT64_MIN, 10000000 };
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1000), small = sb_new(cx->arena, 4);

	for (size_t i = 0; i < COUNT(NUMBERS); i++) {
		char *to = sb_room(&sb, SB_INT_MAX + 1), wanted[32];
		size_t from = sb.len;

		assert_non_null(to);
		to = sb_put_int(to, NUMBERS[i]);
		*to++ = ' ';
		sb_took(&sb, to);
		snprintf(wanted, sizeof(wanted), "%" PRId64 " ", NUMBERS[i]);
		assert_string_equal(sb.data + from, wanted);
		assert_int_equal(sb.len - from, strlen(wanted));
	}
	sb_took(&small, sb_put_int(sb_room(&small, SB_INT_MAX), 1234));
	assert_false(small.failed);
	sb_took(&small, sb_put_int(sb_room(&small, SB_INT_MAX), 5));
	assert_true(small.failed);
	assert_string_equal(small.data, "1234");
	assert_null(sb_room(&small, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sb__append),
		cmocka_unit_test(test_sb__int),
		cmocka_unit_test(test_sb__ceiling),
		cmocka_unit_test(test_sb__fixed),
		cmocka_unit_test(test_sb__json),
		cmocka_unit_test(test_sb__json_of_every_byte),
		cmocka_unit_test(test_sb__json_of_plain_text),
		cmocka_unit_test(test_sb__json_of_long_text),
		cmocka_unit_test(test_sb__markup),
		cmocka_unit_test(test_sb__room),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
