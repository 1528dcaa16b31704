/*
 * Health of a process: is it alive, and can it serve.
 *
 * The answer to "can it serve" is kept for a second, so that probes cost the
 * database at most one statement a second and process.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "base/ctx.h"
#include "base/schema.h"

struct health;

/* One part of the program. */
struct health_module {
	const char *name;   /* "database", "schema", "live" */
	const char *status; /* "ok", "degraded" or "failing" */
	const char *detail; /* NULL when ok */
};

struct health_report {
	const char *status; /* "failing" when a module is; one that is degraded fails nobody */
	struct list modules;
	int64_t schema_version;
};

/* Where each module stands in a report. */
enum { HEALTH_DATABASE, HEALTH_SCHEMA, HEALTH_LIVE, HEALTH_MODULES };

extern const struct schema health_module_schema, health_report_schema;

struct health *health_new(struct arena *arena);

/** Look, unless another did within the last second.  @ret in cx->arena */
void health_look(struct ctx *cx, struct health *health, struct health_report *ret);

/** @ret whether no module is failing */
bool health_is_ok(const struct health_report *report);

#endif
