/* Cron: what a pattern means, when it comes next, and what is said of one that means nothing (C10). */
#include "fixture.h"

#include "base/sb.h"
#include "jobs/cron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "2026-11-21 06:45" as minutes of a wall clock. */
static int64_t wall(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);

	assert_true(end != NULL && *end == '\0');
	return (int64_t)timegm(&tm) / 60;
}

static const char *shown(int64_t min, char ret[32])
{
	time_t t = (time_t)min * 60;
	struct tm tm;

	strftime(ret, 32, "%Y-%m-%d %H:%M", gmtime_r(&t, &tm));
	return ret;
}

/* Each row: the pattern, a wall, and the next times after it.  2026-11-21 is a Saturday. */
static const struct {
	const char *cron, *after, *next[4];
} NEXT[] = {
	{ "* * * * *",
	  "2026-11-21 06:45",
	  { "2026-11-21 06:46", "2026-11-21 06:47", "2026-11-21 06:48" } },
	{ "  *\t* * *  * ", "2026-11-21 23:59", { "2026-11-22 00:00" } },
	{ "*/15 * * * *",
	  "2026-11-21 06:45",
	  { "2026-11-21 07:00", "2026-11-21 07:15", "2026-11-21 07:30" } },
	{ "*/40 * * * *",
	  "2026-11-21 06:00",
	  { "2026-11-21 06:40", "2026-11-21 07:00", "2026-11-21 07:40" } },
	{ "5-20/5 * * * *",
	  "2026-11-21 06:04",
	  { "2026-11-21 06:05", "2026-11-21 06:10", "2026-11-21 06:15", "2026-11-21 06:20" } },
	{ "0,30,59 * * * *",
	  "2026-11-21 06:30",
	  { "2026-11-21 06:59", "2026-11-21 07:00", "2026-11-21 07:30" } },
	{ "0 0-23/6 * * *", "2026-11-21 06:00", { "2026-11-21 12:00", "2026-11-21 18:00" } },
	{ "30 3 * * *", "2026-11-21 03:30", { "2026-11-22 03:30", "2026-11-23 03:30" } },
	{ "30 3 * * *", "2026-11-21 03:29", { "2026-11-21 03:30" } },
	{ "0 22 * * *", "2026-12-31 22:00", { "2027-01-01 22:00" } },
	{ "0 9-17 * * mon-fri", "2026-11-20 17:00", { "2026-11-23 09:00", "2026-11-23 10:00" } },
	{ "0 9 * * MON,wed", "2026-11-21 06:45", { "2026-11-23 09:00", "2026-11-25 09:00" } },
	{ "0 0 * * 0", "2026-11-21 06:45", { "2026-11-22 00:00", "2026-11-29 00:00" } },
	{ "0 0 * * 7", "2026-11-21 06:45", { "2026-11-22 00:00", "2026-11-29 00:00" } },
	{ "0 0 * * sun", "2026-11-21 06:45", { "2026-11-22 00:00" } },
	{ "0 0 * * fri-sun",
	  "2026-11-21 06:45",
	  { "2026-11-22 00:00", "2026-11-27 00:00", "2026-11-28 00:00" } },
	{ "0 0 * * 5-7", "2026-11-21 06:45", { "2026-11-22 00:00", "2026-11-27 00:00" } },
	{ "0 0 * * 1-6/2",
	  "2026-11-21 06:45",
	  { "2026-11-23 00:00", "2026-11-25 00:00", "2026-11-27 00:00" } },
	{ "0 0 1 * *", "2026-11-21 06:45", { "2026-12-01 00:00", "2027-01-01 00:00" } },
	{ "0 0 31 * *",
	  "2026-11-21 06:45",
	  { "2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00" } },
	{ "0 0 30 2,4 *", "2026-11-21 06:45", { "2027-04-30 00:00" } },
	{ "0 0 29 2 *", "2026-11-21 06:45", { "2028-02-29 00:00", "2032-02-29 00:00" } },
	{ "0 0 29 2 *", "2096-03-01 00:00", { "2104-02-29 00:00" } }, /* 2100 has none */
	{ "0 0 * jan-mar,dec *", "2026-12-31 00:00", { "2027-01-01 00:00" } },
	{ "0 0 * */5 *", "2026-11-30 00:00", { "2027-01-01 00:00" } }, /* 1, 6, 11 */
	{ "59 23 31 12 *", "2026-11-21 06:45", { "2026-12-31 23:59", "2027-12-31 23:59" } },
	/* Both days given: one of the two is enough. */
	{ "0 0 13 * fri",
	  "2026-11-01 00:00",
	  { "2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00", "2026-11-27 00:00" } },
	{ "0 0 24 * mon", "2026-11-21 06:45", { "2026-11-23 00:00", "2026-11-24 00:00" } },
	/* One begins with an asterisk: both must fit. */
	{ "0 0 */2 * sat", "2026-11-21 06:45", { "2026-12-05 00:00", "2026-12-19 00:00" } },
	{ "0 0 13 * */5", "2026-11-14 00:00", { "2026-12-13 00:00", "2027-06-13 00:00" } },
	/* Day 31 of a month with 30, or a Monday: the Mondays are there. */
	{ "0 0 31 11 mon", "2026-11-21 06:45", { "2026-11-23 00:00", "2026-11-30 00:00" } },
	{ "@hourly", "2026-11-21 06:45", { "2026-11-21 07:00", "2026-11-21 08:00" } },
	{ "@daily", "2026-11-21 06:45", { "2026-11-22 00:00" } },
	{ "@Midnight", "2026-11-21 06:45", { "2026-11-22 00:00" } },
	{ "@weekly", "2026-11-21 06:45", { "2026-11-22 00:00", "2026-11-29 00:00" } },
	{ "@monthly", "2026-11-21 06:45", { "2026-12-01 00:00" } },
	{ "@yearly", "2026-11-21 06:45", { "2027-01-01 00:00", "2028-01-01 00:00" } },
	{ "@annually", "2026-11-21 06:45", { "2027-01-01 00:00" } },
	{ "0 0 * * *", "1969-12-30 12:00", { "1969-12-31 00:00", "1970-01-01 00:00" } },
};

static void test_cron__next(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(NEXT); i++) {
		struct cron cron;
		int64_t at = wall(NEXT[i].after);
		char text[32];

		print_message("# %s after %s\n", NEXT[i].cron, NEXT[i].after);
		assert_int_equal(cron_parse(cx, "/cron", NEXT[i].cron, &cron), ERR_OK);
		for (int n = 0; n < 4 && NEXT[i].next[n] != NULL; n++) {
			assert_true(cron_next(&cron, at, &at));
			assert_string_equal(shown(at, text), NEXT[i].next[n]);
		}
	}
}

/* Each row: a pattern that means nothing, the field that is blamed, and what is said of it. */
static const struct {
	const char *cron, *field, *said;
} BAD[] = {
	{ "", "five fields", "0 of five" },
	{ "* * * *", "five fields", "4 of five fields; day of week is missing" },
	{ "*", "five fields", "There is 1 of five" },
	{ "* * * * * *", "five fields", "more than five" },
	{ "60 * * * *", "minute (1st", "60 is not from 0 to 59" },
	{ "-1 * * * *", "minute (1st", "a number is missing" },
	{ "a * * * *", "minute (1st", "there is no minute \"a\"" },
	{ "* 24 * * *", "hour (2nd", "24 is not from 0 to 23" },
	{ "* * 0 * *", "day of month (3rd", "0 is not from 1 to 31" },
	{ "* * 32 * *", "day of month (3rd", "32 is not from 1 to 31" },
	{ "* * L * *", "day of month (3rd", "there is no day of month \"L\"" },
	{ "* * * 0 *", "month (4th", "0 is not from 1 to 12" },
	{ "* * * 13 *", "month (4th", "13 is not from 1 to 12" },
	{ "* * * foo *", "month (4th", "there is no month \"foo\"" },
	{ "* * * january *", "month (4th", "there is no month \"january\"" },
	{ "* * * * 8", "day of week (5th", "8 is not from 0 to 7" },
	{ "* * * * mo", "day of week (5th", "there is no day of week \"mo\"" },
	{ "* * * * fri-mon", "day of week (5th", "ends (1) before it begins (5)" },
	{ "20-10 * * * *", "minute (1st", "ends (10) before it begins (20)" },
	{ "1- * * * *", "minute (1st", "a number is missing" },
	{ ",1 * * * *", "minute (1st", "missing at a comma" },
	{ "1, * * * *", "minute (1st", "missing at a comma" },
	{ "1,,2 * * * *", "minute (1st", "missing at a comma" },
	{ "*/0 * * * *", "minute (1st", "a step is a number from 1 up" },
	{ "*/ * * * *", "minute (1st", "a step is a number from 1 up" },
	{ "*/x * * * *", "minute (1st", "a step is a number from 1 up" },
	{ "*/60 * * * *", "minute (1st", "a step of 60" },
	{ "5/15 * * * *", "minute (1st", "a step needs a range: 5-59/n" },
	{ "** * * * *", "minute (1st", "\"*\" has no meaning here" },
	{ "1-2-3 * * * *", "minute (1st", "\"-3\" has no meaning here" },
	{ "1x * * * *", "minute (1st", "\"x\" has no meaning here" },
	{ "99999999999 * * * *", "minute (1st", "is not from 0 to 59" },
	{ "? * * * *", "minute (1st", "a number is missing" },
	{ "@reboot", "@reboot", "There is no" },
	{ "@daily x", "@daily x", "There is no" },
	{ "0 0 31 2 *", "these months", "no time will come" },
	{ "0 0 30,31 feb *", "these months", "no time will come" },
	{ "0 0 31 4,6,9,11 *", "these months", "no time will come" },
	{ "0 0 31 4 */2", "these months", "no time will come" },
};

static void test_cron__errors_name_field_and_fix(void **state)
{
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct cron cron = { .minutes = 42 };

		print_message("# \"%s\"\n", BAD[i].cron);
		assert_int_equal(cron_parse(cx, "/cron", BAD[i].cron, &cron), ERR_INVALID);
		assert_blamed(cx, "/cron", NULL);
		assert_contains(cx->fault.fields[0].detail, BAD[i].field);
		assert_contains(cx->fault.fields[0].detail, BAD[i].said);
		assert_non_null(cx->fault.fix);
		assert_int_equal(cron.minutes, 42); /* untouched */
	}
}

static void test_cron__long_pattern_is_refused(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 4096);
	struct cron cron;

	while (sb.len <= CRON_TEXT_MAX)
		sb_add(&sb, "1,");
	sb_add(&sb, "1 * * * *");
	assert_int_equal(cron_parse(cx, "/cron", sb.data, &cron), ERR_INVALID);
	assert_contains(cx->fault.fields[0].detail, "200 characters");
}

/* A walk minute by minute, by another calendar (that of the C library), finds the same times. */
static bool fits(const struct cron *c, int64_t min)
{
	time_t t = (time_t)min * 60;
	struct tm tm;
	bool day, week;

	gmtime_r(&t, &tm);
	day = (c->days >> tm.tm_mday & 1) != 0;
	week = (c->weekdays >> tm.tm_wday & 1) != 0;
	return (c->minutes >> tm.tm_min & 1) != 0 && (c->hours >> tm.tm_hour & 1) != 0 &&
	       (c->months >> (tm.tm_mon + 1) & 1) != 0 &&
	       (c->days_given && c->weekdays_given ? day || week : day && week);
}

static void test_cron__agrees_with_a_walk(void **state)
{
	static const char *const PATTERNS[] = { "7,33 */5 1-28/9 * *", "*/17 3 * * tue",
		                                "0 12 29-31 * 0-3",    "13 13 13 * fri",
		                                "* 4 */10 */3 1-5",    "45 23 28 2 *" };
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(PATTERNS); i++) {
		int64_t from = wall("2027-12-01 00:00"), end = wall("2028-04-01 00:00"), next = 0;
		struct cron cron;

		assert_int_equal(cron_parse(cx, "/cron", PATTERNS[i], &cron), ERR_OK);
		assert_true(cron_next(&cron, from, &next));
		for (int64_t at = from + 1; at < end; at++) {
			if (!fits(&cron, at))
				continue;
			assert_int_equal(next, at);
			assert_true(cron_next(&cron, at, &next));
		}
		assert_true(next >= end);
	}
}

static void test_cron__ends_with_the_calendar(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct cron cron;
	int64_t at = 7;

	assert_int_equal(cron_parse(cx, "/cron", "* * * * *", &cron), ERR_OK);
	assert_false(cron_next(&cron, INT64_MAX, &at));
	assert_false(cron_next(&cron, INT64_MIN, &at));
	assert_false(cron_next(&cron, INT64_C(5000000000), &at)); /* the year 11476 */
	assert_int_equal(at, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cron__next),
		cmocka_unit_test(test_cron__errors_name_field_and_fix),
		cmocka_unit_test(test_cron__long_pattern_is_refused),
		cmocka_unit_test(test_cron__agrees_with_a_walk),
		cmocka_unit_test(test_cron__ends_with_the_calendar),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
