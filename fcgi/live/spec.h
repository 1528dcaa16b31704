/*
 * Spec: what a worker has found out about a stream and hands on to the relay.
 *
 * It travels as the path and query of an X-Accel-Redirect, which only a worker can send and no client
 * sees; so the relay believes what it says of the caller, and still checks its form.
 */
#ifndef LIVE_SPEC_H
#define LIVE_SPEC_H

#include "auth/standing.h"
#include "base/sb.h"

#define LIVE_PLACE         "/.live/" /* the internal location of nginx */
#define LIVE_KINDS_TEXT    4096 /* bytes of a list of kinds with commas between them, NUL included */
#define LIVE_WAIT_MAX_S    30
#define LIVE_ANSWER_WAIT_S 50 /* for the end of a run; nginx waits 60 s for a byte */

/* Those from LIVE_RUN on tell of one run (live/answer.h). */
enum live_way {
	LIVE_UNSET = 0,
	LIVE_SSE,
	LIVE_WS,
	LIVE_POLL,
	LIVE_RUN,
	LIVE_GOOSE,
	LIVE_COMPLETION,
	LIVE_CHAT,
	LIVE_WAYS
};

/** @ret whether it is answered once, as far as wait_s goes */
static inline bool live_way_waits(enum live_way way)
{
	return way == LIVE_POLL || (way >= LIVE_RUN && way < LIVE_CHAT);
}

struct live_spec {
	enum live_way way;
	struct standing who;
	int64_t after;                       /* position */
	int64_t project_id;                  /* 0: any */
	int64_t run_id;                      /* 0: not of one run */
	int64_t usage;                       /* LIVE_CHAT: 1 when the usage is to be told */
	int64_t wait_s;                      /* LIVE_POLL and answers: how long */
	int64_t limit;                       /* LIVE_POLL: most events of the answer */
	char kinds[LIVE_KINDS_TEXT];         /* with commas between them; "": all */
	char hidden[LIVE_KINDS_TEXT];        /* those that the caller may not see */
	char request_id[REQUEST_ID_MAX + 1]; /* of the request that opened it */
};

/** Write path and query. */
void spec_print(struct sb *sb, const struct live_spec *spec);

/** Begin reading: by the path below LIVE_PLACE.  @ret false when it is none of ours */
bool spec_begin(struct live_spec *spec, const char *path);

/** Take one "name=value" of the query.  @ret false when it is none, or not well-formed */
bool spec_take(struct live_spec *spec, const char *pair);

/** @ret whether all is there that a stream must have */
bool spec_is_whole(const struct live_spec *spec);

/** Write a list of kinds. @kinds items are const char * */
void spec_list(char ret[LIVE_KINDS_TEXT], const struct list *kinds);

#endif
