/* B4: lines of code, comment and blanks, as cloc counts them; and the limits on bad input. */
#include "facts_text.h"

#include <stdlib.h>
#include <time.h>

#define HOSTILE_BYTES ((size_t)4 << 20)

struct lines_case {
	enum lang lang;
	const char *source;
	uint32_t code, comment, blank;
};

static const struct lines_case LINES[] = {
	{ LANG_C, "", 0, 0, 0 },
	{ LANG_C, "\n", 0, 0, 1 },
	{ LANG_C, "int a;", 1, 0, 0 },
	{ LANG_C, "\xef\xbb\xbf// a\r\n\r\nint b; // c\r\n", 1, 1, 1 },
	{ LANG_C, "/* a\n\n b */ int c;\n/* d */\n", 1, 2, 1 },
	{ LANG_C, "char *s = \"/* no\"; // \"\nchar c = '\"'; /* x\n */\n", 2, 1, 0 },
	{ LANG_C, "// a \\\nstill a\nint b;\n", 1, 2, 0 },
	{ LANG_CPP, "auto s = R\"x(\n// no\n)x\";\nint i = 1'000; // y\n", 4, 0, 0 },
	{ LANG_PYTHON, "# a\n'''doc\n\nmore'''\nx = \"\"\"\ntext\n\"\"\" + y  # z\n", 2, 4, 1 },
	{ LANG_PYTHON, "def f():\n    \"\"\"One line.\"\"\"\n    return '#'\n", 2, 1, 0 },
	{ LANG_PYTHON, "x = r'''a\nb\n'''\n", 1, 2, 0 },
	{ LANG_JAVASCRIPT, "const r = /\\/*[/*]/; // a\n/* b */\n`// ${ c /* d */ }\n// e`\n", 3, 1,
	  0 },
	{ LANG_JAVASCRIPT, "a = b / c; // d\n// e\nf = (1) / 2 // g\n", 2, 1, 0 },
	{ LANG_TSX, "return <a href=\"x\">\n  // text\n  {/* b\n  */}\n</a>\n", 5, 0, 0 },
	{ LANG_GO, "s := `\n// no\n`\n// yes\n", 3, 1, 0 },
	{ LANG_RUST,
	  "/* a /* b */\n c */\nlet c = '\"'; // x\nlet l: &'a str = r#\"// \"#;\n// y\n", 2, 3,
	  0 },
	{ LANG_JAVA, "/** a\n * b\n */\nString s = \"\"\"\n  // no \\\"\"\"\n  \"\"\";\n", 3, 3,
	  0 },
	{ LANG_SHELL, "#!/bin/sh\n# a\necho $# ${a#b} # c\ncat <<-'E' x\n# no\n\tE\n# d\n", 5, 2,
	  0 },
	{ LANG_SHELL, "cat <<!\n# no\n!\n# a\ncat <<E-1.f\n# no\nE-1.f\n", 6, 1, 0 },
	{ LANG_SHELL, "x=$((1 << Y))\n# a\n", 1, 1, 0 },
	{ LANG_SQL, "-- a\nselect 'it''s --'; /* b\n*/\n", 1, 2, 0 },
	{ LANG_LUA, "--[[ a\nb ]]\n-- c\ns = [==[\n-- no\n]==]\n", 3, 3, 0 },
	{ LANG_HTML, "<p>it's</p>\n<!-- a\n-->\n", 1, 2, 0 },
	{ LANG_VUE, "<p>\n<!-- a -->\n</p>\n<script>\n// b\nc\n/* d */\n</script>\n", 5, 3, 0 },
	{ LANG_RUBY, "=begin\na\n=end\nb # c\n# d\n", 1, 4, 0 },
	{ LANG_YAML, "a: b#c # d\n# e\n", 1, 1, 0 },
	{ LANG_INI, "; a\n# b\n[c]\nd = e ; f\n", 2, 2, 0 },
	{ LANG_BATCH, "REM a\n:: b\n@rem c\necho rem\n", 1, 3, 0 },
	{ LANG_HASKELL, "{- a {- b -}\n-}\nf' = 'x' -- c\n", 1, 2, 0 },
	{ LANG_CSHARP, "var s = @\"a\\\"; // b\n// c\n", 1, 1, 0 },
	{ LANG_CSHARP,
	  "var s = @\"a \"\" /*\n// b\n\"; // c\nvar t = \"\"\"\"\n \"\"\" // d\n \"\"\"\"; /* e\n*/\n",
	  6, 1, 0 },
	{ LANG_KOTLIN,
	  "/* a /* b */\n*/\nval c = \"\"\"\\\"\"\"\" // d\nfun `/* e`() = '\"' /* f\n*/\n", 2, 3,
	  0 },
	{ LANG_PHP,
	  "<p>// it's\n\n<?php // a ?> /* b\n<?php # c\n#[D]\n$e = 'f\n// g' . <<<H\n/* i\n  H; /* j\n*/\n",
	  8, 1, 1 },
	{ LANG_THRIFT, "# a\nstruct b {} // it's\n/* c */\n", 1, 2, 0 },
	{ LANG_TEXT, "a // b\n\n# c\n", 2, 0, 1 },
};

static void test_lines__of_each_language(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(LINES); i++) {
		const struct lines_case *c = &LINES[i];
		struct facts f = facts_of(cx, c->lang, c->source);

		if (f.code != c->code || f.comment != c->comment || f.blank != c->blank)
			fail_msg("%s: %u code %u comment %u blank of\n%s", lang_name(c->lang),
			         f.code, f.comment, f.blank, c->source);
	}
}

static struct span repeated(struct ctx *cx, const char *unit, size_t bytes)
{
	size_t n = strlen(unit);
	char *text = arena_alloc(cx->arena, bytes);

	for (size_t i = 0; i < bytes; i++)
		text[i] = unit[i % n];
	return (struct span){ text, bytes };
}

/* Time is linear: what is slow on such files is so by a factor of thousands, not of ten. */
static void test_lines__hostile_bytes(void **state)
{
	static const char *const UNITS[] = { "(",        "{",
		                             "}",        "\"",
		                             "\\",       "'",
		                             "`",        "/*",
		                             "`${",      "=<a>",
		                             "=/[",      "r#",
		                             "#if\n",    "[",
		                             "<<A\n",    "\"\"\"",
		                             "use a::{", "f(){",
		                             "R\"(",     "import a,",
		                             "<?php\n",  "<<<A\n",
		                             "?>",       "$\"{",
		                             "A.",       "use a;namespace b;",
		                             "a\\",      "fun a.",
		                             "\0" };
	static const enum lang LANGS[] = { LANG_C,      LANG_CPP,    LANG_PYTHON, LANG_JAVASCRIPT,
		                           LANG_TSX,    LANG_VUE,    LANG_GO,     LANG_RUST,
		                           LANG_JAVA,   LANG_SHELL,  LANG_RUBY,   LANG_LUA,
		                           LANG_KOTLIN, LANG_CSHARP, LANG_PHP };

	for (size_t i = 0; i < COUNT(UNITS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct arena *arena = arena_new((size_t)64 << 20);
		/* A NUL is a byte like any other. */
		struct span text = *UNITS[i] ? repeated(cx, UNITS[i], HOSTILE_BYTES / 16)
		                             : (struct span){ arena_alloc(cx->arena, 4096), 4096 };

		for (size_t k = 0; k < COUNT(LANGS); k++) {
			struct facts f;
			clock_t from = clock();

			facts_read(arena, LANGS[k], text, &f);
			from = clock() - from;
			if (from >= 6 * CLOCKS_PER_SEC)
				fail_msg("%s: %ld ms for \"%s\" again and again",
				         lang_name(LANGS[k]), (long)from * 1000 / CLOCKS_PER_SEC,
				         UNITS[i]);
			arena_reset(arena);
		}
		arena_free(arena);
	}
}

/* What passes a limit is dropped, and said to be. */
static void test_lines__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct arena *arena = arena_new((size_t)128 << 20);
	struct span text = repeated(cx, "import a\n", 9 * (FACTS_IMPORTS_MAX + 10));
	struct facts f;

	facts_read(arena, LANG_PYTHON, text, &f);
	assert_int_equal(f.nimports, FACTS_IMPORTS_MAX);
	assert_true(f.truncated);
	facts_read(arena, LANG_NONE, text, &f);
	assert_int_equal(f.code + f.comment + f.blank + f.nimports, 0);
	text = repeated(cx, "a", FACTS_NAME_MAX + 10);
	memcpy((char *)text.data, "def ", 4);
	facts_read(arena, LANG_PYTHON, text, &f);
	assert_int_equal(f.ndefs, 0);
	assert_true(f.truncated);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines__of_each_language),
		cmocka_unit_test(test_lines__hostile_bytes),
		cmocka_unit_test(test_lines__limits),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
