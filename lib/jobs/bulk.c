/*
 * The same act on many jobs.
 *
 * In transactions of OPERATE_CHUNK jobs, each in a savepoint of its own: what one job refuses does not
 * undo the others, no row stays locked for long, and so few savepoints cost the server nothing.  All who
 * do this go by rising ids, so that two of them wait for each other in one direction only.
 */
#include "jobs/operate.h"

#include "audit/audit.h"
#include "jobs/operate_repo.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_MS 2000 /* of the request's time, for the answer */

static const struct field SKIPPED_FIELDS[] = {
	F_INT(struct job_skipped, id, .doc = "Number of the job"),
	F_TEXT(struct job_skipped, reason, .doc = "Why it was left as it is"),
};
static const struct schema SKIPPED = SCHEMA(struct job_skipped, "JobSkipped", SKIPPED_FIELDS);

static const struct field BULK_FIELDS[] = {
	F_INT(struct job_bulk, matched, .doc = "Jobs that were looked at"),
	F_INT(struct job_bulk, done, .doc = "Jobs with which it was done"),
	F_LIST(struct job_bulk, skipped, .of = &SKIPPED,
	       .doc = "Jobs that were left as they are, the first hundred"),
	F_BOOL(struct job_bulk, more,
	       .doc = "Others match, and were not looked at: go on after last_id"),
	F_INT(struct job_bulk, last_id, .zero_is_null = true,
	      .doc = "The last job that was looked at; null when none matched"),
};
const struct schema job_bulk_schema = SCHEMA(struct job_bulk, "JobBulk", BULK_FIELDS);

static const struct field MATCHED_FIELDS[] = {
	F_INT(struct job_matched, matched, .doc = "Jobs that match, a thousand at most"),
	F_BOOL(struct job_matched, more, .doc = "There are others"),
};
const struct schema job_matched_schema = SCHEMA(struct job_matched, "JobMatched", MATCHED_FIELDS);

struct noted {
	int64_t matched, done;
};
static const struct field NOTED_FIELDS[] = {
	F_INT(struct noted, matched, .doc = "Jobs that were looked at"),
	F_INT(struct noted, done, .doc = "Jobs with which it was done"),
};
static const struct schema NOTED = SCHEMA(struct noted, "JobBulkNoted", NOTED_FIELDS);

struct bulk {
	struct ctx *cx;
	const struct job_kind *const *kinds;
	enum job_act act;
	const struct job_change *change;
	struct job_skipped *skipped;
	size_t nskipped;
	struct job_bulk *out;
};

static bool says_nothing(const struct job_selection *which)
{
	const struct job_filter *f = &which->filter;

	return which->ids.n == 0 && f->status == NULL && f->job_type == NULL && f->queue == NULL &&
	       f->q == NULL && f->project_id == 0 && f->since_us == 0 && f->until_us == 0;
}

static enum err check(struct ctx *cx, const struct job_selection *which)
{
	bool nothing = says_nothing(which);

	if (nothing == which->all)
		return ERR_OK;
	if (nothing)
		err_field(cx, ERR_INVALID, "/all", "required",
		          "The filter is empty: that would be every job there is.");
	else
		err_field(cx, ERR_INVALID, "/all", "contradiction",
		          "The filter names some jobs, and all says every one.");
	err_fix(cx, nothing ? "name some of them (ids, status, type, queue, project, q), or say "
	                      "\"all\": true"
	                    : "leave one of them out");
	return ERR_INVALID;
}

static enum err act(struct bulk *b, int64_t id)
{
	struct job job;

	switch (b->act) {
	case JOB_RETRY:
		return job_retry(b->cx, b->kinds, id, b->change, &job);
	case JOB_CANCEL:
		return job_cancel(b->cx, b->kinds, id, &job);
	case JOB_DISCARD:
		return job_discard(b->cx, id);
	}
	assert(!"an act without a name");
	return ERR_INTERNAL;
}

/* What is wrong with this job alone. */
static bool concerns_one(enum err e)
{
	int status = err_info(e)->status;

	return status >= 400 && status < 500;
}

static void skip(struct bulk *b, int64_t id)
{
	const struct fault *fault = &b->cx->fault;

	if (b->nskipped < OPERATE_SKIPPED)
		b->skipped[b->nskipped++] = (struct job_skipped){
			id, arena_strdup(b->cx->arena, fault->nfields > 0 ? fault->fields[0].detail
			                                                  : fault->detail)
		};
	err_clear(b->cx);
}

static enum err do_chunk(struct bulk *b, const int64_t *ids, size_t n)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	size_t nskipped = b->nskipped;
	int64_t done = 0;

	TRY(db_begin(b->cx, &tx));
	for (size_t i = 0; i < n; i++) {
		enum err e = act(b, ids[i]);

		if (e != ERR_OK && !concerns_one(e)) {
			b->nskipped = nskipped; /* all of the chunk is undone */
			return e;
		}
		if (e == ERR_OK)
			done++;
		else
			skip(b, ids[i]);
	}
	TRY(db_commit(&tx));
	b->out->done += done;
	b->out->matched += (int64_t)n;
	b->out->last_id = ids[n - 1];
	return ERR_OK;
}

static enum err note(struct bulk *b)
{
	static const char *const ACTIONS[] = { [JOB_RETRY] = "jobs.retried",
		                               [JOB_CANCEL] = "jobs.cancelled",
		                               [JOB_DISCARD] = "jobs.discarded" };
	const struct noted noted = { b->out->matched, b->out->done };

	return audit_note(b->cx, &(const struct audit_act){
					 .action = ACTIONS[b->act],
					 .schema = &NOTED,
					 .detail = &noted,
				 });
}

static int by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* @ret ids to act on, at most limit; *ret_more when others match */
static enum err choose(struct bulk *b, const struct job_selection *which, int64_t limit,
                       int64_t *ids, size_t *ret_n, bool *ret_more)
{
	struct job_filter filter = which->filter;
	const struct job_skipped *found;
	struct list list;

	if (which->ids.n > 0) {
		*ret_n = (int64_t)which->ids.n < limit ? which->ids.n : (size_t)limit;
		*ret_more = *ret_n < which->ids.n;
		memcpy(ids, which->ids.items, *ret_n * sizeof(*ids));
		qsort(ids, *ret_n, sizeof(*ids), by_number);
		return ERR_OK;
	}
	filter.limit = limit + 1;
	TRY(operate_repo_select(b->cx, &filter, b->act != JOB_CANCEL, &list));
	found = list.items;
	*ret_more = (int64_t)list.n > limit;
	*ret_n = *ret_more ? (size_t)limit : list.n;
	for (size_t i = 0; i < *ret_n; i++)
		ids[i] = found[i].id;
	return ERR_OK;
}

enum err job_bulk(struct ctx *cx, job_kinds kinds, enum job_act what,
                  const struct job_selection *which, const struct job_change *change,
                  struct job_bulk *ret)
{
	int64_t limit = which->filter.limit, ids[OPERATE_BULK_MAX];
	struct bulk b = { cx, kinds, what, change, NULL, 0, ret };
	enum err e = ERR_OK;
	size_t n, i = 0;

	assert(limit >= 1 && limit <= OPERATE_BULK_MAX);
	TRY(check(cx, which));
	*ret = (struct job_bulk){ 0 };
	b.skipped = arena_array(cx->arena, OPERATE_SKIPPED, sizeof(*b.skipped));
	TRY(choose(&b, which, limit, ids, &n, &ret->more));
	while (i < n && ctx_left_ms(cx) > SPARE_MS) {
		size_t portion = n - i < OPERATE_CHUNK ? n - i : OPERATE_CHUNK;

		e = do_chunk(&b, ids + i, portion);
		if (e != ERR_OK && i == 0)
			return e;
		if (e != ERR_OK)
			break; /* what came before is done, and that is to be told */
		i += portion;
	}
	err_clear(cx);
	ret->more = ret->more || i < n;
	ret->skipped = (struct list){ b.skipped, b.nskipped };
	return note(&b);
}

enum err job_bulk_count(struct ctx *cx, enum job_act what, const struct job_filter *filter,
                        struct job_matched *ret)
{
	struct job_filter f = *filter;
	struct list list;

	f.limit = OPERATE_BULK_MAX + 1;
	TRY(operate_repo_select(cx, &f, what != JOB_CANCEL, &list));
	ret->more = list.n > OPERATE_BULK_MAX;
	ret->matched = ret->more ? OPERATE_BULK_MAX : (int64_t)list.n;
	return ERR_OK;
}
