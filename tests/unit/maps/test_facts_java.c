/* B4: package, imports, definitions and used names of Java. */
#include "facts_text.h"

#include "maps/lex.h"

#include <ctype.h>
#include <stdlib.h>

static const struct facts_case IMPORTS[] = {
	{ LANG_JAVA,
	  "package a.b;\nimport c.d.E;\nimport c . f . *;\nimport static g.H.i;\nimport static g.H.*;\n",
	  "2 module c.d.E\n3 wildcard c.f\n4 static g.H name=i\n5 static g.H name=*\n" },
	{ LANG_JAVA,
	  "package a.b;\n/* import c.D; */\n// import e.F;\nclass A { String s = \"import g.H;\"; String t = \"\"\"\n  import i.J;\n  \"\"\"; }\n",
	  "" },
	{ LANG_JAVA,
	  "package a.b; import a.b.C;\nclass A extends a\n  .b.D { a.b.D d; e.F g; int h = this.i.j.K; l.m.N o() {} }\n",
	  "1 module a.b.C\n2 name a.b.D\n3 name l.m.N\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_JAVA,
	  "@X(\"}\")\npublic abstract class A<T extends B<T>> extends C {\n\tstatic final int K = f(1), L = 2; static final int M;\n\tint v = g();\n"
	  "\tstatic { h(); }\n\tA(int x) { super(x); }\n\tabstract <U> U m(T t) throws E;\n"
	  "\t@Override @Y({1}) public void n() {\n\t\tclass Local {}\n\t\tnew Z() { void q() {} };\n\t}\n\tinterface I { int W = 1; void r(); }\n}\n",
	  "2-13 class A\n3-3 constant K of A\n3-3 constant M of A\n6-6 method A of A\n7-7 method m of A\n8-11 method n of A\n"
	  "12-12 interface I of A\n12-12 constant W of I\n12-12 method r of I\n" },
	{ LANG_JAVA,
	  "enum E implements I {\n\tA(1) { void f() {} },\n\tB { };\n\tprivate int x;\n\tE(int x) { }\n}\nenum F { A, B }\n",
	  "1-6 enum E\n5-5 method E of E\n7-7 enum F\n" },
	{ LANG_JAVA,
	  "record R(int a, @N List<String> b) {\n\tR { check(a); }\n\tint c() { return a; }\n}\n@interface S { String value() default \"x\"; }\n"
	  "class T { record record; Class<?> c = T.class; int class_; }\n",
	  "1-4 class R\n3-3 method c of R\n5-5 interface S\n5-5 method value of S\n6-6 class T\n" },
};

static void test_facts_java__imports(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	check_imports(cx, IMPORTS, COUNT(IMPORTS));
	for (size_t i = 0; i < COUNT(IMPORTS); i++)
		assert_string_equal(facts_of(cx, LANG_JAVA, IMPORTS[i].source).package, "a.b");
}

static void test_facts_java__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

static void test_facts_java__names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct facts facts = facts_of(
		cx, LANG_JAVA,
		"import x.No.Nor;\nimport static x.Not.*;\nclass A { /* No */ B b = C.d(\"No\"); void e() { new F<G>(); a.b.Not.c(H.Not, i.Not); } }");

	assert_string_equal(names_text(cx, &facts), "A B C F G H");
}

/* The first word of x, x, ..., a byte and a rest; how long it is. */
static size_t first_word(enum syntax_id syntax, size_t n, unsigned char byte, size_t rest)
{
	char *text = malloc(n + 1 + rest);
	struct lexer lx;
	struct token word;

	memset(text, 'x', n + 1 + rest);
	text[n] = (char)byte;
	lex_open(&lx, syntax, (struct span){ text, n + 1 + rest }, 1);
	assert_true(lex_next(&lx, &word));
	assert_int_equal(word.kind, TOKEN_IDENT);
	assert_ptr_equal(word.text, text);
	free(text);
	return word.len;
}

/* Whatever stands behind a word, and wherever the file ends, it ends where it does. */
static void test_facts_java__words_of_any_length(void **state)
{
	static const size_t RESTS[] = { 0, 1, 15, 40 };

	(void)state;
	for (size_t n = 1; n < 40; n++)
		for (unsigned byte = 0; byte < 256; byte++)
			for (size_t i = 0; i < COUNT(RESTS); i++) {
				bool part = byte >= 0x80 || isalnum((int)byte) || byte == '_';
				size_t all = n + 1 + RESTS[i];

				assert_int_equal(
					first_word(SYNTAX_GO, n, (unsigned char)byte, RESTS[i]),
					part ? all : n);
				part = part || byte == '$';
				assert_int_equal(
					first_word(SYNTAX_JAVA, n, (unsigned char)byte, RESTS[i]),
					part ? all : n);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_java__imports),
		cmocka_unit_test(test_facts_java__defs),
		cmocka_unit_test(test_facts_java__names),
		cmocka_unit_test(test_facts_java__words_of_any_length),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
