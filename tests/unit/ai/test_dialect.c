/* What servers say that are not quite like the others, and what is not to be believed (G1-G4, G6). */
#include "fixture.h"

#include "ai/dialect.h"

#include <string.h>

/* Events, fed one by one. */
static enum err feed(struct ctx *cx, const struct dialect *d, struct reader *r,
                     const char *const *events)
{
	for (; *events != NULL; events++) {
		const struct sse_event event = { .name = "", .data = quotes(cx, *events) };

		TRY(d->event(cx, r, &event));
	}
	return ERR_OK;
}

static struct reader *read_all(struct ctx *cx, const struct dialect *d, const char *const *events,
                               enum err want)
{
	struct reader *r = reader_new(cx->arena);

	assert_int_equal(feed(cx, d, r, events), want);
	return r;
}

#define CALLS(text) "{'choices': [{'delta': {'tool_calls': [" text "]}}]}"

/* Every call with index 0, or with none; ids that come again, come late, or never. */
static void test_openai__calls(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	static const char *const SAME_INDEX[] = {
		CALLS("{'index': 0, 'id': 'a', 'function': {'name': 'f', 'arguments': '{}'}}"),
		CALLS("{'index': 0, 'id': 'b', 'function': {'name': 'g', 'arguments': '{'}}"),
		CALLS("{'index': 0, 'function': {'arguments': '}'}}"), NULL
	};
	static const char *const AGAIN[] = {
		CALLS("{'index': 0, 'id': 'a', 'function': {'name': 'f'}}"),
		CALLS("{'index': 0, 'id': 'a', 'function': {'name': 'f', 'arguments': '{}'}}"), NULL
	};
	static const char *const NONE[] = {
		CALLS("{'function': {'name': 'f', 'arguments': null}}, {'function': {'name': 'g'}}"),
		NULL
	};
	const struct llm_tool_call *calls;
	size_t n;

	calls = reader_calls(cx, read_all(cx, &dialect_compatible, SAME_INDEX, ERR_OK), &n);
	assert_int_equal(n, 2);
	assert_string_equal(calls[1].id, "b");
	assert_string_equal(calls[1].name, "g");
	assert_string_equal(calls[1].arguments, "{}");
	calls = reader_calls(cx, read_all(cx, &dialect_openai, AGAIN, ERR_OK), &n);
	assert_int_equal(n, 1);
	assert_string_equal(calls[0].arguments, "{}");
	calls = reader_calls(cx, read_all(cx, &dialect_compatible, NONE, ERR_OK), &n);
	assert_int_equal(n, 2);
	assert_string_equal(calls[0].id, "call_0");
	assert_string_equal(calls[1].id, "call_1");
	assert_false(calls[0].malformed);
}

/* Chunks of Azure's without a delta, usage that is null, fields that nobody knows. */
static void test_openai__oddities(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	static const char *const EVENTS[] = {
		"{'choices': [], 'prompt_filter_results': [{}], 'usage': null}",
		"{'choices': [{'index': 0, 'content_filter_results': {}}]}",
		"{'choices': [{'delta': {'content': 'a', 'obfuscation': 'x'}, 'finish_reason': null}]}",
		"{'choices': [{'delta': {'content': null}, 'finish_reason': 'stop'}], 'cost': 99}",
		"{'choices': [], 'usage': {'prompt_tokens': 3, 'completion_tokens': 1}}",
		NULL
	};
	static const char *const REFUSAL[] = {
		"{'choices': [{'delta': {'refusal': 'I will not.'}}]}",
		"{'choices': [{'delta': {}, 'finish_reason': 'stop'}]}", NULL
	};
	struct reader *r = read_all(cx, &dialect_azure, EVENTS, ERR_OK);

	assert_string_equal(r->text.data, "a");
	assert_int_equal(r->finish, LLM_FINISH_STOP);
	assert_true(r->told_input && r->told_output);
	r = read_all(cx, &dialect_openai, REFUSAL, ERR_OK);
	assert_string_equal(r->text.data, "I will not.");
	assert_int_equal(r->finish, LLM_FINISH_FILTER);
}

/* Numbers that cannot be. */
static void test_usage__is_sane(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	static const char *const NEGATIVE[] = {
		"{'choices': [], 'usage': {'prompt_tokens': -5, 'completion_tokens': -1}}", NULL
	};
	static const char *const HUGE[] = {
		"{'choices': [], 'usage': {'prompt_tokens': 9000000000000000000,"
		" 'completion_tokens': 1, 'prompt_tokens_details':"
		" {'cached_tokens': 9100000000000000000},"
		" 'completion_tokens_details': {'reasoning_tokens': 7}}}",
		NULL
	};
	static const char *const HUGER[] = {
		"{'type': 'message_start', 'message': {'usage': {'input_tokens': 9000000000000000000,"
		" 'cache_read_input_tokens': 9000000000000000000}}}",
		NULL
	};
	struct reader *r = read_all(cx, &dialect_openai, NEGATIVE, ERR_OK);

	assert_false(r->told_input || r->told_output);
	r = read_all(cx, &dialect_openai, HUGE, ERR_OK);
	assert_int_equal(r->usage.input_tokens, READER_TOKENS_MAX);
	assert_int_equal(r->usage.cached_tokens, READER_TOKENS_MAX);
	assert_int_equal(r->usage.reasoning_tokens, 1);
	assert_false(read_all(cx, &dialect_anthropic, HUGER, ERR_OK)->told_input);
}

/* Errors in the midst of a stream, in every form. */
static void test_stream__errors(void **state)
{
	static const struct {
		const struct dialect *dialect;
		const char *event;
		enum err want;
	} CASES[] = {
		{ &dialect_compatible, "{'error': 'model runner has stopped'}", ERR_REMOTE_FAILED },
		{ &dialect_openai, "{'error': {'type': 'server_error', 'code': null}}",
		  ERR_REMOTE_FAILED },
		{ &dialect_openai, "{'error': {'code': 'rate_limit_exceeded'}}",
		  ERR_PROVIDER_BUSY },
		{ &dialect_openai, "not json", ERR_REMOTE_FAILED },
		{ &dialect_anthropic, "{'type': 'error', 'error': {'type': 'overloaded_error'}}",
		  ERR_PROVIDER_BUSY },
		{ &dialect_anthropic, "{'type': 'error', 'error': {'type': 'api_error'}}",
		  ERR_REMOTE_FAILED },
		{ &dialect_anthropic, "{'type': 'error'}", ERR_REMOTE_FAILED },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *const events[] = { CASES[i].event, NULL };

		read_all(cx, CASES[i].dialect, events, CASES[i].want);
	}
}

/* More calls, or more text, than an answer may have. */
static void test_reader__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct reader *r = reader_new(cx->arena);
	char *text = arena_alloc(cx->arena, LLM_ANSWER_BYTES / 2 + 2);

	for (int i = 0; i < LLM_TOOL_CALLS_MAX; i++)
		reader_call(r, i, "x", "f", "{}");
	assert_false(r->too_large);
	reader_call(r, LLM_TOOL_CALLS_MAX, "x", "f", "{}");
	assert_true(r->too_large);
	assert_int_equal(r->ncalls, LLM_TOOL_CALLS_MAX);
	r = reader_new(cx->arena);
	memset(text, 'x', LLM_ANSWER_BYTES / 2 + 1);
	reader_text(r, text);
	assert_false(r->too_large);
	reader_call(r, 0, "x", "f", text);
	assert_true(r->too_large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openai__calls),  cmocka_unit_test(test_openai__oddities),
		cmocka_unit_test(test_usage__is_sane), cmocka_unit_test(test_stream__errors),
		cmocka_unit_test(test_reader__limits),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
