/* Lanes of light jobs: claim a batch, run it, write it down before the next. */
#include "lane.h"

#include "slots.h"

#include "app/app.h"
#include "app/registry_jobs.h"
#include "base/log.h"
#include "base/log_tail.h"
#include "config/config.h"
#include "events/bell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define LANES_ARENA_BYTES ((size_t)1024 * 1024)
#define PAUSE_US          200000 /* after a claim that failed */
#define LAST_TRIES        25 /* to write what is done, when told to stop; then it is done again */

static int64_t mono_ms(const struct app *app)
{
	return app->clock->mono_us(app->clock) / 1000;
}

/* --- One batch --- */

static void job_ends(struct lane *lane, int64_t at_ms)
{
	pthread_mutex_lock(&lane->all->lock);
	lane->job_ends_ms = at_ms;
	pthread_mutex_unlock(&lane->all->lock);
}

static bool quits(struct lane *lane)
{
	bool ret;

	pthread_mutex_lock(&lane->all->lock);
	ret = lane->all->quit;
	pthread_mutex_unlock(&lane->all->lock);
	return ret;
}

/* As with job threads: what cannot be written must not stay claimed by a runner that lives. */
NORETURN
static void give_up(struct lane *lane)
{
	log_fault(&lane->cx, LOG_ERROR, "the end of a light job cannot be written");
	_exit(EXIT_LOST);
}

static void run_one(struct lane *lane, const struct job_claim *job)
{
	struct job_run run = {
		.job = job,
		.runner = lane->member.id,
		.host = lane->all->host,
	};
	struct run_report report;
	struct ctx *cx = &lane->cx;
	bool done = false;

	ctx_next(cx);
	log_tail_clear(cx->tail);
	run_adopt(cx, &run);
	if (run_light(cx, app_jobs, &run, &done, &report) != ERR_OK)
		give_up(lane);
	if (done)
		lane->done[lane->ndone++] = (struct claim_done){ job->id, job->token, job->place };
	if (report.fault.code != ERR_OK)
		LOG(cx, LOG_WARNING, "light job failed", LOG_INT("job", job->id),
		    LOG_TEXT("type", job->job_type), LOG_INT("attempt", job->attempt),
		    LOG_TEXT("outcome", report.outcome),
		    LOG_TEXT("error_type", err_info(report.fault.code)->slug),
		    LOG_TEXT("error", report.fault.detail), LOG_TEXT("cause", report.fault.cause));
}

static void refused(struct lane *lane, const struct job_claim *job)
{
	struct job_run run = {
		.job = job,
		.runner = lane->member.id,
		.host = lane->all->host,
	};

	ctx_next(&lane->cx);
	if (run_refused(&lane->cx, &run) != ERR_OK)
		give_up(lane);
}

/* Light jobs share the time of the longest kind among them. */
static int64_t time_of(const struct job_claim *job)
{
	return (int64_t)queue_handler(app_jobs, job->job_type)->kind->timeout_s * 1000;
}

/*
 * Write what is done and claim up to n.  Jobs that we hold without having heard of it would never run,
 * since this runner lives: after a failure what is done is written first, then the rest handed back.
 */
static enum err claim(struct lane *lane, int64_t n, struct list *ret)
{
	struct claim_wish wish = { .n = n, .done = lane->done, .ndone = lane->ndone };
	struct ctx *cx = &lane->cx;
	int64_t returned = 0;

	if (lane->unsure) {
		wish.n = 0;
		TRY(queue_claim(cx, &lane->member, &lane->claim, &wish, ret));
		lane->ndone = 0;
		TRY(queue_disown(cx, &lane->member, NULL, 0, &returned));
		lane->unsure = false;
		if (returned > 0)
			LOG(cx, LOG_WARNING, "light jobs of a lost claim handed back",
			    LOG_INT("jobs", returned));
		return ERR_OK;
	}
	lane->unsure = true;
	TRY(queue_claim(cx, &lane->member, &lane->claim, &wish, ret));
	lane->unsure = false;
	lane->ndone = 0;
	return ERR_OK;
}

/* There is more than one lane can take at a time. */
static void call_others(struct lane *lane)
{
	struct lanes *all = lane->all;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++)
		all->lane[i].wanted = all->lane[i].wanted || all->lane[i].idle;
	pthread_cond_broadcast(&all->told);
	pthread_mutex_unlock(&all->lock);
}

/* What the main thread has found out: limits of queues, and whether the server was away. */
static void take_news(struct lane *lane)
{
	char version[sizeof(lane->all->limits)];

	pthread_mutex_lock(&lane->all->lock);
	memcpy(version, lane->all->limits, sizeof(version));
	lane->unsure = lane->unsure || lane->doubted;
	lane->doubted = false;
	pthread_mutex_unlock(&lane->all->lock);
	if (claim_limits(&lane->cx, &lane->claim, version) != ERR_OK)
		err_clear(&lane->cx); /* the ones known hold on */
}

/* @ret whether there may be more */
static bool batch(struct lane *lane)
{
	int64_t n = quits(lane) ? 0 : lane->all->app->config->runner_light_batch;
	struct log_tail tail = { 0 };
	struct list list = { 0 };
	int64_t claimed = 0;
	bool unsure;

	ctx_begin_unnamed(&lane->cx, lane->all->app, lane->arena, lane->db);
	lane->cx.tail = &tail;
	take_news(lane);
	unsure = lane->unsure;
	if (claim(lane, n, &list) != ERR_OK) {
		if (lane->cx.fault.code != ERR_UNAVAILABLE)
			log_fault(&lane->cx, LOG_WARNING, "claim of light jobs");
		usleep(PAUSE_US);
		return !quits(lane) || ++lane->failures < LAST_TRIES;
	}
	lane->failures = 0;
	if (lane->claim.deep && n > 0)
		call_others(lane);
	for (size_t i = 0; i < list.n; i++) {
		const struct job_claim *job = (const struct job_claim *)list.items + i;

		if (job->refused) {
			refused(lane, job);
		} else if (!quits(lane)) {
			job_ends(lane, mono_ms(lane->all->app) + time_of(job));
			run_one(lane, job);
			claimed++;
		}
	}
	job_ends(lane, 0);
	ctx_next(&lane->cx);
	bell_ring(&lane->cx);
	log_tail_clear(&tail);
	return claimed > 0 || unsure || lane->ndone > 0;
}

/* --- Threads --- */

static void *lane_main(void *arg)
{
	struct lane *lane = arg;
	struct lanes *all = lane->all;
	const uint64_t one = 1;

	pthread_mutex_lock(&all->lock);
	for (;;) {
		while (!all->quit && !lane->wanted) {
			if (!lane->idle && write(all->freed, &one, sizeof(one)) < 0)
				abort(); /* an eventfd takes a one unless it is broken */
			lane->idle = true;
			pthread_cond_wait(&all->told, &all->lock);
		}
		if (all->quit)
			break;
		lane->wanted = lane->idle = false;
		pthread_mutex_unlock(&all->lock);
		while (batch(lane))
			continue;
		pthread_mutex_lock(&all->lock);
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

void lanes_open(struct lanes *all, const struct app *app, const char *host, int freed)
{
	all->app = app;
	all->host = host;
	all->freed = freed;
	all->arena = arena_new(LANES_ARENA_BYTES);
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->told, NULL);
}

enum err lanes_join(struct ctx *cx, struct lanes *all, struct queue *q)
{
	all->n = (int)all->app->config->runner_light_threads;
	assert(all->n <= LANES_MAX); /* the range of the setting */
	for (int i = 0; i < all->n; i++) {
		struct lane *lane = &all->lane[i];

		TRY(claim_lane_open(cx, all->arena, app_jobs, CLAIM_LIGHT, &lane->claim));
		TRY(queue_join_lane(cx, q, all->host, &lane->member));
	}
	return ERR_OK;
}

void lanes_start(struct lanes *all)
{
	for (int i = 0; i < all->n; i++) {
		struct lane *lane = &all->lane[i];

		lane->all = all;
		lane->idle = true;
		lane->arena = arena_new(BATCH_ARENA_BYTES);
		lane->db = app_lane_db(all->app);
		if (pthread_create(&lane->thread, NULL, lane_main, lane) != 0)
			abort(); /* no memory for a thread */
	}
}

/* One is enough for what one bell is about; it calls the others when there is more than it can take. */
void lanes_look(struct lanes *all)
{
	int idle = -1;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n && idle < 0; i++)
		idle = all->lane[i].idle ? i : -1;
	for (int i = 0; i < all->n; i++)
		all->lane[i].wanted = all->lane[i].wanted || idle < 0 || i == idle;
	pthread_cond_broadcast(&all->told);
	pthread_mutex_unlock(&all->lock);
}

void lanes_doubt(struct lanes *all)
{
	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++)
		all->lane[i].doubted = all->lane[i].wanted = true;
	pthread_cond_broadcast(&all->told);
	pthread_mutex_unlock(&all->lock);
}

void lanes_limits(struct lanes *all, const char *version)
{
	pthread_mutex_lock(&all->lock);
	snprintf(all->limits, sizeof(all->limits), "%s", version);
	pthread_mutex_unlock(&all->lock);
}

void lanes_stop(struct lanes *all)
{
	pthread_mutex_lock(&all->lock);
	all->quit = true;
	pthread_cond_broadcast(&all->told);
	pthread_mutex_unlock(&all->lock);
}

bool lanes_idle(struct lanes *all)
{
	bool ret = false;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++)
		ret = ret || all->lane[i].idle;
	pthread_mutex_unlock(&all->lock);
	return ret;
}

bool lanes_stuck(struct lanes *all, int64_t now_ms)
{
	bool ret = false;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < all->n; i++) {
		int64_t ends_ms = all->lane[i].job_ends_ms;

		ret = ret || (ends_ms != 0 && now_ms > ends_ms);
	}
	pthread_mutex_unlock(&all->lock);
	return ret;
}

void lanes_end(struct lanes *all)
{
	lanes_stop(all);
	for (int i = 0; i < all->n; i++) {
		struct lane *lane = &all->lane[i];

		if (lane->all == NULL)
			continue; /* never started */
		pthread_join(lane->thread, NULL);
		db_close(lane->db);
		arena_free(lane->arena);
	}
	arena_free(all->arena);
}
