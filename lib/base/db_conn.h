/*
 * The inside of the database layer: what lib/base/db*.c share, and nobody else.
 *
 * db_conn.c   the connection: settings, loss and return, notifications
 * db_pool.c   connections that several threads share
 * db_fault.c  SQLSTATE to enum err
 * db_pipe.c   what goes over the wire; trying again
 * db.c        statements, rows, transactions
 * db_check.c  statements against the schema of a live database
 */
#ifndef BASE_DB_CONN_H
#define BASE_DB_CONN_H

#include "base/db.h"

#include <libpq-fe.h>

#define DB_PREPARED_SLOTS 1024 /* a power of two, above the number of statements in the program */
#define DB_CHANNELS_MAX   8
#define DB_NAME_MAX       64   /* an identifier of PostgreSQL, NUL included */
#define DB_RETRY_MS       2000 /* how long a lost server is waited for */
#define DB_PAUSE_MS       20   /* between two attempts, doubled up to ... */
#define DB_PAUSE_MAX_MS   200

struct db {
	char *conninfo, *user, *component;
	int statement_timeout_ms, lock_timeout_ms, connect_timeout_s, idle_timeout_ms;
	bool lazy_commit;

	struct db_pool *pool;   /* NULL: the connection is this object's own */
	struct db_place *place; /* that it has of the pool; NULL: none now */

	PGconn *conn; /* in pipeline mode; NULL: not connected */
	bool gave_up; /* the server stayed away for DB_RETRY_MS: do not wait for it again */
	const struct db_stmt **prepared; /* DB_PREPARED_SLOTS by address; open addressing */
	int nprepared;

	int depth;  /* of db_begin() */
	int opened; /* levels of these that the server has heard of */
	bool torn;  /* the connection went away inside the transaction */
	int told;   /* level in which the transaction was told whose it is; 0: not yet */
	int64_t told_tenant, told_user;

	struct db_question *asked; /* the open ones, the oldest first */

	char channels[DB_CHANNELS_MAX][DB_NAME_MAX];
	int nchannels;
	bool missed; /* reconnected: notifications may have been missed */

	char constraint[DB_NAME_MAX]; /* of the last conflict */
	char trouble[256];            /* why the last connection failed or ended */
};

/* Results are put away with CLEANUP(db_clear). */
static inline void db_clear(PGresult **res)
{
	PQclear(*res);
	*res = NULL;
}

#define DB_PARAMS_MAX 32
#define DB_DEPTH_MAX  4                  /* db_begin() within db_begin() */
#define DB_STEPS_MAX  (DB_DEPTH_MAX + 3) /* levels, who asks, preamble, statement */

#define DB_PLAIN(id, text)                                                                         \
	{                                                                                          \
		.name = id, .sql = text, .any_tenant = true, .level = true                         \
	}

/* Part of a pipeline, and what came back. */
struct db_step {
	enum { DB_STEP_LEVEL, DB_STEP_WHO, DB_STEP_PREAMBLE, DB_STEP_STATEMENT } kind;
	const struct db_stmt *stmt;
	const struct db_arg *args;
	int nargs;
	bool parse; /* prepared in this very pipeline */
	PGresult *res;
};

struct db_pipeline {
	struct db_step steps[DB_STEPS_MAX];
	struct db_arg who[2]; /* of the step that tells who asks */
	int n;
	PGresult *fail; /* what the server refused first */
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

/* A statement that may share its round trip. */
struct db_question {
	struct db_question *next; /* asked after it, on the same connection */
	struct ctx *cx;
	const struct db_stmt *stmt;
	const struct db_arg *args;
	int nargs;

	/* When it was sent with others. */
	struct db_pipeline p;
	const struct db_question *admitted; /* whose pipeline admits the caller; NULL: nobody's */
	bool answered;
	enum err outcome; /* of the admission, when it is answered */
};

/* For CLEANUP(db_pipeline_end). */
void db_pipeline_end(struct db_pipeline *p);

/**
 * Say what is owed (levels of transaction, the preamble) and the statement, in one pipeline; again
 * while that can do no harm.
 *
 * @stmt NULL: only what is owed
 * @p    zero; its results are there on success, and after a refusal up to what was refused
 */
NODISCARD
enum err db_converse(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                     int nargs, struct db_pipeline *p);

/**
 * One attempt of all questions that are open, in one pipeline; none is open afterwards.  Of one alone
 * nothing is sent: db_converse() does all that this could.
 * @ret those that were sent, the first of them
 */
struct db_question *db_converse_all(struct db *db);

/** One attempt of one statement that is no caller's, the fault left as it is.  @ret whether done */
bool db_converse_once(struct ctx *cx, const struct db_stmt *stmt);

/** Take note that the transaction, if one is open, was told of cx->who on its present level. */
void db_told(struct ctx *cx);

/** Why nothing is to be sent now: no tenant, a torn transaction, no time left. */
NODISCARD
enum err db_refuse(struct ctx *cx, const struct db_stmt *stmt);

/**
 * Be connected, making one attempt if need be.
 *
 * @probe  look whether the server has hung up since the last statement
 * @ret    false: not reachable, db->trouble tells why
 */
bool db_conn_ready(struct db *db, bool probe);

/** Close; what was prepared is forgotten and an open transaction is torn. */
void db_conn_drop(struct db *db);

/** Note why the connection is of no use any more, and close it.  @why the server's last word, or NULL */
void db_conn_lost(struct db *db, const PGresult *why);

/** Have a place of the pool, and the connection there, if there is one.  @ret false: all are taken */
bool db_pool_take(struct db *db);

/** Give the place back, unless a transaction is open. */
void db_pool_rest(struct db *db);

/** Run text outside pipeline mode.  @ret NULL when the connection is lost */
PGresult *db_conn_exec(struct db *db, const char *sql);

bool db_is_prepared(const struct db *db, const struct db_stmt *stmt);
void db_mark_prepared(struct db *db, const struct db_stmt *stmt);

/** Milliseconds of the machine's monotonic clock; a fake clock does not speed up a server. */
int64_t db_now_ms(void);
void db_sleep_ms(int ms);

/** Describe a failed result.  @what the statement's name */
enum err db_fault(struct ctx *cx, const PGresult *res, const char *what);

/** Describe a server that cannot be reached or went away. */
enum err db_fault_lost(struct ctx *cx, const char *what);

/** @ret whether the server ended the session with this result */
bool db_fault_ends_session(const PGresult *res);

/** @ret whether a migration has made the prepared statement useless; nothing was done */
bool db_fault_is_stale_plan(const PGresult *res);

#endif
