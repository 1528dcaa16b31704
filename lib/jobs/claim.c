/* Lanes, marks and limits: what to claim from where. */
#include "jobs/claim.h"

#include "jobs/claim_repo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_MAX_BYTES ((size_t)64 * 1024)
#define SWEEP_MS        1000 /* at least this often */
#define SWEEP_CHEAP_MS  5 /* one that costs no more may follow every short claim; after others, */
#define SWEEP_SHARE     4 /* so many times what the last one took must have passed */

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

/* --- Queues of a lane --- */

static struct claim_queue *queue_of(struct claim_lane *lane, const char *name)
{
	for (size_t i = 0; i < lane->nqueues; i++) {
		if (strcmp(lane->queue[i].name, name) == 0)
			return &lane->queue[i];
	}
	return NULL;
}

static enum err add_queue(struct ctx *cx, struct claim_lane *lane, const char *name)
{
	if (queue_of(lane, name) != NULL)
		return ERR_OK;
	if (lane->nqueues == CLAIM_QUEUES_MAX)
		return err_set(cx, ERR_INTERNAL, "there are more than %d queues", CLAIM_QUEUES_MAX);
	lane->queue[lane->nqueues] = (struct claim_queue){ 0 };
	snprintf(lane->queue[lane->nqueues++].name, sizeof(lane->queue[0].name), "%s", name);
	return ERR_OK;
}

static enum claim_weight weight_of(const struct job_kind *kind)
{
	assert(!kind->light || !kind->waits);
	return kind->light ? CLAIM_LIGHT : kind->waits ? CLAIM_WAITS : CLAIM_HEAVY;
}

/* @ret of enum claim_weight, of the kinds that a queue belongs to; 0 when to none */
static unsigned weights_of(queue_handlers handlers, const char *queue)
{
	unsigned ret = 0;

	for (int i = 0; handlers[i] != NULL; i++) {
		for (const struct job_handler *h = handlers[i]; h->kind != NULL; h++) {
			if (strcmp(h->kind->queue, queue) == 0)
				ret |= weight_of(h->kind);
		}
	}
	return ret;
}

/* Names of ours: letters, digits, dots, underscores; they need no quotes in an array's text. */
static enum err lane_add(struct ctx *cx, struct claim_lane *lane, const struct job_kind *kind,
                         struct sb *types)
{
	bool stray = lane->weight == CLAIM_HEAVY && kind->waits;

	if (weight_of(kind) != lane->weight && !stray)
		return ERR_OK;
	if (weights_of(lane->handlers, kind->queue) != (unsigned)weight_of(kind))
		return err_set(cx, ERR_INTERNAL, "queue %s has jobs of several weights",
		               kind->queue);
	sb_addf(types, "%c%s", types->len == 0 ? '{' : ',', kind->type);
	return stray ? ERR_OK : add_queue(cx, lane, kind->queue);
}

enum err claim_lane_open(struct ctx *cx, struct arena *arena, queue_handlers handlers,
                         enum claim_weight weight, struct claim_lane *lane)
{
	struct sb types = sb_new(arena, ARRAY_MAX_BYTES);

	*lane = (struct claim_lane){ .weight = weight, .handlers = handlers };
	for (int i = 0; handlers[i] != NULL; i++) {
		for (const struct job_handler *h = handlers[i]; h->kind != NULL; h++)
			TRY(lane_add(cx, lane, h->kind, &types));
	}
	if (types.len == 0)
		sb_addc(&types, '{');
	sb_addc(&types, '}');
	return sb_finish(cx, &types, &lane->types);
}

enum err claim_limits(struct ctx *cx, struct claim_lane *lane, const char *version)
{
	struct list list;

	if (version != NULL && strcmp(version, lane->limits) == 0)
		return ERR_OK;
	TRY(claim_repo_limits(cx, &list));
	for (size_t i = 0; i < lane->nqueues; i++) {
		lane->queue[i].limited = false;
		lane->queue[i].per_runner = 0;
	}
	for (size_t i = 0; i < list.n; i++) {
		const struct claim_limit *limit = (const struct claim_limit *)list.items + i;
		unsigned weights = weights_of(lane->handlers, limit->name);
		struct claim_queue *queue;

		/* A queue of no kind's own is the heavy lane's: jobs are put there by name. */
		if (weights == 0 && lane->weight == CLAIM_HEAVY && lane->nqueues < CLAIM_QUEUES_MAX)
			TRY(add_queue(cx, lane, limit->name));
		queue = queue_of(lane, limit->name);
		if (queue == NULL)
			continue;
		queue->limited = limit->limited;
		queue->per_runner = limit->per_runner;
	}
	snprintf(lane->limits, sizeof(lane->limits), "%s", version != NULL ? version : "");
	return ERR_OK;
}

/* --- Claims --- */

/* The arrays of one walk; the most urgent first. */
struct arrays {
	struct sb queues, priorities, mark_us, mark_ids;
};

static void put(struct sb *sb, int64_t n)
{
	sb_addc(sb, sb->len == 0 ? '{' : ',');
	sb_int(sb, n);
}

/* A tid in an array's text; what is not known is looked for. */
static void put_place(struct sb *sb, int64_t place)
{
	sb_addc(sb, sb->len == 0 ? '{' : ',');
	if (place == 0) {
		sb_add(sb, "NULL");
		return;
	}
	sb_add(sb, "\"(");
	sb_int(sb, place >> 16);
	sb_addc(sb, ',');
	sb_int(sb, place & 0xffff);
	sb_add(sb, ")\"");
}

static enum err end(struct ctx *cx, struct sb *sb, const char **ret)
{
	if (sb->len == 0)
		sb_addc(sb, '{');
	sb_addc(sb, '}');
	return sb_finish(cx, sb, ret);
}

static void add_queues(struct sb *sb, const struct claim_lane *lane)
{
	for (size_t i = 0; i < lane->nqueues; i++)
		sb_addf(sb, "%c%s", sb->len == 0 ? '{' : ',', lane->queue[i].name);
}

enum err claim_sight(struct ctx *cx, const struct claim_lane *heavy, const struct claim_lane *waits,
                     const struct claim_lane *light, const struct job_claim *running, size_t n,
                     struct queue_sight *ret)
{
	struct sb types = sb_new(cx->arena, ARRAY_MAX_BYTES), ids = types, slow = types,
		  quick = types;

	for (int i = 0; heavy->handlers[i] != NULL; i++) {
		for (const struct job_handler *h = heavy->handlers[i]; h->kind != NULL; h++)
			sb_addf(&types, "%c%s", types.len == 0 ? '{' : ',', h->kind->type);
	}
	for (size_t i = 0; i < n; i++)
		put(&ids, running[i].id);
	add_queues(&slow, heavy);
	add_queues(&slow, waits);
	add_queues(&quick, light);
	TRY(end(cx, &slow, &ret->heavy));
	TRY(end(cx, &quick, &ret->light));
	TRY(end(cx, &ids, &ret->running));
	return end(cx, &types, &ret->types);
}

static enum err walk_of(struct ctx *cx, const struct claim_lane *lane,
                        const struct claim_wish *wish, bool sweep, struct claim_walk *ret)
{
	struct sb empty = sb_new(cx->arena, ARRAY_MAX_BYTES);
	struct arrays a = { empty, empty, empty, empty };

	for (int p = 0; p < CLAIM_PRIORITIES; p++) {
		for (size_t i = 0; i < lane->nqueues; i++) {
			const struct claim_queue *queue = &lane->queue[i];

			if (queue->limited)
				continue;
			sb_addf(&a.queues, "%c%s", a.queues.len == 0 ? '{' : ',', queue->name);
			put(&a.priorities, p + 1);
			put(&a.mark_us, sweep ? 0 : queue->mark_us[p]);
			put(&a.mark_ids, sweep ? 0 : queue->mark_id[p]);
		}
	}
	*ret = (struct claim_walk){ .types = lane->types, .n = wish->n };
	TRY(end(cx, &a.queues, &ret->queues));
	TRY(end(cx, &a.priorities, &ret->priorities));
	TRY(end(cx, &a.mark_us, &ret->mark_us));
	return end(cx, &a.mark_ids, &ret->mark_ids);
}

/* Where each walk has come to; the claims are in order. */
static void move_marks(struct claim_lane *lane, const struct list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct job_claim *job = (const struct job_claim *)list->items + i;
		struct claim_queue *queue = queue_of(lane, job->queue);

		if (queue == NULL)
			continue;
		queue->mark_us[job->priority - 1] = job->run_us;
		queue->mark_id[job->priority - 1] = job->id;
	}
}

static int by_urgency(const void *x, const void *y)
{
	const struct job_claim *a = x, *b = y;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->run_us != b->run_us)
		return a->run_us < b->run_us ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* Append what a later claim brought.  The lists are of one context, so items may be copied. */
static void join(struct ctx *cx, struct list *list, const struct list *more)
{
	struct job_claim *all;

	if (more->n == 0)
		return;
	all = arena_array(cx->arena, list->n + more->n, sizeof(*all));
	if (list->n > 0)
		memcpy(all, list->items, list->n * sizeof(*all));
	memcpy(all + list->n, more->items, more->n * sizeof(*all));
	*list = (struct list){ .items = all, .n = list->n + more->n };
}

/* --- Completions --- */

static bool is_listed(const char *ids, int64_t id)
{
	const char *at = ids;
	char *next;

	while (*at != '\0' && *at != '}') {
		if (strtoll(at + 1, &next, 10) == id)
			return true;
		at = next;
	}
	return false;
}

/* Mostly all are accepted. */
static void list_refused(struct ctx *cx, const struct claim_wish *wish, const char *accepted,
                         struct list *ret)
{
	struct job_claim *all = arena_array(cx->arena, wish->ndone, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < wish->ndone; i++) {
		if (!is_listed(accepted, wish->done[i].id))
			all[n++] = (struct job_claim){ .id = wish->done[i].id,
				                       .token = wish->done[i].token,
				                       .refused = true };
	}
	*ret = (struct list){ .items = all, .n = n };
}

static enum err complete(struct ctx *cx, const struct queue *q, const struct claim_wish *wish,
                         struct list *ret_refused)
{
	struct sb ids = sb_new(cx->arena, ARRAY_MAX_BYTES), tokens = ids, places = ids;
	struct claim_ends ends = { .n = wish->ndone };
	const char *accepted;

	for (size_t i = 0; i < wish->ndone; i++) {
		put(&ids, wish->done[i].id);
		put(&tokens, wish->done[i].token);
		put_place(&places, wish->done[i].place);
	}
	TRY(end(cx, &ids, &ends.ids));
	TRY(end(cx, &tokens, &ends.tokens));
	TRY(end(cx, &places, &ends.places));
	TRY(claim_repo_done(cx, q, &ends, &accepted));
	if (accepted != NULL)
		list_refused(cx, wish, accepted, ret_refused);
	return ERR_OK;
}

/* --- One claim --- */

static enum err claim_free(struct ctx *cx, const struct queue *q, struct claim_lane *lane,
                           const struct claim_wish *wish, bool sweep, struct list *ret)
{
	int64_t since = mono_ms(cx);
	struct claim_walk walk;

	TRY(walk_of(cx, lane, wish, sweep, &walk));
	TRY(claim_repo_batch(cx, q, &walk, ret));
	qsort((struct job_claim *)ret->items, ret->n, sizeof(struct job_claim), by_urgency);
	move_marks(lane, ret);
	lane->deep = (int64_t)ret->n >= wish->n;
	if (sweep) {
		lane->swept_ms = mono_ms(cx);
		lane->sweep_ms = lane->swept_ms - since;
	}
	return ERR_OK;
}

static int64_t running_in(const struct claim_wish *wish, const char *queue)
{
	int64_t n = 0;

	for (size_t i = 0; i < wish->nrunning; i++)
		n += strcmp(wish->running[i].queue, queue) == 0;
	return n;
}

static enum err claim_limited(struct ctx *cx, const struct queue *q, struct claim_lane *lane,
                              const struct claim_wish *wish, struct list *ret)
{
	for (size_t i = 0; i < lane->nqueues; i++) {
		const struct claim_queue *queue = &lane->queue[i];
		int64_t room = wish->n - (int64_t)ret->n;
		struct list more;

		if (!queue->limited)
			continue;
		if (queue->per_runner > 0 &&
		    queue->per_runner - running_in(wish, queue->name) < room)
			room = queue->per_runner - running_in(wish, queue->name);
		if (room <= 0)
			continue;
		TRY(claim_repo_limited(cx, q, queue->name, lane->types, room, &more));
		join(cx, ret, &more);
	}
	return ERR_OK;
}

enum err queue_claim(struct ctx *cx, const struct queue *q, struct claim_lane *lane,
                     const struct claim_wish *wish, struct list *ret)
{
	int64_t since_ms = mono_ms(cx) - lane->swept_ms;
	bool cheap = lane->sweep_ms <= SWEEP_CHEAP_MS || since_ms >= lane->sweep_ms * SWEEP_SHARE;
	bool sweep = since_ms >= SWEEP_MS || (!lane->deep && cheap);
	struct list list = { 0 }, refused = { 0 };

	assert(wish->n <= CLAIM_BATCH_MAX && wish->ndone <= CLAIM_BATCH_MAX);
	if (wish->ndone > 0)
		TRY(complete(cx, q, wish, &refused));
	if (wish->n > 0) {
		TRY(claim_free(cx, q, lane, wish, sweep, &list));
		TRY(claim_limited(cx, q, lane, wish, &list));
	}
	join(cx, &list, &refused);
	*ret = list;
	return ERR_OK;
}
