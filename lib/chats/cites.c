/* Brackets in an answer: places that are looked up, numbers that are none, and all else. */
#include "chats/cites.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 9 /* of a line */
#define FENCE      3 /* backticks that also run over lines */

void cites_begin(struct cites *c)
{
	c->nheld = c->ticks = c->code = 0;
	c->before = '\n';
	c->dropped = 0;
}

/* --- One place --- */

static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t`");
	n = strlen(text);
	while (n > 0 && strchr(" \t`", text[n - 1]) != NULL)
		text[--n] = '\0';
	return text;
}

/* Digits at the end of a text, cut off with an L before them.  @ret false when there are none */
static bool cut_number(char *text, int64_t *ret)
{
	size_t n = strlen(text), end = n;

	while (n > 0 && text[n - 1] >= '0' && text[n - 1] <= '9')
		n--;
	if (n == end || end - n > DIGITS_MAX)
		return false;
	*ret = strtoll(text + n, NULL, 10);
	if (n > 0 && text[n - 1] == 'L')
		n--;
	text[n] = '\0';
	return *ret > 0;
}

static bool cut_char(char *text, const char *any)
{
	size_t n = strlen(text);

	if (n == 0 || strchr(any, text[n - 1]) == NULL)
		return false;
	text[n - 1] = '\0';
	return true;
}

bool cites_read(char *text, struct place_named *ret)
{
	struct place_named place = { 0 };
	size_t digits;

	text = trim(text);
	if (!cut_number(text, &place.end))
		return false;
	place.start = place.end;
	if (cut_char(text, "-") && !cut_number(text, &place.start))
		return false;
	if (!cut_char(text, ":#"))
		return false;
	digits = strspn(text, "0123456789");
	if (digits > 0 && digits <= DIGITS_MAX && text[digits] == ':') {
		place.project_id = strtoll(text, NULL, 10);
		text += digits + 1;
	}
	if (strpbrk(text, "./") == NULL || strpbrk(text, "[]\n") != NULL || place.end < place.start)
		return false;
	place.path = text;
	*ret = place;
	return true;
}

/* --- Brackets --- */

/* @ret how many places stand between the brackets; 0: it is something else */
static size_t read_places(struct cites *c, struct place_named *places)
{
	char *text = arena_strndup(c->cx->arena, c->held + 1, c->nheld - 2), *part;
	size_t n = 0;

	while ((part = strsep(&text, ",;")) != NULL) {
		if (n == CITES_EACH_MAX || !cites_read(part, &places[n]))
			return 0;
		n++;
	}
	return n;
}

static bool is_number(const struct cites *c)
{
	size_t n = c->nheld - 2;

	return n > 0 && n <= 3 && strspn(c->held + 1, "0123456789") >= n &&
	       (c->before == ' ' || c->before == '\n' || c->before == ']' || c->before == '.');
}

static const char *show(struct cites *c, const struct place_named *p)
{
	if (p->shown != NULL)
		return p->shown;
	if (p->start == p->end)
		return arena_printf(c->cx->arena, "%s:%" PRId64, p->path, p->start);
	return arena_printf(c->cx->arena, "%s:%" PRId64 "-%" PRId64, p->path, p->start, p->end);
}

static enum err say_places(struct cites *c, struct place_named *places, size_t n)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		int64_t number = 0;
		const char *text;

		TRY(c->resolve(c->arg, &places[i], &number));
		if (number == 0)
			continue;
		text = arena_printf(c->cx->arena, "%s`%s` [%" PRId64 "]", first ? "" : ", ",
		                    show(c, &places[i]), number);
		first = false;
		TRY(c->say(c->arg, text, strlen(text)));
	}
	return ERR_OK;
}

/* What was held goes out as it is. */
static enum err let_go(struct cites *c)
{
	size_t n = c->nheld;

	c->nheld = 0;
	if (n == 0)
		return ERR_OK;
	c->before = c->held[n - 1];
	return c->say(c->arg, c->held, n);
}

/* The bracket closes. */
static enum err close_bracket(struct cites *c)
{
	struct place_named places[CITES_EACH_MAX];
	size_t n;

	if (is_number(c)) {
		c->dropped++;
		c->nheld = 0;
		return ERR_OK;
	}
	n = read_places(c, places);
	if (n == 0)
		return let_go(c);
	c->nheld = 0;
	c->before = ']';
	return say_places(c, places, n);
}

/* A run of backticks is over: it opens code, or closes what as many opened. */
static void end_ticks(struct cites *c)
{
	if (c->ticks == 0)
		return;
	if (c->code == 0)
		c->code = c->ticks;
	else if (c->code == c->ticks)
		c->code = 0;
	c->ticks = 0;
}

/* @ret whether the byte is held */
static bool hold(struct cites *c, char byte)
{
	if (c->nheld > 0) {
		c->held[c->nheld++] = byte;
		return true;
	}
	if (byte != '[' || c->code != 0)
		return false;
	c->held[c->nheld++] = byte;
	return true;
}

static void note(struct cites *c, char byte)
{
	if (byte == '`') {
		c->ticks++;
		return;
	}
	end_ticks(c);
	if (byte == '\n' && c->code > 0 && c->code < FENCE)
		c->code = 0; /* it was never closed */
}

enum err cites_feed(struct cites *c, const char *text, size_t n)
{
	size_t ready = 0; /* where what has not been said yet begins */

	for (size_t i = 0; i < n; i++) {
		bool open = c->nheld > 0;

		if (!open)
			note(c, text[i]);
		if (!open && text[i] == '[' && c->code == 0 && i > ready)
			TRY(c->say(c->arg, text + ready, i - ready));
		if (open && text[i] == '[') /* the one before was something else */
			TRY(let_go(c));
		if (!hold(c, text[i])) {
			c->before = text[i];
			continue;
		}
		ready = i + 1;
		if (text[i] == ']')
			TRY(close_bracket(c));
		else if (text[i] == '\n' || c->nheld == CITES_HELD_MAX)
			TRY(let_go(c));
	}
	return n > ready ? c->say(c->arg, text + ready, n - ready) : ERR_OK;
}

enum err cites_finish(struct cites *c)
{
	return let_go(c);
}
