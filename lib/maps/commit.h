/*
 * Commit: the map of any commit of a project, on request.
 *
 * A branch's name and a tag's mean what the repository has under them when the
 * job runs, since it fetches first; so whether there is such a commit is the
 * job's to find out, and the worker that is asked needs no clone.  Of a commit
 * that has a map already nothing is enqueued.
 *
 * Such a map is marked as requested: the project's newest map stays what its
 * branch has come to.
 */
#ifndef MAPS_COMMIT_H
#define MAPS_COMMIT_H

#include "jobs/job.h"

#define COMMIT_NAME_MAX 255

/* What a client sends. */
struct commit_wanted {
	const char *commit; /* at least 7 digits of a commit, or the name of a branch or tag */
};

/* What becomes of it; one of the two ids is 0. */
struct commit_asked {
	int64_t project_id;
	const char *commit; /* as it was asked for */
	int64_t map_id;     /* there already */
	int64_t job_id;     /* that makes it */
};

/* Of the job. */
struct commit_map_args {
	int64_t project_id;
	const char *commit;
};

extern const struct schema commit_wanted_schema, commit_asked_schema, commit_map_args_schema;
extern const struct event_kind commit_requested;
extern const struct job_kind commit_map_job; /* "commit_map" */

/**
 * Ask for the map of a commit.  A job that waits or runs for the same words already serves this
 * request too.  One transaction; bell_ring() follows.
 *
 * Returns ERR_NOT_FOUND; ERR_LIMIT when the tenant has as many unfinished jobs as it may
 */
NODISCARD
enum err commit_ask(struct ctx *cx, int64_t project_id, const struct commit_wanted *in,
                    struct commit_asked *ret);

#endif
