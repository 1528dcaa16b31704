/* Models: schemas and rules. */
#include "ai/model.h"

#include "ai/llm.h"
#include "ai/model_repo.h"
#include "ai/provider_repo.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>

static const char *const KINDS[] = { "chat", "embedding", NULL };
static const char *const YES_NO[] = { "yes", "no", NULL };

#define TOKENS .nullable = true, .min = 1, .max = 100000000
#define CAN    .nullable = true, .one_of = YES_NO
#define PRICE  .min = 0, .max = MODEL_PRICE_MAX

static const struct field PUT_FIELDS[] = {
	F_TEXT(struct model_put, provider, .required = true, .min = 1, .max = PROVIDER_NAME_MAX,
	       .example = "\"openai\"", .doc = "Name of its provider"),
	F_TEXT(struct model_put, kind, .one_of = KINDS, .required = true,
	       .doc = "Whether it answers messages or turns texts into vectors"),
	F_TEXT(struct model_put, remote_name, .required = true, .min = 1, .max = 200,
	       .one_line = true, .example = "\"gpt-5-mini\"",
	       .doc = "What the provider calls it; of azure the deployment"),
	F_BOOL(struct model_put, preferred,
	       .doc = "Whether it is asked where a call names no model; one of each kind is"),
	F_TEXT(struct model_put, fallback, .nullable = true, .min = 1, .max = MODEL_NAME_MAX,
	       .one_line = true,
	       .doc = "Name of the model that is asked when this one cannot begin"),
	F_INT(struct model_put, context_tokens, TOKENS,
	      .doc = "Most tokens that it takes and gives"),
	F_INT(struct model_put, output_tokens, TOKENS, .doc = "Most tokens of an answer"),
	F_INT(struct model_put, dimensions, .nullable = true, .min = 1, .max = 65536,
	      .doc = "Length of its vectors"),
	F_TEXT(struct model_put, tools, CAN, .doc = "Whether it calls tools; null: a probe says"),
	F_TEXT(struct model_put, json_schema, CAN, .doc = "Whether it answers by a JSON Schema"),
	F_TEXT(struct model_put, vision, CAN, .doc = "Whether it sees pictures"),
	F_TEXT(struct model_put, stream_usage, CAN,
	       .doc = "Whether it tells the tokens at a stream's end; no: it is not asked to"),
	F_INT(struct model_put, price_input, PRICE,
	      .doc = "Price of a million tokens of input, in millionths of the currency"),
	F_INT(struct model_put, price_cached, PRICE,
	      .doc = "The same of those that come from the provider's cache"),
	F_INT(struct model_put, price_output, PRICE, .doc = "The same of output"),
};
const struct schema model_put_schema = SCHEMA(struct model_put, "ModelPut", PUT_FIELDS);

#define COUNTED .zero_is_null = true, .nullable = true

static const struct field FIELDS[] = {
	F_INT(struct model, id, .example = "1", .doc = "Number of the model"),
	F_TEXT(struct model, name, .doc = "What a call names it"),
	F_TEXT(struct model, provider, .doc = "Name of its provider"),
	F_TEXT(struct model, owner, .one_of = provider_owners,
	       .doc = "Whose it is: the tenant's own, or lent to all tenants by the installation"),
	F_TEXT(struct model, kind, .one_of = KINDS, .doc = "What it does"),
	F_TEXT(struct model, remote_name, .doc = "What the provider calls it"),
	F_BOOL(struct model, preferred, .doc = "Whether it is asked where a call names none"),
	F_BOOL(struct model, enabled, .doc = "Whether its provider is asked"),
	F_TEXT(struct model, fallback, .nullable = true, .doc = "The model that is asked after it"),
	F_INT(struct model, context_tokens, COUNTED, .doc = "Most tokens it takes and gives"),
	F_INT(struct model, output_tokens, COUNTED, .doc = "Most tokens of an answer"),
	F_INT(struct model, dimensions, COUNTED, .doc = "Length of its vectors"),
	F_TEXT(struct model, tools, CAN, .doc = "Whether it calls tools; null: not known"),
	F_TEXT(struct model, json_schema, CAN, .doc = "Whether it answers by a JSON Schema"),
	F_TEXT(struct model, vision, CAN, .doc = "Whether it sees pictures"),
	F_TEXT(struct model, stream_usage, CAN, .doc = "Whether it tells tokens at a stream's end"),
	F_LIST(struct model, found, .item = FIELD_TEXT,
	       .doc = "Which of these a probe has found; the others were configured"),
	F_INT(struct model, price_input, .doc = "Millionths of the currency a million tokens"),
	F_INT(struct model, price_cached, .doc = "The same of cached input"),
	F_INT(struct model, price_output, .doc = "The same of output"),
	F_TIME(struct model, probed_us, .name = "probed_at", .doc = "When it was last probed"),
	F_TEXT(struct model, probe_error, .nullable = true, .doc = "Why that failed"),
	F_INT(struct model, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct model, created_us, .name = "created_at", .doc = "When it was made"),
	F_TIME(struct model, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema model_schema = SCHEMA(struct model, "Model", FIELDS);

const struct event_kind model_changed = {
	.type = "model.changed",
	.version = 1,
	.payload = &model_schema,
	.audited = true,
	.doc = "A model was made or changed.",
};
const struct event_kind model_deleted = {
	.type = "model.deleted",
	.version = 1,
	.payload = &model_schema,
	.audited = true,
	.doc = "A model is gone; the payload is what it last was.",
};

enum err model_get(struct ctx *cx, const char *name, struct model *ret)
{
	enum err e = model_repo_seen(cx, name, ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no model %s", name) : e;
}

enum err model_get_own(struct ctx *cx, const char *name, struct model *ret)
{
	struct model lent;
	enum err e = model_repo_get(cx, name, ret);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(model_get(cx, name, &lent));
	err_set(cx, ERR_NOT_FOUND, "the tenant has no model %s of its own", name);
	err_fix(cx, "The installation's is its operator's to change and to probe; one of the same "
	            "name that is made here goes before it.");
	return ERR_NOT_FOUND;
}

static enum err gone_or_stale(struct ctx *cx, const char *name, int64_t version)
{
	struct model now;

	err_clear(cx);
	TRY(model_get_own(cx, name, &now));
	if (version == PROVIDER_ABSENT)
		err_set(cx, ERR_STALE, "there is a model %s already, at version %" PRId64, name,
		        now.version);
	else
		err_set(cx, ERR_STALE, "the model is at version %" PRId64 ", not %" PRId64,
		        now.version, version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

static enum err check(struct ctx *cx, const char *name, const struct model_put *in)
{
	struct provider provider;
	enum err e = provider_repo_get(cx, in->provider, &provider);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return err_field(cx, ERR_INVALID, "/provider", "unknown",
		                 "is no name of a provider of the tenant's own");
	}
	TRY(e);
	if (strlen(name) > MODEL_NAME_MAX)
		return err_field(cx, ERR_INVALID, "name", "max_length",
		                 "a name has at most %d characters", MODEL_NAME_MAX);
	if (strcmp(in->kind, "embedding") == 0 && !dialect_find(provider.kind)->embeds)
		return err_field(cx, ERR_INVALID, "/kind", "provider",
		                 "a provider of kind %s has no embeddings", provider.kind);
	if (in->fallback != NULL && strcmp(in->kind, "embedding") == 0)
		return err_field(cx, ERR_INVALID, "/fallback", "kind",
		                 "vectors of another model would not fit");
	if (in->fallback != NULL && strcmp(in->fallback, name) == 0)
		return err_field(cx, ERR_INVALID, "/fallback", "self", "is the model itself");
	return ERR_OK;
}

/* One at a time, so that the limit holds and one is preferred. */
static enum err make(struct ctx *cx, const char *name, const struct model_put *in,
                     struct model *ret)
{
	int64_t max = cx->app->config->models_max;
	enum err e = model_repo_get(cx, name, ret);

	if (e == ERR_OK)
		return gone_or_stale(cx, name, PROVIDER_ABSENT);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	e = model_repo_insert(cx, name, in, max, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	err_set(cx, ERR_LIMIT, "the tenant may have %" PRId64 " models", max);
	err_fix(cx, "delete some, or ask the operator to raise the setting models_max");
	return ERR_LIMIT;
}

enum err model_set(struct ctx *cx, const char *name, int64_t version, const struct model_put *in,
                   struct model *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct model made;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(provider_repo_lock(cx));
	if (version != PROVIDER_ABSENT)
		TRY(model_get_own(cx, name, &made));
	TRY(check(cx, name, in));
	if (in->preferred)
		TRY(model_repo_unprefer(cx, in->kind, name));
	if (version == PROVIDER_ABSENT) {
		TRY(make(cx, name, in, &made));
	} else {
		e = model_repo_update(cx, name, version, in, &made);
		if (e == ERR_NOT_FOUND)
			return gone_or_stale(cx, name, version);
		TRY(e);
	}
	TRY(provider_repo_forget_answers(cx));
	TRY(event_emit(cx, &model_changed, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err model_list(struct ctx *cx, const struct model_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= MODEL_LIST_MAX);
	return model_repo_list(cx, filter, ret);
}

enum err model_delete(struct ctx *cx, const char *name, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct model was;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = model_repo_delete(cx, name, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, name, version);
	TRY(e);
	TRY(provider_repo_forget_answers(cx));
	TRY(event_emit(cx, &model_deleted, 0, &was));
	return db_commit(&tx);
}

enum err model_keep_found(struct ctx *cx, int64_t id, const struct model_found *found)
{
	return model_repo_found(cx, id, found);
}

static enum llm_can can_of(const char *text)
{
	return text == NULL ? LLM_UNKNOWN : strcmp(text, "yes") == 0 ? LLM_YES : LLM_NO;
}

enum err llm_find(struct ctx *cx, enum llm_kind kind, const char *name, struct llm_model *ret)
{
	const char *what = kind == LLM_CHAT ? "chat" : "embedding";
	struct target to;
	enum err e = model_repo_target(cx, what, name, &to);

	if (e == ERR_NOT_FOUND && name == NULL)
		err_set(cx, ERR_NO_MODEL, "no model of kind %s is preferred", what);
	else if (e == ERR_NOT_FOUND)
		err_set(cx, ERR_NO_MODEL, "there is no model %s of kind %s that is in use", name,
		        what);
	if (e == ERR_NOT_FOUND) {
		err_fix(cx, "Configure one with PUT /api/v1/ai/providers and /api/v1/ai/models.");
		return ERR_NO_MODEL;
	}
	TRY(e);
	*ret = (struct llm_model){
		.id = to.id,
		.name = to.name,
		.provider = to.provider,
		.origin = dialect_origin(cx, &to),
		.kind = kind,
		.context_tokens = to.context_tokens,
		.output_tokens = to.output_tokens,
		.dimensions = to.dimensions,
		.tools = can_of(to.tools),
		.json_schema = can_of(to.json_schema),
		.vision = can_of(to.vision),
	};
	return ERR_OK;
}
