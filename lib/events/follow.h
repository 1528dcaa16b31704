/*
 * Following the log: for processes that hand on the events of all tenants, on a connection of the runner's
 * role.  A relay of live streams does so, and the dispatcher of subscriptions.
 *
 * A follower holds a position, asks for what comes after it, and sleeps when nothing does:
 *
 *     event_reader_join(cx, &reader, host)            once
 *     event_follow(cx, position, limit, &list)        until it gives nothing
 *     event_reader_sleep(cx, &reader, true)
 *     event_follow(cx, position, limit, &list)        for what came in between
 *     db_wait(cx, fd, about a second)                 until the bell rings (events/bell.h)
 *     event_reader_beat(cx, &reader)                  each EVENT_READER_BEAT_MS
 *     event_reader_leave(cx, &reader)                 at the end
 *
 * A bell that has rung has also said that the reader is awake.  After a reconnection db_wait() returns true
 * and the channel is followed again by itself.
 *
 *   Tenancy  These calls are about no tenant; the caller's context needs none.
 *   Order    Positions rise, and none that comes later is below one that was given.
 */
#ifndef EVENTS_FOLLOW_H
#define EVENTS_FOLLOW_H

#include "events/event.h"

#define EVENT_READER_ID_MAX  37 /* a UUID, NUL included */
#define EVENT_READER_BEAT_MS 10000

struct event_followed {
	int64_t tenant_id;
	struct event event;
};

/**
 * Bring what is committed into order, and read on.
 *
 * @after 0: from the oldest
 * @limit most events, at least 1; there are fewer when their payloads pass EVENT_PAGE_BYTES
 * @ret   items are struct event_followed, by position
 */
NODISCARD
enum err event_follow(struct ctx *cx, int64_t after, int64_t limit, struct list *ret);

/** @ret the newest position of the log, 0 when it is empty: where who wants only the future begins */
NODISCARD
enum err event_newest(struct ctx *cx, int64_t *ret);

/** @ret whether a program of that component has followed the log within half a minute; for workers */
NODISCARD
enum err event_is_followed(struct ctx *cx, const char *component, bool *ret);

/* One follower's place among those who are rung for. */
struct event_reader {
	char id[EVENT_READER_ID_MAX];
	char host[256];
};

/** Join under a fresh id, awake, and listen for the bell.  Takes away who has not beaten for a minute. */
NODISCARD
enum err event_reader_join(struct ctx *cx, struct event_reader *reader, const char *host);

/** Say that this reader lives; if others took it for dead, it is back. */
NODISCARD
enum err event_reader_beat(struct ctx *cx, const struct event_reader *reader);

/** Say whether this reader wants to be rung for; look at the log again afterwards. */
NODISCARD
enum err event_reader_sleep(struct ctx *cx, const struct event_reader *reader, bool asleep);

NODISCARD
enum err event_reader_leave(struct ctx *cx, const struct event_reader *reader);

extern const struct db_check follow_statements[];

#endif
