/* SQL of the metrics. */
#include "jobs/metrics_repo.h"

static const struct field FIELDS[] = {
	F_TEXT(struct metric, name),  F_TEXT(struct metric, queue), F_TEXT(struct metric, job_type),
	F_TEXT(struct metric, label), F_TEXT(struct metric, value),
};
static const struct schema ROW = SCHEMA(struct metric, "Metric", FIELDS);

static const struct db_stmt READ = {
	.name = "metrics_read",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT name, queue, job_type, label, value::text AS value FROM app.job_metrics()"
	       " ORDER BY name, queue, job_type,"
	       " CASE WHEN label = '+Inf' THEN 'infinity' WHEN label ~ '^[0-9.]+$'"
	       " THEN label::double precision END, label",
};

enum err metrics_repo_read(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &READ, DB_NO_ARGS, &ROW, ret);
}

const struct db_check metrics_statements[] = {
	{ .stmt = &READ, .row = &ROW },
	{ .stmt = NULL },
};
