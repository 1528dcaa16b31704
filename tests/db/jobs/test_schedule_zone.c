/* Schedules in their time zones: which instant it is that a wall clock shows a time, around summer time (C10). */
#include "fixture_db.h"

/* Each row: the zone, what its wall shows, and the instant. */
static const struct {
	const char *why, *zone, *wall, *instant;
} INSTANTS[] = {
	{ "utc", "UTC", "2026-11-21 06:45", "2026-11-21T06:45Z" },
	{ "winter", "Europe/Berlin", "2026-01-15 12:00", "2026-01-15T11:00Z" },
	{ "summer", "Europe/Berlin", "2026-07-15 12:00", "2026-07-15T10:00Z" },
	{ "last before the jump", "Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59Z" },
	{ "skipped, its first minute", "Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00Z" },
	{ "skipped: right after", "Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00Z" },
	{ "first after the jump", "Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00Z" },
	{ "later that day", "Europe/Berlin", "2026-03-29 03:30", "2026-03-29T01:30Z" },
	{ "before it comes twice", "Europe/Berlin", "2026-10-25 01:59", "2026-10-24T23:59Z" },
	{ "twice: the first", "Europe/Berlin", "2026-10-25 02:00", "2026-10-25T00:00Z" },
	{ "twice: the first", "Europe/Berlin", "2026-10-25 02:59", "2026-10-25T00:59Z" },
	{ "after both", "Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00Z" },
	{ "west, skipped", "America/New_York", "2026-03-08 02:15", "2026-03-08T07:00Z" },
	{ "west, twice", "America/New_York", "2026-11-01 01:30", "2026-11-01T05:30Z" },
	{ "half an hour", "Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03T15:30Z" },
	{ "half an hour, twice", "Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45Z" },
	{ "no summer time", "Asia/Kolkata", "2026-03-29 02:30", "2026-03-28T21:00Z" },
	{ "at midnight", "America/Santiago", "2026-09-06 00:30", "2026-09-06T04:00Z" },
	{ "a whole day", "Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00Z" },
};

static void test_wall__instants(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(INSTANTS); i++) {
		print_message("# %s: %s %s\n", INSTANTS[i].why, INSTANTS[i].zone, INSTANTS[i].wall);
		assert_int_equal(
			fixture_db_int(
				cx,
				arena_printf(
					cx->arena,
					"SELECT date_part('epoch', app.wall_instant('%s', '%s')"
					" - '%s'::timestamptz)::bigint",
					INSTANTS[i].wall, INSTANTS[i].zone, INSTANTS[i].instant)),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_wall__instants) };

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
