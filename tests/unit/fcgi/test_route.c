/* Routes: what a table must be, what a path leads to, which paths are refused unseen. */
#include "fixture.h"

#include "route.h"

#include <string.h>

static enum err nothing(UNUSED struct ctx *cx, UNUSED const struct request *rq,
                        UNUSED struct reply *rp)
{
	return ERR_OK;
}

static enum err asks_nothing(UNUSED struct ctx *cx, UNUSED struct request *rq)
{
	return ERR_OK;
}

#define SOUND                                                                                      \
	.tag = "T", .auth = AUTH_ANY, .role = ROLE_VIEWER, .area = AREA_PROJECTS,                  \
	.rate = RATE_READ, .status = 200, .run = nothing, .unaudited = "a test", .doc = "Do it."

static const struct route ROWS[] = {
	{ .method = HTTP_GET, .path = "/api/v1/things", .op = "list", SOUND, .alias = true },
	{ .method = HTTP_POST, .path = "/api/v1/things", .op = "make", SOUND, .alias = true },
	{ .method = HTTP_GET, .path = "/api/v1/things/{id}", .op = "get", SOUND },
	{ .method = HTTP_DELETE, .path = "/api/v1/things/{id}", .op = "drop", SOUND },
	{ .method = HTTP_GET, .path = "/api/v1/things/{id}/parts/{id}", .op = "part", SOUND },
	{ .method = HTTP_GET, .path = "/api/v1/named/{name}", .op = "name", SOUND },
	{ .method = HTTP_GET, .path = "/api/v1/named/all", .op = "all", SOUND },
	{ .method = HTTP_GET, .path = "/api/v1/named/{name}/of/{id}", .op = "of", SOUND },
	ROUTES_END,
};
static const struct route *const TABLES[] = { ROWS, NULL };

/* Each row: the method, the path, the op found ("" for 405, NULL for no such path). */
static const struct {
	enum http_method method;
	const char *path, *op;
	int64_t ids[2];
} MATCHES[] = {
	{ HTTP_GET, "/api/v1/things", "list", { 0 } },
	{ HTTP_HEAD, "/api/v1/things", "list", { 0 } },
	{ HTTP_POST, "/api/things", "make", { 0 } },
	{ HTTP_GET, "/api/v1/things/7", "get", { 7 } },
	{ HTTP_DELETE, "/api/v1/things/999999999999999999", "drop", { 999999999999999999 } },
	{ HTTP_GET, "/api/v1/things/7/parts/8", "part", { 7, 8 } },
	{ HTTP_PATCH, "/api/v1/things/7", "", { 7 } },
	{ HTTP_UNSET, "/api/v1/things", "", { 0 } },
	{ HTTP_OPTIONS, "/api/v1/things", "", { 0 } },
	{ HTTP_GET, "/api/v1/things/", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/0", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/07", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/-1", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/7x", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/9999999999999999999", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/things/{id}", NULL, { 0 } },
	{ HTTP_GET, "/api/things/7", NULL, { 0 } }, /* no alias */
	{ HTTP_GET, "/api/v1//things", NULL, { 0 } },
	{ HTTP_GET, "/api/v1/THINGS", NULL, { 0 } },
	{ HTTP_GET, "", NULL, { 0 } },
	{ HTTP_GET, "/", NULL, { 0 } },
};

static void test_route__match(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, TABLES, &why);

	assert_non_null(router);
	for (size_t i = 0; i < COUNT(MATCHES); i++) {
		struct route_match match = { 0 };
		bool found = router_match(router, MATCHES[i].method, MATCHES[i].path, &match);

		print_message("# %s\n", MATCHES[i].path);
		assert_int_equal(found, MATCHES[i].op != NULL);
		if (!found)
			continue;
		if (MATCHES[i].op[0] == '\0')
			assert_null(match.route);
		else
			assert_string_equal(match.route->op, MATCHES[i].op);
		assert_int_equal(match.ids[0], MATCHES[i].ids[0]);
		assert_int_equal(match.ids[1], MATCHES[i].ids[1]);
		assert_string_equal(match.name, "");
	}
}

static void test_route__match_name(void **state)
{
	static const struct {
		enum http_method method;
		const char *path, *op;
		int64_t id;
		const char *name;
	} NAMED[] = {
		{ HTTP_GET, "/api/v1/named/project:17", "name", 0, "project:17" },
		{ HTTP_GET, "/api/v1/named/project%3A17", "name", 0, "project:17" },
		{ HTTP_GET, "/api/v1/named/a.B_c-9", "name", 0, "a.B_c-9" },
		{ HTTP_GET, "/api/v1/named/17", "name", 0, "17" }, /* a number may be a name */
		{ HTTP_GET, "/api/v1/named/all", "all", 0, "" },   /* a literal goes first */
		{ HTTP_GET, "/api/v1/named/x/of/5", "of", 5, "x" },
		{ HTTP_GET, "/api/v1/named/6/of/5", "of", 5, "6" },
		{ HTTP_POST, "/api/v1/named/x", "", 0, "x" },
		{ HTTP_GET, "/api/v1/named/", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/a b", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/a%20b", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/a%2Fb", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/a%00b", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/a%", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/{name}", NULL, 0, "" },
		{ HTTP_GET, "/api/v1/named/x/of/y", NULL, 0, "" },
	};
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, TABLES, &why);

	assert_non_null(router);
	for (size_t i = 0; i < COUNT(NAMED); i++) {
		struct route_match match = { 0 };
		bool found = router_match(router, NAMED[i].method, NAMED[i].path, &match);

		print_message("# %s\n", NAMED[i].path);
		assert_int_equal(found, NAMED[i].op != NULL);
		if (!found)
			continue;
		if (NAMED[i].op[0] == '\0')
			assert_null(match.route);
		else
			assert_string_equal(match.route->op, NAMED[i].op);
		assert_int_equal(match.ids[0], NAMED[i].id);
		assert_string_equal(match.name, NAMED[i].name);
	}
}

/* A name has 200 characters at the most, however it is written. */
static void test_route__long_name(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, TABLES, &why);
	char path[700] = "/api/v1/named/";
	size_t at = strlen(path);
	struct route_match match;

	memset(path + at, 'n', ROUTE_NAME_MAX);
	assert_true(router_match(router, HTTP_GET, path, &match));
	assert_int_equal(strlen(match.name), ROUTE_NAME_MAX);
	path[at + ROUTE_NAME_MAX] = 'n';
	assert_false(router_match(router, HTTP_GET, path, &match));
	path[at] = '\0';
	for (size_t i = 0; i < ROUTE_NAME_MAX; i++)
		memcpy(path + at + 3 * i, "%3a", 4);
	assert_true(router_match(router, HTTP_GET, path, &match));
	assert_int_equal(strlen(match.name), ROUTE_NAME_MAX);
}

static void test_route__long_path_is_unknown(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, TABLES, &why);
	char path[5000];
	struct route_match match;

	memset(path, '/', sizeof(path));
	for (size_t n = 1; n < sizeof(path); n += 7) {
		memset(path, n % 2 ? 'a' : '1', n);
		for (size_t i = 0; i < n; i += 5)
			path[i] = '/';
		path[n] = '\0';
		assert_false(router_match(router, HTTP_GET, path, &match));
	}
}

static void test_route__allow(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, TABLES, &why);
	struct sb sb = sb_new(cx->arena, 200);
	struct route_match match;

	assert_true(router_match(router, HTTP_PATCH, "/api/v1/things", &match));
	route_allow(&sb, match.methods);
	assert_string_equal(sb.data, "GET, HEAD, POST, OPTIONS");
}

/* A row that forgot something does not start: zero is never a valid choice. */
static const struct {
	const char *said;
	struct route row;
} BAD[] = {
	{ "no .auth",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .role = ROLE_VIEWER,
	    .area = AREA_PROJECTS,
	    .rate = RATE_READ,
	    .status = 200,
	    .run = nothing,
	    .doc = "D." } },
	{ "no .role",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .auth = AUTH_ANY,
	    .rate = RATE_READ,
	    .status = 200,
	    .run = nothing,
	    .doc = "D." } },
	{ "no .area",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .auth = AUTH_ANY,
	    .role = ROLE_VIEWER,
	    .rate = RATE_READ,
	    .status = 200,
	    .run = nothing,
	    .doc = "D." } },
	{ "open to everybody",
	  { .method = HTTP_GET, .path = "/a", .op = "a", SOUND, .auth = AUTH_NONE } },
	{ "no .rate",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .auth = AUTH_ANY,
	    .role = ROLE_VIEWER,
	    .area = AREA_PROJECTS,
	    .status = 200,
	    .run = nothing,
	    .doc = "D." } },
	{ "no .doc",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .auth = AUTH_ANY,
	    .role = ROLE_VIEWER,
	    .area = AREA_PROJECTS,
	    .rate = RATE_READ,
	    .status = 200,
	    .run = nothing } },
	{ "no .op", { .method = HTTP_GET, .path = "/a", SOUND } },
	{ "no .run",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    .tag = "T",
	    .auth = AUTH_ANY,
	    .role = ROLE_VIEWER,
	    .area = AREA_PROJECTS,
	    .rate = RATE_READ,
	    .status = 200,
	    .doc = "D." } },
	{ ".ask", { .method = HTTP_POST, .path = "/a", .op = "a", SOUND, .ask = asks_nothing } },
	{ ".ask",
	  { .method = HTTP_GET,
	    .path = "/a",
	    .op = "a",
	    SOUND,
	    .local = true,
	    .ask = asks_nothing } },
	{ ".status", { .method = HTTP_GET, .path = "/a", .op = "a", SOUND, .status = 404 } },
	{ ".path", { .method = HTTP_GET, .path = "a", .op = "a", SOUND } },
	{ ".path", { .method = HTTP_GET, .path = "/a/", .op = "a", SOUND } },
	{ ".path", { .method = HTTP_GET, .path = "/{nam}", .op = "a", SOUND } },
	{ ".path", { .method = HTTP_GET, .path = "/a{name}", .op = "a", SOUND } },
	{ ".path", { .method = HTTP_GET, .path = "/{name}/{name}", .op = "a", SOUND } },
	{ ".creates", { .method = HTTP_PUT, .path = "/a", .op = "a", SOUND, .creates = true } },
	{ ".path", { .method = HTTP_GET, .path = "/{id}/{id}/{id}", .op = "a", SOUND } },
	{ ".if_match", { .method = HTTP_PATCH, .path = "/a", .op = "a", SOUND } },
	{ ".method", { .method = HTTP_HEAD, .path = "/a", .op = "a", SOUND } },
	{ ".audit", { .method = HTTP_DELETE, .path = "/a", .op = "a", SOUND, .unaudited = NULL } },
	{ ".audit", { .method = HTTP_POST, .path = "/a", .op = "a", SOUND, .audit = "a.b" } },
	{ ".alias", { .method = HTTP_GET, .path = "/a", .op = "a", SOUND, .alias = true } },
};

static void test_route__refuses_bad_rows(void **state)
{
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct route rows[] = { BAD[i].row, ROUTES_END };
		const struct route *const tables[] = { rows, NULL };
		const char *why = NULL;

		print_message("# %s\n", BAD[i].said);
		assert_null(router_new(cx->arena, tables, &why));
		assert_contains(why, BAD[i].said);
	}
}

/* A12: every row that is not GET says what it leaves in the audit log, or why nothing. */
static void test_route__audit(void **state)
{
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			const char *said = r->audit;

			print_message("# %s\n", r->op);
			if (r->method == HTTP_GET) {
				assert_null(r->audit);
				continue;
			}
			assert_true((r->audit == NULL) != (r->unaudited == NULL));
			if (said == NULL) {
				assert_true(strlen(r->unaudited) > 20);
				continue;
			}
			assert_non_null(strchr(said, '.')); /* noun.verb, blanks between several */
			assert_int_equal(strspn(said, "abcdefghijklmnopqrstuvwxyz_. "),
			                 strlen(said));
		}
	}
	(void)state;
}

static void test_route__refuses_doubles(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	static const struct route SAME[] = {
		{ .method = HTTP_GET, .path = "/a", .op = "a", SOUND },
		{ .method = HTTP_GET, .path = "/a", .op = "b", SOUND },
		{ .method = HTTP_GET, .path = "/c", .op = "d", SOUND },
		{ .method = HTTP_GET, .path = "/d", .op = "d", SOUND },
		ROUTES_END,
	};
	const struct route *const tables[] = { SAME, NULL };
	const char *why = NULL;

	assert_null(router_new(cx->arena, tables, &why));
	assert_contains(why, "b: shares its path");
	assert_contains(why, "d: shares its .op");
}

/* The program's own tables start, and say what they need. */
static void test_route__own_tables(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, route_tables, &why);

	if (router == NULL)
		print_message("# %s\n", why);
	assert_non_null(router);
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			bool writes = r->method != HTTP_GET;

			assert_int_equal(r->doc[strlen(r->doc) - 1], '.');
			/* What changes something needs a caller, and is paid as a change; or it is
			 * asked for with a credential in its body, and paid as a guess. */
			assert_true(!writes || r->rate == RATE_SIGN_IN ||
			            (r->auth != AUTH_NONE && r->rate == RATE_WRITE));
			/* Below a member one changes nothing but what is one's own. */
			assert_true(!writes || r->role >= ROLE_MEMBER || r->auth == AUTH_USER ||
			            r->area == AREA_NONE || strcmp(r->op, "removeMember") == 0);
		}
	}
}

/* Q5: the paths that older clients know. */
static void test_route__aliases(void **state)
{
	static const char *const PATHS[] = { "/api/status", "/api/projects", "/api/projects/1",
		                             "/api/jobs", "/api/jobs/1" };
	struct ctx *cx = fixture_ctx(*state);
	const char *why = NULL;
	struct router *router = router_new(cx->arena, route_tables, &why);
	struct route_match match;

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		assert_true(router_match(router, HTTP_GET, PATHS[i], &match));
		assert_non_null(match.route);
	}
	assert_false(router_match(router, HTTP_GET, "/api/nowhere", &match));
	assert_false(router_match(router, HTTP_GET, "/api/openapi.json", &match));
}

/* T33: a path that could mean two things is refused before it is matched. */
static void test_route__path_check(void **state)
{
	static const struct {
		const char *path;
		enum err e;
	} PATHS[] = {
		{ "/api/v1/projects", ERR_OK },
		{ "/api/v1/caf%C3%A9", ERR_OK },
		{ "/a/...", ERR_OK },
		{ "/a.b/.c", ERR_OK },
		{ "/", ERR_OK },
		{ "", ERR_BAD_REQUEST },
		{ "*", ERR_BAD_REQUEST },
		{ "http://h/a", ERR_BAD_REQUEST },
		{ "/a/../b", ERR_BAD_REQUEST },
		{ "/a/./b", ERR_BAD_REQUEST },
		{ "/a/..", ERR_BAD_REQUEST },
		{ "/.", ERR_BAD_REQUEST },
		{ "/a/%2e%2E/b", ERR_BAD_REQUEST },
		{ "/a/.%2e/b", ERR_BAD_REQUEST },
		{ "/a/%2e", ERR_BAD_REQUEST },
		{ "/a%2Fb", ERR_BAD_REQUEST },
		{ "/a%2fb", ERR_BAD_REQUEST },
		{ "/a%5cb", ERR_BAD_REQUEST },
		{ "/a\\b", ERR_BAD_REQUEST },
		{ "/a%00b", ERR_BAD_REQUEST },
		{ "/a%0ab", ERR_BAD_REQUEST },
		{ "/a%7fb", ERR_BAD_REQUEST },
		{ "/a\tb", ERR_BAD_REQUEST },
		{ "/a%", ERR_BAD_REQUEST },
		{ "/a%4", ERR_BAD_REQUEST },
		{ "/a%4g", ERR_BAD_REQUEST },
		{ "/a#b", ERR_BAD_REQUEST },
		{ "/a%FF", ERR_ENCODING },
		{ "/a\xC3", ERR_ENCODING },
		{ "/a%C0%AF", ERR_ENCODING }, /* an overlong slash */
		{ "/a%ED%A0%80", ERR_ENCODING },
	};

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		struct ctx *cx = fixture_ctx(*state);

		print_message("# %s\n", PATHS[i].path);
		assert_int_equal(route_path_check(cx, PATHS[i].path), PATHS[i].e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route__match),
		cmocka_unit_test(test_route__match_name),
		cmocka_unit_test(test_route__long_name),
		cmocka_unit_test(test_route__long_path_is_unknown),
		cmocka_unit_test(test_route__allow),
		cmocka_unit_test(test_route__refuses_bad_rows),
		cmocka_unit_test(test_route__audit),
		cmocka_unit_test(test_route__refuses_doubles),
		cmocka_unit_test(test_route__own_tables),
		cmocka_unit_test(test_route__aliases),
		cmocka_unit_test(test_route__path_check),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
