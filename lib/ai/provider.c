/* Providers: schemas and rules. */
#include "ai/provider.h"

#include "ai/dialect.h"
#include "ai/provider_repo.h"
#include "auth/vault.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* --- Schemas --- */

const char *const provider_owners[] = { "tenant", "installation", NULL };

static const struct field PUT_FIELDS[] = {
	F_TEXT(struct provider_put, kind, .required = true, .one_of = dialect_names,
	       .doc = "How it is spoken to: openai, azure, anthropic, or compatible for Ollama, "
	              "llama.cpp, vLLM and others that speak as OpenAI does"),
	F_TEXT(struct provider_put, base_url, .nullable = true, .min = 1, .max = PROVIDER_URL_MAX,
	       .one_line = true, .example = "\"http://127.0.0.1:11434/v1\"",
	       .doc = "Address that calls are put behind: of azure the endpoint, of compatible with "
	              "the /v1 that it has; null: the kind's own"),
	F_TEXT(struct provider_put, api_version, .nullable = true, .min = 1, .max = 50,
	       .one_line = true, .example = "\"2024-10-21\"",
	       .doc = "Of azure alone: asks by the classic addresses; null: by those of v1"),
	F_INT(struct provider_put, secret_id, .nullable = true, .min = 1, .max = INT64_MAX,
	      .example = "3",
	      .doc = "Secret of kind provider_key that opens it; null: it needs none"),
	F_BOOL(struct provider_put, enabled, .preset = true, .doc = "Whether its models are asked"),
};
const struct schema provider_put_schema = SCHEMA(struct provider_put, "ProviderPut", PUT_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct provider, id, .example = "1", .doc = "Number of the provider"),
	F_TEXT(struct provider, name, .doc = "Name, unique in the tenant"),
	F_TEXT(struct provider, kind, .one_of = dialect_names, .doc = "How it is spoken to"),
	F_TEXT(struct provider, base_url, .doc = "Address that calls are put behind"),
	F_TEXT(struct provider, api_version, .nullable = true,
	       .doc = "Of azure's classic addresses"),
	F_TEXT(struct provider, owner, .one_of = provider_owners,
	       .doc = "Whose it is: the tenant's own, or lent to all tenants by the installation"),
	F_INT(struct provider, secret_id, .zero_is_null = true, .nullable = true,
	      .doc = "Secret that opens it; null too of the installation's"),
	F_BOOL(struct provider, enabled, .doc = "Whether its models are asked"),
	F_INT(struct provider, failures,
	      .doc = "Calls in a row that failed; from model_breaker_failures on it is left alone "
	             "for a while"),
	F_TIME(struct provider, failed_us, .name = "failed_at",
	       .doc = "When the newest of them was; null: none"),
	F_INT(struct provider, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct provider, created_us, .name = "created_at", .doc = "When it was made"),
	F_TIME(struct provider, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema provider_schema = SCHEMA(struct provider, "Provider", FIELDS);

const struct event_kind provider_changed = {
	.type = "provider.changed",
	.version = 1,
	.payload = &provider_schema,
	.audited = true,
	.confidential = true,
	.doc = "A provider of models was made or changed.",
};
const struct event_kind provider_deleted = {
	.type = "provider.deleted",
	.version = 1,
	.payload = &provider_schema,
	.audited = true,
	.confidential = true,
	.doc = "A provider of models is gone, with its models; the payload is what it last was.",
};

/* --- Addresses --- */

/* Does the operator name this host and port, as an address has them? */
static bool is_listed(struct ctx *cx, const struct net_url *url)
{
	const struct config_list *hosts = &cx->app->config->model_hosts;
	bool v6 = strchr(url->host, ':') != NULL;
	const char *both = arena_printf(cx->arena, "%s%s%s:%u", v6 ? "[" : "", url->host,
	                                v6 ? "]" : "", url->port);

	for (size_t i = 0; i < hosts->n; i++) {
		if (strcasecmp(hosts->items[i], both) == 0)
			return true;
	}
	return false;
}

struct net_policy provider_policy(struct ctx *cx, const struct net_url *url)
{
	struct net_policy policy;

	config_net_policy(cx->app->config, &policy);
	policy.trusted = is_listed(cx, url);
	return policy;
}

/* Without query, and without slashes at its end. */
static enum err check_url(struct ctx *cx, struct provider_put *in)
{
	struct net_policy policy;
	struct net_url url;
	enum err e;
	size_t n;

	TRY(net_url_parse(cx, in->base_url, &url));
	if (strchr(url.target, '?') != NULL)
		return err_field(cx, ERR_INVALID, "/base_url", "url", "has a query");
	n = strlen(url.text);
	while (n > 0 && url.text[n - 1] == '/')
		n--;
	in->base_url = arena_strndup(cx->arena, url.text, n);
	policy = provider_policy(cx, &url);
	e = net_url_judge(cx, &policy, &url);
	if (e == ERR_URL_REFUSED)
		err_fix(cx,
		        "Ask the operator to name %s:%u in the setting model_hosts, or use https.",
		        url.host, url.port);
	return e;
}

/* --- Rules --- */

static enum err check_secret(struct ctx *cx, int64_t id)
{
	struct secret secret;
	enum err e = vault_get(cx, id, &secret);

	if (e == ERR_NOT_FOUND || (e == ERR_OK && strcmp(secret.kind, "provider_key") != 0)) {
		err_clear(cx);
		err_field(cx, ERR_INVALID, "/secret_id", "kind",
		          "is no secret of kind provider_key that there is");
		err_fix(cx, "Store the key with POST /api/v1/secrets, kind provider_key.");
		return ERR_INVALID;
	}
	return e;
}

static enum err check(struct ctx *cx, const char *name, struct provider_put *in)
{
	const struct dialect *dialect = dialect_find(in->kind);

	if (strlen(name) > PROVIDER_NAME_MAX)
		return err_field(cx, ERR_INVALID, "name", "max_length",
		                 "a name has at most %d characters", PROVIDER_NAME_MAX);
	if (in->base_url == NULL && dialect->base_url == NULL)
		return err_field(cx, ERR_INVALID, "/base_url", "required",
		                 "is needed for a provider of kind %s", in->kind);
	if (in->api_version != NULL && dialect != &dialect_azure)
		return err_field(cx, ERR_INVALID, "/api_version", "kind",
		                 "is nothing that a provider of kind %s has", in->kind);
	if (in->base_url == NULL)
		in->base_url = dialect->base_url;
	TRY(check_url(cx, in));
	return in->secret_id == 0 ? ERR_OK : check_secret(cx, in->secret_id);
}

enum err provider_get(struct ctx *cx, const char *name, struct provider *ret)
{
	enum err e = provider_repo_seen(cx, name, ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no provider %s", name) : e;
}

/* What is to be changed. */
static enum err get_own(struct ctx *cx, const char *name, struct provider *ret)
{
	struct provider lent;
	enum err e = provider_repo_get(cx, name, ret);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(provider_get(cx, name, &lent));
	err_set(cx, ERR_NOT_FOUND, "the tenant has no provider %s of its own", name);
	err_fix(cx, "The installation's is its operator's to change; one of the same name that is "
	            "made here goes before it.");
	return ERR_NOT_FOUND;
}

static enum err gone_or_stale(struct ctx *cx, const char *name, int64_t version)
{
	struct provider now;

	err_clear(cx);
	TRY(get_own(cx, name, &now));
	if (version == PROVIDER_ABSENT)
		err_set(cx, ERR_STALE, "there is a provider %s already, at version %" PRId64, name,
		        now.version);
	else
		err_set(cx, ERR_STALE, "the provider is at version %" PRId64 ", not %" PRId64,
		        now.version, version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

static enum err make(struct ctx *cx, const char *name, const struct provider_put *in,
                     struct provider *ret)
{
	int64_t max = cx->app->config->models_max;
	enum err e;

	TRY(provider_repo_lock(cx));
	e = provider_repo_get(cx, name, ret);
	if (e == ERR_OK)
		return gone_or_stale(cx, name, PROVIDER_ABSENT);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	e = provider_repo_insert(cx, name, in, max, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	err_set(cx, ERR_LIMIT, "the tenant may have %" PRId64 " providers", max);
	err_fix(cx, "delete some, or ask the operator to raise the setting models_max");
	return ERR_LIMIT;
}

enum err provider_set(struct ctx *cx, const char *name, int64_t version,
                      const struct provider_put *in, struct provider *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct provider_put put = *in;
	struct provider made;
	enum err e;

	if (version != PROVIDER_ABSENT)
		TRY(get_own(cx, name, &made));
	TRY(check(cx, name, &put));
	TRY(db_begin(cx, &tx));
	if (version == PROVIDER_ABSENT) {
		TRY(make(cx, name, &put, &made));
	} else {
		e = provider_repo_update(cx, name, version, &put, &made);
		if (e == ERR_NOT_FOUND)
			return gone_or_stale(cx, name, version);
		TRY(e);
	}
	TRY(provider_repo_forget_answers(cx));
	TRY(event_emit(cx, &provider_changed, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err provider_list(struct ctx *cx, const struct provider_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= PROVIDER_LIST_MAX);
	return provider_repo_list(cx, filter, ret);
}

enum err provider_delete(struct ctx *cx, const char *name, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct provider was;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = provider_repo_delete(cx, name, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, name, version);
	TRY(e);
	TRY(provider_repo_forget_answers(cx));
	TRY(event_emit(cx, &provider_deleted, 0, &was));
	return db_commit(&tx);
}
