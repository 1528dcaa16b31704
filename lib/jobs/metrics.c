/* The queue and the event log in numbers: one row a metric, and the text that Prometheus reads. */
#include "jobs/metrics.h"

#include "jobs/metrics_repo.h"

#include <string.h>

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* By the names that app.job_metrics() gives. */
static const struct shown {
	const char *row, *name, *label, *help; /* label: what the row's is called */
} SHOWN[] = {
	{ "jobs", "portolan_jobs", "state", "Unfinished jobs." },
	{ "oldest", "portolan_queue_oldest_seconds", NULL,
	  "Seconds for which the oldest startable job has waited." },
	{ "ended_1m", "portolan_jobs_ended_1m", "outcome", "Jobs that ended in the last minute." },
	{ "ended_5m", "portolan_jobs_ended_5m", "outcome",
	  "Jobs that ended in the last five minutes." },
	{ "wait", "portolan_job_wait_seconds_5m_bucket", "le",
	  "Jobs that ended in the last five minutes, by the seconds they had waited." },
	{ "run", "portolan_job_run_seconds_5m_bucket", "le",
	  "Jobs that ended in the last five minutes, by the seconds they ran." },
	{ "paused", "portolan_queue_paused", NULL, "1 when the queue is paused for all tenants." },
	{ "runners", "portolan_runners", NULL, "Runner processes that are alive." },
	{ "position", "portolan_event_position", NULL, "Newest position of the event log." },
	{ "outbox", "portolan_event_outbox", NULL, "Events that have no position in the log yet." },
	{ "lag", "portolan_subscription_lag", "subscription",
	  "Events of the log that a subscription has not come to." },
};

/* Backslash, quote and line feed are escaped. */
void metrics_label(struct sb *sb, bool *first, const char *name, const char *value)
{
	if (value == NULL)
		return;
	sb_addf(sb, "%s%s=\"", *first ? "{" : ",", name);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\n')
			sb_add(sb, "\\n");
		else if (*p == '\\' || *p == '"')
			sb_addf(sb, "\\%c", *p);
		else
			sb_addc(sb, *p);
	}
	sb_addc(sb, '"');
	*first = false;
}

static void line(struct sb *sb, const struct shown *shown, const struct metric *m)
{
	bool first = true;

	sb_add(sb, shown->name);
	metrics_label(sb, &first, "queue", m->queue);
	metrics_label(sb, &first, "type", m->job_type);
	if (shown->label != NULL)
		metrics_label(sb, &first, shown->label, m->label);
	sb_addf(sb, "%s %s\n", first ? "" : "}", m->value);
}

enum err metrics_print(struct ctx *cx, struct span *ret)
{
	struct sb sb = sb_new(cx->arena, TEXT_MAX);
	const struct metric *rows;
	const char *text;
	struct list list;

	TRY(metrics_repo_read(cx, &list));
	rows = list.items;
	for (size_t s = 0; s < COUNT(SHOWN); s++) {
		sb_addf(&sb, "# HELP %s %s\n# TYPE %s gauge\n", SHOWN[s].name, SHOWN[s].help,
		        SHOWN[s].name);
		for (size_t i = 0; i < list.n; i++) {
			if (strcmp(rows[i].name, SHOWN[s].row) == 0)
				line(&sb, &SHOWN[s], &rows[i]);
		}
	}
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}
