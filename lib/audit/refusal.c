/* Refusals: a small table of what was written lately, one lock. */
#include "audit/refusal.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTION     "access.refused"
#define MINUTE_US  (INT64_C(60) * 1000000)
#define ACTOR_MAX  255
#define REMOTE_MAX 65

/* The last row of one address, reason and name. */
struct slot {
	uint64_t key;       /* 0: free */
	int64_t written_us; /* monotonic */
	int64_t left_out;
	struct refusal what;
	int64_t tenant_id, user_id, key_id;
	char actor[ACTOR_MAX], remote[REMOTE_MAX];
};

struct refusals {
	pthread_mutex_t lock;
	unsigned char sip[SECRET_SIP_KEY_BYTES];
	int64_t window_us;      /* when the minute that is counted began */
	int64_t written;        /* rows in it */
	int64_t others;         /* left out of which no slot knows */
	_Atomic int64_t due_us; /* not before this is anything due; INT64_MAX: nothing is */
	struct slot slots[REFUSAL_SLOTS];
};

struct detail {
	const char *operation, *reason;
	int64_t status, left_out;
};
static const struct field DETAIL_FIELDS[] = {
	F_TEXT(struct detail, operation, .doc = "What was asked for"),
	F_TEXT(struct detail, reason, .doc = "Last part of the problem's type"),
	F_INT(struct detail, status, .doc = "Of the answer"),
	F_INT(struct detail, left_out, .doc = "Refusals before this one that have no row"),
};
static const struct schema DETAIL = SCHEMA(struct detail, "AuditRefusal", DETAIL_FIELDS);

struct refusals *refusals_new(void)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (r == NULL || pthread_mutex_init(&r->lock, NULL) != 0)
		abort();
	secret_random(r->sip, sizeof(r->sip));
	atomic_init(&r->due_us, INT64_MAX);
	return r;
}

void refusals_free(struct refusals *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static uint64_t key_of(struct ctx *cx, const struct refusals *r, const struct refusal *what)
{
	const char *text =
		arena_printf(cx->arena, "%s\n%s\n%s", cx->remote != NULL ? cx->remote : "",
	                     what->reason, cx->who.actor != NULL ? cx->who.actor : "");
	uint64_t key = secret_siphash(text, strlen(text), r->sip);

	return key != 0 ? key : 1;
}

static void remember(struct slot *slot, const struct ctx *cx, const struct refusal *what)
{
	bool proven = what->proven;

	slot->what = *what;
	slot->tenant_id = proven ? cx->who.tenant_id : 0;
	slot->user_id = proven ? cx->who.user_id : 0;
	slot->key_id = proven ? cx->who.key_id : 0;
	snprintf(slot->actor, sizeof(slot->actor), "%s",
	         cx->who.actor != NULL ? cx->who.actor : "anonymous");
	snprintf(slot->remote, sizeof(slot->remote), "%s", cx->remote != NULL ? cx->remote : "");
}

/* One of this minute's rows.  @ret false when there are none left */
static bool take_turn(struct refusals *r, int64_t now_us)
{
	if (now_us - r->window_us >= MINUTE_US) {
		r->window_us = now_us;
		r->written = 0;
	}
	if (r->written >= REFUSAL_RATE)
		return false;
	r->written++;
	return true;
}

/* Under the lock.  @ret whether to write a row; *ret is then a copy of what it says */
static bool count_in(struct refusals *r, struct ctx *cx, const struct refusal *what, uint64_t key,
                     int64_t now_us, struct slot *ret)
{
	struct slot *slot = &r->slots[key % REFUSAL_SLOTS];
	bool same = slot->key == key;
	int64_t due_us = (same ? slot->written_us : now_us) + REFUSAL_QUIET_US;

	if (!same) {
		r->others += slot->left_out;
		*slot = (struct slot){ .key = key, .written_us = now_us };
		remember(slot, cx, what);
	}
	if ((same && now_us < due_us) || !take_turn(r, now_us)) {
		slot->left_out++;
		if (due_us < atomic_load(&r->due_us))
			atomic_store(&r->due_us, due_us);
		return false;
	}
	remember(slot, cx, what);
	slot->written_us = now_us;
	*ret = *slot;
	ret->left_out += r->others;
	r->others = slot->left_out = 0;
	return true;
}

/* The context is the request's no more: it has been answered. */
static enum err write_row(struct ctx *cx, const struct slot *slot)
{
	const struct detail detail = {
		.operation = slot->what.op,
		.reason = slot->what.reason,
		.status = slot->what.status,
		.left_out = slot->left_out,
	};
	const struct audit_act act = {
		.action = ACTION,
		.refused = true,
		.schema = &DETAIL,
		.detail = &detail,
	};

	cx->preamble = NULL;
	cx->remote = slot->remote[0] != '\0' ? slot->remote : NULL;
	cx->who = (struct who){ .tenant_id = slot->tenant_id,
		                .user_id = slot->user_id,
		                .key_id = slot->key_id,
		                .actor = slot->actor };
	return audit_note(cx, &act);
}

enum err refusal_note(struct ctx *cx, const struct refusal *refusal)
{
	struct refusals *r = cx->app->refusals;
	int64_t now_us = cx->app->clock->mono_us(cx->app->clock);
	struct slot slot = { 0 };
	uint64_t key;
	bool write;

	if (r == NULL)
		return ERR_OK;
	key = key_of(cx, r, refusal);
	pthread_mutex_lock(&r->lock);
	write = count_in(r, cx, refusal, key, now_us, &slot);
	pthread_mutex_unlock(&r->lock);
	return write ? write_row(cx, &slot) : ERR_OK;
}

/* Under the lock: the slot that is due longest, and when the next one is. */
static struct slot *take_due(struct refusals *r, int64_t now_us)
{
	struct slot *first = NULL;
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < REFUSAL_SLOTS; i++) {
		struct slot *s = &r->slots[i];

		if (s->left_out == 0)
			continue;
		if (first == NULL || s->written_us < first->written_us) {
			if (first != NULL)
				next_us = first->written_us;
			first = s;
		} else if (s->written_us < next_us) {
			next_us = s->written_us;
		}
	}
	if (first == NULL || now_us < first->written_us + REFUSAL_QUIET_US ||
	    !take_turn(r, now_us)) {
		/* Looked at again in a second, not at every request of it. */
		atomic_store(&r->due_us, first == NULL ? INT64_MAX : now_us + MINUTE_US / 60);
		return NULL;
	}
	atomic_store(&r->due_us, next_us == INT64_MAX ? INT64_MAX : next_us + REFUSAL_QUIET_US);
	return first;
}

enum err refusal_due(struct ctx *cx)
{
	struct refusals *r = cx->app->refusals;
	int64_t now_us = cx->app->clock->mono_us(cx->app->clock);
	struct slot *due, slot = { 0 };

	if (r == NULL || now_us < atomic_load_explicit(&r->due_us, memory_order_relaxed))
		return ERR_OK;
	pthread_mutex_lock(&r->lock);
	due = take_due(r, now_us);
	if (due != NULL) {
		slot = *due;
		due->written_us = now_us;
		due->left_out = 0;
	}
	pthread_mutex_unlock(&r->lock);
	return due != NULL ? write_row(cx, &slot) : ERR_OK;
}
