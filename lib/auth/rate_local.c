/*
 * One process's share of the buckets.
 *
 * A table of fixed size: a bucket may stand in one of the few places that its
 * name's hash leads to, and takes that which was used longest ago.  Who is put
 * out loses a batch and the memory of having been empty; both are asked for again.
 */
#include "auth/rate_local.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS            1024 /* a power of two */
#define WAYS            8
#define KNOWN           4096 /* callers remembered; a later one of the same slot takes its place */
#define PAUSE_US        1000000
#define AGAIN_US        5000000
#define LAPSE_US        ((int64_t)RATE_LAPSE_MS * 1000)
#define TOKENS_NO_LIMIT INT64_C(1000000000)

/* A bucket as this process knows it. */
struct purse {
	char name[RATE_NAME_MAX]; /* "": free */
	int64_t quota;            /* 0: no limit */
	int64_t tokens;           /* of the batch */
	int64_t lapse_us;         /* when the batch lapses */
	int64_t empty_us;         /* until then the bucket has nothing */
	int64_t again_us;         /* but ask again then: the limit may have been raised */
	int64_t remaining;        /* in the bucket, when last asked */
	int64_t return_us;        /* when tokens come back to it */
	int64_t used_us;
};

struct known {
	uint64_t hash[2]; /* of the credential, under two keys */
	int64_t key_id, user_id, tenant_id;
};

struct rate_memory {
	pthread_mutex_t lock;
	unsigned char keys[2][SECRET_SIP_KEY_BYTES];
	int64_t paused_us; /* until then nothing is counted */
	struct purse purses[SETS][WAYS];
	struct known known[KNOWN];
};

struct rate_memory *rate_memory_new(void)
{
	struct rate_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL || pthread_mutex_init(&memory->lock, NULL) != 0)
		abort();
	secret_random(memory->keys, sizeof(memory->keys));
	return memory;
}

void rate_memory_free(struct rate_memory *memory)
{
	if (memory == NULL)
		return;
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

/* --- Batches; the lock is held --- */

/* The bucket's purse, an empty one when it has none yet. */
static struct purse *purse_of(struct rate_memory *m, const struct rate_payer *payer, int64_t now_us)
{
	uint64_t hash = secret_siphash(payer->name, strlen(payer->name), m->keys[0]);
	struct purse *set = m->purses[hash % SETS], *oldest = set;

	for (int i = 0; i < WAYS; i++) {
		if (strcmp(set[i].name, payer->name) == 0) {
			set[i].used_us = now_us;
			return &set[i];
		}
		if (set[i].used_us < oldest->used_us)
			oldest = &set[i];
	}
	*oldest = (struct purse){ .quota = payer->quota, .used_us = now_us };
	memcpy(oldest->name, payer->name, sizeof(oldest->name));
	return oldest;
}

/* What a request costs a bucket that may be smaller than that. */
static int64_t cost_of(const struct purse *purse, int64_t cost)
{
	return purse->quota > 0 && purse->quota < cost ? purse->quota : cost;
}

/* Keep the tightest of the buckets that were looked at. */
static void note(struct rate_state *state, const struct purse *purse, int64_t now_us)
{
	int64_t left = purse->remaining + purse->tokens;
	int64_t return_s = (purse->return_us - now_us + 999999) / 1000000;

	if (purse->quota == 0 || (state->kind != 0 && state->left <= left))
		return;
	*state = (struct rate_state){
		.kind = (enum rate_kind)purse->name[0],
		.quota = purse->quota,
		.left = left,
		.return_s = return_s > 1 ? return_s : 1,
	};
}

static struct rate_outcome refused(struct rate_state state, const struct purse *purse,
                                   int64_t now_us)
{
	int64_t wait_us = purse->empty_us - now_us;

	state = (struct rate_state){ 0 };
	note(&state, purse, now_us);
	return (struct rate_outcome){ RATE_REFUSED, wait_us > 0 ? wait_us : 0, state };
}

/* Give back what payers before the one that refused have paid. */
static void undo(struct rate_memory *m, struct rate_payer *payers, int n, int64_t cost,
                 int64_t now_us)
{
	for (int i = 0; i < n; i++) {
		struct purse *purse;

		if (!payers[i].paid)
			continue;
		purse = purse_of(m, &payers[i], now_us);
		purse->tokens += cost_of(purse, cost);
		payers[i].paid = false;
	}
}

static struct rate_outcome pay(struct rate_memory *m, struct rate_payer *payers, int n,
                               int64_t cost, int64_t now_us)
{
	struct rate_outcome out = { .answer = RATE_PAID };

	if (now_us < m->paused_us)
		return out;
	for (int i = 0; i < n; i++) {
		struct purse *purse = purse_of(m, &payers[i], now_us);
		int64_t mine = cost_of(purse, cost);

		if (purse->tokens >= mine && now_us < purse->lapse_us) {
			purse->tokens -= mine;
			payers[i].paid = true;
			note(&out.state, purse, now_us);
		} else if (now_us < purse->empty_us && now_us < purse->again_us) {
			out = refused(out.state, purse, now_us);
			break;
		} else {
			out.answer = RATE_ASK;
		}
	}
	if (out.answer == RATE_REFUSED)
		undo(m, payers, n, cost, now_us);
	for (int i = 0; out.answer == RATE_ASK && i < n; i++) {
		struct purse *purse;

		if (payers[i].paid)
			continue;
		purse = purse_of(m, &payers[i], now_us);
		payers[i].back = purse->quota > 0 ? purse->tokens : 0;
		purse->tokens = 0;
	}
	return out;
}

struct rate_outcome rate_local_pay(struct rate_memory *memory, struct rate_payer *payers, int n,
                                   int64_t cost, int64_t now_us)
{
	struct rate_outcome out;

	for (int i = 0; i < n; i++)
		payers[i].paid = false;
	pthread_mutex_lock(&memory->lock);
	out = pay(memory, payers, n, cost, now_us);
	pthread_mutex_unlock(&memory->lock);
	return out;
}

static void take_in(struct purse *purse, const struct rate_grant *grant, int64_t asked_us,
                    int64_t now_us)
{
	purse->quota = grant->quota;
	purse->remaining = grant->remaining;
	purse->return_us = now_us + grant->return_ms * 1000;
	if (grant->quota == 0) {
		purse->tokens = TOKENS_NO_LIMIT;
	} else if (grant->granted == 0) {
		purse->empty_us = now_us + grant->wait_ms * 1000;
		purse->again_us = now_us + AGAIN_US;
		return;
	} else {
		purse->tokens += grant->granted;
	}
	purse->empty_us = 0;
	purse->lapse_us = asked_us + LAPSE_US;
}

static struct rate_outcome settle(struct rate_memory *m, struct rate_payer *payers, int n,
                                  int64_t cost, const struct rate_grant *grants, int64_t asked_us,
                                  int64_t now_us)
{
	struct rate_outcome out = { .answer = RATE_PAID };

	for (int i = 0; i < n; i++) {
		struct purse *purse = purse_of(m, &payers[i], now_us);
		int64_t mine;

		if (payers[i].paid) {
			note(&out.state, purse, now_us);
			continue;
		}
		take_in(purse, grants, asked_us, now_us);
		mine = cost_of(purse, cost);
		if ((grants->quota > 0 && grants->granted == 0) || purse->tokens < mine) {
			out = refused(out.state, purse, now_us);
		} else {
			purse->tokens -= mine;
			payers[i].paid = true;
		}
		grants++;
		if (out.answer == RATE_PAID)
			note(&out.state, purse, now_us);
	}
	if (out.answer == RATE_REFUSED)
		undo(m, payers, n, cost, now_us);
	return out;
}

struct rate_outcome rate_local_settle(struct rate_memory *memory, struct rate_payer *payers, int n,
                                      int64_t cost, const struct rate_grant *grants,
                                      int64_t asked_us, int64_t now_us)
{
	struct rate_outcome out;

	pthread_mutex_lock(&memory->lock);
	out = settle(memory, payers, n, cost, grants, asked_us, now_us);
	pthread_mutex_unlock(&memory->lock);
	return out;
}

void rate_local_pause(struct rate_memory *memory, int64_t now_us)
{
	pthread_mutex_lock(&memory->lock);
	memory->paused_us = now_us + PAUSE_US;
	pthread_mutex_unlock(&memory->lock);
}

/* --- Who was seen to be good --- */

static struct known *slot_of(struct rate_memory *m, const char *credential, uint64_t hash[2])
{
	size_t n = strlen(credential);

	for (int i = 0; i < 2; i++)
		hash[i] = secret_siphash(credential, n, m->keys[i]);
	return &m->known[hash[0] % KNOWN];
}

bool rate_known(struct rate_memory *memory, const char *credential, struct who *ret)
{
	uint64_t hash[2];
	const struct known *slot = slot_of(memory, credential, hash);
	bool same;

	pthread_mutex_lock(&memory->lock);
	same = memcmp(slot->hash, hash, sizeof(slot->hash)) == 0;
	if (same)
		*ret = (struct who){
			.key_id = slot->key_id,
			.user_id = slot->user_id,
			.tenant_id = slot->tenant_id,
		};
	pthread_mutex_unlock(&memory->lock);
	return same;
}

void rate_remember(struct rate_memory *memory, const char *credential, const struct who *who)
{
	struct known made = {
		.key_id = who->key_id,
		.user_id = who->user_id,
		.tenant_id = who->tenant_id,
	};
	struct known *slot = slot_of(memory, credential, made.hash);

	pthread_mutex_lock(&memory->lock);
	*slot = made;
	pthread_mutex_unlock(&memory->lock);
}

void rate_forget(struct rate_memory *memory, const char *credential)
{
	uint64_t hash[2];
	struct known *slot = slot_of(memory, credential, hash);

	pthread_mutex_lock(&memory->lock);
	if (memcmp(slot->hash, hash, sizeof(slot->hash)) == 0)
		*slot = (struct known){ 0 };
	pthread_mutex_unlock(&memory->lock);
}
