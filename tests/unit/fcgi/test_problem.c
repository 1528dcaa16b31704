/* Problems: RFC 9457 bodies, what older clients read, what is never told. */
#include "fixture.h"

#include "problem.h"

#include "base/json.h"

#include <string.h>

static struct request a_request;

/* The problem of cx->fault, parsed. */
static struct json_object *problem_of(struct ctx *cx, struct reply *rp)
{
	struct json_object *doc = NULL;

	reply_begin(rp, cx, &a_request);
	problem_reply(rp);
	assert_int_equal(rp->npieces, 1);
	assert_string_equal(rp->media, PROBLEM_MEDIA);
	assert_int_equal(json_parse(cx, rp->pieces[0], &json_limits_body, &doc), ERR_OK);
	return doc;
}

static const char *header_of(const struct reply *rp, const char *name)
{
	for (int i = 0; i < rp->nheaders; i++) {
		if (strcmp(rp->headers[i].name, name) == 0)
			return rp->headers[i].value;
	}
	return NULL;
}

/* Every code of err.def has its own type, status, title, and the members older clients read. */
static void test_problem__every_code(void **state)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct err_info *info = err_info((enum err)e);
		CLEANUP(json_put) struct json_object *doc = NULL;
		struct reply rp;

		err_set(cx, (enum err)e, "this occurrence");
		err_fix(cx, "the next step");
		doc = problem_of(cx, &rp);
		assert_int_equal(rp.status, info->status);
		assert_string_equal(json_text(doc, "type", ""),
		                    arena_printf(cx->arena, "/docs/problems#%s", info->slug));
		assert_string_equal(json_text(doc, "title", ""), info->title);
		assert_int_equal(json_int(doc, "status", 0), info->status);
		assert_string_equal(json_text(doc, "request_id", ""), cx->request_id);
		assert_string_equal(json_text(doc, "fix", ""), "the next step");
		assert_string_equal(json_text(doc, "error", ""), info->title);
		assert_string_equal(json_text(doc, "details", ""), json_text(doc, "detail", "x"));
		assert_int_equal(header_of(&rp, "WWW-Authenticate") != NULL, info->status == 401);
		assert_int_equal(header_of(&rp, "Retry-After") != NULL,
		                 info->status == 429 || info->status == 503);
	}
}

/* P2: database -> 500 "Please try again"; other -> 500 "Internal server error". */
static void test_problem__own_failures_are_not_told(void **state)
{
	static const enum err CODES[] = { ERR_DATABASE, ERR_INTERNAL };

	for (size_t i = 0; i < COUNT(CODES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		CLEANUP(json_put) struct json_object *doc = NULL;
		struct reply rp;

		err_set(cx, CODES[i], "relation app.secret does not exist");
		err_cause(cx, "42P01");
		doc = problem_of(cx, &rp);
		assert_null(memmem(rp.pieces[0].data, rp.pieces[0].len, "app.secret", 10));
		assert_null(memmem(rp.pieces[0].data, rp.pieces[0].len, "42P01", 5));
		assert_contains(json_text(doc, "detail", ""), "Please try again");
		assert_contains(json_text(doc, "detail", ""), cx->request_id);
	}
	assert_contains(err_info(ERR_DATABASE)->title, "Please try again");
	assert_contains(err_info(ERR_INTERNAL)->title, "Internal server error");
}

static void test_problem__fields(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct reply rp;

	err_field(cx, ERR_INVALID, "/name", "required", "must be there");
	err_field(cx, ERR_INVALID, "?limit", "max", "is too large");
	err_field(cx, ERR_INVALID, "If-Match:", "etag", "is \"odd\"");
	err_field(cx, ERR_INVALID, "", "type", "must be an object");
	doc = problem_of(cx, &rp);
	assert_string_equal(json_text(doc, "errors.0.pointer", ""), "/name");
	assert_string_equal(json_text(doc, "errors.0.rule", ""), "required");
	assert_string_equal(json_text(doc, "errors.1.parameter", ""), "limit");
	assert_string_equal(json_text(doc, "errors.2.header", ""), "If-Match");
	assert_string_equal(json_text(doc, "errors.2.detail", ""), "is \"odd\"");
	assert_string_equal(json_text(doc, "errors.3.pointer", "x"), "");
	assert_string_equal(json_text(doc, "details.0.pointer", ""), "/name");
	assert_contains(json_text(doc, "detail", ""), "4 fields");
}

/* T10: names as long as a body may be do not make an answer as long, or end the process. */
static void test_problem__hostile_names(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = NULL;
	char *name = arena_alloc(cx->arena, 100001);
	struct reply rp;

	memset(name, 1, 100000);
	name[0] = '/';
	for (int i = 0; i < FAULT_ERRORS_MAX + 5; i++)
		err_field(cx, ERR_UNKNOWN_FIELD, name, "unknown", "%s", name);
	doc = problem_of(cx, &rp);
	assert_contains(json_text(doc, "detail", ""), "the first 32 are listed");
	assert_true(rp.pieces[0].len < (size_t)600 * 1024);
}

/* Each problem's type leads to a place on the page; no script and no style is in it. */
static void test_problem__page(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1024 * 1024);

	problem_page(&sb);
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++)
		assert_contains(sb.data, arena_printf(cx->arena, "<h2 id=\"%s\">",
		                                      err_info((enum err)e)->slug));
	assert_null(strstr(sb.data, "<script"));
	assert_null(strstr(sb.data, "<style"));
	assert_null(strstr(sb.data, "style="));
}

/* Below /v1/ the clients of OpenAI read {"error": {message, type, param, code}}. */
static void test_problem__in_openai_form(void **state)
{
	static const struct {
		enum err code;
		const char *pointer, *type, *param;
	} CASES[] = {
		{ ERR_INVALID, "/model", "invalid_request_error", "model" },
		{ ERR_NOT_FOUND, NULL, "invalid_request_error", NULL },
		{ ERR_UNAUTHENTICATED, NULL, "authentication_error", NULL },
		{ ERR_RATE, NULL, "rate_limit_error", NULL },
		{ ERR_UNAVAILABLE, NULL, "server_error", NULL },
	};
	const struct request rq = { .path = "/v1/chat/completions" };

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		CLEANUP(json_put) struct json_object *doc = NULL;
		struct reply rp;

		if (CASES[i].pointer != NULL)
			err_field(cx, CASES[i].code, CASES[i].pointer, "rule", "so it is");
		else
			err_set(cx, CASES[i].code, "so it is");
		reply_begin(&rp, cx, &rq);
		problem_reply(&rp);
		assert_string_equal(rp.media, "application/json");
		assert_int_equal(rp.status, err_info(CASES[i].code)->status);
		assert_int_equal(json_parse(cx, rp.pieces[0], &json_limits_body, &doc), ERR_OK);
		assert_string_equal(json_text(doc, "error.message", ""), "so it is");
		assert_string_equal(json_text(doc, "error.type", ""), CASES[i].type);
		assert_string_equal(json_text(doc, "error.code", ""),
		                    err_info(CASES[i].code)->slug);
		assert_string_equal(json_text(doc, "error.param", "null"),
		                    CASES[i].param != NULL ? CASES[i].param : "null");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_problem__every_code),
		cmocka_unit_test(test_problem__own_failures_are_not_told),
		cmocka_unit_test(test_problem__fields),
		cmocka_unit_test(test_problem__hostile_names),
		cmocka_unit_test(test_problem__in_openai_form),
		cmocka_unit_test(test_problem__page),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
