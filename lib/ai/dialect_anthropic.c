/* Anthropic's Messages API. */
#include "ai/dialect.h"

#include <json-c/json.h>
#include <string.h>

#define VERSION "2023-06-01"

static const char *anthropic_url(struct ctx *cx, const struct target *to, const char *what)
{
	return arena_printf(cx->arena, "%s/v1/%s", to->base_url,
	                    strcmp(what, "chat") == 0 ? "messages" : what);
}

static size_t anthropic_headers(UNUSED struct ctx *cx, const char *key,
                                struct http_header ret[DIALECT_HEADERS_MAX])
{
	ret[0] = (struct http_header){ .name = "anthropic-version", .value = VERSION };
	if (key == NULL)
		return 1;
	ret[1] = (struct http_header){ .name = "x-api-key", .value = key, .secret = true };
	return 2;
}

/* --- The request --- */

/* What the system says is no message here. */
static void add_system(struct ctx *cx, struct sb *sb, const struct llm_request *rq)
{
	bool any = false;

	for (size_t i = 0; i < rq->nmessages; i++) {
		const struct llm_message *m = &rq->messages[i];

		if (m->role != LLM_SYSTEM || m->text == NULL || m->text[0] == '\0')
			continue;
		sb_add(sb, any ? "," : ",\"system\":[");
		sb_add(sb, "{\"type\":\"text\",\"text\":");
		dialect_text(cx, sb, m->text);
		sb_addc(sb, '}');
		any = true;
	}
	if (any)
		sb_addc(sb, ']');
}

/* Empty blocks of text are refused there. */
static void add_text(struct ctx *cx, struct sb *sb, const char *text, bool *any)
{
	if (text == NULL || text[0] == '\0')
		return;
	sb_add(sb, *any ? "," : "");
	sb_add(sb, "{\"type\":\"text\",\"text\":");
	dialect_text(cx, sb, text);
	sb_addc(sb, '}');
	*any = true;
}

static void add_calls(struct ctx *cx, struct sb *sb, const struct llm_message *m, bool *any)
{
	for (size_t i = 0; i < m->ncalls; i++) {
		sb_add(sb, *any ? "," : "");
		sb_add(sb, "{\"type\":\"tool_use\",\"id\":");
		dialect_text(cx, sb, m->calls[i].id);
		sb_add(sb, ",\"name\":");
		dialect_text(cx, sb, m->calls[i].name);
		sb_addf(sb, ",\"input\":%s}", dialect_arguments(cx, &m->calls[i]));
		*any = true;
	}
}

static void add_result(struct ctx *cx, struct sb *sb, const struct llm_message *m, bool *any)
{
	sb_add(sb, *any ? "," : "");
	sb_add(sb, "{\"type\":\"tool_result\",\"tool_use_id\":");
	dialect_text(cx, sb, m->call_id);
	sb_add(sb, ",\"content\":");
	dialect_text(cx, sb, m->text);
	sb_addf(sb, "%s}", m->failed ? ",\"is_error\":true" : "");
	*any = true;
}

/* Who speaks there: what a tool answers is said by the user. */
static enum llm_role speaker(const struct llm_message *m)
{
	return m->role == LLM_TOOL ? LLM_USER : m->role;
}

/* Messages of one speaker that follow each other are one: the results of tools must stand in one. */
static size_t add_turn(struct ctx *cx, struct sb *sb, const struct llm_request *rq, size_t i)
{
	enum llm_role role = speaker(&rq->messages[i]);
	bool any = false;

	sb_addf(sb, "{\"role\":\"%s\",\"content\":[", role == LLM_USER ? "user" : "assistant");
	for (; i < rq->nmessages; i++) {
		const struct llm_message *m = &rq->messages[i];

		if (m->role == LLM_SYSTEM)
			continue;
		if (speaker(m) != role)
			break;
		if (m->role == LLM_TOOL)
			add_result(cx, sb, m, &any);
		else
			add_text(cx, sb, m->text, &any);
		add_calls(cx, sb, m, &any);
	}
	if (!any)
		sb_add(sb, "{\"type\":\"text\",\"text\":\"(nothing)\"}");
	sb_add(sb, "]}");
	return i;
}

static void add_messages(struct ctx *cx, struct sb *sb, const struct llm_request *rq)
{
	bool any = false;
	size_t i = 0;

	sb_add(sb, ",\"messages\":[");
	while (i < rq->nmessages) {
		if (rq->messages[i].role == LLM_SYSTEM) {
			i++;
			continue;
		}
		sb_add(sb, any ? "," : "");
		i = add_turn(cx, sb, rq, i);
		any = true;
	}
	sb_addc(sb, ']');
}

static void add_tools(struct ctx *cx, struct sb *sb, const struct llm_request *rq)
{
	static const char *const CHOICES[] = { "auto", "none", "any" };

	if (rq->ntools == 0)
		return;
	sb_add(sb, ",\"tools\":[");
	for (size_t i = 0; i < rq->ntools; i++) {
		const struct llm_tool *tool = &rq->tools[i];

		sb_add(sb, i > 0 ? ",{\"name\":" : "{\"name\":");
		dialect_text(cx, sb, tool->name);
		sb_add(sb, ",\"description\":");
		dialect_text(cx, sb, tool->description);
		sb_addf(sb, ",\"input_schema\":%s}",
		        tool->parameters != NULL ? tool->parameters : "{\"type\":\"object\"}");
	}
	sb_addf(sb, "],\"tool_choice\":{\"type\":\"%s\"}", CHOICES[rq->choice]);
}

static void anthropic_chat(struct ctx *cx, struct sb *sb, const struct target *to,
                           const struct llm_request *rq, int64_t max_tokens)
{
	int64_t percent = rq->temperature_percent < 100 ? rq->temperature_percent : 100;

	sb_add(sb, "{\"model\":");
	sb_json(sb, to->remote_name);
	sb_addf(sb, ",\"max_tokens\":%lld", (long long)max_tokens);
	add_system(cx, sb, rq);
	add_messages(cx, sb, rq);
	add_tools(cx, sb, rq);
	/* From 0 to 1 there. */
	if (rq->has_temperature)
		sb_addf(sb, ",\"temperature\":%d.%02d", (int)(percent / 100), (int)(percent % 100));
	sb_add(sb, ",\"stream\":true}");
}

/* --- The stream --- */

static enum llm_finish finish_of(const char *reason)
{
	if (strcmp(reason, "max_tokens") == 0 ||
	    strcmp(reason, "model_context_window_exceeded") == 0)
		return LLM_FINISH_LENGTH;
	if (strcmp(reason, "tool_use") == 0)
		return LLM_FINISH_TOOLS;
	return strcmp(reason, "refusal") == 0 ? LLM_FINISH_FILTER : LLM_FINISH_STOP;
}

/* What was read from its cache, or written there, is input as well. */
static void read_usage(struct reader *r, struct json_object *usage)
{
	int64_t cached = json_int(usage, "cache_read_input_tokens", 0);
	int64_t input = json_int(usage, "input_tokens", -1);
	int64_t written = json_int(usage, "cache_creation_input_tokens", 0);

	if (input >= 0 && input <= READER_TOKENS_MAX && cached >= 0 &&
	    cached <= READER_TOKENS_MAX && written >= 0 && written <= READER_TOKENS_MAX)
		reader_input(r, input + cached + written, cached);
}

static void start_block(struct reader *r, struct json_object *doc)
{
	struct json_object *block = json_at(doc, "content_block");

	if (strcmp(json_text(block, "type", ""), "tool_use") == 0)
		reader_call(r, json_int(doc, "index", 0), json_text(block, "id", NULL),
		            json_text(block, "name", NULL), NULL);
	else
		reader_text(r, json_text(block, "text", NULL));
}

static void add_delta(struct reader *r, struct json_object *doc)
{
	const char *type = json_text(doc, "delta.type", "");

	if (strcmp(type, "text_delta") == 0)
		reader_text(r, json_text(doc, "delta.text", NULL));
	else if (strcmp(type, "input_json_delta") == 0)
		reader_call(r, json_int(doc, "index", 0), NULL, NULL,
		            json_text(doc, "delta.partial_json", NULL));
}

static void end_message(struct reader *r, struct json_object *doc)
{
	const char *reason = json_text(doc, "delta.stop_reason", NULL);

	if (reason != NULL)
		r->finish = finish_of(reason);
	read_usage(r, json_at(doc, "usage"));
	reader_output(r, json_int(doc, "usage.output_tokens", -1), 0);
}

/*
 * What message_start tells of the output is only how it began; the number that counts comes with
 * message_delta.
 */
static enum err anthropic_event(struct ctx *cx, struct reader *r, const struct sse_event *event)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct dialect_error error = { 0 };
	const char *type;

	if (json_parse(cx, event->data, &reader_limits, &doc) != ERR_OK)
		return err_set(cx, ERR_REMOTE_FAILED, "the stream of the provider makes no sense");
	type = json_text(doc, "type", event->name);
	if (strcmp(type, "error") == 0 || json_at(doc, "error") != NULL) {
		error = (struct dialect_error){ .type = "", .code = "", .message = "" };
		dialect_error_of(cx, doc, &error);
		return dialect_fail(cx, &error);
	}
	if (strcmp(type, "message_start") == 0) {
		if (r->remote_id == NULL)
			r->remote_id = reader_word(r, json_text(doc, "message.id", ""));
		read_usage(r, json_at(doc, "message.usage"));
	} else if (strcmp(type, "content_block_start") == 0) {
		start_block(r, doc);
	} else if (strcmp(type, "content_block_delta") == 0) {
		add_delta(r, doc);
	} else if (strcmp(type, "message_delta") == 0) {
		end_message(r, doc);
	} else if (strcmp(type, "message_stop") == 0) {
		r->done = true;
	}
	return ERR_OK;
}

const struct dialect dialect_anthropic = {
	.name = "anthropic",
	.base_url = "https://api.anthropic.com",
	.url = anthropic_url,
	.headers = anthropic_headers,
	.chat = anthropic_chat,
	.event = anthropic_event,
};
