/*
 * Calls of models, over the wire, against the fake providers: every dialect, every way to fail, and a ledger
 * that says what the provider charged (G1-G4, G6, G7, G10).
 */
#include "model_bench.h"

#include "ai/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EACH(name) for (const char *const *name = model_bench_names; *name != NULL; name++)

/* --- What comes, however it is cut --- */

static const struct {
	const char *steps, *text;
	enum llm_finish finish;
} TEXTS[] = {
	{ "[{}]", "Hello from the fake.", LLM_FINISH_STOP },
	{ "[{'split': 1, 'text': 'Grüße, 漢字 🎉 \\\" \\\\\\\\ \\n end', 'piece': 1}]",
	  "Grüße, 漢字 🎉 \" \\\\ \n end", LLM_FINISH_STOP },
	{ "[{'split': 1, 'eol': '\\r\\n', 'noise': true, 'text': 'one two three'}]",
	  "one two three", LLM_FINISH_STOP },
	{ "[{'split': 7, 'eol': '\\r', 'noise': true, 'text': 'one two three'}]", "one two three",
	  LLM_FINISH_STOP },
	{ "[{'text': 'cut sh', 'finish': 'length'}]", "cut sh", LLM_FINISH_LENGTH },
	{ "[{'text': 'No.', 'finish': 'content_filter'}]", "No.", LLM_FINISH_FILTER },
	{ "[{'text': 'hid\\u200bden \\u202etxt\\udb40\\udc41'}]", "hidden txt", LLM_FINISH_STOP },
	{ "[{'text': ''}]", "", LLM_FINISH_STOP },
};

static void test_llm__text(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		for (size_t i = 0; i < COUNT(TEXTS); i++) {
			struct ctx *cx = model_bench_ctx(b);
			struct model_ear ear = { 0 };
			struct llm_answer answer;

			assert_err(cx, model_bench_ask(b, *name, TEXTS[i].steps, &ear, &answer),
			           ERR_OK);
			assert_string_equal(answer.text, TEXTS[i].text);
			assert_int_equal(answer.finish, TEXTS[i].finish);
			assert_string_equal(answer.model, *name);
			assert_string_equal(ear.text.data == NULL ? "" : ear.text.data,
			                    TEXTS[i].text);
			assert_int_equal(ear.models, 1);
			assert_int_equal(ear.usages, 1);
			assert_int_equal(ear.finishes, 1);
			assert_int_equal(answer.attempts, 1);
		}
	}
}

/* Tokens and money as the provider tells them, not as they could be guessed. */
static void test_llm__usage(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;
		const char *id;

		assert_err(cx,
		           model_bench_ask(b, *name,
		                           "[{'text': '12345678', 'input': 1234, 'cached': 1000,"
		                           " 'reasoning': 7}]",
		                           NULL, &answer),
		           ERR_OK);
		assert_int_equal(answer.usage.input_tokens, 1234);
		assert_int_equal(answer.usage.cached_tokens, 1000);
		assert_int_equal(answer.usage.output_tokens, 9);
		assert_int_equal(answer.usage.cost_micro, 234 + 500 + 18);
		assert_false(answer.usage.estimated);
		id = arena_printf(cx->arena,
		                  "id = %" PRId64 " AND status = 'done' AND NOT estimated",
		                  answer.call_id);
		assert_int_equal(model_bench_ledger(b, "sum(cost_micro)", id), 752);
		assert_int_equal(model_bench_ledger(b, "sum(held_tokens - held_input)", id), 4096);
		assert_int_equal(model_bench_ledger(b, "count(remote_id)", id), 1);
	}
}

/* A server that does not tell its tokens: they are counted here, and marked. */
static void test_llm__usage_untold(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;

		assert_err(cx,
		           model_bench_ask(b, *name, "[{'text': '12345678', 'usage': false}]", NULL,
		                           &answer),
		           ERR_OK);
		assert_true(answer.usage.estimated);
		assert_int_equal(answer.usage.output_tokens, 2);
		assert_true(answer.usage.input_tokens > 4);
	}
}

/* --- Tools --- */

static const struct llm_tool TOOLS[] = {
	{ "search", "Looks for text",
	  "{\"type\":\"object\",\"properties\":{\"q\":{\"type\":\"string\"}}}" },
	{ "read-file", "Reads", NULL },
};

static enum err ask_tools(struct model_bench *b, const char *model, const char *steps,
                          struct llm_answer *ret)
{
	struct llm_message message = { LLM_USER, .text = model_bench_script(b, steps) };
	struct llm_request rq = {
		.model = model,
		.messages = &message,
		.nmessages = 1,
		.tools = TOOLS,
		.ntools = COUNT(TOOLS),
		.choice = LLM_CHOICE_REQUIRED,
	};

	return llm_call(&b->f->cx, &rq, NULL, ret);
}

/* Two calls at once, their arguments split at every byte, after some text. */
static void test_llm__tools(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;

		assert_err(
			cx,
			ask_tools(b, *name,
		                  "[{'text': 'Let me look.', 'split': 1, 'tools': [{'id': 'a1',"
		                  " 'name': 'search', 'arguments': '{\\'q\\': \\'ü\\u200bx/\\'}',"
		                  " 'piece': 1}, {'name': 'read-file'}]}]",
		                  &answer),
			ERR_OK);
		assert_string_equal(answer.text, "Let me look.");
		assert_int_equal(answer.finish, LLM_FINISH_TOOLS);
		assert_int_equal(answer.ncalls, 2);
		assert_string_equal(answer.calls[0].id, "a1");
		assert_string_equal(answer.calls[0].name, "search");
		assert_string_equal(answer.calls[0].arguments, "{\"q\":\"üx/\"}");
		assert_false(answer.calls[0].malformed);
		assert_string_equal(answer.calls[1].name, "read-file");
		assert_string_equal(answer.calls[1].arguments, "{}");
	}
}

static void test_llm__tool_arguments_that_are_none(void **state)
{
	struct model_bench *b = *state;
	static const char *const BAD[] = { "{\\'q\\': ", "[1]", "nothing",
		                           "{\\'a\\':1,\\'a\\':2}" };

	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = model_bench_ctx(b);
		struct llm_answer answer;

		assert_err(cx,
		           ask_tools(b, "openai",
		                     arena_printf(
					     cx->arena,
					     "[{'tools': [{'name': 'search', 'arguments': '%s'}]}]",
					     BAD[i]),
		                     &answer),
		           ERR_OK);
		assert_int_equal(answer.ncalls, 1);
		assert_true(answer.calls[0].malformed);
	}
}

/* The round after: calls and what they gave go back, as each dialect wants them; the fake checks. */
static void test_llm__tool_round(void **state)
{
	struct model_bench *b = *state;

	EACH(name)
	{
		struct ctx *cx = model_bench_ctx(b);
		const struct llm_tool_call calls[] = {
			{ .id = "c1", .name = "search", .arguments = "{\"q\":1}" },
			{ .id = "c2",
			  .name = "read-file",
			  .arguments = "not json",
			  .malformed = true },
		};
		struct llm_message messages[] = {
			{ LLM_SYSTEM, .text = "Be brief." },
			{ LLM_USER, .text = "Look." },
			{ LLM_ASSISTANT, .calls = calls, .ncalls = 2 },
			{ LLM_TOOL, .text = "found", .call_id = "c1" },
			{ LLM_TOOL, .text = "that was no JSON", .call_id = "c2", .failed = true },
			{ LLM_USER, .text = model_bench_script(b, "[{'text': 'Done.'}]") },
		};
		struct llm_request rq = {
			.model = *name,
			.messages = messages,
			.nmessages = COUNT(messages),
			.tools = TOOLS,
			.ntools = COUNT(TOOLS),
			.has_temperature = true,
			.temperature_percent = 5,
		};
		struct llm_answer answer;

		assert_err(cx, llm_call(cx, &rq, NULL, &answer), ERR_OK);
		assert_string_equal(answer.text, "Done.");
	}
}

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

/* --- What is not asked at all --- */

static void test_llm__no_model(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;
	struct llm_model model;

	assert_err(cx, model_bench_ask(b, "nobody", "[{}]", NULL, &answer), ERR_NO_MODEL);
	assert_err(cx, model_bench_ask(b, NULL, "[{}]", NULL, &answer), ERR_NO_MODEL);
	assert_err(cx, llm_find(cx, LLM_EMBEDDING, NULL, &model), ERR_NO_MODEL);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, llm_find(cx, LLM_CHAT, "openai", &model), ERR_NO_MODEL);
}

static void test_llm__does_not_fit(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	struct llm_answer answer;

	model_bench_model(
		b, "small",
		"{'provider': 'openai', 'kind': 'chat', 'remote_name': 'x', 'context_tokens': 5}");
	assert_err(cx, model_bench_ask(b, "small", "[{}]", NULL, &answer), ERR_CONTEXT_TOO_LONG);
	assert_int_equal(answer.attempts, 0);
}

static void test_llm__rules(void **state)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	static const struct {
		struct llm_message message;
		struct llm_tool tool;
		const char *blamed;
	} CASES[] = {
		{ { 0 }, { 0 }, "/messages/0/role" },
		{ { LLM_USER, .text = NULL }, { 0 }, "/messages/0/text" },
		{ { LLM_TOOL, .text = "x" }, { 0 }, "/messages/0/call_id" },
		{ { LLM_SYSTEM, .text = "x" }, { 0 }, "/messages" },
		{ { LLM_USER, .text = "x" }, { .name = "a b" }, "/tools/0/name" },
		{ { LLM_USER, .text = "x" },
		  { .name = "a", .parameters = "[]" },
		  "/tools/0/parameters" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct llm_request rq = {
			.messages = &CASES[i].message,
			.nmessages = 1,
			.tools = &CASES[i].tool,
			.ntools = CASES[i].tool.name == NULL ? 0 : 1,
		};
		struct llm_answer answer;

		assert_err(cx, llm_call(cx, &rq, NULL, &answer), ERR_INVALID);
		assert_blamed(cx, CASES[i].blamed, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_llm__text),
		cmocka_unit_test(test_llm__usage),
		cmocka_unit_test(test_llm__usage_untold),
		cmocka_unit_test(test_llm__tools),
		cmocka_unit_test(test_llm__tool_arguments_that_are_none),
		cmocka_unit_test(test_llm__tool_round),
		cmocka_unit_test(test_llm__refusals),
		cmocka_unit_test(test_llm__says_when),
		cmocka_unit_test(test_llm__waits),
		cmocka_unit_test(test_llm__fallback),
		cmocka_unit_test(test_llm__no_fallback_after_the_first_token),
		cmocka_unit_test(test_llm__dies_before_the_first_token),
		cmocka_unit_test(test_llm__stalls),
		cmocka_unit_test(test_llm__deadline),
		cmocka_unit_test(test_llm__cancelled),
		cmocka_unit_test(test_llm__watcher_fails),
		cmocka_unit_test(test_llm__no_model),
		cmocka_unit_test(test_llm__does_not_fit),
		cmocka_unit_test(test_llm__rules),
	};

	return cmocka_run_group_tests(tests, model_bench_open, model_bench_close);
}
