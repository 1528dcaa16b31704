/* B4: a definition's head on one line, from where it starts to its body. */
#include "facts_text.h"

#include "base/utf8.h"

struct signature_case {
	enum lang lang;
	const char *source;
	const char *expected; /* of each definition, "START-LINE signature" */
};

static const struct signature_case CASES[] = {
	{ LANG_C,
	  "static int\nadd(int a, /* x */\n    const char *b)\n{\n}\n#define MAX(a, b) ((a) > (b))\n"
	  "#define N 4\nstruct s {\n\tint a;\n};\nstatic const int T[] = { 1 };\n",
	  "1 static int add(int a, const char *b)\n6 #define MAX(a, b)\n7 #define N\n8 struct s\n"
	  "11 static const int T[]\n" },
	{ LANG_CPP,
	  "namespace n {\nclass A : public B {\n\tA(int a) : a_(a) {}\n\tint f() const override;\n};\n}\n"
	  "int A::g(char c = ';') {\n}\n",
	  "1 namespace n\n2 class A : public B\n3 A(int a)\n7 int A::g(char c = ';')\n" },
	{ LANG_PYTHON,
	  "@app.get('/')\nasync def f(a: int = 1,  # why\n            *, b: dict = {':': 1}) -> Dict[str, int]:\n    pass\n"
	  "class A(B, metaclass=C):\n    X = 1\n    def m(self): return 1\nLIMIT: int = 3\n",
	  "2 async def f(a: int = 1, *, b: dict = {':': 1}) -> Dict[str, int]\n5 class A(B, metaclass=C)\n"
	  "7 def m(self)\n8 LIMIT: int = 3\n" },
	{ LANG_TYPESCRIPT,
	  "export const f = async (a: string): Promise<void> => {\n}\nclass A extends B {\n  m(a: { x: number }): void {\n  }\n}\n"
	  "type T =\n  | A\n  | B\ntype U = X\nexport function g<T>(\n  a: T,\n): T {\n}\nconst N = 1\n",
	  "1 export const f = async (a: string): Promise<void>\n3 class A extends B\n4 m(a: { x: number }): void\n"
	  "7 type T = | A | B\n10 type U = X\n11 export function g<T>(a: T,): T\n15 const N = 1\n" },
	{ LANG_GO,
	  "package p\nfunc (s *S[T]) M(a, b int) (c T, err error) {\n}\ntype (\n\tA struct {\n\t}\n\tB = int\n)\nconst C = 1\n",
	  "2 func (s *S[T]) M(a, b int) (c T, err error)\n5 A struct\n7 B = int\n9 const C = 1\n" },
	{ LANG_RUST,
	  "#[derive(Debug)] pub struct A(u32);\nimpl A {\n    #[inline]\n    pub async fn f<'a>(&'a self, c: char) -> &'a str\n    where\n        Self: Sized,\n    {\n    }\n}\n",
	  "1 pub struct A(u32)\n4 pub async fn f<'a>(&'a self, c: char) -> &'a str where Self: Sized\n" },
	{ LANG_JAVA,
	  "@Entity @Table(name = \"a\") public class A<T> extends B implements C {\n\t@Override public <U> List<U> f(\n\t\t@Name(\"x\") int a) throws E {\n\t}\n"
	  "\tabstract void g();\n}\n",
	  "1 public class A<T> extends B implements C\n2 public <U> List<U> f(@Name(\"x\") int a) throws E\n"
	  "5 abstract void g()\n" },
};

static const char *signatures_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->ndefs; i++)
		sb_addf(&sb, "%u %s\n", facts->defs[i].start_line, facts->defs[i].signature);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static void test_signature__one_line_up_to_the_body(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct facts facts = facts_of(cx, CASES[i].lang, CASES[i].source);

		assert_string_equal(signatures_text(cx, &facts), CASES[i].expected);
	}
}

/* A head that does not end is cut between characters and says so. */
static void test_signature__bounded(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text, *signature;
	struct facts facts;

	sb_add(&sb, "def f(");
	for (int i = 0; i < 1000; i++)
		sb_add(&sb, "\xc3\xa4\xe2\x82\xac,");
	sb_add(&sb, "):\n    pass\n");
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	facts = facts_of(cx, LANG_PYTHON, text);
	assert_int_equal(facts.ndefs, 1);
	signature = facts.defs[0].signature;
	assert_true(strlen(signature) <= FACTS_SIGN_MAX);
	assert_true(strlen(signature) > FACTS_SIGN_MAX - 8);
	assert_string_equal(signature + strlen(signature) - 3, "\xe2\x80\xa6");
	assert_int_equal(utf8_valid(signature, strlen(signature)), strlen(signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature__one_line_up_to_the_body),
		cmocka_unit_test(test_signature__bounded),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
