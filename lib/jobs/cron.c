/* Patterns of times: a table of fields, sets of bits, and a walk over days. */
#include "jobs/cron.h"

#include <string.h>
#include <strings.h>

#define DAY_MIN      INT64_C(1440)
#define SEARCH_DAYS  146097           /* the Gregorian calendar repeats */
#define LAST_DAY     INT64_C(2932896) /* 9999-12-31 */
#define FIRST_DAY    INT64_C(-719162) /* 0001-01-01 */
#define LEAST_FIELDS 5

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const char *const MONTHS[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
	                              "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const WEEKDAYS[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct part {
	const char *name, *place;
	int min, max;
	const char *const *names; /* of min and up; NULL: none */
	const char *example;
} PARTS[FIELDS] = {
	[MINUTE] = { "minute", "1st", 0, 59, NULL, "*/15 or 0,30" },
	[HOUR] = { "hour", "2nd", 0, 23, NULL, "3 or 8-18" },
	[DAY] = { "day of month", "3rd", 1, 31, NULL, "* or 1,15" },
	[MONTH] = { "month", "4th", 1, 12, MONTHS, "* or jan-jun" },
	[WEEKDAY] = { "day of week", "5th", 0, 7, WEEKDAYS, "* or mon-fri" },
};

static const struct {
	const char *name, *pattern;
} MACROS[] = {
	{ "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
	{ "@weekly", "0 0 * * 0" },   { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
};

struct reader {
	struct ctx *cx;
	const char *pointer;
	const struct part *part;
	const char *text; /* of the field */
	size_t n;
};

static enum err wrong(const struct reader *r, const char *what)
{
	err_field(r->cx, ERR_INVALID, r->pointer, "cron", "The %s (%s of 5 fields), \"%.*s\": %s",
	          r->part->name, r->part->place, (int)r->n, r->text, what);
	err_fix(r->cx, "write it as %s", r->part->example);
	return ERR_INVALID;
}

static enum err out_of_range(const struct reader *r, int value)
{
	return wrong(r, arena_printf(r->cx->arena, "%d is not from %d to %d", value, r->part->min,
	                             r->part->max));
}

/* --- One field --- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* @ret -1 when there is no such name */
static int by_name(const struct part *part, const char *text, size_t n)
{
	for (int i = 0; part->names != NULL && part->names[i] != NULL; i++) {
		if (n == strlen(part->names[i]) && strncasecmp(part->names[i], text, n) == 0)
			return part->min + i;
	}
	return -1;
}

/* A number, or a name where the field has names.  @p moves behind it; @end of the item */
static enum err read_value(const struct reader *r, const char **p, const char *end, int *ret)
{
	const char *from = *p;
	int value = 0;

	if (from < end && is_word(*from)) {
		while (*p < end && is_word(**p))
			(*p)++;
		value = by_name(r->part, from, (size_t)(*p - from));
		if (value < 0)
			return wrong(r, arena_printf(r->cx->arena, "there is no %s \"%.*s\"",
			                             r->part->name, (int)(*p - from), from));
		*ret = value;
		return ERR_OK;
	}
	while (*p < end && **p >= '0' && **p <= '9' && *p - from < 4)
		value = value * 10 + (*(*p)++ - '0');
	if (*p == from)
		return wrong(r, "a number is missing");
	*ret = value;
	return value < r->part->min || value > r->part->max ? out_of_range(r, value) : ERR_OK;
}

/* "a" or "a-b".  @ret_range whether a second one was given */
static enum err read_range(const struct reader *r, const char **p, const char *end, int *ret_from,
                           int *ret_to, bool *ret_range)
{
	const char *second;

	TRY(read_value(r, p, end, ret_from));
	*ret_to = *ret_from;
	*ret_range = *p < end && **p == '-';
	if (!*ret_range)
		return ERR_OK;
	second = ++*p;
	TRY(read_value(r, p, end, ret_to));
	/* A week that ends with its Sunday. */
	if (r->part == &PARTS[WEEKDAY] && *ret_to == 0 && is_word(*second) && *ret_from > 0)
		*ret_to = 7;
	if (*ret_to < *ret_from)
		return wrong(r,
		             arena_printf(r->cx->arena, "the range ends (%d) before it begins (%d)",
		                          *ret_to, *ret_from));
	return ERR_OK;
}

static enum err read_step(const struct reader *r, const char **p, const char *end, int *ret)
{
	const char *from = ++*p;
	int step = 0;

	while (*p < end && **p >= '0' && **p <= '9' && *p - from < 4)
		step = step * 10 + (*(*p)++ - '0');
	if (*p == from || step == 0)
		return wrong(r, "a step is a number from 1 up");
	if (step > r->part->max)
		return wrong(
			r, arena_printf(r->cx->arena, "a step of %d is more than there are", step));
	*ret = step;
	return ERR_OK;
}

/* One item of the list: "*", "a", "a-b", and a step after the first and the last. */
static enum err read_item(const struct reader *r, const char *p, const char *end, uint64_t *bits)
{
	int from = r->part->min, to = r->part->max, step = 1;
	bool range = true;

	if (p == end)
		return wrong(r, "something is missing at a comma");
	if (*p == '*')
		p++;
	else
		TRY(read_range(r, &p, end, &from, &to, &range));
	if (p < end && *p == '/') {
		if (!range)
			return wrong(r, arena_printf(r->cx->arena,
			                             "a step needs a range: %d-%d/n or */n", from,
			                             r->part->max));
		TRY(read_step(r, &p, end, &step));
	}
	if (p < end)
		return wrong(r, arena_printf(r->cx->arena, "\"%.*s\" has no meaning here",
		                             (int)(end - p), p));
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return ERR_OK;
}

static enum err read_field(const struct reader *r, uint64_t *bits)
{
	const char *p = r->text, *end = r->text + r->n;

	*bits = 0;
	for (;;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));

		TRY(read_item(r, p, comma != NULL ? comma : end, bits));
		if (comma == NULL)
			return ERR_OK;
		p = comma + 1;
	}
}

/* --- The pattern --- */

static enum err whole(struct ctx *cx, const char *pointer, const char *detail)
{
	err_field(cx, ERR_INVALID, pointer, "cron", "%s", detail);
	err_fix(cx, "write minute, hour, day of month, month and day of week, as in "
	            "\"30 3 * * mon-fri\", or @hourly, @daily, @weekly, @monthly, @yearly");
	return ERR_INVALID;
}

/* Is there a month among them that has one of the days? */
static bool is_possible(const struct cron *c)
{
	static const int LENGTHS[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (c->days_given && c->weekdays_given)
		return true; /* one of the two is enough */
	for (int m = 1; m <= 12; m++) {
		uint64_t days = (UINT64_C(2) << LENGTHS[m - 1]) - 2;

		if ((c->months >> m & 1) != 0 && (c->days & days) != 0)
			return true;
	}
	return false;
}

static enum err read_fields(struct ctx *cx, const char *pointer, const char *text, struct cron *ret)
{
	uint64_t bits[FIELDS] = { 0 };
	bool given[FIELDS];
	int n = 0;

	for (const char *p = text + strspn(text, " \t"); *p != '\0'; n++) {
		struct reader r = { cx, pointer, &PARTS[n < FIELDS ? n : 0], p, strcspn(p, " \t") };

		if (n == FIELDS)
			return whole(cx, pointer, "There are more than five fields.");
		given[n] = *p != '*';
		TRY(read_field(&r, &bits[n]));
		p += r.n;
		p += strspn(p, " \t");
	}
	if (n < LEAST_FIELDS)
		return whole(cx, pointer,
		             arena_printf(cx->arena, "There %s %d of five fields; %s is missing.",
		                          n == 1 ? "is" : "are", n, PARTS[n].name));
	*ret = (struct cron){
		.minutes = bits[MINUTE],
		.hours = (uint32_t)bits[HOUR],
		.days = (uint32_t)bits[DAY],
		.months = (uint32_t)bits[MONTH],
		.weekdays = (uint32_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f),
		.days_given = given[DAY],
		.weekdays_given = given[WEEKDAY],
	};
	return ERR_OK;
}

enum err cron_parse(struct ctx *cx, const char *pointer, const char *text, struct cron *ret)
{
	struct cron made = { 0 };

	if (strlen(text) > CRON_TEXT_MAX)
		return whole(cx, pointer,
		             arena_printf(cx->arena, "The pattern is longer than %d characters.",
		                          CRON_TEXT_MAX));
	for (size_t i = 0; i < COUNT(MACROS); i++) {
		if (strcasecmp(text, MACROS[i].name) == 0)
			text = MACROS[i].pattern;
	}
	if (text[0] == '@')
		return whole(cx, pointer, arena_printf(cx->arena, "There is no \"%s\".", text));
	TRY(read_fields(cx, pointer, text, &made));
	if (!is_possible(&made)) {
		err_field(cx, ERR_INVALID, pointer, "never",
		          "None of these months ever has one of these days: no time will come.");
		err_fix(cx, "name a day that the month has; the last day of each month cannot be "
		            "told, the first is \"1\"");
		return ERR_INVALID;
	}
	*ret = made;
	return ERR_OK;
}

/* --- The calendar --- */

struct date {
	int64_t year;
	int month, day;
};

/* Days since 1970-01-01 to a date and back, for any year: Howard Hinnant's civil calendar. */
static struct date date_of(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct date d = { yoe + era * 400, (int)(mp < 10 ? mp + 3 : mp - 9),
		          (int)(doy - (153 * mp + 2) / 5 + 1) };

	d.year += d.month <= 2;
	return d;
}

static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool day_fits(const struct cron *c, int64_t days, const struct date *date)
{
	int weekday = (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	bool day = (c->days >> date->day & 1) != 0;
	bool week = (c->weekdays >> weekday & 1) != 0;

	return c->days_given && c->weekdays_given ? day || week : day && week;
}

/* The lowest bit from n up; -1: none. */
static int bit_from(uint64_t bits, int n)
{
	if (n > 63)
		return -1;
	bits &= ~UINT64_C(0) << n;
	return bits == 0 ? -1 : __builtin_ctzll(bits);
}

/* The first minute of a day that counts, from one on; -1: none. */
static int minute_from(const struct cron *c, int from)
{
	int hour = bit_from(c->hours, from / 60);
	int minute = hour == from / 60 ? bit_from(c->minutes, from % 60) : -1;

	if (hour < 0 || minute >= 0)
		return hour < 0 ? -1 : hour * 60 + minute;
	if (hour == from / 60)
		hour = bit_from(c->hours, hour + 1);
	return hour < 0 ? -1 : hour * 60 + bit_from(c->minutes, 0);
}

bool cron_next(const struct cron *cron, int64_t after_min, int64_t *ret_min)
{
	int64_t from, day, end;
	int minute;

	if (after_min < FIRST_DAY * DAY_MIN || after_min >= LAST_DAY * DAY_MIN)
		return false;
	from = after_min + 1;
	day = from >= 0 ? from / DAY_MIN : -((-from + DAY_MIN - 1) / DAY_MIN);
	minute = (int)(from - day * DAY_MIN);
	end = day + SEARCH_DAYS < LAST_DAY ? day + SEARCH_DAYS : LAST_DAY;
	while (day <= end) {
		struct date date = date_of(day);
		int found;

		if ((cron->months >> date.month & 1) == 0) {
			day = date.month == 12 ? days_of(date.year + 1, 1, 1)
			                       : days_of(date.year, date.month + 1, 1);
			minute = 0;
			continue;
		}
		found = day_fits(cron, day, &date) ? minute_from(cron, minute) : -1;
		if (found >= 0) {
			*ret_min = day * DAY_MIN + found;
			return true;
		}
		day++;
		minute = 0;
	}
	return false;
}
