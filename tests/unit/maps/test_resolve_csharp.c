/*
 * C#: namespaces and using directives, parts of types, generic ones, extensions, projects, NuGet.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "the namespaces around, then using directives, each with the types used; static, alias, in full",
		.files = {
			{ "A.cs",
			  "using X.B;\nusing static X.C.Tool;\nusing T = X.C.Tool;\nusing N = X.B;\nusing X.Unused;\n"
		  "namespace X.A.Inner;\n"
		  "class A : Base, Near { class Mine {} Mine m; Used u; N.ByAlias n; X.C.Full f; C.Relative g; int Level { get; } void M() { Level.X(); Other(); } }\n" },
			{ "B/Used.cs", "namespace X.B { class Used {} class Base {} }\n" },
			{ "B/ByAlias.cs", "namespace X.B { class ByAlias {} class Level {} class Other {} }\n" },
			{ "C.cs", "namespace X { namespace C { class Tool {} class Full {} } }\n" },
			{ "C2.cs", "namespace X.C;\nclass Relative {}\n" },
			{ "Near.cs", "namespace X.A;\ninterface Near {}\nclass Used {}\n" },
			{ "Mine.cs", "namespace X.A;\nclass Mine {}\n" },
			{ "Unused.cs", "namespace X.Unused;\nclass Nobody {}\n" },
		},
		.edges = "A.cs:0 C.cs cs.qualified\n"
		  "A.cs:0 C2.cs cs.qualified\n"
		  "A.cs:0 Near.cs cs.same_namespace\n"
		  "A.cs:1 B/Used.cs cs.using\n"
		  "A.cs:2 C.cs cs.type\n"
		  "A.cs:3 C.cs cs.type\n"
		  "A.cs:4 B/ByAlias.cs cs.using\n",
		.misses = "",
	},
	{
		.why = "parts of a type, a generic type beside a plain one, attributes, extensions",
		.files = {
			{ "A.cs",
			  "using X.E;\nnamespace X;\n[Mark] class A { Part p; Out o; Gen<int> g; void M() { p.Extend(); p.Plain(); } }\n" },
			{ "Part.More.cs", "namespace X;\npartial class Part {}\n" },
			{ "Part.cs", "namespace X;\npartial class Part {}\n" },
			{ "Out.T.cs", "namespace X;\nclass Out<T> {}\nclass Gen<T> {}\n" },
			{ "Out.cs", "namespace X;\nclass Out { void Plain() {} }\nclass Gen {}\n" },
			{ "Mark.cs", "namespace X;\nclass MarkAttribute {}\n" },
			{ "E.cs", "namespace X.E;\nstatic class E { static void Extend(this Part p) {} }\n" },
			{ "F.cs", "namespace X.E;\nstatic class F { static void Plain(this Part p) {} }\n" },
		},
		.edges = "A.cs:0 Mark.cs cs.same_namespace\n"
		  "A.cs:0 Out.T.cs cs.same_namespace\n"
		  "A.cs:0 Out.cs cs.same_namespace\n"
		  "A.cs:0 Part.cs cs.same_namespace\n"
		  "A.cs:1 E.cs cs.extension\n"
		         "E.cs:0 Part.cs cs.same_namespace\n"
		         "F.cs:0 Part.cs cs.same_namespace\n",
		.misses = "",
	},
	{
		.why = "a generic type stands for no plain one, an alias hides, the end Attribute is for attributes",
		.files = {
			{ "A.cs",
			  "using P;\nusing Q = P.R;\nnamespace X;\n[M] class A { Out o; Q q; Mark m; Y.Gen<int> g; }\n" },
			{ "MarkAttribute.cs", "namespace X;\nclass MarkAttribute {}\n" },
			{ "M.cs", "namespace X;\nclass M {}\n" },
			{ "Out.T.cs", "namespace X;\nclass Out<T> {}\n" },
			{ "P.cs", "namespace P;\nclass Out {}\nclass R {}\n" },
			{ "Q.cs", "namespace P;\nclass Q {}\n" },
			{ "Y.cs", "namespace X.Y;\nclass Gen<T> {}\n" },
		},
		.edges = "A.cs:0 M.cs cs.same_namespace\n"
		  "A.cs:0 Y.cs cs.qualified\n"
		  "A.cs:1 P.cs cs.using\n"
		  "A.cs:2 P.cs cs.type\n",
		.misses = "",
	},
	{
		.why = "projects: the own, then one referred to; usings for all files; packages, the framework, what is not here",
		.files = {
			{ "app/App.csproj",
			  "<Project><ItemGroup><ProjectReference Include=\"..\\z\\Z.csproj\" /><Using Include=\"Lib\" />\n"
		  "<PackageReference Include=\"newtonsoft.Json\" Version=\"1\" />\n"
		  "<PackageReference Include=\"FsCheck.Xunit\" /></ItemGroup></Project>\n" },
			{ "app/A.cs",
			  "using System.Text;\nusing Newtonsoft.Json.Linq;\nusing FsCheck;\nusing Lib.Gone;\nusing Other.Thing;\n"
		  "namespace App { class A { Both b; Thing t; Own o; } }\n" },
			{ "app/Globals.cs", "global using More;\n" },
			{ "app/Own.cs", "namespace More { class Own {} }\n" },
			{ "a/A.csproj", "<Project />" },
			{ "a/Both.cs", "namespace Lib { class Both {} class Thing {} }\n" },
			{ "z/Z.csproj", "<Project />" },
			{ "z/Both.cs", "namespace Lib { class Both {} }\n" },
		},
		.edges = "app/A.cs:0 a/Both.cs cs.global_using\n"
		  "app/A.cs:0 app/Own.cs cs.global_using\n"
		  "app/A.cs:0 z/Both.cs cs.global_using\n",
		.misses = "app/A.cs:1 System.Text standard\n"
		  "app/A.cs:2 Newtonsoft.Json.Linq external newtonsoft.Json\n"
		  "app/A.cs:3 FsCheck external FsCheck.Xunit\n"
		  "app/A.cs:4 Lib.Gone not_found\n"
		  "app/A.cs:5 Other.Thing external\n",
	},
};

static void test_resolve_csharp__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_csharp__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
