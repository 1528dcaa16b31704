/*
 * Kotlin: classes and functions of packages, overloads, receivers, Java beside it, platforms.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "a type, and the function of its name beside it that makes one",
		.files = {
			{ "a/A.kt", "package a\nimport b.Made\nval a = Made(1)\n" },
			{ "b/Made.kt", "package b\ninterface Made\n" },
			{ "b/make.kt", "package b\nfun Made(x: Int): Made = TODO()\n" },
		},
		.edges = "a/A.kt:2 b/Made.kt java.class\na/A.kt:2 b/make.kt kotlin.function\n",
		.misses = "",
	},
	{
		.why = "classes, aliases, functions; a class in a file of another name; Java in between",
		.files = {
			{ "a/A.kt",
			  "package a\n"
		  "import b.B\n"
		  "import b.Inner as I\n"
		  "import b.max\n"
		  "import b.J.Companion.k\n"
		  "import kotlin.math.min\n"
		  "import kotlinx.coroutines.launch\n"
		  "import b.Gone\n"
		  "class A(val x: I, val y: Near, val z: Inner)\n" },
			{ "b/J.java", "package b; import a.UtilKt; import a.Names; class J {}\n" },
			{ "b/all.kt", "package b\nclass B\nclass Inner\nfun Int.max() = 1\n" },
			{ "b/more.kt", "package b\nfun Long.max() = 1\n" },
			{ "a/Near.kt", "package a\nclass Near\n" },
			{ "a/Util.kt", "package a\nfun util() {}\n" },
			{ "a/names.kt", "@file:JvmName(\"Names\")\npackage a\nfun name() {}\n" },
			{ "build.gradle.kts",
			  "dependencies {\n  api(\"org.jetbrains.kotlinx:kotlinx-coroutines-core:1\")\n}\n" },
		},
		.edges = "a/A.kt:0 a/Near.kt java.same_package\n"
		  "a/A.kt:2 b/all.kt java.class\n"
		  "a/A.kt:3 b/all.kt java.class\n"
		  "a/A.kt:4 b/all.kt kotlin.function\n"
		  "a/A.kt:4 b/more.kt kotlin.function\n"
		  "a/A.kt:5 b/J.java java.class\n"
		  "b/J.java:1 a/Util.kt java.class\n"
		  "b/J.java:1 a/names.kt java.class\n",
		.misses = "a/A.kt:6 kotlin.math.min standard\n"
		  "a/A.kt:7 kotlinx.coroutines.launch external org.jetbrains.kotlinx:kotlinx-coroutines-core\n"
		  "a/A.kt:8 b.Gone not_found\n",
	},
	{
		.why = "functions of the package by their calls; one of the file's own comes first",
		.files = {
			{ "a/A.kt",
			  "package a\n"
		  "import b.*\n"
		  "fun own() = help() + x.extend { wild() } + own2()\n"
		  "fun own2() = 1\n" },
			{ "a/B.kt", "package a\nfun help() = 1\nfun own2() = 2\n" },
			{ "a/C.kt", "package a\nfun Int.extend(f: () -> Int) = f()\nfun unused() = 1\n" },
			{ "b/D.kt", "package b\nfun wild() = 1\n" },
		},
		.edges = "a/A.kt:0 a/B.kt kotlin.same_package\n"
		  "a/A.kt:0 a/C.kt kotlin.same_package\n"
		  "a/A.kt:2 b/D.kt kotlin.function\n",
		.misses = "",
	},
	{
		.why = "source sets: the own one, else the common one, no other platform; an artifact by its name",
		.files = {
			{ "m/src/commonMain/B.kt", "package b\nexpect class B\n" },
			{ "m/src/jvmMain/B.kt", "package b\nactual class B\n" },
			{ "m/src/jvmMain/C.kt", "package b\nval c = B()\n" },
			{ "m/src/commonTest/D.kt", "package b\nimport org.junit.Test\nval d = B() + only()\n" },
			{ "m/src/nativeMain/E.kt", "package b\nfun only() = 1\n" },
			{ "build.gradle", "dependencies {\n testImplementation 'junit:junit:4'\n}\n" },
		},
		.edges = "m/src/commonTest/D.kt:0 m/src/commonMain/B.kt java.same_package\n"
		  "m/src/jvmMain/C.kt:0 m/src/jvmMain/B.kt java.same_package\n",
		.misses = "m/src/commonTest/D.kt:2 org.junit.Test external junit:junit\n",
	},
	{
		.why = "the same by folders of another fashion; of a group's artifacts the one called like the package",
		.files = {
			{ "a/common/src/B.kt", "package b\nexpect fun b()\n" },
			{ "a/js/src/B.kt", "package b\nactual fun b() {}\n" },
			{ "z/common/test/C.kt",
			  "package c\nimport b.b\nimport io.netty.buffer.X\nimport io.netty.other.Y\n" },
			{ "z/js/test/D.kt", "package d\nimport b.b\n" },
			{ "build.gradle",
			  "dependencies {\n api 'io.netty:netty-all:4'\n api 'io.netty:netty-buffer:4'\n}\n" },
		},
		.edges = "z/common/test/C.kt:2 a/common/src/B.kt kotlin.function\n"
		         "z/js/test/D.kt:2 a/common/src/B.kt kotlin.function\n",
		.misses = "z/common/test/C.kt:3 io.netty.buffer.X external io.netty:netty-buffer\n"
		          "z/common/test/C.kt:4 io.netty.other.Y external io.netty:netty-all\n",
	},
};

static void test_resolve_kotlin__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_kotlin__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
