/* B4: use trees, modules and items of Rust. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_RUST,
	  "use a::b::c;\nuse std::{fs, io::{self, Read as R}, *};\npub use self::d::e;\npub(crate) use super::f::*;\n",
	  "1 use a::b::c\n2 use std::fs\n2 use std::io\n2 use std::io::Read as=R\n2 wildcard std\n"
	  "3 reexport self::d::e\n4 reexport super::f name=*\n" },
	{ LANG_RUST, "use {\n    a::x,\n    crate::y as _,\n};\nuse ::z;\nuse r#type::q;\n",
	  "2 use a::x\n3 use crate::y as=_\n5 use ::z\n6 use type::q\n" },
	{ LANG_RUST,
	  "mod a;\npub mod b;\n#[path = \"x/y.rs\"]\nmod c;\n#[cfg(test)]\nmod d;\nmod e {\n    mod f;\n    mod g { use super::h; }\n}\nmod i;\n",
	  "1 mod a\n2 mod b\n4 mod x/y.rs name=c path\n6 mod d optional\n8 mod f in=e\n9 use super::h in=e::g\n"
	  "11 mod i\n" },
	{ LANG_RUST,
	  "extern crate a;\nextern crate b as c;\nextern \"C\" { fn d(); }\nfn f() { use e::f; }\n",
	  "1 crate a\n2 crate b as=c\n4 use e::f\n" },
	/* Nested comments, raw strings, lifetimes and characters. */
	{ LANG_RUST,
	  "/* /* use a; */ use b; */\nlet s = r#\"\nuse c; \"quoted\"\n\"#;\nfn f<'a>(x: &'a str) { '\"'; b'\\''; }\nuse d;\n",
	  "6 use d\n" },
	{ LANG_RUST, "use a::{b", "1 use a::b\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_RUST,
	  "pub struct A<T> {\n    b: T,\n}\nstruct C(u8);\nenum D { E { x: u8 } }\nunion F { a: u8 }\n"
	  "trait G {\n    type H;\n    fn i(&self);\n    fn j() {}\n}\n",
	  "1-3 struct A\n4-4 struct C\n5-5 enum D\n6-6 union F\n7-11 trait G\n8-8 type H of G\n"
	  "9-9 method i of G\n10-10 method j of G\n" },
	{ LANG_RUST,
	  "impl<'a, T: Fn() -> u8> a::G<u8> for b::A<T>\nwhere T: X {\n    const K: u8 = 1;\n    fn f(x: [u8; 4]) -> u8 {\n"
	  "        fn g() {}\n    }\n}\nconst L: u8 = 1;\nstatic mut M: u8 = 1;\nconst fn h() {}\ntype N = A<u8>;\n",
	  "3-3 constant K of A\n4-6 method f of A\n5-5 function g\n8-8 constant L\n9-9 constant M\n10-10 function h\n"
	  "11-11 type N\n" },
	{ LANG_RUST,
	  "macro_rules! m {\n    ($x:expr) => { fn no() {} };\n}\nmod t {\n    async unsafe fn r#in() {}\n}\n",
	  "1-3 macro m\n4-6 module t\n5-5 function in\n" },
	/* What a macro writes elsewhere, its arguments, lifetimes and constant parameters define nothing. */
	{ LANG_RUST,
	  "fn a<const N: usize, const M: usize>() -> &'static std::fs::File {\n    quote! { fn no() {} }\n}\n"
	  "struct B(&'static str);\nimpl<T> C for D<[T; 0]> {\n    type E = T;\n    forward! { map struct enum identifier }\n}\n",
	  "1-3 function a\n4-4 struct B\n6-6 type E of D\n" },
	/* Items in a macro's braces are of what is around it. */
	{ LANG_RUST,
	  "cfg_unix! {\n    pub const A: u8 = 1;\n    mod b { fn c() {} }\n}\nlazy_static! {\n    static ref D: u8 = { 1 };\n}\n"
	  "impl E {\n    cfg_io! {\n        fn f() {}\n    }\n}\n",
	  "2-2 constant A\n3-3 module b\n3-3 function c\n6-6 constant D\n10-10 method f of E\n" },
};

static void test_facts_rust__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_rust__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_rust__imports),
		cmocka_unit_test(test_facts_rust__defs),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
