/* Job threads: one attempt at a time, handed over under a lock. */
#include "slots.h"

#include "app/app.h"
#include "app/registry_jobs.h"
#include "base/log.h"
#include "events/bell.h"

#include <stdlib.h>
#include <unistd.h>

#define CLAIM_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define JOB_ARENA_BYTES   ((size_t)64 * 1024 * 1024)
#define LONG_MS           500 /* a job that may have taken much memory */

static int64_t mono_ms(const struct app *app)
{
	return app->clock->mono_us(app->clock) / 1000;
}

static void log_step(struct ctx *cx, const struct job_run *run, int64_t duration_ms)
{
	LOG(cx, LOG_INFO, "job step", LOG_INT("job", run->job->id),
	    LOG_TEXT("type", run->job->job_type), LOG_TEXT("step", run->step),
	    LOG_INT("duration_ms", duration_ms));
}

static void log_end(struct ctx *cx, const struct job_run *run, const struct run_report *report,
                    int64_t duration_ms)
{
	const struct fault *fault = &report->fault;
	bool failed = fault->code != ERR_OK;

	LOG(cx, failed ? LOG_WARNING : LOG_INFO, "job ended", LOG_INT("job", run->job->id),
	    LOG_TEXT("type", run->job->job_type), LOG_INT("project", run->job->project_id),
	    LOG_INT("attempt", run->job->attempt), LOG_TEXT("outcome", report->outcome),
	    LOG_TEXT("error_type", failed ? err_info(fault->code)->slug : NULL),
	    LOG_TEXT("error", failed ? fault->detail : NULL),
	    LOG_TEXT("cause", failed ? fault->cause : NULL), LOG_INT("duration_ms", duration_ms));
}

/*
 * A job whose end cannot be written must not stay claimed by a runner that lives: the process ends, and
 * the job is rescued.
 */
static void attempt(struct slot *slot)
{
	struct slots *all = slot->all;
	struct run_report report;
	struct ctx cx;
	int64_t since = mono_ms(all->app);

	ctx_begin(&cx, all->app, slot->arena, slot->db);
	log_tail_clear(&slot->tail);
	cx.tail = &slot->tail;
	run_adopt(&cx, &slot->run);
	LOG(&cx, LOG_INFO, "job started", LOG_INT("job", slot->claim.id),
	    LOG_TEXT("type", slot->claim.job_type), LOG_INT("project", slot->claim.project_id),
	    LOG_INT("attempt", slot->claim.attempt));
	if (run_attempt(&cx, app_jobs, &slot->run, &report) != ERR_OK) {
		log_fault(&cx, LOG_ERROR, "the end of a job cannot be written");
		_exit(EXIT_LOST);
	}
	log_end(&cx, &slot->run, &report, mono_ms(all->app) - since);
	bell_ring(&cx);
	if (mono_ms(all->app) - since < LONG_MS)
		return;
	/* libpq never shrinks the buffer that a large map went through; a new one costs little now. */
	arena_reset(slot->arena);
	if (all->pool != NULL)
		return;
	db_close(slot->db);
	slot->db = app_runner_db(all->app);
}

static void *slot_main(void *arg)
{
	struct slot *slot = arg;
	struct slots *all = slot->all;
	const uint64_t one = 1;

	pthread_mutex_lock(&all->lock);
	for (;;) {
		while (!slot->busy && !all->quit)
			pthread_cond_wait(&slot->handed, &all->lock);
		if (!slot->busy)
			break;
		pthread_mutex_unlock(&all->lock);
		attempt(slot);
		pthread_mutex_lock(&all->lock);
		slot->busy = false;
		all->nbusy--;
		if (write(all->freed, &one, sizeof(one)) < 0)
			abort(); /* an eventfd takes a one unless it is broken */
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

/* --- As the main thread sees them --- */

int slots_idle(struct slots *all)
{
	int n;

	pthread_mutex_lock(&all->lock);
	n = all->n - all->nbusy;
	pthread_mutex_unlock(&all->lock);
	return n;
}

static const char *copy(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* The round's arena ends with the round; the slot keeps its claim until the job ends. */
void slots_hand_over(struct slots *all, const char *runner, const char *host,
                     const struct job_claim *job)
{
	const struct job_kind *kind = queue_handler(app_jobs, job->job_type)->kind;
	struct slot *slot = NULL;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n && slot == NULL; i++)
		slot = all->slot[i].busy ? NULL : &all->slot[i];
	assert(slot != NULL); /* no more were claimed than are idle */
	arena_reset(slot->claim_arena);
	slot->claim = *job;
	slot->claim.job_type = copy(slot->claim_arena, job->job_type);
	slot->claim.arguments = copy(slot->claim_arena, job->arguments);
	slot->claim.checkpoint = copy(slot->claim_arena, job->checkpoint);
	slot->claim.request_id = copy(slot->claim_arena, job->request_id);
	slot->claim.traceparent = copy(slot->claim_arena, job->traceparent);
	slot->claim.queue = copy(slot->claim_arena, job->queue);
	slot->run = (struct job_run){
		.job = &slot->claim,
		.runner = runner,
		.host = host,
		.company = &all->nbusy,
		.stepped = log_step,
	};
	slot->deadline_ms = mono_ms(all->app) + (int64_t)kind->timeout_s * 1000;
	slot->busy = true;
	all->nbusy++;
	pthread_cond_signal(&slot->handed);
	pthread_mutex_unlock(&all->lock);
}

void slots_stop(struct slots *all, enum run_why why, int64_t now, const struct job_claim *job)
{
	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++) {
		struct slot *slot = &all->slot[i];

		if (!slot->busy || (now > 0 && now < slot->deadline_ms))
			continue;
		if (job == NULL || (job->id == slot->claim.id && job->token == slot->claim.token))
			run_stop(&slot->run, why);
	}
	pthread_mutex_unlock(&all->lock);
}

void slots_running(struct slots *all, struct arena *arena, struct job_claim *ret, size_t *n)
{
	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++) {
		const struct job_claim *claim = &all->slot[i].claim;

		if (all->slot[i].busy)
			ret[(*n)++] = (struct job_claim){ .id = claim->id,
				                          .token = claim->token,
				                          .queue = copy(arena, claim->queue) };
	}
	pthread_mutex_unlock(&all->lock);
}

/* --- Start and end --- */

void slots_open(struct slots *all, const struct app *app, const struct slots_plan *plan, int freed)
{
	all->app = app;
	all->plan = *plan;
	all->freed = freed;
	pthread_mutex_init(&all->lock, NULL);
	if (plan->connections > 0)
		all->pool = db_pool_new(plan->connections);
	all->slot = calloc((size_t)plan->n, sizeof(*all->slot));
	if (all->slot == NULL)
		abort();
}

void slots_start(struct slots *all)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (all->plan.stack_bytes > 0 &&
	    pthread_attr_setstacksize(&attr, all->plan.stack_bytes) != 0)
		abort(); /* a size of ours that no stack can have */
	all->n = all->plan.n;
	for (int i = 0; i < all->n; i++) {
		struct slot *slot = &all->slot[i];

		slot->all = all;
		slot->arena = arena_new(JOB_ARENA_BYTES);
		slot->claim_arena = arena_new(CLAIM_ARENA_BYTES);
		slot->db = all->pool != NULL ? app_shared_db(all->app, all->pool)
		                             : app_runner_db(all->app);
		pthread_cond_init(&slot->handed, NULL);
		if (pthread_create(&slot->thread, &attr, slot_main, slot) != 0)
			abort(); /* no memory for a thread */
	}
	pthread_attr_destroy(&attr);
}

void slots_end(struct slots *all)
{
	pthread_mutex_lock(&all->lock);
	all->quit = true;
	for (int i = 0; i < all->n; i++)
		pthread_cond_signal(&all->slot[i].handed);
	pthread_mutex_unlock(&all->lock);
	for (int i = 0; i < all->n; i++) {
		pthread_join(all->slot[i].thread, NULL);
		db_close(all->slot[i].db);
		arena_free(all->slot[i].arena);
		arena_free(all->slot[i].claim_arena);
		log_tail_clear(&all->slot[i].tail);
	}
	db_pool_free(all->pool);
	free(all->slot);
	all->slot = NULL;
	all->n = 0;
}
