/*
 * Database: prepared statements over one PostgreSQL connection per thread.
 *
 * A statement is a static row: fixed text, $n places, a name under which it is
 * prepared on first use on each connection.  $1 is the caller's tenant and is
 * filled in here, from cx->who, so that no caller can forget or forge it; a
 * context without a tenant is refused before anything is sent.  Statements that
 * are about no tenant say .any_tenant and number their places from $1.
 *
 * Row-level security asks the same of what every statement touches.  It goes by
 * two settings that end with the transaction (sql/0002_wall.sql): app.tenant and
 * app.user, which are told from cx->who in front of each lone statement, and
 * once in each transaction, in the same round trip.  Nobody else sets them but
 * the functions that admit a caller (db_precede()).
 *
 *     static const struct db_stmt GET = {
 *             .name = "project_get", .read = true, .nparams = 2,
 *             .sql = "SELECT " COLUMNS " FROM app.project WHERE tenant_id = $1 AND id = $2",
 *     };
 *     return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &project_schema, ret);
 *
 *   Round trips  One per statement.  db_precede() rides along with the first.
 *   Errors       SQLSTATE becomes enum err:
 *                  no row (db_get)               ERR_NOT_FOUND
 *                  23505, 23503, 23P01           ERR_CONFLICT (db_constraint() names which)
 *                  PT4xx, PT5xx (our functions)  the code with that HTTP status
 *                  57014                         ERR_TIMEOUT
 *                  08xxx, 53xxx, 57Pxx, 40xxx,
 *                  55P03, 25P03                  ERR_UNAVAILABLE
 *                  all else                      ERR_DATABASE, SQLSTATE in the cause
 *   Lost server  The connection is made anew, and for up to two seconds sent again is what can do
 *                no harm: a statement marked .read, the start of a transaction, and what was
 *                never sent.  Others fail with ERR_UNAVAILABLE, because it is not known whether
 *                they were done.
 *   Time         statement_timeout bounds a statement on the server; when cx->deadline_ms has passed
 *                nothing is sent any more and the call is ERR_TIMEOUT.
 *   Tables       are always written app.name.
 *   Pools        Threads that mostly wait for something else share a few connections: a db object that was
 *                opened with a pool has one from the first statement to the end of the transaction, or of
 *                the statement outside of any, and waits for one while others have them all.
 */
#ifndef BASE_DB_H
#define BASE_DB_H

#include "base/ctx.h"
#include "base/schema.h"

struct db;
struct db_pool;

struct db_stmt {
	const char *name; /* unique in the program */
	const char *sql;
	int nparams;     /* places, the tenant's included */
	bool any_tenant; /* $1 is not the tenant */
	bool read;       /* changes nothing, takes no lock: may be repeated */
	bool binary;     /* rows come in binary: timestamptz as it is, without DB_US() */
	bool level;      /* opens or ends a transaction or savepoint; of lib/base alone */
};

/* One argument; made by the macros below. */
struct db_arg {
	enum { DB_ARG_NULL, DB_ARG_TEXT, DB_ARG_INT, DB_ARG_BYTES } kind;
	const char *text; /* TEXT, BYTES */
	size_t len;       /* BYTES */
	int64_t number;   /* INT */
};

#define DB_TEXT(s)                                                                                 \
	{                                                                                          \
		.kind = (s) == NULL ? DB_ARG_NULL : DB_ARG_TEXT, .text = (s)                       \
	}
#define DB_INT(n)                                                                                  \
	{                                                                                          \
		.kind = DB_ARG_INT, .number = (n)                                                  \
	}
#define DB_BOOL(b)                                                                                 \
	{                                                                                          \
		.kind = DB_ARG_TEXT, .text = (b) ? "t" : "f"                                       \
	}
#define DB_INT0(n)                                                                                 \
	{                                                                                          \
		.kind = (n) == 0 ? DB_ARG_NULL : DB_ARG_INT, .number = (n)                         \
	} /* 0 is NULL */
#define DB_BYTES(p, n)                                                                             \
	{                                                                                          \
		.kind = DB_ARG_BYTES, .text = (const char *)(p), .len = (n)                        \
	}
#define DB_NULL()                                                                                  \
	{                                                                                          \
		.kind = DB_ARG_NULL                                                                \
	}

/* The arguments after the tenant's; expands to two parameters. */
#define DB_ARGS(...)                                                                               \
	(const struct db_arg[]){ __VA_ARGS__ },                                                    \
		(int)(sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
#define DB_NO_ARGS NULL, 0

/*
 * A timestamptz column as FIELD_TIME wants it: microseconds since 1970.  In double precision, which
 * is exact to the microsecond until the year 2255 and a tenth of the cost of extract()'s numeric.
 * Where rows are many and often read, a statement whose rows come in .binary spares even that.
 */
#define DB_US(column) "(date_part('epoch', " column ") * 1000000)::bigint AS " column

/* How to connect.  What is 0 is not set, and PostgreSQL's own value holds. */
struct db_options {
	const char *conninfo;  /* libpq connection string or URI */
	const char *user;      /* instead of the string's own; NULL: none */
	const char *component; /* application_name; shown in pg_stat_activity */
	int statement_timeout_ms;
	int lock_timeout_ms;
	int connect_timeout_s; /* of one attempt; 0: 3 */
	int idle_timeout_ms;   /* of an open transaction in which nothing is asked; 0: 30 000 */
	bool lazy_commit; /* commits do not wait for the disk: a crash of the server may undo the last ones */
	struct db_pool *pool; /* of objects with the same options; NULL: a connection of its own */
};

/**
 * Make a pool.  It is for any number of threads.
 * @most connections at a time
 */
struct db_pool *db_pool_new(int most);

/** After all of its db objects are closed. */
void db_pool_free(struct db_pool *pool);

/** @ret how many connections are open, for tests */
int db_pool_open(struct db_pool *pool);

/**
 * Make a connection object.  Nothing is sent before the first statement.
 *
 * @options copied
 * The session gets the time-outs, keep-alives that notice a lost server within about five
 * seconds, UTF-8 and force_generic_plan.  An object belongs to one thread at a time.
 */
struct db *db_open(const struct db_options *options);
void db_close(struct db *db);
void db_close_ptr(struct db **db);

/** Exactly one row. @ret filled by column name; ERR_NOT_FOUND when there is none */
NODISCARD
enum err db_get(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                const struct schema *s, void *ret);

/** Any number of rows. @ret items in cx->arena */
NODISCARD
enum err db_list(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                 const struct schema *s, struct list *ret);

/** No rows wanted.  @ret_rows rows changed; may be NULL */
NODISCARD
enum err db_run(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                int64_t *ret_rows);

/** One row with one text or number column, for what is not worth a schema. NULL becomes 0 / NULL. */
NODISCARD
enum err db_get_int(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                    int nargs, int64_t *ret);
NODISCARD
enum err db_get_text(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args,
                     int nargs, const char **ret);

/*
 * A transaction, or a savepoint inside one.  Rolls back at the end of its scope
 * unless committed:
 *
 *     CLEANUP(db_end) struct db_tx tx = { 0 };
 *     TRY(db_begin(cx, &tx));
 *     ...
 *     TRY(db_commit(&tx));
 */
struct db_tx {
	struct ctx *cx;
	int depth; /* 0: not open */
};
/** BEGIN travels with the first statement inside. */
NODISCARD
enum err db_begin(struct ctx *cx, struct db_tx *tx);
NODISCARD
enum err db_commit(struct db_tx *tx);
void db_end(struct db_tx *tx);

/**
 * Put a statement in front of the context's next one, in the same round trip and
 * the same transaction: when it fails, the other is not done.
 *
 * Its one row is stored in ret when the next statement returns, whatever becomes
 * of that one; then `then` is called, if there is one.  After a failure it stays,
 * so that nothing gets past it.  Used to admit the caller at no cost of its own.
 *
 * @stmt  reads only, refuses by raising PT4xx, and tells the transaction app.tenant and app.user,
 *        which must be what cx->who then says
 * All that is passed must live until then.
 */
void db_precede(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                const struct schema *s, void *ret, void (*then)(struct ctx *cx, void *ret));

/** Send what db_precede() left, if nothing else has; ERR_OK when there is nothing. */
NODISCARD
enum err db_flush(struct ctx *cx);

/*
 * Questions: reads of several callers that share a round trip.
 *
 *     TRY(db_ask(cx, &GET, DB_ARGS(DB_INT(id)), &q));
 *     ...
 *     return db_answer(cx, q, &project_schema, ret);
 *
 * Any number of contexts of one db object may each have one open.  Nothing is sent before the first answer is
 * wanted: then all that are open go out together, each behind the admission of its own caller, and are one
 * transaction of the server's.  Neighbours that show the same credential for the same purpose are admitted by
 * one statement, after the last of them has asked.  What has no answer after that, because it or one before it was refused, or the
 * server was lost, is asked again by itself; so nobody's failure is another's.  Between the two calls other
 * statements may run.
 */
struct db_question;

/**
 * Open a question.  @stmt reads.  @args copied; texts must live until the answer
 * @ret in cx->arena; the context must then live until db_answer() or db_forget()
 * Returns ERR_TIMEOUT when the time is over already
 */
NODISCARD
enum err db_ask(struct ctx *cx, const struct db_stmt *stmt, const struct db_arg *args, int nargs,
                struct db_question **ret);

/** What db_get() and db_list() would have given. */
NODISCARD
enum err db_answer(struct ctx *cx, struct db_question *q, const struct schema *s, void *ret);
NODISCARD
enum err db_answer_list(struct ctx *cx, struct db_question *q, const struct schema *s,
                        struct list *ret);

/** Have no answer to it.  @q NULL and answered ones are nothing to forget */
void db_forget(struct ctx *cx, struct db_question *q);

/** @ret the constraint that the last ERR_CONFLICT broke, "" when unknown */
const char *db_constraint(const struct ctx *cx);

/** @ret bytes for one LIKE pattern that matches text anywhere, wildcards in it escaped */
const char *db_like(struct arena *arena, const char *text);

/** @ret libpq's version, as PQlibVersion() numbers it: 150020 for 15.20 */
int db_library_version(void);

/* --- For the runner --- */

/** Follow a channel; again by itself after a reconnection. */
NODISCARD
enum err db_listen(struct ctx *cx, const char *channel);

/**
 * Sleep until a notification, until wake_fd is readable, or timeout_ms.
 * @wake_fd -1: none.
 * @ret true on a notification, and after a reconnection, during which some may have been missed
 * A lost connection is noticed and made anew while waiting.  A signal ends the wait.
 */
bool db_wait(struct ctx *cx, int wake_fd, int timeout_ms);

/* --- For migrations and checks --- */

/** Run a whole SQL file as it is; text from the source tree only. */
NODISCARD
enum err db_script(struct ctx *cx, const char *sql);

/* Whose connections a statement runs on; sql/0002_wall.sql tells what each role is for. */
enum db_as {
	DB_AS_APP = 1,
	DB_AS_RUNNER = 2, /* may all that the application may; said of what only it may */
	DB_AS_GATE = 4,
	DB_AS_OWNER = 8,
};

/* One row of a repository's list of statements; the list ends with a NULL statement. */
struct db_check {
	const struct db_stmt *stmt;
	const struct schema *row; /* what its rows fill; NULL when nothing */
	bool partial;             /* on purpose: some fields of the schema have no column */
	unsigned as;              /* of enum db_as; 0: the application alone */
};

/**
 * Prepare a statement against the schema, compare its places, its columns and their types, and
 * whether the role of the connection may run it.
 * Returns ERR_DATABASE with the server's message, or ERR_INTERNAL; the detail names the statement
 *         and the column or place.
 */
NODISCARD
enum err db_check_stmt(struct ctx *cx, const struct db_check *check);

#endif
