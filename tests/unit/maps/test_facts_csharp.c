/* B4: using directives, namespaces, definitions and used types of C#. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_CSHARP,
	  "\xef\xbb\xbfglobal using A.B;\nusing static C.D.E;\nusing F = G.H<I, J>;\nusing global::K.L ;\n#region It's \" using No;\n"
	  "namespace N {\n\tusing O;\n\tclass P { void Q() { using var r = S(); using (T()) {} } }\n}\n",
	  "1 wildcard A.B\n2 static C.D.E\n3 module G.H as=F\n4 wildcard K.L\n7 wildcard O\n" },
	{ LANG_CSHARP,
	  "// using A;\n/* using B; */\nvar s = @\"\nusing C; \"\"\nusing D;\n\";\nvar t = \"\"\"\"\n\"\"\" using E;\n\"\"\"\";\n"
	  "var u = $@\"\nusing F;\"; var v = @$\"{x}\nusing G;\n\";\nusing var h = File.Open(\"x\");\nusing I j = new();\n",
	  "" },
};

static const struct facts_case DEFS[] = {
	{ LANG_CSHARP,
	  "namespace A.B;\n\n[X(\"}\")]\npublic abstract partial class C<T> : D<T>, E where T : new()\n{\n\tconst int K = 1, L = 2;\n"
	  "\tstatic readonly int[] M = { 1 };\n\tpublic int P { get; set; } = 3;\n\tint this[int i] => i;\n\tpublic C(int x) : base(x) { }\n"
	  "\tabstract Task<List<U>> N<U>(U u = default) where U : class;\n\t(int, int) O() =>\n\t\t(1, 2);\n\tvoid E.Q()\n\t{\n\t\tvoid Local() { }\n\t}\n"
	  "\tpublic static bool operator ==(C<T> a, C<T> b) => true;\n\tpublic static implicit operator int(C<T> c) { return 1; }\n"
	  "\tevent Z Y { add { } remove { } }\n\tFunc<int> f = () => { return 1; };\n\tenum F : byte { G = 1, H }\n\tinterface I { void R(); }\n}\n"
	  "delegate void S(int x);\nrecord T(int U, V W);\nreadonly record struct X(int Y) { void Z1() {} }\nstruct AA { }\n",
	  "1-28 module A.B\n4-24 class C\n6-6 constant K of C\n6-6 constant L of C\n7-7 constant M of C\n10-10 method C of C\n11-11 method N of C\n12-13 method O of C\n"
	  "14-17 method Q of C\n18-18 method operator == of C\n19-19 method operator int of C\n22-22 enum F of C\n23-23 interface I of C\n23-23 method R of I\n"
	  "25-25 type S\n26-26 class T\n27-27 struct X\n27-27 method Z1 of X\n28-28 struct AA\n" },
	{ LANG_CSHARP,
	  "class A {\n const string\n  B = \"=\",\n  C = \"c\";\n static ref readonly D E => ref e;\n"
	  " static readonly F<G, H> I = new F<G, H>(), J = null;\n}\n",
	  "1-7 class A\n3-3 constant B of A\n4-4 constant C of A\n6-6 constant I of A\n6-6 constant J of A\n" },
	{ LANG_CSHARP,
	  "namespace A {\n namespace B {\n  static class C {\n   public static D E(this D d, int x) => d;\n  }\n }\n}\n"
	  "var app = F.Run(args);\napp.Map(\"/\", () => { });\nif (x) { G(); }\nvoid H() { }\nclass I { }\n",
	  "1-7 module A\n2-6 module B\n3-5 class C\n4-4 function E of C\n12-12 class I\n" },
	{ LANG_CSHARP,
	  "class A {\n#if X\n\tvoid B() {\n#elif Y\n\tvoid B(int y) {\n#else\n\tvoid C() {\n#endif\n\t\tx();\n\t}\n\tvoid D() { }\n}\n",
	  "1-12 class A\n3-3 method B of A\n5-5 method B of A\n7-10 method C of A\n11-11 method D of A\n" },
};

static void test_facts_csharp__imports(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct facts facts;

	check_imports(cx, IMPORTS, COUNT(IMPORTS));
	facts = facts_of(cx, LANG_CSHARP, IMPORTS[0].source);
	assert_int_equal(facts.imports[0].flags, IMPORT_F_GLOBAL);
	assert_int_equal(facts.imports[1].flags, 0);
	assert_string_equal(facts.package, "N");
}

static void test_facts_csharp__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* Types and not the members that are written like them. */
static void test_facts_csharp__names(void **state)
{
	static const struct {
		const char *source, *names;
	} NAMES[] = {
		{ "class A : B, C.D { E F { get; set; } G<H> i; J[] k; }", "A B C.D E G` H J" },
		{ "class A { void M(B c) { new D(); e.F(); G.H(); I(); J = 1; return K; } }",
		  ".F .H A B D G" },
		{ "class A { int L { get; } void M() { L.Is(); N.P.Q(); typeof(R); x is S; } }",
		  ".Is .Q A N.P R S" },
		{ "[T][U(V = 1)] class A { [W] int x; W1? y; void M() { f(Z: 1); (Y)z; } }",
		  "A TAttribute UAttribute W1 WAttribute Y" },
		{ "class A { object B => f($\"C {D.E(F)} {G}\") + \"{H.I}\"; }", "A D" },
		{ "namespace Z;\n[A.B, C<D>(E = F[G])] class H { I? I { get; } J?[] k; object L => M[N]; "
		  "void O<P>() where P : Q; }",
		  "A.BAttribute CAttribute` D F G H I J M N O` P Q" },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct facts facts = facts_of(cx, LANG_CSHARP, NAMES[i].source);

		assert_string_equal(names_text(cx, &facts), NAMES[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_csharp__imports),
		cmocka_unit_test(test_facts_csharp__defs),
		cmocka_unit_test(test_facts_csharp__names),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
