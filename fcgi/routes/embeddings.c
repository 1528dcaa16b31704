/*
 * The door of OpenAI's form to embedding models: texts in, vectors out, through the gateway of lib/ai.
 *
 * It waits for the provider, in groups of texts, within the time of a request; so that requests of others are
 * served meanwhile, half of a process's threads do so at most.
 */
#include "reply.h"
#include "routes/tables.h"

#include "ai/llm.h"
#include "base/secret.h"
#include "config/config.h"

#include <json-c/json.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX       100000 /* characters of one text */
#define GROUP_TEXTS    256    /* of one call: with the longest vectors no more than it may bring */
#define FLOAT_CHARS    16
#define VECTOR_BYTES   ((size_t)2 << 20)
#define DIMENSIONS_MAX 65536
#define BUSY_S         1
#define ITEM_BYTES     64 /* of JSON around a vector */

struct embeddings_in {
	const char *model, *input, *encoding_format; /* input: JSON */
	int64_t dimensions;
};

struct embedding_out {
	const char *object;
	int64_t index;
	const char *embedding; /* JSON */
};

struct embeddings_usage {
	int64_t prompt_tokens, total_tokens;
};

struct embeddings_out {
	const char *object, *model;
	struct list data;
	struct embeddings_usage *usage;
};

static const char *const FORMATS[] = { "float", "base64", NULL };

static const struct field IN_FIELDS[] = {
	F_TEXT(struct embeddings_in, model, .required = true, .min = 1, .max = LLM_NAME_MAX,
	       .example = "\"vectors\"", .doc = "Name of a configured model of kind embedding"),
	F_JSON(struct embeddings_in, input, .required = true,
	       .doc = "A text, or a list of 1 to 2048 texts; not tokens"),
	F_TEXT(struct embeddings_in, encoding_format, .one_of = FORMATS, .nullable = true,
	       .doc = "float: numbers; base64: of little-endian 32-bit floats"),
	F_INT(struct embeddings_in, dimensions, .min = 1, .max = DIMENSIONS_MAX, .nullable = true,
	      .doc = "Length of the vectors, of a model that can shorten them"),
};
static const struct schema IN = SCHEMA_OPEN(struct embeddings_in, "EmbeddingsRequest", IN_FIELDS);

static const struct field ITEM_FIELDS[] = {
	F_TEXT(struct embedding_out, object, .doc = "embedding"),
	F_INT(struct embedding_out, index, .doc = "Which text it is of, from 0"),
	F_JSON(struct embedding_out, embedding, .doc = "Numbers, or their base64"),
};
static const struct schema ITEM = SCHEMA(struct embedding_out, "Embedding", ITEM_FIELDS);
static const struct field USAGE_FIELDS[] = {
	F_INT(struct embeddings_usage, prompt_tokens, .doc = "Tokens of the texts"),
	F_INT(struct embeddings_usage, total_tokens, .doc = "The same"),
};
static const struct schema USAGE = SCHEMA(struct embeddings_usage, "EmbeddingsUsage", USAGE_FIELDS);
static const struct field OUT_FIELDS[] = {
	F_TEXT(struct embeddings_out, object, .doc = "list"),
	F_LIST(struct embeddings_out, data, .of = &ITEM, .doc = "In the order of the texts"),
	F_TEXT(struct embeddings_out, model, .doc = "The model that was asked"),
	F_OBJ(struct embeddings_out, usage, .of = &USAGE, .doc = "As the provider counts"),
};
static const struct schema OUT = SCHEMA(struct embeddings_out, "Embeddings", OUT_FIELDS);

/* --- Texts --- */

static enum err take_text(struct ctx *cx, struct json_object *value, const char *pointer,
                          const char **ret)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return err_field(cx, ERR_INVALID, pointer, "type",
		                 "must be a text: tokens of one model are none of another");
	text = json_object_get_string(value);
	if (text[0] == '\0' || strlen(text) > TEXT_MAX)
		return err_field(cx, ERR_INVALID, pointer, "length", "must have 1 to %d bytes",
		                 TEXT_MAX);
	*ret = arena_strdup(cx->arena, text);
	return ERR_OK;
}

static enum err read_texts(struct ctx *cx, const char *input, const char ***ret, size_t *ret_n)
{
	CLEANUP(json_put) struct json_object *doc = NULL;
	const char **texts;
	size_t n = 1;

	TRY(json_parse(cx, (struct span){ input, strlen(input) }, &json_limits_body, &doc));
	if (json_object_is_type(doc, json_type_array))
		n = json_object_array_length(doc);
	if (n < 1 || n > LLM_EMBED_TEXTS_MAX)
		return err_field(cx, ERR_INVALID, "/input", "items", "must have 1 to %d texts",
		                 LLM_EMBED_TEXTS_MAX);
	texts = arena_array(cx->arena, n, sizeof(*texts));
	if (!json_object_is_type(doc, json_type_array))
		TRY(take_text(cx, doc, "/input", &texts[0]));
	else
		for (size_t i = 0; i < n; i++)
			TRY(take_text(cx, json_object_array_get_idx(doc, i),
			              arena_printf(cx->arena, "/input/%zu", i), &texts[i]));
	*ret = texts;
	*ret_n = n;
	return ERR_OK;
}

/* --- Vectors --- */

static const char *as_numbers(struct ctx *cx, const float *floats, size_t n)
{
	struct sb sb = sb_new(cx->arena, VECTOR_BYTES);

	for (size_t i = 0; i < n; i++) {
		char number[FLOAT_CHARS + 1];

		/* Nine digits are all that a float has. */
		snprintf(number, sizeof(number), "%c%.9g", i == 0 ? '[' : ',', (double)floats[i]);
		sb_add(&sb, number);
	}
	sb_addc(&sb, ']');
	return sb.data;
}

static const char *as_base64(struct ctx *cx, const float *floats, size_t n)
{
	unsigned char *bytes = arena_alloc(cx->arena, n * sizeof(*floats));

	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, &floats[i], sizeof(bits));
		for (size_t k = 0; k < sizeof(bits); k++)
			bytes[i * sizeof(bits) + k] = (unsigned char)(bits >> (8 * k));
	}
	return arena_printf(cx->arena, "\"%s\"",
	                    secret_base64(cx->arena, bytes, n * sizeof(*floats)));
}

/* Known as soon as the first vectors are there: no further text is paid for in vain. */
static enum err check_room(struct ctx *cx, const struct embedding_out *first, size_t texts)
{
	size_t bytes = texts * (strlen(first->embedding) + ITEM_BYTES);

	if (bytes <= REPLY_JSON_MAX)
		return ERR_OK;
	err_set(cx, ERR_LIMIT, "the vectors of %zu texts take about %zu bytes, an answer has %zu",
	        texts, bytes, REPLY_JSON_MAX);
	err_fix(cx, "send fewer texts at a time, or ask for base64");
	return ERR_LIMIT;
}

static enum err embed(struct ctx *cx, const struct embeddings_in *in, struct embeddings_out *ret)
{
	bool base64 = in->encoding_format != NULL && strcmp(in->encoding_format, "base64") == 0;
	struct embedding_out *items;
	const char **texts = NULL;
	size_t n = 0;

	TRY(read_texts(cx, in->input, &texts, &n));
	items = arena_array(cx->arena, n, sizeof(*items));
	for (size_t at = 0; at < n; at += GROUP_TEXTS) {
		const struct llm_embed_request rq = {
			.model = in->model,
			.texts = texts + at,
			.ntexts = n - at < GROUP_TEXTS ? n - at : GROUP_TEXTS,
			.dimensions = in->dimensions,
		};
		struct llm_vectors v;

		TRY(llm_embed(cx, &rq, &v));
		for (size_t i = 0; i < rq.ntexts; i++) {
			const float *floats = v.floats + i * v.dimensions;

			items[at + i] =
				(struct embedding_out){ "embedding", (int64_t)(at + i),
				                        base64 ? as_base64(cx, floats, v.dimensions)
				                               : as_numbers(cx, floats,
				                                            v.dimensions) };
		}
		if (at == 0)
			TRY(check_room(cx, items, n));
		ret->model = v.model;
		ret->usage->prompt_tokens += v.usage.input_tokens;
	}
	ret->usage->total_tokens = ret->usage->prompt_tokens;
	ret->data = (struct list){ items, n };
	return ERR_OK;
}

/* --- The door --- */

static _Atomic int64_t waiting; /* threads of this process that are at it */

static void leave(bool *entered)
{
	if (*entered)
		atomic_fetch_sub(&waiting, 1);
}

static enum err post_embeddings(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct embeddings_in *in = request_body(rq, &IN);
	struct embeddings_usage usage = { 0 };
	struct embeddings_out out = { .object = "list", .usage = &usage };
	CLEANUP(leave) bool entered = true;

	if (atomic_fetch_add(&waiting, 1) >= (cx->app->config->worker_threads + 1) / 2) {
		err_set(cx, ERR_PROVIDER_BUSY, "too many wait for vectors at the moment");
		err_retry(cx, BUSY_S);
		return ERR_PROVIDER_BUSY;
	}
	TRY(embed(cx, in, &out));
	return reply_json(rp, &OUT, &out);
}

const struct route embedding_routes[] = {
	{
		.method = HTTP_POST,
		.path = "/v1/embeddings",
		.op = "createEmbeddings",
		.tag = "AI",
		.auth = AUTH_ANY,
		.role = ROLE_MEMBER,
		.area = AREA_MODELS,
		.rate = RATE_WRITE,
		.unkept = true,
		.body = &IN,
		.status = 200,
		.reply = &OUT,
		.fails = { ERR_NO_MODEL, ERR_BUDGET, ERR_LIMIT, ERR_PROVIDER_BUSY,
	                   ERR_PROVIDER_REFUSED, ERR_REMOTE_FAILED, ERR_REMOTE_UNREACHABLE,
	                   ERR_TIMEOUT },
		.unaudited = "it changes nothing; the ledger tells what it cost and who asked",
		.run = post_embeddings,
		.doc = "Turn texts into vectors, as a client of OpenAI's form asks for them.",
		.detail =
			"Errors below /v1/ are {\"error\":{message,type,param,code}}. The time of a "
			"request bounds the whole; an answer that would pass 16 MiB is refused after "
			"the first 256 texts.",
		.example = "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
			   "\"embedding\":[0.25,-0.5]}],\"model\":\"vectors\","
			   "\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2}}",
	},
	ROUTES_END,
};
