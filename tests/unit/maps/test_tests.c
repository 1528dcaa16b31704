/* B4: how many test cases a file has and for which runner; where programs start. */
#include "facts_text.h"

struct tests_case {
	enum lang lang;
	const char *source;
	enum test_framework framework;
	uint32_t cases;
};

static const struct tests_case CASES[] = {
	{ LANG_PYTHON,
	  "import pytest\ndef test_a(): pass\nclass TestB:\n    async def test_c(self): pass\ndef helper(): test_a()\n",
	  TEST_PYTEST, 2 },
	{ LANG_PYTHON, "import unittest\nclass A(unittest.TestCase):\n    def testA(self): pass\n",
	  TEST_UNITTEST, 1 },
	{ LANG_TYPESCRIPT,
	  "import { describe, it, test } from 'vitest'\ndescribe('x', () => {\n  it('a', () => {})\n  it.each([1, 2])('b %s', () => {})\n"
	  "  test.skip(`c`, f)\n  re.test('d'); it(1)\n})\n",
	  TEST_VITEST, 3 },
	{ LANG_JAVASCRIPT, "describe('x', function () { it('a'); })\n", TEST_OTHER, 1 },
	{ LANG_GO,
	  "package p\nfunc TestA(t *testing.T) {}\nfunc Testing(t *testing.T) {}\nfunc BenchmarkB(b *testing.B) {}\n"
	  "func ExampleC() {}\nfunc TestD(x int) {}\nfunc (s *S) TestE() {}\n",
	  TEST_GO_TEST, 3 },
	{ LANG_RUST,
	  "#[cfg(test)]\nmod t {\n#[test]\nfn a() {}\n#[tokio::test(flavor = \"x\")]\nasync fn b() {}\n}\n",
	  TEST_CARGO, 2 },
	{ LANG_JAVA,
	  "import org.junit.jupiter.api.Test;\nclass A {\n@Test void a() {}\n@ParameterizedTest @ValueSource void b() {}\n@TestConfig void c() {}\n}\n",
	  TEST_JUNIT, 2 },
	{ LANG_C,
	  "#include <cmocka.h>\nstatic const struct CMUnitTest T[] = {\n\tcmocka_unit_test(a),\n\tcmocka_unit_test_setup(b, c),\n};\n",
	  TEST_CMOCKA, 2 },
	{ LANG_CPP,
	  "#include <gtest/gtest.h>\nTEST(A, b) {}\nTEST_F(A, c) {\n}\n#define TEST(x) x\n",
	  TEST_GTEST, 2 },
	{ LANG_CPP, "#include \"doctest.h\"\nTEST_CASE(\"a\") {}\n", TEST_DOCTEST, 1 },
	{ LANG_CSHARP,
	  "class A {\n[Fact]\npublic void A() {}\n[Theory, InlineData(1)]\npublic void B(int a) {}\nint x = a[Fact];\n}\n",
	  TEST_XUNIT, 2 },
	{ LANG_RUBY, "describe 'x' do\n  it 'a' do\n  end\n  it { is_expected.to b }\nend\n",
	  TEST_RSPEC, 2 },
	{ LANG_PHP,
	  "<?php\nclass A extends TestCase {\n public function testA() {}\n private function help() {}\n}\n",
	  TEST_PHPUNIT, 1 },
	{ LANG_SHELL, "@test \"a\" {\n  test -f x\n}\n", TEST_BATS, 1 },
	{ LANG_PYTHON, "def attest(): pass\n", TEST_NONE, 0 },
};

static void test_tests__cases_and_framework(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);

		assert_string_equal(test_framework_name((enum test_framework)facts.test_framework),
		                    test_framework_name(CASES[i].framework));
		assert_int_equal(facts.test_cases, CASES[i].cases);
	}
}

/* expected: "LINE kind name: target" */
static const struct facts_case ENTRIES[] = {
	{ LANG_PYTHON, "def main(): pass\nif __name__ == \"__main__\":\n    main()\n",
	  "2 main __main__: \n" },
	{ LANG_PYTHON, "x = __name__ == '__main__'\n", "" },
	{ LANG_DOCKERFILE,
	  "FROM a AS build\nCMD no\nFROM b\nRUN x \\\n  CMD y\nENTRYPOINT [\"/app\", \"serve\"]\nCMD old\ncmd [ \"--port\", \"80\" ]\n",
	  "2 container CMD: no\n6 container ENTRYPOINT: /app serve\n8 container CMD: --port 80\n" },
	{ LANG_PROCFILE, "web: bin/serve -p 80\n# no: x\nworker: bin/work\n",
	  "1 process web: bin/serve -p 80\n3 process worker: bin/work\n" },
	{ LANG_YAML,
	  "service: x\nprovider:\n  name: aws\nfunctions:\n  hello:\n    handler: src/a.hello\n  # c\n  bye:\n    handler: src/a.bye\nresources:\n  x:\n    handler: no\n",
	  "6 function hello: src/a.hello\n9 function bye: src/a.bye\n" },
	{ LANG_YAML, "functions:\n  hello:\n    handler: a\n", "" },
};

static void test_tests__entries(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(ENTRIES); i++) {
		struct facts facts = facts_of(cx, ENTRIES[i].lang, ENTRIES[i].source);
		struct sb sb = sb_new(cx->arena, 64 * 1024);
		const char *text;

		for (size_t k = 0; k < facts.nentries; k++)
			sb_addf(&sb, "%u %s %s: %s\n", facts.entries[k].line, facts.entries[k].kind,
			        facts.entries[k].name, facts.entries[k].target);
		assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
		assert_string_equal(text, ENTRIES[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tests__cases_and_framework),
		cmocka_unit_test(test_tests__entries),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
