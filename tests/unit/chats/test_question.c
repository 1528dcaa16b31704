/* What a question asks about: names, words, the whole; and the lines of a passage that it is shown by. (H6, F5) */
#include "fixture.h"

#include "chats/extract.h"

#include <string.h>

static const char *join(struct arena *arena, const char *const *texts, size_t n)
{
	struct sb sb = sb_new(arena, 4096);

	sb_add(&sb, "");
	for (size_t i = 0; i < n; i++) {
		sb_add(&sb, i > 0 ? " " : "");
		sb_add(&sb, texts[i]);
	}
	return sb.data;
}

static void test_question__names_words_whole(void **state)
{
	static const struct {
		const char *text, *names, *words;
		bool general;
	} CASES[] = {
		{ "Where is parse_request defined?", "parse_request", "defined", false },
		{ "Who calls getHTTPResponse()?", "getHTTPResponse", "calls", false },
		{ "what does `run` do", "run", "", false },
		{ "What does `open(path)` return", "open", "return", false },
		{ "explain lib/base/db.c.", "lib/base/db.c", "", false },
		{ "Net::HTTP and a->next", "Net::HTTP a->next", "", false },
		{ "How are requests parsed, and requests routed?", "", "requests parsed routed",
		  false },
		{ "What is this project?", "", "project", true },
		{ "Give me an overview of the architecture.", "", "overview architecture", true },
		{ "", "", "", true },
		{ "???", "", "", true },
		{ "`unclosed", "", "unclosed", false },
		{ "``", "", "", true },
		{ "a::", "", "", true },
		{ "_init and __x", "_init __x", "", false },
		{ "Gr\xc3\xb6\xc3\x9f"
		  "e der Datei",
		  "",
		  "gr\xc3\xb6\xc3\x9f"
		  "e der datei",
		  false },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct question q;

		print_message("# %s\n", CASES[i].text);
		question_read(cx->arena, CASES[i].text, &q);
		assert_string_equal(join(cx->arena, q.names, q.nnames), CASES[i].names);
		assert_string_equal(join(cx->arena, q.words, q.nwords), CASES[i].words);
		assert_int_equal(q.general, CASES[i].general);
	}
}

static void test_question__past(void **state)
{
	static const struct {
		const char *text;
		bool past;
	} CASES[] = {
		{ "Who changed the parser last?", true },
		{ "When was lib/a.c added", true },
		{ "why was parse_request removed", true },
		{ "recent commits", true },
		{ "Who uses the parser?", false },
		{ "What is the last element of the list?", false },
		{ "How is a change stored?", false },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct question q;

		print_message("# %s\n", CASES[i].text);
		question_read(cx->arena, CASES[i].text, &q);
		assert_int_equal(q.past, CASES[i].past);
	}
}

static void test_question__phrases(void **state)
{
	static const struct {
		const char *text, *phrases, *words;
	} CASES[] = {
		{ "Where are jobs claimed with SKIP LOCKED?", "SKIP LOCKED",
		  "jobs claimed skip locked" },
		{ "who says \"not so fast\" ON AN HTTP POST, or \"", "not so fast ON AN HTTP POST",
		  "says so fast http post" },
		{ "SQL, and A B", "", "sql" },
		{ "THE  END of X", "", "end" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct question q;

		question_read(cx->arena, CASES[i].text, &q);
		assert_string_equal(join(cx->arena, q.phrases, q.nphrases), CASES[i].phrases);
		assert_string_equal(join(cx->arena, q.words, q.nwords), CASES[i].words);
	}
}

/* As many names and words as there is room for, and none that has no end. */
static void test_question__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1 << 20);
	struct question q;

	for (int i = 0; i < 1000; i++)
		sb_addf(&sb, "name_%d word%c%c ", i, 'a' + i % 26, 'a' + i / 26 % 26);
	for (int i = 0; i < 1000; i++)
		sb_add(&sb, "x_");
	question_read(cx->arena, sb.data, &q);
	assert_int_equal(q.nnames, QUESTION_NAMES_MAX);
	assert_int_equal(q.nwords, QUESTION_WORDS_MAX);
	for (size_t i = 0; i < q.nnames; i++)
		assert_true(strlen(q.names[i]) <= QUESTION_NAME_MAX);
}

static void test_extract__window_is_where_the_words_are(void **state)
{
	static const struct {
		const char *text, *question;
		int64_t n, skip;
		const char *shown;
	} CASES[] = {
		{ "a\nb\nc\n", "anything", 5, 0, "a\nb\nc\n" },
		{ "a\nb\nc", "anything", 2, 0, "a\nb\n" },
		{ "int f(void)\n{\n\tx();\n\tsocket();\n\taccept();\n}\n", "socket accept", 2, 3,
		  "\tsocket();\n\taccept();\n" },
		{ "one\ntwo\nsocket\n", "the Socket", 1, 2, "socket\n" },
		{ "open_file\nx\ny\nopen_file open_file\n", "open_file", 1, 0, "open_file\n" },
		{ "", "x", 3, 0, "" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct span text = { CASES[i].text, strlen(CASES[i].text) };
		struct span shown;
		struct question q;
		int64_t skip;

		print_message("# %s\n", CASES[i].question);
		question_read(cx->arena, CASES[i].question, &q);
		shown = extract_window(text, &q, CASES[i].n, &skip);
		assert_int_equal(skip, CASES[i].skip);
		assert_int_equal(shown.len, strlen(CASES[i].shown));
		assert_memory_equal(shown.data, CASES[i].shown, shown.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question__names_words_whole),
		cmocka_unit_test(test_question__past),
		cmocka_unit_test(test_question__phrases),
		cmocka_unit_test(test_question__limits),
		cmocka_unit_test(test_extract__window_is_where_the_words_are),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
