/* The hash chain against a real server, and every way of tampering with it: A12, T39. */
#include "fixture_db.h"

#include "audit/audit.h"
#include "audit/seal.h"
#include "audit/verify.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 6 /* of a chain that is tampered with */

/* A second connection that is some role's, on the arena of the first. */
static struct ctx as(const struct ctx *cx, struct db *db)
{
	return (struct ctx){ .app = cx->app, .arena = cx->arena, .db = db };
}

static void note(struct ctx *cx, int64_t tenant, const char *target)
{
	const struct audit_act act = { .action = "test.done", .target = target };

	cx->who.tenant_id = tenant;
	assert_err(cx, audit_note(cx, &act), ERR_OK);
}

/* As the runner does. @ret rows sealed */
static int64_t seal(const struct ctx *of)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx cx = as(of, db);
	int64_t n = 0;

	assert_err(&cx, seal_run(&cx, &n), ERR_OK);
	return n;
}

static struct verify_report verify(const struct ctx *of, int64_t tenant,
                                   struct verify_anchor *anchor)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_GATE);
	struct ctx cx = as(of, db);
	struct verify_report report;

	assert_err(&cx, verify_chain(&cx, tenant, anchor, &report), ERR_OK);
	return report;
}

static void assert_whole(const struct ctx *cx, int64_t tenant, int64_t rows)
{
	struct verify_report r = verify(cx, tenant, NULL);

	if (r.broken != NULL)
		fail_msg("%s: %s", r.broken, r.why);
	assert_int_equal(r.rows, rows);
}

/* As the superuser; {T} is the tenant, {P} the row of its third seal. */
static void tamper(struct ctx *of, int64_t tenant, int64_t position, const char *script)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx cx = as(of, db);
	struct sb sb = sb_new(of->arena, 16384);
	const char *text;

	for (const char *p = script; *p != '\0'; p++) {
		if (strncmp(p, "{T}", 3) == 0 || strncmp(p, "{P}", 3) == 0) {
			sb_int(&sb, p[1] == 'T' ? tenant : position);
			p += 2;
		} else {
			sb_addc(&sb, *p);
		}
	}
	assert_err(&cx, sb_finish(&cx, &sb, &text), ERR_OK);
	assert_err(&cx, db_script(&cx, text), ERR_OK);
}

static int64_t row_of(struct ctx *cx, int64_t tenant, int64_t seq)
{
	return fixture_db_int(cx,
	                      arena_printf(cx->arena,
	                                   "SELECT position FROM app.audit_seal WHERE tenant_id ="
	                                   " %" PRId64 " AND seq = %" PRId64,
	                                   tenant, seq));
}

/* A tenant with ROWS sealed rows. */
static int64_t chain_of(struct ctx *cx)
{
	int64_t tenant = fixture_db_tenant(cx);

	cx->who.user_id = 5;
	cx->who.key_id = 6;
	cx->remote = "192.0.2.1";
	for (int i = 0; i < ROWS; i++)
		note(cx, tenant, "thing:\xc3\xa9");
	seal(cx);
	assert_whole(cx, tenant, ROWS);
	return tenant;
}

/* An anchor of the chain's present seal number seq. */
static struct verify_anchor anchor_of(struct ctx *cx, int64_t tenant, int64_t seq)
{
	const struct db_stmt stmt = {
		.name = "t_anchor",
		.any_tenant = true,
		.nparams = 2,
		.sql = "SELECT concat_ws(':', tenant_id, seq, encode(hash, 'hex')) FROM"
		       " app.audit_seal WHERE tenant_id = $1 AND seq = $2",
	};
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx own = as(cx, db);
	struct verify_anchor anchor;
	const char *text;

	assert_err(&own, db_get_text(&own, &stmt, DB_ARGS(DB_INT(tenant), DB_INT(seq)), &text),
	           ERR_OK);
	assert_err(&own, verify_anchor_parse(&own, text, &anchor), ERR_OK);
	return anchor;
}

/* --- Tampering --- */

#define SWAP_SEALS(column, other)                                                                  \
	"CREATE TEMP TABLE two AS SELECT * FROM app.audit_seal WHERE tenant_id = {T}"              \
	" AND seq IN (3, 4); DELETE FROM app.audit_seal WHERE tenant_id = {T} AND seq IN (3, 4);"  \
	"INSERT INTO app.audit_seal (tenant_id, seq, position, prev_hash, hash)"                   \
	" SELECT a.tenant_id, " column ".seq, " other ".position, a.prev_hash, a.hash"             \
	" FROM two a JOIN two b ON a.seq <> b.seq"

static const struct {
	const char *why, *script, *broken;
	int64_t seq;
	bool names_row; /* the third */
} TAMPERED[] = {
	{ "actor", "UPDATE app.audit SET actor = 'x' WHERE position = {P}", "changed", 3, true },
	{ "action", "UPDATE app.audit SET action = 'x' WHERE position = {P}", "changed", 3, true },
	{ "target", "UPDATE app.audit SET target = NULL WHERE position = {P}", "changed", 3, true },
	{ "outcome", "UPDATE app.audit SET outcome = 'refused' WHERE position = {P}", "changed", 3,
	  true },
	{ "remote", "UPDATE app.audit SET remote = '' WHERE position = {P}", "changed", 3, true },
	{ "request_id", "UPDATE app.audit SET request_id = NULL WHERE position = {P}", "changed", 3,
	  true },
	{ "detail", "UPDATE app.audit SET detail = '{\"a\":1}' WHERE position = {P}", "changed", 3,
	  true },
	{ "time, by a microsecond",
	  "UPDATE app.audit SET at = at + interval '1 microsecond' WHERE position = {P}", "changed",
	  3, true },
	{ "user", "UPDATE app.audit SET user_id = key_id, key_id = user_id WHERE position = {P}",
	  "changed", 3, true },
	{ "moved to the installation", "UPDATE app.audit SET tenant_id = 0 WHERE position = {P}",
	  "changed", 3, true },
	{ "one text grows at the cost of the next",
	  "UPDATE app.audit SET action = 'test.don', target = 'e' || target WHERE position = {P}",
	  "changed", 3, true },
	{ "past every bound",
	  "ALTER TABLE app.audit DROP CONSTRAINT audit_detail_check; UPDATE app.audit SET detail ="
	  " to_jsonb(repeat('x', 100000)) WHERE position = {P};"
	  "ALTER TABLE app.audit ADD CONSTRAINT audit_detail_check"
	  " CHECK (octet_length(detail::text) <= 8192) NOT VALID",
	  "changed", 3, true },
	{ "row taken out", "DELETE FROM app.audit WHERE position = {P}", "missing", 3, true },
	{ "row and seal taken out",
	  "DELETE FROM app.audit WHERE position = {P};"
	  "DELETE FROM app.audit_seal WHERE position = {P}",
	  "missing", 3, false },
	{ "the first taken out", "DELETE FROM app.audit_seal WHERE tenant_id = {T} AND seq = 1",
	  "missing", 1, false },
	{ "seals change places", SWAP_SEALS("b", "a"), "reordered", 3, false },
	{ "rows change places", SWAP_SEALS("a", "b"), "changed", 3, false },
	{ "a seal's own hash", "UPDATE app.audit_seal SET hash = sha256(hash) WHERE position = {P}",
	  "changed", 3, true },
	{ "put in behind the sealer's back",
	  "INSERT INTO app.audit (xid, tenant_id, actor, action, outcome)"
	  " VALUES ('3', {T}, 'a', 'b', 'done')",
	  "inserted", 0, false },
	{ "put in with a seal that fits",
	  "WITH r AS (INSERT INTO app.audit (xid, tenant_id, actor, action, outcome)"
	  " VALUES ('3', {T}, 'a', 'b', 'done') RETURNING *)"
	  " INSERT INTO app.audit_seal SELECT {T}, c.seq + 1, r.position, c.hash,"
	  " sha256(c.hash || app.audit_bytes(r.*::app.audit)) FROM app.audit_chain c, r"
	  " WHERE c.tenant_id = {T}",
	  "inserted", 7, false },
	{ "the end cut off",
	  "DELETE FROM app.audit_seal WHERE tenant_id = {T} AND seq > 3;"
	  "DELETE FROM app.audit WHERE tenant_id = {T} AND position > {P}",
	  "truncated", 4, false },
	{ "all gone",
	  "DELETE FROM app.audit_seal WHERE tenant_id = {T};"
	  "DELETE FROM app.audit WHERE tenant_id = {T}",
	  "truncated", 1, false },
};

static void test_verify__names_the_first_broken_row(void **state)
{
	for (size_t i = 0; i < COUNT(TAMPERED); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		int64_t tenant = chain_of(cx), position = row_of(cx, tenant, 3);
		struct verify_report r;

		print_message("# %s\n", TAMPERED[i].why);
		tamper(cx, tenant, position, TAMPERED[i].script);
		r = verify(cx, tenant, NULL);
		assert_non_null(r.broken);
		assert_string_equal(r.broken, TAMPERED[i].broken);
		assert_int_equal(r.broken_seq, TAMPERED[i].seq);
		if (TAMPERED[i].names_row)
			assert_int_equal(r.broken_position, position);
		assert_true(strlen(r.why) > 10);
	}
}

/* What a superuser can do so well that only an anchor shows it. */
static void test_verify__anchor(void **state)
{
	static const char CUT[] =
		"DELETE FROM app.audit_seal WHERE tenant_id = {T} AND seq > 3;"
		"DELETE FROM app.audit WHERE tenant_id = {T} AND position > {P};"
		"UPDATE app.audit_chain SET seq = 3, hash = (SELECT hash FROM app.audit_seal"
		" WHERE tenant_id = {T} AND seq = 3) WHERE tenant_id = {T}";
	static const char REWRITE[] =
		"UPDATE app.audit SET actor = 'nobody' WHERE position = {P};"
		"DELETE FROM app.audit_seal WHERE tenant_id = {T};"
		"DELETE FROM app.audit_chain WHERE tenant_id = {T};"
		"UPDATE app.audit SET xid = (SELECT horizon FROM app.audit_horizon)"
		" WHERE tenant_id = {T}; SELECT app.seal_audit(100000)";
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant = chain_of(cx), position = row_of(cx, tenant, 3);
	struct verify_anchor end = anchor_of(cx, tenant, ROWS), third = anchor_of(cx, tenant, 3);
	struct verify_anchor bare = end;

	bare.tenant_id = -1;
	bare.seq = 0;
	assert_null(verify(cx, tenant, &end).broken);
	assert_true(end.found);
	assert_null(verify(cx, tenant, &bare).broken);
	assert_true(bare.found);
	tamper(cx, tenant, position, CUT);
	assert_whole(cx, tenant, 3);
	end.found = bare.found = false;
	assert_string_equal(verify(cx, tenant, &end).broken, "truncated");
	assert_null(verify(cx, tenant, &bare).broken);
	assert_false(bare.found); /* which the command line reports */
	assert_null(verify(cx, tenant, &third).broken);

	tenant = chain_of(cx);
	position = row_of(cx, tenant, 3);
	end = anchor_of(cx, tenant, ROWS);
	note(cx, tenant, "later"); /* so that there is a horizon above to seal below */
	tamper(cx, tenant, position, REWRITE);
	seal(cx);
	assert_null(verify(cx, tenant, NULL).broken);
	assert_string_equal(verify(cx, tenant, &end).broken, "rewritten");
}

static void test_anchor__forms(void **state)
{
	static const char *const BAD[] = {
		"", "x", "1:2", "1:2:abc", "-1:2:", "1:0:", ":", "1:2:3:4",
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct verify_anchor anchor;
	char hash[SECRET_HEX_MAX];

	memset(hash, 'a', sizeof(hash) - 1);
	hash[sizeof(hash) - 1] = '\0';
	assert_err(cx, verify_anchor_parse(cx, hash, &anchor), ERR_OK);
	assert_int_equal(anchor.tenant_id, -1);
	assert_err(cx, verify_anchor_parse(cx, arena_printf(cx->arena, "0:12:%s", hash), &anchor),
	           ERR_OK);
	assert_int_equal(anchor.tenant_id, 0);
	assert_int_equal(anchor.seq, 12);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_err(cx, verify_anchor_parse(cx, BAD[i], &anchor), ERR_INVALID);
		assert_err(cx,
		           verify_anchor_parse(
				   cx, arena_printf(cx->arena, "%s%s", BAD[i], hash + 1), &anchor),
		           ERR_INVALID);
	}
}

/* --- Sealing --- */

/* A row of a transaction that still runs is sealed later, and so is what came after it. */
static void test_seal__waits_for_who_still_writes(void **state)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx *cx = fixture_db_ctx(*state);
	struct ctx slow = as(cx, db);
	int64_t tenant = fixture_db_tenant(cx);
	struct db_tx tx = { 0 };

	seal(cx);
	assert_err(&slow, db_begin(&slow, &tx), ERR_OK);
	slow.who.actor = "slow";
	note(&slow, tenant, "1");
	note(cx, tenant, "2");
	seal(cx);
	assert_int_equal(verify(cx, tenant, NULL).rows, 0);
	assert_int_equal(verify(cx, tenant, NULL).unsealed, 1);
	assert_err(&slow, db_commit(&tx), ERR_OK);
	seal(cx);
	assert_whole(cx, tenant, 2);
	assert_true(row_of(cx, tenant, 1) < row_of(cx, tenant, 2));
	assert_int_equal(seal(cx), 0);
}

/* In a database that was restored elsewhere transaction numbers begin anew. */
static void test_seal__after_a_restore(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant = chain_of(cx);

	tamper(cx, tenant, 0,
	       "UPDATE app.audit_horizon SET horizon = '900000000000';"
	       "UPDATE app.audit SET xid = '899999999999' WHERE tenant_id = {T};"
	       "INSERT INTO app.audit (xid, tenant_id, actor, action, outcome)"
	       " VALUES ('899999999999', {T}, 'a', 'before', 'done')");
	note(cx, tenant, "after");
	seal(cx);
	assert_int_equal(verify(cx, tenant, NULL).unsealed, 0);
	note(cx, tenant, "later");
	seal(cx);
	assert_whole(cx, tenant, ROWS + 3);
}

/* Retention takes whole ends of chains, tells so, and the rest stands on what it left. */
static void test_prune(void **state)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx *cx = fixture_db_ctx(*state);
	struct ctx runner = as(cx, db);
	int64_t tenant = fixture_db_tenant(cx), n = 0;
	struct verify_anchor second, third;
	struct verify_report r;

	tamper(cx, tenant, 0,
	       "INSERT INTO app.audit (tenant_id, actor, action, outcome, at)"
	       " SELECT {T}, 'a', 'old', 'done', now() - interval '40 days'"
	       " FROM generate_series(1, 3)");
	note(cx, tenant, "new");
	seal(cx);
	second = anchor_of(cx, tenant, 2);
	third = anchor_of(cx, tenant, 3);
	assert_err(&runner, seal_prune(&runner, 60, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_err(&runner, seal_prune(&runner, 1, &n), ERR_OK); /* 30 are the least */
	assert_int_equal(n, 3);
	seal(cx);
	assert_whole(cx, tenant, 2);
	r = verify(cx, tenant, &third);
	assert_null(r.broken);
	assert_true(third.found);
	assert_int_equal(r.base_seq, 3);
	assert_string_equal(verify(cx, tenant, &second).broken, "rewritten");
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.audit WHERE"
	                                                 " tenant_id = %" PRId64
	                                                 " AND action = 'audit.pruned' AND"
	                                                 " detail->>'to_seq' = '3'",
	                                                 tenant)),
	                 1);
	assert_err(&runner, db_script(&runner, "SELECT app.prune_audit(29, 1)"), ERR_DATABASE);
}

/* A row that somebody took out is not hidden by retention. */
static void test_prune__stops_at_a_gap(void **state)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx *cx = fixture_db_ctx(*state);
	struct ctx runner = as(cx, db);
	int64_t tenant = fixture_db_tenant(cx), n = 0;

	tamper(cx, tenant, 0,
	       "INSERT INTO app.audit (tenant_id, actor, action, outcome, at)"
	       " SELECT {T}, 'a', 'old', 'done', now() - interval '40 days'"
	       " FROM generate_series(1, 4)");
	seal(cx);
	tamper(cx, tenant, row_of(cx, tenant, 3), "DELETE FROM app.audit WHERE position = {P}");
	assert_err(&runner, seal_prune(&runner, 30, &n), ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(verify(cx, tenant, NULL).broken, "missing");
	tamper(cx, tenant, 0,
	       "DELETE FROM app.audit_seal WHERE tenant_id = {T};"
	       "DELETE FROM app.audit WHERE tenant_id = {T};"
	       "DELETE FROM app.audit_chain WHERE tenant_id = {T}");
}

/* --- Many at once --- */

#define WRITERS 8
#define EACH    60

struct writer {
	pthread_t thread;
	const struct app *app;
	int64_t tenant;
	int number;
};
static atomic_int writing;

/* Every third transaction is undone; those between are of different length. */
static void *write_rows(void *arg)
{
	struct writer *w = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
	const struct audit_act act = { .action = "test.raced", .target = "thing:1" };

	for (int i = 0; i < EACH; i++) {
		CLEANUP(db_end) struct db_tx tx = { 0 };
		struct ctx cx;

		ctx_begin(&cx, w->app, arena, db);
		cx.who = (struct who){ .tenant_id = w->tenant, .actor = "racer" };
		if (db_begin(&cx, &tx) != ERR_OK)
			abort();
		for (int n = 0; n <= (i + w->number) % 3; n++) {
			if (audit_note(&cx, &act) != ERR_OK)
				abort();
		}
		if (i % 3 != 2 && db_commit(&tx) != ERR_OK)
			abort();
	}
	atomic_fetch_sub(&writing, 1);
	return NULL;
}

static void *seal_rows(void *arg)
{
	const struct app *app = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)16 * 1024 * 1024);

	while (atomic_load(&writing) > 0) {
		struct ctx cx;
		int64_t n;

		ctx_begin(&cx, app, arena, db);
		if (seal_run(&cx, &n) != ERR_OK)
			abort();
	}
	return NULL;
}

static void test_seal__eight_writers(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const int64_t tenants[] = { fixture_db_tenant(cx), fixture_db_tenant(cx) };
	struct writer writers[WRITERS];
	pthread_t sealers[2];

	atomic_store(&writing, WRITERS);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] =
			(struct writer){ .app = &f->app, .tenant = tenants[i % 2], .number = i };
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_rows, &writers[i]),
		                 0);
	}
	for (size_t i = 0; i < COUNT(sealers); i++)
		assert_int_equal(pthread_create(&sealers[i], NULL, seal_rows, &f->app), 0);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	for (size_t i = 0; i < COUNT(sealers); i++)
		pthread_join(sealers[i], NULL);
	seal(cx);
	for (size_t i = 0; i < COUNT(tenants); i++) {
		int64_t rows = fixture_db_int(
			cx,
			arena_printf(cx->arena,
		                     "SELECT count(*) FROM app.audit WHERE tenant_id = %" PRId64,
		                     tenants[i]));

		assert_true(rows > WRITERS / 2 * EACH / 2);
		assert_whole(cx, tenants[i], rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify__names_the_first_broken_row),
		cmocka_unit_test(test_verify__anchor),
		cmocka_unit_test(test_anchor__forms),
		cmocka_unit_test(test_seal__waits_for_who_still_writes),
		cmocka_unit_test(test_seal__after_a_restore),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_prune__stops_at_a_gap),
		cmocka_unit_test(test_seal__eight_writers),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
