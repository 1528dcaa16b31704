/* What the dialects share: their names, and refusals in the words of err.def. */
#include "ai/dialect.h"

#include "ai/strip.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

static const struct dialect *const DIALECTS[] = { &dialect_openai, &dialect_azure,
	                                          &dialect_anthropic, &dialect_compatible };
const char *const dialect_names[] = { "openai", "azure", "anthropic", "compatible", NULL };

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < COUNT(DIALECTS); i++) {
		if (strcmp(DIALECTS[i]->name, name) == 0)
			return DIALECTS[i];
	}
	return NULL;
}

const char *dialect_origin(struct ctx *cx, const struct target *to)
{
	return arena_printf(cx->arena, "%s %s %s", to->provider_kind, to->base_url,
	                    to->remote_name);
}

/* A text of a provider's, short enough for a fault. */
static const char *word(struct ctx *cx, struct json_object *doc, const char *path)
{
	const char *text = json_text(doc, path, "");

	text = strip_text(cx->arena, text, strnlen(text, READER_DETAIL_MAX), NULL);
	return arena_strdup(cx->arena, text);
}

bool dialect_error_of(struct ctx *cx, struct json_object *doc, struct dialect_error *ret)
{
	struct json_object *error = json_at(doc, "error");

	if (error == NULL)
		return false;
	ret->type = ret->code = ret->message = "";
	if (json_object_is_type(error, json_type_object)) {
		ret->type = word(cx, error, "type");
		ret->code = word(cx, error, "code");
		ret->message = word(cx, error, "message");
	} else {
		ret->message = word(cx, doc, "error");
	}
	return true;
}

void dialect_read_error(struct ctx *cx, struct span body, struct dialect_error *ret)
{
	CLEANUP(json_put) struct json_object *doc = NULL;

	ret->type = ret->code = ret->message = "";
	if (json_parse(cx, body, &reader_limits, &doc) == ERR_OK)
		dialect_error_of(cx, doc, ret);
	err_clear(cx);
}

/* Words by which providers say what the status does not; the first that fits counts. */
static const struct {
	const char *part; /* of type or code, whole; or of the message, any part */
	bool of_message;
	enum err code;
} WORDS[] = {
	{ "insufficient_quota", false, ERR_PROVIDER_QUOTA },
	{ "billing_error", false, ERR_PROVIDER_QUOTA },
	{ "billing_hard_limit_reached", false, ERR_PROVIDER_QUOTA },
	{ "credit balance is too low", true, ERR_PROVIDER_QUOTA },
	{ "context_length_exceeded", false, ERR_CONTEXT_TOO_LONG },
	{ "request_too_large", false, ERR_CONTEXT_TOO_LONG },
	{ "exceed_context_size_error", false, ERR_CONTEXT_TOO_LONG },
	{ "maximum context length", true, ERR_CONTEXT_TOO_LONG },
	{ "prompt is too long", true, ERR_CONTEXT_TOO_LONG },
	{ "exceeds the available context size", true, ERR_CONTEXT_TOO_LONG },
	{ "exceeds the context length", true, ERR_CONTEXT_TOO_LONG },
	{ "input is too large to process", true, ERR_CONTEXT_TOO_LONG },
	{ "content_filter", false, ERR_CONTENT_REFUSED },
	{ "content_policy_violation", false, ERR_CONTENT_REFUSED },
	{ "overloaded_error", false, ERR_PROVIDER_BUSY },
	{ "rate_limit_error", false, ERR_PROVIDER_BUSY },
	{ "rate_limit_exceeded", false, ERR_PROVIDER_BUSY },
	{ "authentication_error", false, ERR_CREDENTIAL_REFUSED },
	{ "permission_error", false, ERR_CREDENTIAL_REFUSED },
	{ "invalid_api_key", false, ERR_CREDENTIAL_REFUSED },
	{ "invalid_request_error", false, ERR_PROVIDER_REFUSED },
	{ "not_found_error", false, ERR_PROVIDER_REFUSED },
	{ "timeout_error", false, ERR_TIMEOUT },
};

static enum err by_words(const struct dialect_error *error)
{
	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (WORDS[i].of_message ? strcasestr(error->message, WORDS[i].part) != NULL
		                        : strcmp(error->type, WORDS[i].part) == 0 ||
		                                  strcmp(error->code, WORDS[i].part) == 0)
			return WORDS[i].code;
	}
	return ERR_OK;
}

static enum err by_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERR_CREDENTIAL_REFUSED;
	case 402:
		return ERR_PROVIDER_QUOTA;
	case 408:
		return ERR_TIMEOUT;
	case 409:
	case 429:
	case 503:
	case 529:
		return ERR_PROVIDER_BUSY;
	case 413:
		return ERR_CONTEXT_TOO_LONG;
	default:
		return status >= 400 && status < 500 ? ERR_PROVIDER_REFUSED : ERR_REMOTE_FAILED;
	}
}

/* Of a status that says enough, words tell only what is finer. */
static enum err code_of(const struct dialect_error *error)
{
	enum err words = by_words(error);

	if (error->status == 0)
		return words != ERR_OK ? words : ERR_REMOTE_FAILED;
	if (error->status == 500 && words == ERR_CONTEXT_TOO_LONG) /* llama.cpp, of embeddings */
		return words;
	if (error->status >= 500 || error->status == 401 || error->status == 403 ||
	    error->status == 408 || error->status == 409)
		return by_status(error->status);
	if (error->status == 429)
		return words == ERR_PROVIDER_QUOTA ? words : ERR_PROVIDER_BUSY;
	return words == ERR_PROVIDER_QUOTA || words == ERR_CONTEXT_TOO_LONG ||
	                       words == ERR_CONTENT_REFUSED
	               ? words
	               : by_status(error->status);
}

static const char *fix_of(enum err code)
{
	switch (code) {
	case ERR_CREDENTIAL_REFUSED:
		return "Give the provider another key.";
	case ERR_PROVIDER_QUOTA:
		return "Look at the account there, or give the model a fallback at another provider.";
	case ERR_CONTEXT_TOO_LONG:
		return "Send less, or use a model with a larger context.";
	default:
		return NULL;
	}
}

enum err dialect_fail(struct ctx *cx, const struct dialect_error *error)
{
	enum err code = code_of(error);
	const char *what = error->code[0] != '\0' ? error->code : error->type;

	if (error->status == 0)
		err_set(cx, code, "the provider broke its answer off: %s%s%s", what,
		        what[0] != '\0' && error->message[0] != '\0' ? ": " : "", error->message);
	else
		err_set(cx, code, "the provider answered %d%s%s%s%s", error->status,
		        what[0] != '\0' ? " " : "", what, error->message[0] != '\0' ? ": " : "",
		        error->message);
	if (fix_of(code) != NULL)
		err_fix(cx, "%s", fix_of(code));
	return code;
}

void dialect_text(struct ctx *cx, struct sb *sb, const char *text)
{
	size_t n = 0;

	text = strip_text(cx->arena, text == NULL ? "" : text, text == NULL ? 0 : strlen(text), &n);
	sb_jsonn(sb, text, n);
}

const char *dialect_arguments(struct ctx *cx, const struct llm_tool_call *call)
{
	const char *text = call->arguments == NULL ? "" : call->arguments;
	const struct fault before = cx->fault;
	bool good;

	text += strspn(text, " \t\r\n");
	good = text[0] == '{' &&
	       json_check(cx, (struct span){ text, strlen(text) }, &reader_limits) == ERR_OK;
	cx->fault = before;
	return good ? text : "{}";
}
