/* SQL of origins.  Asked before a tenant is known. */
#include "auth/origin_repo.h"

static const struct db_stmt ALLOWS = {
	.name = "origin_allows",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "SELECT app.cors_allows($1, $2)::int",
};

enum err origin_repo_allows(struct ctx *cx, const char *origin, int64_t tenant_id, bool *ret)
{
	int64_t n;

	TRY(db_get_int(cx, &ALLOWS, DB_ARGS(DB_TEXT(origin), DB_INT0(tenant_id)), &n));
	*ret = n != 0;
	return ERR_OK;
}

const struct db_check origin_statements[] = {
	{ .stmt = &ALLOWS },
	{ .stmt = NULL },
};
