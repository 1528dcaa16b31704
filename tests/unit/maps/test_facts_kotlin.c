/* B4: package, imports, definitions and used names of Kotlin. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_KOTLIN,
	  "@file:JvmName(\"X\")\npackage a.b\n\nimport c.d.E\nimport c.f.*\nimport c.g.h as i;import j.K\n// import l.M\n"
	  "/* /* */ import n.O */\nval s = \"import p.Q\"\nval r = \"\"\"\nimport s.T\n\\\"\"\"\"\nclass A { val import = 1 }\n",
	  "4 module c.d.E\n5 wildcard c.f\n6 module c.g.h as=i\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_KOTLIN,
	  "@A(\"}\")\nabstract class B<T : C<T>>(\n\tval x: Int = run { 1 }\n) : D(x), E by x {\n\tconst val K = 1\n\tval v get() = g { 2 }\n"
	  "\tinit { h() }\n\tconstructor() : this(1) { }\n\tabstract fun <U> m(t: T): U\n\t@Test\n\tfun `any name {`() {\n\t\tclass Local\n\t}\n"
	  "\tfun n() =\n\t\tf { it }\n\t\t\t.g()\n\n\tcompanion object {\n\t\tfun o() {}\n\t}\n\tenum class F(val i: Int) { P(1) { fun no() {} }, Q(2);\n\t\tfun q() {}\n\t}\n}\n",
	  "2-24 class B\n5-5 constant K of B\n9-9 method m of B\n11-13 method any name { of B\n14-16 method n of B\n19-19 method o of B\n"
	  "21-23 enum F of B\n22-22 method q of F\n" },
	{ LANG_KOTLIN,
	  "typealias G = (Int) -> Unit\nfun interface H { fun run() }\ninternal expect inline fun <T> Map<T, (I) -> J>?.k(l: T = m()): T\n"
	  "val Int.n: Int\n\tget() = this\nvar (a, b) = c\nprivate val o by lazy { 1 }\nobject P : Q { override fun r() = object : S { fun no() {} } }\n"
	  "data class T(val u: Int)\nclass V\n@Inject constructor(w: X) { fun y() {} }\nfun z() {}\n",
	  "1-1 type G\n2-2 interface H\n2-2 method run of H\n3-3 method k\n4-5 variable n\n7-7 variable o\n8-8 class P\n8-8 method r of P\n"
	  "9-9 class T\n10-11 class V\n11-11 method y of V\n12-12 function z\n" },
	{ LANG_KOTLIN, "val a = '\"'\nval b = \"${c(\"}\")} {\"\nval `in` = A::class\nclass D\n",
	  "1-1 variable a\n2-2 variable b\n3-3 variable in\n4-4 class D\n" },
};

static void test_facts_kotlin__imports(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	check_imports(cx, IMPORTS, COUNT(IMPORTS));
	assert_string_equal(facts_of(cx, LANG_KOTLIN, IMPORTS[0].source).package, "a.b");
}

static void test_facts_kotlin__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* The class that Java sees is a definition, too. */
static void test_facts_kotlin__jvm_name(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct facts facts =
		facts_of(cx, LANG_KOTLIN, "@file:JvmName(\"Tools\")\npackage a\nfun f() {}\n");

	assert_string_equal(defs_text(cx, &facts), "1-1 module Tools\n3-3 function f\n");
}

static void test_facts_kotlin__names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct facts facts = facts_of(
		cx, LANG_KOTLIN,
		"/* No */ class A { val b = C.d(\"No ${E.f} $G\")\n fun h() { if (x) i { j.k() } } }");

	assert_string_equal(names_text(cx, &facts), ".d .k A C E G h i");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_kotlin__imports),
		cmocka_unit_test(test_facts_kotlin__defs),
		cmocka_unit_test(test_facts_kotlin__jvm_name),
		cmocka_unit_test(test_facts_kotlin__names),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
