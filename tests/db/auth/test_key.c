/* API keys: their text, and the admission that rides along (T16; A3). */
#include "fixture_db.h"

#include "auth/key.h"

#include <stdio.h>
#include <string.h>

static const struct db_stmt ONE = {
	.name = "t_one",
	.nparams = 1,
	.read = true,
	.sql = "SELECT $1::bigint",
};
static const struct db_stmt WRITE = {
	.name = "t_write",
	.nparams = 2,
	.sql = "INSERT INTO app.event_outbox (tenant_id, kind, payload, actor)"
	       " VALUES ($1, $2, '{}', 'test')",
};

static enum err write_mark(struct ctx *cx, const char *mark)
{
	return db_run(cx, &WRITE, DB_ARGS(DB_TEXT(mark)), NULL);
}

static int64_t marks(struct ctx *cx, const char *mark)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM app.event_all WHERE kind = '%s'", mark);
	return fixture_db_int(cx, sql);
}

/* A context as the edge begins it: nobody yet. */
static struct ctx *stranger(void *state)
{
	struct ctx *cx = fixture_db_ctx(state);

	cx->who = (struct who){ 0 };
	return cx;
}

static struct key_claim claim_of(const struct key_made *key)
{
	struct key_claim claim;

	assert_true(key_parse(key->text, &claim));
	return claim;
}

static void test_parse__own_text(void **state)
{
	struct fixture_db *f = *state;
	struct key_claim claim;

	assert_true(key_parse(f->key.text, &claim));
	assert_true(claim.id == f->key.id);
	assert_memory_equal(f->key.text, "pk_", 3);
}

/* Every single changed, missing or added character is noticed before the database is asked. */
static void test_parse__typing_errors(void **state)
{
	struct fixture_db *f = *state;
	size_t n = strlen(f->key.text);
	struct key_claim claim;
	char text[KEY_TEXT_MAX + 1];

	for (size_t i = 0; i < n; i++) {
		memcpy(text, f->key.text, n + 1);
		text[i] = text[i] == '7' ? '8' : '7';
		assert_false(key_parse(text, &claim));
		memmove(text + i, f->key.text + i + 1, n - i);
		assert_false(key_parse(text, &claim));
	}
	snprintf(text, sizeof(text), "%sx", f->key.text);
	assert_false(key_parse(text, &claim));
}

static void test_parse__other_texts(void **state)
{
	static const char *const TEXTS[] = {
		"",
		"pk_",
		"pk__",
		"pk_1_",
		"Bearer x",
		"pk_0_a_00000000",
		"PK_1_a_b",
		"pk_99999999999999999999_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_00000000",
	};
	struct key_claim claim;

	(void)state;
	for (size_t i = 0; i < COUNT(TEXTS); i++)
		assert_false(key_parse(TEXTS[i], &claim));
}

static void test_setup__same_tenant_another_key(void **state)
{
	struct ctx *cx = stranger(*state);
	struct key_made first, second;
	char sql[200];

	assert_err(cx, fixture_db_key(cx, "test-shared", "one", ROLE_VIEWER, &first), ERR_OK);
	assert_err(cx, fixture_db_key(cx, "test-shared", "two", ROLE_ADMIN, &second), ERR_OK);
	assert_true(first.id != second.id);
	assert_string_not_equal(first.text, second.text);
	snprintf(sql, sizeof(sql),
	         "SELECT count(DISTINCT tenant_id) FROM app.api_key WHERE id IN (%lld, %lld)",
	         (long long)first.id, (long long)second.id);
	assert_int_equal(fixture_db_int(cx, sql), 1);
	/* The secret itself is nowhere. */
	snprintf(sql, sizeof(sql),
	         "SELECT count(*) FROM app.api_key k WHERE strpos(k::text, '%.20s') > 0",
	         first.text + 6);
	assert_int_equal(fixture_db_int(cx, sql), 0);
}

static void test_admit__fills_who(void **state)
{
	struct fixture_db *f = *state;
	struct key_claim claim = claim_of(&f->key);

	/* Twice: the process does not know the key's tenant yet, then it does. */
	for (int i = 0; i < 2; i++) {
		struct ctx *cx = stranger(f);
		int64_t tenant_id = 0;

		assert_err(cx, key_admit(cx, &claim, ROLE_MEMBER, ""), ERR_OK);
		assert_err(cx, db_get_int(cx, &ONE, DB_NO_ARGS, &tenant_id), ERR_OK);
		assert_true(tenant_id == f->tenant_id);
		assert_true(cx->who.tenant_id == f->tenant_id);
		assert_true(cx->who.key_id == f->key.id);
		assert_int_equal(cx->who.role, ROLE_OWNER);
		assert_contains(cx->who.actor, "key:");
	}
}

static void test_admit__role_too_low(void **state)
{
	struct ctx *cx = stranger(*state);
	struct key_claim claim;
	struct key_made key;

	assert_err(cx, fixture_db_key(cx, "test-viewer", "v", ROLE_VIEWER, &key), ERR_OK);
	claim = claim_of(&key);
	assert_err(cx, key_admit(cx, &claim, ROLE_MEMBER, ""), ERR_FORBIDDEN); /* asked at once */
	cx = stranger(*state);
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	cx = stranger(*state);
	assert_err(cx, key_admit(cx, &claim, ROLE_MEMBER, ""), ERR_OK); /* along with the write */
	assert_err(cx, write_mark(cx, "mark.viewer"), ERR_FORBIDDEN);
	assert_int_equal(marks(cx, "mark.viewer"), 0);
}

/* How a key stops to hold: the statement that does it. */
static void test_admit__a_key_that_holds_no_more(void **state)
{
	static const char *const ENDS[] = {
		"UPDATE app.api_key SET revoked_at = now()",
		"UPDATE app.api_key SET expires_at = now() - interval '1 s'",
		"DELETE FROM app.api_key",
	};

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		struct ctx *cx = stranger(*state);
		struct key_claim claim;
		struct key_made key;

		assert_err(cx, fixture_db_key(cx, "test-ends", "k", ROLE_OWNER, &key), ERR_OK);
		claim = claim_of(&key);
		assert_err(cx, key_admit(cx, &claim, ROLE_MEMBER, ""), ERR_OK);
		fixture_db_int(cx, arena_printf(cx->arena, "%s WHERE id = %lld RETURNING id",
		                                ENDS[i], (long long)key.id));
		cx = stranger(*state);
		assert_err(cx, key_admit(cx, &claim, ROLE_MEMBER, ""), ERR_OK);
		assert_err(cx, write_mark(cx, "mark.ended"), ERR_UNAUTHENTICATED);
		assert_int_equal(marks(cx, "mark.ended"), 0);
	}
}

/* The right id with another secret, known to the process or not. */
static void test_admit__wrong_secret(void **state)
{
	struct fixture_db *f = *state;
	struct key_claim claim = claim_of(&f->key);
	struct ctx *cx = stranger(f);

	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, db_flush(cx), ERR_OK);
	claim.text = "pk_another";
	cx = stranger(f);
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, write_mark(cx, "mark.wrong"), ERR_UNAUTHENTICATED);
	assert_int_equal(cx->who.key_id, 0);
	/* A transaction is no way around it. */
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, write_mark(cx, "mark.wrong"), ERR_UNAUTHENTICATED);
	}
	assert_err(cx, db_flush(cx), ERR_UNAUTHENTICATED);
	assert_int_equal(marks(cx, "mark.wrong"), 0);

	claim.id = INT64_MAX;
	cx = stranger(f);
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
}

/* What the process remembers is no proof: the database is told which tenant is counted on. */
static void test_admit__memory_of_another_tenant(void **state)
{
	struct fixture_db *f = *state;
	struct key_claim claim = claim_of(&f->key);
	struct ctx *cx = stranger(f);
	int64_t other = fixture_db_tenant(cx);

	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, db_flush(cx), ERR_OK);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.api_key SET tenant_id = %lld"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)other, (long long)f->key.id));
	cx = stranger(f);
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, write_mark(cx, "mark.moved"), ERR_UNAUTHENTICATED);
	assert_err(cx, db_flush(cx), ERR_UNAUTHENTICATED);
	cx = fixture_db_ctx(f);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.api_key SET tenant_id = %lld"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)f->tenant_id, (long long)f->key.id));
	assert_int_equal(marks(cx, "mark.moved"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__own_text),
		cmocka_unit_test(test_parse__typing_errors),
		cmocka_unit_test(test_parse__other_texts),
		cmocka_unit_test(test_setup__same_tenant_another_key),
		cmocka_unit_test(test_admit__fills_who),
		cmocka_unit_test(test_admit__role_too_low),
		cmocka_unit_test(test_admit__a_key_that_holds_no_more),
		cmocka_unit_test(test_admit__wrong_secret),
		cmocka_unit_test(test_admit__memory_of_another_tenant),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
