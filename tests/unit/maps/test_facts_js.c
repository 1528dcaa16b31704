/* B4: imports and definitions of JavaScript, TypeScript, and the scripts of Vue files. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_JAVASCRIPT,
	  "import a from 'a'\nimport {\n  b,\n  c as d\n} from \"b\";\nimport * as e from './e'\nimport 'f'\n",
	  "1 from a\n2 from b\n6 from ./e\n7 from f\n" },
	{ LANG_JAVASCRIPT,
	  "export * from 'a'\nexport { b } from './b'\nexport * as c from 'c'\nexport { d }\nimport e from 'e'\n",
	  "1 reexport a\n2 reexport ./b\n3 reexport c\n5 from e\n" },
	{ LANG_JAVASCRIPT,
	  "const a = require('a').b, c = require(`c`);\nrequire(d);\nx.require('e');\nrequire('f' + g);\n",
	  "1 require a\n1 require c\n" },
	{ LANG_JAVASCRIPT,
	  "const p = await import('a');\nimport(`b/${c}`);\nimport.meta.url;\nfoo.import('d');\n",
	  "1 dynamic a\n" },
	{ LANG_JAVASCRIPT, "try { require('a') } catch (e) { require('b') }\nrequire('c')\n",
	  "1 require a optional\n1 require b optional\n2 require c\n" },
	{ LANG_TYPESCRIPT,
	  "/// <reference path=\"a.d.ts\" />\n/// <reference types='node' />\nimport type { B } from './b'\n"
	  "import c = require('c')\nimport { type D } from 'd'\nlet e: import('e').E\nexport type { F } from 'f'\n",
	  "1 type ./a.d.ts\n2 type node\n3 type ./b\n4 require c\n5 from d\n6 dynamic e\n7 reexport f\n" },
	{ LANG_TYPESCRIPT, "import type from 'a'\nimport type B = require('b')\n",
	  "1 from a\n2 require b\n" },
	/* Comments, strings, templates, regular expressions and text of elements say nothing. */
	{ LANG_JAVASCRIPT,
	  "// import 'a'\n/* import 'b' */ const s = \"import 'c'\", t = `\nimport 'd'\n${ require('e') }`\n"
	  "const r = /['\"`]/; import 'f'\n",
	  "4 require e\n5 from f\n" },
	{ LANG_TSX,
	  "const a = <p title='x'>don't require('a') {require('b')}<br/></p>;\nimport c from 'c'\n"
	  "const f = <T,>(x: T) => x;\nimport d from 'd'\n",
	  "1 require b\n2 from c\n4 from d\n" },
	{ LANG_VUE,
	  "<template>\n<p>import 'x'</p>\n</template>\n<script setup lang=\"ts\">\nimport A from './A.vue'\n</script>\n"
	  "<script>\nimport b from 'b'\n</script>\n",
	  "5 from ./A.vue\n8 from b\n" },
	{ LANG_JAVASCRIPT, "import {", "" },
};

static const struct facts_case DEFS[] = {
	{ LANG_JAVASCRIPT,
	  "function a() {\n  function b() {}\n}\nasync function* c(x = {}) {\n}\nconst d = () => {\n};\n"
	  "const e = async x => x;\nvar f = function g() {};\nconst N = 1;\nfoo(function h() {});\n",
	  "1-3 function a\n2-2 function b\n4-5 function c\n6-7 function d\n8-8 function e\n9-9 function f\n"
	  "10-10 constant N\n" },
	/* Constants, whatever their value begins with; what is required is an import. */
	{ LANG_JAVASCRIPT,
	  "const a = f(1);\nconst b = c.d, e = 2;\nconst g = require('g');\nconst h = (1 + 2) * 3;\nconst i = (x) => ({\n  x\n});\n"
	  "const k = class {};\nfunction l() {\n  const no = f();\n  return async function m() {};\n}\n",
	  "1-1 constant a\n2-2 constant b\n4-4 constant h\n5-7 function i\n8-8 class k\n9-12 function l\n" },
	{ LANG_JAVASCRIPT,
	  "class A extends B {\n  #p = 1;\n  static async m() { if (x) {} }\n  get v() { return f(1) }\n"
	  "  h = () => {\n  }\n  constructor() {}\n}\nexport default class C {}\n",
	  "1-8 class A\n3-3 method m of A\n4-4 method v of A\n5-6 method h of A\n7-7 method constructor of A\n"
	  "9-9 class C\n" },
	{ LANG_JAVASCRIPT,
	  "app.use = function use(fn) {\n};\nA.prototype.b = function () {};\nexports.c = function () {};\n"
	  "module.exports = function () {};\n",
	  "1-2 method use of app\n3-3 method b of A\n4-4 function c\n" },
	/* An arrow in a type has no body. */
	{ LANG_TYPESCRIPT,
	  "type A = (s: string) => string\ntype B = {\n  c: A\n}\nconst d: B[] = [\n]\nconst e: (x: A) => boolean = f ? g : h\n"
	  "export const i: (x: A) => B = x => {\n}\n",
	  "1-1 type A\n2-4 type B\n5-5 constant d\n7-7 constant e\n8-9 function i\n" },
	{ LANG_TYPESCRIPT,
	  "export function a(x: string): void\nexport function a(x: any): { y: 1 } {\n}\ninterface I<T> { f(): T }\n"
	  "type U = 'a' | 'b'\nexport const enum E { A }\ndeclare function d(): void\nnamespace N {\n  export function g() {}\n}\n"
	  "abstract class K {\n  abstract q(): void\n  private r<T>(x: T): T { return x }\n}\n",
	  "2-3 function a\n4-4 interface I\n5-5 type U\n6-6 enum E\n7-7 function d\n8-10 module N\n9-9 function g\n"
	  "11-14 class K\n12-12 method q of K\n13-13 method r of K\n" },
	/* Where no body follows, as in declaration files, a signature is the definition; overloads are none. */
	{ LANG_TYPESCRIPT,
	  "export class A {\n  constructor(a: string);\n  b(): { c(): void };\n  b<T>(x: T): void;\n  get d(): number\n"
	  "  e(f: () => void): Promise<A>\n}\nexport function g(): void\nexport function g(x: any): void;\n",
	  "1-7 class A\n2-2 method constructor of A\n3-3 method b of A\n4-4 method b of A\n5-5 method d of A\n"
	  "6-6 method e of A\n8-8 function g\n9-9 function g\n" },
	{ LANG_TYPESCRIPT, "declare class Z { b(): void }\nfunction b() {}\n",
	  "1-1 class Z\n1-1 method b of Z\n2-2 function b\n" },
	{ LANG_TYPESCRIPT,
	  "class A {\n  b(): void;\n  b(x: any): void;\n  b(x?: any) {}\n  get c() { return 1 }\n  set c(v) {}\n"
	  "  d = () =>\n    f(1)\n}\n"
	  "export async function e(): A<B>\nexport async function e(x: any): A<B>\nexport async function e(x?: any): A<B> {}\n",
	  "1-9 class A\n4-4 method b of A\n5-5 method c of A\n6-6 method c of A\n7-8 method d of A\n12-12 function e\n" },
	/* Functions that are values, with or without a name. */
	{ LANG_TYPESCRIPT,
	  "const a = (b: B): C =>\n  async function d() {\n  }\nA.prototype.e =\n  function f() {\n  };\n"
	  "g(\n  async function h() {})\nclass I {\n  j: K<\n    L<M>\n  > = (n) => {\n  }\n}\n",
	  "1-3 function a\n4-6 method e of A\n9-14 class I\n10-13 method j of I\n" },
	{ LANG_JAVASCRIPT,
	  "A.prototype.catch = function () {};\nA.prototype.default = function () {};\nA.prototype[b] = function () {};\n"
	  "c('x').onclick = () => {};\nexports = module.exports = function () {};\nvoid async function d() {}();\n",
	  "1-1 method catch of A\n2-2 method default of A\n4-4 method onclick of c\n" },
	{ LANG_TSX,
	  "interface I {\n  (): A<B>\n  <T = {}>(x: T): A<B>\n}\n"
	  "function f() { return a > 1 ? <b/> : x => <c>d</c> }\n",
	  "1-4 interface I\n5-5 function f\n" },
	{ LANG_TYPESCRIPT,
	  "const f = <T = Record<string, any>>(): T | undefined => {\n}\nconst g = async (a) =>\n  1\n"
	  "function h<A extends { b: 1 } = {}, C = () => void>(d: A): C {\n}\n",
	  "1-2 function f\n3-4 function g\n5-6 function h\n" },
};

static void test_facts_js__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_js__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_js__imports),
		cmocka_unit_test(test_facts_js__defs),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
