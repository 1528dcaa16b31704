/* SQL of expiry. */
#include "auth/expiry.h"

static const struct db_stmt RUN = {
	.name = "expiry_run",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT app.expire_access($1::integer)",
};

enum err expiry_run(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &RUN, DB_ARGS(DB_INT(EXPIRY_ROWS)), ret);
}

const struct db_check expiry_statements[] = {
	{ .stmt = &RUN, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
