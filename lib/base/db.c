/*
 * Statements, rows and transactions.
 *
 * What goes over the wire, and what happens when it does not arrive, is the
 * business of db_pipe.c.
 */
#include "base/db_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIKE_MAX ((size_t)8 * 1024) /* bytes of a search text, escaped */

static const struct db_stmt KEEP[DB_DEPTH_MAX] = {
	DB_PLAIN("tx_commit", "COMMIT"),
	DB_PLAIN("tx_keep_1", "RELEASE level_1"),
	DB_PLAIN("tx_keep_2", "RELEASE level_2"),
	DB_PLAIN("tx_keep_3", "RELEASE level_3"),
};
static const struct db_stmt UNDO[DB_DEPTH_MAX] = {
	DB_PLAIN("tx_rollback", "ROLLBACK"),
	DB_PLAIN("tx_undo_1", "ROLLBACK TO level_1"),
	DB_PLAIN("tx_undo_2", "ROLLBACK TO level_2"),
	DB_PLAIN("tx_undo_3", "ROLLBACK TO level_3"),
};

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
	bool binary = PQbinaryTuples(res) != 0;
	int n = PQnfields(res);

	for (int i = 0; i < n; i++) {
		size_t len = (size_t)PQgetlength(res, row, i);
		bool null = len == 0 && PQgetisnull(res, row, i);
		const char *data = null ? NULL : PQgetvalue(res, row, i);

		if (binary)
			schema_set_binary(cx->arena, fields[i], data, len, obj);
		else
			schema_set_column(cx->arena, fields[i], data, len, obj);
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
static enum err settle_preamble(struct ctx *cx, const struct db_pipeline *p)
{
	const struct db_preamble *pre = cx->preamble;
	const PGresult *res = NULL;

	for (int i = 0; i < p->n; i++) {
		if (p->steps[i].kind == DB_STEP_PREAMBLE)
			res = p->steps[i].res;
	}
	if (res == NULL)
		return ERR_OK;
	cx->preamble = NULL;
	TRY(fill_one(cx, pre->stmt, res, pre->schema, pre->ret));
	if (pre->then != NULL)
		pre->then(cx, pre->ret);
	db_told(cx);
	return ERR_OK;
}

static enum err converse(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                         int nargs, PGresult **ret)
{
	CLEANUP(db_pipeline_end) struct db_pipeline p = { 0 };
	enum err e;

	assert(cx->db != NULL);
	assert(nargs + (stmt->any_tenant ? 0 : 1) == stmt->nparams &&
	       stmt->nparams <= DB_PARAMS_MAX);
	e = db_converse(cx, stmt, args, nargs, &p);
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

/* Run one statement.  @ret its result, to be put away by the caller */
static enum err run(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                    int nargs, PGresult **ret)
{
	enum err e = converse(cx, stmt, args, nargs, ret);

	db_pool_rest(cx->db);
	return e;
}

static enum err fill_list(struct ctx *cx, const struct db_stmt *stmt, const PGresult *res,
                          const struct schema *s, struct list *ret)
{
	const struct field *fields[SCHEMA_FIELDS_MAX];
	char *items;
	int n;

	TRY(match_columns(cx, stmt, res, s, fields));
	n = PQntuples(res);
	items = arena_array(cx->arena, (size_t)n, s->size);
	for (int i = 0; i < n; i++)
		fill(cx, res, i, fields, items + (size_t)i * s->size);
	*ret = (struct list){ .items = items, .n = (size_t)n };
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

	TRY(run(cx, stmt, args, nargs, &res));
	return fill_list(cx, stmt, res, s, ret);
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

	assert(!stmt->binary);
	TRY(run(cx, stmt, args, nargs, &res));
	TRY(one_row(cx, stmt, res));
	*ret = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	return ERR_OK;
}

enum err db_get_text(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                     int nargs, const char **ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;

	assert(!stmt->binary);
	TRY(run(cx, stmt, args, nargs, &res));
	TRY(one_row(cx, stmt, res));
	*ret = NULL;
	if (!PQgetisnull(res, 0, 0))
		*ret = arena_strndup(cx->arena, PQgetvalue(res, 0, 0),
		                     (size_t)PQgetlength(res, 0, 0));
	return ERR_OK;
}

/* --- Questions --- */

enum err db_ask(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                struct db_question **ret)
{
	struct db_question **end = &cx->db->asked, *q;

	assert(stmt->read);
	TRY(db_refuse(cx, stmt));
	q = arena_alloc(cx->arena, sizeof(*q));
	q->cx = cx;
	q->stmt = stmt;
	q->args = arena_memdup(cx->arena, args, (size_t)nargs * sizeof(*args));
	q->nargs = nargs;
	for (; *end != NULL; end = &(*end)->next)
		assert((*end)->cx != cx); /* whose preamble goes with one */
	*end = q;
	*ret = q;
	return ERR_OK;
}

static bool is_open(const struct db *db, const struct db_question *q)
{
	const struct db_question *open = db->asked;

	while (open != NULL && open != q)
		open = open->next;
	return open != NULL;
}

static PGresult **own_result(struct db_question *q)
{
	return &q->p.steps[q->p.n - 1].res;
}

/* Send all that are open.  Their callers are admitted at once, while all results are there. */
static void ask_all(struct db *db)
{
	struct db_question *all = db_converse_all(db);

	for (struct db_question *q = all; q != NULL; q = q->next) {
		q->answered = q->p.fail == NULL && *own_result(q) != NULL;
		if (q->answered && q->admitted != NULL)
			q->outcome = settle_preamble(q->cx, &q->admitted->p);
	}
}

/* @ret its result, to be put away by the caller */
static enum err take_answer(struct ctx *cx, struct db_question *q, PGresult **ret)
{
	if (is_open(cx->db, q))
		ask_all(cx->db);
	if (!q->answered) {
		db_pipeline_end(&q->p);
		return run(cx, q->stmt, q->args, q->nargs, ret);
	}
	db_pool_rest(cx->db);
	*ret = *own_result(q);
	*own_result(q) = NULL;
	return q->outcome;
}

enum err db_answer(struct ctx *cx, struct db_question *q, const struct schema *s, void *ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;
	enum err e = take_answer(cx, q, &res);

	db_forget(cx, q);
	TRY(e);
	return fill_one(cx, q->stmt, res, s, ret);
}

enum err db_answer_list(struct ctx *cx, struct db_question *q, const struct schema *s,
                        struct list *ret)
{
	CLEANUP(db_clear) PGresult *res = NULL;
	enum err e = take_answer(cx, q, &res);

	db_forget(cx, q);
	TRY(e);
	return fill_list(cx, q->stmt, res, s, ret);
}

void db_forget(struct ctx *cx, struct db_question *q)
{
	struct db_question **link = &cx->db->asked;

	if (q == NULL)
		return;
	while (*link != NULL && *link != q)
		link = &(*link)->next;
	if (*link != NULL)
		*link = q->next;
	db_pipeline_end(&q->p);
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
	CLEANUP(db_pipeline_end) struct db_pipeline p = { 0 };

	enum err e;

	if (cx->preamble == NULL)
		return ERR_OK;
	e = db_converse(cx, NULL, NULL, 0, &p);
	db_pool_rest(cx->db);
	TRY(e);
	return settle_preamble(cx, &p);
}

/* --- Transactions --- */

enum err db_begin(struct ctx *cx, struct db_tx *tx)
{
	struct db *db = cx->db;

	assert(tx->depth == 0 && db->depth < DB_DEPTH_MAX);
	tx->cx = cx;
	tx->depth = ++db->depth;
	return ERR_OK;
}

/*
 * Levels end in the order in which they began; the last one mends a torn transaction.  Who asks,
 * told inside a savepoint, is forgotten with what the savepoint did, and else kept by the level around.
 */
static void leave(struct db_tx *tx, bool undone)
{
	struct db *db = tx->cx->db;

	assert(tx->depth == db->depth);
	if (db->told >= db->depth)
		db->told = undone ? 0 : db->depth - 1;
	db->depth--;
	if (db->opened > db->depth)
		db->opened = db->depth;
	if (db->depth == 0)
		db->torn = false;
	tx->depth = 0;
	db_pool_rest(db);
}

enum err db_commit(struct db_tx *tx)
{
	struct ctx *cx = tx->cx;
	struct db *db = cx->db;
	CLEANUP(db_clear) PGresult *res = NULL;

	assert(tx->depth > 0 && tx->depth == db->depth);
	if (db->opened < tx->depth && !db->torn) { /* nothing was done in it */
		leave(tx, false);
		return ERR_OK;
	}
	TRY(run(cx, &KEEP[tx->depth - 1], NULL, 0, &res));
	leave(tx, false);
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
	/* A session that cannot even roll back is given up, and with it the transaction. */
	if (cx->db->opened >= tx->depth && !db_converse_once(cx, &UNDO[tx->depth - 1]))
		db_conn_lost(cx->db, NULL);
	leave(tx, true);
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

/* The line of a text at a position, counted in characters from 1, as the server tells it. */
static int line_at(const char *text, const char *position)
{
	long left = position != NULL ? strtol(position, NULL, 10) - 1 : 0;
	int line = 1;

	for (; left > 0 && *text != '\0'; text++) {
		line += *text == '\n';
		left -= (text[1] & 0xC0) != 0x80;
	}
	return line;
}

enum err db_script(struct ctx *cx, const char *sql)
{
	struct db *db = cx->db;
	CLEANUP(db_pipeline_end) struct db_pipeline p = { 0 };
	CLEANUP(db_clear) PGresult *res = NULL;

	assert(db->pool == NULL);
	/* What is owed goes first: the script belongs into the transaction. */
	if (db->depth > 0 || cx->preamble != NULL) {
		TRY(db_converse(cx, NULL, NULL, 0, &p));
		TRY(settle_preamble(cx, &p));
	}
	TRY(db_refuse(cx, NULL));
	if (!db_conn_ready(db, true))
		return db_fault_lost(cx, "script");
	res = db_conn_exec(db, sql);
	if (res == NULL)
		return db_fault_lost(cx, "script");
	if (PQresultStatus(res) == PGRES_FATAL_ERROR) {
		const char *at = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
		char what[40];

		snprintf(what, sizeof(what), "line %d", line_at(sql, at));
		return db_fault(cx, res, at != NULL ? what : "script");
	}
	return ERR_OK;
}
