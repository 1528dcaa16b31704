/*
 * Origins: which web pages may call the API for a tenant (CORS).
 *
 * A tenant lists origins (app.tenant.cors_origins).  A process remembers what
 * the database answered for a few seconds, refusals too; changes take as long.
 *
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_ORIGIN_H
#define AUTH_ORIGIN_H

#include "base/db.h"

#define ORIGIN_MAX 270 /* bytes of an origin, without the NUL */

/**
 * @ret whether a text is an origin as browsers write it: http or https, a host in small letters (an
 *      IPv6 address in brackets), a port that is not the scheme's own; nothing behind.  Neither "*" nor
 *      "null" is one.
 */
bool origin_is_sound(const char *text);

/* Answers of this process: cx->app->origins.  Safe between threads. */
struct origin_memory *origin_memory_new(void);
void origin_memory_free(struct origin_memory *memory);

/**
 * May a page of this origin read answers?
 *
 * Asks the database when this process does not know; then what db_precede() left is settled as well,
 * and its refusal is returned.
 * @tenant_id whose list counts; 0: that any tenant lists it
 */
NODISCARD
enum err origin_allowed(struct ctx *cx, const char *origin, int64_t tenant_id, bool *ret);

/** @ret whether this process remembers that a tenant lists the origin; asks nobody */
bool origin_remembered(const struct ctx *cx, const char *origin);

extern const struct db_check origin_statements[];

#endif
