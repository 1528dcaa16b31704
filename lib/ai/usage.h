/*
 * Usage: models and the search in numbers, as Prometheus reads them; and how long that is kept.
 *
 * As with the queue (jobs/metrics.h): over all tenants together, of the last five minutes, by what
 * providers and models are called; nothing tells whose a call was.  Calls, tokens, money and times come from
 * the ledger (ai/ledger.h); what stands in no table of its own, a sample is written of.
 */
#ifndef AI_USAGE_H
#define AI_USAGE_H

#include "base/db.h"

#define USAGE_ROWS 5000 /* of each kind that are taken away at once */

/** A search has ended.  What goes wrong with telling of it is passed over. */
void usage_searched(struct ctx *cx, int64_t duration_ms, int64_t hits);

/** A budget has refused a call; no transaction is open.  Likewise */
void usage_refused(struct ctx *cx, const char *provider, const char *model);

/**
 * @ret  the text, in cx->arena
 * The context needs no tenant.  Returns what base/db.h names for a database in trouble
 */
NODISCARD
enum err usage_print(struct ctx *cx, struct span *ret);

/**
 * Take away a portion of what is over, of all tenants: calls past the setting model_calls_days, cached answers,
 * samples.  As the runner's role.
 * @ret the most rows of one kind; USAGE_ROWS: there may be more
 */
NODISCARD
enum err usage_expire(struct ctx *cx, int64_t *ret);

extern const struct db_check usage_statements[];

#endif
