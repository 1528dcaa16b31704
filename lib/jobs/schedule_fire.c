/*
 * When a schedule fires.
 *
 * Patterns are matched here, against what a clock on the wall shows; which instant that is, the database
 * says (app.wall_instant), whose tables of time zones and whose clock alone count.  Around the end of summer
 * time a wall shows times twice, so that of the walls found some lie in the past: the next few hours of them
 * are asked for, and the first instant after now is it.
 */
#include "jobs/schedule_fire.h"

#include "base/log.h"
#include "config/config.h"
#include "events/bell.h"
#include "jobs/schedule_repo.h"

#include <stdio.h>
#include <string.h>

#define SHIFT_MIN   INT64_C(180) /* a wall clock is set back by no more */
#define WALLS_AHEAD 181
#define WALL_TEXT   24 /* bytes of one in an array */
#define YEAR_MIN    INT64_C(527040)
#define HOLD_S      5
#define HOLD_MAX_S  3600

/* The walls after one, until it is certain that one of them is after any instant that shows it. */
static enum err walls_ahead(struct ctx *cx, const struct cron *cron, int64_t wall, const char **ret)
{
	struct sb sb = sb_new(cx->arena, (size_t)WALLS_AHEAD * WALL_TEXT);
	int64_t at = wall;

	sb_addc(&sb, '{');
	for (int i = 0; i < WALLS_AHEAD && at <= wall + SHIFT_MIN; i++) {
		if (!cron_next(cron, at, &at))
			break;
		if (i > 0)
			sb_addc(&sb, ',');
		sb_int(&sb, at);
	}
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

static enum err next_after(struct ctx *cx, const struct cron *cron, const char *zone, int64_t wall,
                           int64_t after_us, int64_t *ret_us)
{
	const char *walls;
	struct list list;

	TRY(walls_ahead(cx, cron, wall, &walls));
	TRY(schedule_repo_instants(cx, zone, walls, after_us, 0, &list));
	*ret_us = list.n > 0 ? *(const int64_t *)list.items : 0;
	return ERR_OK;
}

enum err schedule_next(struct ctx *cx, const struct cron *cron, const char *zone, int64_t *ret_us)
{
	int64_t wall;

	TRY(schedule_repo_wall(cx, zone, &wall));
	return next_after(cx, cron, zone, wall, 0, ret_us);
}

/* --- What is due --- */

/*
 * The walls between the first time that is due and now, the newest `most` of them: what was missed for
 * longer than a year is not looked for.
 */
static enum err walls_missed(struct ctx *cx, const struct cron *cron,
                             const struct schedule_due *due, size_t most, const char **ret)
{
	struct sb sb = sb_new(cx->arena, most * WALL_TEXT + 3);
	int64_t *ring = arena_array(cx->arena, most, sizeof(*ring));
	int64_t at = due->next_wall, end = due->now_wall + SHIFT_MIN;
	size_t n = 0;

	if (at < end - YEAR_MIN)
		at = end - YEAR_MIN;
	while (cron_next(cron, at, &at) && at <= end)
		ring[n++ % most] = at;
	sb_addc(&sb, '{');
	for (size_t i = n > most ? n - most : 0; i < n; i++) {
		if (sb.len > 1)
			sb_addc(&sb, ',');
		sb_int(&sb, ring[i % most]);
	}
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

/* @ret instants to enqueue for, rising */
static enum err slots_of(struct ctx *cx, const struct cron *cron, const struct schedule_due *due,
                         int64_t **ret, size_t *ret_n)
{
	size_t most = (size_t)cx->app->config->schedule_catch_up_max, n;
	int64_t grace_us = cx->app->config->schedule_grace_s * 1000000, *slots;
	const char *walls;
	struct list list;

	TRY(walls_missed(cx, cron, due, most + WALLS_AHEAD, &walls));
	TRY(schedule_repo_instants(cx, due->time_zone, walls, due->next_us, due->now_us, &list));
	slots = arena_array(cx->arena, list.n + 1, sizeof(*slots));
	slots[0] = due->next_us;
	if (list.n > 0)
		memcpy(slots + 1, list.items, list.n * sizeof(*slots));
	n = list.n + 1;
	if (strcmp(due->catch_up, "all") != 0)
		most = 1;
	if (strcmp(due->catch_up, "skip") == 0 && due->now_us - slots[n - 1] > grace_us)
		most = 0;
	*ret_n = n < most ? n : most;
	*ret = slots + (n - *ret_n);
	return ERR_OK;
}

static enum err enqueue(struct ctx *cx, const struct job_kind *kind, const struct schedule_due *due,
                        const void *args, int64_t slot_us, int64_t *ret_job)
{
	const struct job_new in = {
		.project_id = due->project_id,
		.unique_key = arena_printf(cx->arena, "schedule:%lld:%lld", (long long)due->id,
		                           (long long)(slot_us / 1000000)),
		/* As all work for a project. */
		.order_key = due->project_id == 0 ? NULL
		                                  : arena_printf(cx->arena, "project:%lld",
		                                                 (long long)due->project_id),
	};

	return job_enqueue(cx, kind, &in, args, ret_job);
}

/* As the schedule's tenant: enqueue what is due and move on, or neither. */
static enum err fire(struct ctx *cx, job_kinds kinds, const struct schedule_due *due,
                     int64_t *ret_fired)
{
	const struct job_kind *kind = job_kind_of(kinds, due->job_type);
	int64_t *slots, next_us, job = 0;
	struct cron cron;
	void *args;
	size_t n;

	if (kind == NULL || !kind->schedulable)
		return err_set(cx, ERR_INVALID, "this program has no jobs of type %s for schedules",
		               due->job_type);
	TRY(cron_parse(cx, "/cron", due->cron, &cron));
	args = arena_alloc(cx->arena, kind->arguments->size);
	TRY(schema_decode(cx, kind->arguments,
	                  (struct span){ due->arguments, strlen(due->arguments) }, args));
	TRY(slots_of(cx, &cron, due, &slots, &n));
	for (size_t i = 0; i < n; i++)
		TRY(enqueue(cx, kind, due, args, slots[i], &job));
	TRY(next_after(cx, &cron, due->time_zone, due->now_wall, due->now_us, &next_us));
	TRY(schedule_repo_move_on(cx, due, next_us, n > 0 ? slots[n - 1] : 0, job));
	*ret_fired = (int64_t)n;
	return ERR_OK;
}

static enum err fire_apart(struct ctx *cx, job_kinds kinds, const struct schedule_due *due,
                           int64_t *ret_fired)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(fire(cx, kinds, due, ret_fired));
	return db_commit(&tx);
}

/* Doubles with each failure. */
static int64_t hold_s(int64_t failures)
{
	int64_t s = HOLD_S;

	for (int64_t i = 0; i < failures && s < HOLD_MAX_S; i++)
		s *= 2;
	return s < HOLD_MAX_S ? s : HOLD_MAX_S;
}

/* Its time stays; it is tried again later, and says why. */
static enum err note_failure(struct ctx *cx, const struct schedule_due *due)
{
	const struct fault fault = cx->fault;

	log_fault(cx, LOG_WARNING, "a schedule could not enqueue its job");
	err_clear(cx);
	return schedule_repo_failed(cx, due, hold_s(due->failures), err_info(fault.code)->slug,
	                            job_error_text(cx, &fault));
}

/* One that is due.  Returns ERR_NOT_FOUND when there is none. */
static enum err run_one(struct ctx *cx, job_kinds kinds, int64_t *ret_fired)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char request_id[REQUEST_ID_MAX + 1];
	const struct who me = cx->who;
	struct schedule_due due;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(schedule_repo_take_due(cx, &due));
	memcpy(request_id, cx->request_id, sizeof(request_id));
	snprintf(cx->request_id, sizeof(cx->request_id), "schedule:%lld", (long long)due.id);
	cx->who = (struct who){
		.tenant_id = due.tenant_id,
		.role = ROLE_OWNER,
		.actor = arena_printf(cx->arena, "schedule:%lld", (long long)due.id),
	};
	e = fire_apart(cx, kinds, &due, ret_fired);
	if (e != ERR_OK)
		e = note_failure(cx, &due); /* which fails when it was the connection */
	if (e == ERR_OK)
		e = db_commit(&tx);
	cx->who = me;
	memcpy(cx->request_id, request_id, sizeof(request_id));
	return e;
}

enum err schedule_run(struct ctx *cx, job_kinds kinds, int64_t *ret_fired)
{
	*ret_fired = 0;
	for (int i = 0; i < SCHEDULE_ROUND; i++) {
		int64_t fired = 0;
		enum err e = run_one(cx, kinds, &fired);

		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			break;
		}
		TRY(e);
		*ret_fired += fired;
	}
	return ERR_OK;
}
