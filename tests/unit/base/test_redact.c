/* T23: what a context hides by its value, in faults and in log lines. */
#include "fixture.h"

#include "base/log.h"
#include "base/redact.h"

#include <string.h>

#define KEY                                                                                        \
	"-----BEGIN OPENSSH PRIVATE KEY-----\n"                                                    \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n"                                                        \
	"short\n"                                                                                  \
	"-----END OPENSSH PRIVATE KEY-----\n"

static const struct {
	const char *why, *text, *shown;
} CASES[] = {
	{ "nothing of it", "all is well", "all is well" },
	{ "a value alone", "canary-1", "[redacted]" },
	{ "in the middle", "it said canary-1.", "it said [redacted]." },
	{ "twice, side by side", "canary-1canary-1", "[redacted][redacted]" },
	{ "of two that begin together the longer", "canary-12", "[redacted]" },
	{ "a key's line", "bad line b3BlbnNzaC1rZXktdjEAAAAABG5vbmU there",
	  "bad line [redacted] there" },
	{ "PEM's first line is no secret", "-----BEGIN OPENSSH PRIVATE KEY-----",
	  "-----BEGIN OPENSSH PRIVATE KEY-----" },
	{ "values and forms", "token=abc canary-1 token=def",
	  "token=[redacted] [redacted] token=[redacted]" },
	{ "a value in a form", "password=canary-1 x", "password=[redacted] x" },
	{ "a value over the end of a form", "password=ab canary-1",
	  "password=[redacted] [redacted]" },
	{ "short values are not hidden", "abc", "abc" },
};

static void hide(struct ctx *cx)
{
	redact_also(cx, "canary-1");
	redact_also(cx, "canary-12");
	redact_also(cx, "abc");
	redact_also(cx, KEY);
	redact_also(cx, NULL);
	redact_also(cx, "");
}

static void test_redact__values(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	hide(cx);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].why);
		assert_string_equal(log_redact(cx, CASES[i].text), CASES[i].shown);
	}
	redact_forget(cx);
	assert_string_equal(log_redact(cx, "canary-1"), "canary-1");
}

static void test_redact__faults(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	hide(cx);
	err_set(cx, ERR_INTERNAL, "the server said %s", "canary-1");
	err_cause(cx, "%s", "because canary-1");
	err_fix(cx, "%s", "do not canary-1");
	assert_string_equal(cx->fault.detail, "the server said [redacted]");
	assert_string_equal(cx->fault.cause, "because [redacted]");
	assert_string_equal(cx->fault.fix, "do not [redacted]");
	err_clear(cx);
	err_field(cx, ERR_INVALID, "/value", "rule", "\"%s\" is bad", "canary-1");
	assert_string_equal(cx->fault.fields[0].detail, "\"[redacted]\" is bad");
}

/* Forms of credentials that need no telling. */
static void test_redact__forms(void **state)
{
	static const struct {
		const char *text, *shown;
	} FORMS[] = {
		{ "ps_12_AbCdEfGhIjKlMnOp", "ps_12_[redacted]" },
		{ "pr_3_AbCdEfGhIjKlMnOp", "pr_3_[redacted]" },
		{ "px_3_short", "px_3_short" },
		{ "jwt eyJhbGciOiJI.eyJzdWIi.c2ln-x end", "jwt [redacted] end" },
		{ "eyJust a word", "eyJust a word" },
		{ "ssh://git@host/a.git", "ssh://git@host/a.git" },
		{ "ssh://git:pw@host/a.git", "ssh://[redacted]@host/a.git" },
		{ "https://tok@host/a.git", "https://[redacted]@host/a.git" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(FORMS); i++)
		assert_string_equal(log_redact(cx, FORMS[i].text), FORMS[i].shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_redact__values),
		cmocka_unit_test(test_redact__faults),
		cmocka_unit_test(test_redact__forms),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
