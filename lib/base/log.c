/*
 * Log lines, built on the stack and written by one write(2), or gathered while they come thick and fast.
 *
 * A line that does not fit is built again with a smaller limit per text, until
 * it does; so the short fields, which say what happened, survive.
 */
#include "base/log.h"

#include "base/log_tail.h"
#include "base/redact.h"
#include "base/sb.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CUT          "…"
#define TRACE_ID_AT  3 /* in a traceparent */
#define TRACE_ID_LEN 32

#define GATHER_BYTES ((size_t)32 * 1024)

struct log {
	int fd;
	enum log_level min;
	bool gathers;
	pthread_mutex_t lock; /* of what follows */
	int64_t written_us;   /* monotonic; of the newest write */
	size_t waiting;       /* bytes in lines */
	char lines[GATHER_BYTES];
};

static const char *const LEVELS[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARNING] = "warning",
	[LOG_ERROR] = "error",
};

struct log *log_open(int fd, enum log_level min)
{
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		abort();
	log->fd = fd;
	log->min = min;
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void log_close(struct log *log)
{
	log_flush(log);
	if (log != NULL)
		pthread_mutex_destroy(&log->lock);
	free(log);
}

void log_gather(struct log *log)
{
	log->gathers = true;
}

enum log_level log_level_by_name(const char *name)
{
	for (size_t i = LOG_DEBUG; i < COUNT(LEVELS); i++) {
		if (strcmp(LEVELS[i], name) == 0)
			return (enum log_level)i;
	}
	return (enum log_level)0;
}

const char *log_redact(struct ctx *cx, const char *text)
{
	const char *hidden = redact_text(cx, text, redact_next);

	return hidden != NULL ? hidden : text;
}

/* As much of the bytes as there is room for. */
static void add_room(struct sb *sb, const char *text, size_t n)
{
	size_t room = sb->max - sb->len;

	sb_addn(sb, text, n < room ? n : room);
}

/* Append a text as JSON: redacted first, then cut to most bytes at the end of a character. */
static void add_text(struct sb *line, const struct redact_word *words, const char *text,
                     size_t most)
{
	char memory[LOG_LINE_MAX];
	struct sb sb = sb_fixed(memory, sizeof(memory));
	size_t n = strlen(text), from = 0, start, end, cut = most;

	while (sb.len < sb.max && redact_next(words, text, n, from, &start, &end)) {
		add_room(&sb, text + from, start - from);
		add_room(&sb, REDACTED, sizeof(REDACTED) - 1);
		from = end;
	}
	add_room(&sb, text + from, n - from);
	if (sb.len > most) {
		while (cut > 0 && ((unsigned char)sb.data[cut] & 0xC0) == 0x80)
			cut--;
		sb_truncate(&sb, cut);
		add_room(&sb, CUT, sizeof(CUT) - 1);
	}
	sb_jsonn(line, sb.data, sb.len);
}

static void add_key(struct sb *line, const char *key)
{
	sb_add(line, ",\"");
	sb_add(line, key);
	sb_add(line, "\":");
}

static void add_word(struct sb *line, const char *word)
{
	sb_addc(line, '"');
	sb_add(line, word);
	sb_addc(line, '"');
}

static void add_field(struct sb *line, const struct redact_word *words, const struct log_field *f,
                      size_t most)
{
	if ((f->kind == LOG_IS_TEXT || f->kind == LOG_IS_WORD) && f->text == NULL)
		return;
	add_key(line, f->key);
	switch (f->kind) {
	case LOG_IS_TEXT:
		add_text(line, words, f->text, most);
		break;
	case LOG_IS_WORD:
		add_word(line, f->text);
		break;
	case LOG_IS_INT:
		sb_int(line, f->number);
		break;
	case LOG_IS_BOOL:
		sb_add(line, f->number != 0 ? "true" : "false");
		break;
	}
}

/* What every line begins with. */
static void add_common(struct sb *line, struct ctx *cx, enum log_level level, const char *msg,
                       size_t most)
{
	const struct clock *clock = cx->app->clock;
	bool traced = strlen(cx->traceparent) >= TRACE_ID_AT + TRACE_ID_LEN;
	char time[CLOCK_TEXT_MAX], trace_id[TRACE_ID_LEN + 1] = "";
	const struct log_field fields[] = {
		LOG_WORD("level", LEVELS[level]),
		LOG_WORD("component", cx->app->component),
		LOG_TEXT("msg", msg),
		LOG_TEXT("request_id", cx->request_id[0] == '\0' ? NULL : cx->request_id),
		LOG_TEXT("trace_id", traced ? trace_id : NULL),
	};

	if (traced)
		memcpy(trace_id, cx->traceparent + TRACE_ID_AT, TRACE_ID_LEN);
	clock_format(clock->wall_us(clock), time);
	sb_add(line, "{\"ts\":");
	add_word(line, time);
	for (size_t i = 0; i < COUNT(fields); i++)
		add_field(line, cx->words, &fields[i], most);
	if (cx->who.tenant_id != 0)
		add_field(line, cx->words, &(struct log_field)LOG_INT("tenant", cx->who.tenant_id),
		          most);
	add_field(line, cx->words, &(struct log_field)LOG_TEXT("actor", cx->who.actor), most);
}

/*
 * Fields are added until one does not fit, which is left out with those after it.
 * @ret  false when that happened
 */
static bool build(struct sb *line, struct ctx *cx, enum log_level level, const char *msg,
                  const struct log_field *fields, int n, size_t most)
{
	static const char END[] = ",\"cut\":true}\n";
	size_t whole;

	line->max = LOG_LINE_MAX - sizeof(END);
	add_common(line, cx, level, msg, most);
	whole = line->len;
	for (int i = 0; i < n && !line->failed; i++) {
		add_field(line, cx->words, &fields[i], most);
		if (!line->failed)
			whole = line->len;
	}
	bool fits = !line->failed;

	line->failed = false;
	line->max = LOG_LINE_MAX - 1;
	sb_truncate(line, whole);
	sb_add(line, fits ? "}\n" : END);
	return fits;
}

static void write_line(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* nobody could be told */
		data += done;
		n -= (size_t)done;
	}
}

static void write_waiting(struct log *log)
{
	write_line(log->fd, log->lines, log->waiting);
	log->waiting = 0;
}

void log_flush(struct log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_lock(&log->lock);
	write_waiting(log);
	pthread_mutex_unlock(&log->lock);
}

/* Put a line behind those that wait, and write them when it is time. */
static void gather(struct log *log, const struct clock *clock, enum log_level level,
                   const struct sb *line)
{
	int64_t now_us = clock->mono_us(clock);

	pthread_mutex_lock(&log->lock);
	if (line->len > GATHER_BYTES - log->waiting)
		write_waiting(log);
	memcpy(log->lines + log->waiting, line->data, line->len);
	log->waiting += line->len;
	if (level > LOG_INFO || now_us - log->written_us >= LOG_GATHER_US) {
		write_waiting(log);
		log->written_us = now_us;
	}
	pthread_mutex_unlock(&log->lock);
}

void log_write(struct ctx *cx, enum log_level level, const char *msg,
               const struct log_field *fields, int n)
{
	struct log *log = cx->app->log;
	char memory[LOG_LINE_MAX];
	struct sb line;

	if (log == NULL || level < log->min)
		return;
	assert(level <= LOG_ERROR);
	for (size_t most = LOG_LINE_MAX; most >= 32; most /= 2) {
		line = sb_fixed(memory, sizeof(memory));
		if (build(&line, cx, level, msg, fields, n, most))
			break;
	}
	if (cx->tail != NULL)
		log_tail_add(cx->tail, line.data, line.len);
	if (log->gathers)
		gather(log, cx->app->clock, level, &line);
	else
		write_line(log->fd, line.data, line.len);
}

void log_fault(struct ctx *cx, enum log_level level, const char *msg)
{
	const struct fault *fault = &cx->fault;
	int shown = fault->nfields < FAULT_ERRORS_MAX ? fault->nfields : FAULT_ERRORS_MAX;
	char memory[2048];
	struct sb blamed = sb_fixed(memory, sizeof(memory));

	if (fault->code == ERR_OK)
		return;
	for (int i = 0; i < shown; i++)
		sb_addf(&blamed, "%s%s %s", i == 0 ? "" : "; ", fault->fields[i].pointer,
		        fault->fields[i].rule);
	LOG(cx, level, msg, LOG_TEXT("error", err_info(fault->code)->slug),
	    LOG_TEXT("detail", fault->detail), LOG_TEXT("cause", fault->cause),
	    LOG_TEXT("fix", fault->fix), LOG_TEXT("blamed", shown == 0 ? NULL : blamed.data));
}
