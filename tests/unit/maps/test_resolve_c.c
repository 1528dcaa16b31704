/*
 * C and C++ includes: where they lead, by which rule, and why others do not.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "beside the includer, also upwards",
		.files = {
			{ "src/a.c",
			  "#include \"a.h\"\n"
		  "#include \"../inc/b.h\"\n" },
			{ "src/a.h",
			  "\n" },
			{ "inc/b.h",
			  "\n" },
		},
		.edges = "src/a.c:1 src/a.h c.same_dir\n"
		  "src/a.c:2 inc/b.h c.same_dir\n",
		.misses = "",
	},
	{
		.why = "a folder that the makefile names wins over a nearer file of that name",
		.files = {
			{ "src/Makefile",
			  "CFLAGS+= -I../deps/lua/src -I.\n" },
			{ "src/x/a.c",
			  "#include <lua.h>\n" },
			{ "deps/lua/src/lua.h",
			  "\n" },
			{ "src/y/z/lua.h",
			  "\n" },
		},
		.edges = "src/x/a.c:1 deps/lua/src/lua.h c.include_dir\n",
		.misses = "",
	},
	{
		.why = "CMake's folders, with its variables",
		.files = {
			{ "CMakeLists.txt",
			  "project(p)\n"
		  "target_include_directories(p PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)\n" },
			{ "lib/a.cc",
			  "#include <p/p.h>\n"
		  "#include \"p/q.hpp\"\n" },
			{ "include/p/p.h",
			  "\n" },
			{ "include/p/q.hpp",
			  "\n" },
			{ "old/p/p.h",
			  "\n" },
		},
		.edges = "lib/a.cc:1 include/p/p.h c.include_dir\n"
		  "lib/a.cc:2 include/p/q.hpp c.include_dir\n",
		.misses = "",
	},
	{
		.why = "CMake's folders by variables of this file and of others, in a circle too",
		.files = {
			{ "CMakeLists.txt",
			  "project(proj)\n"
		  "set(UTIL src/util CACHE PATH \"docs/no\")\n"
		  "list(APPEND DIRS ${UTIL} \"${CMAKE_CURRENT_SOURCE_DIR}/deps/x\" a.c)\n"
		  "set(LOOP ${LOOP} ${DIRS} PARENT_SCOPE)\n" },
			{ "tests/CMakeLists.txt",
			  "set(CLAR ${proj_SOURCE_DIR}/deps)\n"
		  "set(DIRS ${DIRS} ${LOOP})\n"
		  "target_include_directories(t PRIVATE ${DIRS} ${CLAR}/clar ${UNKNOWN} ${NO}${NO})\n" },
			{ "tests/t.c",
			  "#include \"u.h\"\n"
		  "#include \"x.h\"\n"
		  "#include \"clar.h\"\n" },
			{ "src/util/u.h", "\n" },
			{ "tests/old/u.h", "\n" },
			{ "deps/x/x.h", "\n" },
			{ "tests/old/x.h", "\n" },
			{ "deps/clar/clar.h", "\n" },
			{ "tests/old/clar.h", "\n" },
		},
		.edges = "tests/t.c:1 src/util/u.h c.include_dir\n"
		  "tests/t.c:2 deps/x/x.h c.include_dir\n"
		  "tests/t.c:3 deps/clar/clar.h c.include_dir\n",
		.misses = "",
	},
	{
		.why = "the only path with that end",
		.files = {
			{ "a/a.c",
			  "#include \"deep/x.h\"\n" },
			{ "b/deep/x.h",
			  "\n" },
			{ "b/other/x.h",
			  "\n" },
		},
		.edges = "a/a.c:1 b/deep/x.h c.unique_suffix\n",
		.misses = "",
	},
	{
		.why = "of several, the one with most folders in common",
		.files = {
			{ "a/b/m.c",
			  "#include \"c.h\"\n" },
			{ "a/inc/c.h",
			  "\n" },
			{ "z/inc/c.h",
			  "\n" },
		},
		.edges = "a/b/m.c:1 a/inc/c.h c.nearest\n",
		.misses = "",
	},
	{
		.why = "several as near as each other are ambiguous",
		.files = {
			{ "m.c",
			  "#include \"c.h\"\n" },
			{ "x/c.h",
			  "\n" },
			{ "y/c.h",
			  "\n" },
		},
		.edges = "",
		.misses = "m.c:1 c.h ambiguous\n",
	},
	{
		.why = "a standard header is not ours though a file has its name",
		.files = {
			{ "m.c",
			  "#include <string.h>\n"
		  "#include <sys/time.h>\n"
		  "#include <vector>\n" },
			{ "compat/string.h",
			  "\n" },
		},
		.edges = "",
		.misses = "m.c:1 string.h standard\n"
		  "m.c:2 sys/time.h standard\n"
		  "m.c:3 vector standard\n",
	},
	{
		.why = "what is nowhere, and what a package brings",
		.files = {
			{ "meson.build",
			  "dependency('openssl', version: '>=3')\n" },
			{ "m.c",
			  "#include \"gone.h\"\n"
		  "#include <openssl/ssl.h>\n"
		  "#include <other/x.h>\n" },
		},
		.edges = "",
		.misses = "m.c:1 gone.h not_found\n"
		  "m.c:2 openssl/ssl.h external openssl\n"
		  "m.c:3 other/x.h external\n",
	},
	{
		.why = "a path that leaves the repository",
		.files = {
			{ "m.c",
			  "#include \"../../../etc/passwd.h\"\n" },
			{ "n.h",
			  "\n" },
		},
		.edges = "",
		.misses = "m.c:1 ../../../etc/passwd.h not_found\n",
	},
};

static void test_resolve_c__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_c__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
