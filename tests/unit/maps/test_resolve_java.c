/*
 * Java: classes, nested and static ones, wildcards and same-package names, the nearest module.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "classes, nested classes, static members",
		.files = {
			{ "a/A.java",
			  "package a;\n"
		  "import b.B;\n"
		  "import b.B.Inner;\n"
		  "import static b.C.max;\n"
		  "import java.util.List;\n"
		  "class A {}\n" },
			{ "b/B.java",
			  "package b;\n"
		  "public class B { public static class Inner {} }\n" },
			{ "b/C.java",
			  "package b;\n"
		  "public class C { public static int max; }\n" },
		},
		.edges = "a/A.java:2 b/B.java java.class\n"
		  "a/A.java:3 b/B.java java.class\n"
		  "a/A.java:4 b/C.java java.class\n",
		.misses = "a/A.java:5 java.util.List standard\n",
	},
	{
		.why = "a wildcard by the names used; the same package without an import; an import hides a neighbour, both hide a wildcard's",
		.files = {
			{ "a/A.java",
			  "package a;\n"
		  "import b.*;\n"
		  "import c.Shared;\n"
		  "import d.*;\n"
		  "class A { B x; Near y; Shared z; }\n" },
			{ "d/All.java", "package d;\nclass Near {}\nclass Shared {}\n" },
			{ "b/B.java",
			  "package b;\n"
		  "public class B {}\n" },
			{ "b/Unused.java",
			  "package b;\n"
		  "public class Unused {}\n" },
			{ "a/Near.java",
			  "package a;\n"
		  "class Near {}\n" },
			{ "a/Shared.java",
			  "package a;\n"
		  "class Shared {}\n" },
			{ "c/Shared.java",
			  "package c;\n"
		  "public class Shared {}\n" },
		},
		.edges = "a/A.java:0 a/Near.java java.same_package\n"
		  "a/A.java:2 b/B.java java.wildcard\n"
		  "a/A.java:3 c/Shared.java java.class\n",
		.misses = "",
	},
	{
		.why = "a class with its package in the code; what only looks like one",
		.files = {
			{ "p/A.java",
			  "package p;\nimport q.*;\nclass A extends q.B {\n\tint c = r.s.T;\n\tq.r.C.D d;\n}\n" },
			{ "q/B.java", "package q;\npublic class B {}\n" },
			{ "q/r/C.java", "package q.r;\npublic class C { public static class D {} }\n" },
		},
		.edges = "p/A.java:5 q/r/C.java java.class\n",
		.misses = "",
	},
	{
		.why = "of two modules with one class the nearer; a group of the pom; a class that is not here",
		.files = {
			{ "pom.xml",
			  "<project><groupId>g</groupId><artifactId>r</artifactId><dependencies>\n"
		  "<dependency><groupId>org.junit</groupId><artifactId>j</artifactId></dependency></dependencies></project>\n" },
			{ "m1/p/X.java",
			  "package p;\n"
		  "public class X {}\n" },
			{ "m2/p/X.java",
			  "package p;\n"
		  "public class X {}\n" },
			{ "m2/q/Y.java",
			  "package q;\n"
		  "import p.X;\n"
		  "import org.junit.Test;\n"
		  "import com.acme.Z;\n"
		  "import p.Gone;\n"
		  "class Y {}\n" },
		},
		.edges = "m2/q/Y.java:2 m2/p/X.java java.class\n",
		.misses = "m2/q/Y.java:3 org.junit.Test external org.junit:j\n"
		  "m2/q/Y.java:4 com.acme.Z external\n"
		  "m2/q/Y.java:5 p.Gone not_found\n",
	},
};

static void test_resolve_java__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_java__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
