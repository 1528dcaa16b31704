/* Queues as operators see them. */
#include "jobs/queues.h"

#include "audit/audit.h"
#include "jobs/queues_repo.h"

#include <string.h>

#define NAMES_MAX_BYTES ((size_t)16 * 1024)

static const struct field LIMIT_FIELDS[] = {
	F_INT(struct queue_limits, concurrency, .zero_is_null = true,
	      .doc = "Most jobs that run at a time, on all runners; null: no limit"),
	F_INT(struct queue_limits, per_runner, .zero_is_null = true,
	      .doc = "Most jobs that run at a time on one runner; null: no limit"),
	F_INT(struct queue_limits, rate_limit, .zero_is_null = true,
	      .doc = "Most starts in rate_period_s; null: no limit"),
	F_INT(struct queue_limits, rate_period_s, .zero_is_null = true,
	      .doc = "Seconds in which rate_limit jobs may start"),
	F_BOOL(struct queue_limits, paused, .doc = "No job is started"),
	F_TIME(struct queue_limits, paused_us, .nullable = true, .name = "paused_at",
	       .doc = "Since when it is paused"),
	F_TEXT(struct queue_limits, paused_by, .nullable = true, .doc = "Who paused it"),
};
static const struct schema LIMITS = SCHEMA(struct queue_limits, "QueueLimits", LIMIT_FIELDS);

static const struct field ENDED_FIELDS[] = {
	F_INT(struct queue_ended, m1, .doc = "In the last minute"),
	F_INT(struct queue_ended, m5, .doc = "In the last five minutes"),
	F_INT(struct queue_ended, h1, .doc = "In the last hour"),
};
static const struct schema ENDED = SCHEMA(struct queue_ended, "QueueEnded", ENDED_FIELDS);

static const struct field TIMES_FIELDS[] = {
	F_INT(struct queue_times, p50, .doc = "Half of the jobs took no longer"),
	F_INT(struct queue_times, p95, .doc = "95 of 100 took no longer"),
	F_INT(struct queue_times, p99, .doc = "99 of 100 took no longer"),
};
static const struct schema TIMES = SCHEMA(struct queue_times, "QueueTimes", TIMES_FIELDS);

static const struct field STATE_FIELDS[] = {
	F_TEXT(struct queue_state, name, .max = JOB_QUEUE_MAX, .example = "\"heavy\"",
	       .doc = "Name of the queue"),
	F_BOOL(struct queue_state, paused,
	       .doc = "No job is started: the tenant or the installation has paused it"),
	F_INT(struct queue_state, pending, .doc = "Jobs that wait for their first start"),
	F_INT(struct queue_state, running, .doc = "Jobs that run"),
	F_INT(struct queue_state, retrying,
	      .doc = "Jobs that failed and wait for their next start"),
	F_INT(struct queue_state, blocked, .doc = "Jobs that wait for others"),
	F_INT(struct queue_state, dead, .doc = "Kept jobs that failed or are dead"),
	F_INT(struct queue_state, oldest_s,
	      .doc = "Seconds for which the oldest startable job has waited"),
	F_OBJ(struct queue_state, completed, .of = &ENDED, .doc = "Jobs that were done"),
	F_OBJ(struct queue_state, failed, .of = &ENDED, .doc = "Jobs that ended without success"),
	F_OBJ(struct queue_state, wait_ms, .of = &TIMES,
	      .doc = "Milliseconds from when a job could start to its start, of those done within "
	             "the last hour"),
	F_OBJ(struct queue_state, run_ms, .of = &TIMES,
	      .doc = "Milliseconds from start to end, of the same"),
	F_OBJ(struct queue_state, limits, .of = &LIMITS, .doc = "What the tenant has set"),
	F_OBJ(struct queue_state, installation, .of = &LIMITS,
	      .doc = "What holds over all tenants; only the operator of the installation sets it"),
	F_INT(struct queue_state, version,
	      .doc = "Rises with every change of limits; the ETag is made from it"),
};
const struct schema queue_state_schema = SCHEMA(struct queue_state, "Queue", STATE_FIELDS);

static const struct field BRIEF_FIELDS[] = {
	F_TEXT(struct queue_brief, name, .doc = "Name of the queue"),
	F_BOOL(struct queue_brief, paused, .doc = "No job is started"),
	F_INT(struct queue_brief, pending, .doc = "Jobs that wait for their first start"),
	F_INT(struct queue_brief, running, .doc = "Jobs that run"),
	F_INT(struct queue_brief, retrying,
	      .doc = "Jobs that failed and wait for their next start"),
	F_INT(struct queue_brief, oldest_pending_s,
	      .doc = "Seconds for which the oldest startable job has waited"),
};
const struct schema queue_brief_schema = SCHEMA(struct queue_brief, "QueueBrief", BRIEF_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_INT(struct queue_patch, concurrency, .nullable = true, .min = 1,
	      .max = QUEUES_CONCURRENCY_MAX,
	      .doc = "Most jobs of the tenant that run at a time; null: no limit"),
	F_INT(struct queue_patch, rate_limit, .nullable = true, .min = 1, .max = QUEUES_RATE_MAX,
	      .doc = "Most starts in rate_period_s; null, as that then too: no limit"),
	F_INT(struct queue_patch, rate_period_s, .nullable = true, .min = 1,
	      .max = QUEUES_PERIOD_MAX_S, .doc = "Seconds in which rate_limit jobs may start"),
};
const struct schema queue_patch_schema =
	SCHEMA_PATCH(struct queue_patch, "QueuePatch", PATCH_FIELDS);

static const struct field ALL_FIELDS[] = {
	F_TEXT(struct queue_all, name, .doc = "Name of the queue"),
	F_INT(struct queue_all, pending, .doc = "Jobs that wait for their first start"),
	F_INT(struct queue_all, running, .doc = "Jobs that run"),
	F_INT(struct queue_all, retrying, .doc = "Jobs that failed and wait for their next start"),
	F_INT(struct queue_all, oldest_s,
	      .doc = "Seconds for which the oldest startable job has waited"),
	F_OBJ(struct queue_all, limits, .of = &LIMITS, .doc = "What holds over all tenants"),
};
const struct schema queue_all_schema = SCHEMA(struct queue_all, "QueueOfAll", ALL_FIELDS);

/* What an event about a queue tells. */
struct queue_told {
	const char *name;
	bool paused;
	int64_t concurrency, per_runner, rate_limit, rate_period_s;
};

static const struct field TOLD_FIELDS[] = {
	F_TEXT(struct queue_told, name, .doc = "Name of the queue"),
	F_BOOL(struct queue_told, paused, .doc = "No job is started"),
	F_INT(struct queue_told, concurrency, .zero_is_null = true,
	      .doc = "Most jobs that run at a time"),
	F_INT(struct queue_told, per_runner, .zero_is_null = true,
	      .doc = "Most jobs that run at a time on one runner"),
	F_INT(struct queue_told, rate_limit, .zero_is_null = true,
	      .doc = "Most starts in rate_period_s"),
	F_INT(struct queue_told, rate_period_s, .zero_is_null = true,
	      .doc = "Seconds in which rate_limit jobs may start"),
};
static const struct schema TOLD = SCHEMA(struct queue_told, "QueueTold", TOLD_FIELDS);

const struct event_kind queue_paused = {
	.type = "queue.paused",
	.version = 1,
	.payload = &TOLD,
	.audited = true,
	.doc = "Somebody paused a queue.",
};
const struct event_kind queue_resumed = {
	.type = "queue.resumed",
	.version = 1,
	.payload = &TOLD,
	.audited = true,
	.doc = "Somebody resumed a queue.",
};
const struct event_kind queue_limited = {
	.type = "queue.limited",
	.version = 1,
	.payload = &TOLD,
	.audited = true,
	.doc = "Somebody changed the limits of a queue.",
};

static struct queue_told told_of(const char *name, const struct queue_limits *l)
{
	return (struct queue_told){ name,          l->paused,     l->concurrency,
		                    l->per_runner, l->rate_limit, l->rate_period_s };
}

/* The queues of kinds, as an array's text; their names need no quotes in it. */
static enum err names_of(struct ctx *cx, job_kinds kinds, const char **ret)
{
	struct sb sb = sb_new(cx->arena, NAMES_MAX_BYTES);

	sb_addc(&sb, '{');
	for (int i = 0; kinds[i] != NULL; i++)
		sb_addf(&sb, "%s\"%s\"", i > 0 ? "," : "", kinds[i]->queue);
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

static enum err unknown(struct ctx *cx, const char *name)
{
	err_set(cx, ERR_NOT_FOUND, "there is no queue \"%s\"", name);
	err_fix(cx, "take one that the list of queues names");
	return ERR_NOT_FOUND;
}

enum err queues_list(struct ctx *cx, job_kinds kinds, struct list *ret)
{
	const char *names;

	TRY(names_of(cx, kinds, &names));
	return queues_repo_list(cx, names, NULL, ret);
}

enum err queues_get(struct ctx *cx, job_kinds kinds, const char *name, struct queue_state *ret)
{
	const char *names;
	struct list list;

	TRY(names_of(cx, kinds, &names));
	TRY(queues_repo_list(cx, names, name, &list));
	if (list.n == 0)
		return unknown(cx, name);
	*ret = *(const struct queue_state *)list.items;
	return ERR_OK;
}

enum err queues_brief(struct ctx *cx, struct list *ret)
{
	return queues_repo_brief(cx, ret);
}

/* The end of a change: what has come of it, word of it, and the runners'. */
static enum err changed(struct ctx *cx, job_kinds kinds, const char *name,
                        const struct event_kind *kind, struct queue_state *ret)
{
	struct queue_told told;

	TRY(queues_get(cx, kinds, name, ret));
	told = told_of(ret->name, ret->limits);
	TRY(event_emit(cx, kind, 0, &told));
	return queues_repo_notify(cx, name);
}

enum err queues_pause(struct ctx *cx, job_kinds kinds, const char *name, bool pause,
                      struct queue_state *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(queues_get(cx, kinds, name, ret));
	TRY(queues_repo_pause(cx, name, pause));
	TRY(changed(cx, kinds, name, pause ? &queue_paused : &queue_resumed, ret));
	return db_commit(&tx);
}

static enum err check_rate(struct ctx *cx, int64_t rate_limit, int64_t rate_period_s)
{
	if ((rate_limit == 0) == (rate_period_s == 0))
		return ERR_OK;
	return err_field(cx, ERR_INVALID, rate_limit == 0 ? "/rate_limit" : "/rate_period_s",
	                 "required",
	                 "rate_limit and rate_period_s go together: so many starts in "
	                 "so many seconds, or null both");
}

enum err queues_limit(struct ctx *cx, job_kinds kinds, const char *name, int64_t version,
                      const struct queue_patch *in, struct queue_state *ret)
{
	const struct schema *s = &queue_patch_schema;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct queue_state was;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(queues_get(cx, kinds, name, &was));
	TRY(check_rate(cx,
	               schema_given(s, in, "rate_limit") ? in->rate_limit : was.limits->rate_limit,
	               schema_given(s, in, "rate_period_s") ? in->rate_period_s
	                                                    : was.limits->rate_period_s));
	e = queues_repo_limit(cx, name, version, in);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		TRY(queues_get(cx, kinds, name, &was));
		err_set(cx, ERR_STALE, "the queue's limits are at version %lld, not %lld",
		        (long long)was.version, (long long)version);
		err_fix(cx, "read it again and repeat the change");
		return ERR_STALE;
	}
	TRY(e);
	TRY(changed(cx, kinds, name, &queue_limited, ret));
	return db_commit(&tx);
}

/* --- Of the installation --- */

enum err queues_list_all(struct ctx *cx, job_kinds kinds, struct list *ret)
{
	const char *names;

	TRY(names_of(cx, kinds, &names));
	return queues_repo_list_all(cx, names, NULL, ret);
}

static enum err get_all(struct ctx *cx, job_kinds kinds, const char *name, struct queue_all *ret)
{
	const char *names;
	struct list list;

	TRY(names_of(cx, kinds, &names));
	TRY(queues_repo_list_all(cx, names, name, &list));
	if (list.n == 0)
		return unknown(cx, name);
	*ret = *(const struct queue_all *)list.items;
	return ERR_OK;
}

static int64_t after(int64_t change, int64_t was)
{
	return change == QUEUES_KEEP ? was : change;
}

static enum err note_all(struct ctx *cx, const struct queue_all_change *change,
                         const struct queue_all *now)
{
	const struct queue_told told = told_of(now->name, now->limits);

	return audit_note(cx, &(const struct audit_act){
				      .action = change->pause > 0    ? queue_paused.type
	                                        : change->pause == 0 ? queue_resumed.type
	                                                             : queue_limited.type,
				      .target = arena_printf(cx->arena, "queue:%s", now->name),
				      .schema = &TOLD,
				      .detail = &told,
			      });
}

enum err queues_set_all(struct ctx *cx, job_kinds kinds, const char *name,
                        const struct queue_all_change *change, struct queue_all *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct queue_all was;

	TRY(db_begin(cx, &tx));
	TRY(get_all(cx, kinds, name, &was));
	TRY(check_rate(cx, after(change->rate_limit, was.limits->rate_limit),
	               after(change->rate_period_s, was.limits->rate_period_s)));
	TRY(queues_repo_set_all(cx, name, change));
	TRY(get_all(cx, kinds, name, ret));
	TRY(note_all(cx, change, ret));
	TRY(queues_repo_notify(cx, name));
	return db_commit(&tx);
}
