/* Requests: what is read from parameters and body, and what is refused. */
#include "fixture.h"

#include "config/config.h"
#include "raw.h"
#include "things.h"

#include <string.h>

struct thing {
	const char *name;
	int64_t n;
};
static const struct field FIELDS[] = {
	F_TEXT(struct thing, name, .required = true, .min = 1, .max = 10, .doc = "Name"),
	F_INT(struct thing, n, .min = 0, .max = 9, .doc = "Number"),
};
static const struct schema THING = SCHEMA(struct thing, "Thing", FIELDS);

static enum err nothing(UNUSED struct ctx *cx, UNUSED const struct request *rq,
                        UNUSED struct reply *rp)
{
	return ERR_OK;
}

static const struct route TAKES = {
	.method = HTTP_POST, .query = &THING, .body = &THING, .run = nothing
};
static const char *const FILES[] = { "application/pdf", "text/plain", NULL };
static const struct route TAKES_FILES = {
	.method = HTTP_POST, .body = &THING, .raw = FILES, .run = nothing
};
static const struct route TAKES_NOTHING = { .method = HTTP_POST, .run = nothing };

static enum err read_line(struct ctx *cx, struct request *rq, const char *method, const char *uri,
                          const char *extra)
{
	char *params[] = {
		arena_strdup(cx->arena, "FCGI_ROLE=RESPONDER"),
		arena_printf(cx->arena, "REQUEST_METHOD=%s", method),
		arena_printf(cx->arena, "REQUEST_URI=%s", uri),
		extra == NULL ? NULL : arena_strdup(cx->arena, extra),
		NULL,
	};

	memset(rq, 0, sizeof(*rq));
	rq->route = &TAKES;
	return request_read(cx, params, rq);
}

static void test_request__line(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct request rq;

	assert_int_equal(read_line(cx, &rq, "GET", "/a/b?x=1&y", "REMOTE_ADDR=::1"), ERR_OK);
	assert_int_equal(rq.method, HTTP_GET);
	assert_string_equal(rq.path, "/a/b");
	assert_string_equal(rq.raw_query, "x=1&y");
	assert_string_equal(rq.remote, "::1");
	/* As OpenAI's own client writes the name of a model; nowhere else is a slash encoded. */
	assert_int_equal(read_line(cx, &rq, "GET", "/v1/models/project%2f7?a", NULL), ERR_OK);
	assert_string_equal(rq.path, "/v1/models/project/7");
	assert_int_equal(read_line(cx, &rq, "GET", "/v1/models/project%2F7%2F8", NULL),
	                 ERR_BAD_REQUEST);
	assert_int_equal(read_line(cx, &rq, "GET", "/v1/models/projects%2F7", NULL),
	                 ERR_BAD_REQUEST);
	assert_int_equal(read_line(cx, &rq, "BREW", "/", NULL), ERR_OK);
	assert_int_equal(rq.method, HTTP_UNSET);
	assert_int_equal(read_line(cx, &rq, "get", "/", NULL), ERR_OK);
	assert_int_equal(rq.method, HTTP_UNSET);
}

static void test_request__too_long(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char uri[REQUEST_TARGET_MAX + 2];
	struct request rq;

	memset(uri, 'a', sizeof(uri));
	uri[0] = '/';
	uri[sizeof(uri) - 1] = '\0';
	assert_int_equal(read_line(cx, &rq, "GET", uri, NULL), ERR_URI_TOO_LONG);
	uri[sizeof(uri) - 2] = '\0';
	assert_int_equal(read_line(cx, &rq, "GET", uri, NULL), ERR_OK);
}

static void test_request__no_parameters(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *params[] = { arena_strdup(cx->arena, "nonsense"), NULL };
	struct request rq = { 0 };

	assert_int_equal(request_read(cx, params, &rq), ERR_BAD_REQUEST);
	assert_string_equal(rq.path, "");
	assert_string_equal(rq.method_name, "");
}

/* T33: a header that decides something may come once. */
static void test_request__repeated_headers(void **state)
{
	static const struct {
		const char *name;
		enum err e;
	} HEADERS[] = {
		{ "HTTP_AUTHORIZATION", ERR_BAD_REQUEST },
		{ "HTTP_IF_MATCH", ERR_BAD_REQUEST },
		{ "HTTP_IDEMPOTENCY_KEY", ERR_BAD_REQUEST },
		{ "CONTENT_LENGTH", ERR_BAD_REQUEST },
		{ "HTTP_X_REQUEST_ID", ERR_OK }, /* the first counts: nginx's own */
		{ "HTTP_ACCEPT", ERR_OK },
	};

	for (size_t i = 0; i < COUNT(HEADERS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		char *params[] = {
			arena_strdup(cx->arena, "REQUEST_METHOD=GET"),
			arena_strdup(cx->arena, "REQUEST_URI=/"),
			arena_printf(cx->arena, "%s=one", HEADERS[i].name),
			arena_printf(cx->arena, "%s=two", HEADERS[i].name),
			NULL,
		};
		struct request rq = { 0 };

		print_message("# %s\n", HEADERS[i].name);
		assert_int_equal(request_read(cx, params, &rq), HEADERS[i].e);
	}
}

/* E11, O3: ids come in when they are sound, and are ours when they are not. */
static void test_request__ids(void **state)
{
	static const char PARENT[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	struct ctx *cx = fixture_ctx(*state);
	struct request rq;

	assert_int_equal(read_line(cx, &rq, "GET", "/", "HTTP_X_REQUEST_ID=a.B:1_-"), ERR_OK);
	assert_string_equal(cx->request_id, "a.B:1_-");
	cx = fixture_ctx(*state);
	assert_int_equal(read_line(cx, &rq, "GET", "/", "HTTP_X_REQUEST_ID=a b"), ERR_OK);
	assert_int_equal(strncmp(cx->request_id, "req_", 4), 0);
	assert_string_equal(cx->traceparent, "");
	assert_int_equal(read_line(cx, &rq, "GET", "/",
	                           arena_printf(cx->arena, "HTTP_TRACEPARENT=%s", PARENT)),
	                 ERR_OK);
	assert_true(traceparent_is_sound(cx->traceparent));
	assert_memory_equal(cx->traceparent, PARENT, 36);               /* the same trace */
	assert_memory_not_equal(cx->traceparent + 36, PARENT + 36, 16); /* a span of ours */
	assert_string_equal(cx->traceparent + 52, "-01");
}

static void test_request__id_forms(void **state)
{
	static const struct {
		const char *text;
		bool sound;
	} PARENTS[] = {
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true },
		{ "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false },
		{ "00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false },
		{ "00-00000000000000000000000000000000-00f067aa0ba902b7-00", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-00", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001", false },
		{ "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false },
		{ "", false },
	};
	char id[66];

	(void)state;
	for (size_t i = 0; i < COUNT(PARENTS); i++)
		assert_int_equal(traceparent_is_sound(PARENTS[i].text), PARENTS[i].sound);
	memset(id, 'a', sizeof(id));
	id[65] = '\0';
	assert_false(request_id_is_sound(id));
	id[64] = '\0';
	assert_true(request_id_is_sound(id));
	assert_false(request_id_is_sound(""));
	assert_false(request_id_is_sound("a\nb"));
	assert_false(request_id_is_sound("caf\xC3\xA9"));
}

/* Each row: the query, the outcome, the parameter blamed. */
static void test_request__query(void **state)
{
	static const struct {
		const char *query;
		enum err e;
		const char *blamed;
	} QUERIES[] = {
		{ "name=a", ERR_OK, NULL },
		{ "name=a%20b+c&n=9", ERR_OK, NULL },
		{ "&name=a&&", ERR_OK, NULL },
		{ "name=%C3%A9", ERR_OK, NULL },
		{ "", ERR_INVALID, "?name" },
		{ "name=a&n=10", ERR_INVALID, "?n" },
		{ "name=a&n=x", ERR_INVALID, "?n" },
		{ "name=a&name=b", ERR_INVALID, "?name" },
		{ "name=a&what=1", ERR_UNKNOWN_FIELD, "?what" },
		{ "name=%", ERR_BAD_REQUEST, NULL },
		{ "name=%4", ERR_BAD_REQUEST, NULL },
		{ "name=%zz", ERR_BAD_REQUEST, NULL },
		{ "name=%00", ERR_BAD_REQUEST, NULL },
		{ "name=%FF", ERR_ENCODING, NULL },
		{ "%FF=1", ERR_ENCODING, NULL },
	};

	for (size_t i = 0; i < COUNT(QUERIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct request rq;

		print_message("# %s\n", QUERIES[i].query);
		assert_int_equal(read_line(cx, &rq, "GET",
		                           arena_printf(cx->arena, "/?%s", QUERIES[i].query), NULL),
		                 ERR_OK);
		assert_int_equal(request_decode_query(cx, &rq), QUERIES[i].e);
		if (QUERIES[i].blamed != NULL)
			assert_blamed(cx, QUERIES[i].blamed, NULL);
	}
}

static void test_request__query_decoded(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct thing *thing;
	struct request rq;

	assert_int_equal(read_line(cx, &rq, "GET", "/?name=a%20b%2Bc+d&n=7", NULL), ERR_OK);
	assert_int_equal(request_decode_query(cx, &rq), ERR_OK);
	thing = request_query(&rq, &THING);
	assert_string_equal(thing->name, "a b+c d");
	assert_int_equal(thing->n, 7);
}

static void test_request__too_many_parameters(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4096);
	struct request rq;

	sb_add(&sb, "/?a=1");
	for (int i = 0; i < REQUEST_PAIRS_MAX; i++)
		sb_add(&sb, "&b=1");
	assert_int_equal(read_line(cx, &rq, "GET", sb.data, NULL), ERR_OK);
	assert_int_equal(request_decode_query(cx, &rq), ERR_BAD_REQUEST);
}

#define JSON_TYPE "application/json"

/* Each row: the content type, the length announced, the body, the outcome. */
static void test_request__body(void **state)
{
	static const struct {
		const char *type, *length, *body;
		enum err e;
	} BODIES[] = {
		{ JSON_TYPE, "12", "{'name':'a'}", ERR_OK },
		{ JSON_TYPE, NULL, "{'name':'a'}", ERR_OK },
		{ "Application/JSON ; charset=UTF-8", "12", "{'name':'a'}", ERR_OK },
		{ "application/json;charset=\"utf-8\"", "12", "{'name':'a'}", ERR_OK },
		{ "application/json; charset=latin1", "12", "{'name':'a'}", ERR_MEDIA_TYPE },
		{ "application/json; version=1", "12", "{'name':'a'}", ERR_MEDIA_TYPE },
		{ "application/jsonx", "12", "{'name':'a'}", ERR_MEDIA_TYPE },
		{ "text/plain", "12", "{'name':'a'}", ERR_MEDIA_TYPE },
		{ NULL, "12", "{'name':'a'}", ERR_MEDIA_TYPE },
		{ JSON_TYPE, "11", "{'name':'a'}", ERR_BAD_REQUEST },
		{ JSON_TYPE, "13", "{'name':'a'}", ERR_BAD_REQUEST },
		{ JSON_TYPE, "-1", "{'name':'a'}", ERR_BAD_REQUEST },
		{ JSON_TYPE, "1x", "{'name':'a'}", ERR_BAD_REQUEST },
		{ JSON_TYPE, "101", "", ERR_TOO_LARGE },
		{ JSON_TYPE, "99999999999999999999999", "", ERR_TOO_LARGE },
		{ JSON_TYPE, "0", "", ERR_MALFORMED },
		{ JSON_TYPE, NULL, "", ERR_MALFORMED },
		{ JSON_TYPE, NULL, "{'name':", ERR_MALFORMED },
		{ JSON_TYPE, NULL, "[]", ERR_INVALID },
		{ JSON_TYPE, NULL, "{'name':'\xFF'}", ERR_ENCODING },
		{ JSON_TYPE, NULL, "{'name':'a','what':1}", ERR_UNKNOWN_FIELD },
		{ JSON_TYPE, NULL, "{'name':'a','name':'b'}", ERR_MALFORMED },
		{ JSON_TYPE, NULL, "{'n':1}", ERR_INVALID },
		{ JSON_TYPE, NULL, "{'name':''}", ERR_INVALID },
	};

	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct span text = quotes(cx, BODIES[i].body);
		struct text_source source = { text.data, text.len };
		struct body_source body = { text_read, &source };
		struct request rq = { .route = &TAKES,
			              .content_type = BODIES[i].type,
			              .content_length = BODIES[i].length };

		print_message("# %s %s %s\n", BODIES[i].type, BODIES[i].length, BODIES[i].body);
		assert_int_equal(request_decode_body(cx, &rq, &body, 100), BODIES[i].e);
		if (BODIES[i].e == ERR_OK)
			assert_string_equal(((const struct thing *)request_body(&rq, &THING))->name,
			                    "a");
	}
}

static void test_request__body_coding(void **state)
{
	static const struct {
		const char *coding;
		enum err e;
	} CODINGS[] = {
		{ NULL, ERR_OK },
		{ "identity", ERR_OK },
		{ "Identity", ERR_OK },
		{ "gzip", ERR_MEDIA_TYPE },
		{ "identity, br", ERR_MEDIA_TYPE },
	};

	for (size_t i = 0; i < COUNT(CODINGS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct text_source source = { "{\"name\":\"a\"}", 12 };
		struct body_source body = { text_read, &source };
		struct request rq = { .route = &TAKES,
			              .content_type = JSON_TYPE,
			              .content_encoding = CODINGS[i].coding };

		assert_int_equal(request_decode_body(cx, &rq, &body, 100), CODINGS[i].e);
	}
}

static void test_request__body_limit(void **state)
{
	char spaces[20001];

	memset(spaces, ' ', sizeof(spaces));
	memcpy(spaces, "{\"name\":\"a\"}", 12);
	for (size_t n = 4090; n <= 20000; n += 1234) {
		struct ctx *cx = fixture_ctx(*state);
		struct text_source source = { spaces, n };
		struct body_source body = { text_read, &source };
		struct request rq = { .route = &TAKES, .content_type = JSON_TYPE };

		assert_int_equal(request_decode_body(cx, &rq, &body, n), ERR_OK);
		source = (struct text_source){ spaces, n };
		assert_int_equal(request_decode_body(cx, &rq, &body, n - 1), ERR_TOO_LARGE);
	}
}

/* A body that is no JSON is judged by its head, and left where it is. */
static void test_request__raw(void **state)
{
	static const struct {
		const char *type, *coding, *length;
		enum err e;
		const char *media; /* NULL: it is none of those, and decoded */
	} BODIES[] = {
		{ "application/pdf", NULL, "2000000", ERR_OK, "application/pdf" },
		{ "application/pdf", NULL, NULL, ERR_OK, "application/pdf" },
		{ "Text/Plain; charset=utf-8", NULL, "5", ERR_OK, "text/plain" },
		{ "text/plain; charset=latin1", NULL, "5", ERR_MEDIA_TYPE, NULL },
		{ "text/plainer", NULL, "5", ERR_MEDIA_TYPE, NULL },
		{ "application/pdf", "gzip", "5", ERR_MEDIA_TYPE, NULL },
		{ "application/pdf", NULL, "2000001", ERR_TOO_LARGE, NULL },
		{ "application/pdf", NULL, "99999999999999999999999", ERR_TOO_LARGE, NULL },
		{ "application/pdf", NULL, "five", ERR_BAD_REQUEST, NULL },
		{ JSON_TYPE, NULL, "2000001", ERR_OK, NULL },
		{ NULL, NULL, "5", ERR_OK, NULL },
	};
	static const struct config CONFIG = { .upload_max_bytes = 2000000 };

	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		const struct app app = { .config = &CONFIG, .clock = cx->app->clock };
		struct text_source source = { "hello", 5 };
		struct body_source body = { text_read, &source };
		struct request rq = { .route = &TAKES_FILES,
			              .content_type = BODIES[i].type,
			              .content_encoding = BODIES[i].coding,
			              .content_length = BODIES[i].length };
		bool raw = true;

		print_message("# %s %s\n", BODIES[i].type, BODIES[i].length);
		cx->app = &app;
		assert_int_equal(raw_begin(cx, &rq, &body, &raw), BODIES[i].e);
		assert_int_equal(raw, BODIES[i].media != NULL);
		assert_true((rq.source != NULL) == raw);
		assert_int_equal(source.n, 5);
		if (raw)
			assert_string_equal(rq.upload.media_type, BODIES[i].media);
	}
}

static void test_request__no_body_wanted(void **state)
{
	static const struct {
		const char *type, *body;
		enum err e;
	} BODIES[] = {
		{ NULL, "", ERR_OK },
		{ JSON_TYPE, "", ERR_OK },
		{ JSON_TYPE, "{}", ERR_OK },
		{ JSON_TYPE, "{'a':1}", ERR_UNKNOWN_FIELD },
		{ "text/plain", "hello", ERR_MEDIA_TYPE },
	};

	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct span text = quotes(cx, BODIES[i].body);
		struct text_source source = { text.data, text.len };
		struct body_source body = { text_read, &source };
		struct request rq = { .route = &TAKES_NOTHING, .content_type = BODIES[i].type };

		assert_int_equal(request_decode_body(cx, &rq, &body, 100), BODIES[i].e);
	}
}

static void test_request__if_match(void **state)
{
	static const struct {
		const char *text;
		enum err e;
		int64_t version;
	} TAGS[] = {
		{ "\"7\"", ERR_OK, 7 },
		{ "W/\"7\"", ERR_OK, 7 }, /* compression on the way weakens it */
		{ "*", ERR_OK, 0 },
		{ NULL, ERR_NO_VERSION, 0 },
		{ "7", ERR_INVALID, 0 },
		{ "\"7", ERR_INVALID, 0 },
		{ "\"7\", \"8\"", ERR_INVALID, 0 },
		{ "\"\"", ERR_STALE, 0 },
		{ "\"0\"", ERR_STALE, 0 },
		{ "\"abc\"", ERR_STALE, 0 },
		{ "\"7a\"", ERR_STALE, 0 },
		{ "\"99999999999999999999\"", ERR_STALE, 0 },
	};

	for (size_t i = 0; i < COUNT(TAGS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct request rq = { .if_match = TAGS[i].text, .route = &(struct route){ 0 } };
		int64_t version = -1;

		print_message("# %s\n", TAGS[i].text);
		assert_int_equal(request_version(cx, &rq, &version), TAGS[i].e);
		assert_int_equal(version, TAGS[i].e == ERR_OK ? TAGS[i].version : -1);
	}
}

/* Of a row that creates, If-None-Match: * stands for "there is none yet"; of others it does not. */
static void test_request__absent(void **state)
{
	static const struct route ROW = { .creates = true }, OTHER = { 0 };
	static const struct {
		const struct route *route;
		const char *match, *none;
		enum err e;
		int64_t version;
	} CASES[] = {
		{ &ROW, NULL, "*", ERR_OK, REQUEST_ABSENT },
		{ &ROW, "\"7\"", "*", ERR_OK, 7 },
		{ &ROW, "*", NULL, ERR_OK, 0 },
		{ &ROW, NULL, NULL, ERR_NO_VERSION, 0 },
		{ &ROW, NULL, "\"7\"", ERR_NO_VERSION, 0 },
		{ &OTHER, NULL, "*", ERR_NO_VERSION, 0 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct request rq = { .route = CASES[i].route,
			              .if_match = CASES[i].match,
			              .if_none_match = CASES[i].none };
		int64_t version = 0;

		print_message("# %zu\n", i);
		assert_int_equal(request_version(cx, &rq, &version), CASES[i].e);
		assert_int_equal(version, CASES[i].version);
	}
}

static void test_request__if_none_match(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} TAGS[] = {
		{ NULL, false },     { "\"7\"", true },        { "W/\"7\"", true },
		{ "*", true },       { "\"6\", \"7\"", true }, { "W/\"6\",W/\"7\"", true },
		{ "\"77\"", false }, { "7", false },           { "\"7", false },
		{ "", false },       { "\"6\", 7", false },    { ",,\"7\"", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(TAGS); i++) {
		struct request rq = { .if_none_match = TAGS[i].text };

		print_message("# %s\n", TAGS[i].text);
		assert_int_equal(request_has_tag(&rq, "\"7\""), TAGS[i].has);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request__line),
		cmocka_unit_test(test_request__too_long),
		cmocka_unit_test(test_request__no_parameters),
		cmocka_unit_test(test_request__repeated_headers),
		cmocka_unit_test(test_request__ids),
		cmocka_unit_test(test_request__id_forms),
		cmocka_unit_test(test_request__query),
		cmocka_unit_test(test_request__query_decoded),
		cmocka_unit_test(test_request__too_many_parameters),
		cmocka_unit_test(test_request__body),
		cmocka_unit_test(test_request__body_coding),
		cmocka_unit_test(test_request__body_limit),
		cmocka_unit_test(test_request__raw),
		cmocka_unit_test(test_request__no_body_wanted),
		cmocka_unit_test(test_request__if_match),
		cmocka_unit_test(test_request__absent),
		cmocka_unit_test(test_request__if_none_match),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
