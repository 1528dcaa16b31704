/*
 * Serve: one request, from its parameters to its answer.
 *
 *     match the path -> admit the caller -> count -> decode query and body -> run -> answer
 *
 * Each step may refuse, in this order, and what it refuses with becomes a
 * problem.  Nothing here knows sockets: a test hands in made-up parameters.
 */
#ifndef SERVE_H
#define SERVE_H

#include "reply.h"

struct health;

/* What all requests of a process share.  Read only, but for health, which locks. */
struct server {
	const struct app *app;
	const struct router *router;
	size_t body_max_bytes;
	int64_t request_timeout_ms;
	int64_t idempotency_hours;
	struct span openapi;  /* GET /api/v1/openapi.json */
	struct span problems; /* GET /docs/problems */
	struct health *health;
};

/**
 * Build what the requests share; lives for the process, in arena.
 *
 * @tables ended by NULL; route_tables but in tests
 * @ret    NULL when a row breaks a rule; *ret_why names each such row
 */
struct server *server_new(struct arena *arena, const struct app *app,
                          const struct route *const tables[], const char **ret_why);

/* How far a request has come. */
enum serve_step {
	SERVE_MATCHED, /* its row is known */
	SERVE_ASKED,   /* and it is admitted, and its question open */
	SERVE_OVER,    /* there is no more to do than to send the answer */
};

/* One request with its answer. */
struct exchange {
	struct request rq;
	struct reply rp;
	enum err outcome; /* ERR_OK, or what the problem tells */
	bool replayed;    /* the answer to an earlier request with the same Idempotency-Key */
	enum serve_step step;
	struct body_source body;
	int64_t begin_us; /* monotonic */
};

/**
 * Begin with one request: match its path, and when its row has .ask, admit the caller and open the question.
 *
 * Requests with one db object may be begun one after the other and finished in that order: their questions
 * share a round trip.
 *
 * @cx     begun, with this thread's connection; to be kept until serve_finish()
 * @params as request_read() takes them, and as long to be kept
 * @ret    false: serve_finish() may take its time, so begin no other before it
 */
bool serve_begin(struct ctx *cx, const struct server *server, char *const *params,
                 const struct body_source *body, struct exchange *ex);

/** Answer it.  Cannot fail: what goes wrong is a problem in ex->rp.  @cx its arena may be another now */
void serve_finish(struct ctx *cx, struct exchange *ex);

/** Both at once. */
void serve(struct ctx *cx, const struct server *server, char *const *params,
           const struct body_source *body, struct exchange *ex);

/** What is left to do once the answer is sent: wake a runner, write the log line. */
void serve_end(struct ctx *cx, struct exchange *ex);

#endif
