#include "bench/tool.h"

#include "app/app.h"
#include "auth/key.h"
#include "base/db.h"

static const struct db_stmt TENANT_OF = {
	.name = "bench_tenant",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT tenant_id FROM app.api_key WHERE id = $1",
};

int64_t bench_tenant(struct ctx *cx)
{
	CLEANUP(db_close_ptr) struct db *db = app_gate_db(cx->app);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };
	struct key_made key;
	int64_t id = 0;

	must(&own, key_setup(&own, "bench", "bench", ROLE_OWNER, &key), "key");
	must(&own, db_get_int(&own, &TENANT_OF, DB_ARGS(DB_INT(key.id)), &id), "tenant");
	return id;
}

uint32_t bench_size(const char *variable, uint32_t otherwise)
{
	const char *set = getenv(variable);
	long n = set != NULL ? strtol(set, NULL, 10) : 0;

	return n > 0 && n < INT32_MAX ? (uint32_t)n : otherwise;
}
