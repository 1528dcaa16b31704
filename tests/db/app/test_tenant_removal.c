/* What a deleted tenant had goes whole, and nothing of another (A5, A6). */
#include "side.h"

#include "app/registry_jobs.h"
#include "auth/removal.h"
#include "auth/tenant.h"
#include "projects/project.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stays on purpose: sql/0003_tenants.sql names the same. */
#define KEPT "('audit', 'audit_seal', 'audit_chain')"

/* The tables with a tenant. */
#define TABLES                                                                                     \
	"pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace ="              \
	" 'app'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id'"             \
	" AND NOT a.attisdropped"

/* The sweep works as the owner: a table of which a policy hides the tenant's rows from it is not swept. */
static void test_sweep__sees_every_table(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	assert_true(fixture_db_int(cx, "SELECT count(*) FROM " TABLES) >= 10);
	assert_int_equal(
		fixture_db_int(cx, "SELECT count(*) FROM " TABLES " AND c.relname NOT IN " KEPT
	                           " AND c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policies p"
	                           " WHERE p.schemaname = 'app' AND p.tablename = c.relname"
	                           " AND p.roles && ARRAY['public', 'portolan_owner']::name[]"
	                           " AND p.cmd IN ('ALL', 'DELETE')"
	                           " AND p.qual LIKE '%tenant_id = %current_tenant_id()%')"),
		0);
}

/* Rows of a tenant in all tables together, or in those of a name. */
static int64_t rows_of(struct ctx *cx, int64_t tenant_id, const char *table)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(format("
	                         "'SELECT count(*) AS n FROM app.%%I WHERE tenant_id = %lld',"
	                         " c.relname), false, true, '')))[1]::text::bigint), 0)::bigint"
	                         " FROM " TABLES " AND c.relname NOT IN " KEPT
	                         " AND c.relname LIKE '%s'",
	                         (long long)tenant_id, table));
}

/* Something in each table, parents first; # is the tenant. */
static const char *const ROWS[] = {
	"INSERT INTO app.secret (tenant_id, name, kind, sealed)"
	" VALUES (#, 's', 'provider_key', decode(repeat('00', 50), 'hex'))",
	"INSERT INTO app.project (tenant_id, name, repository_url, secret_id)"
	" SELECT #, 'p' || n, 'https://a.b/c', (SELECT id FROM app.secret WHERE tenant_id = #)"
	" FROM generate_series(1, 5) n",
	"INSERT INTO app.system_map (tenant_id, project_id, commit, analyser, content)"
	" SELECT tenant_id, id, repeat('a', 40), 'x', '{}' FROM app.project WHERE tenant_id = #",
	"INSERT INTO app.map_part (tenant_id, map_id, name, data) SELECT tenant_id, id, 'a.svg', ''"
	" FROM app.system_map WHERE tenant_id = #",
	"INSERT INTO app.map_diff (tenant_id, from_map, to_map, format, body) SELECT tenant_id, id, id,"
	" 'md', '' FROM app.system_map WHERE tenant_id = #",
	"INSERT INTO app.map_index (tenant_id, project_id, map_id, files, symbols, complete, import_kinds,"
	" rules, def_kinds, ref_kinds) SELECT tenant_id, project_id, id, 1, 1, true, '{}', '{}', '{}', '{}'"
	" FROM app.system_map WHERE tenant_id = #",
	"INSERT INTO app.map_file (tenant_id, index_id, entry, path, path_hash, files, language, role, bytes, code,"
	" comment, blank, oid, place) SELECT tenant_id, id, 0, 'a', md5('a')::uuid, 1, '', '', 0, 0, 0, 0, '', 0"
	" FROM app.map_index WHERE tenant_id = #",
	"INSERT INTO app.map_edge (tenant_id, index_id, inward, file, others, lines, hows)"
	" SELECT tenant_id, id, true, 0, '{0}', '{1}', '{1}' FROM app.map_index WHERE tenant_id = #",
	"INSERT INTO app.map_symbol (tenant_id, index_id, place, name, files, lines, last_lines, kinds,"
	" parents, signatures) SELECT tenant_id, id, 0, 'a', '{0}', '{1}', '{1}', '{1}', '{}', '{}'"
	" FROM app.map_index WHERE tenant_id = #",
	"INSERT INTO app.map_reference (tenant_id, index_id, place, uses, files, lines, kinds)"
	" SELECT tenant_id, id, 0, 1, '{0}', '{1}', '{1}' FROM app.map_index WHERE tenant_id = #",
	"INSERT INTO app.map_gram (tenant_id, index_id, about, gram, texts, postings)"
	" SELECT tenant_id, id, 'f', 1, 1, '1' FROM app.map_index WHERE tenant_id = #",
	"INSERT INTO app.document (tenant_id, name, media_type, bytes, hash, content, created_by)"
	" VALUES (#, 'd', 'text/plain', 1, repeat('a', 64), 'x', 'a')",
	"INSERT INTO app.upload_piece (tenant_id, upload_id, number, content) VALUES (#, 1, 1, 'x')",
	"INSERT INTO app.search_state (tenant_id, project_id, commit, version, complete)"
	" SELECT tenant_id, id, repeat('a', 40), 1, true FROM app.project WHERE tenant_id = #",
	"INSERT INTO app.search_segment (tenant_id, project_id, documents) SELECT tenant_id, id, false"
	" FROM app.project WHERE tenant_id = #",
	"INSERT INTO app.search_file (tenant_id, segment_id, path, oid, language, source, first_chunk,"
	" chunks) SELECT tenant_id, id, 'a', 'a', '', 'code', 0, 1 FROM app.search_segment"
	" WHERE tenant_id = #",
	"INSERT INTO app.search_chunk (tenant_id, file_id, number, start_line, end_line, kind, symbols,"
	" around, text) SELECT tenant_id, id, 0, 1, 1, 'lines', '', '', 'a' FROM app.search_file"
	" WHERE tenant_id = #",
	"INSERT INTO app.search_term (tenant_id, segment_id, term, chunks, postings)"
	" SELECT tenant_id, id, 'a', 1, '0o' FROM app.search_segment WHERE tenant_id = #",
	"INSERT INTO app.vector_space (tenant_id, origin, dimensions) VALUES (#, 'o', 2)",
	"INSERT INTO app.search_vector (tenant_id, project_id, file_id, number, space_id, dimensions, hash,"
	" vector, signs) SELECT tenant_id, 0, id, 0, 1, 2, decode(repeat('00', 32), 'hex'), '{0,1}', B'01'"
	" FROM app.search_file WHERE tenant_id = #",
	"INSERT INTO app.conversation (tenant_id, project_id) SELECT tenant_id, id FROM app.project"
	" WHERE tenant_id = #",
	"INSERT INTO app.chat_message (tenant_id, conversation_id, role, content) SELECT tenant_id, id,"
	" 'user', 'q' FROM app.conversation WHERE tenant_id = #",
	"INSERT INTO app.chat_run (tenant_id, conversation_id, message_id) SELECT tenant_id,"
	" conversation_id, id FROM app.chat_message WHERE tenant_id = #",
	"INSERT INTO app.chat_step (tenant_id, run_id, number, kind) SELECT tenant_id, id, 1, 'plan'"
	" FROM app.chat_run WHERE tenant_id = #",
	"INSERT INTO app.chat_citation (tenant_id, run_id, number, project_id, commit, path, first_line,"
	" last_line, blob) SELECT tenant_id, id, 1, 1, repeat('a', 40), 'a', 1, 1, repeat('b', 40)"
	" FROM app.chat_run WHERE tenant_id = #",
	"INSERT INTO app.event (tenant_id, kind, payload, actor) SELECT #, 'k', '{}', 'a'"
	" FROM generate_series(1, 1200)",
	"INSERT INTO app.usage_sample (tenant_id, kind, duration_ms, hits) VALUES (#, 'search', 1, 2)",
	"INSERT INTO app.llm_provider (tenant_id, name, kind, base_url, secret_id)"
	" SELECT #, 'p', 'compatible', 'https://a.b', id FROM app.secret WHERE tenant_id = #",
	"INSERT INTO app.llm_model (tenant_id, provider_id, name, kind, remote_name)"
	" SELECT tenant_id, id, 'm', 'chat', 'm' FROM app.llm_provider WHERE tenant_id = #",
	"INSERT INTO app.llm_call (tenant_id, attempt, kind, provider, model, remote_name, actor, request_id)"
	" VALUES (#, 1, 'chat', 'p', 'm', 'm', 'x', 'x')",
	"INSERT INTO app.llm_budget (tenant_id, scope, period) VALUES (#, 'tenant', 'day')",
	"INSERT INTO app.llm_breaker (tenant_id, provider_id, failures)"
	" SELECT tenant_id, id, 1 FROM app.llm_provider WHERE tenant_id = #",
	"INSERT INTO app.llm_cache (tenant_id, digest, answer, model, provider, expires_at)"
	" VALUES (#, decode(repeat('00', 32), 'hex'), '', '', '', now())",
	"INSERT INTO app.idempotency_key (tenant_id, key, request_hash, status, body)"
	" VALUES (#, 'k', sha256('a'), 200, '')",
	"INSERT INTO app.user_account (email) VALUES ('of#@example.org')",
	"INSERT INTO app.member (tenant_id, user_id, role, status) SELECT #, id, 5, 'active'"
	" FROM app.user_account WHERE email = 'of#@example.org'",
	"INSERT INTO app.password_token (user_id, tenant_id, kind, token_hash, expires_at)"
	" SELECT user_id, tenant_id, 'invitation', sha256('#'), now() + interval '1 day'"
	" FROM app.member WHERE tenant_id = #",
	"INSERT INTO app.background_job (tenant_id, project_id, job_type, order_key)"
	" SELECT tenant_id, id, 'repository_processing', 'o' || id FROM app.project"
	" WHERE tenant_id = #",
	"INSERT INTO app.job_turn (tenant_id, order_key, job_id) VALUES (#, 'left over', 1)",
	"INSERT INTO app.job_progress (tenant_id, job_id, percent) SELECT tenant_id, id, 1"
	" FROM app.background_job WHERE tenant_id = #",
	"INSERT INTO app.background_job_history (id, tenant_id, queue, job_type, priority, attempt,"
	" max_attempts, arguments, run_at, created_at) SELECT -id, tenant_id, 'q', 't', 2, 1, 1,"
	" '{}', now(), now() FROM app.background_job WHERE tenant_id = #",
	"INSERT INTO app.background_job_dead (id, tenant_id, queue, job_type, priority, status, attempt,"
	" max_attempts, arguments, run_at, created_at) SELECT -id, tenant_id, 'q', 't', 2, 'dead', 1, 1,"
	" '{}', now(), now() FROM app.background_job WHERE tenant_id = #",
	"INSERT INTO app.job_attempt (tenant_id, job_id, token, attempt, outcome) SELECT tenant_id, id, 1,"
	" 1, 'lost' FROM app.background_job WHERE tenant_id = #",
	"INSERT INTO app.job_stats (tenant_id, at, queue, job_type, what, class, jobs)"
	" VALUES (#, now(), 'q', 't', 'ran', 1, 1)",
	"INSERT INTO app.job_queue (tenant_id, name, concurrency) VALUES (#, 'q', 1)",
	"INSERT INTO app.job_slot (tenant_id, job_id, queue) SELECT tenant_id, id, 'q'"
	" FROM app.background_job WHERE tenant_id = #",
	"INSERT INTO app.job_dependency (tenant_id, job_id, on_job_id) VALUES (#, 1, 2)",
	"INSERT INTO app.job_schedule (tenant_id, name, cron, job_type, project_id) SELECT tenant_id, 's' || id,"
	" '* * * * *', 't', id FROM app.project WHERE tenant_id = #",
	"INSERT INTO app.event_outbox (tenant_id, kind, payload, actor) SELECT #, 'k', '{}', 'a'"
	" FROM generate_series(1, 20)",
	"INSERT INTO app.event_subscription (name, kinds) VALUES ('removal', '{*}') ON CONFLICT (name)"
	" DO UPDATE SET doc = ''",
	"INSERT INTO app.event_delivery (tenant_id, subscription_id, position, project_id, kind, version,"
	" payload, actor, created_at, state) SELECT #, id, #, 0, 'k', 1, '{}', 'a', now(), 'parked'"
	" FROM app.event_subscription WHERE name = 'removal'",
	"INSERT INTO app.event_activity (tenant_id, day, project_id, kind, events)"
	" VALUES (#, current_date, 0, 'k', 1)",
	"INSERT INTO app.state (tenant_id, project_id, key, data) SELECT tenant_id, id, 'project:' || id,"
	" '{}' FROM app.project WHERE tenant_id = #",
	"INSERT INTO app.token_family (tenant_id, key_id, expires_at) SELECT tenant_id, id,"
	" now() + interval '1 day' FROM app.api_key WHERE tenant_id = #",
	"INSERT INTO app.refresh_token (tenant_id, family_id, generation, token_hash)"
	" SELECT tenant_id, id, 1, sha256('#') FROM app.token_family WHERE tenant_id = #",
};

static void run_for(struct ctx *cx, const char *sql, int64_t tenant_id)
{
	struct sb sb = sb_new(cx->arena, 4096);

	sb_add(&sb, "WITH w AS (");
	for (const char *p = sql; *p != '\0'; p++) {
		if (*p == '#')
			sb_addf(&sb, "%" PRId64, tenant_id);
		else
			sb_addc(&sb, *p);
	}
	sb_add(&sb, " RETURNING 1) SELECT count(*) FROM w");
	assert_false(sb.failed);
	assert_true(fixture_db_int(cx, sb.data) > 0);
}

/* A tenant with rows in every table.  A new table needs a row above: the test says which. */
static int64_t make_full(struct ctx *cx)
{
	int64_t id = fixture_db_tenant(cx);

	for (size_t i = 0; i < COUNT(ROWS); i++)
		run_for(cx, ROWS[i], id);
	return id;
}

static void assert_full(struct ctx *cx, int64_t id)
{
	static const struct db_stmt NAMES = {
		.name = "t_names",
		.any_tenant = true,
		.read = true,
		.sql = "SELECT string_agg(c.relname::text, ' ') FROM " TABLES
		       " AND c.relname NOT IN " KEPT,
	};
	const char *names, *name;
	char *rest;

	assert_err(cx, db_get_text(cx, &NAMES, DB_NO_ARGS, &names), ERR_OK);
	rest = arena_strdup(cx->arena, names);
	while ((name = strsep(&rest, " ")) != NULL) {
		if (rows_of(cx, id, name) == 0)
			fail_msg("add a row of app.%s to ROWS", name);
	}
}

static struct tenant delete (struct ctx *cx, int64_t id)
{
	struct tenant gone = { 0 };

	cx->who.tenant_id = id;
	assert_err(cx, tenant_delete(cx, id, 0, &gone), ERR_OK);
	assert_string_equal(gone.status, "deleting");
	return gone;
}

static const char *run_removal(struct side *s, int64_t job_id, enum run_why why)
{
	const struct job_claim *job;
	struct run_report report;
	struct job_run run = { .runner = s->queue.id };
	struct list list;

	side_claim_of(s, app_jobs, CLAIM_HEAVY, 9, &list);
	assert_int_equal(list.n, 1); /* what waits besides is not started any more */
	job = list.items;
	assert_int_equal(job->id, job_id);
	run.job = job;
	run_adopt(&s->cx, &run);
	if (why != RUN_ON)
		run_stop(&run, why);
	assert_err(&s->cx, run_attempt(&s->cx, app_jobs, &run, &report), ERR_OK);
	return report.outcome;
}

static void clear_queue(struct ctx *cx)
{
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job) SELECT 1");
}

static const char *make_clone(struct fixture_db *f, struct ctx *cx, int64_t tenant_id)
{
	int64_t id = fixture_db_int(cx, arena_printf(cx->arena,
	                                             "SELECT max(id) FROM app.project"
	                                             " WHERE tenant_id = %lld",
	                                             (long long)tenant_id));
	const char *dir = arena_printf(cx->arena, "%s/%" PRId64, f->config.repos_dir, id);

	assert_int_equal(mkdir(dir, 0700), 0);
	return dir;
}

static void test_removal__takes_all_and_nothing_else(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	char *dir = arena_strdup(cx->arena, "/tmp/removal.XXXXXX");
	int64_t other, id, others;
	const char *clone, *theirs;
	struct tenant gone;
	struct side *s;
	struct job job;

	clear_queue(cx);
	assert_non_null(mkdtemp(dir));
	f->config.repos_dir = dir;
	other = make_full(cx);
	fixture_db_int(cx, "WITH u AS (UPDATE app.background_job SET run_at = now() + '1 day')"
	                   " SELECT 1");
	others = rows_of(cx, other, "%");
	id = make_full(cx);
	assert_full(cx, id);
	clone = make_clone(f, cx, id);
	theirs = make_clone(f, cx, other);
	s = side_open(cx, SIDE_HOLD_MS);
	gone = delete (cx, id);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.api_key WHERE"
	                                                 " tenant_id = %lld AND revoked_at IS NULL",
	                                                 (long long)id)),
	                 0);

	/* Interrupted and taken up again; what it can do twice, it does twice. */
	assert_string_equal(run_removal(s, gone.removal_job_id, RUN_SHUTDOWN), "returned");
	assert_int_equal(rows_of(cx, id, "project"), 5);
	assert_string_equal(run_removal(s, gone.removal_job_id, RUN_ON), "completed");

	assert_int_equal(access(clone, F_OK), -1);
	assert_int_equal(access(theirs, F_OK), 0);
	assert_int_equal(rows_of(cx, id, "%"), 1);
	assert_int_equal(rows_of(cx, id, "background_job_history"), 1);
	assert_int_equal(rows_of(cx, other, "%"), others);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.user_account"
	                                                 " WHERE email = 'of%lld@example.org'",
	                                                 (long long)id)),
	                 1);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.tenant WHERE"
	                                                 " id = %lld AND status = 'deleted'"
	                                                 " AND name = 'deleted:%lld'",
	                                                 (long long)id, (long long)id)),
	                 1);
	assert_err(cx, job_get(cx, gone.removal_job_id, &job), ERR_OK);
	assert_string_equal(job.status, "completed");
	side_close(s);
	assert_int_equal(system(arena_printf(cx->arena, "rm -rf '%s'", dir)), 0);
}

/* A job that runs is asked to stop and waited for; what it leaves behind is not started again. */
static void test_removal__stops_what_runs(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project_new in = { .name = "busy", .repository_url = "https://a.b/c" };
	struct project made;
	struct tenant gone;
	struct list list;
	struct side *s;
	int64_t job, n;

	clear_queue(cx);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim_of(s, app_jobs, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 1);

	gone = delete (cx, cx->who.tenant_id);
	assert_err(&s->cx,
	           queue_cancelled(&s->cx, &s->queue,
	                           arena_printf(s->cx.arena, "{%lld}", (long long)job), &list),
	           ERR_OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(*(const int64_t *)list.items, job);
	assert_err(cx, job_running(cx, gone.removal_job_id, &n), ERR_OK);
	assert_int_equal(n, 1);

	side_close(s); /* which hands it back */
	assert_err(cx, job_running(cx, gone.removal_job_id, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_err(cx, job_stop_all(cx, gone.removal_job_id), ERR_OK);
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim_of(s, app_jobs, CLAIM_HEAVY, 9, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(((const struct job_claim *)list.items)->id, gone.removal_job_id);
	side_close(s);
}

/* A request that was let in before may still write: it is waited for. */
static void test_removal__waits_for_who_was_let_in(void **state)
{
	static const struct db_stmt LOOK = {
		.name = "t_look",
		.nparams = 1,
		.sql = "SELECT count(*) FROM app.project WHERE tenant_id = $1",
	};
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx late = { .app = &f->app, .arena = f->arena, .db = db };
	int64_t id, n;
	struct tenant gone;
	struct side *s;
	struct list list;
	struct db_tx tx = { 0 };

	clear_queue(cx);
	id = fixture_db_tenant(cx);
	late.who.tenant_id = id;
	assert_err(&late, db_begin(&late, &tx), ERR_OK);
	assert_err(&late, db_get_int(&late, &LOOK, DB_NO_ARGS, &n), ERR_OK);

	gone = delete (cx, id);
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim_of(s, app_jobs, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 1);
	s->cx.who.tenant_id = id;
	assert_err(&s->cx, removal_strangers(&s->cx, gone.removal_job_id, &n), ERR_OK);
	assert_int_equal(n, 1);
	db_end(&tx);
	assert_err(&s->cx, removal_strangers(&s->cx, gone.removal_job_id, &n), ERR_OK);
	assert_int_equal(n, 0);
	side_close(s);
}

/* The broom is for tenants that are being deleted, and in no worker's hand. */
static void test_sweep__of_none_but_the_deleted(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s;
	int64_t n;

	assert_err(cx, removal_sweep(cx, 0, 10, &n), ERR_DATABASE);
	cx = fixture_db_ctx(*state);
	s = side_open(cx, SIDE_HOLD_MS);
	s->cx.who.tenant_id = cx->who.tenant_id;
	assert_err(&s->cx, removal_sweep(&s->cx, 0, 10, &n), ERR_CONFLICT);
	assert_err(&s->cx, removal_finish(&s->cx), ERR_OK);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.tenant WHERE"
	                                                 " id = %lld AND status = 'active'",
	                                                 (long long)cx->who.tenant_id)),
	                 1);
	side_close(s);
}

/* Deleting again goes on with the same job while there is one, and with a new one when it is dead. */
static void test_delete__again(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id;
	struct tenant gone, again;

	clear_queue(cx);
	id = fixture_db_tenant(cx);
	gone = delete (cx, id);
	again = delete (cx, id);
	assert_int_equal(again.removal_job_id, gone.removal_job_id);
	clear_queue(cx);
	again = delete (cx, id);
	assert_true(again.removal_job_id > gone.removal_job_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep__sees_every_table),
		cmocka_unit_test(test_removal__takes_all_and_nothing_else),
		cmocka_unit_test(test_removal__stops_what_runs),
		cmocka_unit_test(test_removal__waits_for_who_was_let_in),
		cmocka_unit_test(test_sweep__of_none_but_the_deleted),
		cmocka_unit_test(test_delete__again),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
