/*
 * PHP: Composer's autoload rules, namespaces, functions, require, packages.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "PSR-4 and PSR-0, a class map, a file elsewhere; the namespace, below an alias, in full; case",
		.files = {
			{ "composer.json",
			  "{\"autoload\":{\"psr-4\":{\"A\\\\\":[\"src/\"],\"\":\"any\"},\"psr-0\":{\"Old_\":\"old\"},\"classmap\":[\"map\"]}}" },
			{ "src/X.php",
			  "<?php\nnamespace A;\nuse A\\Sub\\Y;\nuse A\\Sub;\nuse Old_Z;\nuse B\\M;\nuse C\\Loose;\n"
		  "class X extends near { function f() { new Sub\\W; new \\A\\Sub\\Full; new Sub\\Nothing; } }\n" },
			{ "src/Sub/Y.php", "<?php namespace A\\Sub; class Y {}" },
			{ "src/Sub/W.php", "<?php namespace A\\Sub; class W {}" },
			{ "src/Sub/Full.php", "<?php namespace A\\Sub; class Full {}" },
			{ "src/Near.php", "<?php namespace A; class Near {}" },
			{ "old/Old/Z.php", "<?php class Old_Z {}" },
			{ "map/b.php", "<?php namespace B; class M {}" },
			{ "c.php", "<?php namespace C; class Loose {}" },
			{ "other/Sub/Y.php", "<?php namespace A\\Sub; class Y {}" },
		},
		.edges = "src/X.php:0 src/Near.php php.same_namespace\n"
		  "src/X.php:0 src/Sub/W.php php.qualified\n"
		  "src/X.php:3 src/Sub/Y.php php.psr\n"
		  "src/X.php:4 src/Sub/W.php php.psr\n"
		  "src/X.php:5 old/Old/Z.php php.psr\n"
		  "src/X.php:6 map/b.php php.classmap\n"
		  "src/X.php:7 c.php php.declared\n"
		  "src/X.php:8 src/Sub/Full.php php.psr\n",
		.misses = "",
	},
	{
		.why = "functions of the namespace, then global ones; imported ones and constants; not those of tests",
		.files = {
			{ "a.php",
			  "<?php\nnamespace A;\nuse function B\\imported;\nuse const B\\K;\nuse function strlen;\n"
		  "own(); helper(); $x->method(); mocked(); imported(); strlen('');\n" },
			{ "own.php", "<?php namespace A; function own() {}" },
			{ "helpers.php", "<?php if (!function_exists('helper')) { function helper() {} }\nfunction own() {}\nfunction method() {}" },
			{ "b.php", "<?php namespace B; function imported() {} const K = 1;" },
			{ "tests/bootstrap.php", "<?php namespace A; function mocked() {}" },
		},
		.edges = "a.php:0 helpers.php php.function\n"
		  "a.php:0 own.php php.function\n"
		  "a.php:3 b.php php.function\n"
		  "a.php:4 b.php php.function\n",
		.misses = "a.php:5 strlen standard\n",
	},
	{
		.why = "require: relative, by the folders above, with something unknown in front",
		.files = {
			{ "a/b/x.php",
			  "<?php\nrequire __DIR__ . '/y.php';\nrequire dirname(__DIR__) . '/z.php';\nrequire 'y.php';\ninclude 'inc/w.php';\n"
		  "include ROOT . 'inc/w.php';\nrequire __DIR__ . '/../../vendor/autoload.php';\nrequire 'gone.php';\nrequire __DIR__ . '/z.php';\n" },
			{ "a/b/y.php", "<?php" },
			{ "a/z.php", "<?php" },
			{ "inc/w.php", "<?php" },
		},
		.edges = "a/b/x.php:2 a/b/y.php php.require\n"
		  "a/b/x.php:3 a/z.php php.require\n"
		  "a/b/x.php:4 a/b/y.php php.include\n"
		  "a/b/x.php:5 inc/w.php php.include_path\n"
		  "a/b/x.php:6 inc/w.php php.dynamic\n",
		.misses = "a/b/x.php:7 ./../../vendor/autoload.php external\n"
		  "a/b/x.php:8 gone.php not_found\n"
		  "a/b/x.php:9 ./z.php not_found\n",
	},
	{
		.why = "packages by their names; PHP's own; what should be here and is not",
		.files = {
			{ "composer.json",
			  "{\"require\":{\"php\":\"8\",\n\"psr/http-message\":\"1\",\n\"psr/http-factory\":\"1\",\n\"symfony/http-kernel\":\"6\",\n"
		  "\"nikic/php-parser\":\"4\"},\n\"require-dev\":{\"phpunit/phpunit\":\"9\"},\"autoload\":{\"psr-4\":{\"A\\\\\":\"src\"}}}" },
			{ "src/X.php",
			  "<?php\nnamespace A;\nuse Psr\\Http\\Message\\RequestInterface;\nuse Symfony\\Component\\HttpKernel\\Kernel;\nuse PhpParser\\Node;\n"
		  "use PHPUnit\\Framework\\TestCase;\nuse Exception;\nuse A\\Gone;\nuse Un\\Known;\nuse Random\\Randomizer;\n" },
		},
		.edges = "",
		.misses = "src/X.php:3 Psr\\Http\\Message\\RequestInterface external psr/http-message\n"
		  "src/X.php:4 Symfony\\Component\\HttpKernel\\Kernel external symfony/http-kernel\n"
		  "src/X.php:5 PhpParser\\Node external nikic/php-parser\n"
		  "src/X.php:6 PHPUnit\\Framework\\TestCase external phpunit/phpunit\n"
		  "src/X.php:7 Exception standard\n"
		  "src/X.php:8 A\\Gone not_found\n"
		  "src/X.php:9 Un\\Known external\n"
"src/X.php:10 Random\\Randomizer standard\n",
	},
};

static void test_resolve_php__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_php__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
