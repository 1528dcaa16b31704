/*
 * Tests: how many cases a file has, and for which runner.
 *
 * A case is what the runner would list, with a table of parameters counted
 * once.  Where the file does not say which runner it is for (describe and it
 * without an import), the framework is TEST_OTHER: whoever knows the path and
 * the manifests decides.
 */
#include "maps/tap.h"

#include <string.h>

struct counting {
	struct tokens *ts;
	struct facts *ret;
	uint32_t n[TEST_COUNT];
};

static bool starts(const struct tok *t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t->kind == TOKEN_IDENT && t->len >= n && memcmp(t->text, prefix, n) == 0;
}

static bool imports(const struct facts *facts, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < facts->nimports; i++) {
		const char *target = facts->imports[i].target;

		if (*target == *prefix && strncmp(target, prefix, n) == 0 &&
		    (target[n] == '\0' || strchr("./:", target[n])))
			return true;
	}
	return false;
}

/* ---- def test_x, func TestX, function testX ---- */

/* unittest.mock is used with pytest as well. */
static bool uses_unittest(const struct facts *facts)
{
	bool any = false;

	for (size_t i = 0; i < facts->nimports; i++) {
		const char *target = facts->imports[i].target;

		if (strcmp(target, "pytest") == 0)
			return false;
		any = any || strcmp(target, "unittest") == 0 || strcmp(target, "django.test") == 0;
	}
	return any;
}

static void count_python(struct counting *ct, uint32_t i)
{
	if (tok_is(ct->ts, i, "def") && starts(tok_at(ct->ts, i + 1), "test"))
		ct->n[uses_unittest(ct->ret) ? TEST_UNITTEST : TEST_PYTEST]++;
}

static void count_go(struct counting *ct, uint32_t i)
{
	static const char *const KINDS[] = { "Test", "Benchmark", "Fuzz", "Example" };
	struct tokens *ts = ct->ts;
	const struct tok *name = tok_at(ts, i + 1);
	bool method = name->c == '(';

	if (!tok_is(ts, i, "func"))
		return;
	if (method)
		name = tok_at(ts, tok_close(ts, i + 1) + 1);
	for (size_t k = 0; k < COUNT(KINDS); k++) {
		size_t n = strlen(KINDS[k]);
		bool fits = starts(name, KINDS[k]) &&
		            (name->len == n || name->text[n] < 'a' || name->text[n] > 'z');

		/* Suites of testify have theirs as methods without parameters. */
		if (!fits ||
		    (method && (k > 0 || !imports(ct->ret, "github.com/stretchr/testify/suite"))))
			continue;
		if (method || k == 3 || tok_is(ts, i + 5, "testing"))
			ct->n[TEST_GO_TEST]++;
	}
}

static void count_php(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;

	if (tok_is(ts, i, "function") && starts(tok_at(ts, i + 1), "test"))
		ct->n[TEST_PHPUNIT]++;
	else if (tok_in(ts, i, "it test") && tok_c(ts, i + 1) == '(' &&
	         tok_at(ts, i + 2)->kind == TOKEN_STRING && tok_at(ts, i)->first)
		ct->n[TEST_PEST]++;
}

static void count_ruby(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;
	char next = tok_c(ts, i + 1);
	bool named = tok_at(ts, i + 1)->kind == TOKEN_STRING ||
	             (next == '(' && tok_at(ts, i + 2)->kind == TOKEN_STRING);

	if (tok_is(ts, i, "def") && starts(tok_at(ts, i + 1), "test_"))
		ct->n[TEST_MINITEST]++;
	else if (tok_in(ts, i, "test should") && named && tok_at(ts, i)->first)
		ct->n[TEST_MINITEST]++;
	else if (tok_in(ts, i, "it specify scenario example") && tok_at(ts, i)->first &&
	         (named || next == '{' || tok_is(ts, i + 1, "do")))
		ct->n[TEST_RSPEC]++;
}

/* ---- it("..."), test.each(...)("...") ---- */

static enum test_framework js_framework(const struct facts *facts)
{
	static const struct {
		const char *module;
		enum test_framework framework;
	} ROWS[] = {
		{ "vitest", TEST_VITEST },   { "@jest/globals", TEST_JEST },
		{ "mocha", TEST_MOCHA },     { "node:test", TEST_NODE_TEST },
		{ "test", TEST_NODE_TEST },  { "@playwright/test", TEST_PLAYWRIGHT },
		{ "cypress", TEST_CYPRESS },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (imports(facts, ROWS[i].module))
			return ROWS[i].framework;
	}
	return TEST_OTHER;
}

static void count_js(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;
	uint32_t open = i + 1;
	const struct tok *name;

	if (!tok_in(ts, i, "it test specify") || (i > 0 && tok_c(ts, i - 1) == '.'))
		return;
	for (int n = 0;
	     n < 3 && tok_c(ts, open) == '.' &&
	     tok_in(ts, open + 1,
	            "only skip each concurrent todo failing fails sequential runIf skipIf");
	     n++)
		open += 2;
	if (tok_c(ts, open) != '(')
		return;
	/* each(table)(name, body): the table comes first. */
	if (tok_in(ts, open - 1, "each runIf skipIf") && tok_c(ts, tok_close(ts, open) + 1) == '(')
		open = tok_close(ts, open) + 1;
	name = tok_at(ts, open + 1);
	if (name->kind == TOKEN_STRING || name->kind == TOKEN_PIECE)
		ct->n[js_framework(ct->ret)]++;
}

/* ---- @Test, [Fact], #[test] ---- */

static void count_java(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;

	if (i > 0 && tok_c(ts, i - 1) == '@' &&
	    tok_in(ts, i, "Test ParameterizedTest RepeatedTest TestFactory TestTemplate"))
		ct->n[imports(ct->ret, "org.testng") ? TEST_TESTNG : TEST_JUNIT]++;
	else if (starts(tok_at(ts, i + 1), "test") && tok_is(ts, i, "void") &&
	         imports(ct->ret, "junit.framework"))
		ct->n[TEST_JUNIT]++;
}

static void count_csharp(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;
	char before = i > 0 ? tok_c(ts, i - 1) : '\0', after = tok_c(ts, i + 1);
	uint32_t up = tok_at(ts, i)->up;

	if ((before != '[' && before != ',') || !after || !strchr("](,", after) || up == TOK_NONE ||
	    tok_c(ts, up) != '[' || !tok_at(ts, up)->first)
		return;
	if (tok_in(ts, i, "Fact Theory"))
		ct->n[TEST_XUNIT]++;
	else if (tok_in(ts, i, "Test"))
		ct->n[TEST_NUNIT]++;
	else if (tok_is(ts, i, "TestMethod"))
		ct->n[TEST_MSTEST]++;
}

/* #[test], #[tokio::test(...)]; in #[cfg(test)] the word stands deeper. */
static void count_rust(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;
	uint32_t up = tok_at(ts, i)->up;
	char after = tok_c(ts, i + 1);

	if (tok_in(ts, i, "test rstest test_case proptest") && up != TOK_NONE && up > 0 &&
	    tok_c(ts, up) == '[' && tok_c(ts, up - 1) == '#' && (after == ']' || after == '('))
		ct->n[TEST_CARGO]++;
}

/* ---- macros of C and C++ ---- */

static enum test_framework catch_or_doctest(const struct facts *facts)
{
	for (size_t i = 0; i < facts->nimports; i++) {
		if (strstr(facts->imports[i].target, "doctest"))
			return TEST_DOCTEST;
	}
	return TEST_CATCH2;
}

static void count_c(struct counting *ct, uint32_t i)
{
	struct tokens *ts = ct->ts;

	if (tok_c(ts, i + 1) != '(' || (i > 0 && tok_is(ts, i - 1, "define")))
		return;
	if (starts(tok_at(ts, i), "cmocka_unit_test"))
		ct->n[TEST_CMOCKA]++;
	else if (tok_is(ts, i, "START_TEST"))
		ct->n[TEST_CHECK]++;
	else if (tok_is(ts, i, "RUN_TEST"))
		ct->n[TEST_UNITY]++;
	else if (tok_in(ts, i, "TEST TEST_F TEST_P TYPED_TEST TYPED_TEST_P") &&
	         tok_at(ts, i)->first)
		ct->n[TEST_GTEST]++;
	else if (tok_in(ts, i, "TEST_CASE SCENARIO TEST_CASE_METHOD TEMPLATE_TEST_CASE") &&
	         tok_at(ts, i)->first)
		ct->n[catch_or_doctest(ct->ret)]++;
	else if (tok_in(ts, i, "BOOST_AUTO_TEST_CASE BOOST_FIXTURE_TEST_CASE BOOST_DATA_TEST_CASE"))
		ct->n[TEST_BOOST]++;
}

static void count_shell(struct counting *ct, uint32_t i)
{
	if (tok_is(ct->ts, i, "test") && i > 0 && tok_c(ct->ts, i - 1) == '@' &&
	    tok_at(ct->ts, i - 1)->first)
		ct->n[TEST_BATS]++;
}

static void (*counter_of(enum lang lang))(struct counting *ct, uint32_t i)
{
	switch (lang) {
	case LANG_PYTHON:
		return count_python;
	case LANG_GO:
		return count_go;
	case LANG_PHP:
		return count_php;
	case LANG_RUBY:
		return count_ruby;
	case LANG_JAVASCRIPT:
	case LANG_TYPESCRIPT:
	case LANG_TSX:
		return count_js;
	case LANG_JAVA:
	case LANG_KOTLIN:
	case LANG_GROOVY:
	case LANG_SCALA:
		return count_java;
	case LANG_CSHARP:
		return count_csharp;
	case LANG_RUST:
		return count_rust;
	case LANG_C:
	case LANG_CPP:
	case LANG_CUDA:
	case LANG_OBJC:
		return count_c;
	case LANG_SHELL:
		return count_shell;
	default:
		return NULL;
	}
}

void facts_tests(struct tokens *ts, struct sink *sk)
{
	struct counting ct = { .ts = ts, .ret = sk->ret };
	void (*count)(struct counting *, uint32_t) = counter_of(sk->ret->lang);

	for (uint32_t i = 0; count && i < ts->nmarks; i++) {
		if (ts->t[ts->marks[i]].words & WORD_TEST)
			count(&ct, ts->marks[i]);
	}
	/* The one with the most cases gives the name. */
	for (int k = TEST_NONE + 1; k < TEST_COUNT; k++) {
		if (ct.n[k] > ct.n[sk->ret->test_framework])
			sk->ret->test_framework = (uint8_t)k;
		sk->ret->test_cases += ct.n[k];
	}
}
