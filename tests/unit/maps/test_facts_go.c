/* B4: imports, definitions and used names of Go. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_GO,
	  "package p\nimport \"fmt\"\nimport (\n\t// \"no\"\n\ta \"x/y\"\n\t_ \"z\"\n\t. \"w\"; `raw`\n)\n",
	  "2 module fmt\n5 module x/y as=a\n6 module z as=_\n7 module w as=.\n7 module raw\n" },
	{ LANG_GO,
	  "package p\nvar s = `\nimport \"a\"\n`\n/* import \"b\" */\nfunc f() { import_ := \"c\" }\n",
	  "" },
	{ LANG_GO, "package p\nimport (\n", "" },
};

static const struct facts_case DEFS[] = {
	{ LANG_GO,
	  "package p\nfunc F[T any](a, b int) (c T, err error) {\n}\nfunc (t *T[K]) M() {\n}\nfunc (T) N() {}\n"
	  "func asm(x int)\n",
	  "2-3 function F\n4-5 method M of T\n6-6 method N of T\n7-7 function asm\n" },
	{ LANG_GO,
	  "package p\ntype A struct {\n\tb int\n}\ntype (\n\tB interface {\n\t\tm()\n\t}\n\tC = int\n)\n"
	  "type D[T any] struct{}\ntype E func(x int) error\n",
	  "2-4 struct A\n6-8 interface B\n9-9 type C\n11-11 struct D\n12-12 type E\n" },
	{ LANG_GO,
	  "package p\nconst (\n\tA = iota\n\tB\n\tC, D = 1 +\n\t\tX, 2\n)\nvar e, f = g()\nvar _ I = h{}\nconst i T = 1\n",
	  "3-3 constant A\n4-4 constant B\n5-5 constant C\n5-5 constant D\n8-8 variable e\n8-8 variable f\n"
	  "10-10 constant i\n" },
	{ LANG_GO,
	  "package p\nfunc f() {\n\tvar a int\n\ttype t struct{ b int }\n\tconst c = 1\n\tg := func(x int) {}\n}\n",
	  "2-7 function f\n" },
};

/* What a function binds, a field's name and a key are no use of a package's name. */
static const struct facts_case NAMES[] = {
	{ LANG_GO,
	  "package p\nfunc f(a, b A, c ...pkg.B) (d *C) {\n\te, g := h(a), pkg.I(b)\n\tfor i := range e { j(i, g) }\n"
	  "\tvar k L\n\treturn M{N: k, o: q}\n}\n",
	  "A C L M h j pkg pkg.B pkg.I q" },
	{ LANG_GO,
	  "package p\ntype T struct {\n\tA, b U\n\tV\n\t*pkg.W\n}\ntype I interface {\n\tm(x X) y.Y\n\tJ\n}\n",
	  "J U V X pkg pkg.W y y.Y" },
	{ LANG_GO,
	  "package p\nfunc f() {\n\tswitch a := b.(type) {\n\tcase C, *D:\n\t\tx = append(x, E)\n\tcase F:\n\t}\n"
	  "\ta.Field.G()\n}\nfunc g() { a.H() }\n",
	  "C D E F a a.H b x" },
};

static void test_facts_go__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_go__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

static void test_facts_go__names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		struct facts facts = facts_of(cx, NAMES[i].lang, NAMES[i].source);

		assert_string_equal(names_text(cx, &facts), NAMES[i].expected);
		assert_string_equal(facts.package, "p");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_go__imports),
		cmocka_unit_test(test_facts_go__defs),
		cmocka_unit_test(test_facts_go__names),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
