/*
 * Removal: the steps that take away what a deleted tenant had.
 *
 * lib/app/tenant_removal.c puts them in order.  Each may be done again at any time.  Which tables there
 * are to be swept is read from the catalogue by app.tenant_sweep(), so that none can be forgotten; it
 * works for tenants that are being deleted only, and only the runner may call it.
 *
 * All are about the context's tenant.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_REMOVAL_H
#define AUTH_REMOVAL_H

#include "base/db.h"

#define REMOVAL_PAGE 200 /* projects of one page */

/**
 * What was let in before the deletion began, and may still write: transactions of the workers and of the
 * runners that are older than the start of the job.
 * @ret how many
 */
NODISCARD
enum err removal_strangers(struct ctx *cx, int64_t job, int64_t *ret);

/**
 * Projects that the tenant has or had, as its rows and its jobs name them.
 * @after  ids above this
 * @ret    items are int64_t, rising, at most REMOVAL_PAGE
 */
NODISCARD
enum err removal_projects(struct ctx *cx, int64_t after, struct list *ret);

/**
 * Delete rows of the tenant, those first that others lead to nothing.
 * @job   whose own row stays
 * @most  rows of one table
 * @ret   rows deleted; 0: there are none any more
 */
NODISCARD
enum err removal_sweep(struct ctx *cx, int64_t job, int64_t most, int64_t *ret);

/** What is left becomes a tombstone, and the name free.  In the transaction of the last sweep. */
NODISCARD
enum err removal_finish(struct ctx *cx);

extern const struct db_check removal_statements[];

#endif
