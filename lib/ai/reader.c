/* Text, pieces of calls, usage: put together. */
#include "ai/reader.h"

#include "ai/sse.h"
#include "ai/strip.h"

#include <json-c/json.h>
#include <string.h>

const struct json_limits reader_limits = { SSE_EVENT_MAX, 64, 100000 };

struct reader *reader_new(struct arena *arena)
{
	struct reader *r = arena_alloc(arena, sizeof(*r));

	r->arena = arena;
	r->text = sb_new(arena, LLM_ANSWER_BYTES);
	return r;
}

static bool room(struct reader *r, size_t n)
{
	if (n > LLM_ANSWER_BYTES - r->bytes)
		r->too_large = true;
	else
		r->bytes += n;
	return !r->too_large;
}

void reader_text(struct reader *r, const char *text)
{
	size_t old = r->text.len, n;

	if (text == NULL || text[0] == '\0')
		return;
	r->began = true;
	n = strlen(text);
	if (!room(r, n))
		return;
	sb_addn(&r->text, text, n);
	sb_truncate(&r->text, old + strip_in_place(r->text.data + old, n));
}

const char *reader_word(struct reader *r, const char *text)
{
	size_t n = 0;

	text = strip_text(r->arena, text, strnlen(text, LLM_NAME_MAX), &n);
	return arena_strndup(r->arena, text, n);
}

/*
 * The newest with that index: pieces of one call come together.  Some servers give every call the same
 * index; another id is another call.  Nothing is allocated: how often a stranger sends an id is up to him.
 */
static struct reader_call *find(struct reader *r, int64_t index, const char *id)
{
	bool named = id != NULL && id[0] != '\0';

	for (size_t i = r->ncalls; i > 0; i--) {
		struct reader_call *call = &r->calls[i - 1];

		if (call->index == index && named && call->id != NULL &&
		    strncmp(call->id, id, LLM_NAME_MAX) != 0)
			break;
		if (call->index == index)
			return call;
	}
	if (r->ncalls == LLM_TOOL_CALLS_MAX) {
		r->too_large = true;
		return NULL;
	}
	r->calls[r->ncalls] = (struct reader_call){
		.index = index,
		.arguments = sb_new(r->arena, LLM_ANSWER_BYTES),
	};
	return &r->calls[r->ncalls++];
}

void reader_call(struct reader *r, int64_t index, const char *id, const char *name,
                 const char *arguments)
{
	struct reader_call *call = find(r, index, id);

	r->began = true;
	if (call == NULL)
		return;
	if (id != NULL && id[0] != '\0' && call->id == NULL)
		call->id = reader_word(r, id);
	if (name != NULL && name[0] != '\0' && call->name == NULL)
		call->name = reader_word(r, name);
	if (arguments != NULL && room(r, strlen(arguments)))
		sb_add(&call->arguments, arguments);
}

static int64_t sane(int64_t tokens)
{
	return tokens < 0 ? 0 : tokens > READER_TOKENS_MAX ? READER_TOKENS_MAX : tokens;
}

void reader_input(struct reader *r, int64_t tokens, int64_t cached)
{
	if (tokens < 0)
		return;
	r->told_input = true;
	r->usage.input_tokens = sane(tokens);
	r->usage.cached_tokens = sane(cached) < sane(tokens) ? sane(cached) : sane(tokens);
}

void reader_output(struct reader *r, int64_t tokens, int64_t reasoning)
{
	if (tokens < 0)
		return;
	r->told_output = true;
	r->usage.output_tokens = sane(tokens);
	r->usage.reasoning_tokens = sane(reasoning) < sane(tokens) ? sane(reasoning) : sane(tokens);
}

/* Parsed and printed anew, so that what is hidden behind escapes is seen; what is no object stays as it is. */
static void finish_arguments(struct ctx *cx, const char *text, struct llm_tool_call *call)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	const struct fault before = cx->fault;
	const char *printed = text;

	if (text == NULL || strspn(text, " \t\r\n") == strlen(text)) {
		call->arguments = "{}";
		return;
	}
	call->malformed = json_parse(cx, (struct span){ text, strlen(text) }, &reader_limits,
	                             &doc) != ERR_OK ||
	                  !json_object_is_type(doc, json_type_object);
	cx->fault = before;
	if (!call->malformed)
		printed = json_object_to_json_string_ext(
			doc, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	printed = strip_text(cx->arena, printed, strlen(printed), NULL);
	call->arguments = arena_strdup(cx->arena, printed);
}

const struct llm_tool_call *reader_calls(struct ctx *cx, struct reader *r, size_t *ret_n)
{
	struct llm_tool_call *calls = arena_array(cx->arena, r->ncalls + 1, sizeof(*calls));

	for (size_t i = 0; i < r->ncalls; i++) {
		const struct reader_call *from = &r->calls[i];

		calls[i].id = from->id != NULL ? from->id : arena_printf(cx->arena, "call_%zu", i);
		calls[i].name = from->name == NULL ? "" : from->name;
		finish_arguments(cx, from->arguments.data, &calls[i]);
	}
	*ret_n = r->ncalls;
	return calls;
}

int64_t reader_estimate(const struct reader *r)
{
	int64_t n = llm_tokens(r->text.data == NULL ? "" : r->text.data, r->text.len);

	for (size_t i = 0; i < r->ncalls; i++) {
		const struct sb *arguments = &r->calls[i].arguments;
		const char *name = r->calls[i].name == NULL ? "" : r->calls[i].name;

		n += llm_tokens(name, strlen(name));
		n += llm_tokens(arguments->data == NULL ? "" : arguments->data, arguments->len);
	}
	return n;
}
