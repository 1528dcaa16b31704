/* Counting events. */
#include "events/activity.h"

#include "events/activity_repo.h"

#include <string.h>

#define COUNTS_MAX_BYTES ((size_t)1 << 20)
#define DAY_US           (INT64_C(86400) * 1000000)
#define DAYS_BEFORE      29 /* today makes thirty */
#define DAY_LENGTH       10

static const struct field FIELDS[] = {
	F_TEXT(struct activity, day, .example = "\"2026-11-21\"", .doc = "Day, in UTC"),
	F_TEXT(struct activity, kind, .example = "\"project.created\"",
	       .doc = "Kind of the events"),
	F_INT(struct activity, events, .doc = "How many there were"),
};
const struct schema activity_schema = SCHEMA(struct activity, "Activity", FIELDS);

/* One statement for all events of a call: their columns as arrays, counted by the database. */
static enum err count(struct ctx *cx, const struct event *events, size_t n)
{
	struct sb projects = sb_new(cx->arena, COUNTS_MAX_BYTES);
	struct sb kinds = sb_new(cx->arena, COUNTS_MAX_BYTES);
	struct sb times = sb_new(cx->arena, COUNTS_MAX_BYTES);

	for (size_t i = 0; i < n; i++) {
		char sep = i == 0 ? '{' : ',';

		sb_addf(&projects, "%c%lld", sep, (long long)events[i].project_id);
		sb_addf(&kinds, "%c\"%s\"", sep, events[i].kind);
		sb_addf(&times, "%c%lld", sep, (long long)events[i].created_us);
	}
	sb_addc(&projects, '}');
	sb_addc(&kinds, '}');
	sb_addc(&times, '}');
	assert(!projects.failed && !kinds.failed && !times.failed);
	return activity_repo_count(cx, projects.data, kinds.data, times.data);
}

static const char *const ALL[] = { "*", NULL };

const struct event_subscriber activity_subscriber = {
	.name = "activity",
	.kinds = ALL,
	.handle = count,
	.attempts = 20,
	.patience_ms = 1000,
	.backoff_s = 1,
	.doc = "Counts events by project, kind and day.",
};

/* The calendar must have it.  @ret_us midnight of it */
static enum err read_day(struct ctx *cx, const char *pointer, const char *text, int64_t *ret_us)
{
	int64_t us = 0;

	if (strlen(text) != DAY_LENGTH ||
	    !clock_parse(arena_printf(cx->arena, "%sT00:00:00Z", text), &us))
		return err_field(cx, ERR_INVALID, pointer, "date",
		                 "is no day; write it as 2026-11-21");
	*ret_us = us;
	return ERR_OK;
}

enum err activity_check_day(struct ctx *cx, const char *pointer, const char *text)
{
	int64_t us;

	return read_day(cx, pointer, text, &us);
}

static const char *day_of(struct ctx *cx, int64_t us)
{
	char text[CLOCK_TEXT_MAX];

	clock_format(us, text);
	return arena_strndup(cx->arena, text, DAY_LENGTH);
}

enum err activity_list(struct ctx *cx, const struct activity_filter *filter, struct list *ret)
{
	struct activity_filter f = *filter;
	int64_t from_us = 0, to_us = 0;

	if (f.to == NULL)
		f.to = day_of(cx, cx->app->clock->wall_us(cx->app->clock));
	TRY(read_day(cx, "?to", f.to, &to_us));
	if (f.from == NULL)
		f.from = day_of(cx, to_us - DAYS_BEFORE * DAY_US);
	TRY(read_day(cx, "?from", f.from, &from_us));
	if (from_us > to_us)
		return err_field(cx, ERR_INVALID, "?from", "range", "is after the last day");
	if (to_us - from_us >= ACTIVITY_DAYS_MAX * DAY_US)
		return err_field(cx, ERR_INVALID, "?from", "range",
		                 "is too long ago: at most %d days are told at a time",
		                 ACTIVITY_DAYS_MAX);
	return activity_repo_list(cx, &f, ret);
}
