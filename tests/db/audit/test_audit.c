/* Rows of the audit log against a real server: A12, T39. */
#include "fixture_db.h"

#include "audit/audit.h"
#include "audit/refusal.h"
#include "events/event.h"

#include <inttypes.h>
#include <string.h>

struct inner {
	const char *text;
};
static const struct field INNER_FIELDS[] = { F_TEXT(struct inner, text, .doc = "d") };
static const struct schema INNER = SCHEMA(struct inner, "AuditInner", INNER_FIELDS);

struct told {
	int64_t id;
	const char *text, *free;
	struct inner *inner;
	struct list words, inners;
};
static const struct field TOLD_FIELDS[] = {
	F_INT(struct told, id, .doc = "d"),
	F_TEXT(struct told, text, .doc = "d"),
	F_JSON(struct told, free, .doc = "d"),
	F_OBJ(struct told, inner, .of = &INNER, .doc = "d"),
	F_LIST(struct told, words, .item = FIELD_TEXT, .doc = "d"),
	F_LIST(struct told, inners, .of = &INNER, .doc = "d"),
};
static const struct schema TOLD = SCHEMA(struct told, "AuditTold", TOLD_FIELDS);
static const struct event_kind KIND = {
	.type = "thing.made", .version = 1, .payload = &TOLD, .audited = true, .doc = "d"
};

/* The tenant's newest row. */
static struct audit newest(struct ctx *cx)
{
	const struct audit_filter filter = { .limit = 1 };
	struct list list;

	assert_err(cx, audit_list(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	return *(const struct audit *)list.items;
}

static void test_event__leaves_a_row(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct told told = { .id = 7, .text = "x" };
	struct audit row;

	cx->who.actor = "somebody@example.org";
	cx->who.user_id = 5;
	cx->who.key_id = 6;
	cx->remote = "192.0.2.1";
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	assert_string_equal(cx->audited, "thing.made");
	row = newest(cx);
	assert_string_equal(row.actor, "somebody@example.org");
	assert_string_equal(row.action, "thing.made");
	assert_string_equal(row.target, "thing:7");
	assert_string_equal(row.outcome, "done");
	assert_string_equal(row.remote, "192.0.2.1");
	assert_string_equal(row.request_id, cx->request_id);
	assert_int_equal(row.user_id, 5);
	assert_int_equal(row.key_id, 6);
	assert_int_equal(row.tenant_id, cx->who.tenant_id);
	/* One transaction: that of the event. */
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.audit a JOIN"
	                                                 " app.event_all e USING (xid) WHERE"
	                                                 " a.position = %" PRId64
	                                                 " AND e.kind = 'thing.made'",
	                                                 row.position)),
	                 1);
}

static void test_event__undone_with_its_transaction(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t before = 0;
	const struct told told = { .id = 8, .text = "undone" };

	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	before = newest(cx).position;
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	}
	assert_int_equal(newest(cx).position, before);
}

/* Secrets in any text of a payload, however deep, do not get in; nor does free-form JSON. */
static void test_detail__holds_no_secret(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *const words[] = { "fine", "token=canary-3-abcdef" };
	const struct inner inners[] = { { "Bearer canary4abcdefgh" } };
	struct inner inner = { "https://user:canary-2@host/r.git" };
	const struct told told = {
		.id = 9,
		.text = "password=canary-1-secret",
		.free = "{\"any\":\"canary-5\"}",
		.inner = &inner,
		.words = { words, COUNT(words) },
		.inners = { inners, COUNT(inners) },
	};
	struct audit row;

	cx->who.actor = "password=canary-6-actor";
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	row = newest(cx);
	assert_null(strstr(row.detail, "canary"));
	assert_null(strstr(row.actor, "canary"));
	assert_contains(row.detail, "fine");
	assert_contains(row.detail, "[redacted]");
}

static void test_detail__is_bounded(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	char *text = arena_alloc(cx->arena, 2001);
	const char *words[20];
	struct told told = { .id = 10, .text = text };

	memset(text, 'a', 2000);
	memcpy(text + AUDIT_TEXT_MAX - 1, "\xc3\xa9", 2); /* across the edge */
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	assert_true(strlen(newest(cx).detail) < AUDIT_TEXT_MAX + 200);
	for (size_t i = 0; i < COUNT(words); i++)
		words[i] = text;
	told.words = (struct list){ words, COUNT(words) };
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	assert_string_equal(newest(cx).detail, "{\"omitted\": true}");
}

static void test_note__of_the_installation(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct audit_act act = { .action = "test.note",
		                       .target = "thing:1",
		                       .refused = true };
	int64_t tenant = cx->who.tenant_id, position = newest(cx).position;

	cx->who.tenant_id = 0;
	assert_err(cx, audit_note(cx, &act), ERR_OK);
	cx->who.tenant_id = tenant;
	assert_int_equal(newest(cx).position, position);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit WHERE tenant_id = 0"
	                                    " AND action = 'test.note' AND outcome = 'refused'"),
	                 1);
	cx->who.tenant_id = 0;
	{
		const struct audit_filter filter = { .limit = 10 };
		struct list list;

		assert_err(cx, audit_list(cx, &filter, &list), ERR_OK);
		assert_int_equal(list.n, 0); /* a worker may write there, not read */
	}
}

static size_t count_of(struct ctx *cx, struct audit_filter filter)
{
	struct list up, down;

	filter.limit = 100;
	assert_err(cx, audit_list(cx, &filter, &down), ERR_OK);
	assert_err(cx, audit_list_up(cx, &filter, &up), ERR_OK);
	assert_int_equal(up.n, down.n);
	for (size_t i = 0; i < up.n; i++)
		assert_int_equal(((const struct audit *)up.items)[i].position,
		                 ((const struct audit *)down.items)[up.n - 1 - i].position);
	return up.n;
}

static void test_list__filters(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t other = fixture_db_tenant(cx), mine = fixture_db_tenant(cx), middle;

	cx->who.tenant_id = other;
	assert_err(cx, audit_note(cx, &(struct audit_act){ .action = "a.b" }), ERR_OK);
	cx->who.tenant_id = mine;
	cx->who.actor = "key:1";
	assert_err(cx, audit_note(cx, &(struct audit_act){ .action = "a.b", .target = "t:1" }),
	           ERR_OK);
	middle = newest(cx).at_us;
	cx->who.actor = "key:2";
	assert_err(cx, audit_note(cx, &(struct audit_act){ .action = "a.c", .refused = true }),
	           ERR_OK);
	assert_err(cx, audit_note(cx, &(struct audit_act){ .action = "ab.c" }), ERR_OK);
	assert_int_equal(count_of(cx, (struct audit_filter){ 0 }), 3);
	assert_int_equal(count_of(cx, (struct audit_filter){ .action = "a" }), 2);
	assert_int_equal(count_of(cx, (struct audit_filter){ .action = "a.b" }), 1);
	assert_int_equal(count_of(cx, (struct audit_filter){ .action = "%" }), 0);
	assert_int_equal(count_of(cx, (struct audit_filter){ .actor = "key:2" }), 2);
	assert_int_equal(count_of(cx, (struct audit_filter){ .target = "t:1" }), 1);
	assert_int_equal(count_of(cx, (struct audit_filter){ .outcome = "refused" }), 1);
	assert_int_equal(count_of(cx, (struct audit_filter){ .request_id = cx->request_id }), 3);
	assert_int_equal(count_of(cx, (struct audit_filter){ .since_us = middle + 1 }), 2);
	assert_int_equal(count_of(cx, (struct audit_filter){ .until_us = middle + 1 }), 1);
	assert_int_equal(count_of(cx, (struct audit_filter){ .before = newest(cx).position }), 2);
	assert_int_equal(count_of(cx, (struct audit_filter){ .after = newest(cx).position }), 0);
}

/* --- Grants --- */

/* Statements that no role of the service may make; the superuser is nobody's service. */
static const char *const FORBIDDEN[] = {
	"UPDATE app.audit SET actor = 'nobody'",
	"DELETE FROM app.audit",
	"TRUNCATE app.audit",
	"UPDATE app.audit_seal SET seq = 1",
	"DELETE FROM app.audit_seal",
	"TRUNCATE app.audit_seal",
	"DELETE FROM app.audit_chain",
	"TRUNCATE app.audit_chain",
	"DELETE FROM app.audit_horizon",
	"INSERT INTO app.audit (tenant_id, actor, action, outcome, at)"
	" VALUES (0, 'a', 'b', 'done', '2001-01-01')",
	"INSERT INTO app.audit (tenant_id, actor, action, outcome, xid) VALUES (0, 'a', 'b', 'done', '1')",
	"INSERT INTO app.audit (tenant_id, actor, action, outcome, position)"
	" OVERRIDING SYSTEM VALUE VALUES (0, 'a', 'b', 'done', 1)",
};
static const char *const FORBIDDEN_TO_WORKERS[] = {
	"INSERT INTO app.audit_seal VALUES (0, 1, 1, '', '')",
	"UPDATE app.audit_chain SET seq = 0",
	"UPDATE app.audit_horizon SET horizon = '0'",
	"SELECT app.seal_audit(1)",
	"SELECT app.prune_audit(30, 1)",
	"SELECT * FROM app.audit_horizon",
	"SELECT * FROM app.audit_chain",
};

static void refuse_all(struct ctx *cx, enum fixture_role role, const char *const *scripts, size_t n)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(role);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };

	for (size_t i = 0; i < n; i++) {
		print_message("# role %d: %s\n", (int)role, scripts[i]);
		assert_err(&own, db_script(&own, scripts[i]), ERR_DATABASE);
		assert_contains(own.fault.cause, "42501");
	}
}

static void test_grants__append_only(void **state)
{
	static const enum fixture_role ROLES[] = { FIXTURE_APP, FIXTURE_RUNNER, FIXTURE_GATE };
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(ROLES); i++)
		refuse_all(cx, ROLES[i], FORBIDDEN, COUNT(FORBIDDEN));
	refuse_all(cx, FIXTURE_APP, FORBIDDEN_TO_WORKERS, COUNT(FORBIDDEN_TO_WORKERS));
}

/* A worker that claims to be one tenant writes nothing into the log of another. */
static void test_grants__no_other_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t other = fixture_db_tenant(cx);

	assert_err(cx,
	           db_script(cx, arena_printf(cx->arena,
	                                      "INSERT INTO app.audit (tenant_id, actor, action,"
	                                      " outcome) VALUES (%" PRId64 ", 'a', 'b', 'done')",
	                                      other)),
	           ERR_DATABASE);
	assert_contains(cx->fault.cause, "42501");
}

/* --- Refusals --- */

/* Only its time that passes is moved. */
static int64_t wall_us(UNUSED const struct clock *self)
{
	return system_clock.wall_us(&system_clock);
}

static int64_t mono_us(const struct clock *self)
{
	return ((const struct fake_clock *)self)->since_us;
}

/* The mistake of a moment: so many refusals of one kind. */
static void refuse_times(struct ctx *cx, const struct refusal *refusal, int n)
{
	for (int i = 0; i < n; i++) {
		cx->who = (struct who){ .actor = "key:77" };
		cx->remote = "203.0.113.9";
		assert_err(cx, refusal_note(cx, refusal), ERR_OK);
	}
}

static int64_t refusals_of(struct ctx *cx, const char *reason)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT count(*) FROM app.audit WHERE tenant_id = 0"
	                                       " AND action = 'access.refused' AND remote ="
	                                       " '203.0.113.9' AND detail->>'reason' = '%s'",
	                                       reason));
}

/* That rows tell of, whichever: two reasons may share a slot. */
static int64_t left_out(struct ctx *cx)
{
	return fixture_db_int(cx,
	                      "SELECT coalesce(sum((detail->>'left_out')::bigint), 0)"
	                      " FROM app.audit WHERE tenant_id = 0 AND action = 'access.refused'");
}

static void test_refusal__flood_is_bounded(void **state)
{
	struct fixture_db *f = *state;
	struct fake_clock clock = { { wall_us, mono_us }, 0, INT64_C(1000000000) };
	struct ctx *cx = fixture_db_ctx(f);
	const struct refusal refusal = { .reason = "flood", .op = "listThings", .status = 401 };
	const struct refusal other = { .reason = "other", .op = "listThings", .status = 403 };
	int64_t before;

	f->app.clock = &clock.clock;
	f->app.refusals = refusals_new();
	before = left_out(cx);
	refuse_times(cx, &refusal, 1000);
	assert_int_equal(refusals_of(cx, "flood"), 1);
	assert_int_equal(left_out(cx), before);
	refuse_times(cx, &other, 1); /* another reason is another row */
	assert_int_equal(refusals_of(cx, "other"), 1);
	clock.since_us += REFUSAL_QUIET_US + 1;
	refuse_times(cx, &refusal, 3);
	assert_int_equal(refusals_of(cx, "flood"), 2);
	assert_int_equal(left_out(cx), before + 999);

	/* When no further one comes, the count is told all the same. */
	assert_err(cx, refusal_due(cx), ERR_OK);
	assert_int_equal(refusals_of(cx, "flood"), 2);
	clock.since_us += REFUSAL_QUIET_US + 1;
	assert_err(cx, refusal_due(cx), ERR_OK);
	assert_err(cx, refusal_due(cx), ERR_OK);
	assert_int_equal(refusals_of(cx, "flood"), 3);
	assert_int_equal(left_out(cx), before + 999 + 2);
	refusals_free(f->app.refusals);
	f->app.refusals = NULL;
	f->app.clock = &system_clock;
}

/* Somebody with a whole network of addresses gets no more rows than the process may write. */
static void test_refusal__all_together_are_bounded(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const struct refusal refusal = { .reason = "network", .op = "listThings", .status = 401 };

	f->app.refusals = refusals_new();
	for (int i = 0; i < REFUSAL_RATE + 300; i++) {
		cx->who = (struct who){ .actor = "anonymous" };
		cx->remote = arena_printf(cx->arena, "2001:db8::%x", i);
		assert_err(cx, refusal_note(cx, &refusal), ERR_OK);
	}
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit WHERE tenant_id = 0 AND"
	                                    " detail->>'reason' = 'network'"),
	                 REFUSAL_RATE);
	refusals_free(f->app.refusals);
	f->app.refusals = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event__leaves_a_row),
		cmocka_unit_test(test_event__undone_with_its_transaction),
		cmocka_unit_test(test_detail__holds_no_secret),
		cmocka_unit_test(test_detail__is_bounded),
		cmocka_unit_test(test_note__of_the_installation),
		cmocka_unit_test(test_list__filters),
		cmocka_unit_test(test_grants__append_only),
		cmocka_unit_test(test_grants__no_other_tenant),
		cmocka_unit_test(test_refusal__flood_is_bounded),
		cmocka_unit_test(test_refusal__all_together_are_bounded),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
