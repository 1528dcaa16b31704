/* SQL of standing. */
#include "auth/standing.h"

#include "auth/scope.h"
#include "config/config.h"

static const struct field FALLEN_FIELDS[] = {
	F_INT(struct standing_fallen, place),
	F_TEXT(struct standing_fallen, reason),
};
static const struct schema FALLEN = SCHEMA(struct standing_fallen, "StandingFallen", FALLEN_FIELDS);

static const struct db_stmt CHECK = {
	.name = "standing_check",
	.nparams = 8,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT place - 1 AS place, reason FROM app.live_fallen($1, $2, $3, $4, $5, $6, $7,"
	       " $8 * interval '1 minute')",
};

/* One member of each, as the text of a bigint[]. */
static struct db_arg column(struct ctx *cx, const struct standing *asked, size_t n, size_t offset)
{
	struct sb sb = sb_new(cx->arena, n * 21 + 2);

	sb_addc(&sb, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(&sb, ',');
		sb_int(&sb, *(const int64_t *)((const char *)(asked + i) + offset));
	}
	sb_addc(&sb, '}');
	assert(!sb.failed);
	return (struct db_arg){ .kind = DB_ARG_TEXT, .text = sb.data };
}

#define COLUMN(member) column(cx, asked, n, offsetof(struct standing, member))

enum err standing_check(struct ctx *cx, const struct standing *asked, size_t n, struct list *ret)
{
	const struct db_arg args[] = {
		COLUMN(tenant_id),
		COLUMN(key_id),
		COLUMN(family_id),
		COLUMN(user_id),
		COLUMN(session_id),
		COLUMN(role),
		DB_TEXT(scope_name(AREA_EVENTS, false)),
		DB_INT(cx->app->config->session_idle_minutes),
	};

	return db_list(cx, &CHECK, args, (int)COUNT(args), &FALLEN, ret);
}

const struct db_check standing_statements[] = {
	{ .stmt = &CHECK, .row = &FALLEN, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
