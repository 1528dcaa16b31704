/* Clock: RFC 3339 out and in, against the C library's calendar. */
#include "fixture.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define S INT64_C(1000000)

static void test_clock_format(void **state)
{
	static const struct {
		int64_t at_us;
		const char *text;
	} CASES[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ FIXTURE_WALL_US, "2026-11-21T06:45:00.123Z" },
		{ 999, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 951782400 * S, "2000-02-29T00:00:00.000Z" },
		{ 253402300799 * S + 999999, "9999-12-31T23:59:59.999Z" },
		{ 253402300800 * S, "9999-12-31T23:59:59.999Z" },
		{ -62167219200 * S, "0000-01-01T00:00:00.000Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char text[CLOCK_TEXT_MAX];

		clock_format(CASES[i].at_us, text);
		assert_string_equal(text, CASES[i].text);
	}
}

/* Every day from 1600 to 2500 agrees with gmtime(), and is read back as it was written. */
static void test_clock__calendar(void **state)
{
	(void)state;
	for (int64_t day = -135140; day < 193580; day++) {
		int64_t at_us = (day * 86400 + (day * 7919 % 86400 + 86400) % 86400) * S, back;
		time_t s = (time_t)(at_us / S);
		char text[CLOCK_TEXT_MAX], want[CLOCK_TEXT_MAX];
		struct tm tm;

		gmtime_r(&s, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		clock_format(at_us, text);
		assert_string_equal(text, want);
		assert_true(clock_parse(text, &back));
		assert_int_equal(back, at_us);
	}
}

static void test_clock_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t at_us; /* -1: refused */
	} CASES[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:01z", 1 * S },
		{ "1970-01-01T00:00:00.5Z", S / 2 },
		{ "1970-01-01T00:00:00.123456789Z", 123456 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1970-01-01T00:00:00-00:30", 1800 * S },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "2026-11-21T06:45:00.123Z", FIXTURE_WALL_US },
		{ "2024-02-29T00:00:00Z", 1709164800 * S },
		{ "2000-02-29T00:00:00Z", 951782400 * S },
		{ "2016-12-31T23:59:60Z", 1483228800 * S },
		{ "2017-01-01T00:59:60+01:00", 1483228800 * S },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "1900-02-29T00:00:00Z", -1 },
		{ "2026-11-31T00:00:00Z", -1 },
		{ "2026-00-01T00:00:00Z", -1 },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-01-00T00:00:00Z", -1 },
		{ "2026-01-32T00:00:00Z", -1 },
		{ "2026-01-01T24:00:00Z", -1 },
		{ "2026-01-01T00:60:00Z", -1 },
		{ "2026-01-01T00:00:61Z", -1 },
		{ "2026-01-01T12:00:60Z", -1 },
		{ "2026-01-01T00:00:00", -1 },
		{ "2026-01-01 00:00:00Z", -1 },
		{ "2026-01-01T00:00Z", -1 },
		{ "2026-01-01", -1 },
		{ "2026-01-01T00:00:00.Z", -1 },
		{ "2026-01-01T00:00:00,5Z", -1 },
		{ "2026-01-01T00:00:00+0100", -1 },
		{ "2026-01-01T00:00:00+01", -1 },
		{ "2026-01-01T00:00:00+24:00", -1 },
		{ "2026-01-01T00:00:00+01:60", -1 },
		{ "2026-01-01T00:00:00+01:00x", -1 },
		{ "2026-01-01T00:00:00Z ", -1 },
		{ " 2026-01-01T00:00:00Z", -1 },
		{ "26-01-01T00:00:00Z", -1 },
		{ "+2026-01-01T00:00:00Z", -1 },
		{ "2026-1-01T00:00:00Z", -1 },
		{ "0000-01-01T00:00:00+00:01", -1 },
		{ "9999-12-31T23:59:59-00:01", -1 },
		{ "1795243500", -1 },
		{ "now", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		int64_t at_us = -77;
		bool good = clock_parse(CASES[i].text, &at_us);

		print_message("# %s\n", CASES[i].text);
		assert_int_equal(good, CASES[i].at_us != -1);
		assert_int_equal(at_us, good ? CASES[i].at_us : -77);
	}
}

static void test_clock__system(void **state)
{
	int64_t before = system_clock.mono_us(&system_clock), wall;

	(void)state;
	wall = system_clock.wall_us(&system_clock);
	assert_true(wall / S >= (int64_t)time(NULL) - 2 && wall / S <= (int64_t)time(NULL) + 2);
	assert_true(system_clock.mono_us(&system_clock) >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_format),
		cmocka_unit_test(test_clock__calendar),
		cmocka_unit_test(test_clock_parse),
		cmocka_unit_test(test_clock__system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
