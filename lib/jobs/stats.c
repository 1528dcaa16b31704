/* What jobs ended over time. */
#include "jobs/stats.h"

#include <string.h>

const char *const stats_periods[] = { "hour", "day", NULL };

static const struct field SLOT_FIELDS[] = {
	F_TIME(struct stats_slot, at_us, .name = "at", .doc = "When the slot begins"),
	F_INT(struct stats_slot, completed, .doc = "Jobs that were done in it"),
	F_INT(struct stats_slot, failed, .doc = "Kept jobs that ended in it as failed or dead"),
	F_INT(struct stats_slot, wait_p50_ms,
	      .doc = "Half of those done had waited no longer for their start, in milliseconds"),
	F_INT(struct stats_slot, wait_p95_ms, .doc = "95 of 100 had waited no longer"),
	F_INT(struct stats_slot, run_p50_ms,
	      .doc = "Half of those done ran no longer, in milliseconds"),
	F_INT(struct stats_slot, run_p95_ms, .doc = "95 of 100 ran no longer"),
};
static const struct schema SLOT = SCHEMA(struct stats_slot, "JobStatsSlot", SLOT_FIELDS);

static const struct field FIELDS[] = {
	F_TEXT(struct job_stats, period, .one_of = stats_periods, .doc = "Up to now"),
	F_INT(struct job_stats, slot_s, .doc = "Seconds of a slot"),
	F_LIST(struct job_stats, items, .of = &SLOT, .doc = "The slots, oldest first"),
};
const struct schema job_stats_schema = SCHEMA(struct job_stats, "JobStats", FIELDS);

/* The begin of the oldest slot.  Of now() alone, so that the BRIN of finished_at and partitions serve. */
#define BEGIN                                                                                      \
	"(date_bin($2::bigint * interval '1 s', now(), timestamptz 'epoch')"                       \
	" - ($3::bigint - 1) * $2 * interval '1 s')"
#define SLOT_OF(at)                                                                                \
	"floor((date_part('epoch', " at ") - date_part('epoch', " BEGIN ")) / $2)::integer AS slot"
#define AT_SLOT  SLOT_OF("at")
#define END_SLOT SLOT_OF("finished_at")
#define OF                                                                                         \
	"tenant_id = $1 AND ($4::text IS NULL OR queue = $4) AND ($5::text IS NULL OR job_type = $5)"
/* Quarters of an hour are counted already, but for the last ones. */
#define COUNTED "$2 = 900"
#define REST                                                                                       \
	OF " AND finished_at >= " BEGIN " AND finished_at >= (SELECT CASE WHEN " COUNTED           \
	   " THEN upto ELSE '-infinity' END FROM app.job_stats_upto)"
/* How many of a slot are in classes up to this one; and the time at which a part of all is reached. */
#define REACHED(part)                                                                              \
	"coalesce(round(exp((min(class) FILTER (WHERE upto >= " part " * total) + 0.5) / 10)"      \
	" - 1), 0)::bigint"
#define P50 REACHED("0.5") " AS p50"
#define P95 REACHED("0.95") " AS p95"
#define TIMES(of)                                                                                  \
	"(SELECT slot, " P50 ", " P95 " FROM (SELECT slot, class, sum(n) OVER (PARTITION BY slot"  \
	" ORDER BY class) AS upto, sum(n) OVER (PARTITION BY slot) AS total FROM f"                \
	" WHERE what = '" of "') c GROUP BY slot)"
#define WAITED TIMES("waited")
#define RAN    TIMES("ran")

static const struct db_stmt READ = {
	.name = "stats_read",
	.read = true,
	.nparams = 5,
	.sql = "WITH f AS MATERIALIZED (SELECT slot, what, class, sum(jobs) AS n FROM ("
	       "SELECT " AT_SLOT ", what, class, jobs FROM app.job_stats WHERE " OF
	       " AND at >= " BEGIN " AND " COUNTED " UNION ALL"
	       " SELECT " END_SLOT ", w.what, w.class, 1"
	       " FROM app.background_job_history CROSS JOIN LATERAL (VALUES"
	       " ('ran', app.job_time_class(started_at, finished_at)),"
	       " ('waited', app.job_time_class(run_at, started_at))) w (what, class) WHERE " REST
	       " UNION ALL SELECT " END_SLOT ", 'failed', 0, 1"
	       " FROM app.background_job_dead WHERE status <> 'cancelled' AND " REST
	       ") e GROUP BY slot, what, class),"
	       " c AS (SELECT slot, (sum(n) FILTER (WHERE what = 'ran'))::bigint AS completed,"
	       " (sum(n) FILTER (WHERE what = 'failed'))::bigint AS failed FROM f GROUP BY slot)"
	       " SELECT (date_part('epoch', " BEGIN " + s.slot * $2 * interval '1 s')"
	       " * 1000000)::bigint AS at, coalesce(c.completed, 0) AS completed,"
	       " coalesce(c.failed, 0) AS failed, coalesce(w.p50, 0) AS wait_p50_ms,"
	       " coalesce(w.p95, 0) AS wait_p95_ms, coalesce(r.p50, 0) AS run_p50_ms,"
	       " coalesce(r.p95, 0) AS run_p95_ms FROM generate_series(0, $3 - 1) AS s (slot)"
	       " LEFT JOIN c ON c.slot = s.slot LEFT JOIN " WAITED " w ON w.slot = s.slot"
	       " LEFT JOIN " RAN " r ON r.slot = s.slot ORDER BY s.slot",
};

/* By the runner, over all tenants. */
static const struct db_stmt ROLL = {
	.name = "stats_roll",
	.any_tenant = true,
	.sql = "SELECT app.job_stats_roll()",
};

enum err job_stats_roll(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &ROLL, DB_NO_ARGS, ret);
}

enum err job_stats_read(struct ctx *cx, const struct stats_filter *filter, struct job_stats *ret)
{
	bool day = filter->period != NULL && strcmp(filter->period, "day") == 0;
	int64_t slot_s = day ? 15 * 60 : 60, slots = day ? 96 : 60;

	TRY(db_list(cx, &READ,
	            DB_ARGS(DB_INT(slot_s), DB_INT(slots), DB_TEXT(filter->queue),
	                    DB_TEXT(filter->job_type)),
	            &SLOT, &ret->items));
	ret->period = day ? "day" : "hour";
	ret->slot_s = slot_s;
	return ERR_OK;
}

const struct db_check stats_statements[] = {
	{ .stmt = &READ, .row = &SLOT },
	{ .stmt = &ROLL, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
