/*
 * Log: one JSON line per event on standard error.
 *
 *     LOG(cx, LOG_INFO, "request", LOG_TEXT("route", op), LOG_INT("status", 200));
 *
 * gives {"ts":"2026-11-21T06:45:00.123Z","level":"info","component":"worker",
 * "msg":"request","request_id":"req_…","trace_id":"…","tenant":1,"route":"…","status":200}.
 *
 * A line is written by one write(2), so that the lines of threads and processes
 * do not mix.  Every text passes log_redact(): keys of ours, credentials in
 * URLs, authorization values and password=… are replaced, in this one place.
 * A line longer than LOG_LINE_MAX loses the ends of its longest texts, never its form: what was cut ends in "…".
 * Nothing is allocated, so a context that lives long may log for as long.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/ctx.h"

#define LOG_LINE_MAX  8192 /* bytes, newline included */
#define LOG_GATHER_US 2000
#define LOG_FLUSH_MS  100

enum log_level { LOG_DEBUG = 1, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
	const char *key;
	enum { LOG_IS_TEXT, LOG_IS_WORD, LOG_IS_INT, LOG_IS_BOOL } kind;
	const char *text; /* NULL: the field is left out */
	int64_t number;
};

#define LOG_TEXT(k, v)                                                                             \
	{                                                                                          \
		.key = (k), .kind = LOG_IS_TEXT, .text = (v)                                       \
	}
/* A constant of ours that JSON takes as it is; neither redacted nor escaped. */
#define LOG_WORD(k, v)                                                                             \
	{                                                                                          \
		.key = (k), .kind = LOG_IS_WORD, .text = (v)                                       \
	}
#define LOG_INT(k, v)                                                                              \
	{                                                                                          \
		.key = (k), .kind = LOG_IS_INT, .number = (v)                                      \
	}
#define LOG_BOOL(k, v)                                                                             \
	{                                                                                          \
		.key = (k), .kind = LOG_IS_BOOL, .number = (v)                                     \
	}

#define LOG(cx, level, msg, ...)                                                                   \
	log_write((cx), (level), (msg), (const struct log_field[]){ __VA_ARGS__ },                 \
	          (int)(sizeof((const struct log_field[]){ __VA_ARGS__ }) /                        \
	                sizeof(struct log_field)))

/**
 * @fd   borrowed
 * @min  lines below it are dropped
 * @ret  one for the process, that all its threads may use; NULL, as an app's log, drops every line
 */
struct log *log_open(int fd, enum log_level min);

/**
 * From now on lines that come thick and fast are written together: one that follows another within
 * LOG_GATHER_US waits, for the next line after that time, for one above LOG_INFO, or for
 * log_flush(), which the process then calls every LOG_FLUSH_MS.  A process that is killed loses
 * what waits.
 */
void log_gather(struct log *log);

/** Write what waits. */
void log_flush(struct log *log);
void log_close(struct log *log);

/** @fields  keys are constants of ours; each adds a member after the common ones */
void log_write(struct ctx *cx, enum log_level level, const char *msg,
               const struct log_field *fields, int n);

/** Log cx->fault once, as the edge does: code, detail, cause, blamed fields.  Nothing without one. */
void log_fault(struct ctx *cx, enum log_level level, const char *msg);

/**
 * Replace secrets by "[redacted]": the secret part of API keys, user and password in URLs, the
 * values of Authorization, Cookie and key headers, Bearer tokens, and what follows password=,
 * token=, secret= and the like, and the values that the context hides (base/redact.h).  When in doubt it takes too much.
 *
 * @ret  text itself when there are none
 */
const char *log_redact(struct ctx *cx, const char *text);

/** @ret the level called "debug", "info", "warning" or "error"; 0 when none */
enum log_level log_level_by_name(const char *name);

#endif
