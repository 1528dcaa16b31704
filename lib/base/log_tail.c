/* The last lines of a log: a ring of copies. */
#include "base/log_tail.h"

#include "base/sb.h"

#include <stdlib.h>
#include <string.h>

static void drop_oldest(struct log_tail *tail)
{
	char **line = &tail->lines[tail->first];

	tail->bytes -= strlen(*line);
	free(*line);
	*line = NULL;
	tail->first = (tail->first + 1) % LOG_TAIL_LINES;
	tail->n--;
}

void log_tail_add(struct log_tail *tail, const char *line, size_t len)
{
	char *copy;

	while (len > 0 && line[len - 1] == '\n')
		len--;
	if (len == 0 || len > LOG_TAIL_BYTES / 4)
		return;
	copy = strndup(line, len);
	if (copy == NULL)
		return; /* the log itself has it */
	while (tail->n == LOG_TAIL_LINES || (tail->n > 0 && tail->bytes + len > LOG_TAIL_BYTES))
		drop_oldest(tail);
	tail->lines[(tail->first + tail->n) % LOG_TAIL_LINES] = copy;
	tail->n++;
	tail->bytes += len;
}

const char *log_tail_json(const struct log_tail *tail, struct arena *arena)
{
	struct sb sb = sb_new(arena, (size_t)LOG_TAIL_BYTES * 2);

	sb_addc(&sb, '[');
	for (size_t i = 0; i < tail->n; i++) {
		if (i > 0)
			sb_addc(&sb, ',');
		sb_add(&sb, tail->lines[(tail->first + i) % LOG_TAIL_LINES]);
	}
	sb_addc(&sb, ']');
	return sb.data;
}

void log_tail_clear(struct log_tail *tail)
{
	while (tail->n > 0)
		drop_oldest(tail);
}
