/* Lines, fields, events. */
#include "ai/sse.h"

#include <string.h>

struct sse sse_new(struct arena *arena)
{
	return (struct sse){
		.line = sb_new(arena, SSE_LINE_MAX),
		.data = sb_new(arena, SSE_EVENT_MAX),
	};
}

void sse_reset(struct sse *sse)
{
	struct sse fresh = { .line = sse->line, .data = sse->data };

	fresh.line.len = fresh.data.len = 0;
	fresh.line.failed = fresh.data.failed = false;
	*sse = fresh;
}

static void give(struct sse *sse, struct sse_event *ret)
{
	memcpy(sse->given, sse->name, sizeof(sse->name));
	sse->name[0] = '\0';
	*ret = (struct sse_event){
		.name = sse->given,
		.data = { sse->data.data == NULL ? "" : sse->data.data, sse->data.len },
	};
	sse->has_data = false;
}

static void add_data(struct sse *sse, const char *text, size_t n)
{
	if (!sse->has_data)
		sb_truncate(&sse->data, 0);
	else
		sb_addc(&sse->data, '\n');
	sb_addn(&sse->data, text, n);
	sse->has_data = true;
}

/* @ret whether an event is whole */
static bool take_line(struct sse *sse, struct sse_event *ret)
{
	const char *line = sse->line.data == NULL ? "" : sse->line.data, *colon, *value;
	size_t n = sse->line.len, field;

	sse->line.len = 0;
	if (!sse->past_mark && n >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
		line += 3;
		n -= 3;
	}
	sse->past_mark = true;
	colon = memchr(line, ':', n);
	field = colon == NULL ? n : (size_t)(colon - line);
	if (n == 0) {
		bool whole = sse->has_data;

		if (whole)
			give(sse, ret);
		else
			sse->name[0] = '\0';
		return whole;
	}
	if (line[0] == '{') {
		sse->name[0] = '\0';
		add_data(sse, line, n);
		give(sse, ret);
		return true;
	}
	value = colon == NULL ? line + n : colon + 1;
	if (value < line + n && *value == ' ')
		value++;
	n -= (size_t)(value - line);
	if (field == 4 && memcmp(line, "data", 4) == 0) {
		add_data(sse, value, n);
	} else if (field == 5 && memcmp(line, "event", 5) == 0) {
		n = n < SSE_NAME_MAX ? n : SSE_NAME_MAX;
		memcpy(sse->name, value, n);
		sse->name[n] = '\0';
	}
	return false;
}

static enum err check(struct ctx *cx, const struct sse *sse)
{
	if (!sse->line.failed && !sse->data.failed)
		return ERR_OK;
	return err_set(cx, ERR_REMOTE_FAILED, "an event of the stream passes %zu bytes",
	               sse->line.failed ? SSE_LINE_MAX : SSE_EVENT_MAX);
}

enum err sse_take(struct ctx *cx, struct sse *sse, const char *bytes, size_t n, size_t *used,
                  struct sse_event *ret)
{
	size_t i = 0;

	*ret = (struct sse_event){ 0 };
	while (i < n) {
		size_t run = 0;

		if (sse->after_cr && bytes[i] == '\n') {
			sse->after_cr = false;
			i++;
			continue;
		}
		sse->after_cr = false;
		while (i + run < n && bytes[i + run] != '\n' && bytes[i + run] != '\r')
			run++;
		sb_addn(&sse->line, bytes + i, run);
		i += run;
		if (i == n)
			break;
		sse->after_cr = bytes[i++] == '\r';
		if (take_line(sse, ret))
			break;
	}
	*used = i;
	return check(cx, sse);
}

enum err sse_end(struct ctx *cx, struct sse *sse, struct sse_event *ret)
{
	*ret = (struct sse_event){ 0 };
	if (sse->line.len > 0 && take_line(sse, ret))
		return check(cx, sse);
	if (sse->has_data)
		give(sse, ret);
	return check(cx, sse);
}
