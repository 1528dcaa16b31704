/*
 * Models as they are configured, probed and listed.  What asks them is ai/llm.h.  Whose they are and who sees
 * them: ai/provider.h.
 *
 * Every function keeps the promises of projects/project.h: ownership, tenancy, errors, time.
 */
#ifndef AI_MODEL_H
#define AI_MODEL_H

#include "ai/provider.h"

#define MODEL_NAME_MAX  100
#define MODEL_LIST_MAX  201
#define MODEL_PRICE_MAX INT64_C(1000000000) /* millionths a million tokens: 1 000 a million */

/* What a client sends to set one. */
struct model_put {
	const char *provider, *kind, *remote_name;
	bool preferred;
	const char *fallback;
	int64_t context_tokens, output_tokens, dimensions;       /* 0: not known */
	const char *tools, *json_schema, *vision, *stream_usage; /* "yes", "no"; NULL: not known */
	int64_t price_input, price_cached, price_output;
};

/* One as it is listed: what was configured goes before what was found. */
struct model {
	int64_t id;
	const char *name, *provider, *owner, *kind, *remote_name; /* owner of provider_owners */
	bool preferred, enabled;
	const char *fallback;
	int64_t context_tokens, output_tokens, dimensions;
	const char *tools, *json_schema, *vision, *stream_usage;
	struct list found; /* of const char *: which of these a probe has found */
	int64_t price_input, price_cached, price_output;
	int64_t probed_us;
	const char *probe_error;
	int64_t version, created_us, updated_us;
};

struct model_filter {
	const char *kind; /* NULL: any */
	int64_t before_id, limit;
};

/* What a probe has found; 0 and NULL: nothing. */
struct model_found {
	int64_t context_tokens, dimensions;
	const char *tools, *stream_usage;
	const char *error; /* why it failed; NULL: it did not */
};

extern const struct schema model_put_schema, model_schema;
extern const struct event_kind model_changed, model_deleted;

/**
 * One of the tenant's own, at a provider of its own; so do all others that change something.
 *
 * @version that the client saw; PROVIDER_ANY, PROVIDER_ABSENT
 * Returns ERR_INVALID blaming the field, ERR_STALE, ERR_NOT_FOUND, ERR_LIMIT
 */
NODISCARD
enum err model_set(struct ctx *cx, const char *name, int64_t version, const struct model_put *in,
                   struct model *ret);

/** One of the tenant's own, or one that is lent.  Returns ERR_NOT_FOUND */
NODISCARD
enum err model_get(struct ctx *cx, const char *name, struct model *ret);

/** One of the tenant's own.  Returns ERR_NOT_FOUND */
NODISCARD
enum err model_get_own(struct ctx *cx, const char *name, struct model *ret);

/** @ret items are struct model, newest first; lent ones too */
NODISCARD
enum err model_list(struct ctx *cx, const struct model_filter *filter, struct list *ret);

/** Returns ERR_NOT_FOUND, ERR_STALE */
NODISCARD
enum err model_delete(struct ctx *cx, const char *name, int64_t version);

/** Keep what a probe has found; nothing happens to a model that is gone. */
NODISCARD
enum err model_keep_found(struct ctx *cx, int64_t id, const struct model_found *found);

extern const struct db_check model_statements[];

#endif
