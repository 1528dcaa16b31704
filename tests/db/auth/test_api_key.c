/* API keys, administered: nobody hands on more than they have (A3, A2; T16). */
#include "fixture_db.h"

#include "auth/api_key.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *const READ[] = { "projects:read", "keys:write" };
static const char *const OTHER[] = { "projects:read", "jobs:write" };

static struct list scopes(const char *const *names, size_t n)
{
	return (struct list){ names, n };
}

/* A context as the edge begins it, admitted by a key's text. */
static struct ctx *as_key(void *state, const char *text)
{
	struct ctx *cx = fixture_db_ctx(state);
	struct key_claim claim;

	cx->who = (struct who){ 0 };
	assert_true(key_parse(text, &claim));
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	return cx;
}

static enum err works(void *state, const char *text)
{
	struct ctx *cx = as_key(state, text);

	return db_flush(cx);
}

static enum err make(struct ctx *cx, const char *role, struct list list, char text[KEY_TEXT_MAX],
                     int64_t *ret_id)
{
	const struct api_key_new in = { .name = "made", .role = role, .scopes = list };
	struct api_key key;

	TRY(api_key_create(cx, &in, &key));
	snprintf(text, KEY_TEXT_MAX, "%s", key.key);
	*ret_id = key.id;
	return ERR_OK;
}

static int64_t events(struct fixture_db *f, const char *kind, const char *part)
{
	return fixture_db_int(
		&f->cx, arena_printf(f->cx.arena,
	                             "SELECT count(*) FROM app.event_all WHERE tenant_id = %lld"
	                             " AND kind = '%s' AND strpos(payload::text, '%s') > 0",
	                             (long long)f->tenant_id, kind, part));
}

static void test_create__works_and_is_shown_once(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	const struct api_key_new in = { .name = "A3", .role = "member", .expires_in_days = 1 };
	struct api_key key, again;
	char text[KEY_TEXT_MAX];

	assert_err(cx, api_key_create(cx, &in, &key), ERR_OK);
	snprintf(text, sizeof(text), "%s", key.key);
	assert_string_equal(key.role, "member");
	assert_string_equal(key.status, "active");
	assert_null(key.scopes.items);
	assert_true(key.expires_us > key.created_us);
	assert_memory_equal(text, key.prefix, strlen(key.prefix));
	assert_contains(key.created_by, "key:");
	assert_err(cx, works(f, text), ERR_OK);
	cx = as_key(f, f->key.text);
	assert_err(cx, api_key_get(cx, key.id, &again), ERR_OK);
	assert_null(again.key);
	assert_int_equal(events(f, "api_key.created", "\"A3\""), 1);
	assert_int_equal(events(f, "api_key.created", text + 8), 0);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.api_key k"
	                                                 " WHERE strpos(k::text, '%.20s') > 0",
	                                                 text + 8)),
	                 0);
}

static void test_create__bad_ends(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct api_key_new in = { .name = "x", .role = "viewer", .expires_us = 1000000 };
	struct api_key key;

	assert_err(cx, api_key_create(cx, &in, &key), ERR_INVALID);
	assert_blamed(cx, "/expires_at", "range");
	in.expires_us = INT64_MAX / 2;
	assert_err(cx, api_key_create(cx, &in, &key), ERR_INVALID);
	in.expires_in_days = 3;
	assert_err(cx, api_key_create(cx, &in, &key), ERR_INVALID);
	assert_blamed(cx, "/expires_in_days", "one_of_two");
}

/* Each row: who asks, for what. */
static void test_create__no_more_than_the_caller_has(void **state)
{
	struct fixture_db *f = *state;
	char admin[KEY_TEXT_MAX], narrow[KEY_TEXT_MAX], text[KEY_TEXT_MAX];
	struct list none = { 0 }, read = scopes(READ, 2), other = scopes(OTHER, 2);
	struct ctx *cx = as_key(f, f->key.text);
	int64_t id = 0;

	assert_err(cx, make(cx, "admin", none, admin, &id), ERR_OK);
	cx = as_key(f, f->key.text);
	assert_err(cx, make(cx, "admin", read, narrow, &id), ERR_OK);
	cx = as_key(f, admin);
	assert_err(cx, make(cx, "owner", none, text, &id), ERR_FORBIDDEN);
	cx = as_key(f, admin);
	assert_err(cx, make(cx, "owner", read, text, &id), ERR_FORBIDDEN);
	cx = as_key(f, admin);
	assert_err(cx, make(cx, "admin", other, text, &id), ERR_OK);
	cx = as_key(f, narrow);
	assert_err(cx, make(cx, "viewer", none, text, &id), ERR_FORBIDDEN);
	cx = as_key(f, narrow);
	assert_err(cx, make(cx, "viewer", other, text, &id), ERR_FORBIDDEN);
	assert_contains(cx->fault.detail, "jobs:write");
	cx = as_key(f, narrow);
	assert_err(cx, make(cx, "viewer", scopes(READ, 1), text, &id), ERR_OK);
}

static void test_scopes__checked_in_the_body(void **state)
{
	static const struct {
		const char *body, *blamed, *rule;
	} CASES[] = {
		{ "{'name':'a','role':'viewer'}", NULL, NULL },
		{ "{'name':'a','role':'viewer','scopes':null}", NULL, NULL },
		{ "{'name':'a','role':'viewer','scopes':['projects:read']}", NULL, NULL },
		{ "{'name':'a','role':'viewer','scopes':[]}", "/scopes", NULL },
		{ "{'name':'a','role':'viewer','scopes':['project:read']}", "/scopes/0", "scope" },
		{ "{'name':'a','role':'viewer','scopes':['jobs:read','*']}", "/scopes/1", "scope" },
		{ "{'name':'a','role':'root'}", "/role", NULL },
		{ "{'name':'a'}", "/role", "required" },
		{ "{'name':' a','role':'viewer'}", "/name", "trimmed" },
		{ "{'name':'','role':'viewer'}", "/name", NULL },
		{ "{'name':'a','role':'viewer','expires_in_days':0}", "/expires_in_days", NULL },
		{ "{'name':'a','role':'viewer','expires_at':'tomorrow'}", "/expires_at", NULL },
		{ "{'name':'a','role':'viewer','tenant_id':2}", "/tenant_id", "unknown" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		struct api_key_new in;
		enum err e = schema_decode(cx, &api_key_new_schema, quotes(cx, CASES[i].body), &in);

		if (CASES[i].blamed == NULL) {
			assert_err(cx, e, ERR_OK);
			continue;
		}
		assert_true(e != ERR_OK);
		assert_blamed(cx, CASES[i].blamed, CASES[i].rule);
	}
}

static void test_scopes__nearest(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct api_key_new in;

	assert_err(cx,
	           schema_decode(cx, &api_key_new_schema,
	                         quotes(cx, "{'name':'a','role':'viewer',"
	                                    "'scopes':['project:read']}"),
	                         &in),
	           ERR_INVALID);
	assert_contains(cx->fault.fields[0].detail, "did you mean projects:read?");
}

/* The new key is as narrow as the old one, which works on until the overlap is over. */
static void test_rotate__overlap(void **state)
{
	struct fixture_db *f = *state;
	struct api_key_rotation later = { .overlap_hours = 2 }, at_once = { 0 };
	char old[KEY_TEXT_MAX], next[KEY_TEXT_MAX];
	struct ctx *cx = as_key(f, f->key.text);
	struct api_key key, was;
	int64_t id = 0;

	assert_err(cx, make(cx, "member", scopes(OTHER, 2), old, &id), ERR_OK);
	assert_err(cx, api_key_rotate(cx, id, &later, &key), ERR_OK);
	snprintf(next, sizeof(next), "%s", key.key);
	assert_string_equal(key.role, "member");
	assert_int_equal(key.scopes.n, 2);
	assert_int_equal(key.expires_us, 0);
	assert_err(cx, api_key_get(cx, id, &was), ERR_OK);
	assert_true(was.rotated_to == key.id);
	assert_true(was.expires_us - key.created_us == INT64_C(7200000000));
	assert_err(cx, api_key_rotate(cx, id, &later, &key), ERR_STATE);
	assert_err(cx, works(f, old), ERR_OK);
	assert_err(cx, works(f, next), ERR_OK);

	cx = as_key(f, f->key.text);
	assert_err(cx, api_key_rotate(cx, was.rotated_to, &at_once, &key), ERR_OK);
	assert_err(cx, works(f, next), ERR_UNAUTHENTICATED);
	assert_err(cx, works(f, old), ERR_OK); /* it has its own end */
	assert_int_equal(events(f, "api_key.rotated", "\"made\""), 2);
}

/* A key with an end gets a successor that lives as long, from now. */
static void test_rotate__time_to_live(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	const struct api_key_new in = { .name = "ttl", .role = "viewer", .expires_in_days = 7 };
	struct api_key old, next;

	assert_err(cx, api_key_create(cx, &in, &old), ERR_OK);
	assert_err(cx, api_key_rotate(cx, old.id, &(struct api_key_rotation){ -1 }, &next), ERR_OK);
	assert_true(next.expires_us - next.created_us > INT64_C(6) * 24 * 3600 * 1000000);
	assert_true(next.expires_us - next.created_us < INT64_C(8) * 24 * 3600 * 1000000);
	assert_err(cx, api_key_get(cx, old.id, &old), ERR_OK);
	/* The overlap of the settings, a day. */
	assert_true(old.expires_us - next.created_us == INT64_C(24) * 3600 * 1000000);
}

/* Who could rotate a higher key would hold its successor; who could revoke it, shut its owner out. */
static void test_rotate__a_higher_key(void **state)
{
	struct fixture_db *f = *state;
	struct api_key_rotation in = { 0 };
	char admin[KEY_TEXT_MAX], narrow[KEY_TEXT_MAX];
	struct ctx *cx = as_key(f, f->key.text);
	struct api_key key;
	int64_t admin_id = 0, id = 0;

	assert_err(cx, make(cx, "admin", (struct list){ 0 }, admin, &admin_id), ERR_OK);
	assert_err(cx, make(cx, "admin", scopes(READ, 2), narrow, &id), ERR_OK);
	cx = as_key(f, admin);
	assert_err(cx, api_key_rotate(cx, f->key.id, &in, &key), ERR_FORBIDDEN);
	assert_err(cx, api_key_revoke(cx, f->key.id), ERR_FORBIDDEN);
	cx = as_key(f, narrow);
	assert_err(cx, api_key_rotate(cx, admin_id, &in, &key), ERR_FORBIDDEN);
	assert_err(cx, api_key_revoke(cx, admin_id), ERR_FORBIDDEN);
	assert_err(cx, works(f, f->key.text), ERR_OK);
	assert_err(cx, works(f, admin), ERR_OK);
}

static void test_revoke__at_once_and_twice(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	char text[KEY_TEXT_MAX];
	struct api_key key;
	int64_t id = 0;

	assert_err(cx, make(cx, "member", (struct list){ 0 }, text, &id), ERR_OK);
	assert_err(cx, works(f, text), ERR_OK);
	cx = as_key(f, f->key.text);
	assert_err(cx, api_key_revoke(cx, id), ERR_OK);
	assert_err(cx, works(f, text), ERR_UNAUTHENTICATED);
	cx = as_key(f, f->key.text);
	assert_err(cx, api_key_revoke(cx, id), ERR_STATE);
	assert_err(cx, api_key_get(cx, id, &key), ERR_OK);
	assert_string_equal(key.status, "revoked");
	assert_int_equal(events(f, "api_key.revoked", "\"made\""), 1);
	assert_err(cx, api_key_rotate(cx, id, &(struct api_key_rotation){ 0 }, &key), ERR_STATE);
}

/* Any key may end itself, whatever its role. */
static void test_revoke__itself(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	char text[KEY_TEXT_MAX];
	int64_t id = 0, own;

	assert_err(cx, make(cx, "viewer", scopes(READ, 1), text, &id), ERR_OK);
	cx = as_key(f, text);
	assert_err(cx, api_key_own(cx, &own), ERR_OK);
	assert_true(own == id);
	assert_err(cx, api_key_revoke(cx, own), ERR_OK);
	assert_err(cx, works(f, text), ERR_UNAUTHENTICATED);
	cx = fixture_db_ctx(f); /* no key */
	assert_err(cx, api_key_own(cx, &own), ERR_NOT_FOUND);
}

static void test_list__pages_and_states(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	struct api_key_filter filter = { .limit = 2 };
	const struct api_key *keys;
	struct list list;

	assert_err(cx, api_key_list(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, 2);
	keys = list.items;
	assert_true(keys[0].id > keys[1].id);
	filter.before_id = keys[1].id;
	assert_err(cx, api_key_list(cx, &filter, &list), ERR_OK);
	assert_true(((const struct api_key *)list.items)[0].id < filter.before_id);
	filter = (struct api_key_filter){ .status = "revoked", .limit = 200 };
	assert_err(cx, api_key_list(cx, &filter, &list), ERR_OK);
	assert_true(list.n > 0);
	for (size_t i = 0; i < list.n; i++)
		assert_string_equal(((const struct api_key *)list.items)[i].status, "revoked");
}

/* Another tenant's key is an unknown one. */
static void test_other_tenant(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	int64_t other = fixture_db_tenant(cx), id;
	struct api_key key;

	id = fixture_db_int(cx, arena_printf(cx->arena,
	                                     "SELECT id FROM app.api_key WHERE tenant_id = %lld",
	                                     (long long)other));
	assert_err(cx, api_key_get(cx, id, &key), ERR_NOT_FOUND);
	assert_err(cx, api_key_revoke(cx, id), ERR_NOT_FOUND);
	assert_err(cx, api_key_rotate(cx, id, &(struct api_key_rotation){ 0 }, &key),
	           ERR_NOT_FOUND);
}

/* The limit counts keys that work, and leaves room to rotate. */
static void test_limit(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = as_key(f, f->key.text);
	struct api_key key;
	char text[KEY_TEXT_MAX];
	int64_t id = 0;

	assert_err(cx, make(cx, "viewer", (struct list){ 0 }, text, &id), ERR_OK);
	f->config.api_keys_max = fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT count(*) FROM app.api_key WHERE tenant_id = %lld"
	                         " AND revoked_at IS NULL AND rotated_to IS NULL"
	                         " AND (expires_at IS NULL OR expires_at > now())",
	                         (long long)f->tenant_id));
	assert_err(cx, make(cx, "viewer", (struct list){ 0 }, text, &id), ERR_LIMIT);
	assert_err(cx, api_key_rotate(cx, id, &(struct api_key_rotation){ 0 }, &key), ERR_OK);
	assert_err(cx, api_key_revoke(cx, key.id), ERR_OK);
	assert_err(cx, make(cx, "viewer", (struct list){ 0 }, text, &id), ERR_OK);
	f->config.api_keys_max = 200;
}

struct maker {
	const struct fixture_db *f;
	int64_t tenant_id;
	int made, refused;
};

static void *make_many(void *arg)
{
	struct maker *m = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	struct ctx cx;

	for (int i = 0; i < 10; i++) {
		char text[KEY_TEXT_MAX];
		int64_t id = 0;
		enum err e;

		ctx_begin(&cx, &m->f->app, arena, db);
		cx.who = (struct who){ .tenant_id = m->tenant_id,
			               .role = ROLE_OWNER,
			               .actor = "test" };
		e = make(&cx, "viewer", (struct list){ 0 }, text, &id);
		m->made += e == ERR_OK;
		m->refused += e == ERR_LIMIT;
	}
	arena_free(arena);
	return NULL;
}

/* However many are made at once, the limit holds to the last one. */
static void test_limit__holds_in_a_race(void **state)
{
	struct fixture_db *f = *state;
	int64_t tenant_id = fixture_db_tenant(fixture_db_ctx(f)), was = f->config.api_keys_max;
	struct maker makers[4];
	pthread_t threads[COUNT(makers)];
	int made = 0, refused = 0, before;

	before = (int)fixture_db_int(&f->cx, arena_printf(f->cx.arena,
	                                                  "SELECT count(*) FROM app.api_key"
	                                                  " WHERE tenant_id = %lld",
	                                                  (long long)tenant_id));
	f->config.api_keys_max = before + 7;
	for (size_t i = 0; i < COUNT(makers); i++) {
		makers[i] = (struct maker){ .f = f, .tenant_id = tenant_id };
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, &makers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(makers); i++) {
		pthread_join(threads[i], NULL);
		made += makers[i].made;
		refused += makers[i].refused;
	}
	f->config.api_keys_max = was;
	assert_int_equal(made, 7);
	assert_int_equal(refused, 33);
}

static int64_t used_us(struct fixture_db *f)
{
	return fixture_db_int(
		&f->cx,
		arena_printf(f->cx.arena,
	                     "SELECT coalesce(extract(epoch FROM last_used_at) * 1000000, 0)"
	                     "::bigint FROM app.api_key WHERE id = %lld",
	                     (long long)f->key.id));
}

static void age(struct fixture_db *f, const char *by)
{
	fixture_db_int(&f->cx, arena_printf(f->cx.arena,
	                                    "WITH u AS (UPDATE app.api_key SET last_used_at = now()"
	                                    " - interval '%s' WHERE id = %lld RETURNING 1)"
	                                    " SELECT count(*) FROM u",
	                                    by, (long long)f->key.id));
}

/* Written at most once a minute: by this process, and by all of them. */
static void test_last_use(void **state)
{
	struct fixture_db *f = *state;
	struct key_memory *first = f->app.keys, *other = key_memory_new();
	int64_t at;

	f->app.keys = key_memory_new();
	assert_int_equal(works(f, f->key.text), ERR_OK);
	key_used(&f->cx);
	at = used_us(f);
	assert_true(at > 0);
	age(f, "2 minutes"); /* this process has just written, and does not look */
	at = used_us(f);
	works(f, f->key.text);
	key_used(&f->cx);
	assert_true(used_us(f) == at);
	key_memory_free(f->app.keys);
	f->app.keys = other; /* another process finds it old, and writes; a third finds it fresh */
	works(f, f->key.text);
	key_used(&f->cx);
	assert_true(used_us(f) > at);
	age(f, "30 seconds");
	at = used_us(f);
	f->app.keys = first;
	works(f, f->key.text);
	key_used(&f->cx);
	assert_true(used_us(f) == at);
	key_memory_free(other);
	/* Nobody, or a person: nothing. */
	fixture_db_ctx(f);
	key_used(&f->cx);
	assert_true(used_us(f) == at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create__works_and_is_shown_once),
		cmocka_unit_test(test_create__bad_ends),
		cmocka_unit_test(test_create__no_more_than_the_caller_has),
		cmocka_unit_test(test_scopes__checked_in_the_body),
		cmocka_unit_test(test_scopes__nearest),
		cmocka_unit_test(test_rotate__overlap),
		cmocka_unit_test(test_rotate__time_to_live),
		cmocka_unit_test(test_rotate__a_higher_key),
		cmocka_unit_test(test_revoke__at_once_and_twice),
		cmocka_unit_test(test_revoke__itself),
		cmocka_unit_test(test_list__pages_and_states),
		cmocka_unit_test(test_other_tenant),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit__holds_in_a_race),
		cmocka_unit_test(test_last_use),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
