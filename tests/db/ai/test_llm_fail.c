/*
 * Calls of models that fail, wait, go on to another model, or are stopped; and that the ledger tells of each
 * (G4, G7, P3).
 */
#include "model_bench.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEAF_QUEUE 4 /* connections that fill the queue of who listens for none */
#define EACH(name) for (const char *const *name = model_bench_names; *name != NULL; name++)

/* --- Refusals: what each is called, and whether it is tried again --- */

static const struct {
	const char *step;
	enum err want;
	int64_t attempts;
} REFUSALS[] = {
	{ "'status': 400, 'error': {'type': 'invalid_request_error'}", ERR_PROVIDER_REFUSED, 1 },
	{ "'status': 400, 'error': {'code': 'context_length_exceeded'}", ERR_CONTEXT_TOO_LONG, 1 },
	{ "'status': 400, 'error': {'type': 'invalid_request_error', 'message': 'prompt is too long: 9'}",
	  ERR_CONTEXT_TOO_LONG, 1 },
	{ "'status': 400, 'error': {'code': 'content_filter'}", ERR_CONTENT_REFUSED, 1 },
	{ "'status': 401", ERR_CREDENTIAL_REFUSED, 1 },
	{ "'status': 403", ERR_CREDENTIAL_REFUSED, 1 },
	{ "'status': 404", ERR_PROVIDER_REFUSED, 1 },
	{ "'status': 413", ERR_CONTEXT_TOO_LONG, 1 },
	{ "'status': 429, 'error': {'code': 'insufficient_quota', 'type': 'insufficient_quota'}",
	  ERR_PROVIDER_QUOTA, 1 },
	{ "'status': 429, 'headers': {'retry-after-ms': '5'}", ERR_PROVIDER_BUSY, 3 },
	{ "'status': 408, 'headers': {'retry-after-ms': '5'}", ERR_TIMEOUT, 3 },
	{ "'status': 409, 'headers': {'retry-after-ms': '5'}", ERR_PROVIDER_BUSY, 3 },
	{ "'status': 500, 'headers': {'retry-after-ms': '5'}", ERR_REMOTE_FAILED, 3 },
	{ "'status': 500, 'error': {'message': 'input is too large to process.'}",
	  ERR_CONTEXT_TOO_LONG, 1 },
	{ "'status': 400, 'error': {'message': 'the input length exceeds the context length'}",
	  ERR_CONTEXT_TOO_LONG, 1 },
	{ "'status': 529, 'headers': {'retry-after-ms': '5'}", ERR_PROVIDER_BUSY, 3 },
	{ "'status': 500, 'headers': {'x-should-retry': 'false'}", ERR_REMOTE_FAILED, 1 },
	{ "'status': 400, 'headers': {'x-should-retry': 'true', 'retry-after-ms': '5'}",
	  ERR_PROVIDER_REFUSED, 3 },
	{ "'status': 429, 'headers': {'retry-after': '3600'}", ERR_PROVIDER_BUSY, 1 },
	{ "'away': 'http://127.0.0.1:1/v1/elsewhere'", ERR_REMOTE_FAILED, 3 },
};

static void close_breakers(struct model_bench *b)
{
	fixture_db_int(&b->f->cx, "WITH d AS (DELETE FROM app.llm_breaker RETURNING 1)"
	                          " SELECT count(*) FROM d");
}

static void test_llm__refusals(void **state)
{
	struct model_bench *b = *state;

	for (size_t i = 0; i < COUNT(REFUSALS); i++) {
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;
		const char *steps = arena_printf(cx->arena, "[{%s}]", REFUSALS[i].step);

		close_breakers(b);
		assert_err(cx, model_bench_ask(b, "openai", steps, NULL, &answer),
		           REFUSALS[i].want);
		if (answer.attempts != REFUSALS[i].attempts)
			fail_msg("%s: %" PRId64 " attempts", REFUSALS[i].step, answer.attempts);
		assert_int_equal(answer.usage.input_tokens, 0);
		assert_null(strstr(cx->fault.detail, MODEL_BENCH_KEY));
	}
	close_breakers(b);
}

/* "Retry after an hour" is not waited for, but told. */
static void test_llm__says_when(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;

	assert_err(cx,
	           model_bench_ask(b, "openai",
	                           "[{'status': 429, 'headers': {'retry-after': '3600'}}]", NULL,
	                           &answer),
	           ERR_PROVIDER_BUSY);
	assert_int_equal(cx->fault.retry_s, 3600);
}

static int64_t mono_ms(void)
{
	return system_clock.mono_us(&system_clock) / 1000;
}

/* The wait that a provider asks for is kept, by whichever header it says so. */
static void test_llm__waits(void **state)
{
	struct model_bench *b = *state;
	static const char *const HEADERS[] = {
		"'retry-after-ms': '150'",
		"'retry-after': '0.15'",
		"'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '150ms'",
		"'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '0.15s'",
	};

	for (size_t i = 0; i < COUNT(HEADERS); i++) {
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;
		int64_t begun = mono_ms();

		assert_err(cx,
		           model_bench_ask(b, "openai",
		                           arena_printf(cx->arena,
		                                        "[{'status': 429, 'headers': {%s}},"
		                                        " {'text': 'Now.'}]",
		                                        HEADERS[i]),
		                           NULL, &answer),
		           ERR_OK);
		assert_string_equal(answer.text, "Now.");
		assert_int_equal(answer.attempts, 2);
		assert_true(mono_ms() - begun >= 150);
	}
}

/* --- Fallback --- */

static void test_llm__fallback(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct model_ear ear = { 0 };
	struct llm_answer answer;

	model_bench_provider(b, "gone",
	                     "{'kind': 'compatible', 'base_url': 'http://127.0.0.1:1/v1'}");
	model_bench_model(
		b, "first",
		"{'provider': 'gone', 'kind': 'chat', 'remote_name': 'x', 'fallback': 'second'}");
	model_bench_model(
		b, "second",
		"{'provider': 'openai', 'kind': 'chat', 'remote_name': 'x', 'fallback': 'third'}");
	model_bench_model(
		b, "third",
		"{'provider': 'anthropic', 'kind': 'chat', 'remote_name': 'x', 'fallback': 'first'}");
	b->f->config.model_retries = 0;
	assert_err(cx,
	           model_bench_ask(b, "first", "[{'status': 503}, {'text': 'From the third.'}]",
	                           &ear, &answer),
	           ERR_OK);
	assert_string_equal(answer.text, "From the third.");
	assert_string_equal(answer.model, "third");
	assert_int_equal(answer.attempts, 3);
	assert_int_equal(ear.models, 3);
	assert_int_equal(
		model_bench_ledger(b, "count(*)",
	                           arena_printf(cx->arena,
	                                        "first_id IN (SELECT first_id FROM app.llm_call"
	                                        " WHERE id = %" PRId64 ")",
	                                        answer.call_id)),
		2);
	/* A filter's refusal is no reason to ask somebody else. */
	assert_err(cx,
	           model_bench_ask(b, "second",
	                           "[{'status': 400, 'error': {'code': 'content_filter'}}, {}]",
	                           NULL, &answer),
	           ERR_CONTENT_REFUSED);
	b->f->config.model_retries = 2;
	close_breakers(b);
}

/* After the first token nothing is said twice: the call fails, and what there was is there. */
static void test_llm__no_fallback_after_the_first_token(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		static const char *const STEPS[] = { "[{'text': '1234567890', 'cut': 1}, {}]",
			                             "[{'text': '1234567890', 'fail': 1}, {}]" };

		for (size_t i = 0; i < COUNT(STEPS); i++) {
			struct ctx *cx = model_bench_ctx(b);
			struct model_ear ear = { 0 };
			struct llm_answer answer;
			enum err e = model_bench_ask(b, *name, STEPS[i], &ear, &answer);

			close_breakers(b);
			assert_true(e == ERR_REMOTE_FAILED || e == ERR_PROVIDER_BUSY);
			assert_string_equal(answer.text, "12345");
			assert_int_equal(answer.attempts, 1);
			assert_int_equal(answer.finish, LLM_FINISH_NONE);
			assert_int_equal(ear.finishes, 0);
			assert_true(answer.usage.estimated);
			assert_int_equal(answer.usage.output_tokens, 2);
			assert_int_equal(model_bench_ledger(b, "count(*)",
			                                    arena_printf(cx->arena,
			                                                 "id = %" PRId64
			                                                 " AND status = 'cut'",
			                                                 answer.call_id)),
			                 1);
		}
	}
}

/* Before it, a connection that dies is tried again, in every dialect. */
static void test_llm__dies_before_the_first_token(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		static const char *const STEPS[] = { "[{'drop': true}, {'text': 'Back.'}]",
			                             "[{'cut': 0}, {'text': 'Back.'}]",
			                             "[{'fail': 0}, {'text': 'Back.'}]" };

		for (size_t i = 0; i < COUNT(STEPS); i++) {
			struct ctx *cx = model_bench_ctx(b);
			struct llm_answer answer;

			assert_err(cx, model_bench_ask(b, *name, STEPS[i], NULL, &answer), ERR_OK);
			assert_string_equal(answer.text, "Back.");
			assert_int_equal(answer.attempts, 2);
		}
	}
}

/* --- Time, and stopping --- */

static void test_llm__stalls(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;

	b->f->config.model_first_token_s = 1;
	b->f->config.model_gap_s = 1;
	b->f->config.model_retries = 0;
	assert_err(cx, model_bench_ask(b, "openai", "[{'hold': 0}]", NULL, &answer), ERR_TIMEOUT);
	assert_non_null(strstr(cx->fault.detail, "no token"));
	assert_string_equal(answer.text, "");
	assert_err(cx,
	           model_bench_ask(b, "anthropic", "[{'text': '1234567890', 'hold': 1}]", NULL,
	                           &answer),
	           ERR_TIMEOUT);
	assert_non_null(strstr(cx->fault.detail, "silent"));
	assert_string_equal(answer.text, "12345");
	b->f->config.model_first_token_s = 120;
	b->f->config.model_gap_s = 60;
	b->f->config.model_retries = 2;
	close_breakers(b);
}

/* A host that takes no connection: the queue of who listens is full, and the network is silent. */
static int deaf(int *queued, struct sockaddr_in *ret)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*ret);

	*ret = (struct sockaddr_in){ .sin_family = AF_INET,
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)ret, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < DEAF_QUEUE; i++) {
		queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(queued[i], (struct sockaddr *)ret, len);
	}
	return fd;
}

static void test_llm__stalls_at_the_connection(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	const char *fake = b->hosts[1];
	int queued[DEAF_QUEUE], fd;
	char host[40], json[100];
	struct llm_answer answer;
	struct sockaddr_in at;
	int64_t begun;

	fd = deaf(queued, &at);
	snprintf(host, sizeof(host), "127.0.0.1:%d", ntohs(at.sin_port));
	snprintf(json, sizeof(json), "{'kind': 'compatible', 'base_url': 'http://%s/v1'}", host);
	b->hosts[1] = host;
	model_bench_provider(b, "deaf", json);
	model_bench_model(b, "deaf", "{'provider': 'deaf', 'kind': 'chat', 'remote_name': 'x'}");
	b->f->config.model_connect_s = 1;
	b->f->config.model_retries = 0;
	begun = mono_ms();
	assert_err(cx, model_bench_ask(b, "deaf", "[{}]", NULL, &answer), ERR_TIMEOUT);
	assert_in_range(mono_ms() - begun, 900, 8000);
	assert_int_equal(answer.attempts, 1);
	assert_int_equal(answer.usage.input_tokens, 0);
	assert_int_equal(
		model_bench_ledger(b, "count(*)",
	                           arena_printf(cx->arena, "id = %" PRId64 " AND status = 'failed'",
	                                        answer.call_id)),
		1);
	b->f->config.model_connect_s = 10;
	b->f->config.model_retries = 2;
	b->hosts[1] = fake;
	for (int i = 0; i < DEAF_QUEUE; i++)
		close(queued[i]);
	close(fd);
	close_breakers(b);
}

/* The whole is bounded too, and the ledger is written although its time is over. */
static void test_llm__deadline(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	int64_t begun = mono_ms();

	cx->deadline_ms = begun + 300;
	assert_err(
		cx,
		model_bench_ask(b, "openai", "[{'text': '1234567890', 'hold': 1}]", NULL, &answer),
		ERR_TIMEOUT);
	cx->deadline_ms = 0;
	assert_true(mono_ms() - begun < 5000);
	assert_int_equal(
		model_bench_ledger(b, "count(*)",
	                           arena_printf(cx->arena, "id = %" PRId64 " AND status = 'cut'",
	                                        answer.call_id)),
		1);
	close_breakers(b);
}

static void test_llm__cancelled(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		struct ctx *cx = model_bench_ctx(b);
		struct model_ear ear = { .stop_after = 2 };
		struct llm_answer answer;
		int64_t before = model_bench_journal(b, "output");

		assert_err(cx,
		           model_bench_ask(b, *name, "[{'text': 'abcdefghijklmno', 'hold': 2}]",
		                           &ear, &answer),
		           ERR_CANCELLED);
		assert_string_equal(answer.text, "abcdefghij");
		assert_int_equal(answer.usage.output_tokens,
		                 model_bench_journal(b, "output") - before);
		assert_int_equal(
			model_bench_ledger(b, "count(*)",
		                           arena_printf(cx->arena,
		                                        "id = %" PRId64 " AND status = 'cancelled'",
		                                        answer.call_id)),
			1);
	}
}

/* Who is told to stop while it waits for a provider asks no other. */
static bool stop_soon(void *arg)
{
	return mono_ms() >= *(const int64_t *)arg;
}

static void test_llm__cancelled_while_it_waits(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	int64_t when = mono_ms() + 100;
	struct llm_message message = {
		LLM_USER,
		.text = model_bench_script(
			b, "[{'status': 429, 'headers': {'retry-after': '20'}}, {}]"),
	};
	struct llm_request rq = { .model = "second", .messages = &message, .nmessages = 1 };
	struct llm_watch watch = { .arg = &when, .cancelled = stop_soon };
	struct llm_answer answer;

	assert_err(cx, llm_call(cx, &rq, &watch, &answer), ERR_CANCELLED);
	assert_int_equal(answer.attempts, 1);
	assert_true(mono_ms() < when + 5000);
}

/* What a watcher says goes to the caller as it is. */
static void test_llm__watcher_fails(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct model_ear ear = { .fail_after = 1 };
	struct llm_answer answer;

	assert_err(cx, model_bench_ask(b, "openai", "[{}]", &ear, &answer), ERR_CONFLICT);
	assert_string_equal(cx->fault.detail, "the watcher has had enough");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_llm__refusals),
		cmocka_unit_test(test_llm__says_when),
		cmocka_unit_test(test_llm__waits),
		cmocka_unit_test(test_llm__fallback),
		cmocka_unit_test(test_llm__no_fallback_after_the_first_token),
		cmocka_unit_test(test_llm__dies_before_the_first_token),
		cmocka_unit_test(test_llm__stalls),
		cmocka_unit_test(test_llm__stalls_at_the_connection),
		cmocka_unit_test(test_llm__deadline),
		cmocka_unit_test(test_llm__cancelled),
		cmocka_unit_test(test_llm__cancelled_while_it_waits),
		cmocka_unit_test(test_llm__watcher_fails),
	};

	return cmocka_run_group_tests(tests, model_bench_open, model_bench_close);
}
