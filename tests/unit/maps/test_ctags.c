/*
 * B4: definitions through universal-ctags, and what becomes of a map when ctags hangs, dies, floods or
 * is not there.  (T5)
 */
#include "facts_text.h"

#include "maps/ctags.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A language, its text, and lines "LINE kind name": what the releases of ctags agree on. */
static const struct {
	enum lang lang;
	const char *path, *source, *expected;
} CASES[] = {
	{ LANG_LUA, "a/m.lua", "function f(x)\nend\nlocal x = 1\n", "1 function f\n" },
	{ LANG_ELIXIR, "m.ex",
	  "defmodule A do\n  @doc \"\"\"\n  defmodule No do\n  \"\"\"\n  def f(x), do: x\nend\n",
	  "1 module A\n5 function f\n" },
	{ LANG_PERL, "M.pm", "package A::B;\nuse constant X => 1;\nsub f { 1 }\n",
	  "1 module A::B\n2 constant X\n3 function f\n" },
	{ LANG_PROTO, "s.proto", "message A {\n int32 b = 1;\n}\n", "1 struct A\n" },
	{ LANG_LISP, "x.el", "(defun f ()\n  1)\n", "1 function f\n" },
};

static const char *short_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 4096);

	for (size_t i = 0; i < facts->ndefs; i++)
		sb_addf(&sb, "%u %s %s\n", facts->defs[i].line, def_kind_name(facts->defs[i].kind),
		        facts->defs[i].name);
	return sb.len > 0 ? sb.data : "";
}

static void test_ctags__definitions(void **state)
{
	static const struct ctags_options DEBIAN = { 0 };

	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(ctags_stop_ptr) struct ctags *ctags = NULL;

	assert_int_equal(ctags_start(cx, &DEBIAN, &ctags), ERR_OK);
	if (ctags == NULL)
		skip();
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);
		struct span path = { CASES[i].path, strlen(CASES[i].path) };
		struct span text = { CASES[i].source, strlen(CASES[i].source) };

		assert_true(ctags_reads(CASES[i].lang));
		assert_int_equal(ctags_read(ctags, cx->arena, path, text, &facts), GAP_NONE);
		assert_string_equal(short_text(cx, &facts), CASES[i].expected);
	}
}

/* A megabyte goes through; what is larger is not even asked for; bytes are no danger. */
static void test_ctags__large_and_odd_texts(void **state)
{
	static const struct ctags_options DEBIAN = { 0 };

	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(ctags_stop_ptr) struct ctags *ctags = NULL;
	char *text = arena_alloc(cx->arena, CTAGS_FILE_BYTES + 1);
	struct facts facts;

	memset(text, '\n', CTAGS_FILE_BYTES + 1);
	memcpy(text + CTAGS_FILE_BYTES - 20, "function f() end", 16);
	text[100] = '\0';
	text[200] = '\xff';
	assert_int_equal(ctags_start(cx, &DEBIAN, &ctags), ERR_OK);
	if (ctags == NULL)
		skip();
	facts_read(cx->arena, LANG_LUA, (struct span){ text, CTAGS_FILE_BYTES }, &facts);
	assert_int_equal(ctags_read(ctags, cx->arena, SPAN("\"}\n/../$(x)"),
	                            (struct span){ text, CTAGS_FILE_BYTES }, &facts),
	                 GAP_NONE);
	assert_int_equal(facts.ndefs, 1);
	assert_int_equal(ctags_read(ctags, cx->arena, SPAN("a.lua"),
	                            (struct span){ text, CTAGS_FILE_BYTES + 1 }, &facts),
	                 GAP_TOO_LARGE);
}

/* Something in ctags' place, as a script. */
static struct ctags *impostor(struct ctx *cx, const char *path, const char *script, int64_t file_ms)
{
	const char *const programs[] = { "/nonexistent/ctags", path, NULL };
	const struct ctags_options options = { programs, file_ms };
	struct ctags *ctags;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\n%s\n", script) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(ctags_start(cx, &options, &ctags), ERR_OK);
	assert_non_null(ctags);
	return ctags;
}

#define HELLO "echo '{\"_type\": \"program\", \"name\": \"Universal Ctags\", \"version\": \"9\"}'\n"
#define DONE  "echo '{\"_type\": \"completed\", \"command\": \"generate-tags\"}'\n"

/* Each costs the file its definitions, not the map its life; after some starts there is no other. */
static void test_ctags__survives_what_ctags_does(void **state)
{
	static const struct {
		const char *why, *script;
		int64_t file_ms; /* 0: as long as usual, which only a fault would take */
		enum def_gap first, last;
	} ROWS[] = {
		{ "hangs at once", "exec sleep 100", 50, GAP_TIMED_OUT, GAP_GAVE_UP },
		{ "hangs over a file", HELLO "exec sleep 100", 50, GAP_TIMED_OUT, GAP_GAVE_UP },
		{ "dies at once", "exit 3", 0, GAP_CRASHED, GAP_GAVE_UP },
		{ "dies over a file", HELLO "read x; kill -SEGV $$", 0, GAP_CRASHED, GAP_GAVE_UP },
		{ "never stops talking", HELLO "exec yes", 0, GAP_TOO_MUCH, GAP_GAVE_UP },
		{ "is another program",
		  "echo '{\"_type\": \"program\", \"name\": \"Exuberant\", \"version\": \"5\"}'; exec sleep 100",
		  0, GAP_NO_TOOL, GAP_GAVE_UP },
		{ "talks rubbish",
		  HELLO
		  "while read x; do read y; echo '{]'; echo '{\"_type\": \"tag\", \"name\": \"x\"}'\n" DONE
		  "done",
		  0, GAP_NONE, GAP_NONE },
	};
	char path[] = "/tmp/ctags.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct ctags *ctags = impostor(cx, path, ROWS[i].script, ROWS[i].file_ms);
		struct facts facts = { .lang = LANG_LUA, .code = 1 };
		enum def_gap gap = GAP_NONE;

		print_message("# %s\n", ROWS[i].why);
		for (int k = 0; k <= CTAGS_STARTS_MAX; k++) {
			gap = ctags_read(ctags, cx->arena, SPAN("a.lua"), SPAN("x\n"), &facts);
			if (k == 0)
				assert_string_equal(def_gap_name(gap), def_gap_name(ROWS[i].first));
			assert_int_equal(facts.ndefs, 0);
		}
		assert_string_equal(def_gap_name(gap), def_gap_name(ROWS[i].last));
		ctags_stop(ctags);
	}
	unlink(path);
}

/* It dies over one file: the next ones are read by another. */
static void test_ctags__is_started_again(void **state)
{
	static const char SCRIPT[] = HELLO
		"while read x; do read y; case $y in bad) exit 1 ;; esac\n"
		"echo '{\"_type\": \"tag\", \"name\": \"f\", \"line\": 1, \"kind\": \"function\"}'\n" DONE
		"done";
	struct ctx *cx = fixture_ctx(*state);
	char path[] = "/tmp/ctags.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);

	struct ctags *ctags = impostor(cx, path, SCRIPT, 0);
	struct facts facts = { .lang = LANG_LUA, .code = 1 };

	assert_int_equal(ctags_read(ctags, cx->arena, SPAN("a"), SPAN("bad\n"), &facts),
	                 GAP_CRASHED);
	assert_int_equal(facts.ndefs, 0);
	assert_int_equal(ctags_read(ctags, cx->arena, SPAN("a"), SPAN("good\n"), &facts), GAP_NONE);
	assert_int_equal(facts.ndefs, 1);
	ctags_stop(ctags);
	unlink(path);
}

/* What is kept of ctags' answers is of no use once there is another ctags, or none. */
static void test_ctags__another_program(void **state)
{
	char path[] = "/tmp/portolan-ctags-XXXXXX";
	const char *const programs[] = { path, NULL };
	const struct ctags_options options = { programs, 0 };
	struct ctx *cx = fixture_ctx(*state);
	int fd = mkstemp(path);
	const char *first;

	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	first = ctags_print(cx->arena, &options);
	assert_string_not_equal(first, "");
	assert_string_equal(ctags_print(cx->arena, &options), first);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_string_not_equal(ctags_print(cx->arena, &options), first);
	unlink(path);
	assert_string_equal(ctags_print(cx->arena, &options), "");
}

static void test_ctags__is_not_there(void **state)
{
	static const char *const NOWHERE[] = { "/nonexistent/ctags", NULL };
	static const struct ctags_options OPTIONS = { NOWHERE, 0 };

	struct ctx *cx = fixture_ctx(*state);
	struct facts facts = { .lang = LANG_LUA, .code = 1 };
	struct ctags *ctags;

	assert_int_equal(ctags_start(cx, &OPTIONS, &ctags), ERR_OK);
	assert_null(ctags);
	assert_int_equal(ctags_read(ctags, cx->arena, SPAN("a"), SPAN("x\n"), &facts), GAP_NO_TOOL);
	ctags_stop(ctags);
}

/* Lines, names and kinds are taken only where they can be true. */
static void test_ctags__answers_are_not_trusted(void **state)
{
	static const char OUTPUT[] =
		"{\"_type\": \"tag\", \"name\": \"b\", \"line\": 3, \"kind\": \"function\", \"end\": 9}\n"
		"{\"_type\": \"tag\", \"name\": \"a\", \"line\": 2, \"kind\": \"class\", \"end\": 1}\n"
		"{\"_type\": \"tag\", \"name\": \"a\", \"line\": 2, \"kind\": \"class\", \"end\": 3}\n"
		"{\"_type\": \"tag\", \"name\": \"c\", \"line\": 0, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": \"c\", \"line\": 4, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": \"c\", \"line\": -1, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": \"c\", \"line\": 99999999999, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": \"c\", \"line\": 1, \"kind\": \"label\"}\n"
		"{\"_type\": \"tag\", \"name\": \"\", \"line\": 1, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": \"__anon1\", \"line\": 1, \"kind\": \"class\"}\n"
		"{\"_type\": \"error\", \"name\": \"c\", \"line\": 1, \"kind\": \"class\"}\n"
		"{\"_type\": \"tag\", \"name\": [[[[\n\n";
	struct ctx *cx = fixture_ctx(*state);
	struct facts facts = { .lang = LANG_PERL, .code = 3 };

	ctags_tags(cx->arena, (struct span){ OUTPUT, sizeof(OUTPUT) - 1 }, &facts);
	assert_string_equal(defs_text(cx, &facts), "2-2 class a\n3-3 function b\n");

	/* Lua writes the table into the name. */
	facts = (struct facts){ .lang = LANG_LUA, .code = 3 };
	ctags_tags(
		cx->arena,
		SPAN("{\"_type\": \"tag\", \"name\": \"a.b:c\", \"line\": 1, \"kind\": \"function\"}\n"
	             "{\"_type\": \"tag\", \"name\": \"a.d\", \"line\": 2, \"kind\": \"function\"}\n"),
		&facts);
	assert_string_equal(defs_text(cx, &facts), "1-1 method c of a.b\n2-2 function d of a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctags__definitions),
		cmocka_unit_test(test_ctags__large_and_odd_texts),
		cmocka_unit_test(test_ctags__survives_what_ctags_does),
		cmocka_unit_test(test_ctags__is_started_again),
		cmocka_unit_test(test_ctags__is_not_there),
		cmocka_unit_test(test_ctags__another_program),
		cmocka_unit_test(test_ctags__answers_are_not_trusted),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
