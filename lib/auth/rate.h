/*
 * Rate limits: who may ask how often, counted for all processes and hosts together.
 *
 * A bucket holds as many tokens as its limit says; a request takes some, and what was taken comes
 * back a little more than a minute later.  So no bucket gives more than its limit in any minute,
 * and all of it may be used at once.  The buckets are rows of app.rate_bucket, on the clock of the
 * database (app.rate_take()).
 *
 * A process does not ask for each request.  It takes a batch of a hundredth of the limit at a time,
 * before it is used, and pays from that; what is left of it after two seconds is handed back.  When
 * a bucket was found empty, the process remembers until when, so that a flood of requests that are
 * refused costs the database nothing but a question in five seconds: the limit may have been raised.
 *
 * When the database cannot be asked, the edge lets requests pass, and nothing is counted for a
 * second: what they are for needs the database as well.
 *
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *   Units      Tokens; limits are tokens a minute, 0 being no limit.
 */
#ifndef AUTH_RATE_H
#define AUTH_RATE_H

#include "base/db.h"

#define RATE_NAME_MAX   56 /* bytes of a bucket's name, NUL included */
#define RATE_WINDOW_S   60 /* what a limit is per */
#define RATE_LAPSE_MS   2000
#define RATE_PAYERS_MAX 2
#define RATE_COST_READ  1
#define RATE_COST_WRITE 5

/* What is counted.  The letter begins the names of its buckets. */
enum rate_kind {
	RATE_OF_KEY = 'k',    /* an API key */
	RATE_OF_USER = 'u',   /* a person */
	RATE_OF_TENANT = 't', /* all credentials of a tenant; its own limit overrules the setting */
	RATE_OF_ADDRESS = 'a', /* requests whose credential is not known to be good */
	RATE_OF_SIGN_IN = 's', /* attempts to sign in, by address */
};

/* A bucket that a request pays from. */
struct rate_payer {
	char name[RATE_NAME_MAX];
	int64_t quota; /* tokens a minute; 0: no limit */

	/* Between asking and answer: */
	bool paid;
	int64_t back; /* tokens of a batch that has lapsed, to be handed back */
};

/** A bucket by the number of what is counted. */
struct rate_payer rate_payer_id(enum rate_kind kind, int64_t id, int64_t quota);

/** A bucket by address: one for each IPv4 address, and for each IPv6 network of 64 bits. */
struct rate_payer rate_payer_address(enum rate_kind kind, const char *address, int64_t quota);

/* How the tightest bucket stands after a request; .kind is 0 when nothing was counted. */
struct rate_state {
	enum rate_kind kind;
	int64_t quota;    /* tokens a minute */
	int64_t left;     /* tokens, as far as this process knows */
	int64_t return_s; /* seconds until tokens come back */
};

/** @ret "key", "user", "tenant", "address" or "sign-in" */
const char *rate_kind_name(enum rate_kind kind);

/* Batches, and who was seen to be good, in this process: cx->app->rates.  Safe between threads. */
struct rate_memory *rate_memory_new(void);
void rate_memory_free(struct rate_memory *memory);

/**
 * Pay for a request from each of its buckets, or from none.
 *
 * Asks the database only when the batch of a bucket is used up; then what db_precede() left is settled
 * as well, and its refusal is returned.  Not to be called inside a transaction.
 * @payers changed
 * @cost   a bucket smaller than this takes all it has
 * @ret    set in either case; may be NULL
 * Returns ERR_RATE, the fault telling when to come again; errors of the database, after which nothing
 *         is counted for a second
 */
NODISCARD
enum err rate_pay(struct ctx *cx, struct rate_payer *payers, int n, int64_t cost,
                  struct rate_state *ret);

/**
 * Callers whose credential the database has confirmed to this process, so that their requests are
 * counted on them before they are admitted again.  It is no proof, and nothing is admitted by it.
 *
 * @credential as it was sent
 * @ret        false when it is not remembered; else key, user and tenant of who it is
 */
bool rate_known(struct rate_memory *memory, const char *credential, struct who *ret);
void rate_remember(struct rate_memory *memory, const char *credential, const struct who *who);
void rate_forget(struct rate_memory *memory, const char *credential);

extern const struct db_check rate_statements[];

#endif
