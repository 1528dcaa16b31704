/* Places that a model names: looked up as it writes, however its text is cut. (Citations of issue 6; F5) */
#include "fixture.h"

#include "chats/cites.h"

#include <string.h>

struct ear {
	struct sb said;
	int64_t numbers;
};

static enum err say(void *arg, const char *text, size_t n)
{
	struct ear *ear = arg;

	sb_addn(&ear->said, text, n);
	return ERR_OK;
}

/* What begins with "no" is not there; the others are numbered as they come.  Documents have a name of their own. */
static enum err resolve(void *arg, struct place_named *place, int64_t *ret_number)
{
	struct ear *ear = arg;

	if (strcmp(place->path, "document/4") == 0)
		place->shown = "manual.pdf, page 3";
	*ret_number = strncmp(place->path, "no", 2) == 0 ? 0 : ++ear->numbers;
	return ERR_OK;
}

static const struct {
	const char *text, *said;
	int64_t dropped;
} CASES[] = {
	{ "plain", "plain", 0 },
	{ "In [lib/a.c:3-6].", "In `lib/a.c:3-6` [1].", 0 },
	{ "In [lib/a.c:3].", "In `lib/a.c:3` [1].", 0 },
	{ "[a.c:L3-L6] [b.c#L7]", "`a.c:3-6` [1] `b.c:7` [2]", 0 },
	{ "[`a.c:3`]", "`a.c:3` [1]", 0 },
	{ "[a.c:1, b.c:2-3; c.c:4]", "`a.c:1` [1], `b.c:2-3` [2], `c.c:4` [3]", 0 },
	{ "[7:lib/a.c:3]", "`lib/a.c:3` [1]", 0 },
	{ "[no.c:3] and [no.c:1, a.c:2]", " and `a.c:2` [1]", 0 },
	{ "[document/4:3-6, document/5:1]", "`manual.pdf, page 3` [1], `document/5:1` [2]", 0 },
	{ "see [1] and [23].", "see  and .", 2 },
	{ "x[1] and f[i]", "x[1] and f[i]", 0 },
	{ "`[a.c:3] [1]` and\n```\n[a.c:4]\n[2]\n```\n[a.c:5]",
	  "`[a.c:3] [1]` and\n```\n[a.c:4]\n[2]\n```\n`a.c:5` [1]", 0 },
	{ "an `open tick\n[a.c:3]", "an `open tick\n`a.c:3` [1]", 0 },
	{ "[link](http://h/x)", "[link](http://h/x)", 0 },
	{ "- [ ] task [x]", "- [ ] task [x]", 0 },
	{ "[[a.c:3]]", "[`a.c:3` [1]]", 0 },
	{ "[a.c:3", "[a.c:3", 0 },
	{ "[a.c:\n3]", "[a.c:\n3]", 0 },
	{ "[a.c:0] [a.c:6-3] [word:3] [:3] []", "[a.c:0] [a.c:6-3] [word:3] [:3] []", 0 },
	{ "[a.c:99999999999999999999]", "[a.c:99999999999999999999]", 0 },
	{ "[my file.c:3]", "`my file.c:3` [1]", 0 },
};

static void feed(struct ctx *cx, const char *text, size_t portion, const char *want,
                 int64_t dropped)
{
	struct ear ear = { .said = sb_new(cx->arena, 1 << 20) };
	struct cites c = { .cx = cx, .arg = &ear, .say = say, .resolve = resolve };
	size_t n = strlen(text);

	cites_begin(&c);
	for (size_t at = 0; at < n; at += portion)
		assert_int_equal(cites_feed(&c, text + at, n - at < portion ? n - at : portion),
		                 ERR_OK);
	assert_int_equal(cites_finish(&c), ERR_OK);
	assert_string_equal(ear.said.data != NULL ? ear.said.data : "", want);
	assert_int_equal(c.dropped, dropped);
}

static void test_cites__however_it_is_cut(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].text);
		for (size_t portion = 1; portion <= strlen(CASES[i].text); portion++)
			feed(fixture_ctx(*state), CASES[i].text, portion, CASES[i].said,
			     CASES[i].dropped);
	}
}

/* What never closes is not held for ever. */
static void test_cites__long(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *text = arena_alloc(cx->arena, 5000);

	memset(text, 'x', 4999);
	text[0] = '[';
	text[4999] = '\0';
	feed(cx, text, 7, text, 0);
	memset(text, '[', 4999);
	feed(cx, text, 5, text, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cites__however_it_is_cut),
		cmocka_unit_test(test_cites__long),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
