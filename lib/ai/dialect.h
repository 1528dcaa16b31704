/*
 * Dialect: how a kind of provider is spoken to.  One const struct each, and no other code knows them.
 *
 *   openai      api.openai.com, or what its owner says is the same
 *   azure       Azure OpenAI: the v1 addresses, or with an API version the classic ones by deployment
 *   anthropic   the Messages API; no embeddings
 *   compatible  Ollama, llama.cpp, vLLM and others that speak as OpenAI does
 *
 * Functions here touch neither network nor database.
 */
#ifndef AI_DIALECT_H
#define AI_DIALECT_H

#include "ai/reader.h"
#include "ai/sse.h"
#include "base/http_client.h"

/* Where a call goes: a model and its provider, as they are configured. */
struct target {
	int64_t id, provider_id, secret_id;
	int64_t owner_id; /* tenant whose provider it is: who asks, or who lends it */
	const char *name, *provider, *kind, *provider_kind;
	const char *base_url, *api_version;                /* NULL: the dialect's own, none */
	const char *remote_name;                           /* of the model, at the provider */
	const char *fallback;                              /* name of another model; NULL: none */
	int64_t context_tokens, output_tokens, dimensions; /* 0: not known */
	const char *tools, *json_schema, *vision, *stream_usage; /* "yes", "no", NULL: not known */
	int64_t price_input, price_cached, price_output;         /* millionths a million tokens */
};

#define DIALECT_HEADERS_MAX   4
#define DIALECT_VECTORS_BYTES ((size_t)16 << 20) /* of an answer with vectors */

/* One refusal or error, as a provider tells it. */
struct dialect_error {
	int status;                        /* of HTTP; 0: in the midst of a stream */
	const char *type, *code, *message; /* "" when not told */
};

struct dialect {
	const char *name, *base_url; /* NULL: it must be configured */
	bool embeds;
	/* Address of a call: "chat", "embeddings" or "models". */
	const char *(*url)(struct ctx *cx, const struct target *to, const char *what);
	/* @key NULL: none.  @ret how many */
	size_t (*headers)(struct ctx *cx, const char *key,
	                  struct http_header ret[DIALECT_HEADERS_MAX]);
	/* @max_tokens of the answer, decided */
	void (*chat)(struct ctx *cx, struct sb *sb, const struct target *to,
	             const struct llm_request *rq, int64_t max_tokens);
	/* One event of the stream.  Returns what dialect_fail() does, ERR_REMOTE_FAILED when it makes no sense */
	enum err (*event)(struct ctx *cx, struct reader *r, const struct sse_event *event);
};

/** @ret by its name; NULL when there is none */
const struct dialect *dialect_find(const char *name);
extern const char *const dialect_names[]; /* NULL ends them */

extern const struct dialect dialect_openai, dialect_azure, dialect_anthropic, dialect_compatible;

/** Read the body of a refusal: {"error": {...}}, {"error": "..."}, or anything else. */
void dialect_read_error(struct ctx *cx, struct span body, struct dialect_error *ret);

/** Read such an object that is parsed already.  @ret whether there is one */
bool dialect_error_of(struct ctx *cx, struct json_object *doc, struct dialect_error *ret);

/** Turn it into a fault.  @ret its code; never ERR_OK */
enum err dialect_fail(struct ctx *cx, const struct dialect_error *error);

/** Append the request of an embedding, as all that embed take it; and read the answer. */
void dialect_embed(struct ctx *cx, struct sb *sb, const struct target *to,
                   const struct llm_embed_request *rq);
NODISCARD
enum err dialect_vectors(struct ctx *cx, struct span body, size_t ntexts, struct llm_vectors *ret,
                         struct reader *usage);

/** @ret the model that it is, whatever it is called here: kind, address, its name there */
const char *dialect_origin(struct ctx *cx, const struct target *to);

/** Append a text as JSON, cleaned. */
void dialect_text(struct ctx *cx, struct sb *sb, const char *text);

/** @ret a tool's arguments if they are an object's JSON, else "{}" */
const char *dialect_arguments(struct ctx *cx, const struct llm_tool_call *call);

#endif
