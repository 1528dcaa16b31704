/* Contexts and roles. */
#include "base/ctx.h"

#include "base/secret.h"

#include <string.h>

static const char *const ROLE_NAMES[ROLE_COUNT] = {
	[ROLE_UNSET] = "unset",       [ROLE_VIEWER] = "viewer", [ROLE_MEMBER] = "member",
	[ROLE_OPERATOR] = "operator", [ROLE_ADMIN] = "admin",   [ROLE_OWNER] = "owner",
};

void ctx_begin_beside(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db)
{
	*cx = (struct ctx){ .app = app, .arena = arena, .db = db };
}

void ctx_begin_unnamed(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db)
{
	arena_reset(arena);
	ctx_begin_beside(cx, app, arena, db);
}

void ctx_next(struct ctx *cx)
{
	*cx = (struct ctx){
		.app = cx->app,
		.arena = cx->arena,
		.db = cx->db,
		.tail = cx->tail,
		.bells = cx->bells,
	};
}

void ctx_name(struct ctx *cx)
{
	static const char PREFIX[] = "req_";

	memcpy(cx->request_id, PREFIX, sizeof(PREFIX));
	secret_uuid7(cx->app->clock->wall_us(cx->app->clock), cx->request_id + sizeof(PREFIX) - 1);
}

void ctx_begin(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db)
{
	ctx_begin_unnamed(cx, app, arena, db);
	ctx_name(cx);
}

int64_t ctx_left_ms(const struct ctx *cx)
{
	int64_t left;

	if (cx->deadline_ms == 0)
		return INT64_MAX;
	left = cx->deadline_ms - cx->app->clock->mono_us(cx->app->clock) / 1000;
	return left > 0 ? left : 0;
}

const char *role_name(enum role role)
{
	if (role == ROLE_ANYONE)
		return "anyone";
	assert(role >= ROLE_UNSET && role < ROLE_COUNT);
	return ROLE_NAMES[role];
}

enum role role_by_name(const char *name)
{
	for (int r = ROLE_VIEWER; r < ROLE_COUNT; r++) {
		if (strcmp(ROLE_NAMES[r], name) == 0)
			return (enum role)r;
	}
	return ROLE_UNSET;
}
