/* Idempotency keys: stored with the work or not at all, one holder at a time, per tenant. */
#include "fixture_db.h"

#include "auth/replay.h"

#include <stdio.h>
#include <string.h>

static const struct replay_answer ANSWER = { 201, "Location: /a/1\n", "{\"id\":1}" };

/* A key that no other run of the test has used. */
static const char *fresh(struct ctx *cx, const char *name)
{
	return arena_printf(cx->arena, "%s-%s", name, cx->request_id);
}

static void hash_of(const char *text, unsigned char hash[SECRET_HASH_BYTES])
{
	secret_hash(text, strlen(text), NULL, 0, hash);
}

/* Among the hashes under other master keys. */
static const char *list_of(struct ctx *cx, const unsigned char hash[SECRET_HASH_BYTES])
{
	char hex[SECRET_HEX_MAX];

	secret_hex(hash, SECRET_HASH_BYTES, hex);
	return arena_printf(cx->arena, "{\"\\\\x00\",\"\\\\x%s\"}", hex);
}

/* Claim and store in one transaction; commit or not. */
static void use(struct ctx *cx, const char *key, const char *request, bool commit)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];
	struct replay_answer stored;
	bool found = true;

	hash_of(request, hash);
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, replay_claim(cx, key, list_of(cx, hash), 24, &stored, &found), ERR_OK);
	assert_false(found);
	assert_err(cx, replay_store(cx, key, hash, &ANSWER), ERR_OK);
	if (commit)
		assert_err(cx, db_commit(&tx), ERR_OK);
}

static enum err claim(struct ctx *cx, const char *key, const char *request, int64_t hours,
                      struct replay_answer *stored, bool *found)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];

	hash_of(request, hash);
	TRY(db_begin(cx, &tx));
	return replay_claim(cx, key, list_of(cx, hash), hours, stored, found);
}

static void test_replay__stored_with_the_work(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *key = fresh(cx, "stored");
	struct replay_answer stored = { 0 };
	bool found = false;

	use(cx, key, "a", false); /* rolled back: nothing is there */
	assert_err(cx, claim(cx, key, "a", 24, &stored, &found), ERR_OK);
	assert_false(found);
	use(cx, key, "a", true);
	assert_err(cx, claim(cx, key, "a", 24, &stored, &found), ERR_OK);
	assert_true(found);
	assert_int_equal(stored.status, ANSWER.status);
	assert_string_equal(stored.headers, ANSWER.headers);
	assert_string_equal(stored.body, ANSWER.body);
}

static void test_replay__another_request(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *key = fresh(cx, "another");
	struct replay_answer stored;
	bool found = false;

	use(cx, key, "a", true);
	assert_err(cx, claim(cx, key, "b", 24, &stored, &found), ERR_KEY_REUSED);
}

/* A key belongs to its tenant: another's is another key. */
static void test_replay__per_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *key = fresh(cx, "tenant");
	struct replay_answer stored;
	bool found = true;

	use(cx, key, "a", true);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, claim(cx, key, "b", 24, &stored, &found), ERR_OK);
	assert_false(found);
}

/* Another person or key may be allowed less than who got the answer. */
static void test_replay__per_caller(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	char key[REPLAY_KEY_MAX + 1];
	struct replay_answer stored;
	bool found = true;

	snprintf(key, sizeof(key), "%-*s", REPLAY_KEY_MAX, fresh(cx, "caller"));
	cx->who.key_id = 7;
	cx->who.actor = "key:7";
	use(cx, key, "a", true);
	cx->who.key_id = 8;
	cx->who.actor = "key:8";
	assert_err(cx, claim(cx, key, "a", 24, &stored, &found), ERR_OK);
	assert_false(found);
	cx->who.key_id = 0;
	cx->who.user_id = 7;
	cx->who.actor = "ada@example.org";
	assert_err(cx, claim(cx, key, "b", 24, &stored, &found), ERR_OK);
	assert_false(found);
	cx->who.user_id = 0;
	cx->who.key_id = 7;
	cx->who.actor = "key:7";
	assert_err(cx, claim(cx, key, "a", 24, &stored, &found), ERR_OK);
	assert_true(found);
}

static void test_replay__one_holder(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *key = fresh(cx, "holder");
	struct ctx other = *cx;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	unsigned char hash[SECRET_HASH_BYTES];
	struct replay_answer stored;
	struct db_tx tx = { 0 };
	bool found = true;

	other.db = db;
	hash_of("a", hash);
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, replay_claim(cx, key, list_of(cx, hash), 24, &stored, &found), ERR_OK);
	assert_err(&other, claim(&other, key, "a", 24, &stored, &found), ERR_IN_FLIGHT);
	assert_non_null(other.fault.fix);
	db_end(&tx); /* a holder that fails leaves the key free */
	assert_err(&other, claim(&other, key, "a", 24, &stored, &found), ERR_OK);
	assert_false(found);
}

/* What is older than it is kept for is as good as gone, and may be replaced. */
static void test_replay__expires(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *key = fresh(cx, "old");
	struct replay_answer stored;
	bool found = true;

	use(cx, key, "a", true);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.idempotency_key SET created_at = now() - "
	                                "interval '25 hours' WHERE key LIKE '%% %s' RETURNING 1",
	                                key));
	assert_err(cx, claim(cx, key, "b", 24, &stored, &found), ERR_OK);
	assert_false(found);
	use(cx, key, "b", true);
	assert_err(cx, claim(cx, key, "b", 24, &stored, &found), ERR_OK);
	assert_true(found);
}

static void test_replay__key_form(void **state)
{
	char text[REPLAY_KEY_MAX + 2];

	(void)state;
	memset(text, 'k', sizeof(text));
	text[REPLAY_KEY_MAX + 1] = '\0';
	assert_false(replay_key_is_sound(text));
	text[REPLAY_KEY_MAX] = '\0';
	assert_true(replay_key_is_sound(text));
	assert_true(replay_key_is_sound(" ~"));
	assert_false(replay_key_is_sound(""));
	assert_false(replay_key_is_sound("a\tb"));
	assert_false(replay_key_is_sound("caf\xC3\xA9"));
	assert_false(replay_key_is_sound("\x7F"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay__stored_with_the_work),
		cmocka_unit_test(test_replay__another_request),
		cmocka_unit_test(test_replay__per_tenant),
		cmocka_unit_test(test_replay__per_caller),
		cmocka_unit_test(test_replay__one_holder),
		cmocka_unit_test(test_replay__expires),
		cmocka_unit_test(test_replay__key_form),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
