/*
 * repository_processing  clone or fetch, analyse, publish the map
 * commit_map             the same of one commit that somebody asked for
 * repository_removal     delete the clone of a project that is gone
 *
 * All may run twice.  A fetch brings the clone up to date whatever it was left in, the same commit gives
 * the same map, and the map, the project's new state and the end of the job are one transaction under the
 * job's claim.  What is removed already is not there to be removed again.
 *
 * The work is done by two helper programs (maps/child.h); this process touches neither remotes nor the
 * bytes of repositories.  Jobs of one project never run at the same time: they share an order key.
 */
#include "maps/map_jobs.h"

#include "auth/vault.h"
#include "base/secret.h"
#include "base/tool.h"
#include "config/config.h"
#include "maps/cache.h"
#include "maps/chart.h"
#include "maps/child.h"
#include "maps/commit.h"
#include "maps/history_kept.h"
#include "maps/index.h"
#include "maps/map.h"
#include "maps/map_clone.h"
#include "maps/pictures.h"
#include "projects/project.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FETCH_FROM       0 /* percent of the job's progress */
#define FETCH_TO         50
#define ANALYSE_TO       95
#define CHILD_OPEN_FILES 256
#define CHILD_GRACE_MS   3000
#define REPLY_MAX_BYTES  ((size_t)64 * 1024) /* of portolan-fetch */

/* --- Children --- */

/* One child as it runs. */
struct step {
	struct ctx *cx;
	struct job_run *run;
	int from, to; /* share of the job's progress */
	const char *doing;
};

static void take_line(void *arg, const char *line)
{
	struct step *step = arg;
	char *words;
	long percent = strtol(line, &words, 10);

	if (words == line || percent < 0 || percent > 100)
		return;
	while (*words == ' ')
		words++;
	run_progress(step->cx, step->run,
	             step->from + (int)(percent * (step->to - step->from) / 100),
	             *words != '\0' ? words : step->doing);
}

static bool stopped(void *arg)
{
	const struct step *step = arg;

	return run_stopped(step->run);
}

/* @ret owned by the caller, put away by tool_end(), also after an error */
static enum err child(struct step *step, const char *name, const struct schema *s,
                      const void *request, const struct tool_request *limits,
                      struct tool_result *ret)
{
	/*
	 * Messages of libraries in one language, names of files as bytes; and memory in huge pages, where the
	 * system has some: most of what is taken is used once, and a page costs as much as what is done in it.
	 */
	static const char *const ENV[] = { "LANG=C.UTF-8", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
		                           NULL };
	struct ctx *cx = step->cx;
	struct sb sb = sb_new(cx->arena, CHILD_REQUEST_MAX_BYTES);
	struct tool_request rq = *limits;
	const char *path, *input;
	enum err e;

	schema_encode(&sb, s, request);
	TRY(sb_finish(cx, &sb, &input));
	path = child_program(cx->arena, cx->app->config->libexec_dir, name);
	if (path == NULL)
		return err_set(cx, ERR_INTERNAL, "cannot tell where the programs are");
	rq.argv = (const char *const[]){ path, NULL };
	rq.env = ENV;
	rq.input = (struct span){ input, strlen(input) };
	rq.grace_ms = CHILD_GRACE_MS;
	rq.limits.open_files = CHILD_OPEN_FILES;
	rq.line = take_line;
	rq.cancelled = stopped;
	rq.arg = step;
	run_step(cx, step->run, step->from, step->doing);
	e = tool_run(cx, &rq, ret);
	secret_wipe(sb.data, sb.len); /* a credential may be in it */
	TRY(e);
	return ret->exit_code == 0 ? ERR_OK : child_failure(cx, name, ret);
}

/* --- Cloning --- */

static struct list list_of(const struct config_list *list)
{
	return (struct list){ .items = list->items, .n = list->n };
}

/* How much one fetch may bring: the setting, or what the tenant may still store. */
static enum err fetch_max(struct ctx *cx, const struct project_room *room, int64_t *ret)
{
	int64_t left = room->max_bytes - room->used_bytes;

	if (left <= 0)
		return project_no_room(cx, room);
	*ret = cx->app->config->clone_max_bytes;
	if (left + room->own_bytes < *ret)
		*ret = left + room->own_bytes;
	return ERR_OK;
}

/* The secret that opens the project's repository; @ret_credential NULL: it needs none. */
static enum err open_secret(struct ctx *cx, const struct project *project,
                            struct vault_opened *opened, struct fetch_credential *credential,
                            struct fetch_credential **ret)
{
	*ret = NULL;
	if (project->secret_id == 0)
		return ERR_OK;
	TRY(vault_open(cx, project->secret_id, opened));
	*credential = (struct fetch_credential){
		.origin = opened->about.origin,
		.username = opened->about.username != NULL ? opened->about.username : "git",
		.secret = opened->value,
		.passphrase = opened->passphrase,
		.host_keys = opened->about.host_key,
	};
	*ret = credential;
	return ERR_OK;
}

static enum err fetch(struct ctx *cx, struct job_run *run, const struct project *project,
                      const char *dir, const char *wanted, struct fetch_reply *ret)
{
	const struct config *config = cx->app->config;
	CLEANUP(vault_close) struct vault_opened opened = { 0 };
	struct fetch_credential credential, *shown;
	struct step step = { cx, run, FETCH_FROM, FETCH_TO, "cloning" };
	struct project_room room;
	struct fetch_request request = {
		.url = project->repository_url,
		.directory = dir,
		.ref = wanted == NULL ? project->default_branch : NULL,
		.wanted = wanted,
		.timeout_s = config->clone_timeout_s,
		.max_objects = config->clone_max_objects,
		.max_refs = config->clone_max_refs,
		.local_roots = list_of(&config->local_roots),
		.allow_http = config->allow_http,
		.allow_private = config->allow_private_addresses,
		.allowed_hosts = list_of(&config->allowed_hosts),
		.allowed_ports = list_of(&config->allowed_ports),
		.allowed_ssh_ports = list_of(&config->allowed_ssh_ports),
	};
	const struct tool_request limits = {
		.output_max_bytes = REPLY_MAX_BYTES,
		.timeout_ms = config->clone_timeout_s * 1000,
		.limits.file_size_bytes = config->clone_max_bytes,
	};
	CLEANUP(tool_end) struct tool_result result = { 0 };
	enum err e;

	TRY(open_secret(cx, project, &opened, &credential, &shown));
	request.credential = shown;
	TRY(project_room(cx, project->id, &room));
	TRY(fetch_max(cx, &room, &request.max_bytes));
	e = child(&step, "portolan-fetch", &fetch_request_schema, &request, &limits, &result);
	if (e == ERR_REPO_TOO_LARGE && request.max_bytes < config->clone_max_bytes &&
	    cx->fault.fix != NULL && strstr(cx->fault.fix, "clone_max_bytes") != NULL) {
		if (room.own_bytes == 0) /* what came of it is of no use, and counted nowhere */
			TRY(map_clone_remove(cx, project->id));
		return project_no_room(cx, &room);
	}

	/* What the child itself gave up, such as a silent server, it has told better. */
	if (e == ERR_TIMEOUT && result.exit_code != 1) {
		err_set(cx, e, "the repository was not fetched within %" PRId64 " seconds",
		        config->clone_timeout_s);
		err_fix(cx, "raise the setting clone_timeout_s if it is that large");
	}
	TRY(e);
	if (schema_decode(cx, &fetch_reply_schema, result.output, ret) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, "portolan-fetch gave an answer that is none");
	return ERR_OK;
}

static enum err note_weight(struct ctx *cx, struct job_run *run, int64_t project_id,
                            int64_t clone_bytes)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(project_weigh(cx, project_id, clone_bytes, PROJECT_WEIGHT_SAME));
	return db_commit(&tx);
}

/* A clone for which there is no room goes at once, so that what is stored never stays above the limit. */
static enum err weigh_clone(struct ctx *cx, struct job_run *run, int64_t project_id,
                            const char *dir)
{
	struct fault why;
	int64_t bytes = 0;
	enum err e;

	TRY(map_clone_weigh(cx, dir, &bytes));
	e = note_weight(cx, run, project_id, bytes);
	if (e != ERR_LIMIT)
		return e;
	why = cx->fault;
	TRY(map_clone_remove(cx, project_id));
	TRY(note_weight(cx, run, project_id, 0));
	cx->fault = why;
	return e;
}

/* --- Analysis --- */

/* A setting of 0 means none; a request's 0 means the default. */
static int64_t none_if_zero(int64_t setting)
{
	return setting > 0 ? setting : -1;
}

/* @base NULL: the map's tables are wanted whole */
static enum err analyse(struct ctx *cx, struct job_run *run, const char *dir, const char *commit,
                        struct patch_base *base, struct tool_result *ret)
{
	const struct config *config = cx->app->config;
	struct step step = { cx, run, FETCH_TO, ANALYSE_TO, "analysing" };
	const struct analyse_request request = {
		.directory = dir,
		.commit = commit,
		.cache = arena_printf(cx->arena, "%s/" CACHE_FILE, dir),
		.history = arena_printf(cx->arena, "%s/" HISTORY_FILE, dir),
		.max_cache_bytes = config->map_cache_max_bytes,
		.max_blob_bytes = config->blob_max_bytes,
		.max_files = config->map_max_files,
		.max_depth = config->tree_max_depth,
		.max_bytes = config->map_max_bytes,
		.history_commits = none_if_zero(config->map_history_commits),
		.history_days = config->map_history_days,
		.history_line_commits = none_if_zero(config->map_history_line_commits),
		.base = base,
	};
	const struct tool_request limits = {
		.output_max_bytes = BUNDLE_TIMES * (size_t)config->map_max_bytes,
		.timeout_ms = config->map_timeout_s * 1000,
		.limits = { .memory_bytes = WITH_ASAN ? 0 : config->analyser_memory_bytes,
		            .cpu_s = config->map_timeout_s },
	};
	enum err e =
		child(&step, "portolan-analyse", &analyse_request_schema, &request, &limits, ret);

	if (e == ERR_TIMEOUT && ret->exit_code != 1) {
		err_set(cx, e, "the analysis was not done within %" PRId64 " seconds",
		        config->map_timeout_s);
		err_fix(cx, "raise the setting map_timeout_s");
	} else if (e == ERR_LIMIT && ret->exit_code != 1) {
		err_set(cx, e, "the map and its tables pass %" PRId64 " bytes",
		        BUNDLE_TIMES * config->map_max_bytes);
		err_fix(cx, "raise the setting map_max_bytes");
	}
	return e;
}

/* The analyser has read hostile bytes: an answer of another form is its mistake, not the project's. */
static enum err read_bundle(struct ctx *cx, struct span output, struct bundle *ret)
{
	enum err e = bundle_read(cx, output, ret);
	const char *why = cx->fault.cause;

	if (e == ERR_OK && bundle_find(ret, BUNDLE_CONTENT) != NULL)
		return ERR_OK;
	err_set(cx, ERR_INTERNAL, "portolan-analyse gave an answer that is none");
	if (e != ERR_OK)
		err_cause(cx, "%s", why);
	return ERR_INTERNAL;
}

/* --- Publishing --- */

/* What a job of this kind answers. */
struct outcome {
	int64_t map_id;
	const char *commit, *ref;
	bool analysed; /* false: the commit had a map of this analyser already */
	int64_t blobs_read, blobs_cached;
};

static const struct field OUTCOME_FIELDS[] = {
	F_INT(struct outcome, map_id, .doc = "Number of the map"),
	F_TEXT(struct outcome, commit, .doc = "The commit it shows"),
	F_TEXT(struct outcome, ref, .doc = "The branch that led to it"),
	F_BOOL(struct outcome, analysed, .doc = "Whether it was made now"),
	F_INT(struct outcome, blobs_read, .doc = "Files that were read for it"),
	F_INT(struct outcome, blobs_cached, .doc = "Files that were known from earlier maps"),
};
static const struct schema OUTCOME = SCHEMA(struct outcome, "MapJobResult", OUTCOME_FIELDS);

/* An analyser that does not tell has read nothing that would be told. */
static enum err take_reads(struct ctx *cx, const struct bundle *bundle, struct outcome *out)
{
	const struct span *text = bundle_find(bundle, ANALYSE_READS);
	struct analyse_reads reads = { 0 };

	if (text != NULL && schema_decode(cx, &analyse_reads_schema, *text, &reads) != ERR_OK)
		return err_set(cx, ERR_INTERNAL, "portolan-analyse gave an answer that is none");
	out->blobs_read = reads.read;
	out->blobs_cached = reads.cached;
	return ERR_OK;
}

static enum err say_status(struct ctx *cx, struct job_run *run, int64_t project_id,
                           const char *status)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(project_follow(cx, project_id, status, NULL, NULL, NULL));
	return db_commit(&tx);
}

/*
 * @bundle    NULL: the map out->map_id is published already
 * @index_id  0: it has none; of a bundle that is a patch, the index that it is told against
 * @requested it is none of the branch's steps
 */
static enum err publish(struct ctx *cx, struct job_run *run, int64_t project_id, bool requested,
                        const struct bundle *bundle, int64_t index_id, struct outcome *out)
{
	const struct span *content = bundle == NULL ? NULL : bundle_find(bundle, BUNDLE_CONTENT);
	const struct map map = {
		.project_id = project_id,
		.commit = out->commit,
		.ref = out->ref,
		.analyser = CHILD_ANALYSER,
		.requested = requested,
		.content = content == NULL ? NULL : content->data,
		.content_bytes = content == NULL ? 0 : content->len,
	};
	struct sb sb = sb_new(cx->arena, REPLY_MAX_BYTES);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *result;
	int64_t bytes = 0;

	TRY(run_begin(cx, run, &tx));
	if (content != NULL) {
		TRY(map_publish(cx, &map, &out->map_id));
		TRY(pictures_put(cx, out->map_id, bundle));
		TRY(chart_put(cx, out->map_id, bundle));
		if (index_id != 0) {
			if (index_is_patch(bundle))
				TRY(index_patch(cx, index_id, bundle));
			TRY(index_publish(cx, index_id, out->map_id));
		}
		TRY(map_bytes(cx, project_id, &bytes));
		TRY(project_weigh(cx, project_id, PROJECT_WEIGHT_SAME, bytes));
	}
	if (!requested)
		TRY(project_follow(cx, project_id, "ready", NULL, NULL, out->commit));
	schema_encode(&sb, &OUTCOME, out);
	TRY(sb_finish(cx, &sb, &result));
	TRY(run_complete(cx, run, result));
	return db_commit(&tx);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* @ret the project's newest map when it and its index are what analysing would make, else 0 */
static enum err known_map(struct ctx *cx, int64_t project_id, const struct fetch_reply *head,
                          int64_t *ret)
{
	struct map newest;
	enum err e = map_newest(cx, project_id, &newest);
	bool indexed;

	*ret = 0;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(index_has(cx, newest.id, &indexed));
	if (indexed && same(newest.commit, head->commit) && same(newest.ref, head->ref) &&
	    same(newest.analyser, CHILD_ANALYSER))
		*ret = newest.id;
	return ERR_OK;
}

/* The same of any map of the commit. */
static enum err known_commit(struct ctx *cx, int64_t project_id, const char *commit, int64_t *ret)
{
	struct map made;
	enum err e = map_made(cx, project_id, commit, CHILD_ANALYSER, &made);

	*ret = e == ERR_OK ? made.id : 0;
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	return ERR_OK;
}

/* Analyse the commit of out and publish its map.  @spare NULL: it gets no index; id 0 when it is not used */
static enum err make_with(struct ctx *cx, struct job_run *run, int64_t project_id, const char *dir,
                          struct index_spare *spare, struct outcome *out)
{
	CLEANUP(tool_end) struct tool_result map = { 0 };
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	int64_t index_id = 0;

	TRY(analyse(cx, run, dir, out->commit,
	            spare != NULL && spare->id != 0 ? &spare->base : NULL, &map));
	TRY(read_bundle(cx, map.output, bundle));
	TRY(take_reads(cx, bundle, out));
	run_step(cx, run, ANALYSE_TO, "drawing and publishing");
	pictures_draw(cx, bundle);
	out->analysed = true;
	if (index_is_patch(bundle)) {
		if (spare == NULL || spare->id == 0)
			return err_set(cx, ERR_INTERNAL,
			               "portolan-analyse gave an answer that is none");
		index_id = spare->id;
	} else if (spare != NULL) {
		spare->id = 0;
		TRY(index_fill(cx, run, project_id, bundle, &index_id));
	}
	return publish(cx, run, project_id, spare == NULL, bundle, index_id, out);
}

/*
 * One on request is read whole: it has no index.  An index that does not become that of the commit,
 * whatever it is of, has cost a second analysis and nothing else.
 */
static enum err make_map(struct ctx *cx, struct job_run *run, int64_t project_id, const char *dir,
                         bool requested, struct outcome *out)
{
	const int64_t keep = cx->app->config->map_indexes;
	struct index_spare spare;
	enum err e;

	if (requested)
		return make_with(cx, run, project_id, dir, NULL, out);
	TRY(index_sweep(cx, project_id, keep));
	TRY(index_spare(cx, project_id, keep, CHILD_ANALYSER, &spare));
	e = make_with(cx, run, project_id, dir, &spare, out);
	if (spare.id != 0 && (e == ERR_STATE || e == ERR_DATABASE)) {
		err_clear(cx);
		spare.id = 0;
		e = make_with(cx, run, project_id, dir, &spare, out);
	}
	TRY(e);
	if (index_sweep(cx, project_id, keep) != ERR_OK)
		err_clear(cx); /* the map is published; the next job sweeps again */
	return ERR_OK;
}

static enum err run_processing(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct project_map_args *args = arguments;
	struct outcome out = { 0 };
	struct fetch_reply head;
	struct project project;
	const char *dir;

	TRY(project_get(cx, args->project_id, &project));
	TRY(say_status(cx, run, project.id, "cloning"));
	TRY(map_clone_dir(cx, project.id, &dir));
	TRY(fetch(cx, run, &project, dir, NULL, &head));
	TRY(weigh_clone(cx, run, project.id, dir));
	out = (struct outcome){ .commit = head.commit, .ref = head.ref };
	TRY(known_map(cx, project.id, &head, &out.map_id));
	if (out.map_id != 0)
		return publish(cx, run, project.id, false, NULL, 0, &out);
	TRY(say_status(cx, run, project.id, "analysing"));
	return make_map(cx, run, project.id, dir, false, &out);
}

/* The project's own state is that of its branch: nothing of this shows there, nor does its failure. */
static enum err run_commit(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct commit_map_args *args = arguments;
	struct outcome out = { 0 };
	struct fetch_reply found;
	struct project project;
	const char *dir;

	TRY(project_get(cx, args->project_id, &project));
	TRY(map_clone_dir(cx, project.id, &dir));
	TRY(fetch(cx, run, &project, dir, args->commit, &found));
	TRY(weigh_clone(cx, run, project.id, dir));
	out = (struct outcome){ .commit = found.commit, .ref = found.ref };
	TRY(known_commit(cx, project.id, found.commit, &out.map_id));
	if (out.map_id != 0)
		return publish(cx, run, project.id, true, NULL, 0, &out);
	return make_map(cx, run, project.id, dir, true, &out);
}

/* The project shows why, also while the job waits for its next start; its older maps stay. */
static enum err failed_processing(struct ctx *cx, const struct job_claim *job,
                                  const struct fault *why, bool again)
{
	enum err e = project_follow(cx, job->project_id, again ? "pending" : "failed",
	                            err_info(why->code)->slug, job_error_text(cx, why), NULL);

	if (e == ERR_NOT_FOUND) { /* deleted while the job ran */
		err_clear(cx);
		return ERR_OK;
	}
	return e;
}

/* --- Removal --- */

static enum err run_removal(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct project_removal_args *args = arguments;
	struct project project;
	enum err e;

	(void)run;
	e = project_get(cx, args->project_id, &project);
	if (e == ERR_OK)
		return err_set(cx, ERR_STATE, "project %" PRId64 " is not deleted",
		               args->project_id);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(index_sweep(cx, args->project_id, 0));
	return map_clone_remove(cx, args->project_id);
}

const struct job_handler map_jobs[] = {
	{ .kind = &project_map_job, .run = run_processing, .failed = failed_processing },
	{ .kind = &commit_map_job, .run = run_commit },
	{ .kind = &project_removal_job, .run = run_removal },
	{ .kind = NULL },
};
