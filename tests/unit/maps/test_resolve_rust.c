/*
 * Rust: module trees, use-paths to the deepest module, crates of the workspace.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "mod in its forms, and paths through crate, self and super",
		.files = {
			{ "Cargo.toml",
			  "[package]\n"
		  "name = \"my-app\"\n"
		  "[dependencies]\n"
		  "serde = \"1\"\n" },
			{ "src/main.rs",
			  "mod a;\n"
		  "mod b;\n"
		  "#[path = \"odd/name.rs\"]\n"
		  "mod c;\n"
		  "use crate::a::deep::Thing;\n"
		  "use self::b::X;\n"
		  "use serde::Serialize;\n"
		  "use std::fmt;\n"
		  "fn main() {}\n" },
			{ "src/a/mod.rs",
			  "pub mod deep;\n"
		  "use super::b;\n" },
			{ "src/a/deep.rs",
			  "use super::super::c::N;\n"
		  "pub struct Thing;\n" },
			{ "src/b.rs",
			  "pub struct X;\n" },
			{ "src/odd/name.rs",
			  "pub struct N;\n" },
		},
		.edges = "src/a/deep.rs:1 src/odd/name.rs rust.use\n"
		  "src/a/mod.rs:1 src/a/deep.rs rust.mod\n"
		  "src/a/mod.rs:2 src/b.rs rust.use\n"
		  "src/main.rs:1 src/a/mod.rs rust.mod\n"
		  "src/main.rs:2 src/b.rs rust.mod\n"
		  "src/main.rs:4 src/odd/name.rs rust.mod\n"
		  "src/main.rs:5 src/a/deep.rs rust.use\n"
		  "src/main.rs:6 src/b.rs rust.use\n",
		.misses = "src/main.rs:7 serde::Serialize external serde\n"
		  "src/main.rs:8 std::fmt standard\n",
	},
	{
		.why = "crates of the workspace, with a dash in the name, renamed, from tests and examples",
		.files = {
			{ "Cargo.toml",
			  "[workspace]\n"
		  "members = [\"x\", \"y\"]\n" },
			{ "x/Cargo.toml",
			  "[package]\n"
		  "name = \"my-lib\"\n" },
			{ "x/src/lib.rs",
			  "pub mod m;\n" },
			{ "x/src/m.rs",
			  "pub fn f() {}\n" },
			{ "y/Cargo.toml",
			  "[package]\n"
		  "name = \"y\"\n"
		  "[dependencies]\n"
		  "other = { package = \"my-lib\", path = \"../x\" }\n"
		  "my-lib = { path = \"../x\" }\n" },
			{ "y/src/main.rs",
			  "use my_lib::m::f;\n"
		  "use other::m;\n"
		  "mod gone;\n"
		  "fn main() {}\n" },
			{ "x/tests/t.rs",
			  "mod common;\n"
		  "use my_lib::m::f;\n" },
			{ "x/tests/common/mod.rs",
			  "\n" },
		},
		.edges = "x/src/lib.rs:1 x/src/m.rs rust.mod\n"
		  "x/tests/t.rs:1 x/tests/common/mod.rs rust.mod\n"
		  "x/tests/t.rs:2 x/src/m.rs rust.crate\n"
		  "y/src/main.rs:1 x/src/m.rs rust.crate\n"
		  "y/src/main.rs:2 x/src/m.rs rust.crate\n",
		.misses = "y/src/main.rs:3 gone not_found\n",
	},
	{
		.why = "a file of tests/ that a named test has as its module is no program; inline modules lead to files",
		.files = {
			{ "Cargo.toml",
			  "[package]\n"
		  "name = \"z\"\n"
		  "[[test]]\n"
		  "name = \"all\"\n"
		  "path = \"tests/all.rs\"\n" },
			{ "tests/all.rs",
			  "mod one;\n"
		  "mod util;\n"
		  "mod support { pub mod mpsc; }\n"
		  "use support::mpsc;\n" },
			{ "tests/one.rs",
			  "use crate::util::X;\n" },
			{ "tests/support/mpsc.rs",
			  "\n" },
			{ "tests/util.rs",
			  "pub struct X;\n" },
		},
		.edges = "tests/all.rs:1 tests/one.rs rust.mod\n"
		  "tests/all.rs:2 tests/util.rs rust.mod\n"
		  "tests/all.rs:3 tests/support/mpsc.rs rust.mod\n"
		  "tests/all.rs:4 tests/support/mpsc.rs rust.use\n"
		  "tests/one.rs:1 tests/util.rs rust.use\n",
		.misses = "",
	},
	{
		.why = "a name that another use of the file brings in",
		.files = {
			{ "Cargo.toml", "[package]\nname = \"c\"\n" },
			{ "src/lib.rs", "mod a;\nuse crate::a as alias;\nuse std::task;\n"
			                "use alias::b::T;\nuse task::Poll::*;\n" },
			{ "src/a.rs", "pub mod b;\n" },
			{ "src/a/b.rs", "pub struct T;\n" },
		},
		.edges = "src/a.rs:1 src/a/b.rs rust.mod\n"
		         "src/lib.rs:1 src/a.rs rust.mod\n"
		         "src/lib.rs:2 src/a.rs rust.use\n"
		         "src/lib.rs:4 src/a/b.rs rust.use\n",
		.misses = "src/lib.rs:3 std::task standard\n"
		          "src/lib.rs:5 task::Poll standard\n",
	},
};

static void test_resolve_rust__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_rust__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
