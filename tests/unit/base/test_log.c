/* Log lines: their form, their limit, and that no secret passes (O1, O3). */
#include "fixture.h"

#include "base/json.h"
#include "base/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define KEY_SECRET  "aB3_aB3-aB3_aB3-aB3_aB3-aB3_aB3-aB3_aB3-aB3"
#define KEY         "pk_12_" KEY_SECRET "_0a1b2c3d"

/* What was written to the log by one call, read back through a pipe. */
struct sink {
	int fds[2];
	struct log *log;
	char text[4 * LOG_LINE_MAX];
};

static void sink_open(struct sink *sink, struct ctx *cx, enum log_level min)
{
	assert_int_equal(pipe2(sink->fds, O_CLOEXEC | O_NONBLOCK), 0);
	sink->log = log_open(sink->fds[1], min);
	((struct app *)cx->app)->log = sink->log;
}

static const char *sink_read(struct sink *sink)
{
	ssize_t n = read(sink->fds[0], sink->text, sizeof(sink->text) - 1);

	sink->text[n < 0 ? 0 : n] = '\0';
	return sink->text;
}

static void sink_close(struct sink *sink, struct ctx *cx)
{
	((struct app *)cx->app)->log = NULL;
	log_close(sink->log);
	close(sink->fds[0]);
	close(sink->fds[1]);
}

/* O1: under load lines are written together; none is lost, kept back for long, or out of order. */
static void test_log__gathers(void **state)
{
	struct fixture *f = *state;
	struct ctx *cx = fixture_ctx(f);
	struct sink sink;

	sink_open(&sink, cx, LOG_INFO);
	log_gather(sink.log);
	LOG(cx, LOG_INFO, "first", LOG_INT("n", 1));
	assert_contains(sink_read(&sink), "first");
	LOG(cx, LOG_INFO, "second", LOG_INT("n", 2));
	LOG(cx, LOG_INFO, "third", LOG_INT("n", 3));
	assert_string_equal(sink_read(&sink), "");
	log_flush(sink.log);
	assert_contains(sink_read(&sink), "\"second\"");
	assert_contains(sink.text, "\"third\"");
	assert_true(strstr(sink.text, "second") < strstr(sink.text, "third"));

	LOG(cx, LOG_INFO, "waits", LOG_INT("n", 4));
	LOG(cx, LOG_ERROR, "cannot wait", LOG_INT("n", 5));
	assert_contains(sink_read(&sink), "\"waits\"");
	assert_contains(sink.text, "\"cannot wait\"");

	LOG(cx, LOG_INFO, "waits again", LOG_INT("n", 6));
	f->clock.since_us += LOG_GATHER_US;
	LOG(cx, LOG_INFO, "time is up", LOG_INT("n", 7));
	assert_contains(sink_read(&sink), "\"waits again\"");
	assert_contains(sink.text, "\"time is up\"");
	sink_close(&sink, cx);
}

static void test_log__line(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sink sink;

	sink_open(&sink, cx, LOG_INFO);
	memcpy(cx->request_id, "req_1", sizeof("req_1"));
	memcpy(cx->traceparent, TRACEPARENT, sizeof(TRACEPARENT));
	LOG(cx, LOG_INFO, "request", LOG_TEXT("route", "project_get"), LOG_INT("status", 200),
	    LOG_BOOL("replayed", false), LOG_TEXT("absent", NULL));
	assert_string_equal(
		sink_read(&sink),
		"{\"ts\":\"2026-11-21T06:45:00.123Z\",\"level\":\"info\",\"component\":\"test\","
		"\"msg\":\"request\",\"request_id\":\"req_1\","
		"\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"tenant\":1,\"actor\":\"test\","
		"\"route\":\"project_get\",\"status\":200,\"replayed\":false}\n");
	sink_close(&sink, cx);
}

static void test_log__level(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sink sink;

	sink_open(&sink, cx, LOG_WARNING);
	LOG(cx, LOG_INFO, "no", LOG_INT("n", 1));
	LOG(cx, LOG_DEBUG, "no", LOG_INT("n", 2));
	assert_string_equal(sink_read(&sink), "");
	LOG(cx, LOG_WARNING, "yes", LOG_INT("n", 3));
	assert_contains(sink_read(&sink), "\"level\":\"warning\"");
	sink_close(&sink, cx);

	LOG(cx, LOG_ERROR, "an app without a log", LOG_INT("n", 4));
	assert_int_equal(log_level_by_name("debug"), LOG_DEBUG);
	assert_int_equal(log_level_by_name("error"), LOG_ERROR);
	assert_int_equal(log_level_by_name("loud"), 0);
}

/* Whatever the texts hold, a line is one line of valid JSON within the limit. */
static void test_log__form(void **state)
{
	static const size_t LENGTHS[] = { 0, 1, 100, 4000, 8000, 8100, 8191, 8192, 20000 };
	static const char *const FILLS[] = { "x",        "\"", "\n", "\x01",
		                             "\xFF",     "é",  "\\", "pk_1_12345678 ",
		                             "x\xC3\xA9" };
	struct ctx *cx = fixture_ctx(*state);
	struct sink sink;

	sink_open(&sink, cx, LOG_DEBUG);
	for (size_t i = 0; i < COUNT(LENGTHS) * COUNT(FILLS); i++) {
		const char *fill = FILLS[i % COUNT(FILLS)];
		size_t n = LENGTHS[i / COUNT(FILLS)], unit = strlen(fill);
		char *text = arena_alloc(cx->arena, n + 1);
		const char *line;

		for (size_t at = 0; at < n; at++)
			text[at] = fill[at % unit];
		LOG(cx, LOG_INFO, text, LOG_TEXT("a", text), LOG_INT("status", 200),
		    LOG_TEXT("b", text), LOG_TEXT("short", "kept"));
		line = sink_read(&sink);
		assert_true(strlen(line) <= LOG_LINE_MAX);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		assert_contains(line, "\"status\":200");
		assert_contains(line, "\"short\":\"kept\"");
		assert_int_equal(
			json_check(cx, (struct span){ line, strlen(line) - 1 }, &json_limits_body),
			ERR_OK);
	}
	sink_close(&sink, cx);
}

static void test_log__too_many_fields(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct log_field fields[1000];
	struct sink sink;
	const char *line;

	sink_open(&sink, cx, LOG_DEBUG);
	for (size_t i = 0; i < COUNT(fields); i++)
		fields[i] = (struct log_field)LOG_TEXT("key", "some text");
	log_write(cx, LOG_INFO, "many", fields, COUNT(fields));
	line = sink_read(&sink);
	assert_true(strlen(line) <= LOG_LINE_MAX);
	assert_string_equal(line + strlen(line) - 13, ",\"cut\":true}\n");
	sink_close(&sink, cx);
}

static void test_log__fault(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sink sink;
	const char *line;

	sink_open(&sink, cx, LOG_DEBUG);
	log_fault(cx, LOG_ERROR, "nothing failed");
	assert_string_equal(sink_read(&sink), "");
	(void)err_field(cx, ERR_INVALID, "/name", "required", "name is missing");
	(void)err_field(cx, ERR_INVALID, "/depth", "range", "depth is wrong");
	err_cause(cx, "password=hunter2");
	log_fault(cx, LOG_ERROR, "request failed");
	line = sink_read(&sink);
	assert_contains(line, "\"error\":\"invalid-field\"");
	assert_contains(line, "\"detail\":\"name is missing\"");
	assert_contains(line, "\"cause\":\"password=[redacted]\"");
	assert_contains(line, "\"blamed\":\"/name required; /depth range\"");
	sink_close(&sink, cx);
}

static void test_log__redact(void **state)
{
	static const struct {
		const char *text, *shown;
	} CASES[] = {
		{ "nothing secret, /a/path?x=1", NULL },
		{ "the packet pk_ and pk_1_ and pk_x_12345678", NULL },
		{ "", NULL },
		{ "key " KEY " used", "key pk_12_[redacted] used" },
		{ KEY, "pk_12_[redacted]" },
		{ "cut pk_7_abcdefgh", "cut pk_7_[redacted]" },
		{ KEY " " KEY, "pk_12_[redacted] pk_12_[redacted]" },
		{ "https://user:pw@h/r", "https://[redacted]@h/r" },
		{ "https://ghp_abc@h/r", "https://[redacted]@h/r" },
		{ "https://user:p@ss@h/r", "https://[redacted]@h/r" },
		{ "https://h/@scope/r", NULL },
		{ "https://h:8080/r?x=a@b", NULL },
		{ "postgresql://u:p@h/db", "postgresql://[redacted]@h/db" },
		{ "Authorization: Bearer abc.def", "Authorization: [redacted]" },
		{ "authorization: Basic dTpw\r\nHost: h", "authorization: [redacted]\r\nHost: h" },
		{ "{\"Authorization\":\"Bearer abc\",\"x\":1}",
		  "{\"Authorization\":\"[redacted]\",\"x\":1}" },
		{ "curl -H 'X-Api-Key: abc'", "curl -H 'X-Api-Key: [redacted]" },
		{ "sent bearer abc.def-ghi_j~k+/= ok", "sent bearer [redacted] ok" },
		{ "bearer", NULL },
		{ "the bearer", NULL },
		{ "Cookie: a=b; c=d", "Cookie: [redacted]" },
		{ "host=h password=hunter2 user=u", "host=h password=[redacted] user=u" },
		{ "host=h password = 'hun ter\\'2' user=u",
		  "host=h password = '[redacted]' user=u" },
		{ "PGPASSWORD=x", "PGPASSWORD=[redacted]" },
		{ "{\"password\": \"a\\\"b\"}", "{\"password\": \"[redacted]\"}" },
		{ "{\"token\": \"abc\"}", "{\"token\": \"[redacted]\"}" },
		{ "?access_token=abc&x=1", "?access_token=[redacted]&x=1" },
		{ "unexpected token: comma", NULL },
		{ "the password must be long", NULL },
		{ "password=", NULL },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *shown = log_redact(cx, CASES[i].text);

		print_message("# %s\n", CASES[i].text);
		if (CASES[i].shown == NULL)
			assert_ptr_equal(shown, CASES[i].text);
		else
			assert_string_equal(shown, CASES[i].shown);
	}
}

/* A secret is found before the text is cut, so that half of one is never shown. */
static void test_log__secret_at_the_cut(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sink sink;

	sink_open(&sink, cx, LOG_DEBUG);
	for (size_t before = 7900; before < 8300; before += 7) {
		char *text = arena_printf(cx->arena, "%*s" KEY, (int)before, "");

		LOG(cx, LOG_INFO, "m", LOG_TEXT("a", text));
		assert_null(strstr(sink_read(&sink), "aB3"));
	}
	sink_close(&sink, cx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__line),
		cmocka_unit_test(test_log__gathers),
		cmocka_unit_test(test_log__level),
		cmocka_unit_test(test_log__form),
		cmocka_unit_test(test_log__too_many_fields),
		cmocka_unit_test(test_log__fault),
		cmocka_unit_test(test_log__redact),
		cmocka_unit_test(test_log__secret_at_the_cut),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
