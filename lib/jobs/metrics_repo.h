/* SQL of the metrics; of lib/jobs alone. */
#ifndef JOBS_METRICS_REPO_H
#define JOBS_METRICS_REPO_H

#include "jobs/metrics.h"

struct metric {
	const char *name;                     /* a row of metrics.c */
	const char *queue, *job_type, *label; /* NULL: it has none */
	const char *value;                    /* a number */
};

/** @ret items are struct metric, those of one name together */
NODISCARD
enum err metrics_repo_read(struct ctx *cx, struct list *ret);

#endif
