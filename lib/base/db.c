/*
 * Statements, rows and transactions.
 *
 * Everything a call has to say goes out in one pipeline, ended by one sync: the
 * BEGIN that is still owed, what db_precede() left, the preparation of what this
 * connection has not yet prepared, the statement.  The server stops at the first
 * failure and skips the rest, so the order is also the order of permission.
 *
 * BEGIN is owed, not sent, by db_begin(): it costs no round trip, and when the
 * server turns out to have gone away before the first statement, nothing can
 * have been done and the start of the transaction may simply be sent again.
 */
#include "base/db_conn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 32
#define DEPTH_MAX  4                  /* db_begin() within db_begin() */
#define STEPS_MAX  (DEPTH_MAX + 2)    /* levels, preamble, statement */
#define NUMBER_MAX 24                 /* digits of an int64, sign and NUL */
#define LIKE_MAX   ((size_t)8 * 1024) /* bytes of a search text, escaped */

/* Part of a pipeline, and what came back. */
struct step {
	const struct db_stmt *stmt;
	const struct db_arg *args;
	int nargs;
	bool parse; /* prepared in this very pipeline */
	PGresult *res;
};

struct pipeline {
	struct step steps[STEPS_MAX];
	int n;
	int levels;     /* of transaction that it opens */
	bool preamble;  /* the step before the last is the context's */
	PGresult *fail; /* what the server refused, owned by a step or by itself */
	int failed;     /* which step; n: the commit at the sync */
};

/* What db_precede() leaves in the context. */
struct db_preamble {
	const struct db_stmt *stmt;
	const struct db_arg *args;
	int nargs;
	const struct schema *schema;
	void *ret;
	void (*then)(struct ctx *cx, void *ret);
};

enum outcome {
	DONE,
	REFUSED,  /* by the server, with a SQLSTATE */
	UNSENT,   /* no connection */
	CUT,      /* the connection went away under it */
	OUTDATED, /* prepared before a migration; nothing was done */
};

#define PLAIN(id, text)                                                                            \
	{                                                                                          \
		.name = id, .sql = text, .any_tenant = true                                        \
	}

static const struct db_stmt OPEN[DEPTH_MAX] = {
	PLAIN("tx_begin", "BEGIN"),
	PLAIN("tx_save_1", "SAVEPOINT level_1"),
	PLAIN("tx_save_2", "SAVEPOINT level_2"),
	PLAIN("tx_save_3", "SAVEPOINT level_3"),
};
static const struct db_stmt KEEP[DEPTH_MAX] = {
	PLAIN("tx_commit", "COMMIT"),
	PLAIN("tx_keep_1", "RELEASE level_1"),
	PLAIN("tx_keep_2", "RELEASE level_2"),
	PLAIN("tx_keep_3", "RELEASE level_3"),
};
static const struct db_stmt UNDO[DEPTH_MAX] = {
	PLAIN("tx_rollback", "ROLLBACK"),
	PLAIN("tx_undo_1", "ROLLBACK TO level_1"),
	PLAIN("tx_undo_2", "ROLLBACK TO level_2"),
	PLAIN("tx_undo_3", "ROLLBACK TO level_3"),
};

/* --- One pipeline --- */

static void add_step(struct pipeline *p, const struct db *db, const struct db_stmt *stmt,
                     const struct db_arg *args, int nargs)
{
	struct step *step = &p->steps[p->n++];

	assert(p->n <= STEPS_MAX);
	*step = (struct step){ .stmt = stmt, .args = args, .nargs = nargs };
	step->parse = !db_is_prepared(db, stmt);
	for (int i = 0; i < p->n - 1; i++) {
		if (p->steps[i].stmt == stmt)
			step->parse = false;
	}
}

static void put_away(struct pipeline *p)
{
	for (int i = 0; i < p->n; i++)
		db_clear(&p->steps[i].res);
	db_clear(&p->fail);
}

/* Parameters in text, bytes in binary; libpq copies them. */
static bool send_step(struct ctx *cx, const struct step *step)
{
	const struct db_stmt *stmt = step->stmt;
	PGconn *conn = cx->db->conn;
	char numbers[PARAMS_MAX][NUMBER_MAX];
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX], formats[PARAMS_MAX], n = 0;

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
			snprintf(numbers[n], NUMBER_MAX, "%" PRId64, arg.number);
			values[n] = numbers[n];
		}
	}
	return PQsendQueryPrepared(conn, stmt->name, n, values, lengths, formats, 0) == 1;
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
static bool note_result(struct pipeline *p, int step, PGresult *res, PGresult **keep)
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

/* Everything up to the sync.  @ret false: the connection is lost */
static bool receive(struct db *db, struct pipeline *p)
{
	PGresult *res;

	for (int i = 0; i < p->n; i++) {
		struct step *step = &p->steps[i];

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
	/* A failure may still come: of the commit that the sync makes. */
	for (;;) {
		bool sync;

		res = next_result(db->conn);
		if (res == NULL)
			return false;
		sync = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
		if (!note_result(p, p->n, res, NULL))
			return false;
		if (sync)
			return true;
	}
}

static enum outcome exchange(struct ctx *cx, struct pipeline *p)
{
	struct db *db = cx->db;
	bool ok = true;

	for (int i = 0; ok && i < p->n; i++)
		ok = send_step(cx, &p->steps[i]);
	ok = ok && PQpipelineSync(db->conn) == 1 && receive(db, p);
	if (!ok) {
		db_conn_lost(db);
		return CUT;
	}
	for (int i = 0; i < p->levels && p->steps[i].res != NULL; i++)
		db->opened++;
	if (p->fail == NULL)
		return DONE;
	return db_fault_is_stale_plan(p->fail) ? OUTDATED : REFUSED;
}

/* One attempt: connect if need be, send all that is owed and the statement. */
static enum outcome attempt(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                            int nargs, struct pipeline *p)
{
	struct db *db = cx->db;
	const struct db_preamble *pre = cx->preamble;

	*p = (struct pipeline){ 0 };
	if (!db_conn_ready(db, stmt == NULL || !stmt->read))
		return UNSENT;
	for (int level = db->opened; level < db->depth; level++, p->levels++)
		add_step(p, db, &OPEN[level], NULL, 0);
	if (pre != NULL) {
		add_step(p, db, pre->stmt, pre->args, pre->nargs);
		p->preamble = true;
	}
	if (stmt != NULL)
		add_step(p, db, stmt, args, nargs);
	return exchange(cx, p);
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

static enum err refuse(struct ctx *cx, const struct db_stmt *stmt)
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
static enum err converse(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                         int nargs, struct pipeline *p)
{
	struct db *db = cx->db;
	const char *what = stmt != NULL ? stmt->name : "preamble";
	int64_t since = db_now_ms();
	int pause_ms = DB_PAUSE_MS;

	TRY(refuse(cx, stmt));
	for (;;) {
		bool inside = db->opened > 0;
		bool harmless = stmt == NULL || stmt->read || db->depth > 0;
		enum outcome out = attempt(cx, stmt, args, nargs, p);

		if (out == DONE)
			return ERR_OK;
		if (out == OUTDATED) {
			put_away(p);
			db_conn_lost(db);
			if (!inside)
				continue;
			return db_fault_lost(cx, what);
		}
		if (out == REFUSED) {
			int i = p->failed < p->n ? p->failed : p->n - 1;

			return db_fault(cx, p->fail, p->steps[i].stmt->name);
		}
		put_away(p);
		if (inside || (out == CUT && !harmless) || !may_wait(cx, since, &pause_ms))
			return db_fault_lost(cx, what);
	}
}

/* --- Rows --- */

/* Which field each column fills.  Columns mostly come in the order of the table. */
static enum err match_columns(struct ctx *cx, const struct db_stmt *stmt, const PGresult *res,
                              const struct schema *s, const struct field **ret)
{
	int n = PQnfields(res);

	assert(n <= SCHEMA_FIELDS_MAX);
	for (int i = 0; i < n; i++) {
		const char *name = PQfname(res, i);
		bool here = (size_t)i < s->nfields && strcmp(s->fields[i].name, name) == 0;

		ret[i] = here ? &s->fields[i] : schema_field(s, name);
		if (ret[i] == NULL) {
			err_set(cx, ERR_INTERNAL, "the database and the program disagree");
			err_cause(cx, "%s: %s has no field for column %s", stmt->name, s->name,
			          name);
			return ERR_INTERNAL;
		}
	}
	return ERR_OK;
}

static void fill(struct ctx *cx, const PGresult *res, int row, const struct field **fields,
                 void *obj)
{
	for (int i = 0; i < PQnfields(res); i++) {
		bool null = PQgetisnull(res, row, i);

		schema_set_column(cx->arena, fields[i], null ? NULL : PQgetvalue(res, row, i),
		                  (size_t)PQgetlength(res, row, i), obj);
	}
}

static enum err one_row(struct ctx *cx, const struct db_stmt *stmt, const PGresult *res)
{
	int n = PQntuples(res);

	if (n == 1)
		return ERR_OK;
	if (n == 0)
		return err_set(cx, ERR_NOT_FOUND, "there is no such item");
	err_set(cx, ERR_INTERNAL, "the database and the program disagree");
	err_cause(cx, "%s gave %d rows for one", stmt->name, n);
	return ERR_INTERNAL;
}

static enum err fill_one(struct ctx *cx, const struct db_stmt *stmt, const PGresult *res,
                         const struct schema *s, void *ret)
{
	const struct field *fields[SCHEMA_FIELDS_MAX];
	void *obj;

	TRY(one_row(cx, stmt, res));
	if (s == NULL)
		return ERR_OK;
	TRY(match_columns(cx, stmt, res, s, fields));
	obj = arena_alloc(cx->arena, s->size);
	fill(cx, res, 0, fields, obj);
	memcpy(ret, obj, s->size);
	return ERR_OK;
}

/* --- Statements --- */

/* The preamble passed: store its row, and it is over. */
static enum err settle_preamble(struct ctx *cx, const struct pipeline *p)
{
	const struct db_preamble *pre = cx->preamble;
	const PGresult *res;

	if (!p->preamble)
		return ERR_OK;
	res = p->steps[p->levels].res;
	if (res == NULL)
		return ERR_OK;
	cx->preamble = NULL;
	TRY(fill_one(cx, pre->stmt, res, pre->schema, pre->ret));
	if (pre->then != NULL)
		pre->then(cx, pre->ret);
	return ERR_OK;
}

/* Run one statement.  @ret its result, to be put away by the caller */
static enum err run(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                    int nargs, PGresult **ret)
{
	CLEANUP(put_away) struct pipeline p = { 0 };
	enum err e;

	assert(cx->db != NULL);
	assert(nargs + (stmt->any_tenant ? 0 : 1) == stmt->nparams && stmt->nparams <= PARAMS_MAX);
	e = converse(cx, stmt, args, nargs, &p);
	if (e == ERR_OK || p.fail != NULL) {
		struct fault kept = cx->fault;
		enum err pre = settle_preamble(cx, &p);

		if (e == ERR_OK)
			e = pre;
		else
			cx->fault = kept;
	}
	if (e != ERR_OK)
		return e;
	*ret = p.steps[p.n - 1].res;
	p.steps[p.n - 1].res = NULL;
	return ERR_OK;
}

enum err db_get(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                const struct schema *s, void *ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;

	TRY(run(cx, stmt, args, nargs, &res));
	return fill_one(cx, stmt, res, s, ret);
}

enum err db_list(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                 const struct schema *s, struct list *ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;
	const struct field *fields[SCHEMA_FIELDS_MAX];
	char *items;
	int n;

	TRY(run(cx, stmt, args, nargs, &res));
	TRY(match_columns(cx, stmt, res, s, fields));
	n = PQntuples(res);
	items = arena_array(cx->arena, (size_t)n, s->size);
	for (int i = 0; i < n; i++)
		fill(cx, res, i, fields, items + (size_t)i * s->size);
	*ret = (struct list){ .items = items, .n = (size_t)n };
	return ERR_OK;
}

enum err db_run(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                int64_t *ret_rows)
{
	CLEANUP(db_clear) PGresult *res = NULL;

	TRY(run(cx, stmt, args, nargs, &res));
	if (ret_rows != NULL)
		*ret_rows = strtoll(PQcmdTuples(res), NULL, 10);
	return ERR_OK;
}

enum err db_get_int(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                    int nargs, int64_t *ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;

	TRY(run(cx, stmt, args, nargs, &res));
	TRY(one_row(cx, stmt, res));
	*ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	return ERR_OK;
}

enum err db_get_text(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                     int nargs, const char **ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;

	TRY(run(cx, stmt, args, nargs, &res));
	TRY(one_row(cx, stmt, res));
	*ret = NULL;
	if (!PQgetisnull(res, 0, 0))
		*ret = arena_strndup(cx->arena, PQgetvalue(res, 0, 0),
		                     (size_t)PQgetlength(res, 0, 0));
	return ERR_OK;
}

/* --- The caller's admission --- */

void db_precede(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                const struct schema *s, void *ret, void (*then)(struct ctx *cx, void *ret))
{
	struct db_preamble *pre = arena_alloc(cx->arena, sizeof(*pre));

	assert(stmt->read && nargs + (stmt->any_tenant ? 0 : 1) == stmt->nparams);
	*pre = (struct db_preamble){ stmt, args, nargs, s, ret, then };
	cx->preamble = pre;
}

enum err db_flush(struct ctx *cx)
{
	CLEANUP(put_away) struct pipeline p = { 0 };

	if (cx->preamble == NULL)
		return ERR_OK;
	TRY(converse(cx, NULL, NULL, 0, &p));
	return settle_preamble(cx, &p);
}

/* --- Transactions --- */

enum err db_begin(struct ctx *cx, struct db_tx *tx)
{
	struct db *db = cx->db;

	assert(tx->depth == 0 && db->depth < DEPTH_MAX);
	tx->cx = cx;
	tx->depth = ++db->depth;
	return ERR_OK;
}

/* Levels end in the order in which they began; the last one mends a torn transaction. */
static void leave(struct db_tx *tx)
{
	struct db *db = tx->cx->db;

	assert(tx->depth == db->depth);
	db->depth--;
	if (db->opened > db->depth)
		db->opened = db->depth;
	if (db->depth == 0)
		db->torn = false;
	tx->depth = 0;
}

enum err db_commit(struct db_tx *tx)
{
	struct ctx *cx = tx->cx;
	struct db *db = cx->db;
	CLEANUP(db_clear) PGresult *res = NULL;

	assert(tx->depth > 0 && tx->depth == db->depth);
	if (db->opened < tx->depth && !db->torn) { /* nothing was done in it */
		leave(tx);
		return ERR_OK;
	}
	TRY(run(cx, &KEEP[tx->depth - 1], NULL, 0, &res));
	leave(tx);
	if (strcmp(PQcmdStatus(res), "ROLLBACK") == 0) {
		err_set(cx, ERR_DATABASE, "the change was not made");
		err_cause(cx, "commit of a transaction in which a statement had failed");
		return ERR_DATABASE;
	}
	return ERR_OK;
}

/* On the way out of a failure: what is told of it stays. */
void db_end(struct db_tx *tx)
{
	struct ctx *cx = tx->cx;

	if (tx->depth == 0)
		return;
	if (cx->db->opened >= tx->depth && !cx->db->torn) {
		CLEANUP(put_away) struct pipeline p = { 0 };
		struct db_preamble *pre = cx->preamble;
		enum outcome out;

		cx->preamble = NULL;
		out = attempt(cx, &UNDO[tx->depth - 1], NULL, 0, &p);
		cx->preamble = pre;
		/* A session that cannot even roll back is given up, and with it the transaction. */
		if (out != DONE)
			db_conn_lost(cx->db);
	}
	leave(tx);
}

/* --- The rest --- */

const char *db_constraint(const struct ctx *cx)
{
	return cx->db->constraint;
}

const char *db_like(struct arena *arena, const char *text)
{
	struct sb sb = sb_new(arena, LIKE_MAX);

	sb_addc(&sb, '%');
	for (; *text != '\0'; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			sb_addc(&sb, '\\');
		sb_addc(&sb, *text);
	}
	sb_addc(&sb, '%');
	assert(!sb.failed);
	return sb.data;
}

enum err db_script(struct ctx *cx, const char *sql)
{
	struct db *db = cx->db;
	CLEANUP(put_away) struct pipeline p = { 0 };
	CLEANUP(db_clear) PGresult *res = NULL;

	/* What is owed goes first: the script belongs into the transaction. */
	if (db->depth > db->opened || cx->preamble != NULL) {
		TRY(converse(cx, NULL, NULL, 0, &p));
		TRY(settle_preamble(cx, &p));
	}
	TRY(refuse(cx, NULL));
	if (!db_conn_ready(db, true))
		return db_fault_lost(cx, "script");
	res = db_conn_exec(db, sql);
	if (res == NULL)
		return db_fault_lost(cx, "script");
	if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		return db_fault(cx, res, "script");
	return ERR_OK;
}
