/* Requests: checked, measured; models: the chain of those that are asked; answers as text. */
#include "ai/llm_private.h"

#include "ai/model_repo.h"

#include <string.h>

#define MESSAGE_TOKENS 4 /* what frames a message */

static enum err wrong(struct ctx *cx, const char *what, size_t i, const char *member,
                      const char *why)
{
	return err_field(cx, ERR_INVALID,
	                 arena_printf(cx->arena, "/%s/%zu%s%s", what, i,
	                              member[0] == '\0' ? "" : "/", member),
	                 "rule", "%s", why);
}

static enum err check_message(struct ctx *cx, const struct llm_request *rq, size_t i)
{
	const struct llm_message *m = &rq->messages[i];

	if (m->role < LLM_SYSTEM || m->role > LLM_TOOL)
		return wrong(cx, "messages", i, "role", "is no role");
	if (m->text == NULL && m->ncalls == 0)
		return wrong(cx, "messages", i, "text", "is missing");
	if (m->ncalls > 0 && m->role != LLM_ASSISTANT)
		return wrong(cx, "messages", i, "calls", "belong to an assistant's message");
	if (m->ncalls > LLM_TOOL_CALLS_MAX)
		return wrong(cx, "messages", i, "calls", "are too many");
	for (size_t c = 0; c < m->ncalls; c++) {
		if (m->calls[c].id == NULL || m->calls[c].id[0] == '\0' || m->calls[c].name == NULL)
			return wrong(cx, "messages", i, "calls", "need an id and a name");
	}
	if ((m->role == LLM_TOOL) != (m->call_id != NULL))
		return wrong(cx, "messages", i, "call_id", "belongs to a tool's message");
	return ERR_OK;
}

static enum err check_tool(struct ctx *cx, const struct llm_request *rq, size_t i)
{
	static const char LETTERS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	static const struct json_limits SCHEMA_LIMITS = { (size_t)256 << 10, 32, 10000 };
	const struct llm_tool *t = &rq->tools[i];
	size_t n = t->name == NULL ? 0 : strlen(t->name);

	if (n == 0 || n > 64 || strspn(t->name, LETTERS) != n)
		return wrong(cx, "tools", i, "name", "is not 1 to 64 of A-Z a-z 0-9 _ -");
	for (size_t other = 0; other < i; other++) {
		if (strcmp(rq->tools[other].name, t->name) == 0)
			return wrong(cx, "tools", i, "name", "is that of another tool");
	}
	if (t->parameters == NULL)
		return ERR_OK;
	if (t->parameters[strspn(t->parameters, " \t\r\n")] != '{' ||
	    json_check(cx, (struct span){ t->parameters, strlen(t->parameters) }, &SCHEMA_LIMITS) !=
	            ERR_OK) {
		err_clear(cx);
		return wrong(cx, "tools", i, "parameters", "is no object of JSON, or too large");
	}
	return ERR_OK;
}

static size_t bytes_of(const char *text)
{
	return text == NULL ? 0 : strlen(text);
}

static size_t request_bytes(const struct llm_request *rq)
{
	size_t n = 0;

	for (size_t i = 0; i < rq->nmessages; i++) {
		n += bytes_of(rq->messages[i].text);
		for (size_t c = 0; c < rq->messages[i].ncalls; c++)
			n += bytes_of(rq->messages[i].calls[c].arguments);
	}
	for (size_t i = 0; i < rq->ntools; i++)
		n += bytes_of(rq->tools[i].description) + bytes_of(rq->tools[i].parameters);
	return n;
}

enum err llm_check(struct ctx *cx, const struct llm_request *rq)
{
	bool asked = false;

	if (rq->nmessages == 0 || rq->nmessages > LLM_MESSAGES_MAX)
		return err_field(cx, ERR_INVALID, "/messages", "items", "are 1 to %d",
		                 LLM_MESSAGES_MAX);
	if (rq->ntools > LLM_TOOLS_MAX)
		return err_field(cx, ERR_INVALID, "/tools", "items", "are at most %d",
		                 LLM_TOOLS_MAX);
	for (size_t i = 0; i < rq->nmessages; i++) {
		TRY(check_message(cx, rq, i));
		asked = asked || rq->messages[i].role != LLM_SYSTEM;
	}
	if (!asked)
		return err_field(cx, ERR_INVALID, "/messages", "asked",
		                 "hold nothing but the system's");
	for (size_t i = 0; i < rq->ntools; i++)
		TRY(check_tool(cx, rq, i));
	if (rq->has_temperature && (rq->temperature_percent < 0 || rq->temperature_percent > 200))
		return err_field(cx, ERR_INVALID, "/temperature_percent", "range", "is 0 to 200");
	if (rq->max_tokens < 0 || rq->max_tokens > READER_TOKENS_MAX)
		return err_field(cx, ERR_INVALID, "/max_tokens", "range", "is out of range");
	if (rq->cache && rq->ntools > 0)
		return err_field(cx, ERR_INVALID, "/cache", "tools",
		                 "cannot be asked for together with tools");
	if (request_bytes(rq) > LLM_REQUEST_BYTES)
		return err_field(cx, ERR_INVALID, "/messages", "max_bytes",
		                 "have more than %zu bytes", LLM_REQUEST_BYTES);
	return ERR_OK;
}

static int64_t tokens_of(const char *text)
{
	return text == NULL ? 0 : llm_tokens(text, strlen(text));
}

int64_t llm_input_tokens(const struct llm_request *rq)
{
	int64_t n = 0;

	for (size_t i = 0; i < rq->nmessages; i++) {
		const struct llm_message *m = &rq->messages[i];

		n += MESSAGE_TOKENS + tokens_of(m->text);
		for (size_t c = 0; c < m->ncalls; c++)
			n += tokens_of(m->calls[c].name) + tokens_of(m->calls[c].arguments);
	}
	for (size_t i = 0; i < rq->ntools; i++)
		n += tokens_of(rq->tools[i].name) + tokens_of(rq->tools[i].description) +
		     tokens_of(rq->tools[i].parameters);
	return n;
}

/* A fallback that is gone, or off, or was asked already, ends the chain. */
enum err llm_chain(struct ctx *cx, const char *kind, const char *name,
                   struct target ret[LLM_CHAIN_MAX], size_t *ret_n)
{
	struct llm_model first;
	size_t n = 0;

	TRY(llm_find(cx, strcmp(kind, "chat") == 0 ? LLM_CHAT : LLM_EMBEDDING, name, &first));
	name = first.name;
	while (n < LLM_CHAIN_MAX && name != NULL) {
		enum err e = model_repo_target(cx, kind, name, &ret[n]);

		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			break;
		}
		TRY(e);
		for (size_t i = 0; i < n; i++) {
			if (ret[i].id == ret[n].id)
				name = NULL;
		}
		if (name != NULL)
			name = ret[n++].fallback;
	}
	if (n == 0)
		return err_set(cx, ERR_NO_MODEL, "model %s has just gone", first.name);
	*ret_n = n;
	return ERR_OK;
}

/* --- Answers as text; without calls of tools, which are not kept --- */

const char *llm_finish_name(enum llm_finish finish)
{
	static const char *const NAMES[] = { "", "stop", "length", "tool_calls", "content_filter" };

	assert(finish >= LLM_FINISH_NONE && finish <= LLM_FINISH_FILTER);
	return NAMES[finish];
}

const char *llm_answer_text(struct ctx *cx, const struct llm_answer *answer)
{
	struct sb sb = sb_new(cx->arena, 7 * LLM_ANSWER_BYTES);

	sb_addf(&sb, "{\"finish\":%d,\"text\":", (int)answer->finish);
	sb_json(&sb, answer->text);
	sb_addc(&sb, '}');
	return sb.failed ? NULL : sb.data;
}

enum err llm_answer_read(struct ctx *cx, const char *text, struct llm_answer *ret)
{
	static const struct json_limits LIMITS = { 8 * LLM_ANSWER_BYTES, 4, 100 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	int64_t finish;

	TRY(json_parse(cx, (struct span){ text, strlen(text) }, &LIMITS, &doc));
	finish = json_int(doc, "finish", LLM_FINISH_STOP);
	ret->text = arena_strdup(cx->arena, json_text(doc, "text", ""));
	ret->finish = finish >= LLM_FINISH_STOP && finish <= LLM_FINISH_FILTER
	                      ? (enum llm_finish)finish
	                      : LLM_FINISH_STOP;
	return ERR_OK;
}
