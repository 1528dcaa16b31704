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
#define SINCE(t)                                                                                   \
	"FROM " t " WHERE tenant_id = $1 AND finished_at >= " BEGIN                                \
	" AND ($4::text IS NULL OR queue = $4) AND ($5::text IS NULL OR job_type = $5)"
#define IN_SLOT                                                                                    \
	"floor((date_part('epoch', finished_at) - date_part('epoch', " BEGIN ")) / $2)::integer"
#define CLASS(from, to)                                                                            \
	"floor(10 * ln(1 + 1000 * greatest(0, date_part('epoch', " to " - " from "))))::integer"
/* How many of a slot are in classes up to this one; and the class at which a part of all is reached. */
#define RANKED(of)                                                                                 \
	"SELECT slot, " of " AS class, sum(sum(n)) OVER (PARTITION BY slot ORDER BY " of           \
	") AS upto, sum(sum(n)) OVER (PARTITION BY slot) AS total FROM f WHERE ok"                 \
	" AND " of " IS NOT NULL GROUP BY slot, " of
#define REACHED(part)                                                                              \
	"coalesce(round(exp((min(class) FILTER (WHERE upto >= " part " * total) + 0.5) / 10)"      \
	" - 1), 0)::bigint"

static const struct
	db_stmt
		READ = {
			.name = "stats_read",
			.read = true,
			.nparams = 5,
			.sql =
				"WITH f AS MATERIALIZED (SELECT slot, ok, wait, run, count(*) AS n FROM ("
				"SELECT " IN_SLOT " AS slot, true AS ok, " CLASS(
					"run_at", "started_at") " AS wait,"
								" " CLASS(
									"started_at", "finished_at") " AS run"
												     " " SINCE("app.background_job_history") " UNION ALL"
																	     " SELECT " IN_SLOT ", false, NULL, NULL " SINCE("app.background_job_dead") " AND status <> 'cancelled') e GROUP BY slot, ok, wait, run),"
																											" c AS (SELECT slot, sum(n) FILTER (WHERE ok) AS completed,"
																											" sum(n) FILTER (WHERE NOT ok) AS failed FROM f GROUP BY slot),"
																											" w AS (SELECT slot, " REACHED("0.5") " AS p50, " REACHED("0.95") " AS p95 FROM"
																																			  " (" RANKED(
																																				  "wait") ") r GROUP BY slot),"
																																					  " r AS (SELECT slot, " REACHED(
																																						  "0.5") " AS p50, " REACHED("0.95") " AS p95 FROM"
																																										     " (" RANKED(
																																											     "run") ") r GROUP BY slot)"
																																												    " SELECT (date_part('epoch', " BEGIN
																																												    " + s.slot * $2 * interval '1 s')"
																																												    " * 1000000)::bigint AS at, coalesce(c.completed, 0) AS completed,"
																																												    " coalesce(c.failed, 0) AS failed, coalesce(w.p50, 0) AS wait_p50_ms,"
																																												    " coalesce(w.p95, 0) AS wait_p95_ms, coalesce(r.p50, 0) AS run_p50_ms,"
																																												    " coalesce(r.p95, 0) AS run_p95_ms FROM generate_series(0, $3 - 1) AS s (slot)"
																																												    " LEFT JOIN c ON c.slot = s.slot LEFT JOIN w ON w.slot = s.slot"
																																												    " LEFT JOIN r ON r.slot = s.slot ORDER BY s.slot",
		};

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
	{ .stmt = NULL },
};
