/*
 * When does a provider want to be asked again?  All the ways in which they say it, the finest first:
 * retry-after-ms, retry-after (seconds, or a date), and when their rates begin anew (OpenAI: 1s, 6m0s, 20ms;
 * Anthropic: a time).
 */
#include "ai/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MAX_MS INT64_C(86400000) /* a day: whoever says more means "not now" */

static int64_t limited(double ms)
{
	return ms < 0 ? 0 : ms > (double)WAIT_MAX_MS ? WAIT_MAX_MS : (int64_t)(ms + 0.999);
}

/* A number in decimal, all of the text.  strtod() would also take "inf" and hexadecimal. */
static bool number(const char *text, double *ret)
{
	size_t n = strlen(text);

	if (n == 0 || n > 20 || strspn(text, "0123456789.") != n)
		return false;
	*ret = strtod(text, NULL);
	return true;
}

static int64_t until(struct ctx *cx, int64_t wall_us)
{
	return limited((double)(wall_us - cx->app->clock->wall_us(cx->app->clock)) / 1000);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the one form that is written today. */
static bool http_date(const char *text, int64_t *ret_us)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (end == NULL || *end != '\0')
		return false;
	*ret_us = (int64_t)timegm(&tm) * 1000000;
	return true;
}

/* "1h2m3.5s", "20ms", "1s". */
static bool duration(const char *text, double *ret_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} UNITS[] = { { "ms", 1 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };
	double sum = 0;

	if (*text == '\0' || strlen(text) > 40)
		return false;
	while (*text != '\0') {
		char digits[24];
		size_t n = strspn(text, "0123456789."), u = 0;
		double value;

		if (n >= sizeof(digits))
			return false;
		memcpy(digits, text, n);
		digits[n] = '\0';
		text += n;
		while (u < COUNT(UNITS) && strncmp(text, UNITS[u].unit, strlen(UNITS[u].unit)) != 0)
			u++;
		if (u == COUNT(UNITS) || !number(digits, &value))
			return false;
		text += strlen(UNITS[u].unit);
		sum += value * UNITS[u].ms;
	}
	*ret_ms = sum;
	return true;
}

/* When a rate begins anew counts only where it is the one that is used up. */
static int64_t of_rate(struct ctx *cx, const char *left, const char *reset)
{
	int64_t at_us;
	double ms;

	if (reset == NULL || (left != NULL && strcmp(left, "0") != 0))
		return -1;
	if (duration(reset, &ms))
		return limited(ms);
	return clock_parse(reset, &at_us) ? until(cx, at_us) : -1;
}

int64_t exchange_wait_ms(struct ctx *cx, const char *(*header)(const void *from, const char *name),
                         const void *from)
{
	static const char *const RATES[][2] = {
		{ "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests" },
		{ "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens" },
		{ "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset" },
		{ "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset" },
	};
	const char *text = header(from, "retry-after-ms");
	int64_t at_us, wait = -1;
	double n;

	if (text != NULL && number(text, &n))
		return limited(n);
	text = header(from, "retry-after");
	if (text != NULL && number(text, &n))
		return limited(n * 1000);
	if (text != NULL && http_date(text, &at_us))
		return until(cx, at_us);
	for (size_t i = 0; i < COUNT(RATES); i++) {
		int64_t one = of_rate(cx, header(from, RATES[i][0]), header(from, RATES[i][1]));

		wait = one > wait ? one : wait;
	}
	return wait;
}
