/* Connections and events for tests of the log. */
#include "teller.h"

#include <string.h>

static const struct field TOLD_FIELDS[] = {
	F_INT(struct told, number, .doc = "d"),
	F_TEXT(struct told, text, .doc = "d"),
};
static const struct schema TOLD = SCHEMA(struct told, "Told", TOLD_FIELDS);
const struct event_kind told_kind = {
	.type = "test.told",
	.version = 3,
	.payload = &TOLD,
	.doc = "d",
};

void teller_open(struct teller *t, const struct ctx *of, enum fixture_role role)
{
	*t = (struct teller){
		.db = fixture_db_connect(role),
		.arena = arena_new((size_t)64 * 1024 * 1024),
		.tenant_id = role == FIXTURE_APP ? of->who.tenant_id : 0,
	};
	t->cx.app = of->app;
	(void)teller_ctx(t);
}

struct ctx *teller_ctx(struct teller *t)
{
	ctx_begin(&t->cx, t->cx.app, t->arena, t->db);
	if (t->tenant_id > 0)
		t->cx.who = (struct who){ .tenant_id = t->tenant_id,
			                  .role = ROLE_OWNER,
			                  .actor = "teller" };
	return &t->cx;
}

void teller_kill(struct teller *t)
{
	db_close(t->db);
	t->db = fixture_db_connect(t->tenant_id > 0 ? FIXTURE_APP : FIXTURE_RUNNER);
	(void)teller_ctx(t);
}

void teller_close(struct teller *t)
{
	db_close(t->db);
	arena_free(t->arena);
}

enum err tell(struct ctx *cx, int64_t project_id, int64_t number)
{
	return event_emit(cx, &told_kind, project_id, &(struct told){ number, "x" });
}

int64_t told_number(struct ctx *cx, const struct event *event)
{
	struct told told = { 0 };

	if (schema_decode(cx, &TOLD, (struct span){ event->payload, strlen(event->payload) },
	                  &told) != ERR_OK)
		return -1;
	return told.number;
}
