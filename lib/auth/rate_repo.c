/* SQL of rate limits.  Buckets are of no tenant: an address has none. */
#include "auth/rate_repo.h"

#define ARRAY_MAX 256

static const struct field GRANT_FIELDS[] = {
	F_INT(struct rate_grant, granted, .doc = "Tokens taken"),
	F_INT(struct rate_grant, remaining, .doc = "Tokens left in the bucket"),
	F_INT(struct rate_grant, quota, .doc = "Tokens a minute, 0 without limit"),
	F_INT(struct rate_grant, wait_ms, .doc = "Milliseconds until what was refused is there"),
	F_INT(struct rate_grant, return_ms, .doc = "Milliseconds until tokens come back"),
};
static const struct schema GRANT = SCHEMA(struct rate_grant, "RateGrant", GRANT_FIELDS);

static const struct db_stmt TAKE = {
	.name = "rate_take",
	.any_tenant = true,
	.nparams = 4,
	.sql = "SELECT granted, remaining, quota, wait_ms, return_ms"
	       " FROM app.rate_take($1::text[], $2::bigint[], $3::bigint[], $4)",
};

/* The three arrays; names have no character that an array would quote. */
enum err rate_repo_take(struct ctx *cx, const struct rate_payer *payers, int n, int64_t cost,
                        struct list *ret)
{
	struct sb names = sb_new(cx->arena, ARRAY_MAX), quotas = sb_new(cx->arena, ARRAY_MAX);
	struct sb backs = sb_new(cx->arena, ARRAY_MAX);
	char separator = '{';

	for (int i = 0; i < n; i++) {
		if (payers[i].paid)
			continue;
		sb_addc(&names, separator);
		sb_add(&names, payers[i].name);
		sb_addc(&quotas, separator);
		sb_int(&quotas, payers[i].quota);
		sb_addc(&backs, separator);
		sb_int(&backs, payers[i].back);
		separator = ',';
	}
	sb_addc(&names, '}');
	sb_addc(&quotas, '}');
	sb_addc(&backs, '}');
	assert(!names.failed && !quotas.failed && !backs.failed);
	return db_list(cx, &TAKE,
	               DB_ARGS(DB_TEXT(names.data), DB_TEXT(quotas.data), DB_TEXT(backs.data),
	                       DB_INT(cost)),
	               &GRANT, ret);
}

const struct db_check rate_statements[] = {
	{ .stmt = &TAKE, .row = &GRANT },
	{ .stmt = NULL },
};
