/*
 * tenant_removal: everything that a deleted tenant had, off disk and out of the tables.
 *
 * The tenant's status was set when this was enqueued: nobody is let in any more.  What was let in before
 * is waited for, running jobs too, so that nothing is written behind the broom.  Then the clones go,
 * while the rows still tell which there are; then the rows, in small transactions; and in the last one
 * the job's own end, what that has left, and the name.
 *
 * It may be killed anywhere and run again: what is gone is not removed again, and until the last
 * transaction the tenant is "deleting".
 */
#include "app/tenant_removal.h"

#include "auth/removal.h"
#include "auth/tenant.h"
#include "maps/map_jobs.h"

#include <time.h>

#define PAUSE_MS   100 /* between two looks at what is waited for */
#define SWEEP_ROWS 500 /* of one table in one transaction */

static enum err stopped(struct ctx *cx)
{
	return err_set(cx, ERR_CANCELLED, "the removal was stopped; it goes on where it was");
}

/* @waits  @ret what is still there */
static enum err wait_for(struct ctx *cx, struct job_run *run,
                         enum err (*waits)(struct ctx *cx, int64_t job, int64_t *ret))
{
	static const struct timespec PAUSE = { .tv_nsec = PAUSE_MS * 1000000 };
	int64_t left;

	for (;;) {
		TRY(waits(cx, run->job->id, &left));
		if (left == 0)
			return ERR_OK;
		if (run_stopped(run))
			return stopped(cx);
		nanosleep(&PAUSE, NULL);
	}
}

/* Again each time: a job that runs may enqueue another. */
static enum err stop_jobs(struct ctx *cx, int64_t job, int64_t *ret)
{
	TRY(job_stop_all(cx, job));
	return job_running(cx, job, ret);
}

static enum err remove_clones(struct ctx *cx, struct job_run *run)
{
	int64_t after = 0;
	struct list page;

	do {
		TRY(removal_projects(cx, after, &page));
		for (size_t i = 0; i < page.n; i++) {
			if (run_stopped(run))
				return stopped(cx);
			after = ((const int64_t *)page.items)[i];
			TRY(map_clone_remove(cx, after));
		}
	} while (page.n > 0);
	return ERR_OK;
}

static enum err sweep_some(struct ctx *cx, struct job_run *run, int64_t *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(removal_sweep(cx, run->job->id, SWEEP_ROWS, ret));
	return db_commit(&tx);
}

static enum err sweep(struct ctx *cx, struct job_run *run)
{
	int64_t n;

	do {
		if (run_stopped(run))
			return stopped(cx);
		TRY(sweep_some(cx, run, &n));
	} while (n > 0);
	return ERR_OK;
}

/* The end of the job is told as an event of the tenant, which must not stay either. */
static enum err bury(struct ctx *cx, struct job_run *run)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t n;

	TRY(run_begin(cx, run, &tx));
	TRY(run_complete(cx, run, NULL));
	do {
		TRY(removal_sweep(cx, run->job->id, SWEEP_ROWS, &n));
	} while (n > 0);
	TRY(removal_finish(cx));
	return db_commit(&tx);
}

static enum err run_removal(struct ctx *cx, struct job_run *run, const void *arguments)
{
	(void)arguments; /* the job is the tenant's own */
	run_step(cx, run, 0, "stopping its jobs");
	TRY(wait_for(cx, run, stop_jobs));
	TRY(wait_for(cx, run, removal_strangers));
	run_step(cx, run, 20, "removing clones");
	TRY(remove_clones(cx, run));
	run_step(cx, run, 60, "removing rows");
	TRY(sweep(cx, run));
	return bury(cx, run);
}

const struct job_handler tenant_removal_jobs[] = {
	{ .kind = &tenant_removal_job, .run = run_removal },
	{ .kind = NULL },
};
