/*
 * B4: what the repository has to say on routes, environment and tests: roles of
 * files, packages that manifests name, and routes that are file names.
 */
#include "map_tree.h"

#include "base/sb.h"
#include "maps/surface.h"

#include <string.h>

static void find(struct ctx *cx, const struct tree_file *files, size_t n, struct resolve_in *in,
                 struct surface *ret)
{
	struct resolve_out resolved;

	tree_resolve(cx, files, n, in, &resolved);
	surface_find(cx->arena, in, resolved.edges, resolved.nedges, ret);
}

/* "path:line framework METHOD pattern" */
static const char *routes_text(struct ctx *cx, const struct resolve_in *in, const struct surface *s)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < s->nroutes; i++)
		sb_addf(&sb, "%s:%u %s %s %s\n", in->files[s->routes[i].file].path.data,
		        s->routes[i].line,
		        web_framework_name((enum web_framework)s->routes[i].framework),
		        s->routes[i].method, s->routes[i].pattern);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

/* A file that imports nothing has routes only where a manifest names the framework. */
static void test_surface__unsure_routes_want_a_manifest(void **state)
{
	static const struct tree_file FILES[] = {
		{ "package.json", "{\"dependencies\": {\"fastify\": \"1\"}}" },
		{ "routes.js", "module.exports = (app) => {\n  app.get('/x', h)\n}\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct surface surface;

	find(cx, FILES, 2, &in, &surface);
	assert_string_equal(routes_text(cx, &in, &surface), "routes.js:2 fastify GET /x\n");
	find(cx, FILES + 1, 1, &in, &surface);
	assert_string_equal(routes_text(cx, &in, &surface), "");
}

static void test_surface__tests_serve_nothing(void **state)
{
	static const struct tree_file FILES[] = {
		{ "app.py", "from flask import Flask\n@app.get('/a')\ndef a(): pass\n" },
		{ "tests/test_app.py",
		  "from flask import Flask\n@app.get('/b')\ndef test_b(): pass\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct surface surface;

	find(cx, FILES, 2, &in, &surface);
	assert_string_equal(routes_text(cx, &in, &surface), "app.py:2 flask GET /a\n");
	assert_int_equal(surface.ntests, 1);
	assert_int_equal(surface.tests[0].file, 1);
	assert_int_equal(surface.tests[0].cases, 1);
}

static void test_surface__next_routes_are_paths(void **state)
{
	static const struct tree_file FILES[] = {
		{ "app/(shop)/cart/[id]/page.tsx", "export default function P() { return 1 }\n" },
		{ "app/_lib/page.tsx", "export default 1\n" },
		{ "app/api/items/route.ts",
		  "export async function GET() {}\nexport const POST = async () => {}\nfunction help() {}\n" },
		{ "app/cart.tsx", "export const x = 1\n" },
		{ "package.json", "{\"dependencies\": {\"next\": \"14\"}}" },
		{ "src/pages/_app.tsx", "export default 1\n" },
		{ "src/pages/api/[id].ts", "export default function h() {}\n" },
		{ "src/pages/index.tsx", "export default 1\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct surface surface;

	find(cx, FILES, COUNT(FILES), &in, &surface);
	assert_string_equal(routes_text(cx, &in, &surface),
	                    "app/(shop)/cart/[id]/page.tsx:0 next GET /cart/[id]\n"
	                    "app/api/items/route.ts:1 next GET /api/items\n"
	                    "app/api/items/route.ts:2 next POST /api/items\n"
	                    "src/pages/api/[id].ts:0 next ANY /api/[id]\n"
	                    "src/pages/index.tsx:0 next GET /\n");
}

/* describe and it without an import are of the runner that the nearest package.json names. */
static void test_surface__runner_of_the_nearest_manifest(void **state)
{
	static const struct tree_file FILES[] = {
		{ "a/package.json", "{\"devDependencies\": {\"mocha\": \"1\"}}" },
		{ "a/x/a.test.js", "it('a', f)\n" },
		{ "b.test.js", "it('a', f); it('b', f)\n" },
		{ "package.json", "{\"devDependencies\": {\"jest\": \"1\"}}" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct surface surface;

	find(cx, FILES, COUNT(FILES), &in, &surface);
	assert_int_equal(surface.ntests, 2);
	assert_int_equal(surface.tests[0].framework, TEST_MOCHA);
	assert_int_equal(surface.tests[1].framework, TEST_JEST);
	assert_int_equal(surface.tests[1].cases, 2);
}

/* Routers that another file puts below a prefix, over two files and more. */
static void test_surface__routes_below_other_files(void **state)
{
	static const struct tree_file FILES[] = {
		{ "api/__init__.py", "" },
		{ "api/items.py",
		  "from fastapi import APIRouter\nrouter = APIRouter(prefix=\"/items\")\n"
		  "other = APIRouter()\n@router.get(\"/{id}\")\ndef a(): ...\n"
		  "@other.get(\"/o\")\ndef b(): ...\n" },
		{ "api/main.py",
		  "from fastapi import APIRouter\nfrom api import items, users\napi = APIRouter()\n"
		  "api.include_router(items.router)\napi.include_router(users.router, prefix=\"/u\")\n" },
		{ "api/users.py",
		  "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get(\"/me\")\ndef m(): ...\n" },
		{ "main.py",
		  "from fastapi import FastAPI\nfrom api.main import api\napp = FastAPI()\n"
		  "app.include_router(api, prefix=\"/v1\")\napp.include_router(api, prefix=\"/v2\")\n" },
		{ "tests/test_api.py",
		  "from fastapi import FastAPI\nfrom api.main import api\napp = FastAPI()\n"
		  "app.include_router(api, prefix=\"/no\")\n" },
		{ "go.mod", "module m\n" },
		{ "main.go",
		  "package main\nimport (\n\t\"github.com/gin-gonic/gin\"\n\t\"m/users\"\n)\nfunc main() {\n"
		  "\tv1 := gin.Default().Group(\"/api\")\n\tusers.Register(v1.Group(\"/users\"))\n\tusers.Tags(v1)\n}\n" },
		{ "users/routes.go",
		  "package users\nimport \"github.com/gin-gonic/gin\"\nfunc Register(r *gin.RouterGroup) {\n"
		  "\tr.POST(\"/\", Add)\n}\nfunc Tags(r *gin.RouterGroup) {\n\tr.GET(\"/tags\", List)\n}\n" },
		{ "web/app.js",
		  "const express = require('express')\nconst app = express()\nconst posts = require('./posts')\n"
		  "app.use('/posts', posts)\napp.use('/c', require('./c'))\n" },
		{ "web/c.js",
		  "const r = require('express').Router()\nr.get('/d', h)\nmodule.exports = r\n" },
		{ "web/posts.js",
		  "const router = require('express').Router()\nrouter.get('/:id', h)\nmodule.exports = router\n" },
		{ "site/urls.py",
		  "from django.urls import include, path\nurlpatterns = [path('blog/', include('blog.urls'))]\n" },
		{ "blog/urls.py",
		  "from django.urls import path\nurlpatterns = [path('<int:y>/', v)]\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct surface surface;

	find(cx, FILES, COUNT(FILES), &in, &surface);
	assert_string_equal(routes_text(cx, &in, &surface),
	                    "api/items.py:4 fastapi GET /v1/items/{id}\n"
	                    "api/items.py:4 fastapi GET /v2/items/{id}\n"
	                    "api/items.py:6 fastapi GET /o\n"
	                    "api/users.py:3 fastapi GET /v1/u/me\n"
	                    "api/users.py:3 fastapi GET /v2/u/me\n"
	                    "blog/urls.py:2 django ANY /blog/<int:y>/\n"
	                    "users/routes.go:4 gin POST /api/users/\n"
	                    "users/routes.go:7 gin GET /api/tags\n"
	                    "web/c.js:2 express GET /c/d\n"
	                    "web/posts.js:2 express GET /posts/:id\n");
}

/* What manifests declare, checked; a text counts only in a file that is named so. */
static void test_surface__licences(void **state)
{
	static const char ISC[] =
		"Permission to use, copy, modify, and/or distribute this software for any purpose "
		"with or without fee is hereby granted, provided that the above copyright notice "
		"and this permission notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS "
		"IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE "
		"INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT "
		"SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL "
		"DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, "
		"WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING "
		"OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n";
	static const struct tree_file FILES[] = {
		{ "Cargo.toml", "[package]\nname = \"a\"\nlicense = \"MIT OR Apache-2.0\"\n" },
		{ "LICENSE", ISC },
		{ "README.md", ISC },
		{ "a.c", "/* SPDX-License-Identifier: Zlib */\n" },
		{ "package.json", "{\"license\": \"Mine\"}" },
		{ "pom.xml",
		  "<project>\n<licenses><license><name>Apache-2.0</name></license></licenses></project>" },
		{ "pyproject.toml", "[project]\nlicense = { text = \"BSD-3-Clause\" }\n" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4096);
	struct resolve_in in;
	struct surface s;
	const char *text;

	find(cx, FILES, COUNT(FILES), &in, &s);
	for (size_t i = 0; i < s.nlicences; i++)
		sb_addf(&sb, "%s:%u %s %s %u\n", in.files[s.licences[i].file].path.data,
		        s.licences[i].line, s.licences[i].evidence, s.licences[i].expression,
		        s.licences[i].percent);
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	assert_string_equal(text, "Cargo.toml:3 manifest MIT OR Apache-2.0 100\n"
	                          "LICENSE:0 text ISC 98\n"
	                          "a.c:1 tag Zlib 100\n"
	                          "package.json:1 manifest Mine 0\n"
	                          "pom.xml:2 manifest Apache-2.0 100\n"
	                          "pyproject.toml:2 manifest BSD-3-Clause 100\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_surface__unsure_routes_want_a_manifest),
		cmocka_unit_test(test_surface__tests_serve_nothing),
		cmocka_unit_test(test_surface__next_routes_are_paths),
		cmocka_unit_test(test_surface__runner_of_the_nearest_manifest),
		cmocka_unit_test(test_surface__routes_below_other_files),
		cmocka_unit_test(test_surface__licences),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
