/*
 * A project's own schedule is one of the tenant's (jobs/schedule.h), whose jobs are those of
 * project_sync(): what is seen, paused and counted there is the same thing.
 */
#include "projects/project_schedule.h"

#include "jobs/cron.h"
#include "projects/project_repo.h"

#include <inttypes.h>
#include <string.h>

/* What is wrong with the schedule is wrong with the member that it came from. */
static enum err blame(struct ctx *cx, enum err e)
{
	static const char *const NAMES[][2] = {
		{ "/cron", "/sync_schedule" },
		{ "/time_zone", "/sync_time_zone" },
	};

	for (int i = 0; e == ERR_INVALID && i < cx->fault.nfields && i < FAULT_ERRORS_MAX; i++) {
		for (size_t k = 0; k < COUNT(NAMES); k++) {
			if (strcmp(cx->fault.fields[i].pointer, NAMES[k][0]) == 0)
				cx->fault.fields[i].pointer = NAMES[k][1];
		}
	}
	return e;
}

static enum err make(struct ctx *cx, job_kinds kinds, const struct project_patch *in,
                     struct project *project)
{
	const struct schedule_new wanted = {
		.name = arena_printf(cx->arena, "Sync of project %" PRId64, project->id),
		.cron = in->sync_schedule,
		.time_zone = in->sync_time_zone,
		.job_type = project_map_job.type,
		.project_id = project->id,
		.enabled = true,
	};
	struct schedule made;

	TRY(blame(cx, schedule_create(cx, kinds, &wanted, &made)));
	return project_repo_schedule(cx, project->id, made.id, project);
}

enum err project_schedule_change(struct ctx *cx, const struct project_patch *in,
                                 struct project *project)
{
	static job_kinds KINDS = { &project_map_job, NULL };
	const struct schedule_patch patch = {
		.cron = in->sync_schedule,
		.time_zone = in->sync_time_zone != NULL ? in->sync_time_zone : "UTC",
	};
	int64_t was = project->sync_schedule_id;
	struct schedule now;

	if (!schema_given(&project_patch_schema, in, "sync_schedule")) {
		if (in->sync_time_zone == NULL)
			return ERR_OK;
		return err_field(cx, ERR_INVALID, "/sync_time_zone", "together",
		                 "is of no use without sync_schedule");
	}
	if (in->sync_schedule != NULL && was == 0)
		return make(cx, KINDS, in, project);
	if (in->sync_schedule != NULL)
		return blame(cx, schedule_change(cx, KINDS, was, 0, &patch, &now));
	if (was == 0)
		return ERR_OK;
	TRY(project_repo_schedule(cx, project->id, 0, project));
	return schedule_delete(cx, was, 0);
}
