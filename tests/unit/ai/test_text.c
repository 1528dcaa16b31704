/* What nobody sees is taken out; tokens are counted; templates have versions; providers say when (G7, F3). */
#include "fixture.h"

#include "ai/exchange.h"
#include "ai/llm.h"
#include "ai/prompt.h"
#include "ai/strip.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct {
	const char *in, *out;
} STRIPPED[] = {
	{ "", "" },
	{ "plain\ttext\r\n", "plain\ttext\r\n" },
	{ "Grüße, 漢字, العربية, 🎉", "Grüße, 漢字, العربية, 🎉" },
	{ "a\u200bb\u200cc\u200dd\u2060e\ufefff", "abcdef" },
	{ "\u202eevil\u202c \u2066x\u2069", "evil x" },
	{ "tag\U000E0041\U000E007F", "tag" },
	{ "heart\u2764\ufe0f", "heart\u2764" },
	{ "soft\u00adhyphen", "softhyphen" },
	{ "bell\a null-free\x7f", "bell null-free" },
	{ "bad\xff\xc3", "bad\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "over\xC0\xAFlong \xED\xA0\x80",
	  "over\xEF\xBF\xBD\xEF\xBF\xBDlong \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "private\U000F0001", "private" },
};

static void test_strip__takes_out(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(STRIPPED); i++) {
		const char *in = STRIPPED[i].in, *out;
		size_t n;

		out = strip_text(cx->arena, in, strlen(in), &n);
		assert_string_equal(out, STRIPPED[i].out);
		assert_int_equal(n, strlen(STRIPPED[i].out));
		/* Nothing is left for a second time, and nothing is copied for nothing. */
		assert_ptr_equal(strip_text(cx->arena, out, n, NULL), out);
	}
	/* A part of a text ends where it is said to. */
	assert_string_equal(strip_text(cx->arena, "abcdef", 3, NULL), "abc");
	/* A NUL within is a control character. */
	assert_string_equal(strip_text(cx->arena, "a\0b", 3, NULL), "ab");
}

static void test_tokens__count(void **state)
{
	(void)state;
	assert_int_equal(llm_tokens("", 0), 0);
	assert_int_equal(llm_tokens("a", 1), 1);
	assert_int_equal(llm_tokens("12345678", 8), 2);
	assert_int_equal(llm_tokens("漢字", 6), 2);
	assert_int_equal(llm_tokens("Grüße", 7), 3);
}

/* --- Prompts --- */

struct folder {
	char path[64];
	struct config config;
};

static void write_file(struct ctx *cx, const struct folder *f, const char *name, const char *text)
{
	FILE *file = fopen(arena_printf(cx->arena, "%s/%s.md", f->path, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct app with_folder(struct ctx *cx, struct folder *f)
{
	struct app app = *cx->app;

	snprintf(f->path, sizeof(f->path), "/tmp/prompts-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->config = (struct config){ .prompts_dir = f->path };
	app.config = &f->config;
	return app;
}

static void remove_file(struct ctx *cx, const struct folder *f, const char *name)
{
	unlink(arena_printf(cx->arena, "%s/%s.md", f->path, name));
}

static void test_prompt__fills(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct folder folder;
	struct app app = with_folder(cx, &folder);
	const struct prompt_value values[] = { { "who", "{{what}}" }, { "what", "}} it {" } };
	struct prompt prompt, again;

	cx->app = &app;
	write_file(cx, &folder, "greet", "version: 3\nHi {{who}}, {{what}}{{who}} {single} }}\n");
	assert_int_equal(prompt_fill(cx, "greet", values, 2, &prompt), ERR_OK);
	assert_string_equal(prompt.text, "Hi {{what}}, }} it {{{what}} {single} }}\n");
	assert_string_equal(prompt.name, "greet");
	assert_int_equal(strncmp(prompt.version, "3-", 2), 0);
	assert_int_equal(strlen(prompt.version), 10);
	/* Changed without a new number: noticed all the same. */
	write_file(cx, &folder, "greet", "version: 3\nHello {{who}}");
	assert_int_equal(prompt_fill(cx, "greet", values, 2, &again), ERR_OK);
	assert_string_not_equal(again.version, prompt.version);
	remove_file(cx, &folder, "greet");
	rmdir(folder.path);
}

static void test_prompt__errors(void **state)
{
	static const struct {
		const char *text, *says;
	} BAD[] = {
		{ "Hi", "no version" },
		{ "version: 0\nHi", "no version" },
		{ "version: 1", "no version" },
		{ "version: 1x\nHi", "no version" },
		{ "version: 1\na\nb {{nobody}}", "line 3: {{nobody}}" },
		{ "version: 1\n{{who", "line 2: {{" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct folder folder;
	struct app app = with_folder(cx, &folder);
	const struct prompt_value value = { "who", "x" };
	struct prompt prompt;

	cx->app = &app;
	assert_int_equal(prompt_fill(cx, "missing", &value, 1, &prompt), ERR_INTERNAL);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		write_file(cx, &folder, "bad", BAD[i].text);
		assert_int_equal(prompt_fill(cx, "bad", &value, 1, &prompt), ERR_INTERNAL);
		assert_non_null(strstr(cx->fault.detail, BAD[i].says));
	}
	remove_file(cx, &folder, "bad");
	rmdir(folder.path);
}

/* --- When to ask again; the fixture's clock says 2026-11-21T06:45:00.123Z --- */

struct header {
	const char *name, *value;
};

static const char *header_of(const void *from, const char *name)
{
	const struct header *h = from;

	for (; h->name != NULL; h++) {
		if (strcasecmp(h->name, name) == 0)
			return h->value;
	}
	return NULL;
}

static const struct {
	struct header headers[4];
	int64_t ms;
} WAITS[] = {
	{ { { NULL, NULL } }, -1 },
	{ { { "Retry-After-Ms", "250" } }, 250 },
	{ { { "retry-after", "9" }, { "retry-after-ms", "1.5" } }, 2 },
	{ { { "retry-after", "7" } }, 7000 },
	{ { { "retry-after", "0.25" } }, 250 },
	{ { { "retry-after", "Sat, 21 Nov 2026 06:45:10 GMT" } }, 9877 },
	{ { { "retry-after", "Sat, 21 Nov 2020 06:45:10 GMT" } }, 0 },
	{ { { "retry-after", "soon" } }, -1 },
	{ { { "retry-after", "inf" } }, -1 },
	{ { { "retry-after", "-5" } }, -1 },
	{ { { "retry-after", "99999999999999999999" } }, 86400000 },
	{ { { "x-ratelimit-remaining-tokens", "0" }, { "x-ratelimit-reset-tokens", "6m0.5s" } },
	  360500 },
	{ { { "x-ratelimit-remaining-tokens", "5" }, { "x-ratelimit-reset-tokens", "6m0s" } }, -1 },
	{ { { "x-ratelimit-reset-requests", "20ms" } }, 20 },
	{ { { "x-ratelimit-reset-requests", "1h" } }, 3600000 },
	{ { { "x-ratelimit-reset-requests", "1x" } }, -1 },
	{ { { "anthropic-ratelimit-requests-remaining", "0" },
	    { "anthropic-ratelimit-requests-reset", "2026-11-21T06:45:01Z" } },
	  877 },
};

static void test_wait__each_header(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(WAITS); i++)
		assert_int_equal(exchange_wait_ms(cx, header_of, WAITS[i].headers), WAITS[i].ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strip__takes_out),  cmocka_unit_test(test_tokens__count),
		cmocka_unit_test(test_prompt__fills),     cmocka_unit_test(test_prompt__errors),
		cmocka_unit_test(test_wait__each_header),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
