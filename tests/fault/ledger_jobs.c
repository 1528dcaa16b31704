/*
 * What the kinds of tests/fault/ledger.h do.
 *
 * They stand in for those of lib/app/registry_jobs.c in a runner that is otherwise the product's own.  A start
 * is written down when it begins (ledger.start), an effect in the transaction that completes the job
 * (ledger.effect): what the two say at the end must agree with what the queue says.  Running one twice is
 * what the tests are about.
 */
#include "fault/ledger.h"

#include "app/registry_jobs.h"
#include "base/tool.h"
#include "jobs/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* --- The ledger --- */

static const struct db_stmt START = {
	.name = "ledger_start",
	.nparams = 3,
	.any_tenant = true,
	.sql = "INSERT INTO ledger.start (job_id, token, mono_us) VALUES ($1, $2, $3)",
};
static const struct db_stmt STARTS = {
	.name = "ledger_starts",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT count(*) FROM ledger.start WHERE job_id = $1",
};
static const struct db_stmt EFFECT = {
	.name = "ledger_effect",
	.nparams = 2,
	.any_tenant = true,
	.sql = "INSERT INTO ledger.effect (job_id, token) VALUES ($1, $2)",
};

static enum err start(struct ctx *cx, const struct job_run *run)
{
	int64_t now = system_clock.mono_us(&system_clock);

	return db_run(cx, &START,
	              DB_ARGS(DB_INT(run->job->id), DB_INT(run->job->token), DB_INT(now)), NULL);
}

/* The window in which a fault can hit an open transaction is part of the work. */
static enum err effect(struct ctx *cx, struct job_run *run, int64_t ms)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(db_run(cx, &EFFECT, DB_ARGS(DB_INT(run->job->id), DB_INT(run->job->token)), NULL));
	pause_ms(ms);
	TRY(run_complete(cx, run, NULL));
	return db_commit(&tx);
}

/* --- What the kinds do --- */

static enum err run_light_kind(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct ledger_args *args = arguments;

	if (args->quiet)
		return ERR_OK;
	TRY(start(cx, run));
	pause_ms(args->ms);
	return effect(cx, run, 0);
}

static enum err run_heavy(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct ledger_args *args = arguments;

	TRY(start(cx, run));
	for (int i = 1; i <= 10; i++) {
		if (run_stopped(run))
			return err_set(cx, ERR_CANCELLED, "told to stop");
		pause_ms(args->ms / 10);
		run_progress(cx, run, i * 10, "working");
	}
	return effect(cx, run, args->ms / 4);
}

static bool stopped(void *arg)
{
	return run_stopped(arg);
}

static enum err run_child(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct ledger_args *args = arguments;
	const char *seconds = arena_printf(cx->arena, "%.3f", (double)args->ms / 1000);
	CLEANUP(tool_end) struct tool_result result = { 0 };

	TRY(start(cx, run));
	TRY(tool_run(cx,
	             &(struct tool_request){
			     .argv = (const char *const[]){ "/bin/sleep", seconds, NULL },
			     .timeout_ms = 60000,
			     .cancelled = stopped,
			     .arg = run,
		     },
	             &result));
	return effect(cx, run, 0);
}

static enum err run_fails(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct ledger_args *args = arguments;

	TRY(start(cx, run));
	if (run->job->attempt <= args->times)
		return err_set(cx, ERR_REMOTE_FAILED, "attempt %d is to fail",
		               (int)run->job->attempt);
	return effect(cx, run, 0);
}

static enum err run_snoozes(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct ledger_args *args = arguments;
	int64_t n = 0;

	TRY(start(cx, run));
	TRY(db_get_int(cx, &STARTS, DB_ARGS(DB_INT(run->job->id)), &n));
	if (n <= args->times)
		return run_snooze(cx, run, 100 + args->ms, "not yet");
	return effect(cx, run, 0);
}

/* Ends its runner as an exhausted memory would. */
static enum err run_poison(struct ctx *cx, struct job_run *run, const void *arguments)
{
	(void)arguments;
	TRY(start(cx, run));
	kill(getpid(), SIGKILL);
	return ERR_OK;
}

/* --- The table --- */

static const struct job_handler TABLE[] = {
	{ .kind = &LEDGER[LEDGER_LIGHT], .run = run_light_kind },
	{ .kind = &LEDGER[LEDGER_HEAVY], .run = run_heavy },
	{ .kind = &LEDGER[LEDGER_CHILD], .run = run_child },
	{ .kind = &LEDGER[LEDGER_FAILS], .run = run_fails },
	{ .kind = &LEDGER[LEDGER_SNOOZES], .run = run_snoozes },
	{ .kind = &LEDGER[LEDGER_POISON], .run = run_poison },
	{ .kind = NULL },
};
queue_handlers app_jobs = { TABLE, NULL };
