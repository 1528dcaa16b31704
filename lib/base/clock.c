/* The machine's clocks. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t wall_us(UNUSED const struct clock *self)
{
	return read_us(CLOCK_REALTIME);
}

static int64_t mono_us(UNUSED const struct clock *self)
{
	return read_us(CLOCK_MONOTONIC);
}

const struct clock system_clock = { .wall_us = wall_us, .mono_us = mono_us };

#define US_PER_S   INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)
#define FIRST_US   (INT64_C(-62167219200) * US_PER_S)     /* 0000-01-01T00:00:00Z */
#define LAST_US    (INT64_C(253402300800) * US_PER_S - 1) /* the end of 9999 */

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar, and back.  Years are counted from
 * March, so that the leap day is the last of a year; 400 years have 146097 days.
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

/* @days since 0000-01-01, which is 60 days before the March that an era begins with */
static void date_of(uint32_t days, uint32_t *ret_year, uint32_t *ret_month, uint32_t *ret_day)
{
	uint32_t z = days + 146097 - 60, era = z / 146097, in_era = z % 146097;
	uint32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	uint32_t in_year = in_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * in_year + 2) / 153;

	*ret_day = in_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = year + era * 400 + (*ret_month <= 2) - 400;
}

/* Two decimal digits, then one byte.  @ret what follows them */
static char *put(char *to, uint32_t value, char after)
{
	to[0] = (char)('0' + value / 10);
	to[1] = (char)('0' + value % 10);
	to[2] = after;
	return to + 3;
}

/* Answers are made of times: the numbers are small ones as soon as they can be. */
void clock_format(int64_t wall_us, char text[CLOCK_TEXT_MAX])
{
	int64_t at_us = wall_us < FIRST_US ? FIRST_US : wall_us > LAST_US ? LAST_US : wall_us;
	uint64_t since_us = (uint64_t)(at_us - FIRST_US), days = since_us / (uint64_t)US_PER_DAY;
	uint32_t ms = (uint32_t)((since_us - days * (uint64_t)US_PER_DAY) / 1000), s = ms / 1000;
	uint32_t year, month, day;

	date_of((uint32_t)days, &year, &month, &day);
	put(text, year / 100, '0');
	text = put(text + 2, year % 100, '-');
	text = put(text, month, '-');
	text = put(text, day, 'T');
	text = put(text, s / 3600, ':');
	text = put(text, s / 60 % 60, ':');
	text = put(text, s % 60, '.');
	ms %= 1000;
	*text++ = (char)('0' + ms / 100);
	text = put(text, ms % 100, 'Z');
	*text = '\0';
}

/* A number of exactly so many digits within a range, then one byte of after. */
static bool take(const char **text, int digits, int low, int high, const char *after, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + (**text - '0');
	}
	if (value < low || value > high)
		return false;
	*ret = value;
	if (after[0] == '\0')
		return true;
	if (**text == '\0' || strchr(after, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

/* ".123" to microseconds; without a point 0. */
static bool take_fraction(const char **text, int64_t *ret_us)
{
	int64_t unit = US_PER_S / 10;

	*ret_us = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		*ret_us += unit * (**text - '0');
		unit /= 10;
	}
	return true;
}

/* "Z" or "+hh:mm", and nothing after it. */
static bool take_offset(const char *text, int64_t *ret_s)
{
	char sign = *text++;
	int hours, minutes, seconds;

	*ret_s = 0;
	if (sign == 'Z' || sign == 'z')
		return *text == '\0';
	if ((sign != '+' && sign != '-') || !take(&text, 2, 0, 23, ":", &hours) ||
	    !take(&text, 2, 0, 59, "", &minutes) || *text != '\0')
		return false;
	seconds = hours * 3600 + minutes * 60;
	*ret_s = sign == '-' ? -seconds : seconds;
	return true;
}

bool clock_parse(const char *text, int64_t *ret_us)
{
	static const int DAYS[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, hour, minute, second;
	int64_t us, offset_s, total_s, in_day_s;

	if (!take(&text, 4, 0, 9999, "-", &year) || !take(&text, 2, 1, 12, "-", &month) ||
	    !take(&text, 2, 1, DAYS[month - 1], "Tt", &day) || !take(&text, 2, 0, 23, ":", &hour) ||
	    !take(&text, 2, 0, 59, ":", &minute) || !take(&text, 2, 0, 60, "", &second) ||
	    !take_fraction(&text, &us) || !take_offset(text, &offset_s))
		return false;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;
	in_day_s = (hour * INT64_C(60) + minute) * 60 + second;
	total_s = days_of(year, month, day) * 86400 + in_day_s - offset_s;
	/* A leap second is the last of a day in UTC. */
	if (second == 60 && (total_s % 86400 + 86400) % 86400 != 0)
		return false;
	us += total_s * US_PER_S;
	if (us < FIRST_US || us > LAST_US)
		return false;
	*ret_us = us;
	return true;
}
