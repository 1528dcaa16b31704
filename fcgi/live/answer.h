/*
 * Answers: what those are told who wait for one run, in the form of the door that they came by.
 *
 *   LIVE_RUN         the run, as getRun has it
 *   LIVE_GOOSE       the answer alone, with what it rests on and what it cost
 *   LIVE_COMPLETION  an OpenAI chat completion
 *   LIVE_CHAT        its chunks, as server-sent events, and [DONE] at the end
 *
 * Everything is made from events of the run (chats/turn.h), which a worker has let the caller have.
 */
#ifndef LIVE_ANSWER_H
#define LIVE_ANSWER_H

#include "live/stream.h"
#include "live/spec.h"

#include "chats/turn.h"

#define ANSWER_MAX_BYTES ((size_t)2 << 20)

extern const struct schema answer_goose_schema, answer_completion_schema;

/** Write a run in a form, as JSON. @way LIVE_RUN, LIVE_GOOSE or LIVE_COMPLETION */
void answer_write(struct sb *sb, enum live_way way, const struct turn *run);

/** @ret the status of that answer: 200, 202 when it has not ended, or an error's */
int answer_status(enum live_way way, const struct turn *run);

/** Read the run out of run.queued or run.ended.  @ret false for other events */
bool answer_run(struct ctx *cx, const struct live_event *event, struct turn *ret);

/** @ret whether an event is of that kind */
bool answer_is(const struct live_event *event, const struct event_kind *kind);

/**
 * Gather the answer of a stream that waits for its run: a whole HTTP response, as its note.
 *
 * @ret whether it is there: the run has ended, or the stream's patience has
 */
bool answer_gather(struct ctx *cx, struct source *source, struct stream *s);

/** Gather what there is for a LIVE_CHAT as its note; its end is said in s->ending.  @ret whether there is any */
bool answer_chat(struct ctx *cx, struct source *source, struct stream *s);

/**
 * Write what an event brings to a LIVE_CHAT.
 *
 * @usage the client wants a chunk that tells the usage
 * @ret   whether it was the last
 */
bool answer_chunk(struct ctx *cx, struct sb *sb, const struct live_event *event, bool usage);

#endif
