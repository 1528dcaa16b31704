/* Arena: alignment, growth in place, reuse over resets, and the end at the ceiling. */
#include "fixture.h"

#include "base/arena.h"

#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1024 * 1024)

static int set_up(void **state)
{
	*state = arena_new(4 * MIB);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void test_arena__blocks(void **state)
{
	static const size_t SIZES[] = {
		0, 1, 7, 8, 15, 16, 17, 100, 4095, 4096, 4097, 16384, 100000
	};
	struct arena *a = *state;
	unsigned char *blocks[COUNT(SIZES)];

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		blocks[i] = arena_alloc(a, SIZES[i]);
		assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < SIZES[i]; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int)i + 1, SIZES[i]);
	}
	/* No block touches another. */
	for (size_t i = 0; i < COUNT(SIZES); i++) {
		for (size_t j = 0; j < SIZES[i]; j++)
			assert_int_equal(blocks[i][j], i + 1);
	}
	assert_ptr_not_equal(arena_alloc(a, 0), arena_alloc(a, 0));
}

static void test_arena__zeroed_after_reset(void **state)
{
	struct arena *a = *state;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			unsigned char *p = arena_alloc(a, 64);

			for (int j = 0; j < 64; j++)
				assert_int_equal(p[j], 0);
			memset(p, 0xAA, 64);
		}
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
}

static void test_arena__grow(void **state)
{
	struct arena *a = *state;
	char *p = arena_grow(a, NULL, 0, 10), *q, *other;

	memcpy(p, "012345678", 10);
	q = arena_grow(a, p, 10, 100);
	assert_ptr_equal(q, p); /* the newest block grows where it is */
	assert_string_equal(q, "012345678");
	assert_int_equal(q[99], 0);
	other = arena_alloc(a, 1);
	*other = 'x';
	p = arena_grow(a, q, 100, 200);
	assert_ptr_not_equal(p, q);
	assert_string_equal(p, "012345678");
	assert_int_equal(*other, 'x');
	assert_ptr_equal(arena_grow(a, p, 200, 50), p);
	p = arena_grow(a, p, 200, MIB);
	assert_string_equal(p, "012345678");
	assert_int_equal(p[MIB - 1], 0);
}

/* Arrays that grow in turn: each keeps what it holds, is zero behind it, and leaves no old copies. */
static void test_arena__large_ones_grow(void **state)
{
	enum { ARRAYS = 3, FIRST = 8192, LAST = 262144 };
	struct arena *a = *state;
	unsigned char *arrays[ARRAYS];

	for (int k = 0; k < ARRAYS; k++) {
		arrays[k] = arena_alloc(a, FIRST);
		memset(arrays[k], k + 1, FIRST);
	}
	for (size_t n = FIRST; n < LAST; n *= 2) {
		for (int k = 0; k < ARRAYS; k++) {
			arrays[k] = arena_grow(a, arrays[k], n, 2 * n);
			for (size_t i = 0; i < 2 * n; i++)
				assert_int_equal(arrays[k][i], i < n ? k + 1 : 0);
			memset(arrays[k], k + 1, 2 * n);
		}
	}
	assert_true(arena_used(a) < ARRAYS * (LAST + 64));
}

static void test_arena__texts(void **state)
{
	struct arena *a = *state;
	char *big = arena_printf(a, "%0*d", 50000, 1);

	assert_string_equal(arena_strdup(a, ""), "");
	assert_string_equal(arena_strdup(a, "abc"), "abc");
	assert_string_equal(arena_strndup(a, "abc", 2), "ab");
	assert_string_equal(arena_strndup(a, NULL, 0), "");
	assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
	assert_string_equal(arena_printf(a, "%s-%d", "x", -5), "x--5");
	assert_int_equal(strlen(big), 50000);
	arena_free(NULL);
}

/* What a child does that is to abort. */
static void past_ceiling(void)
{
	struct arena *a = arena_new(MIB);

	for (int i = 0; i < 2000; i++)
		memset(arena_alloc(a, 1024), 1, 1024);
}

static void overflowing_array(void)
{
	(void)!arena_array(arena_new(MIB), SIZE_MAX / 2, 3);
}

static void overflowing_size(void)
{
	(void)!arena_alloc(arena_new(SIZE_MAX), SIZE_MAX - 3);
}

static void one_too_large(void)
{
	(void)!arena_alloc(arena_new(MIB), MIB + 1);
}

static void test_arena__ceiling_aborts(void **state)
{
	static void (*const ACTS[])(void) = { past_ceiling, overflowing_array, overflowing_size,
		                              one_too_large };

	(void)state;
	for (size_t i = 0; i < COUNT(ACTS); i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
			close(STDERR_FILENO);
			ACTS[i]();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_arena__blocks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arena__zeroed_after_reset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arena__grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arena__large_ones_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arena__texts, set_up, tear_down),
		cmocka_unit_test(test_arena__ceiling_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
