/* B4: includes and definitions of C and C++. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_C, "#include \"a/b.h\"\n  #  include <stdio.h> // c\n#include MACRO\n",
	  "1 include a/b.h\n2 include_system stdio.h\n" },
	/* An include guard is no condition, all else is. */
	{ LANG_C,
	  "/* x */\n#ifndef A_H\n#define A_H\n#include \"a.h\"\n#if 0\n#include \"b.h\"\n#endif\n#endif\n",
	  "4 include a.h\n6 include b.h optional\n" },
	{ LANG_C, "#ifdef X\n#include <a.h>\n#else\n#include <b.h>\n#endif\n#include <c.h>\n",
	  "2 include_system a.h optional\n4 include_system b.h optional\n6 include_system c.h\n" },
	{ LANG_C, "/*\n#include <a.h>\n*/\n// #include <b.h>\nchar *s = \"\\\n#include <c.h>\";\n",
	  "" },
	{ LANG_CPP, "auto s = R\"x(\n#include <a>\n)x\";\n#include <b>\n", "4 include_system b\n" },
	{ LANG_C, "#include \"a\n#include <b\n#include \"\"\n", "" },
};

static const struct facts_case DEFS[] = {
	{ LANG_C, "int f(int a);\nstatic int *\ng(void)\n{\n\tif (x) { h(); }\n}\nint v = f(1);\n",
	  "3-6 function g\n" },
	{ LANG_C, "int k(a, b)\n\tint a;\n\tchar *b;\n{\n}\n", "1-5 function k\n" },
	{ LANG_C,
	  "__attribute__((x)) void f(void) {}\nvoid g(void) __attribute__((y)) {}\n"
	  "EXPORT(int) h(int a) {}\nvoid *ALIGN(2)\ni(void) {}\nLUA_API int (j)(void) {}\n",
	  "1-1 function f\n2-2 function g\n3-3 function h\n5-5 function i\n6-6 function j\n" },
	{ LANG_C,
	  "struct s { int a; };\ntypedef struct t { union u { int b; } c; } t_t, *t_p;\nenum e { A, B };\n"
	  "struct s *f(struct s *x) { return x; }\nstruct s y = { 1 };\n",
	  "1-1 struct s\n2-2 struct t\n2-2 union u of t\n2-2 type t_t\n2-2 type t_p\n3-3 enum e\n"
	  "4-4 function f\n" },
	{ LANG_C,
	  "typedef int (*cb)(int);\ntypedef int fn(int, char);\ntypedef unsigned long a[4];\n"
	  "typedef LIST(x) list_t;\ntypedef void (par)(void);\n"
	  "typedef LONG (CALL *win)(int *);\n",
	  "1-1 type cb\n2-2 type fn\n3-3 type a\n4-4 type list_t\n5-5 type par\n6-6 type win\n" },
	{ LANG_C,
	  "int f(struct s *x)\n{\n\tstruct s y = { 1 };\n\tstatic const struct local {\n\t\tint a;\n\t} z[] = { { 1 } };\n}\n",
	  "1-7 function f\n4-6 struct local\n" },
	{ LANG_C,
	  "#define A 1\n#define B(x) \\\n\tdo { \\\n\t} while (0)\n#if 0\n#define C\nint f() {}\n#endif\n",
	  "1-1 macro A\n2-4 macro B\n" },
	/* Braces that balance for one choice of macros only. */
	{ LANG_C,
	  "void f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\nvoid g(void) {}\n",
	  "1-9 function f\n10-10 function g\n" },
	{ LANG_C,
	  "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n}\nint g(void)\n{\n#ifdef B\n\tif (x) {\n#endif\n}\nint h(void) {}\n",
	  "4-7 function f\n8-13 function g\n14-14 function h\n" },
	{ LANG_C,
	  "static const int limit = 3, other;\nconst char *const names[] = { \"a\" };\nint x = 1;\n",
	  "1-1 constant limit\n2-2 constant names\n" },
	{ LANG_CPP,
	  "namespace a::b {\nclass C : public D<int> {\npublic:\n\tC() : x(1), y{2} {}\n\t~C() {}\n"
	  "\tbool operator()(int) const { return true; }\n\tvoid decl();\n\tint z{0};\n};\n}\n",
	  "1-10 module a::b\n2-9 class C\n4-4 method C of C\n5-5 method ~C of C\n"
	  "6-6 method operator() of C\n" },
	{ LANG_CPP,
	  "template <class T, class U = void>\nauto A<T>::f(T t) const -> decltype(t.x()) { }\n"
	  "using V = std::vector<int>;\nenum class E : int { X };\nextern \"C\" {\nint g() { }\n}\n",
	  "2-2 method f of A\n3-3 type V\n4-4 enum E\n6-6 function g\n" },
	{ LANG_CPP,
	  "struct G {\n\tvirtual int i() const = 0;\n\tG(const G &) = delete;\n\tstatic constexpr int J = 1;\n};\n",
	  "1-5 struct G\n4-4 constant J of G\n" },
	{ LANG_CPP,
	  "MACRO_BEGIN(4251)\nnamespace n {\nstruct F<A, (1 != 0)> : B {};\nstd::function<void(int)> h() {}\n}\n",
	  "2-5 module n\n3-3 struct F\n4-4 function h\n" },
};

static void test_facts_c__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_c__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_c__imports),
		cmocka_unit_test(test_facts_c__defs),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
