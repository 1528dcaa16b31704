/* Serving: made-up requests through the whole of the edge, without a socket or a database. */
#include "fixture.h"

#include "things.h"

#include "config/config.h"

#include <stdio.h>
#include <string.h>

/* The status line, headers and body that go back, as one text. */
static const char *answer(struct fixture *f, const char *method, const char *uri,
                          const char *header, const char *body, struct exchange *ex)
{
	static const struct config CONFIG = { .body_max_bytes = 200,
		                              .request_timeout_ms = 1000,
		                              .idempotency_hours = 1 };
	struct ctx *cx = fixture_ctx(f);
	struct span text = quotes(cx, body == NULL ? "" : body);
	struct text_source source = { text.data, text.len };
	const struct body_source in = { text_read, &source };
	char *params[] = {
		arena_printf(cx->arena, "REQUEST_METHOD=%s", method),
		arena_printf(cx->arena, "REQUEST_URI=%s", uri),
		arena_strdup(cx->arena, "CONTENT_TYPE=application/json"),
		header == NULL ? NULL : arena_strdup(cx->arena, header),
		NULL,
	};
	struct sb sb = sb_new(cx->arena, 64 * 1024);
	const char *why = NULL;
	struct server *server;

	f->app.config = &CONFIG;
	server = server_new(cx->arena, &f->app, thing_tables, &why);
	if (server == NULL)
		fail_msg("%s", why);
	serve(cx, server, params, &in, ex);
	reply_head(&ex->rp, &sb);
	for (int i = 0; i < ex->rp.npieces; i++)
		sb_addn(&sb, ex->rp.pieces[i].data, ex->rp.pieces[i].len);
	return sb.data;
}

/* Each row: the request, the status, and a part of the answer. */
static const struct {
	const char *method, *uri, *header, *body;
	int status;
	const char *part;
} CASES[] = {
	{ "GET", "/things/7", NULL, NULL, 200, "{\"name\":\"n7\"}" },
	{ "GET", "/things/7", NULL, NULL, 200, "Cache-Control: private, no-cache\r\n" },
	{ "GET", "/things/7", NULL, NULL, 200, "ETag: \"7\"\r\n" },
	{ "GET", "/things/7", "HTTP_IF_NONE_MATCH=W/\"7\"", NULL, 304, "ETag: \"7\"\r\n" },
	{ "GET", "/things/7", "HTTP_IF_NONE_MATCH=\"8\"", NULL, 200, "n7" },
	{ "HEAD", "/things/7", NULL, NULL, 200, "Content-Length: 13\r\n" },
	{ "GET", "/things", NULL, NULL, 200,
	  "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"next_cursor\":null}" },
	{ "GET", "/things?limit=1", NULL, NULL, 200,
	  "{\"items\":[{\"name\":\"a\"}],\"next_cursor\":\"AQ" },
	{ "GET", "/things?cursor=AQ", NULL, NULL, 400, "#invalid-field" },
	{ "GET", "/things", NULL, NULL, 200, "Cache-Control: no-store\r\n" },
	{ "POST", "/things", NULL, "{'name':'x'}", 201, "Location: /things/1\r\n" },
	{ "POST", "/things", NULL, "{'name':'x'}", 201, "Status: 201 Created\r\n" },
	{ "PATCH", "/things/7", "HTTP_IF_MATCH=\"3\"", "{'name':'x'}", 204, "Status: 204" },
	{ "PATCH", "/things/7", "HTTP_IF_MATCH=*", "{'name':'x'}", 204, "Status: 204" },
	{ "GET", "/things/7", "HTTP_X_REQUEST_ID=mine", NULL, 200, "X-Request-Id: mine\r\n" },
	{ "GET", "/things/7",
	  "HTTP_TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL, 200,
	  "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-" },

	/* Refused, each with its own problem. */
	{ "GET", "/nowhere", NULL, NULL, 404, "#unknown-path" },
	{ "GET", "/things/", NULL, NULL, 404, "#unknown-path" },
	{ "GET", "/things/404", NULL, NULL, 404, "#not-found" },
	{ "GET", "/things/../things", NULL, NULL, 400, "#bad-request" },
	{ "GET", "/things/%FF", NULL, NULL, 400, "#invalid-utf-8" },
	{ "DELETE", "/things/7", NULL, NULL, 405, "#method-not-allowed" },
	{ "DELETE", "/things/7", NULL, NULL, 405, "Allow: GET, HEAD, PATCH, OPTIONS\r\n" },
	{ "BREW", "/things", NULL, NULL, 405, "#method-not-allowed" },
	{ "OPTIONS", "/things", NULL, NULL, 204, "Allow: GET, HEAD, POST, OPTIONS\r\n" },
	{ "OPTIONS", "/nowhere", NULL, NULL, 404, "#unknown-path" },
	{ "GET", "/things?what=1", NULL, NULL, 400, "#unknown-field" },
	{ "GET", "/things?q=toolong", NULL, NULL, 400, "#invalid-field" },
	{ "GET", "/things?q=%", NULL, NULL, 400, "#bad-request" },
	{ "GET", "/things/7?q=1", NULL, NULL, 400, "#unknown-field" },
	{ "GET", "/things", "HTTP_AUTHORIZATION=x", "{'a':1}", 400, "#unknown-field" },
	{ "POST", "/things", NULL, "{", 400, "#malformed-json" },
	{ "POST", "/things", NULL, "{'name':'\xFF'}", 400, "#invalid-utf-8" },
	{ "POST", "/things", NULL, "{'name':'x','y':1}", 400, "#unknown-field" },
	{ "POST", "/things", NULL, "{'name':''}", 400, "#invalid-field" },
	{ "POST", "/things", "CONTENT_TYPE=text/plain", "{'name':'x'}", 400, "#bad-request" },
	{ "POST", "/things", "CONTENT_LENGTH=201", "{'name':'x'}", 413, "#body-too-large" },
	{ "POST", "/things", "CONTENT_LENGTH=5", "{'name':'x'}", 400, "#bad-request" },
	{ "POST", "/things", "HTTP_IDEMPOTENCY_KEY=\x7F", "{'name':'x'}", 201,
	  "Location" }, /* nobody's: not heeded */
	{ "PATCH", "/things/7", NULL, "{'name':'x'}", 428, "#version-required" },
	{ "PATCH", "/things/7", "HTTP_IF_MATCH=\"2\"", "{'name':'x'}", 412, "#stale-version" },
	{ "PATCH", "/things/7", "HTTP_IF_MATCH=2", "{'name':'x'}", 400, "#invalid-field" },
	{ "GET", "/mine", NULL, NULL, 401, "WWW-Authenticate: Bearer realm=\"portolan\"\r\n" },
	{ "GET", "/mine", "HTTP_AUTHORIZATION=Basic eA==", NULL, 401, "#unauthenticated" },
	{ "GET", "/mine", "HTTP_AUTHORIZATION=Bearer", NULL, 401, "#unauthenticated" },
	{ "GET", "/mine", "HTTP_AUTHORIZATION=Bearer pk_1_x", NULL, 401, "#unauthenticated" },
	{ "GET", "/mine?what=1", NULL, NULL, 401, "#unauthenticated" }, /* before the shape */
	{ "GET", "/broken", NULL, NULL, 500, "#database" },
};

static void test_serve__cases(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct exchange ex;
		const char *text = answer(*state, CASES[i].method, CASES[i].uri, CASES[i].header,
		                          CASES[i].body, &ex);

		print_message("# %s %s %s\n", CASES[i].method, CASES[i].uri, CASES[i].part);
		assert_int_equal(ex.rp.status, CASES[i].status);
		assert_contains(text, CASES[i].part);
		assert_contains(text, "X-Request-Id: ");
		assert_int_equal(ex.outcome == ERR_OK, CASES[i].status < 400);
		if (CASES[i].status >= 400)
			assert_contains(text, "Content-Type: application/problem+json\r\n");
		if (CASES[i].status == 304 || CASES[i].status == 204)
			assert_null(strstr(text, "Content-Type"));
	}
}

/* What a handler had set before it failed does not go back, nor what the database said. */
static void test_serve__failure_is_clean(void **state)
{
	struct exchange ex;
	const char *text = answer(*state, "GET", "/broken", NULL, NULL, &ex);

	assert_null(strstr(text, "Location"));
	assert_null(strstr(text, "secret of the database"));
}

/* The same answer for no key, a malformed one and another scheme: nothing can be learnt. */
static void test_serve__one_refusal(void **state)
{
	static const char *const HEADERS[] = { "HTTP_AUTHORIZATION=Basic eA==",
		                               "HTTP_AUTHORIZATION=Bearer pk_1_x_0",
		                               "HTTP_AUTHORIZATION=pk_1_x_0" };
	char first[2000];
	struct exchange ex;

	answer(*state, "GET", "/mine", NULL, NULL, &ex);
	snprintf(first, sizeof(first), "%s", ((struct fixture *)*state)->cx.fault.detail);
	for (size_t i = 0; i < COUNT(HEADERS); i++) {
		answer(*state, "GET", "/mine", HEADERS[i], NULL, &ex);
		assert_string_equal(((struct fixture *)*state)->cx.fault.detail, first);
	}
}

static void test_serve__refuses_a_bad_table(void **state)
{
	static const struct route BAD[] = { { .method = HTTP_GET, .path = "/a", .op = "a" },
		                            ROUTES_END };
	static const struct route *const BADS[] = { BAD, NULL };
	static const struct config CONFIG = { .body_max_bytes = 200 };
	struct fixture *f = *state;
	struct ctx *cx = fixture_ctx(f);
	const char *why = NULL;

	f->app.config = &CONFIG;
	assert_null(server_new(cx->arena, &f->app, BADS, &why));
	assert_contains(why, "a: has no .auth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serve__cases),
		cmocka_unit_test(test_serve__failure_is_clean),
		cmocka_unit_test(test_serve__one_refusal),
		cmocka_unit_test(test_serve__refuses_a_bad_table),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
