/*
 * Fixture: what tests of the library share.
 *
 *     int main(void)
 *     {
 *             const struct CMUnitTest tests[] = { cmocka_unit_test(test_x), ... };
 *             return cmocka_run_group_tests(tests, fixture_open, fixture_close);
 *     }
 *
 *     static void test_x(void **state)
 *     {
 *             struct ctx *cx = fixture_ctx(*state);
 *
 * No network, no database, and a clock that stands still until it is set.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/ctx.h"

#define FIXTURE_WALL_US INT64_C(1795243500123000) /* 2026-11-21T06:45:00.123Z */

/* A clock that a test moves by hand. */
struct fake_clock {
	struct clock clock; /* first, so that a struct clock * is one of these */
	int64_t now_us;     /* wall */
	int64_t since_us;   /* monotonic */
};

struct fixture {
	struct fake_clock clock;
	struct app app;
	struct arena *arena;
	struct ctx cx;
};

/** Group set-up and tear-down for cmocka: *state becomes a struct fixture. */
int fixture_open(void **state);
int fixture_close(void **state);

/** @ret the fixture's context, begun anew: empty arena, no fault, tenant 1, role owner */
struct ctx *fixture_ctx(void *state);

/** @ret text with each ' made a ", in the context's arena: JSON that is easy to read in C */
struct span quotes(struct ctx *cx, const char *text);

/** Fail the test unless the fault blames this pointer by this rule; NULL: any rule. */
void assert_blamed(const struct ctx *cx, const char *pointer, const char *rule);

/** Fail the test unless text holds part. */
void assert_contains(const char *text, const char *part);

#endif
