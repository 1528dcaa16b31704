/* The cache and its SQL. */
#include "ai/cache.h"

#include "config/config.h"

#include <string.h>

static const struct field FIELDS[] = {
	F_TEXT(struct cache_answer, answer),
	F_TEXT(struct cache_answer, model),
	F_TEXT(struct cache_answer, provider),
};
static const struct schema ANSWER = SCHEMA(struct cache_answer, "CacheAnswer", FIELDS);

void cache_digest(const char *model, struct span body, unsigned char ret[SECRET_HASH_BYTES])
{
	unsigned char both[2 * SECRET_HASH_BYTES];

	secret_hash(model, strlen(model), NULL, 0, both);
	secret_hash(body.data, body.len, NULL, 0, both + SECRET_HASH_BYTES);
	secret_hash(both, sizeof(both), NULL, 0, ret);
}

static const struct db_stmt GET = {
	.name = "cache_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT answer, model, provider FROM app.llm_cache WHERE tenant_id = $1"
	       " AND digest = decode($2, 'hex') AND expires_at > now()",
};

enum err cache_get(struct ctx *cx, const unsigned char digest[SECRET_HASH_BYTES],
                   struct cache_answer *ret)
{
	char hex[SECRET_HEX_MAX];
	enum err e;

	*ret = (struct cache_answer){ 0 };
	secret_hex(digest, SECRET_HASH_BYTES, hex);
	e = db_get(cx, &GET, DB_ARGS(DB_TEXT(hex)), &ANSWER, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	return ERR_OK;
}

static const struct db_stmt TIDY = {
	.name = "cache_tidy",
	.nparams = 1,
	.sql = "DELETE FROM app.llm_cache WHERE tenant_id = $1 AND digest IN (SELECT digest"
	       " FROM app.llm_cache WHERE tenant_id = $1 AND expires_at <= now() ORDER BY expires_at"
	       " LIMIT 100 FOR UPDATE SKIP LOCKED)",
};

static const struct db_stmt PUT = {
	.name = "cache_put",
	.nparams = 6,
	.sql = "INSERT INTO app.llm_cache (tenant_id, digest, answer, model, provider, expires_at)"
	       " VALUES ($1, decode($2, 'hex'), $3, $4, $5,"
	       " now() + make_interval(secs => $6::bigint)) ON CONFLICT (tenant_id, digest)"
	       " DO UPDATE SET answer = excluded.answer, model = excluded.model,"
	       " provider = excluded.provider, expires_at = excluded.expires_at",
};

enum err cache_put(struct ctx *cx, const unsigned char digest[SECRET_HASH_BYTES],
                   const struct cache_answer *in)
{
	int64_t ttl_s = cx->app->config->model_cache_s;
	char hex[SECRET_HEX_MAX];

	if (ttl_s == 0)
		return ERR_OK;
	secret_hex(digest, SECRET_HASH_BYTES, hex);
	TRY(db_run(cx, &TIDY, DB_NO_ARGS, NULL));
	return db_run(cx, &PUT,
	              DB_ARGS(DB_TEXT(hex), DB_TEXT(in->answer), DB_TEXT(in->model),
	                      DB_TEXT(in->provider), DB_INT(ttl_s)),
	              NULL);
}

const struct db_check cache_statements[] = {
	{ .stmt = &GET, .row = &ANSWER },
	{ .stmt = &TIDY },
	{ .stmt = &PUT },
	{ .stmt = NULL },
};
