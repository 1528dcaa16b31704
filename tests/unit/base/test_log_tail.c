/* The last lines of a log: bounded, oldest first, and JSON whatever came (C5, O1). */
#include "fixture.h"

#include "base/log_tail.h"

#include <stdio.h>
#include <string.h>

static const char *json(void *state, const struct log_tail *tail)
{
	return log_tail_json(tail, fixture_ctx(state)->arena);
}

static void test_empty(void **state)
{
	struct log_tail tail = { 0 };

	assert_string_equal(json(*state, &tail), "[]");
	log_tail_clear(&tail);
}

static void test_lines_in_order_without_their_ends(void **state)
{
	struct log_tail tail = { 0 };

	log_tail_add(&tail, "{\"n\":1}\n", 8);
	log_tail_add(&tail, "\n", 1);
	log_tail_add(&tail, "{\"n\":2}", 7);
	assert_string_equal(json(*state, &tail), "[{\"n\":1},{\"n\":2}]");
	log_tail_clear(&tail);
	assert_string_equal(json(*state, &tail), "[]");
}

/* The newest lines are those that tell why it ended. */
static void test_oldest_lines_go(void **state)
{
	struct log_tail tail = { 0 };
	char line[32];

	for (int i = 0; i < LOG_TAIL_LINES + 5; i++)
		log_tail_add(&tail, line, (size_t)snprintf(line, sizeof(line), "{\"n\":%d}", i));
	assert_int_equal(tail.n, LOG_TAIL_LINES);
	assert_memory_equal(json(*state, &tail), "[{\"n\":5},{\"n\":6}", 16);
	log_tail_clear(&tail);
}

static void test_bytes_are_bounded(void **state)
{
	struct log_tail tail = { 0 };
	static char line[LOG_TAIL_BYTES];

	memset(line, '1', sizeof(line));
	for (int i = 0; i < 20; i++)
		log_tail_add(&tail, line, LOG_TAIL_BYTES / 5);
	assert_true(tail.n > 0 && tail.bytes <= LOG_TAIL_BYTES);
	log_tail_add(&tail, line, sizeof(line)); /* too long to be kept, and no other goes for it */
	assert_true(strlen(json(*state, &tail)) <= LOG_TAIL_BYTES + LOG_TAIL_LINES + 2);
	log_tail_clear(&tail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_lines_in_order_without_their_ends),
		cmocka_unit_test(test_oldest_lines_go),
		cmocka_unit_test(test_bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
