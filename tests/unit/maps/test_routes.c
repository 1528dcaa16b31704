/*
 * B4: HTTP routes of the frameworks, with the prefixes that their file knows.
 * What looks the same and is none (caches, clients, annotations of clients) is
 * in the tables too, and says nothing.
 */
#include "facts_text.h"

/* expected: "LINE framework METHOD pattern", then " handler" and " unsure" */
static const struct facts_case PYTHON[] = {
	{ LANG_PYTHON,
	  "from flask import Blueprint\nbp = Blueprint('auth', __name__, url_prefix='/auth')\n"
	  "@bp.route('/login', methods=['GET', 'POST'])\n@limit(3)\ndef login():\n    cache.get('/x', 1)\n"
	  "@bp.get('/out')\nasync def out(): pass\nbp.add_url_rule('/info', view_func=info)\n",
	  "3 flask GET /auth/login login\n3 flask POST /auth/login login\n7 flask GET /auth/out out\n"
	  "9 flask GET /auth/info info\n" },
	{ LANG_PYTHON,
	  "from fastapi import APIRouter, FastAPI\napp = FastAPI()\nrouter = APIRouter(prefix=\"/items\", tags=[1])\n"
	  "@router.get(\n    \"/{id}\", response_model=X\n)\ndef read(id: int): ...\n@router.websocket(\"/ws\")\n"
	  "def ws(): ...\n@app.delete(PATH)\ndef none(): ...\napp.include_router(router, prefix=\"/v1\")\n",
	  "4 fastapi GET /v1/items/{id} read\n8 fastapi WS /v1/items/ws ws\n" },
	/* No import: the manifest must tell. */
	{ LANG_PYTHON,
	  "from . import app\n@app.route('/a')\ndef a(): pass\n@x.get('a')\ndef b(): pass\n",
	  "2 flask GET /a a unsure\n" },
	{ LANG_PYTHON,
	  "from django.urls import include, path, re_path\nextra = [path('b/', views.b)]\nurlpatterns = [\n"
	  "    path('', views.index),\n    re_path(r'^old/(\\d+)/$', V.as_view(), name='o'),\n"
	  "    path('api/', include([path('c/<int:n>/', c)])),\n    path('x/', include(extra)),\n"
	  "    path('far/', include('far.urls')),\n]\nos.path('a', 'b')\n",
	  "2 django ANY /x/b/ views.b\n4 django ANY / views.index\n5 django ANY /old/(\\d+)/ V\n"
	  "6 django ANY /api/c/<int:n>/ c\n" },
	{ LANG_PYTHON,
	  "from aiohttp import web\napp.router.add_get('/a', a)\napp.add_routes([web.post('/b', b)])\n"
	  "app.router.add_route('PUT', '/c', c)\n",
	  "2 aiohttp GET /a a\n3 aiohttp POST /b b\n4 aiohttp PUT /c c\n" },
	{ LANG_PYTHON,
	  "from starlette.routing import Mount, Route\nroutes = [\n    Route('/', home),\n"
	  "    Mount('/u', routes=[Route('/{id}', endpoint=user, methods=['GET', 'POST'])]),\n]\n",
	  "3 starlette GET / home\n4 starlette GET /u/{id} user\n4 starlette POST /u/{id} user\n" },
	{ LANG_PYTHON, "def get(path): pass\nclient.get('/a')\npath('x', y)\n", "" },
};

static const struct facts_case JS[] = {
	{ LANG_JAVASCRIPT,
	  "const express = require('express')\nconst app = express(), users = express.Router()\napp.get('/', (q, s) => {\n"
	  "  s.send(app.get('view'), cache.get('/k', 2), axios.get('/far', { a }))\n})\n"
	  "users.post('/:id', auth, ctl.update)\nusers.route('/all').get(list).put(function save() {})\n"
	  "app.use('/users', users)\napp.all(['/a', '/b'], h)\napp.get(`${BASE}/c`, h)\n",
	  "3 express GET /\n6 express POST /users/:id ctl.update\n7 express GET /users/all list\n"
	  "7 express PUT /users/all save\n9 express ANY /a h\n9 express ANY /b h\n10 express GET /${BASE}/c h\n" },
	{ LANG_TYPESCRIPT,
	  "export default (app: any) => {\n  app.get('/x', h)\n  map.get('/x', h)\n  app.get('name', h)\n}\n",
	  "2 express GET /x h unsure\n" },
	{ LANG_TYPESCRIPT,
	  "import Fastify from 'fastify'\nconst fastify = Fastify()\nfastify.get('/a', async () => 1)\n"
	  "fastify.route({ method: ['GET', 'HEAD'], url: '/b', handler: b })\n"
	  "fastify.register(async (sub, o) => {\n  sub.get('/c', c)\n}, { prefix: '/v1' })\n",
	  "3 fastify GET /a\n4 fastify GET /b b\n4 fastify HEAD /b b\n6 fastify GET /v1/c c\n" },
	{ LANG_JAVASCRIPT,
	  "import Router from '@koa/router'\nconst router = new Router({ prefix: '/p' })\nrouter.del('/a', a)\n",
	  "3 koa-router DELETE /p/a a\n" },
	{ LANG_TYPESCRIPT,
	  "import { Controller, Get, Post } from '@nestjs/common'\n@Controller('cats')\nexport class Cats {\n"
	  "  @Get()\n  all(): C[] { return this.s.get('/x', 1) }\n  @UseGuards(AuthGuard('jwt'))\n  @Post(':id/toys')\n"
	  "  async give(@Param('id') id: string) {}\n}\n",
	  "4 nestjs GET /cats Cats.all\n7 nestjs POST /cats/:id/toys Cats.give\n" },
	{ LANG_TYPESCRIPT, "import { Get } from './mine'\nclass A {\n  @Get('x') a() {}\n}\n", "" },
	{ LANG_TYPESCRIPT,
	  "import { Hono } from 'hono'\nconst app = new Hono().get('/a', a).post('/b', b)\n",
	  "2 hono GET /a a\n2 hono POST /b b\n" },
};

static const struct facts_case GO[] = {
	{ LANG_GO,
	  "package p\nimport \"github.com/gin-gonic/gin\"\nfunc main() {\n\tr := gin.Default()\n\tv1 := r.Group(\"/v1\")\n"
	  "\t{\n\t\tv1.GET(\"/a\", mw, a)\n\t\tv1.Group(\"b\").POST(\"/c\", h.C)\n\t}\n\tr.Any(\"/d\", func(c *gin.Context) {\n"
	  "\t\tc.GET(\"k\")\n\t})\n\tr.Handle(\"PUT\", \"/e\", e)\n}\nfunc other(v1 *gin.RouterGroup) {\n\tv1.GET(\"/f\", f)\n}\n",
	  "7 gin GET /v1/a a\n8 gin POST /v1/b/c h.C\n10 gin ANY /d\n13 gin PUT /e e\n16 gin GET /f f\n" },
	{ LANG_GO,
	  "package p\nimport \"github.com/go-chi/chi/v5\"\nfunc f() {\n\tr := chi.NewRouter()\n\tr.Route(\"/a\", func(r chi.Router) {\n"
	  "\t\tr.Get(\"/\", l)\n\t\tr.Route(\"/{id}\", func(r chi.Router) {\n\t\t\tr.With(m).Put(\"/\", u)\n\t\t})\n\t})\n\tr.Get(\"/z\", z)\n\tr.Mount(\"/adm\", admin())\n}\n"
	  "func admin() http.Handler {\n\tr := chi.NewRouter()\n\tr.Get(\"/all\", all)\n\treturn r\n}\n",
	  "6 chi GET /a/ l\n8 chi PUT /a/{id}/ u\n11 chi GET /z z\n16 chi GET /adm/all all\n" },
	{ LANG_GO,
	  "package p\nimport \"net/http\"\nfunc f() {\n\tmux.HandleFunc(\"GET /a/{id}\", a)\n\thttp.Handle(\"/b\", http.HandlerFunc(b))\n"
	  "\tmux.Handle(\"name\", b)\n\tresp, _ := http.Get(\"/c\")\n}\n",
	  "4 net/http GET /a/{id} a\n5 net/http ANY /b b\n" },
	{ LANG_GO,
	  "package p\nimport \"github.com/gorilla/mux\"\nfunc f() {\n\ts := r.PathPrefix(\"/s\").Subrouter()\n"
	  "\ts.HandleFunc(\"/a\", a).Methods(\"GET\", http.MethodPost).Name(\"x\")\n}\n",
	  "5 gorilla/mux GET /s/a a\n5 gorilla/mux POST /s/a a\n" },
	{ LANG_GO,
	  "package p\nimport \"x/cache\"\nfunc f() { c.GET(\"/a\", b); m.Handle(\"/b\", c) }\n",
	  "" },
};

static const struct facts_case JAVA[] = {
	{ LANG_JAVA,
	  "import org.springframework.web.bind.annotation.*;\n@RestController\n@RequestMapping(\"/owners\")\nclass Owners {\n"
	  "\tstatic final String NEW = \"/new\";\n\t@GetMapping({ \"\", \"/all\" })\n\tList<Owner> all() { return x; }\n"
	  "\t@PostMapping(value = NEW, produces = \"text/plain\")\n\t@ResponseBody\n\tpublic Owner add(@RequestParam(\"a\") String a) {}\n"
	  "\t@RequestMapping(path = \"/{id}\", method = { RequestMethod.PUT, RequestMethod.PATCH })\n\tvoid put() {}\n"
	  "\t@RequestMapping(\"/any\") void any() {}\n}\n@FeignClient(\"far\")\ninterface Far {\n\t@GetMapping(\"/far\") String far();\n}\n",
	  "6 spring GET /owners Owners.all\n6 spring GET /owners/all Owners.all\n8 spring POST /owners/new Owners.add\n"
	  "11 spring PATCH /owners/{id} Owners.put\n11 spring PUT /owners/{id} Owners.put\n13 spring ANY /owners/any Owners.any\n" },
	{ LANG_JAVA,
	  "import jakarta.ws.rs.*;\n@Path(\"/books\")\npublic class Books {\n\t@GET\n\tpublic List<B> all() {}\n"
	  "\t@Path(\"{id}\")\n\t@Produces(\"x\")\n\t@DELETE\n\tpublic void del(@PathParam(\"id\") int id) {}\n"
	  "\t@Path(\"sub\")\n\tpublic Sub sub() {}\n}\n",
	  "4 jax-rs GET /books Books.all\n8 jax-rs DELETE /books/{id} Books.del\n" },
	{ LANG_JAVA,
	  "import retrofit2.http.GET;\ninterface Api {\n\t@GET(\"users\") Call<U> users();\n}\n",
	  "" },
	{ LANG_KOTLIN,
	  "import org.springframework.web.bind.annotation.*\n@RequestMapping(\"/k\")\nclass K {\n\t@GetMapping(\"/{id}\")\n"
	  "\tfun one(@PathVariable id: Long) = 1\n}\n",
	  "4 spring GET /k/{id} K.one\n" },
};

static const struct facts_case OTHERS[] = {
	{ LANG_RUST,
	  "use axum::{routing::{get, post}, Router};\nfn app() -> Router {\n\tlet api = Router::new()\n\t\t.route(\"/a\", get(list).post(h::add))\n"
	  "\t\t.route(\"/b\", get(|| async { \"x\" }));\n\tRouter::new()\n\t\t.nest(\"/in\", Router::new().route(\"/c\", get(c)))\n"
	  "\t\t.nest(\"/api\", api)\n}\n",
	  "4 axum GET /api/a list\n4 axum POST /api/a h::add\n5 axum GET /api/b\n7 axum GET /in/c c\n" },
	{ LANG_RUST,
	  "use actix_web::{get, web};\n#[get(\"/hi/{n}\")]\nasync fn hi() {}\nfn cfg(c: &mut C) {\n\tc.service(web::scope(\"/v1\")\n"
	  "\t\t.service(hi)\n\t\t.service(web::resource(\"/r\").route(web::get().to(r1)).route(web::put().to(r2)))\n"
	  "\t\t.route(\"/s\", web::post().to(s)));\n}\n",
	  "2 actix-web GET /v1/hi/{n} hi\n7 actix-web GET /v1/r r1\n7 actix-web PUT /v1/r r2\n8 actix-web POST /v1/s s\n" },
	{ LANG_RUST,
	  "#[macro_use] extern crate rocket;\n#[get(\"/<id>\")]\nfn one() {}\n#[launch]\nfn r() -> _ { rocket::build().mount(\"/u\", routes![one]) }\n",
	  "2 rocket GET /u/<id> one\n" },
	{ LANG_RUST, "use std::x;\nfn f() { m.route(\"/a\", get(b)); }\n", "" },
	{ LANG_RUBY,
	  "Rails.application.routes.draw do\n  root to: 'home#show'\n  namespace :admin do\n    resources :posts, only: [:index, :show] do\n"
	  "      get :preview, on: :member\n      resources :notes, only: :create\n      collection { }\n    end\n  end\n"
	  "  scope '/v1', module: 'v1' do\n    get 'up' => 'health#up'\n    resource :me, only: %i[show], controller: 'users'\n  end\n"
	  "  match '/m', to: 'm#m', via: [:get, :post]\nend\n",
	  "2 rails GET / home#show\n4 rails GET /admin/posts admin/posts#index\n4 rails GET /admin/posts/:id admin/posts#show\n"
	  "5 rails GET /admin/posts/:id/preview\n6 rails POST /admin/posts/:post_id/notes admin/notes#create\n"
	  "11 rails GET /v1/up health#up\n12 rails GET /v1/me v1/users#show\n14 rails GET /m m#m\n14 rails POST /m m#m\n" },
	{ LANG_RUBY, "get '/sinatra' do\n  1\nend\n", "" },
	{ LANG_PHP,
	  "<?php\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/a/{id}', [UserController::class, 'show']);\n"
	  "Route::prefix('api')->group(function () {\n\tRoute::post('b', 'B@store');\n\tRoute::middleware('x')->put('/c', C::class);\n});\n"
	  "Route::apiResource('photos', P::class)->only(['index', 'show']);\nCache::get('/k', 2);\n",
	  "3 laravel GET /a/{id} UserController@show\n5 laravel POST /api/b B@store\n6 laravel PUT /api/c C\n"
	  "8 laravel GET /photos P@index\n8 laravel GET /photos/{photo} P@show\n" },
	{ LANG_PHP,
	  "<?php\nuse Slim\\Factory\\AppFactory;\n$app->get('/a', function () {});\n$app->group('/g', function ($group) {\n"
	  "\t$group->map(['GET', 'POST'], '/b', H::class);\n});\n",
	  "3 slim GET /a\n5 slim GET /g/b H\n5 slim POST /g/b H\n" },
	{ LANG_CSHARP,
	  "[ApiController]\n[Route(\"api/[controller]\")]\npublic class CatsController : ControllerBase\n{\n\t[HttpGet(\"{id}\")]\n"
	  "\tpublic async Task<Cat> Get(int id) { }\n\t[HttpPost, Authorize]\n\tpublic Cat Add([FromBody] Cat c) => c;\n"
	  "\t[HttpDelete(\"/root\")] public void Del() { }\n}\n",
	  "5 asp.net GET /api/Cats/{id} CatsController.Get\n7 asp.net POST /api/Cats CatsController.Add\n9 asp.net DELETE /root CatsController.Del\n" },
	{ LANG_CSHARP,
	  "public class HomeController : Controller {\n\t[HttpGet]\n\tpublic IActionResult Index() { }\n}\n",
	  "2 asp.net GET /Home/Index HomeController.Index\n" },
	{ LANG_CSHARP,
	  "var app = builder.Build();\nvar g = app.MapGroup(\"/v1\");\ng.MapGet(\"/a\", () => 1);\napp.MapPost(\"/b\", Handlers.B);\n",
	  "3 asp.net GET /v1/a\n4 asp.net POST /b Handlers.B\n" },
};

static const char *routes_text(struct ctx *cx, const struct facts *facts)
{
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *text;

	for (size_t i = 0; i < facts->nroutes; i++) {
		const struct fact_route *route = &facts->routes[i];

		sb_addf(&sb, "%u %s %s %s", route->line,
		        web_framework_name((enum web_framework)route->framework), route->method,
		        route->pattern);
		if (*route->handler)
			sb_addf(&sb, " %s", route->handler);
		sb_add(&sb, route->unsure ? " unsure\n" : "\n");
	}
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

static void check_routes(struct ctx *cx, const struct facts_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct facts facts = facts_of(cx, cases[i].lang, cases[i].source);

		assert_string_equal(routes_text(cx, &facts), cases[i].expected);
	}
}

static void test_routes__python(void **state)
{
	check_routes(fixture_ctx(*state), PYTHON, COUNT(PYTHON));
}

static void test_routes__js(void **state)
{
	check_routes(fixture_ctx(*state), JS, COUNT(JS));
}

static void test_routes__go(void **state)
{
	check_routes(fixture_ctx(*state), GO, COUNT(GO));
}

static void test_routes__java(void **state)
{
	check_routes(fixture_ctx(*state), JAVA, COUNT(JAVA));
}

static void test_routes__others(void **state)
{
	check_routes(fixture_ctx(*state), OTHERS, COUNT(OTHERS));
}

/* A file of nothing but calls that never end takes no time to speak of. */
static void test_routes__hostile(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4 << 20);
	struct facts facts;
	const char *text;

	sb_add(&sb, "const express = require('express')\n");
	for (int i = 0; i < 100000; i++)
		sb_add(&sb, "app.get('/a', x\n");
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	facts = facts_of(cx, LANG_JAVASCRIPT, text);
	assert_true(facts.truncated);
	assert_true(facts.nroutes <= FACTS_ROUTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes__python), cmocka_unit_test(test_routes__js),
		cmocka_unit_test(test_routes__go),     cmocka_unit_test(test_routes__java),
		cmocka_unit_test(test_routes__others), cmocka_unit_test(test_routes__hostile),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
