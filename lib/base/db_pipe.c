/*
 * One conversation with the server, and trying it again.
 *
 * Everything a call has to say goes out in one pipeline, ended by one sync: the
 * BEGIN that is still owed, who asks, what db_precede() left, the preparation of
 * what this connection has not yet prepared, the statement.  The server stops at the first
 * failure and skips the rest, so the order is also the order of permission.
 *
 * BEGIN is owed, not sent, by db_begin(): it costs no round trip, and when the
 * server turns out to have gone away before the first statement, nothing can
 * have been done and the start of the transaction may simply be sent again.
 */
#include "base/db_conn.h"

#include "base/sb.h"

#include <string.h>

#define NUMBER_MAX 24 /* digits of an int64, sign and NUL */

enum outcome {
	DONE,
	REFUSED,  /* by the server, with a SQLSTATE */
	UNSENT,   /* no connection */
	CUT,      /* the connection went away under it */
	OUTDATED, /* prepared before a migration; nothing was done */
};

static const struct db_stmt OPEN[DB_DEPTH_MAX] = {
	DB_PLAIN("tx_begin", "BEGIN"),
	DB_PLAIN("tx_save_1", "SAVEPOINT level_1"),
	DB_PLAIN("tx_save_2", "SAVEPOINT level_2"),
	DB_PLAIN("tx_save_3", "SAVEPOINT level_3"),
};

/* What row-level security goes by, until the transaction ends; "" is nobody. */
static const struct db_stmt WHO = {
	.name = "tx_who",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "SELECT set_config('app.tenant', $1, true), set_config('app.user', $2, true)",
};

/* --- One pipeline --- */

static void add_step(struct db_pipeline *p, const struct db *db, int kind,
                     const struct db_stmt *stmt, const struct db_arg *args, int nargs)
{
	struct db_step *step = &p->steps[p->n++];

	assert(p->n <= DB_STEPS_MAX);
	*step = (struct db_step){ .kind = kind, .stmt = stmt, .args = args, .nargs = nargs };
	step->parse = !db_is_prepared(db, stmt);
	for (int i = 0; i < p->n - 1; i++) {
		if (p->steps[i].stmt == stmt)
			step->parse = false;
	}
}

void db_pipeline_end(struct db_pipeline *p)
{
	for (int i = 0; i < p->n; i++)
		db_clear(&p->steps[i].res);
	db_clear(&p->fail);
}

/* Parameters in text, bytes in binary; libpq copies them.  Rows come as the statement says. */
static bool send_step(struct ctx *cx, const struct db_step *step)
{
	const struct db_stmt *stmt = step->stmt;
	PGconn *conn = cx->db->conn;
	char numbers[DB_PARAMS_MAX][NUMBER_MAX];
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX], n = 0;

	if (step->parse && PQsendPrepare(conn, stmt->name, stmt->sql, 0, NULL) != 1)
		return false;
	for (int i = stmt->any_tenant ? 0 : -1; i < step->nargs; i++, n++) {
		static const struct db_arg NONE = { .kind = DB_ARG_INT };
		struct db_arg arg = i < 0 ? NONE : step->args[i];

		if (i < 0)
			arg.number = cx->who.tenant_id;
		values[n] = arg.kind == DB_ARG_NULL ? NULL : arg.text;
		lengths[n] = (int)arg.len;
		formats[n] = arg.kind == DB_ARG_BYTES;
		if (arg.kind == DB_ARG_INT) {
			struct sb number = sb_fixed(numbers[n], NUMBER_MAX);

			sb_int(&number, arg.number);
			values[n] = number.data;
		}
	}
	return PQsendQueryPrepared(conn, stmt->name, n, values, lengths, formats, stmt->binary) ==
	       1;
}

/* The result of the next command in the pipeline; NULL when the connection is lost. */
static PGresult *next_result(PGconn *conn)
{
	PGresult *res = PQgetResult(conn);

	if (res == NULL || PQstatus(conn) != CONNECTION_OK) {
		PQclear(res);
		return NULL;
	}
	if (PQresultStatus(res) != PGRES_PIPELINE_SYNC)
		PQclear(PQgetResult(conn)); /* the NULL that ends each command */
	return res;
}

/* Keep the first refusal.  @ret false: the session is over */
static bool note_result(struct db_pipeline *p, int step, PGresult *res, PGresult **keep)
{
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_FATAL_ERROR && p->fail == NULL) {
		p->fail = res;
		p->failed = step;
		return !db_fault_ends_session(res);
	}
	if (keep != NULL && (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK))
		*keep = res;
	else
		PQclear(res);
	return true;
}

static bool say(struct ctx *cx, const struct db_pipeline *p)
{
	bool ok = true;

	for (int i = 0; ok && i < p->n; i++)
		ok = send_step(cx, &p->steps[i]);
	return ok;
}

/* What came of each step.  @ret false: the connection is lost */
static bool hear(struct db *db, struct db_pipeline *p)
{
	PGresult *res;

	for (int i = 0; i < p->n; i++) {
		struct db_step *step = &p->steps[i];

		if (step->parse) {
			res = next_result(db->conn);
			if (res == NULL)
				return false;
			if (PQresultStatus(res) == PGRES_COMMAND_OK)
				db_mark_prepared(db, step->stmt);
			if (!note_result(p, i, res, NULL))
				return false;
		}
		res = next_result(db->conn);
		if (res == NULL || !note_result(p, i, res, &step->res))
			return false;
	}
	return true;
}

/* Up to the sync.  A failure may still come: of the commit that it makes. */
static bool hear_sync(struct db *db, struct db_pipeline *p)
{
	for (;;) {
		PGresult *res = next_result(db->conn);
		bool sync;

		if (res == NULL)
			return false;
		sync = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
		if (!note_result(p, p->n, res, NULL))
			return false;
		if (sync)
			return true;
	}
}

static enum outcome exchange(struct ctx *cx, struct db_pipeline *p)
{
	struct db *db = cx->db;

	if (!say(cx, p) || PQpipelineSync(db->conn) != 1 || !hear(db, p) || !hear_sync(db, p)) {
		db_conn_lost(db, p->fail);
		return CUT;
	}
	for (int i = 0; i < p->n && p->steps[i].res != NULL; i++) {
		db->opened += p->steps[i].kind == DB_STEP_LEVEL;
		if (p->steps[i].kind == DB_STEP_WHO)
			db_told(cx);
	}
	if (p->fail == NULL)
		return DONE;
	return db_fault_is_stale_plan(p->fail) ? OUTDATED : REFUSED;
}

void db_told(struct ctx *cx)
{
	struct db *db = cx->db;

	db->told = db->opened;
	db->told_tenant = cx->who.tenant_id;
	db->told_user = cx->who.user_id;
}

/* Has the transaction that the statement will run in yet to be told who asks?  A preamble tells it. */
static bool owes_who(const struct ctx *cx, const struct db_stmt *stmt)
{
	const struct db *db = cx->db;
	const struct who *who = &cx->who;

	if (cx->preamble != NULL || (stmt != NULL && stmt->level))
		return false;
	if (db->told == 0)
		return who->tenant_id != 0 || who->user_id != 0;
	return who->tenant_id != db->told_tenant || who->user_id != db->told_user;
}

static void add_who(struct ctx *cx, struct db_pipeline *p)
{
	const int64_t ids[] = { cx->who.tenant_id, cx->who.user_id };

	for (size_t i = 0; i < COUNT(ids); i++) {
		const struct db_arg none = { .kind = DB_ARG_TEXT, .text = "" };
		const struct db_arg id = DB_INT(ids[i]);

		p->who[i] = ids[i] == 0 ? none : id;
	}
	add_step(p, cx->db, DB_STEP_WHO, &WHO, p->who, COUNT(p->who));
}

/* All that is owed, and the statement.  @who whether it is owed to tell who asks */
static void compose(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                    int nargs, bool who, struct db_pipeline *p)
{
	const struct db *db = cx->db;
	const struct db_preamble *pre = cx->preamble;

	*p = (struct db_pipeline){ 0 };
	for (int level = db->opened; level < db->depth; level++) {
		add_step(p, db, DB_STEP_LEVEL, &OPEN[level], NULL, 0);
		if (who && level == 0) { /* outside of savepoints: for the whole transaction */
			add_who(cx, p);
			who = false;
		}
	}
	if (who)
		add_who(cx, p);
	if (pre != NULL)
		add_step(p, db, DB_STEP_PREAMBLE, pre->stmt, pre->args, pre->nargs);
	if (stmt != NULL)
		add_step(p, db, DB_STEP_STATEMENT, stmt, args, nargs);
}

/* One attempt, for which we connect if need be. */
static enum outcome attempt(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                            int nargs, struct db_pipeline *p)
{
	*p = (struct db_pipeline){ 0 };
	if (!db_conn_ready(cx->db, stmt == NULL || !stmt->read))
		return UNSENT;
	compose(cx, stmt, args, nargs, owes_who(cx, stmt), p);
	return exchange(cx, p);
}

/* --- Several callers in one pipeline --- */

static bool same_arg(const struct db_arg *a, const struct db_arg *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case DB_ARG_NULL:
		return true;
	case DB_ARG_TEXT:
		return strcmp(a->text, b->text) == 0;
	case DB_ARG_INT:
		return a->number == b->number;
	case DB_ARG_BYTES:
		return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
	}
	return false;
}

/* Would the server be asked the same: one credential, for the same role, scope and tenant? */
static bool same_preamble(const struct db_preamble *a, const struct db_preamble *b)
{
	bool same = a->stmt == b->stmt && a->nargs == b->nargs;

	for (int i = 0; same && i < a->nargs; i++)
		same = same_arg(&a->args[i], &b->args[i]);
	return same;
}

/* What is prepared for a question before it is not prepared twice. */
static void spare_parses(const struct db_question *all, struct db_question *q)
{
	for (int i = 0; i < q->p.n; i++) {
		struct db_step *step = &q->p.steps[i];
		const struct db_question *before = all;

		for (; step->parse && before != q; before = before->next) {
			for (int j = 0; j < before->p.n; j++)
				step->parse = step->parse && before->p.steps[j].stmt != step->stmt;
		}
	}
}

/*
 * They are one transaction to the server: what it was told of the caller before still holds.  So each question
 * brings its own caller along, also one whose caller is nobody; but a run of the same caller's is admitted once.
 */
static void compose_all(struct db_question *all)
{
	struct db_question *told = NULL; /* by whose admission the settings stand now */

	for (struct db_question *q = all; q != NULL; q = q->next) {
		const struct db_preamble *pre = q->cx->preamble;
		const struct db *db = q->cx->db;

		if (pre == NULL) {
			told = NULL;
			add_who(q->cx, &q->p);
		} else if (told == NULL || !same_preamble(pre, told->cx->preamble)) {
			told = q;
			add_step(&q->p, db, DB_STEP_PREAMBLE, pre->stmt, pre->args, pre->nargs);
		}
		q->admitted = told;
		add_step(&q->p, db, DB_STEP_STATEMENT, q->stmt, q->args, q->nargs);
		spare_parses(all, q);
	}
}

/* Reads have nothing to commit, so an answer that arrives is good whatever becomes of those behind it. */
struct db_question *db_converse_all(struct db *db)
{
	struct db_question *all = db->asked, *at = NULL;
	bool ok = true;

	db->asked = NULL;
	if (all == NULL || all->next == NULL)
		return NULL;
	assert(db->depth == 0);
	if (!db_conn_ready(db, false))
		return NULL;
	compose_all(all);
	for (struct db_question *q = all; ok && q != NULL; q = q->next)
		ok = say(q->cx, &q->p);
	ok = ok && PQpipelineSync(db->conn) == 1;
	for (struct db_question *q = all; ok && q != NULL; q = q->next) {
		ok = hear(db, &q->p);
		at = q;
	}
	if (!ok || !hear_sync(db, &at->p))
		db_conn_lost(db, at != NULL ? at->p.fail : NULL);
	return all;
}

/* --- Trying again --- */

/*
 * Wait a little for the server.  When it has stayed away for DB_RETRY_MS, later
 * statements make one attempt each, so that a long outage is answered at once.
 */
static bool may_wait(struct ctx *cx, int64_t since, int *pause_ms)
{
	struct db *db = cx->db;
	int64_t left = since + DB_RETRY_MS - db_now_ms();

	if (db->gave_up || left <= 0) {
		db->gave_up = true;
		return false;
	}
	if (ctx_left_ms(cx) <= *pause_ms)
		return false;
	db_sleep_ms(*pause_ms < left ? *pause_ms : (int)left);
	*pause_ms = *pause_ms * 2 < DB_PAUSE_MAX_MS ? *pause_ms * 2 : DB_PAUSE_MAX_MS;
	return true;
}

enum err db_refuse(struct ctx *cx, const struct db_stmt *stmt)
{
	struct db *db = cx->db;

	if (stmt != NULL && !stmt->any_tenant && cx->who.tenant_id <= 0) {
		err_set(cx, ERR_INTERNAL, "the request has no tenant");
		err_cause(cx, "statement %s needs a tenant", stmt->name);
		return ERR_INTERNAL;
	}
	if (db->torn) {
		err_set(cx, ERR_UNAVAILABLE, "the database connection was lost");
		err_cause(cx, "inside a transaction: %s", db->trouble);
		return ERR_UNAVAILABLE;
	}
	if (ctx_left_ms(cx) <= 0)
		return err_set(cx, ERR_TIMEOUT, "the time allowed is over");
	return ERR_OK;
}

/*
 * A pipeline may be sent again when it was never sent, when it only reads, and
 * when it begins a transaction: that one died uncommitted with its connection.
 */
enum err db_converse(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                     int nargs, struct db_pipeline *p)
{
	struct db *db = cx->db;
	const char *what = stmt != NULL ? stmt->name : "preamble";
	int64_t since = db_now_ms();
	int pause_ms = DB_PAUSE_MS;

	TRY(db_refuse(cx, stmt));
	for (;;) {
		bool inside = db->opened > 0;
		bool harmless = stmt == NULL || stmt->read || db->depth > 0;
		enum outcome out = attempt(cx, stmt, args, nargs, p);

		if (out == DONE)
			return ERR_OK;
		if (out == OUTDATED) {
			db_pipeline_end(p);
			db_conn_lost(db, NULL);
			if (!inside)
				continue;
			return db_fault_lost(cx, what);
		}
		if (out == REFUSED) {
			int i = p->failed < p->n ? p->failed : p->n - 1;

			return db_fault(cx, p->fail, p->steps[i].stmt->name);
		}
		db_pipeline_end(p);
		if (inside || (out == CUT && !harmless) || !may_wait(cx, since, &pause_ms))
			return db_fault_lost(cx, what);
	}
}

bool db_converse_once(struct ctx *cx, const struct db_stmt *stmt)
{
	CLEANUP(db_pipeline_end) struct db_pipeline p = { 0 };
	struct db_preamble *preamble = cx->preamble;
	enum outcome out;

	cx->preamble = NULL;
	out = attempt(cx, stmt, NULL, 0, &p);
	cx->preamble = preamble;
	return out == DONE;
}
