/*
 * One connection: how it is made, noticed to be dead, and made again.
 *
 * All settings travel in the start-up packet, so that a new connection costs no
 * round trip of its own.  The time-outs of TCP (keep-alives after 2 s, three at
 * 1 s, unacknowledged data 5 s) let a vanished server be noticed in about five
 * seconds; without them a client waits for as long as the kernel likes.
 */
#include "base/db_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IDLE_IN_TRANSACTION_MS                                                                     \
	30000 /* our transactions are short; a stuck one gives its locks back */
#define CONNECT_TIMEOUT_S 3

int64_t db_now_ms(void)
{
	return system_clock.mono_us(&system_clock) / 1000;
}

void db_sleep_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Memory for the life of the process: without it there is nothing to go on with. */
static char *copy(const char *text)
{
	char *made = strdup(text != NULL ? text : "");

	if (made == NULL)
		abort();
	return made;
}

struct db *db_open(const struct db_options *options)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		abort();
	db->conninfo = copy(options->conninfo);
	db->user = copy(options->user);
	db->component = copy(options->component);
	db->statement_timeout_ms = options->statement_timeout_ms;
	db->lock_timeout_ms = options->lock_timeout_ms;
	db->connect_timeout_s = options->connect_timeout_s;
	db->lazy_commit = options->lazy_commit;
	db->pool = options->pool;
	if (db->pool == NULL)
		db->prepared = calloc(DB_PREPARED_SLOTS, sizeof(db->prepared[0]));
	if (db->pool == NULL && db->prepared == NULL)
		abort();
	db->idle_timeout_ms =
		options->idle_timeout_ms > 0 ? options->idle_timeout_ms : IDLE_IN_TRANSACTION_MS;
	return db;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	if (db->pool != NULL) {
		db_pool_rest(db);
	} else {
		db_conn_drop(db);
		free(db->prepared);
	}
	free(db->conninfo);
	free(db->user);
	free(db->component);
	free(db);
}

void db_close_ptr(struct db **db)
{
	db_close(*db);
	*db = NULL;
}

/* --- What has been prepared --- */

static size_t slot_of(const struct db *db, const struct db_stmt *stmt)
{
	size_t i = ((uintptr_t)stmt >> 4) * 0x9E3779B97F4A7C15u >> 32;

	for (;; i++) {
		i &= DB_PREPARED_SLOTS - 1;
		if (db->prepared[i] == NULL || db->prepared[i] == stmt)
			return i;
	}
}

bool db_is_prepared(const struct db *db, const struct db_stmt *stmt)
{
	return db->prepared[slot_of(db, stmt)] == stmt;
}

void db_mark_prepared(struct db *db, const struct db_stmt *stmt)
{
	size_t i = slot_of(db, stmt);

	if (db->prepared[i] == stmt)
		return;
	assert(db->nprepared < DB_PREPARED_SLOTS * 3 / 4);
	db->prepared[i] = stmt;
	db->nprepared++;
}

/* --- Making and losing a connection --- */

static void quiet(void *unused, const PGresult *res)
{
	(void)unused;
	(void)res;
}

/* In one line: it goes into the log. */
static void note_trouble(struct db *db, const char *text)
{
	size_t n;

	snprintf(db->trouble, sizeof(db->trouble), "%s", text);
	n = strlen(db->trouble);
	while (n > 0 && db->trouble[n - 1] == '\n')
		db->trouble[--n] = '\0';
	for (char *p = db->trouble; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
}

void db_conn_drop(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
	if (db->prepared != NULL)
		memset(db->prepared, 0, DB_PREPARED_SLOTS * sizeof(db->prepared[0]));
	db->nprepared = 0;
	if (db->opened > 0)
		db->torn = true;
	db->opened = 0;
	db->told = 0;
}

void db_conn_lost(struct db *db, const PGresult *why)
{
	const char *text = PQresultErrorMessage(why);

	if (db->conn != NULL)
		note_trouble(db, text[0] != '\0' ? text : PQerrorMessage(db->conn));
	db_conn_drop(db);
}

/* The `options` that the connection string has itself, so that ours are added to them. */
static void own_options(const char *conninfo, char *text, size_t max)
{
	PQconninfoOption *all = PQconninfoParse(conninfo, NULL);

	text[0] = '\0';
	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "options") == 0 && o->val != NULL)
			snprintf(text, max, "%s ", o->val);
	}
	PQconninfoFree(all);
}

/*
 * Ours stand before the connection string, so that it may override them; only
 * `options`, which carries the settings of the session, has the last word.
 *
 * force_generic_plan: a prepared statement is planned once a connection, not
 * five times and then maybe again.  random_page_cost: with the default of 4 the
 * planner sorts a tenant's rows instead of walking the index in order.
 */
static PGconn *dial(const struct db *db)
{
	char settings[1024], given[512], wait[16];
	const char *names[16], *values[16];
	int n = 0;

	own_options(db->conninfo, given, sizeof(given));
	snprintf(settings, sizeof(settings),
	         "%s-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 -c jit=off"
	         " -c TimeZone=UTC -c DateStyle=ISO -c statement_timeout=%d -c lock_timeout=%d"
	         " -c idle_in_transaction_session_timeout=%d%s",
	         given, db->statement_timeout_ms, db->lock_timeout_ms, db->idle_timeout_ms,
	         db->lazy_commit ? " -c synchronous_commit=off" : "");
	snprintf(wait, sizeof(wait), "%d",
	         db->connect_timeout_s > 0 ? db->connect_timeout_s : CONNECT_TIMEOUT_S);

#define PUT(name, value)                                                                           \
	do {                                                                                       \
		names[n] = (name);                                                                 \
		values[n++] = (value);                                                             \
	} while (0)
	PUT("application_name", db->component);
	PUT("client_encoding", "UTF8");
	PUT("connect_timeout", wait);
	PUT("keepalives", "1");
	PUT("keepalives_idle", "2");
	PUT("keepalives_interval", "1");
	PUT("keepalives_count", "3");
	PUT("tcp_user_timeout", "5000");
	PUT("dbname", db->conninfo);
	PUT("options", settings);
	if (db->user[0] != '\0')
		PUT("user", db->user);
	PUT(NULL, NULL);
#undef PUT
	return PQconnectdbParams(names, values, 1);
}

/* The channels of before; false when the connection does not even last for that. */
static bool follow_again(struct db *db)
{
	for (int i = 0; i < db->nchannels; i++) {
		char sql[DB_NAME_MAX + 16];
		CLEANUP(db_clear) PGresult *res = NULL;

		snprintf(sql, sizeof(sql), "LISTEN %s", db->channels[i]);
		res = db_conn_exec(db, sql);
		if (res == NULL)
			return false;
	}
	db->missed = db->nchannels > 0;
	return true;
}

static bool connect_once(struct db *db)
{
	db->conn = dial(db);
	if (db->conn == NULL)
		abort(); /* no memory */
	if (PQstatus(db->conn) != CONNECTION_OK || PQenterPipelineMode(db->conn) != 1) {
		db_conn_lost(db, NULL);
		return false;
	}
	PQsetNoticeReceiver(db->conn, quiet, NULL);
	if (!follow_again(db))
		return false;
	db->gave_up = false;
	return true;
}

/* Between statements the server sends notifications or says good-bye; look which. */
static bool still_there(struct db *db)
{
	struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };

	for (int i = 0; i < 8 && poll(&fd, 1, 0) > 0; i++) {
		if (PQconsumeInput(db->conn) != 1)
			return false;
	}
	return PQstatus(db->conn) == CONNECTION_OK;
}

bool db_conn_ready(struct db *db, bool probe)
{
	if (db->pool != NULL && db->place == NULL && !db_pool_take(db))
		return false;
	if (db->conn != NULL && probe && db->opened == 0 && !still_there(db))
		db_conn_lost(db, NULL);
	if (db->conn != NULL)
		return true;
	return connect_once(db);
}

PGresult *db_conn_exec(struct db *db, const char *sql)
{
	PGresult *res;

	if (PQexitPipelineMode(db->conn) != 1) {
		db_conn_lost(db, NULL);
		return NULL;
	}
	res = PQexec(db->conn, sql);
	if (res == NULL || PQstatus(db->conn) != CONNECTION_OK ||
	    PQenterPipelineMode(db->conn) != 1) {
		PQclear(res);
		db_conn_lost(db, NULL);
		return NULL;
	}
	return res;
}

/* --- Notifications --- */

/* Channels go into SQL as text, so only plain names of our own are taken. */
static bool plain_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return n > 0 && n < DB_NAME_MAX && name[n] == '\0' && (name[0] < '0' || name[0] > '9');
}

enum err db_listen(struct ctx *cx, const char *channel)
{
	struct db *db = cx->db;
	char sql[DB_NAME_MAX + 16];

	assert(plain_name(channel) && db->pool == NULL);
	for (int i = 0; i < db->nchannels; i++) {
		if (strcmp(db->channels[i], channel) == 0)
			return ERR_OK;
	}
	assert(db->nchannels < DB_CHANNELS_MAX);
	snprintf(sql, sizeof(sql), "LISTEN %s", channel);
	TRY(db_script(cx, sql));
	snprintf(db->channels[db->nchannels++], DB_NAME_MAX, "%s", channel);
	return ERR_OK;
}

/* All that came counts as one: who wakes looks at the tables anyway. */
static bool take_notifications(struct db *db)
{
	bool any = db->missed;
	PGnotify *note;

	db->missed = false;
	while ((note = PQnotifies(db->conn)) != NULL) {
		PQfreemem(note);
		any = true;
	}
	return any;
}

bool db_wait(struct ctx *cx, int wake_fd, int timeout_ms)
{
	struct db *db = cx->db;
	int64_t end = db_now_ms() + timeout_ms;

	for (;;) {
		bool up = db_conn_ready(db, true);
		int64_t left = end - db_now_ms();
		struct pollfd fds[2] = {
			{ .fd = wake_fd, .events = POLLIN },
			{ .fd = up ? PQsocket(db->conn) : -1, .events = POLLIN },
		};

		if (up && take_notifications(db))
			return true;
		if (left <= 0)
			return false;
		if (!up && left > DB_PAUSE_MAX_MS)
			left = DB_PAUSE_MAX_MS;
		if (poll(fds, 2, (int)left) < 0 && errno == EINTR)
			return false; /* a signal: the caller knows why */
		if (fds[0].revents != 0)
			return false;
	}
}

int db_library_version(void)
{
	return PQlibVersion();
}
