/*
 * Exchange: one request to a provider and what comes of it.
 *
 * The key is opened for as long as the request lasts and hidden from faults.  The address is judged like
 * every other, a redirect is not followed.  Four time-outs hold: for the connection, until the first token, between
 * events, and for the whole.
 */
#ifndef AI_EXCHANGE_H
#define AI_EXCHANGE_H

#include "ai/dialect.h"

#define EXCHANGE_ERROR_MAX  ((size_t)64 << 10)   /* bytes of a refusal that are read */
#define EXCHANGE_STREAM_MAX (INT64_C(256) << 20) /* bytes of a stream, JSON and all */

struct exchange {
	const struct target *to;
	const char *what;    /* "chat", "embeddings", "models" */
	struct span body;    /* empty: a GET */
	int64_t deadline_ms; /* monotonic: of the whole */
	bool (*cancelled)(void *arg);
	void *arg;
	/* Memory that all requests of a call share, whoever comes next: each may bring as much. */
	struct sse sse;
	struct sb whole;

	/* What came of it. */
	bool answered;    /* the provider began to answer with 200: it may charge */
	bool alive;       /* the provider has spoken, if only to refuse: no failure of its own */
	bool again;       /* worth another try */
	int64_t wait_ms;  /* when it says to ask again; -1: it does not */
	int64_t first_ms; /* until the first token; -1: there was none */
	const char *remote_id; /* of the answer's head; NULL: none */
};

/**
 * Send a chat and read its stream into a reader; text goes to the watcher as it comes.
 * Returns what llm_call() does; ERR_OK only when the answer has come to its end
 */
NODISCARD
enum err exchange_chat(struct ctx *cx, struct exchange *ex, const struct llm_watch *watch,
                       struct reader *r);

/**
 * Send anything else and read the whole answer.
 * @ret in the arena, until the next request; ERR_TOO_LARGE past max_bytes, the same for all requests
 */
NODISCARD
enum err exchange_whole(struct ctx *cx, struct exchange *ex, size_t max_bytes, struct span *ret);

/** @ret milliseconds that the head of a refusal says to wait, -1 when it does not */
int64_t exchange_wait_ms(struct ctx *cx, const char *(*header)(const void *from, const char *name),
                         const void *from);

#endif
