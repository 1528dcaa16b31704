/*
 * Go: modules, files by the names used, same-package names, vendor and replace.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "the file that defines the name used, aliases, and names within the package",
		.files = {
			{ "go.mod",
			  "module example.org/m\n"
		  "require github.com/x/y v1.2.3\n" },
			{ "main.go",
			  "package main\n"
		  "import (\n"
		  "\t\"fmt\"\n"
		  "\tq \"example.org/m/p\"\n"
		  "\t\"github.com/x/y/z\"\n"
		  ")\n"
		  "func main() { fmt.Println(q.One(), z.A); helper() }\n" },
			{ "help.go",
			  "package main\n"
		  "func helper() {}\n" },
			{ "p/one.go",
			  "package p\n"
		  "func One() int { return two }\n" },
			{ "p/two.go",
			  "package p\n"
		  "var two = 2\n" },
		},
		.edges = "main.go:0 help.go go.same_package\n"
		  "main.go:4 p/one.go go.package\n"
		  "p/one.go:0 p/two.go go.same_package\n",
		.misses = "main.go:3 fmt standard\n"
		  "main.go:5 github.com/x/y/z external github.com/x/y\n",
	},
	{
		.why = "a blank import leads to the package's own file; the nearest of several modules",
		.files = {
			{ "go.mod",
			  "module m.org/a\n" },
			{ "sub/go.mod",
			  "module m.org/a/sub\n" },
			{ "x.go",
			  "package a\n"
		  "import _ \"m.org/a/sub/reg\"\n" },
			{ "sub/reg/reg.go",
			  "package reg\n"
		  "func init() {}\n" },
			{ "sub/reg/more.go",
			  "package reg\n" },
		},
		.edges = "x.go:2 sub/reg/reg.go go.package_file\n",
		.misses = "",
	},
	{
		.why = "replace by a folder, vendor, and a package that is not here",
		.files = {
			{ "go.mod",
			  "module m.org/a\n"
		  "replace r.org/b => ./local/b\n" },
			{ "x.go",
			  "package a\n"
		  "import (\n"
		  "\t\"r.org/b\"\n"
		  "\t\"v.org/c\"\n"
		  "\t\"m.org/a/gone\"\n"
		  ")\n"
		  "var _ = b.B\n"
		  "var _ = c.C\n" },
			{ "local/b/b.go",
			  "package b\n"
		  "var B = 1\n" },
			{ "vendor/v.org/c/c.go",
			  "package c\n"
		  "var C = 1\n" },
		},
		.edges = "x.go:3 local/b/b.go go.package\n"
		  "x.go:4 vendor/v.org/c/c.go go.package\n",
		.misses = "x.go:5 m.org/a/gone not_found\n",
	},
};

static void test_resolve_go__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_go__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
