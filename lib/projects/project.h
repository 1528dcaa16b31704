/*
 * Projects: a tenant's named pointer to one git repository.
 *
 * This is all of lib/projects that others may see.  Every function promises:
 *
 *   Ownership  *ret and what it points to live in cx->arena; nobody frees.
 *   Tenancy    The id of another tenant's project is an unknown id.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *              On error *ret is untouched and cx->fault tells why.
 *   Time       At most one short transaction.  No network.
 */
#ifndef PROJECTS_PROJECT_H
#define PROJECTS_PROJECT_H

#include "jobs/schedule.h"

#define PROJECT_WEIGHT_SAME (-1)
#define PROJECT_NAME_MAX    100 /* characters */
#define PROJECT_URL_MAX     500 /* characters */
#define PROJECT_LIST_MAX    201 /* a page of 200, and one that tells whether more follow */

/* What a client sends to create a project. */
struct project_new {
	const char *name;           /* unique within the tenant; NULL: from the URL's last part */
	const char *repository_url; /* https, http where allowed, or an absolute local path */
	const char *default_branch; /* NULL: what the repository's HEAD names */
	int64_t secret_id;          /* what opens it, see auth/vault.h; 0: nothing is needed */
};

/* What a client sends to change one. */
struct project_patch {
	uint64_t given;
	const char *name;
	const char *default_branch; /* null: back to the repository's own */
	int64_t secret_id;          /* null: none any more */
	const char *sync_schedule;  /* pattern of jobs/cron.h by which it is synced; null: none */
	const char *sync_time_zone; /* of the pattern; given together with it */
};

struct project {
	int64_t id; /* 1 and up; never used again */
	const char *name, *repository_url, *default_branch;
	const char *status;     /* pending, cloning, analysing, ready, failed */
	const char *error_type; /* slug of a problem, NULL when the last attempt was good */
	const char *error;
	const char *head_commit;  /* of the newest map; NULL before the first */
	int64_t storage_bytes;    /* of its clone and its maps */
	int64_t secret_id;        /* what opens it; 0: nothing is needed */
	int64_t sync_schedule_id; /* jobs/schedule.h; 0: it is synced when somebody asks */
	int64_t version;          /* rises with every change a client can see in ETag */
	int64_t created_us, updated_us;
};

/* A project just made, with the job that maps it first. */
struct project_made {
	struct project project;
	int64_t job_id;
};

/* A project that might be made: what is asked, and what would come of it. */
struct project_wanted {
	const char *repository_url;
	int64_t secret_id; /* 0: none */
};
struct project_outlook {
	const char *repository_url; /* its normal form, as it would be stored */
	const char *name;           /* that it would get */
	int64_t project_id;         /* one that has the address already; 0: none */
	bool name_taken;
};

struct project_filter {
	const char *q;      /* part of name or URL; NULL: all */
	const char *status; /* NULL: any */
	int64_t secret_id;  /* that opens it; 0: any */
	int64_t before_id;  /* newest first, ids below this; 0: from the newest */
	int64_t limit;      /* 1 to PROJECT_LIST_MAX, and one more to see whether a page follows */
};

extern const struct schema project_new_schema, project_patch_schema, project_schema;
extern const struct schema project_wanted_schema, project_outlook_schema;
extern const struct schema project_made_schema; /* what project_schema has, and job_id */
extern const struct event_kind project_created, project_changed, project_deleted,
	project_sync_requested;

/*
 * Those that change something write in one transaction.  Follow project_create(), project_delete()
 * and project_sync() with bell_ring(), after the commit and best after the reply.
 */

/**
 * Create a project, announce it and start its first job, in one transaction.
 *
 * Returns ERR_CONFLICT when the tenant has a project of that name, ERR_LIMIT when it has as many
 *         projects or unfinished jobs as it may, ERR_URL_REFUSED for an address that is not well-formed, or a path
 *         outside of local_roots; what may be connected to is the job's to find out.  An address of
 *         ssh needs a secret: ERR_INVALID; for a secret, what vault_match() returns.
 */
NODISCARD
enum err project_create(struct ctx *cx, const struct project_new *in, struct project *ret,
                        int64_t *ret_job);

/**
 * What project_create() would say, as far as it can be told without the network; nothing is made.
 * Returns ERR_URL_REFUSED, also where the settings of this moment would fail the job; ERR_INVALID and what
 *         vault_match() returns, for the secret
 */
NODISCARD
enum err project_check(struct ctx *cx, const struct project_wanted *in,
                       struct project_outlook *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err project_get(struct ctx *cx, int64_t id, struct project *ret);

/** The same in two steps (base/db.h): others may ask between them. */
NODISCARD
enum err project_ask(struct ctx *cx, int64_t id, struct db_question **ret);
NODISCARD
enum err project_answer(struct ctx *cx, int64_t id, struct db_question *q, struct project *ret);

/** @ret the id of the project of that name.  Returns ERR_NOT_FOUND */
NODISCARD
enum err project_find(struct ctx *cx, const char *name, int64_t *ret);

/** @ret items are struct project, newest first */
NODISCARD
enum err project_list(struct ctx *cx, const struct project_filter *filter, struct list *ret);

/** The same in two steps.  @ret NULL when the filter names more than the page: such a list takes its time */
NODISCARD
enum err project_list_ask(struct ctx *cx, const struct project_filter *filter,
                          struct db_question **ret);
/** @q NULL: asks now */
NODISCARD
enum err project_list_answer(struct ctx *cx, const struct project_filter *filter,
                             struct db_question *q, struct list *ret);

/**
 * A sync_schedule makes, changes or deletes the schedule of the project's own; it is one among the
 * tenant's schedules, and whoever deletes it there has deleted it here.
 *
 * @version the version the client saw; 0: any (for our own use)
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_CONFLICT; for a secret, as project_create(); for a
 *         schedule, as schedule_create(), and ERR_INVALID for a time zone without a pattern
 */
NODISCARD
enum err project_change(struct ctx *cx, int64_t id, int64_t version, const struct project_patch *in,
                        struct project *ret);

/**
 * Delete a project, its maps and its unfinished jobs; a job removes the clone.
 * Returns ERR_NOT_FOUND, ERR_STALE
 */
NODISCARD
enum err project_delete(struct ctx *cx, int64_t id, int64_t version);

/**
 * Ask for a map of the newest commit.  A job that waits already serves this request too.
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err project_sync(struct ctx *cx, int64_t id, int64_t *ret_job);

/**
 * Follow the project's job: status, and error_type/error on failure (NULL clears them).
 * For jobs, inside the transaction that fences their claim.
 * @head_commit NULL leaves it
 */
NODISCARD
enum err project_follow(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                        const char *error, const char *head_commit);

/* What the tenant stores, against what it may; for jobs. */
struct project_room {
	int64_t used_bytes, max_bytes;
	int64_t own_bytes; /* of used_bytes: the clone of the project */
};
NODISCARD
enum err project_room(struct ctx *cx, int64_t id, struct project_room *ret);

/**
 * Note what a project takes, inside the transaction that fences the job's claim.
 * @clone_bytes, @map_bytes  PROJECT_WEIGHT_SAME: as noted before
 * Returns ERR_NOT_FOUND; ERR_LIMIT when the tenant then stores more than it may, of two at once for the
 *         second: the transaction is to be given up, and what was fetched to be removed
 */
NODISCARD
enum err project_weigh(struct ctx *cx, int64_t id, int64_t clone_bytes, int64_t map_bytes);

/** Describe that the tenant's storage is full.  @ret ERR_LIMIT */
enum err project_no_room(struct ctx *cx, const struct project_room *room);

/* The job of clone or fetch, analysis and map; project_create() and project_sync() enqueue it. */
struct project_map_args {
	int64_t project_id;
};

/* The job that removes the clone of a project that is gone. */
struct project_removal_args {
	int64_t project_id;
};

extern const struct schema project_map_args_schema, project_removal_args_schema;
extern const struct job_kind project_map_job;     /* "repository_processing" */
extern const struct job_kind project_removal_job; /* "repository_removal" */

extern const struct db_check project_statements[];

#endif
