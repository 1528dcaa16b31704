/*
 * Context: who is asking, for how long, and what serves them.
 *
 * struct app lives as long as the process and is built by app_open(); struct
 * ctx lives for one request, one job or one command and is the first argument
 * of everything.  A test hands in an app with its own clock or client.  There
 * are no globals.
 */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

struct config;
struct db;
struct db_preamble;
struct key_memory;
struct keyring;
struct log;
struct log_tail;
struct origin_memory;
struct rate_memory;
struct redact_word;
struct password_gate;
struct refusals;

/* Process-wide services, borrowed by every context.  Built by lib/app. */
struct app {
	const struct config *config;
	const struct clock *clock;
	struct log *log;
	struct key_memory *keys;         /* of lib/auth; NULL: nothing is remembered */
	const struct keyring *keyring;   /* of lib/auth; NULL where nothing is hashed or sealed */
	struct password_gate *passwords; /* of lib/auth; NULL: no bound of this process's own */
	struct refusals *refusals;       /* of lib/audit; NULL: refused access is not audited */
	struct rate_memory *rates;       /* of lib/auth; NULL: nothing is counted */
	struct origin_memory *origins;   /* of lib/auth; NULL: no origin is allowed */
	const char *component;           /* "worker", "runner", "portolan"; names log lines */
};

/*
 * Roles in rising order; a route row names the least one.  Zero is never a
 * valid choice, so that a forgotten row does not start.
 */
enum role {
	ROLE_ANYONE = -1, /* in a row: no role is asked for, nor a tenant */
	ROLE_UNSET = 0,
	ROLE_VIEWER,
	ROLE_MEMBER,
	ROLE_OPERATOR,
	ROLE_ADMIN,
	ROLE_OWNER,
	ROLE_COUNT
};

/*
 * The caller, as fcgi/admit.c (or a job's row) established it.  Of a request, all but the tenant is
 * known when its first statement has returned, which proves it, and not before.
 */
struct who {
	int64_t tenant_id;  /* 0: nobody; statements that need a tenant refuse */
	int64_t key_id;     /* API key, 0 when another credential was used */
	int64_t family_id;  /* of the access token that stands for the key; 0: the key itself */
	int64_t user_id;    /* 0: a program */
	int64_t session_id; /* of a person's browser; 0: another credential */
	bool session_due;   /* its last use is to be written once the answer is sent */
	enum role role;     /* in the tenant; ROLE_UNSET without one */
	const char *actor;  /* shown in events and logs: "key:3", "job:17", an e-mail address */
};

#define REQUEST_ID_MAX  64 /* bytes, without the NUL */
#define TRACEPARENT_LEN 55 /* bytes of a W3C traceparent of version 00 */

struct ctx {
	const struct app *app;
	struct arena *arena;          /* ends with the context */
	struct db *db;                /* this thread's connection; NULL where there is none */
	struct db_preamble *preamble; /* what db_precede() left for the next statement */
	struct who who;
	char request_id[REQUEST_ID_MAX + 1];
	char traceparent[TRACEPARENT_LEN + 1]; /* "" when there is none */
	int64_t deadline_ms;                   /* monotonic; 0: none */
	struct who denied;                     /* who got a 403 of admission; zero: not known */
	const char *remote; /* address from where it is asked; NULL: from this machine's programs */
	struct log_tail *tail;     /* where lines of the log are kept as well; NULL: nowhere */
	unsigned bells;            /* whom what was written concerns; events/bell.h */
	const char *audited;       /* the newest action that went into the audit log; NULL: none */
	struct redact_word *words; /* values that are never printed; base/redact.h */
	struct fault fault;
};

/**
 * Begin a context: fields zero, the fault clear, a fresh request id.
 *
 * @arena is reset, so what the context before it made is gone.
 */
void ctx_begin(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db);

/** The same without a request id, for who takes it from the caller: a fresh one costs a system call. */
void ctx_begin_unnamed(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db);

/** The same on an arena that others use as well, and of which nothing is given back. */
void ctx_begin_beside(struct ctx *cx, const struct app *app, struct arena *arena, struct db *db);

/**
 * Begin the next piece of work on the same arena, of which nothing is given back: all else is as
 * ctx_begin_unnamed() leaves it, but whom to ring for.
 */
void ctx_next(struct ctx *cx);

/** Give the context a fresh request id. */
void ctx_name(struct ctx *cx);

/** @ret milliseconds until the deadline, at least 0; INT64_MAX without one */
int64_t ctx_left_ms(const struct ctx *cx);

/** @ret name of a role, "viewer" to "owner"; "unset" for ROLE_UNSET, "anyone" for ROLE_ANYONE */
const char *role_name(enum role role);

/** @ret the role with that name, ROLE_UNSET when there is none */
enum role role_by_name(const char *name);

#endif
