/* B4: namespaces, use, require, definitions and used names of PHP. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_PHP,
	  "<?php\nnamespace A;\nuse B\\C, \\D\\E as F;\nuse G\\{H, I\\J as K,\n function l, const M};\nuse function N\\o;\nuse const P\\Q;\n"
	  "class R { use S; }\n$f = function () use ($x) { return new \\T\\U(\\T\\U::V, \\W, \\X\\y()); };\n// use No;\n# use No;\n'use No;';\n",
	  "3 use B\\C\n3 use D\\E as=F\n4 use G\\H\n4 use G\\I\\J as=K\n5 use_function G\\l\n5 use_const G\\M\n6 use_function N\\o\n"
	  "7 use_const P\\Q\n9 name T\\U\n" },
	{ LANG_PHP,
	  "use Text;\n<html><?= $a ?> it's\n<?php require __DIR__ . '/a.php'; require_once(dirname(__FILE__) . '/b.php');\n"
	  "include dirname(__DIR__, 2) . \"/c.php\"; include_once 'd.php';\nrequire ROOT . '/e.php'; require \"$f.php\"; require $g; require 'h' . $i;\n"
	  "$j->require('k'); // ?> use No; <?php\n$m = <<<EOT\nrequire 'no';\n  EOT . <<<'E'\n  x\n  E; include 'n.php' ?>\ninclude 'no';\n",
	  "3 require ./a.php\n3 require ./b.php\n4 require ../../c.php\n4 require d.php\n5 dynamic e.php\n11 require n.php\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_PHP,
	  "<?php\nnamespace A\\B;\n#[X('}')]\nabstract class C extends D {\n\tconst K = 1;\n\tpublic const string L = self::class;\n"
	  "\tpublic function __construct(private int $x = E::F) {}\n\tabstract function m();\n\tfunction &n() {\n\t\treturn new class(1) extends Y {\n"
	  "\t\t\tfunction no() {}\n\t\t};\n\t}\n\tfunction list() { \"{$x}\"; $a->class; return fn() => 1; }\n}\n"
	  "interface I { public function r(); }\ntrait T { }\nenum S: string { case A = 'a'; const Z = 1; function q() {} }\n"
	  "if (!function_exists('f')) {\n\tfunction f() {}\n}\ndefine('W', 1);\nconst V = 2;\n",
	  "2-23 module A\\B\n4-15 class C\n5-5 constant K of C\n6-6 constant L of C\n7-7 method __construct of C\n8-8 method m of C\n9-13 method n of C\n"
	  "14-14 method list of C\n16-16 interface I\n16-16 method r of I\n17-17 trait T\n18-18 enum S\n18-18 constant Z of S\n18-18 method q of S\n"
	  "20-20 function f\n22-22 constant W\n23-23 constant V\n" },
	{ LANG_PHP,
	  "<?php\nnamespace A {\n\tclass B {}\n}\nnamespace {\n\tfunction c() {}\n}\nnamespace D;\nfunction e() {}\n",
	  "2-4 module A\n3-3 class B\n6-6 function c\n8-9 module D\n9-9 function e\n" },
};

static void test_facts_php__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_php__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* Names in full: of the namespace, below an alias; not what is imported, not members. */
static void test_facts_php__names(void **state)
{
	static const struct {
		const char *source, *names;
	} NAMES[] = {
		{ "<?php namespace A; use B\\C; use D as E; new F; C::g(); E\\H::I; J::K; $l->M; namespace\\N::O;",
		  "A\\F A\\J A\\N D\\H" },
		{ "<?php function a(?B $c, D|E $f): G { try { h(I); } catch (J $k) { $l instanceof M; } }",
		  "B D E G I J M h()" },
		{ "<?php namespace A; b(type: C::D, name: e());", "A\\C A\\b() A\\e()" },
		{ "<?php namespace A; use function B\\c; c(); d(); \\e(); F\\g(); #[H(1), I] class J {} if (true) {}",
		  "A\\F\\g() A\\H A\\I A\\d() e()" },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct facts facts = facts_of(cx, LANG_PHP, NAMES[i].source);

		assert_string_equal(names_text(cx, &facts), NAMES[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_php__imports),
		cmocka_unit_test(test_facts_php__defs),
		cmocka_unit_test(test_facts_php__names),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
