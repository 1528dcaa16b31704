/*
 * Metrics: the queue and the event log in numbers, as Prometheus reads them.
 *
 * Over all tenants together, by queue and type: nothing tells whose a job is.  What ended is counted over
 * the last minutes, not since the beginning, so that a look costs the same however long the history
 * is; the _bucket series are cumulative over those minutes, as histogram_quantile() wants them.
 */
#ifndef JOBS_METRICS_H
#define JOBS_METRICS_H

#include "base/db.h"
#include "base/sb.h"

#define METRICS_MEDIA "text/plain; version=0.0.4; charset=utf-8"

/**
 * @ret  the text, in cx->arena
 * The context needs no tenant.  Returns what base/db.h names for a database in trouble
 */
NODISCARD
enum err metrics_print(struct ctx *cx, struct span *ret);

/**
 * Append a label, escaped as the form wants it; of a NULL value nothing.
 * @first whether it is the first of its line: it opens the braces
 */
void metrics_label(struct sb *sb, bool *first, const char *name, const char *value);

extern const struct db_check metrics_statements[];

#endif
