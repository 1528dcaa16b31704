/*
 * The answer of the analyser: parts come out as they went in, and anything that is
 * not exactly a bundle is refused, for the child that wrote it is not trusted.  (B4, T5)
 */
#include "fixture.h"
#include "base/sb.h"
#include "maps/bundle.h"
#include "maps/child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "portolan-bundle 1\n"

static void test_bundle__there_and_back(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct bundle sent = { 0 }, got;
	char text[256];
	FILE *f = tmpfile();
	size_t n;

	bundle_add(&sent, BUNDLE_CONTENT, SPAN("{\"a\":1}"));
	bundle_add(&sent, "edges_2", SPAN("end 9\n\0x"));
	bundle_add(&sent, "none", SPAN(""));
	assert_non_null(f);
	assert_true(bundle_send(&sent, fileno(f)));
	rewind(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);

	assert_int_equal(bundle_read(cx, (struct span){ text, n }, &got), ERR_OK);
	assert_int_equal(got.nparts, 3);
	for (size_t i = 0; i < got.nparts; i++) {
		assert_string_equal(got.parts[i].name, sent.parts[i].name);
		assert_int_equal(got.parts[i].data.len, sent.parts[i].data.len);
		assert_memory_equal(got.parts[i].data.data, sent.parts[i].data.data,
		                    sent.parts[i].data.len);
	}
	assert_ptr_equal(bundle_find(&got, "edges_2"), &got.parts[1].data);
	assert_null(bundle_find(&got, "edges"));
}

static size_t written(FILE *f, char *ret, size_t room)
{
	size_t n;

	rewind(f);
	n = fread(ret, 1, room, f);
	fclose(f);
	return n;
}

/* Sent part by part it is the same, to the byte; nothing of it is kept but that it was there. */
static void test_bundle__sent_as_it_is_made(void **state)
{
	FILE *f = tmpfile(), *g = tmpfile();
	struct bundle sent = bundle_to(fileno(f)), kept = { 0 };
	char one[256], other[256];
	size_t n;

	(void)state;
	bundle_add(&sent, BUNDLE_CONTENT, SPAN("{\"a\":1}"));
	bundle_add(&sent, "none", SPAN(""));
	assert_non_null(bundle_find(&sent, "none"));
	assert_null(bundle_find(&sent, "edges"));
	assert_true(bundle_end(&sent));
	bundle_add(&kept, BUNDLE_CONTENT, SPAN("{\"a\":1}"));
	bundle_add(&kept, "none", SPAN(""));
	assert_true(bundle_send(&kept, fileno(g)));
	n = written(f, one, sizeof(one));
	assert_int_equal(written(g, other, sizeof(other)), n);
	assert_memory_equal(one, other, n);
}

/* Who does not get it all is told so at the end. */
static void test_bundle__nobody_takes_it(void **state)
{
	struct bundle sent = bundle_to(-1);

	(void)state;
	bundle_add(&sent, BUNDLE_CONTENT, SPAN("{}"));
	assert_false(bundle_end(&sent));
}

/* What fails when parts have been sent says so on the last line. */
static void test_bundle__fault_behind_parts(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct tool_result result = {
		.exit_code = 1,
		.output = SPAN(
			HEAD
			"content 2\n{}\nsymb"
			"\n{\"type\":\"memory-limit\",\"detail\":\"too much\",\"fix\":\"more\"}"),
	};

	assert_int_equal(child_failure(cx, "portolan-analyse", &result), ERR_OUT_OF_MEMORY);
	assert_string_equal(cx->fault.detail, "too much");
}

/* Each cut of a good text is refused. */
static void test_bundle__cut_anywhere(void **state)
{
	static const char WHOLE[] = HEAD "content 2\n{}\nb 0\n\nend 2\n";
	struct ctx *cx = fixture_ctx(*state);
	struct bundle got;

	for (size_t n = 0; n < sizeof(WHOLE) - 1; n++)
		assert_int_equal(bundle_read(cx, (struct span){ WHOLE, n }, &got), ERR_INVALID);
	assert_int_equal(bundle_read(cx, SPAN(WHOLE), &got), ERR_OK);
}

static void test_bundle__refused(void **state)
{
	static const struct {
		const char *why, *text;
	} CASES[] = {
		{ "another version", "portolan-bundle 2\nend 0\n" },
		{ "the old answer", "{\"meta\":{}}" },
		{ "no last line", HEAD "a 1\nx\n" },
		{ "a wrong count", HEAD "a 1\nx\nend 2\n" },
		{ "more after the end", HEAD "end 0\n\n" },
		{ "a name twice", HEAD "a 1\nx\na 1\nx\nend 2\n" },
		{ "a capital letter", HEAD "A 1\nx\nend 1\n" },
		{ "no name", HEAD " 1\nx\nend 1\n" },
		{ "a name too long", HEAD "a1234567890123456789012345678901 0\n\nend 1\n" },
		{ "a longer part than there is", HEAD "a 9\nx\nend 1\n" },
		{ "a shorter one", HEAD "a 1\nxy\nend 1\n" },
		{ "a number that overflows", HEAD "a 18446744073709551617\nx\nend 1\n" },
		{ "a sign", HEAD "a +1\nx\nend 1\n" },
		{ "a leading zero", HEAD "a 01\nx\nend 1\n" },
		{ "no number", HEAD "a \nx\nend 1\n" },
		{ "two spaces", HEAD "a  1\nx\nend 1\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct bundle got;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span text = { CASES[i].text, strlen(CASES[i].text) };

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(bundle_read(cx, text, &got), ERR_INVALID);
		assert_non_null(cx->fault.cause);
	}
}

static void test_bundle__too_many_parts(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4096);
	struct bundle got;

	sb_add(&sb, HEAD);
	for (int i = 0; i <= BUNDLE_PARTS_MAX; i++)
		sb_addf(&sb, "p%d 0\n\n", i);
	sb_addf(&sb, "end %d\n", BUNDLE_PARTS_MAX + 1);
	assert_int_equal(bundle_read(cx, (struct span){ sb.data, sb.len }, &got), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle__there_and_back),
		cmocka_unit_test(test_bundle__sent_as_it_is_made),
		cmocka_unit_test(test_bundle__nobody_takes_it),
		cmocka_unit_test(test_bundle__fault_behind_parts),
		cmocka_unit_test(test_bundle__cut_anywhere),
		cmocka_unit_test(test_bundle__refused),
		cmocka_unit_test(test_bundle__too_many_parts),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
