/* The bytes of a row of the audit log, and its hash, for ever: A12. */
#include "fixture.h"

#include "audit/chain.h"

#include <string.h>

static const struct chain_row ROW = {
	.tenant_id = "3",
	.position = "4711",
	.at_us = "1795243500123000",
	.actor = "key:7",
	.key_id = "7",
	.action = "project.created",
	.target = "project:17",
	.outcome = "done",
	.remote = "",
	.request_id = "req_1",
	.detail = "{\"a\": \"\xc3\xa9\"}",
};

static void test_bytes(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1000);

	chain_bytes(&sb, &ROW);
	assert_string_equal(sb.data, "1:3,4:4711,16:1795243500123000,5:key:7,-,1:7,"
	                             "15:project.created,10:project:17,4:done,0:,5:req_1,"
	                             "11:{\"a\": \"\xc3\xa9\"},");
}

/* Computed by sha256sum; a change of this is a change of every chain that exists. */
static void test_hash(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	unsigned char hash[SECRET_HASH_BYTES] = { 0 };
	char hex[SECRET_HEX_MAX];

	assert_true(chain_hash(cx->arena, hash, &ROW, hash));
	secret_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	                    "df8975b5bd96e5d9aab79b6abb89c3359a29c60203d9f99471062d61db390666");
}

/* Rows that look alike without their lengths do not have the same bytes. */
static void test_bytes__no_two_alike(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct chain_row other = ROW;
	struct sb a = sb_new(cx->arena, 1000), b = sb_new(cx->arena, 1000);
	struct sb c = sb_new(cx->arena, 1000), d = sb_new(cx->arena, 1000);

	other.actor = "key:7,-,1:7,15:project.created";
	chain_bytes(&a, &ROW);
	chain_bytes(&b, &other);
	assert_string_not_equal(a.data, b.data);
	other = ROW;
	other.remote = NULL; /* nothing is not an empty text */
	chain_bytes(&c, &other);
	assert_string_not_equal(a.data, c.data);
	other = ROW;
	other.user_id = ROW.key_id;
	other.key_id = NULL;
	chain_bytes(&d, &other);
	assert_string_not_equal(a.data, d.data);
}

static void test_hash__too_large(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	unsigned char hash[SECRET_HASH_BYTES] = { 0 };
	struct chain_row other = ROW;
	char *text = arena_alloc(cx->arena, CHAIN_ROW_MAX + 1);

	memset(text, 'x', CHAIN_ROW_MAX);
	text[CHAIN_ROW_MAX] = '\0';
	other.detail = text;
	assert_false(chain_hash(cx->arena, hash, &other, hash));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_bytes__no_two_alike),
		cmocka_unit_test(test_hash__too_large),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
