/*
 * JavaScript and TypeScript: probing, tsconfig, packages of the repository, Node's own.  (B4)
 */
#include "map_tree.h"

static const struct tree_case CASES[] = {
	{
		.why = "extensions, index files and output names",
		.files = {
			{ "a.ts",
			  "import x from './b'\n"
		  "import y from './dir'\n"
		  "import z from './c.js'\n"
		  "import './s.css'\n"
		  "import v from './V.vue?raw'\n" },
			{ "b.tsx",
			  "\n" },
			{ "dir/index.ts",
			  "\n" },
			{ "c.ts",
			  "\n" },
			{ "s.css",
			  "\n" },
			{ "V.vue",
			  "<script></script>\n" },
		},
		.edges = "a.ts:1 b.tsx js.relative\n"
		  "a.ts:2 dir/index.ts js.relative\n"
		  "a.ts:3 c.ts js.relative\n"
		  "a.ts:4 s.css js.relative\n"
		  "a.ts:5 V.vue js.relative\n",
		.misses = "",
	},
	{
		.why = "require, dynamic import and re-export",
		.files = {
			{ "a.js",
			  "const b = require('./b')\n"
		  "import('./c')\n"
		  "export * from './d'\n" },
			{ "b.js",
			  "\n" },
			{ "c.mjs",
			  "\n" },
			{ "d/index.js",
			  "\n" },
		},
		.edges = "a.js:1 b.js js.relative\n"
		  "a.js:2 c.mjs js.relative\n"
		  "a.js:3 d/index.js js.relative\n",
		.misses = "",
	},
	{
		.why = "tsconfig with comments, extends, baseUrl and the longest pattern",
		.files = {
			{ "tsconfig.base.json",
			  "{ // paths\n"
		  " \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"src/*\"], \"@/lib/*\": [\"other/*\"], }, } }\n" },
			{ "app/tsconfig.json",
			  "{\"extends\":\"../tsconfig.base\"}\n" },
			{ "app/a.ts",
			  "import a from '@/x'\n"
		  "import b from '@/lib/y'\n"
		  "import c from 'src/x'\n" },
			{ "src/x.ts",
			  "\n" },
			{ "other/y.ts",
			  "\n" },
			{ "src/lib/y.ts",
			  "\n" },
		},
		.edges = "app/a.ts:1 src/x.ts js.paths\n"
		  "app/a.ts:2 other/y.ts js.paths\n"
		  "app/a.ts:3 src/x.ts js.base_url\n",
		.misses = "",
	},
	{
		.why = "a tsconfig that must be named does not hide the one above it",
		.files = {
			{ "tsconfig.json",
			  "{\"compilerOptions\":{\"paths\":{\"v\":[\"./src\"]}}}\n" },
			{ "src/index.ts",
			  "\n" },
			{ "t/tsconfig.test.json",
			  "{\"compilerOptions\":{\"paths\":{\"w\":[\"./w.ts\"]}}}\n" },
			{ "t/a.ts",
			  "import v from 'v'\n"
		  "import w from 'w'\n" },
			{ "t/w.ts",
			  "\n" },
		},
		.edges = "t/a.ts:1 src/index.ts js.paths\n"
		  "t/a.ts:2 t/w.ts js.paths\n",
		.misses = "",
	},
	{
		.why = "packages of this repository: main, sources of a built main, exports with a star",
		.files = {
			{ "packages/a/package.json",
			  "{\"name\":\"@o/a\",\"main\":\"dist/index.js\"}\n" },
			{ "packages/a/src/index.ts",
			  "\n" },
			{ "packages/b/package.json",
			  "{\"name\":\"b\",\"exports\":{\".\":{\"import\":\"./lib/main.mjs\"},\"./x/*\":\"./lib/*.js\"}}\n" },
			{ "packages/b/lib/main.mjs",
			  "\n" },
			{ "packages/b/lib/y.js",
			  "\n" },
			{ "m.ts",
			  "import '@o/a'\n"
		  "import 'b'\n"
		  "import 'b/x/y'\n"
		  "import 'b/gone'\n" },
		},
		.edges = "m.ts:1 packages/a/src/index.ts js.workspace\n"
		  "m.ts:2 packages/b/lib/main.mjs js.workspace\n"
		  "m.ts:3 packages/b/lib/y.js js.workspace\n",
		.misses = "m.ts:4 b/gone not_found\n",
	},
	{
		.why = "exports by the conditions that hold, in their order; then what else there is",
		.files = {
			{ "packages/a/package.json",
			  "{\"name\":\"a\",\"main\":\"main.js\",\"module\":\"module.js\",\"exports\":{\".\":{\"browser\":\"./browser.js\","
			  "\"require\":\"./a.cjs\",\"import\":{\"types\":\"./a.d.ts\",\"default\":\"./a.mjs\"}},\"./css\":{\"css\":\"./x.css\"}}}\n" },
			{ "packages/a/main.js", "\n" },
			{ "packages/a/module.js", "\n" },
			{ "packages/a/browser.js", "\n" },
			{ "packages/a/a.cjs", "\n" },
			{ "packages/a/a.d.ts", "\n" },
			{ "packages/a/a.mjs", "\n" },
			{ "packages/a/x.css", "\n" },
			{ "packages/b/package.json",
			  "{\"name\":\"b\",\"main\":\"main.js\",\"module\":\"module.js\",\"imports\":{\"#c\":{\"deno\":\"./module.js\","
			  "\"default\":\"./main.js\"}}}\n" },
			{ "packages/b/main.js", "\n" },
			{ "packages/b/user.js", "import '#c'\n" },
			{ "packages/b/module.js", "\n" },
			{ "m.js",
			  "import 'a'\n"
		  "require('a')\n"
		  "import 'a/css'\n"
		  "import 'b'\n"
		  "import './packages/a'\n" },
		},
		.edges = "m.js:1 packages/a/a.mjs js.workspace\n"
		  "m.js:2 packages/a/a.cjs js.workspace\n"
		  "m.js:3 packages/a/x.css js.workspace\n"
		  "m.js:4 packages/b/main.js js.workspace\n"
		  "m.js:5 packages/a/main.js js.relative\n"
		  "packages/b/user.js:1 packages/b/main.js js.imports\n",
		.misses = "",
	},
	{
		.why = "imports of package.json, the custom of @/, Node's modules, declared and unknown packages",
		.files = {
			{ "package.json",
			  "{\"name\":\"r\",\"imports\":{\"#x\":\"./lib/x.js\"},\"dependencies\":{\"lodash\":\"^4\",\"@s/p\":\"1\"}}\n" },
			{ "lib/x.js",
			  "\n" },
			{ "src/u.js",
			  "\n" },
			{ "m.js",
			  "import '#x'\n"
		  "import '@/u'\n"
		  "import 'node:fs'\n"
		  "import 'fs/promises'\n"
		  "import 'lodash/get'\n"
		  "import '@s/p/q'\n"
		  "import 'unknown'\n"
		  "import './gone'\n" },
		},
		.edges = "m.js:1 lib/x.js js.imports\n"
		  "m.js:2 src/u.js js.alias\n",
		.misses = "m.js:3 node:fs standard\n"
		  "m.js:4 fs/promises standard\n"
		  "m.js:5 lodash/get external lodash\n"
		  "m.js:6 @s/p/q external @s/p\n"
		  "m.js:7 unknown external\n"
		  "m.js:8 ./gone not_found\n",
	},
};

static void test_resolve_js__edges_and_misses(void **state)
{
	tree_check(fixture_ctx(*state), CASES, COUNT(CASES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve_js__edges_and_misses),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
