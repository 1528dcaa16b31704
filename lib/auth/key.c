/*
 * API keys: their text, and who stands behind one.
 *
 * The memory below holds only what can never change and was once confirmed by
 * the database: the tenant of a key.  It is no proof of anything; the database
 * is asked about every request, and told which tenant is counted on.
 */
#include "auth/key.h"

#include "auth/api_key.h"
#include "auth/api_key_repo.h"
#include "auth/key_repo.h"
#include "auth/keyring.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS        4096 /* keys remembered; a later one of the same slot takes its place */
#define USE_EVERY_MS 60000

struct key_memory {
	pthread_mutex_t lock;
	struct {
		int64_t key_id, tenant_id;
		int64_t used_ms; /* monotonic; when its use was last written; 0: not yet */
	} slots[SLOTS];
};

struct key_memory *key_memory_new(void)
{
	struct key_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL || pthread_mutex_init(&memory->lock, NULL) != 0)
		abort();
	return memory;
}

void key_memory_free(struct key_memory *memory)
{
	if (memory == NULL)
		return;
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

static int64_t recall(struct key_memory *memory, int64_t key_id)
{
	size_t i = (uint64_t)key_id % SLOTS;
	int64_t tenant_id = 0;

	if (memory == NULL)
		return 0;
	pthread_mutex_lock(&memory->lock);
	if (memory->slots[i].key_id == key_id)
		tenant_id = memory->slots[i].tenant_id;
	pthread_mutex_unlock(&memory->lock);
	return tenant_id;
}

/* Take the slot of a key; what was noted of the same key stays. */
static void take_slot(struct key_memory *memory, size_t i, int64_t key_id, int64_t tenant_id)
{
	if (memory->slots[i].key_id != key_id)
		memory->slots[i].used_ms = 0;
	memory->slots[i].key_id = key_id;
	memory->slots[i].tenant_id = tenant_id;
}

static void remember(struct key_memory *memory, int64_t key_id, int64_t tenant_id)
{
	if (memory == NULL)
		return;
	pthread_mutex_lock(&memory->lock);
	take_slot(memory, (uint64_t)key_id % SLOTS, key_id, tenant_id);
	pthread_mutex_unlock(&memory->lock);
}

/* Has this process not written the use of a key for a minute?  If so it is about to. */
static bool use_is_due(struct key_memory *memory, const struct who *who, int64_t now_ms)
{
	size_t i = (uint64_t)who->key_id % SLOTS;
	bool due;

	if (memory == NULL)
		return true;
	pthread_mutex_lock(&memory->lock);
	take_slot(memory, i, who->key_id, who->tenant_id);
	due = memory->slots[i].used_ms == 0 || now_ms - memory->slots[i].used_ms >= USE_EVERY_MS;
	if (due)
		memory->slots[i].used_ms = now_ms;
	pthread_mutex_unlock(&memory->lock);
	return due;
}

void key_used(struct ctx *cx)
{
	int64_t now_ms = cx->app->clock->mono_us(cx->app->clock) / 1000;

	if (cx->who.key_id == 0 || !use_is_due(cx->app->keys, &cx->who, now_ms))
		return;
	if (key_repo_used(cx) != ERR_OK)
		err_clear(cx); /* the next one a minute later will tell */
}

/* --- The text --- */

bool key_parse(const char *text, struct key_claim *ret)
{
	if (!credential_parse(CREDENTIAL_KEY, text, &ret->id))
		return false;
	ret->text = text;
	return true;
}

static void make(const struct keyring *ring, int64_t id, struct key_made *ret,
                 struct key_stored *stored)
{
	credential_make(CREDENTIAL_KEY, id, ret->text);
	ret->id = id;
	stored->id = id;
	stored->hash_key =
		keyring_hash(ring, KEYRING_API_KEY, ret->text, strlen(ret->text), stored->hash);
}

enum err key_setup(struct ctx *cx, const char *tenant, const char *key_name, enum role role,
                   struct key_made *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct who operator= cx->who;
	struct key_stored stored;
	struct key_made made;
	struct api_key told;
	int64_t tenant_id, id;
	enum err e;

	assert(role > ROLE_UNSET && role < ROLE_COUNT);
	TRY(db_begin(cx, &tx));
	TRY(key_repo_tenant(cx, tenant, &tenant_id));
	TRY(key_repo_next_id(cx, &id));
	make(cx->app->keyring, id, &made, &stored);
	TRY(key_repo_insert(cx, tenant_id, key_name, role, &stored));
	cx->who.tenant_id = tenant_id;
	e = api_key_repo_get(cx, id, false, &told);
	if (e == ERR_OK)
		e = event_emit(cx, &api_key_created, 0, &told);
	cx->who = operator;
	TRY(e);
	TRY(db_commit(&tx));
	*ret = made;
	secret_wipe(&made, sizeof(made));
	return ERR_OK;
}

enum err key_stands(struct ctx *cx, int64_t id, bool *ret)
{
	int64_t n;

	TRY(key_repo_stands(cx, id, &n));
	*ret = n > 0;
	return ERR_OK;
}

/* --- Admission --- */

/* The answer to one admission, and what it was asked about. */
struct admission {
	struct key_admitted answer;
	int64_t key_id;
};
static_assert(offsetof(struct admission, answer) == 0, "the answer comes first");

static void take_in(struct ctx *cx, void *ret)
{
	const struct admission *in = ret;

	cx->who = (struct who){
		.tenant_id = key_repo_tenant_of(&in->answer),
		.key_id = in->key_id,
		.role = key_repo_role_of(&in->answer),
		.actor = cx->who.actor,
	};
	remember(cx->app->keys, cx->who.key_id, cx->who.tenant_id);
}

enum err key_admit(struct ctx *cx, const struct key_claim *claim, enum role least,
                   const char *scope)
{
	struct admission *made = arena_alloc(cx->arena, sizeof(*made));
	struct key_question *q = arena_alloc(cx->arena, sizeof(*q));
	const char *hashes = keyring_hashes(cx->arena, cx->app->keyring, KEYRING_API_KEY,
	                                    claim->text, strlen(claim->text));
	int64_t tenant_id = recall(cx->app->keys, claim->id);

	assert(least != ROLE_UNSET && least < ROLE_COUNT);
	made->key_id = claim->id;
	key_repo_question(q, claim->id, hashes, least, scope, tenant_id);
	cx->who = (struct who){
		.tenant_id = tenant_id,
		.actor = arena_printf(cx->arena, "key:%" PRId64, claim->id),
	};
	if (tenant_id != 0) {
		key_repo_admit_along(cx, q, &made->answer, take_in);
		return ERR_OK;
	}
	TRY(key_repo_admit(cx, q, &made->answer));
	take_in(cx, made);
	return ERR_OK;
}
