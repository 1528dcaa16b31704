/*
 * Speed of the event log and of handing on, with the runner's own dispatcher:
 *
 *     tests/pg.sh build/release/tests/bench/events_tool
 *
 * Prints rows as tests/bench/run.sh does.  BENCH_SECONDS is how long each load lasts.
 */
#include "app/app.h"
#include "base/secret.h"
#include "bench/tool.h"
#include "dispatch.h"
#include "events/activity.h"
#include "events/bell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMITTERS      4
#define BACKLOG       200000
#define SAMPLES       1000
#define SAMPLE_GAP_MS 10
#define WAIT_S        60

/* --- What is emitted, and who takes it --- */

struct told {
	int64_t number;
};
static const struct field TOLD_FIELDS[] = { F_INT(struct told, number, .doc = "d") };
static const struct schema TOLD = SCHEMA(struct told, "BenchTold", TOLD_FIELDS);
static const struct event_kind TELL = {
	.type = "bench.told",
	.version = 1,
	.payload = &TOLD,
	.doc = "d",
};

/* A handler has nothing but what it is handed. */
static atomic_llong taken;
static int64_t begun_us[SAMPLES + 1]; /* when the event with that number was handed on */

static enum err take(UNUSED struct ctx *cx, const struct event *events, size_t n)
{
	int64_t now = system_clock.mono_us(&system_clock);

	for (size_t i = 0; i < n; i++) {
		const char *text = strchr(events[i].payload, ':');
		int64_t number = text != NULL ? strtoll(text + 1, NULL, 10) : 0;

		if (number > 0 && number <= SAMPLES)
			begun_us[number] = now;
	}
	atomic_fetch_add(&taken, (long long)n);
	return ERR_OK;
}

static const char *const KINDS[] = { "bench.*", NULL };
static const struct event_subscriber TRIVIAL = {
	.name = "bench",
	.kinds = KINDS,
	.handle = take,
	.attempts = 3,
	.backoff_s = 1,
	.doc = "d",
};
static event_subscribers ONLY_TRIVIAL = { &TRIVIAL, NULL };
static event_subscribers WITH_ACTIVITY = { &activity_subscriber, &TRIVIAL, NULL };

/* --- Emitters --- */

struct emitter {
	const struct app *app;
	int64_t tenant_id;
	int batch; /* events of one transaction */
	int64_t until_us, emitted;
	pthread_t thread;
	struct arena *arena;
	struct db *db;
	struct ctx cx;
};

static void emitter_open(struct emitter *e)
{
	e->arena = arena_new((size_t)16 * 1024 * 1024);
	e->db = app_db(e->app);
}

static void emitter_close(struct emitter *e)
{
	db_close(e->db);
	arena_free(e->arena);
}

static enum err emit_batch(struct emitter *e, int64_t number)
{
	struct ctx *cx = &e->cx;
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	for (int i = 0; i < e->batch; i++)
		TRY(event_emit(cx, &TELL, i + 1, &(struct told){ number }));
	return db_commit(&tx);
}

/* The transaction, and the bell after it. */
static void emit_once(struct emitter *e, int64_t number)
{
	ctx_begin(&e->cx, e->app, e->arena, e->db);
	e->cx.who = (struct who){ .tenant_id = e->tenant_id, .role = ROLE_OWNER, .actor = "bench" };
	if (emit_batch(e, number) != ERR_OK)
		give_up(&e->cx, "emit");
	e->emitted += e->batch;
}

static void *emit_all(void *arg)
{
	struct emitter *e = arg;

	while (system_clock.mono_us(&system_clock) < e->until_us) {
		emit_once(e, SAMPLES + 1);
		bell_ring(&e->cx);
	}
	return NULL;
}

/* --- Measurements --- */

static double seconds_since(int64_t us)
{
	return (double)(system_clock.mono_us(&system_clock) - us) / 1e6;
}

static void wait_for(int64_t events)
{
	static const struct timespec PAUSE = { .tv_nsec = 1000000 };
	int64_t since = system_clock.mono_us(&system_clock);

	while (atomic_load(&taken) < events) {
		if (seconds_since(since) > WAIT_S) {
			fprintf(stderr, "%lld of %" PRId64 " events were handed on\n",
			        atomic_load(&taken), events);
			exit(EXIT_FAILURE);
		}
		nanosleep(&PAUSE, NULL);
	}
}

/* Emitted, sequenced and handed on, all at the same time. */
static void throughput(const struct app *app, int64_t tenant_id, int batch, int seconds,
                       const char *aim)
{
	struct emitter emitters[EMITTERS];
	int64_t since = system_clock.mono_us(&system_clock), n = 0;
	char what[64], value[32];

	atomic_store(&taken, 0);
	for (int i = 0; i < EMITTERS; i++) {
		emitters[i] = (struct emitter){ .app = app,
			                        .tenant_id = tenant_id,
			                        .batch = batch,
			                        .until_us = since + (int64_t)seconds * 1000000 };
		emitter_open(&emitters[i]);
		if (pthread_create(&emitters[i].thread, NULL, emit_all, &emitters[i]) != 0)
			exit(EXIT_FAILURE);
	}
	for (int i = 0; i < EMITTERS; i++) {
		pthread_join(emitters[i].thread, NULL);
		n += emitters[i].emitted;
		emitter_close(&emitters[i]);
	}
	wait_for(n);
	snprintf(what, sizeof(what), "events/s emitted to handled, %d a transaction", batch);
	snprintf(value, sizeof(value), "%.0f", (double)n / seconds_since(since));
	row(what, value, aim);
}

static const struct db_stmt FILL = {
	.name = "bench_fill",
	.nparams = 2,
	.sql = "INSERT INTO app.event_outbox (tenant_id, project_id, kind, payload, actor)"
	       " SELECT $1, n % 100 + 1, 'bench.told', '{\"number\": 1001}', 'bench'"
	       " FROM generate_series(1, $2::bigint) n",
};

/* A backlog that lies there: brought into order and handed on. */
static void drain(const struct app *app, int64_t tenant_id, event_subscribers *subscribers,
                  const char *what, const char *aim)
{
	struct emitter e = { .app = app, .tenant_id = tenant_id, .batch = 1 };
	struct dispatch dispatch;
	int64_t since;
	char value[32];

	emitter_open(&e);
	ctx_begin(&e.cx, app, e.arena, e.db);
	e.cx.who.tenant_id = tenant_id;
	if (db_run(&e.cx, &FILL, DB_ARGS(DB_INT(BACKLOG)), NULL) != ERR_OK)
		give_up(&e.cx, "fill");
	atomic_store(&taken, 0);
	since = system_clock.mono_us(&system_clock);
	if (!dispatch_open(&dispatch, app, subscribers))
		exit(EXIT_FAILURE);
	dispatch_start(&dispatch);
	wait_for(BACKLOG);
	snprintf(value, sizeof(value), "%.0f", BACKLOG / seconds_since(since));
	row(what, value, aim);
	dispatch_end(&dispatch);
	emitter_close(&e);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* One event at a time on an idle system: from its commit until the handler begins. */
static void latency(const struct app *app, int64_t tenant_id)
{
	static const struct timespec GAP = { .tv_nsec = SAMPLE_GAP_MS * 1000000 };
	static int64_t took[SAMPLES];
	struct emitter e = { .app = app, .tenant_id = tenant_id, .batch = 1 };
	int64_t committed_us[SAMPLES + 1];
	char value[32];

	emitter_open(&e);
	atomic_store(&taken, 0);
	for (int i = 1; i <= SAMPLES; i++) {
		emit_once(&e, i);
		committed_us[i] = system_clock.mono_us(&system_clock);
		bell_ring(&e.cx);
		nanosleep(&GAP, NULL);
	}
	wait_for(SAMPLES);
	emitter_close(&e);
	for (int i = 0; i < SAMPLES; i++) {
		took[i] = begun_us[i + 1] - committed_us[i + 1];
		took[i] = took[i] > 0 ? took[i] : 0;
	}
	qsort(took, SAMPLES, sizeof(took[0]), by_value);
	snprintf(value, sizeof(value), "%.2f ms", (double)took[SAMPLES / 2] / 1000);
	row("commit to handler, p50, idle", value, "");
	snprintf(value, sizeof(value), "%.2f ms", (double)took[SAMPLES * 99 / 100] / 1000);
	row("commit to handler, p99, idle", value, "<= 10 ms");
}

/* --- All of it --- */

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	static struct app_process p;
	static struct dispatch dispatch;
	int seconds = (int)bench_size("BENCH_SECONDS", 4);
	int64_t tenant_id;

	if (app_open(&p, "runner", &SOURCES) != ERR_OK)
		give_up(&p.cx, "start");
	tenant_id = bench_tenant(&p.cx);
	drain(&p.app, tenant_id, &ONLY_TRIVIAL, "events/s of a backlog, trivial handler",
	      ">= 10000");
	drain(&p.app, tenant_id, &WITH_ACTIVITY, "events/s of a backlog, and counted by day", "");
	if (!dispatch_open(&dispatch, &p.app, &ONLY_TRIVIAL))
		return EXIT_FAILURE;
	dispatch_start(&dispatch);
	throughput(&p.app, tenant_id, 1, seconds, "");
	throughput(&p.app, tenant_id, 20, seconds, ">= 10000");
	latency(&p.app, tenant_id);
	dispatch_end(&dispatch);
	app_close(&p);
	return EXIT_SUCCESS;
}
