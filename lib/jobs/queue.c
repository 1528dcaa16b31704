/* Membership of a runner, its claims, and the rescue of what dead runners held. */
#include "jobs/queue.h"

#include "base/secret.h"
#include "config/config.h"
#include "jobs/settle.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IDS_MAX_BYTES ((size_t)16 * 1024) /* of a list of ids */

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

const struct job_handler *queue_handler(queue_handlers handlers, const char *type)
{
	for (int i = 0; handlers[i] != NULL; i++) {
		for (const struct job_handler *h = handlers[i]; h->kind != NULL; h++) {
			if (strcmp(h->kind->type, type) == 0)
				return h;
		}
	}
	return NULL;
}

/* --- Membership --- */

/* The bell of one runner; job_repo.c rings it. */
static enum err listen(struct ctx *cx, const struct queue *q)
{
	char channel[QUEUE_ID_MAX + 4] = "job_";
	size_t n = strlen(channel);

	for (const char *p = q->id; *p != '\0'; p++) {
		if (*p != '-')
			channel[n++] = *p;
	}
	channel[n] = '\0';
	TRY(db_listen(cx, "job_queues")); /* somebody paused one, or set a limit */
	return db_listen(cx, channel);
}

static enum err join(struct ctx *cx, struct queue *q, const char *host, const struct queue *parent)
{
	uint64_t random;

	secret_uuid7(cx->app->clock->wall_us(cx->app->clock), q->id);
	secret_random(&random, sizeof(random));
	return queue_repo_join(cx, q, (int64_t)(random >> 1), host, getpid(), parent);
}

enum err queue_join(struct ctx *cx, struct queue *q, const char *host, int64_t lease_ms)
{
	*q = (struct queue){ .lease_ms = lease_ms, .members = 1 };
	TRY(join(cx, q, host, NULL));
	TRY(queue_beat(cx, q));
	return listen(cx, q);
}

enum err queue_join_lane(struct ctx *cx, struct queue *q, const char *host, struct queue *lane)
{
	*lane = (struct queue){ .lease_ms = q->lease_ms };
	TRY(join(cx, lane, host, q));
	q->members++;
	return ERR_OK;
}

enum err queue_beat(struct ctx *cx, struct queue *q)
{
	struct queue_pulse pulse;
	enum err e = queue_repo_beat(cx, q, &pulse);

	if (e == ERR_NOT_FOUND || (e == ERR_OK && pulse.rows < q->members))
		return err_set(cx, ERR_LEASE_LOST, "other runners have declared this one dead");
	TRY(e);
	/* Until the locks are held (one who looks has them for a moment), the session is not whole. */
	if (!pulse.held)
		return ERR_OK;
	if (q->session != 0 && q->session != pulse.session)
		q->quiet_until_ms = mono_ms(cx) + q->lease_ms;
	q->session = pulse.session;
	return ERR_OK;
}

enum err queue_sleep(struct ctx *cx, const struct queue *q, unsigned bells)
{
	return queue_repo_sleep(cx, q, bells);
}

enum err queue_look(struct ctx *cx, const struct queue *q, const struct queue_sight *sight,
                    struct queue_look *ret)
{
	return queue_repo_look(cx, q, mono_ms(cx) >= q->quiet_until_ms, sight, ret);
}

enum err queue_leave(struct ctx *cx, const struct queue *q)
{
	return queue_repo_leave(cx, q);
}

/* --- Claims --- */

enum err queue_disown(struct ctx *cx, const struct queue *q, const int64_t *known, size_t n,
                      int64_t *ret)
{
	struct sb sb = sb_new(cx->arena, IDS_MAX_BYTES);
	const char *ids;

	sb_addc(&sb, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(&sb, ',');
		sb_int(&sb, known[i]);
	}
	sb_addc(&sb, '}');
	TRY(sb_finish(cx, &sb, &ids));
	return queue_repo_disown(cx, q, ids, ret);
}

enum err queue_cancelled(struct ctx *cx, const struct queue *q, const char *running,
                         struct list *ret)
{
	return queue_repo_cancelled(cx, q, running, ret);
}

/* --- Rescue --- */

/*
 * One job of a dead runner.  In a savepoint: what a domain cannot be told must not keep the other jobs
 * from their rescue, so a second try leaves the domain out.
 */
static enum err rescue_job(struct ctx *cx, queue_handlers handlers, const struct job_claim *job,
                           const char *runner, const char *host)
{
	const struct job_handler *handler = queue_handler(handlers, job->job_type);
	struct queue_held held;
	enum err e = ERR_OK;

	cx->who = (struct who){ .tenant_id = job->tenant_id,
		                .role = ROLE_OWNER,
		                .actor = arena_printf(cx->arena, "job:%lld", (long long)job->id) };
	TRY(queue_repo_hold(cx, job, runner, &held));
	for (int i = 0; i < 2; i++) {
		CLEANUP(db_end) struct db_tx tx = { 0 };

		TRY(db_begin(cx, &tx));
		e = settle(cx, job, &held,
		           &(struct settlement){ .end = SETTLE_LOST,
		                                 .handler = i == 0 ? handler : NULL,
		                                 .host = host });
		if (e == ERR_OK)
			return db_commit(&tx);
	}
	return e;
}

/* @ret whether this call was the one that declared the runner dead */
static enum err bury(struct ctx *cx, const struct queue *q, queue_handlers handlers,
                     const struct queue_suspect *who, bool expired, bool *ret)
{
	const struct who me = cx->who;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct list jobs;
	int64_t rows;
	enum err e = ERR_OK;

	*ret = false;
	TRY(db_begin(cx, &tx));
	TRY(queue_repo_remove(cx, q, who, expired, &rows));
	if (rows == 0)
		return ERR_OK;
	TRY(queue_repo_orphans(cx, who->id, &jobs));
	for (size_t i = 0; i < jobs.n && e == ERR_OK; i++) {
		const struct job_claim *all = jobs.items;

		e = rescue_job(cx, handlers, &all[i], who->id, who->host);
	}
	cx->who = me;
	TRY(e);
	TRY(db_commit(&tx));
	*ret = true;
	return ERR_OK;
}

static const struct queue_suspect *suspect_of(const struct queue *q, const struct queue_corpse *c)
{
	for (size_t i = 0; i < q->nsuspects; i++) {
		if (strcmp(q->suspects[i].id, c->id) == 0 && q->suspects[i].beat_us == c->beat_us)
			return &q->suspects[i];
	}
	return NULL;
}

enum err queue_rescue(struct ctx *cx, struct queue *q, queue_handlers handlers,
                      int64_t *ret_runners, bool *ret_suspects)
{
	struct queue_suspect next[QUEUE_SUSPECTS_MAX];
	int64_t now = mono_ms(cx);
	size_t n = 0;
	struct list found;

	*ret_runners = 0;
	*ret_suspects = false;
	TRY(queue_repo_corpses(cx, q, now >= q->quiet_until_ms, &found));
	for (size_t i = 0; i < found.n; i++) {
		const struct queue_corpse *c = (const struct queue_corpse *)found.items + i;
		const struct queue_suspect *seen = suspect_of(q, c);
		struct queue_suspect who = { .beat_us = c->beat_us, .seen_ms = now };
		bool buried = false;

		snprintf(who.id, sizeof(who.id), "%s", c->id);
		snprintf(who.host, sizeof(who.host), "%s", c->host);
		if (seen != NULL)
			who.seen_ms = seen->seen_ms;
		if (c->expired || (seen != NULL && now - seen->seen_ms >= QUEUE_CONFIRM_MS)) {
			TRY(bury(cx, q, handlers, &who, c->expired, &buried));
			*ret_runners += buried;
		} else if (n < QUEUE_SUSPECTS_MAX) {
			next[n++] = who;
		}
	}
	memcpy(q->suspects, next, n * sizeof(next[0]));
	q->nsuspects = n;
	*ret_suspects = n > 0;
	return ERR_OK;
}

/* --- Tidying --- */

enum err queue_tidy(struct ctx *cx, int64_t *ret)
{
	const struct config *config = cx->app->config;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t alone, jobs, answers, families, dropped;

	*ret = 0;
	TRY(db_begin(cx, &tx));
	TRY(queue_repo_tidy_lock(cx, &alone));
	if (!alone)
		return ERR_OK;
	TRY(queue_repo_tidy_orphans(cx));
	TRY(queue_repo_tidy_dead(cx, config->jobs_dead_days, &jobs));
	TRY(queue_repo_tidy_answers(cx, config->idempotency_hours, &answers));
	TRY(queue_repo_tidy_families(cx, &families));
	TRY(db_commit(&tx));
	TRY(queue_repo_tidy_partitions(cx, config->jobs_retention_days, config->jobs_dead_days,
	                               config->events_retention_days, &dropped));
	*ret = jobs > answers ? jobs : answers;
	if (families > *ret)
		*ret = families;
	return ERR_OK;
}
