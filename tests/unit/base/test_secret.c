/* Hashes and encodings, against published vectors. */
#include "fixture.h"

#include "base/secret.h"

#include <string.h>

static void test_secret__hash(void **state)
{
	unsigned char hash[SECRET_HASH_BYTES], keyed[SECRET_HASH_BYTES];
	char hex[SECRET_HEX_MAX];

	(void)state;
	secret_hash("", 0, NULL, 0, hash);
	secret_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	                    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	secret_hash("abc", 3, NULL, 0, hash);
	secret_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex,
	                    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	secret_hash("abc", 3, "0123456789abcdef", 16, keyed);
	assert_memory_not_equal(keyed, hash, sizeof(hash));
}

static void test_secret__crc32(void **state)
{
	(void)state;
	assert_int_equal(secret_crc32("", 0), 0);
	assert_int_equal(secret_crc32("123456789", 9), 0xCBF43926u);
}

/* The first vectors of the SipHash paper. */
static void test_secret__siphash(void **state)
{
	unsigned char key[SECRET_SIP_KEY_BYTES], text[15];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)i;
	assert_int_equal(secret_siphash(text, 0, key), UINT64_C(0x726fdb47dd0e0e31));
	assert_int_equal(secret_siphash(text, sizeof(text), key), UINT64_C(0xa129ca6149be45e5));
}

static void test_secret__base64url(void **state)
{
	static const struct {
		struct span bytes;
		const char *text;
	} CASES[] = {
		{ { "", 0 }, "" },           { { "f", 1 }, "Zg" },
		{ { "fo", 2 }, "Zm8" },      { { "foo", 3 }, "Zm9v" },
		{ { "foob", 4 }, "Zm9vYg" }, { { "\xFB\xFF\xFE", 3 }, "-__-" },
	};
	static const char *const BAD[] = { "Zm9v\xDD"
		                           "mFy",
		                           "Zg==",
		                           "Zg=",
		                           "Z",
		                           "Zm9v!",
		                           "+//+",
		                           "Zm 9v",
		                           "Zh" };
	char text[64];
	unsigned char bytes[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		size_t len = secret_base64url(CASES[i].bytes.data, CASES[i].bytes.len, text,
		                              sizeof(text));

		assert_string_equal(text, CASES[i].text);
		assert_int_equal(len, strlen(CASES[i].text));
		assert_true(secret_base64url_decode(text, len, bytes, sizeof(bytes), &n));
		assert_int_equal(n, CASES[i].bytes.len);
		assert_memory_equal(bytes, CASES[i].bytes.data, n);
	}
	for (size_t i = 0; i < COUNT(BAD); i++) {
		print_message("# %s\n", BAD[i]);
		assert_false(
			secret_base64url_decode(BAD[i], strlen(BAD[i]), bytes, sizeof(bytes), &n));
	}
	assert_false(secret_base64url_decode("Zm9v", 4, bytes, 2, &n));
}

static void test_secret__equal_and_wipe(void **state)
{
	char a[] = "secret", b[] = "secret";

	(void)state;
	assert_true(secret_equal(a, b, sizeof(a)));
	b[5] ^= 1;
	assert_false(secret_equal(a, b, sizeof(a)));
	secret_wipe(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_equal(a[i], 0);
}

static void test_secret__random(void **state)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	secret_random(a, sizeof(a));
	secret_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_secret__uuid7(void **state)
{
	char first[37], second[37];

	(void)state;
	secret_uuid7(FIXTURE_WALL_US, first);
	secret_uuid7(FIXTURE_WALL_US + 1000, second);
	assert_int_equal(strlen(first), 36);
	assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
	assert_int_equal(first[14], '7');
	assert_non_null(strchr("89ab", first[19]));
	assert_true(strcmp(first, second) < 0);          /* a later one sorts later */
	assert_memory_equal(first, "01a1fcd9-e25b", 13); /* the time in milliseconds */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret__hash),
		cmocka_unit_test(test_secret__crc32),
		cmocka_unit_test(test_secret__siphash),
		cmocka_unit_test(test_secret__base64url),
		cmocka_unit_test(test_secret__equal_and_wipe),
		cmocka_unit_test(test_secret__random),
		cmocka_unit_test(test_secret__uuid7),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
