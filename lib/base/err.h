/*
 * Errors: few codes, the message set once, where the failure is noticed.
 *
 *     if (n > max)
 *             return err_set(cx, ERR_LIMIT, "the plan allows %d projects", max);
 *     TRY(project_repo_insert(cx, in, &made));
 *
 * Whoever notices a failure describes it with err_set() or err_field(); every
 * caller above passes the code up untouched with TRY().  Library code neither
 * logs nor exits: the edge (fcgi/serve.c, fcgi/runner.c, fcgi/ctl.c) reports
 * the fault once, with the request id.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

enum err {
	ERR_OK = 0,
#define ERR(name, status, slug, retry, title) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_COUNT
};

/* What the rows of err.def say of one code. */
struct err_info {
	const char *name; /* "NOT_FOUND" */
	int status;       /* HTTP status, 400..599 */
	const char *slug; /* "not-found" */
	bool retry;       /* a job may try again */
	const char *title;
};

/** @ret the row of e; never NULL.  e must not be ERR_OK. */
const struct err_info *err_info(enum err e);

/** @ret the code with that slug, or ERR_OK when there is none */
enum err err_by_slug(const char *slug);

#define FAULT_DETAIL_MAX 1000 /* bytes of a fault's detail, without the NUL */
#define FAULT_ERRORS_MAX 32   /* fields blamed in one fault; further ones are counted only */

/* One field that breaks a rule. */
struct fault_field {
	const char *pointer; /* JSON pointer ("/name"), "?limit" or "If-Match:" for others */
	const char *rule;    /* machine word: "required", "max_length", "unknown", ... */
	const char *detail;  /* what is wrong and what would be right */
};

/* What a failure says to a job, other than the row of its code. */
enum err_again { ERR_AGAIN_BY_CODE = 0, ERR_AGAIN_YES, ERR_AGAIN_NO };

/* Why the last call failed.  Lives in the context's arena. */
struct fault {
	enum err code;
	const char *detail; /* this occurrence, for the client; no secrets */
	const char *cause;  /* for the log only (SQLSTATE, errno); may be NULL */
	const char *fix;    /* the next step, for a person; may be NULL */
	int64_t retry_s;    /* seconds to wait before the next attempt; 0: not told */
	enum err_again
		again; /* whether a job tries again, where its code's row does not say it right */
	struct fault_field fields[FAULT_ERRORS_MAX];
	int nfields; /* how many were blamed; may pass FAULT_ERRORS_MAX */
};

struct ctx;

/** Describe a failure.  Replaces an earlier fault.  @ret code, for `return err_set(...)` */
enum err err_set(struct ctx *cx, enum err code, const char *detail, ...) PRINTF(3, 4);

/** Add what only the log may show to the fault just set. */
void err_cause(struct ctx *cx, const char *cause, ...) PRINTF(2, 3);

/** Add the next step for a person to the fault just set. */
void err_fix(struct ctx *cx, const char *fix, ...) PRINTF(2, 3);

/** Add to the fault just set how many seconds to wait before the next attempt. */
void err_retry(struct ctx *cx, int64_t seconds);

/** Say of the fault just set whether a job should try again, whatever the row of its code says. */
void err_again(struct ctx *cx, enum err_again again);

/**
 * Blame one field; a second call adds a second field to the same fault, so
 * that a body is checked whole and answered once.
 */
enum err err_field(struct ctx *cx, enum err code, const char *pointer, const char *rule,
                   const char *detail, ...) PRINTF(5, 6);

/** Forget the fault: the failure was expected and is handled. */
void err_clear(struct ctx *cx);

/* Pass a failure up, untouched.  The only macro here that returns. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		enum err try_err_ = (call);                                                        \
		if (try_err_ != ERR_OK)                                                            \
			return try_err_;                                                           \
	} while (0)

#endif
