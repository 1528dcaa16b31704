/*
 * ledger_tool: enqueues jobs of the ledger's kinds as the product's workers do, and follows the log.
 *
 *   enqueue SEED RATE        jobs of all kinds but poison, until SIGTERM; a line `id kind` for each whose
 *                            transaction was acknowledged.  One in five is not rung for.
 *   one KIND MS              one job of the kind, its id; again until the database takes it
 *   many N                   N light jobs without effect, as fast as one connection can, in transactions of 1 000
 *   latency N KIND GAP_MS    N jobs, one after the other; from the commit to the handler's start,
 *                            `p50 p99` in microseconds
 *   follow                   until SIGTERM a line `position project kind job` for each event, in order
 *
 * TENANT in the environment is whose the jobs are.
 */
#include "fault/ledger.h"

#include "app/app.h"
#include "base/log.h"
#include "base/secret.h"
#include "events/bell.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define FOLLOW_ROWS 1000
#define LATENCY_MAX 100000
#define ONE_TRIES   600
#define PROJECTS    5
#define ORDERED     4 /* order keys, unique keys */
#define PAUSE_MS    50

struct tool {
	struct app_process process;
	struct arena *arena;
	struct db *db;
	struct ctx cx;
	int64_t tenant;
};

static volatile sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	over = 1;
}

static void pause_ms(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int64_t mono_us(void)
{
	return system_clock.mono_us(&system_clock);
}

static struct ctx *fresh(struct tool *t)
{
	ctx_begin(&t->cx, &t->process.app, t->arena, t->db);
	t->cx.who = (struct who){ .tenant_id = t->tenant, .role = ROLE_OWNER, .actor = "ledger" };
	return &t->cx;
}

/* --- Enqueuing --- */

/* Of a hundred jobs; what is left is light with an effect. */
static const struct {
	enum ledger_kind kind;
	int share, ms, times;
	bool quiet, ordered, unique;
} MIX[] = {
	{ .kind = LEDGER_HEAVY, .share = 8, .ms = 600 },
	{ .kind = LEDGER_HEAVY, .share = 2, .ms = 3000 },
	{ .kind = LEDGER_HEAVY, .share = 3, .ms = 200, .ordered = true },
	{ .kind = LEDGER_HEAVY, .share = 2, .ms = 200, .unique = true },
	{ .kind = LEDGER_CHILD, .share = 2, .ms = 300 },
	{ .kind = LEDGER_FAILS, .share = 3, .times = 2 },
	{ .kind = LEDGER_SNOOZES, .share = 2, .ms = 100, .times = 2 },
	{ .kind = LEDGER_LIGHT, .share = 18, .quiet = true },
	{ .kind = LEDGER_LIGHT, .share = 4, .ordered = true },
	{ .kind = LEDGER_LIGHT, .share = 100 },
};

static enum err enqueue_some(struct ctx *cx, unsigned *seed, const char **ret_kind, int64_t *ret_id)
{
	int dice = rand_r(seed) % 100, at = 0;
	const char *key = arena_printf(cx->arena, "k%d", rand_r(seed) % ORDERED);
	struct ledger_args args = { 0 };
	struct job_new in = { .project_id = 1 + rand_r(seed) % PROJECTS };
	size_t i = 0;

	while (i < COUNT(MIX) - 1 && dice >= (at += MIX[i].share))
		i++;
	args.ms = MIX[i].ms > 0 ? 1 + rand_r(seed) % (2 * MIX[i].ms) : 0;
	args.times = MIX[i].times;
	args.quiet = MIX[i].quiet;
	if (MIX[i].ordered)
		in.order_key =
			MIX[i].kind == LEDGER_LIGHT ? arena_printf(cx->arena, "l%s", key) : key;
	if (MIX[i].unique)
		in.unique_key = key;
	in.priority = 1 + rand_r(seed) % 4;
	*ret_kind = LEDGER[MIX[i].kind].type;
	return job_enqueue(cx, &LEDGER[MIX[i].kind], &in, &args, ret_id);
}

static int enqueue(struct tool *t, unsigned seed, int rate)
{
	int64_t next = mono_us();

	while (!over) {
		struct ctx *cx = fresh(t);
		const char *kind;
		int64_t id;

		if (enqueue_some(cx, &seed, &kind, &id) == ERR_OK) {
			printf("%" PRId64 " %s\n", id, kind);
			if (rand_r(&seed) % 5 != 0)
				bell_ring(cx);
		} else {
			fprintf(stderr, "# enqueue: %s\n", cx->fault.detail);
			pause_ms(PAUSE_MS);
		}
		next += 1000000 / rate;
		if (next > mono_us())
			pause_ms((next - mono_us()) / 1000);
		else if (mono_us() - next > 1000000)
			next = mono_us(); /* what an outage has cost is not made up for in a burst */
	}
	return 0;
}

static const struct job_kind *kind_of(const char *type)
{
	for (int i = 0; i < LEDGER_KINDS; i++) {
		if (strcmp(LEDGER[i].type, type) == 0)
			return &LEDGER[i];
	}
	return NULL;
}

static int one(struct tool *t, const char *type, int64_t ms)
{
	const struct job_kind *kind = kind_of(type);
	const struct ledger_args args = { .ms = ms };
	int64_t id;

	for (int i = 0; kind != NULL && i < ONE_TRIES; i++) {
		struct ctx *cx = fresh(t);

		if (job_enqueue(cx, kind, &(struct job_new){ .project_id = 1 }, &args, &id) ==
		    ERR_OK) {
			printf("%" PRId64 "\n", id);
			bell_ring(cx);
			return 0;
		}
		pause_ms(PAUSE_MS);
	}
	return 1;
}

static enum err portion(struct ctx *cx, int64_t n)
{
	const struct ledger_args args = { .quiet = true };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t id;

	TRY(db_begin(cx, &tx));
	for (int64_t i = 0; i < n; i++)
		TRY(job_enqueue(cx, &LEDGER[LEDGER_LIGHT], &(struct job_new){ 0 }, &args, &id));
	return db_commit(&tx);
}

static int many(struct tool *t, int64_t n)
{
	for (int64_t left = n; left > 0; left -= 1000) {
		struct ctx *cx = fresh(t);

		if (portion(cx, left < 1000 ? left : 1000) != ERR_OK) {
			fprintf(stderr, "many: %s\n", cx->fault.detail);
			return 1;
		}
		bell_ring(cx);
	}
	return 0;
}

/* --- From the commit to the start --- */

static const struct db_stmt STARTED = {
	.name = "ledger_started",
	.read = true,
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT coalesce(min(mono_us), 0) FROM ledger.start WHERE job_id = $1",
};

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int latency(struct tool *t, int64_t n, const char *type, int64_t gap_ms)
{
	static int64_t ids[LATENCY_MAX], us[LATENCY_MAX];
	const struct job_kind *kind = kind_of(type);

	if (kind == NULL || n < 1 || n > LATENCY_MAX)
		return 2;
	for (int64_t i = 0; i < n; i++) {
		struct ctx *cx = fresh(t);

		if (job_enqueue(cx, kind, &(struct job_new){ 0 }, &(struct ledger_args){ 0 },
		                &ids[i]) != ERR_OK)
			return 1;
		us[i] = mono_us();
		bell_ring(cx);
		pause_ms(gap_ms);
	}
	pause_ms(2000);
	for (int64_t i = 0; i < n; i++) {
		struct ctx *cx = fresh(t);
		int64_t began = 0;

		if (db_get_int(cx, &STARTED, DB_ARGS(DB_INT(ids[i])), &began) != ERR_OK ||
		    began == 0)
			return 1;
		us[i] = began - us[i];
	}
	qsort(us, (size_t)n, sizeof(*us), compare);
	printf("%" PRId64 " %" PRId64 "\n", us[n / 2], us[n * 99 / 100]);
	return 0;
}

/* --- Following the log --- */

struct seen {
	int64_t position, project_id, job_id;
	const char *kind;
};
static const struct field SEEN_FIELDS[] = {
	F_INT(struct seen, position),
	F_INT(struct seen, project_id),
	F_INT(struct seen, job_id),
	F_TEXT(struct seen, kind),
};
static const struct schema SEEN = SCHEMA(struct seen, "LedgerSeen", SEEN_FIELDS);

static const struct db_stmt SEQUENCE = {
	.name = "ledger_sequence",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT app.event_sequence($1::integer, false)",
};
static const struct db_stmt NEXT = {
	.name = "ledger_next",
	.read = true,
	.nparams = 3,
	.sql = "SELECT position, coalesce(project_id, 0) AS project_id, kind,"
	       " coalesce((payload->>'job_id')::bigint, 0) AS job_id FROM app.event"
	       " WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT $3",
};

static int follow(struct tool *t)
{
	int64_t at = 0, n;
	struct list list;

	for (;;) {
		bool last = over; /* what was committed before the end is told */
		struct ctx *cx = fresh(t);

		list.n = 0;
		if (db_get_int(cx, &SEQUENCE, DB_ARGS(DB_INT(FOLLOW_ROWS)), &n) == ERR_OK &&
		    db_list(cx, &NEXT, DB_ARGS(DB_INT(at), DB_INT(FOLLOW_ROWS)), &SEEN, &list) ==
		            ERR_OK) {
			for (size_t i = 0; i < list.n; i++) {
				const struct seen *e = (const struct seen *)list.items + i;

				printf("%" PRId64 " %" PRId64 " %s %" PRId64 "\n", e->position,
				       e->project_id, e->kind, e->job_id);
				at = e->position;
			}
			if (last && list.n == 0 && n == 0)
				return 0;
		}
		if (list.n < FOLLOW_ROWS)
			pause_ms(PAUSE_MS);
	}
}

/* --- The command --- */

static int command(struct tool *t, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "enqueue") == 0 && argc == 4)
		return enqueue(t, (unsigned)strtoul(argv[2], NULL, 10),
		               (int)strtol(argv[3], NULL, 10));
	if (strcmp(name, "one") == 0 && argc == 4)
		return one(t, argv[2], strtoll(argv[3], NULL, 10));
	if (strcmp(name, "many") == 0 && argc == 3)
		return many(t, strtoll(argv[2], NULL, 10));
	if (strcmp(name, "latency") == 0 && argc == 5)
		return latency(t, strtoll(argv[2], NULL, 10), argv[3], strtoll(argv[4], NULL, 10));
	if (strcmp(name, "follow") == 0 && argc == 2)
		return follow(t);
	fprintf(stderr, "usage: see the head of tests/fault/ledger_tool.c\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct config_sources SOURCES = { 0 };
	static struct tool t;
	const char *tenant = getenv("TENANT");
	int code;

	signal(SIGTERM, end);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (tenant == NULL || app_open(&t.process, "ledger", &SOURCES) != ERR_OK) {
		log_fault(&t.process.cx, LOG_ERROR, "start");
		return 2;
	}
	t.tenant = strtoll(tenant, NULL, 10);
	t.arena = arena_new(ARENA_BYTES);
	t.db = app_db(&t.process.app);
	code = command(&t, argc, argv);
	db_close(t.db);
	arena_free(t.arena);
	app_close(&t.process);
	return code;
}
