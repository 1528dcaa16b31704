/*
 * Handing on: one round of one subscription in one transaction.
 *
 * What is due again comes first, then the log after the place.  The log's portion is cut into the events of
 * one tenant each, which keeps the order of projects and spares the database a word on whose behalf it
 * works for each event.
 */
#include "events/subscription.h"

#include "base/secret.h"
#include "config/config.h"
#include "events/event_repo.h"
#include "events/follow_repo.h"
#include "events/kinds.h"
#include "events/subscription_repo.h"

#include <inttypes.h>
#include <string.h>

#define ARRAY_MAX_BYTES ((size_t)64 * 1024)

/* --- The list of subscribers --- */

static const char *rule_broken(event_subscribers all, size_t at)
{
	const struct event_subscriber *s = all[at];

	if (s->name == NULL || s->name[0] == '\0' || strlen(s->name) > SUBSCRIPTION_NAME_MAX ||
	    strspn(s->name, "abcdefghijklmnopqrstuvwxyz0123456789_.") != strlen(s->name))
		return "its name is not well-formed";
	if (s->kinds == NULL || s->kinds[0] == NULL)
		return "it names no kinds";
	if (s->handle == NULL || s->doc == NULL)
		return "it has no handler or no doc";
	if (s->attempts < 1 || s->attempts > INT16_MAX || s->backoff_s < 1)
		return "it has no attempts or no back-off";
	for (size_t i = 0; i < at; i++) {
		if (all[i]->name != NULL && strcmp(all[i]->name, s->name) == 0)
			return "its name is another's too";
	}
	return NULL;
}

const char *event_subscribers_check(struct arena *arena, event_subscribers subscribers)
{
	for (size_t i = 0; subscribers[i] != NULL; i++) {
		const char *rule = rule_broken(subscribers, i);

		if (rule != NULL)
			return arena_printf(arena, "%s: %s",
			                    subscribers[i]->name != NULL ? subscribers[i]->name
			                                                 : "(no name)",
			                    rule);
	}
	return NULL;
}

static struct list texts_of(const char *const *texts)
{
	size_t n = 0;

	while (texts[n] != NULL)
		n++;
	return (struct list){ .items = texts, .n = n };
}

enum err subscription_register(struct ctx *cx, event_subscribers subscribers)
{
	for (size_t i = 0; subscribers[i] != NULL; i++) {
		const struct list kinds = texts_of(subscribers[i]->kinds);

		TRY(subscription_repo_register(cx, subscribers[i]->name, event_names(cx, &kinds),
		                               subscribers[i]->doc));
	}
	return ERR_OK;
}

enum err subscription_look(struct ctx *cx, event_subscribers subscribers, bool *ret_work,
                           int64_t *ret_wait_ms)
{
	const char **names;
	struct list list = { 0 };
	struct subscription_look look;

	while (subscribers[list.n] != NULL)
		list.n++;
	names = arena_array(cx->arena, list.n, sizeof(*names));
	for (size_t i = 0; i < list.n; i++)
		names[i] = subscribers[i]->name;
	list.items = names;
	TRY(subscription_repo_look(cx, event_names(cx, &list), &look));
	/* Who is at it may be moving just what we were rung for: see what it leaves. */
	if (look.moved < 0)
		TRY(follow_repo_wait(cx));
	*ret_work = look.work || look.moved != 0;
	*ret_wait_ms = look.wait_ms;
	return ERR_OK;
}

enum err subscription_wants(struct ctx *cx, const struct event_subscriber *subscriber, bool all,
                            bool *ret)
{
	return subscription_repo_wants(cx, subscriber->name, all ? 1 : SUBSCRIPTION_PASS_OVER, ret);
}

/* --- A round --- */

struct round {
	struct ctx *cx;
	const struct event_subscriber *subscriber;
	struct subscription_place place;
	bool handed; /* events, to the handler or to those that wait */
	struct subscription_round *report;
};

/* Projects in which something went wrong in this round. */
struct lanes {
	const struct subscription_step **steps;
	size_t n;
};

static bool same_lane(const struct subscription_step *a, const struct subscription_step *b)
{
	return a->tenant_id == b->tenant_id && a->event.project_id == b->event.project_id;
}

static bool in_lanes(const struct lanes *lanes, const struct subscription_step *step)
{
	for (size_t i = 0; i < lanes->n; i++) {
		if (same_lane(lanes->steps[i], step))
			return true;
	}
	return false;
}

static bool wanted(const struct event_subscriber *subscriber, const char *kind)
{
	for (size_t i = 0; subscriber->kinds[i] != NULL; i++) {
		if (event_pattern_matches(subscriber->kinds[i], kind))
			return true;
	}
	return false;
}

static void adopt(struct round *r, int64_t tenant_id)
{
	struct ctx *cx = r->cx;

	cx->who = (struct who){ 0 };
	if (tenant_id == 0)
		return;
	cx->who.tenant_id = tenant_id;
	cx->who.role = ROLE_OWNER;
	cx->who.actor = arena_printf(cx->arena, "subscription:%s", r->subscriber->name);
}

/* The handler, inside a savepoint.  @ret its error; all that it wrote is undone then */
static enum err hand_over(struct round *r, const struct event *events, size_t n)
{
	struct ctx *cx = r->cx;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char request_id[REQUEST_ID_MAX + 1];
	enum err e;

	TRY(db_begin(cx, &tx));
	memcpy(request_id, cx->request_id, sizeof(request_id));
	e = r->subscriber->handle(cx, events, n);
	memcpy(cx->request_id, request_id, sizeof(request_id)); /* event_take_request() */
	TRY(e);
	TRY(db_commit(&tx));
	r->report->handled += (int64_t)n;
	return ERR_OK;
}

/* A pause of up to the ceiling, which doubles: full jitter keeps those who failed together apart. */
static int64_t pause_ms(const struct event_subscriber *s, int64_t attempt)
{
	int64_t ceiling_s = s->backoff_s;
	uint64_t random;

	for (int64_t i = 1; i < attempt && ceiling_s < SUBSCRIPTION_BACKOFF_MAX_S; i++)
		ceiling_s *= 2;
	if (ceiling_s > SUBSCRIPTION_BACKOFF_MAX_S)
		ceiling_s = SUBSCRIPTION_BACKOFF_MAX_S;
	secret_random(&random, sizeof(random));
	return (int64_t)(random % (uint64_t)(ceiling_s * 1000 + 1));
}

/* @attempt which one it was */
static struct subscription_failure failure(struct round *r, const struct event *event,
                                           int64_t attempt)
{
	const struct fault *fault = &r->cx->fault;
	bool over = attempt >= r->subscriber->attempts;

	r->report->fault = *fault;
	r->report->at = event->position;
	r->report->failed += !over;
	r->report->parked += over;
	return (struct subscription_failure){
		.type = err_info(fault->code)->slug,
		.message = fault->detail != NULL ? fault->detail : err_info(fault->code)->title,
		.wait_ms = over ? -1 : pause_ms(r->subscriber, attempt),
	};
}

/* --- What is due again --- */

static enum err try_again(struct round *r, struct subscription_step *step, struct lanes *stuck)
{
	struct subscription_failure why;
	bool lives;
	enum err e;

	adopt(r, step->tenant_id);
	TRY(subscription_repo_tenant_lives(r->cx, &lives));
	e = lives ? hand_over(r, &step->event, 1) : ERR_OK;
	if (e == ERR_OK)
		return subscription_repo_taken(r->cx, step);
	why = failure(r, &step->event, step->attempt + 1);
	err_clear(r->cx);
	if (why.wait_ms < 0)
		return subscription_repo_park(r->cx, step, &why);
	stuck->steps[stuck->n++] = step;
	return subscription_repo_again(r->cx, step, &why);
}

static enum err hand_on_due(struct round *r)
{
	struct subscription_step *steps;
	struct lanes stuck = { 0 };
	struct list list;

	TRY(subscription_repo_due(r->cx, r->place.id, &list));
	r->handed = true;
	steps = (struct subscription_step *)list.items;
	stuck.steps = arena_array(r->cx->arena, list.n, sizeof(struct subscription_step *));
	for (size_t i = 0; i < list.n; i++) {
		if (in_lanes(&stuck, &steps[i]))
			continue;
		TRY(try_again(r, &steps[i], &stuck));
		r->report->more = true;
	}
	adopt(r, 0);
	return ERR_OK;
}

/* --- What is new --- */

/* The events of one tenant in a portion, and those of them that wait behind others. */
struct group {
	int64_t tenant_id;
	const struct subscription_step **steps;
	struct event *events;
	size_t n;
	struct sb behind; /* positions */
};

static void put_behind(struct group *g, const struct subscription_step *step)
{
	sb_addf(&g->behind, "%c%" PRId64, g->behind.len == 0 ? '{' : ',', step->event.position);
}

/* Take the events of the first tenant that is left. */
static bool next_group(struct round *r, struct subscription_step *steps, size_t n, size_t *from,
                       struct group *g)
{
	while (*from < n && steps[*from].done)
		(*from)++;
	if (*from == n)
		return false;
	g->n = 0;
	g->tenant_id = steps[*from].tenant_id;
	g->behind = sb_new(r->cx->arena, ARRAY_MAX_BYTES);
	for (size_t i = *from; i < n; i++) {
		if (steps[i].done || steps[i].tenant_id != g->tenant_id)
			continue;
		steps[i].done = true;
		if (!wanted(r->subscriber, steps[i].event.kind))
			continue;
		if (steps[i].blocked) {
			put_behind(g, &steps[i]);
			continue;
		}
		g->steps[g->n] = &steps[i];
		g->events[g->n++] = steps[i].event;
	}
	return true;
}

/* One after the other, to see which of them it is that fails. */
static enum err one_by_one(struct round *r, struct group *g)
{
	struct lanes stuck = {
		.steps = arena_array(r->cx->arena, g->n, sizeof(struct subscription_step *)),
	};

	for (size_t i = 0; i < g->n; i++) {
		struct subscription_failure why;
		bool waits;

		if (in_lanes(&stuck, g->steps[i])) {
			put_behind(g, g->steps[i]);
			continue;
		}
		if (hand_over(r, &g->events[i], 1) == ERR_OK)
			continue;
		why = failure(r, &g->events[i], 1);
		err_clear(r->cx);
		TRY(subscription_repo_fail(r->cx, r->place.id, g->events[i].position, &why,
		                           &waits));
		if (waits && why.wait_ms >= 0)
			stuck.steps[stuck.n++] = g->steps[i];
	}
	return ERR_OK;
}

static enum err hand_on_group(struct round *r, struct group *g)
{
	const char *behind;
	bool lives;

	if (g->n == 0 && g->behind.len == 0)
		return ERR_OK;
	r->handed = true;
	adopt(r, g->tenant_id);
	TRY(subscription_repo_tenant_lives(r->cx, &lives));
	if (!lives)
		return ERR_OK;
	if (g->n == 1 || (g->n > 1 && hand_over(r, g->events, g->n) != ERR_OK)) {
		err_clear(r->cx);
		TRY(one_by_one(r, g));
	}
	if (g->behind.len == 0)
		return ERR_OK;
	sb_addc(&g->behind, '}');
	TRY(sb_finish(r->cx, &g->behind, &behind));
	return subscription_repo_defer(r->cx, r->place.id, behind);
}

static enum err hand_on_new(struct round *r)
{
	struct subscription_step *steps;
	struct group group;
	struct list list;
	size_t from = 0;

	TRY(subscription_repo_next(r->cx, &r->place, &list));
	if (list.n == 0)
		return ERR_OK;
	steps = (struct subscription_step *)list.items;
	group.steps = arena_array(r->cx->arena, list.n, sizeof(*group.steps));
	group.events = arena_array(r->cx->arena, list.n, sizeof(*group.events));
	while (next_group(r, steps, list.n, &from, &group))
		TRY(hand_on_group(r, &group));
	adopt(r, 0);
	r->place.position = steps[list.n - 1].event.position;
	r->report->more = true;
	return ERR_OK;
}

static enum err hand_on(struct round *r)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t from;
	enum err e;

	TRY(db_begin(r->cx, &tx));
	e = subscription_repo_hold(r->cx, r->subscriber->name, &r->place);
	if (e == ERR_NOT_FOUND) {
		err_clear(r->cx);
		r->report->elsewhere = true;
		return ERR_OK;
	}
	TRY(e);
	from = r->place.position;
	if (r->place.waiting)
		TRY(hand_on_due(r));
	TRY(hand_on_new(r));
	if (r->place.position != from || r->report->handled > 0)
		TRY(subscription_repo_advance(r->cx, &r->place, r->report->handled, !r->handed));
	return db_commit(&tx);
}

enum err subscription_run(struct ctx *cx, const struct event_subscriber *subscriber,
                          struct subscription_round *ret)
{
	struct subscription_round report = { 0 };
	struct round r = { .cx = cx, .subscriber = subscriber, .report = &report };
	struct who who = cx->who;
	enum err e;

	adopt(&r, 0);
	e = hand_on(&r);
	cx->who = who;
	if (e != ERR_OK)
		return e;
	*ret = report;
	return ERR_OK;
}

enum err subscription_tidy(struct ctx *cx, int64_t *ret)
{
	const struct config *config = cx->app->config;

	return subscription_repo_tidy(cx, config->events_retention_days, config->activity_days,
	                              config->event_pieces_hours, ret);
}
