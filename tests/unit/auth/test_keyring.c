/* The keyring: its file, and that what derives from it is bound to key and purpose. */
#include "fixture.h"

#include "auth/keyring.h"
#include "auth/scope.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder(struct ctx *cx)
{
	char *dir = arena_printf(cx->arena, "/tmp/portolan-keyring.XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_keyring__add_and_open(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *dir = folder(cx), *path = arena_printf(cx->arena, "%s/keys", dir);
	unsigned char one[32], two[32];
	struct keyring *ring;
	struct stat st;
	const char *hashes;
	char hex[SECRET_HEX_MAX];
	struct keyring_key keys[KEYRING_MAX];
	int number;

	assert_int_equal(keyring_add(cx, path, 0, &number), ERR_OK);
	assert_int_equal(number, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keyring_open(cx, path, &ring), ERR_OK);
	keyring_hash(ring, KEYRING_API_KEY, "x", 1, one);
	keyring_free(ring);

	assert_int_equal(keyring_add(cx, path, 0, &number), ERR_OK);
	assert_int_equal(number, 2);
	assert_int_equal(keyring_open(cx, path, &ring), ERR_OK);
	assert_int_equal(keyring_list(ring, keys), 2);
	assert_int_equal(keyring_newest(ring), 2);
	keyring_hash(ring, KEYRING_API_KEY, "x", 1, two);
	assert_memory_not_equal(one, two, 32);
	/* What was hashed under the old key is still found. */
	hashes = keyring_hashes(cx->arena, ring, KEYRING_API_KEY, "x", 1);
	secret_hex(one, sizeof(one), hex);
	assert_non_null(strstr(hashes, hex));
	secret_hex(two, sizeof(two), hex);
	assert_non_null(strstr(hashes, hex));
	/* Another purpose, another hash. */
	keyring_hash(ring, KEYRING_SESSION, "x", 1, one);
	assert_memory_not_equal(one, two, 32);
	assert_false(keyring_derive(ring, 3, KEYRING_SEAL, one));
	keyring_free(ring);
	unlink(path);
	rmdir(dir);
}

/* A key that comes is known to an open ring before it is used, and one that goes is forgotten. */
static void test_keyring__follows_its_file(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const char *dir = folder(cx), *path = arena_printf(cx->arena, "%s/keys", dir);
	unsigned char old[32], later[32];
	struct keyring_key keys[KEYRING_MAX];
	struct keyring *ring;
	int number;

	assert_int_equal(keyring_add(cx, path, 0, &number), ERR_OK);
	assert_int_equal(keyring_open(cx, path, &ring), ERR_OK);
	keyring_hash(ring, KEYRING_SESSION, "x", 1, old);
	assert_int_equal(keyring_add(cx, path, 3600, &number), ERR_OK);
	assert_true(keyring_derive(ring, 2, KEYRING_SEAL, later)); /* looks at once */
	assert_int_equal(keyring_newest(ring), 1);
	keyring_hash(ring, KEYRING_SESSION, "x", 1, later);
	assert_memory_equal(old, later, 32);
	assert_int_equal(keyring_list(ring, keys), 2);
	assert_true(keys[0].number == 2 && !keys[0].in_use && keys[0].from_s > 0);
	assert_true(keys[1].number == 1 && keys[1].in_use);

	assert_int_equal(keyring_remove(cx, path, 1), ERR_STATE);
	assert_int_equal(keyring_remove(cx, path, 2), ERR_STATE);
	assert_int_equal(keyring_remove(cx, path, 9), ERR_NOT_FOUND);
	assert_int_equal(keyring_add(cx, path, 0, &number), ERR_OK);
	assert_int_equal(number, 3);
	assert_int_equal(keyring_remove(cx, path, 1), ERR_OK);
	assert_int_equal(keyring_list(ring, keys), 2);
	assert_int_equal(keyring_newest(ring), 3);
	assert_false(keyring_derive(ring, 1, KEYRING_SEAL, later));

	/* A file that is broken, or gone, changes nothing. */
	put(path, "nonsense\n", 0600);
	assert_int_equal(keyring_list(ring, keys), 2);
	unlink(path);
	assert_int_equal(keyring_list(ring, keys), 2);
	keyring_free(ring);
	rmdir(dir);
}

static void test_keyring__refused(void **state)
{
	static const char GOOD[] = "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	static const struct {
		const char *why, *text;
		mode_t mode;
		enum err wanted;
	} CASES[] = {
		{ "a key", GOOD, 0600, ERR_OK },
		{ "without its last newline", "7 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0400,
		  ERR_OK },
		{ "others may read it", GOOD, 0604, ERR_INVALID },
		{ "the group may write it", GOOD, 0620, ERR_INVALID },
		{ "empty", "", 0600, ERR_INVALID },
		{ "no number", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600, ERR_INVALID },
		{ "number 0", "0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600,
		  ERR_INVALID },
		{ "with a time", "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 1795243500\n", 0600,
		  ERR_OK },
		{ "with a time that is none", "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA now\n",
		  0600, ERR_INVALID },
		{ "with a blank at its end", "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA \n",
		  0600, ERR_INVALID },
		{ "a key too short", "1 AAAA\n", 0600, ERR_INVALID },
		{ "a number twice",
		  "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n",
		  0600, ERR_INVALID },
		{ "an empty line", "\n1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600,
		  ERR_INVALID },
	};
	struct ctx *cx = fixture_ctx(*state);
	const char *dir = folder(cx), *path = arena_printf(cx->arena, "%s/keys", dir);
	struct keyring *ring;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		enum err e;

		print_message("# %s\n", CASES[i].why);
		put(path, CASES[i].text, CASES[i].mode);
		e = keyring_open(cx, path, &ring);
		assert_int_equal(e, CASES[i].wanted);
		if (e == ERR_OK)
			keyring_free(ring);
		else
			assert_null(strstr(cx->fault.detail, "AAAA"));
		unlink(path);
	}
	assert_int_equal(keyring_open(cx, path, &ring), ERR_INVALID);
	rmdir(dir);
}

static void test_scope__names(void **state)
{
	(void)state;
	assert_string_equal(scope_name(AREA_PROJECTS, false), "projects:read");
	assert_string_equal(scope_name(AREA_AUDIT, true), "audit:write");
	assert_string_equal(scope_name(AREA_NONE, true), "");
	assert_true(scope_exists("members:write"));
	assert_false(scope_exists("members"));
	assert_false(scope_exists(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyring__add_and_open),
		cmocka_unit_test(test_keyring__follows_its_file),
		cmocka_unit_test(test_keyring__refused),
		cmocka_unit_test(test_scope__names),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
