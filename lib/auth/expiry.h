/*
 * Expiry: what is over of sessions, password tokens, failures to sign in and rates is taken away by the
 * runner, so that the tables stay small where nobody comes by.
 *
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_EXPIRY_H
#define AUTH_EXPIRY_H

#include "base/db.h"

#define EXPIRY_ROWS 1000 /* of each kind at once */

/**
 * Take away a portion of what is over, of all tenants.  As the runner's role; cheap when there is nothing.
 * @ret rows taken away; EXPIRY_ROWS or more: there may be more
 */
NODISCARD
enum err expiry_run(struct ctx *cx, int64_t *ret);

extern const struct db_check expiry_statements[];

#endif
