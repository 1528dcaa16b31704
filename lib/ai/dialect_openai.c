/*
 * OpenAI's chat completions and embeddings, and what speaks as they do: Azure, with its two forms of
 * addresses, and the servers that people run themselves.
 */
#include "ai/dialect.h"

#include <json-c/json.h>
#include <math.h>
#include <sodium.h>
#include <string.h>

/* An answer to a request for vectors is large: numbers are values. */
static const struct json_limits VECTOR_LIMITS = { DIALECT_VECTORS_BYTES, 16, 1200000 };

/* --- Addresses and headers --- */

static const char *path_of(const char *what)
{
	return strcmp(what, "chat") == 0 ? "chat/completions" : what;
}

static const char *openai_url(struct ctx *cx, const struct target *to, const char *what)
{
	return arena_printf(cx->arena, "%s/%s", to->base_url, path_of(what));
}

static const char *quoted(struct ctx *cx, const char *name)
{
	struct sb sb = sb_new(cx->arena, 1024);

	for (const char *c = name; *c != '\0'; c++) {
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		    (*c >= '0' && *c <= '9') || strchr("-._~", *c) != NULL)
			sb_addc(&sb, *c);
		else
			sb_addf(&sb, "%%%02X", (unsigned char)*c);
	}
	return sb.data;
}

/* Without an API version the addresses of v1, with one the classic ones, which name the deployment. */
static const char *azure_url(struct ctx *cx, const struct target *to, const char *what)
{
	if (to->api_version == NULL)
		return arena_printf(cx->arena, "%s/openai/v1/%s", to->base_url, path_of(what));
	if (strcmp(what, "models") == 0)
		return arena_printf(cx->arena, "%s/openai/models?api-version=%s", to->base_url,
		                    quoted(cx, to->api_version));
	return arena_printf(cx->arena, "%s/openai/deployments/%s/%s?api-version=%s", to->base_url,
	                    quoted(cx, to->remote_name), path_of(what),
	                    quoted(cx, to->api_version));
}

static size_t bearer(struct ctx *cx, const char *key, struct http_header ret[DIALECT_HEADERS_MAX])
{
	if (key == NULL)
		return 0;
	ret[0] = (struct http_header){
		.name = "Authorization",
		.value = arena_printf(cx->arena, "Bearer %s", key),
		.secret = true,
	};
	return 1;
}

static size_t api_key(UNUSED struct ctx *cx, const char *key,
                      struct http_header ret[DIALECT_HEADERS_MAX])
{
	if (key == NULL)
		return 0;
	ret[0] = (struct http_header){ .name = "api-key", .value = key, .secret = true };
	return 1;
}

/* --- The request --- */

static const char *role_of(enum llm_role role)
{
	static const char *const ROLES[] = {
		[LLM_SYSTEM] = "system",
		[LLM_USER] = "user",
		[LLM_ASSISTANT] = "assistant",
		[LLM_TOOL] = "tool",
	};

	return ROLES[role];
}

static void add_calls(struct ctx *cx, struct sb *sb, const struct llm_message *m)
{
	sb_add(sb, ",\"tool_calls\":[");
	for (size_t i = 0; i < m->ncalls; i++) {
		sb_add(sb, i > 0 ? ",{\"id\":" : "{\"id\":");
		dialect_text(cx, sb, m->calls[i].id);
		sb_add(sb, ",\"type\":\"function\",\"function\":{\"name\":");
		dialect_text(cx, sb, m->calls[i].name);
		sb_add(sb, ",\"arguments\":");
		dialect_text(cx, sb, dialect_arguments(cx, &m->calls[i]));
		sb_add(sb, "}}");
	}
	sb_addc(sb, ']');
}

static void add_message(struct ctx *cx, struct sb *sb, const struct llm_message *m)
{
	sb_addf(sb, "{\"role\":\"%s\"", role_of(m->role));
	if (m->role == LLM_TOOL) {
		sb_add(sb, ",\"tool_call_id\":");
		dialect_text(cx, sb, m->call_id);
	}
	sb_add(sb, ",\"content\":");
	if (m->text == NULL && m->ncalls > 0)
		sb_add(sb, "null");
	else
		dialect_text(cx, sb, m->text);
	if (m->ncalls > 0)
		add_calls(cx, sb, m);
	sb_addc(sb, '}');
}

static void add_tools(struct ctx *cx, struct sb *sb, const struct llm_request *rq)
{
	static const char *const CHOICES[] = { "auto", "none", "required" };

	if (rq->ntools == 0)
		return;
	sb_add(sb, ",\"tools\":[");
	for (size_t i = 0; i < rq->ntools; i++) {
		const struct llm_tool *tool = &rq->tools[i];

		sb_add(sb, i > 0 ? "," : "");
		sb_add(sb, "{\"type\":\"function\",\"function\":{\"name\":");
		dialect_text(cx, sb, tool->name);
		sb_add(sb, ",\"description\":");
		dialect_text(cx, sb, tool->description);
		sb_addf(sb, ",\"parameters\":%s}}",
		        tool->parameters != NULL ? tool->parameters
		                                 : "{\"type\":\"object\",\"properties\":{}}");
	}
	sb_addc(sb, ']');
	/* Ollama does not know it; left out it means the same. */
	if (rq->choice != LLM_CHOICE_AUTO)
		sb_addf(sb, ",\"tool_choice\":\"%s\"", CHOICES[rq->choice]);
}

static void add_chat(struct ctx *cx, struct sb *sb, const struct target *to,
                     const struct llm_request *rq, int64_t max_tokens, const char *max_name)
{
	sb_add(sb, "{\"model\":");
	sb_json(sb, to->remote_name);
	sb_add(sb, ",\"messages\":[");
	for (size_t i = 0; i < rq->nmessages; i++) {
		sb_add(sb, i > 0 ? "," : "");
		add_message(cx, sb, &rq->messages[i]);
	}
	sb_addc(sb, ']');
	add_tools(cx, sb, rq);
	sb_addf(sb, ",\"%s\":%lld", max_name, (long long)max_tokens);
	if (rq->has_temperature)
		sb_addf(sb, ",\"temperature\":%d.%02d", (int)(rq->temperature_percent / 100),
		        (int)(rq->temperature_percent % 100));
	sb_add(sb, ",\"stream\":true");
	if (to->stream_usage == NULL || strcmp(to->stream_usage, "no") != 0)
		sb_add(sb, ",\"stream_options\":{\"include_usage\":true}");
	sb_addc(sb, '}');
}

static void openai_chat(struct ctx *cx, struct sb *sb, const struct target *to,
                        const struct llm_request *rq, int64_t max_tokens)
{
	add_chat(cx, sb, to, rq, max_tokens, "max_completion_tokens");
}

/* Servers of one's own know the older name. */
static void compatible_chat(struct ctx *cx, struct sb *sb, const struct target *to,
                            const struct llm_request *rq, int64_t max_tokens)
{
	add_chat(cx, sb, to, rq, max_tokens, "max_tokens");
}

/* --- The stream --- */

static enum llm_finish finish_of(const char *reason)
{
	if (strcmp(reason, "length") == 0)
		return LLM_FINISH_LENGTH;
	if (strcmp(reason, "tool_calls") == 0 || strcmp(reason, "function_call") == 0)
		return LLM_FINISH_TOOLS;
	return strcmp(reason, "content_filter") == 0 ? LLM_FINISH_FILTER : LLM_FINISH_STOP;
}

static void read_calls(struct reader *r, struct json_object *calls)
{
	size_t n =
		json_object_is_type(calls, json_type_array) ? json_object_array_length(calls) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *call = json_object_array_get_idx(calls, i);

		reader_call(r, json_int(call, "index", (int64_t)i), json_text(call, "id", NULL),
		            json_text(call, "function.name", NULL),
		            json_text(call, "function.arguments", NULL));
	}
}

static void read_usage(struct reader *r, struct json_object *doc)
{
	if (!json_object_is_type(json_at(doc, "usage"), json_type_object))
		return;
	reader_input(r, json_int(doc, "usage.prompt_tokens", -1),
	             json_int(doc, "usage.prompt_tokens_details.cached_tokens", 0));
	reader_output(r, json_int(doc, "usage.completion_tokens", -1),
	              json_int(doc, "usage.completion_tokens_details.reasoning_tokens", 0));
}

static enum err openai_event(struct ctx *cx, struct reader *r, const struct sse_event *event)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct dialect_error error = { 0 };
	const char *reason, *refusal;

	if (event->data.len == 6 && memcmp(event->data.data, "[DONE]", 6) == 0) {
		r->done = true;
		return ERR_OK;
	}
	if (json_parse(cx, event->data, &reader_limits, &doc) != ERR_OK)
		return err_set(cx, ERR_REMOTE_FAILED, "the stream of the provider makes no sense");
	if (dialect_error_of(cx, doc, &error))
		return dialect_fail(cx, &error);
	if (r->remote_id == NULL && json_text(doc, "id", "")[0] != '\0')
		r->remote_id = reader_word(r, json_text(doc, "id", ""));
	reader_text(r, json_text(doc, "choices.0.delta.content", NULL));
	refusal = json_text(doc, "choices.0.delta.refusal", NULL);
	reader_text(r, refusal);
	read_calls(r, json_at(doc, "choices.0.delta.tool_calls"));
	reason = json_text(doc, "choices.0.finish_reason", NULL);
	if (refusal != NULL && refusal[0] != '\0')
		r->finish = LLM_FINISH_FILTER;
	else if (reason != NULL && r->finish != LLM_FINISH_FILTER)
		r->finish = finish_of(reason);
	read_usage(r, doc);
	return ERR_OK;
}

/* --- Embeddings --- */

void dialect_embed(struct ctx *cx, struct sb *sb, const struct target *to,
                   const struct llm_embed_request *rq)
{
	bool compatible = strcmp(to->provider_kind, "compatible") == 0;

	sb_add(sb, "{\"model\":");
	sb_json(sb, to->remote_name);
	sb_add(sb, ",\"input\":[");
	for (size_t i = 0; i < rq->ntexts; i++) {
		sb_add(sb, i > 0 ? "," : "");
		dialect_text(cx, sb, rq->texts[i]);
	}
	/* Base64 is a quarter of the bytes; not every server of one's own knows it. */
	sb_addf(sb, "],\"encoding_format\":\"%s\"", compatible ? "float" : "base64");
	if (rq->dimensions > 0)
		sb_addf(sb, ",\"dimensions\":%lld", (long long)rq->dimensions);
	sb_addc(sb, '}');
}

/* Little-endian floats; @ret how many, 0 when it is none */
static size_t from_base64(const char *text, float *ret, size_t max)
{
	size_t len = strlen(text), n = 0;

	if (sodium_base642bin((unsigned char *)ret, max * sizeof(float), text, len, NULL, &n, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n % sizeof(float) != 0)
		return 0;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (size_t i = 0; i < n / sizeof(float); i++) {
		uint32_t bits;

		memcpy(&bits, &ret[i], sizeof(bits));
		bits = __builtin_bswap32(bits);
		memcpy(&ret[i], &bits, sizeof(bits));
	}
#endif
	return n / sizeof(float);
}

static size_t from_array(struct json_object *array, float *ret, size_t max)
{
	size_t n = json_object_array_length(array);

	if (n > max)
		return 0;
	for (size_t i = 0; i < n; i++)
		ret[i] = (float)json_object_get_double(json_object_array_get_idx(array, i));
	return n;
}

/* @ret numbers of one vector, 0 when they are none or not finite */
static size_t read_vector(struct json_object *item, float *ret, size_t max)
{
	struct json_object *v = json_at(item, "embedding");
	size_t n = 0;

	if (json_object_is_type(v, json_type_string))
		n = from_base64(json_object_get_string(v), ret, max);
	else if (json_object_is_type(v, json_type_array))
		n = from_array(v, ret, max);
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(ret[i]))
			return 0;
	}
	return n;
}

/* Numbers of a vector, whatever its form: at least so many as there are. */
static size_t room_of(struct json_object *item)
{
	struct json_object *v = json_at(item, "embedding");

	if (json_object_is_type(v, json_type_string))
		return (size_t)json_object_get_string_len(v) / 4 * 3 / sizeof(float) + 1;
	return json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;
}

static enum err no_sense(struct ctx *cx, const char *what)
{
	return err_set(cx, ERR_REMOTE_FAILED, "the provider's vectors make no sense: %s", what);
}

enum err dialect_vectors(struct ctx *cx, struct span body, size_t ntexts, struct llm_vectors *ret,
                         struct reader *usage)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct json_object *data;
	bool *seen = arena_array(cx->arena, ntexts, sizeof(*seen));
	size_t dimensions = 0, max, n;
	float *floats = NULL, *one;

	if (json_parse(cx, body, &VECTOR_LIMITS, &doc) != ERR_OK)
		return no_sense(cx, "they are no JSON, or too many");
	read_usage(usage, doc);
	data = json_at(doc, "data");
	if (!json_object_is_type(data, json_type_array) || json_object_array_length(data) != ntexts)
		return no_sense(cx, "there are not as many as texts");
	max = room_of(json_object_array_get_idx(data, 0));
	if (max == 0 || max > LLM_EMBED_FLOATS_MAX / ntexts)
		return no_sense(cx, "they are empty, or too long");
	one = arena_array(cx->arena, max, sizeof(*one));
	for (size_t i = 0; i < ntexts; i++) {
		struct json_object *item = json_object_array_get_idx(data, i);
		int64_t at = json_int(item, "index", (int64_t)i);

		n = read_vector(item, one, max);
		if (n == 0 || (i > 0 && n != dimensions))
			return no_sense(cx, "they differ in length, or are not numbers");
		if (at < 0 || at >= (int64_t)ntexts || seen[at])
			return no_sense(cx, "their indexes are not those of the texts");
		if (floats == NULL)
			floats = arena_array(cx->arena, ntexts * n, sizeof(*floats));
		dimensions = n;
		seen[at] = true;
		memcpy(floats + (size_t)at * n, one, n * sizeof(*one));
	}
	ret->floats = floats;
	ret->dimensions = dimensions;
	return ERR_OK;
}

const struct dialect dialect_openai = {
	.name = "openai",
	.base_url = "https://api.openai.com/v1",
	.embeds = true,
	.url = openai_url,
	.headers = bearer,
	.chat = openai_chat,
	.event = openai_event,
};
const struct dialect dialect_azure = {
	.name = "azure",
	.embeds = true,
	.url = azure_url,
	.headers = api_key,
	.chat = openai_chat,
	.event = openai_event,
};
const struct dialect dialect_compatible = {
	.name = "compatible",
	.embeds = true,
	.url = openai_url,
	.headers = bearer,
	.chat = compatible_chat,
	.event = openai_event,
};
