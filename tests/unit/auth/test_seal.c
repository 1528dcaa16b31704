/* T22: a sealed secret opens where it was sealed, and nowhere else. */
#include "fixture.h"

#include "auth/seal.h"

#include <string.h>

static const unsigned char MASTER[KEYRING_KEY_BYTES] = "a master key of thirty-two byte";
static const struct seal_place HERE = {
	.table = "secret", .column = "sealed", .tenant_id = 7, .row_id = 11
};

static void test_seal__opens_here(void **state)
{
	static const char *const TEXTS[] = { "", "x", "a token\nof two lines" };
	struct ctx *cx = fixture_ctx(*state);
	struct keyring *ring = keyring_of(MASTER);

	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		CLEANUP(seal_wipe) struct seal_text text = { 0 };
		size_t n = strlen(TEXTS[i]);
		struct span sealed = seal_shut(cx, ring, &HERE, TEXTS[i], n);

		assert_int_equal(sealed.len, n + SEAL_OVERHEAD_BYTES);
		assert_int_equal(seal_key_number(sealed), 1);
		assert_true(n < 2 || memmem(sealed.data, sealed.len, TEXTS[i], n) == NULL);
		assert_int_equal(seal_open(cx, ring, &HERE, sealed, &text), ERR_OK);
		assert_int_equal(text.len, n);
		assert_string_equal(text.data, TEXTS[i]);
	}
	keyring_free(ring);
}

static void refused(struct ctx *cx, const struct keyring *ring, const struct seal_place *place,
                    struct span sealed)
{
	struct seal_text text = { 0 };

	err_clear(cx);
	assert_int_equal(seal_open(cx, ring, place, sealed, &text), ERR_UNSEALABLE);
	assert_null(text.data);
	assert_non_null(cx->fault.fix);
	assert_null(strstr(cx->fault.detail, "hush"));
}

/* Moved to another tenant, table, row or column, it does not open. */
static void test_seal__bound_to_its_place(void **state)
{
	static const struct seal_place OTHERS[] = {
		{ "secret", "sealed", 8, 11 },  { "secret", "sealed", 7, 12 },
		{ "secrets", "sealed", 7, 11 }, { "secret", "seal", 7, 11 },
		{ "secret", "sealed", 71, 1 },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct keyring *ring = keyring_of(MASTER);
	struct span sealed = seal_shut(cx, ring, &HERE, "hush", 4);

	for (size_t i = 0; i < COUNT(OTHERS); i++)
		refused(cx, ring, &OTHERS[i], sealed);
	keyring_free(ring);
}

/* No bit of it may differ, none may be missing or added. */
static void test_seal__damaged(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct keyring *ring = keyring_of(MASTER);
	struct span sealed = seal_shut(cx, ring, &HERE, "hush", 4);
	char *bytes = arena_alloc(cx->arena, sealed.len + 1);

	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		memcpy(bytes, sealed.data, sealed.len);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		refused(cx, ring, &HERE, (struct span){ bytes, sealed.len });
	}
	memcpy(bytes, sealed.data, sealed.len);
	for (size_t n = 0; n < sealed.len; n++)
		refused(cx, ring, &HERE, (struct span){ bytes, n });
	refused(cx, ring, &HERE, (struct span){ bytes, sealed.len + 1 });
	keyring_free(ring);
}

static void test_seal__another_key(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	unsigned char other[KEYRING_KEY_BYTES] = "another key of thirty-two bytes";
	struct keyring *ring = keyring_of(MASTER), *stranger = keyring_of(other);
	struct span sealed = seal_shut(cx, ring, &HERE, "hush", 4);
	char *bytes = arena_alloc(cx->arena, sealed.len);

	refused(cx, stranger, &HERE, sealed);
	memcpy(bytes, sealed.data, sealed.len);
	bytes[2] = 9;
	refused(cx, ring, &HERE, (struct span){ bytes, sealed.len });
	assert_contains(cx->fault.detail, "no master key 9");
	keyring_free(ring);
	keyring_free(stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seal__opens_here),
		cmocka_unit_test(test_seal__bound_to_its_place),
		cmocka_unit_test(test_seal__damaged),
		cmocka_unit_test(test_seal__another_key),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
