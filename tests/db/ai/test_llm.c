/*
 * Calls of models, over the wire, against the fake providers: what each dialect says and is told, however the
 * bytes are cut (G1-G4, G6, G7, G10).
 */
#include "model_bench.h"

#include "ai/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
		cmocka_unit_test(test_llm__no_model),
		cmocka_unit_test(test_llm__does_not_fit),
		cmocka_unit_test(test_llm__rules),
	};

	return cmocka_run_group_tests(tests, model_bench_open, model_bench_close);
}
