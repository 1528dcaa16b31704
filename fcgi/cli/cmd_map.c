/*
 * portolan map: from a URL or path to the printed summary of its system map.
 *
 * The repository becomes a project, unless it is one already; then its newest
 * commit is fetched, or with --commit that one is asked for.  The job is watched with a progress bar.  Ctrl-C stops the
 * watching only: the job goes on at the server.
 */
#include "cli/api.h"
#include "cli/print.h"
#include "cli/summary.h"

#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define POLL_FIRST_MS 20
#define POLL_MOST_MS  150
#define PATIENCE_S    20 /* a service that is away this long while it is watched is given up */
#define NAME_TRIES    20

/* The project and the job that maps it. */
struct work {
	int64_t project_id, job_id;
	int64_t map_id; /* 0: the project's newest */
};

/* A path that exists becomes absolute; all else is taken as a URL. */
static const char *repository_of(struct cli *cli)
{
	const char *text = cli->nargs > 0 ? cli->args[0] : ".";
	char real[PATH_MAX];
	struct stat st;

	if (stat(text, &st) == 0 && realpath(text, real) != NULL)
		return arena_strdup(cli->cx->arena, real);
	return text;
}

/* Is there a project of this repository? */
enum err cli_project_of(struct cli *cli, const char *url, int64_t *ret)
{
	const char *cursor = NULL, *quoted = api_quote(cli->cx->arena, url);

	*ret = 0;
	do {
		CLEANUP(api_done) struct api_answer page = { 0 };
		struct json_object *items;

		TRY(api_get(cli, &page, "/api/v1/projects?limit=200&q=%s%s%s", quoted,
		            cursor != NULL ? "&cursor=" : "", cursor != NULL ? cursor : ""));
		items = json_at(page.doc, "items");
		for (size_t i = 0; items != NULL && i < json_object_array_length(items); i++) {
			struct json_object *p = json_object_array_get_idx(items, i);

			if (strcmp(json_text(p, "repository_url", ""), url) == 0) {
				*ret = json_int(p, "id", 0);
				return ERR_OK;
			}
		}
		cursor = json_text(page.doc, "next_cursor", NULL);
		if (cursor != NULL)
			cursor = api_quote(cli->cx->arena, cursor);
	} while (cursor != NULL);
	return ERR_OK;
}

static enum err create(struct cli *cli, const char *url, const char *name, struct api_answer *ret)
{
	struct sb body = sb_new(cli->cx->arena, 8192);
	struct api_call call = { .method = "POST", .path = "/api/v1/projects" };

	sb_add(&body, "{\"repository_url\":");
	sb_json(&body, url);
	if (name != NULL) {
		sb_add(&body, ",\"name\":");
		sb_json(&body, name);
	}
	if (cli_option(cli, "branch") != NULL) {
		sb_add(&body, ",\"default_branch\":");
		sb_json(&body, cli_option(cli, "branch"));
	}
	sb_addc(&body, '}');
	TRY(sb_finish(cli->cx, &body, &call.body));
	return api_call(cli, &call, ret);
}

/* The last part of the URL, without ".git": what the service would take as the name. */
static const char *base_name(struct cli *cli, const char *url)
{
	size_t n = strlen(url), from;

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (n > 4 && strncmp(url + n - 4, ".git", 4) == 0)
		n -= 4;
	for (from = n; from > 0 && url[from - 1] != '/'; from--)
		;
	return arena_strndup(cli->cx->arena, url + from, n - from);
}

/* Create the project; another repository's project of the same name is stepped aside for. */
static enum err new_project(struct cli *cli, const char *url, struct work *work)
{
	const char *name = cli_option(cli, "name"), *base = base_name(cli, url);

	for (int i = 2;; i++) {
		CLEANUP(api_done) struct api_answer made = { 0 };
		enum err e = create(cli, url, name, &made);

		if (e == ERR_CONFLICT && cli_option(cli, "name") == NULL && i < NAME_TRIES) {
			err_clear(cli->cx);
			name = arena_printf(cli->cx->arena, "%s-%d", base, i);
			continue;
		}
		TRY(e);
		work->project_id = json_int(made.doc, "id", 0);
		work->job_id = json_int(made.doc, "job_id", 0);
		return ERR_OK;
	}
}

static enum err sync_project(struct cli *cli, struct work *work)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };

	call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld/sync",
	                         (long long)work->project_id);
	TRY(api_call(cli, &call, &answer));
	work->job_id = json_int(answer.doc, "job_id", 0);
	return ERR_OK;
}

/* Ask for the map of one commit; it may be there already. */
static enum err ask_commit(struct cli *cli, struct work *work)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };
	struct sb body = sb_new(cli->cx->arena, 4096);

	sb_add(&body, "{\"commit\":");
	sb_json(&body, cli_option(cli, "commit"));
	sb_addc(&body, '}');
	TRY(sb_finish(cli->cx, &body, &call.body));
	call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld/maps",
	                         (long long)work->project_id);
	TRY(api_call(cli, &call, &answer));
	work->job_id = json_int(answer.doc, "job_id", 0);
	work->map_id = json_int(answer.doc, "map_id", 0);
	return ERR_OK;
}

/* What a job that will not run again left behind. */
static enum err outcome(struct cli *cli, struct json_object *job)
{
	const char *status = json_text(job, "status", "");
	enum err code = err_by_slug(json_text(job, "error_type", ""));

	if (strcmp(status, "completed") == 0)
		return ERR_OK;
	err_set(cli->cx, code != ERR_OK ? code : ERR_INTERNAL, "%s",
	        json_text(job, "error_message", "the job did not complete"));
	err_fix(cli->cx, "mend the cause, then: portolan jobs retry %lld",
	        (long long)json_int(job, "id", 0));
	return cli->cx->fault.code;
}

static bool finished(struct json_object *job)
{
	static const char *const LAST[] = { "completed", "failed", "dead", "cancelled" };

	for (size_t i = 0; i < COUNT(LAST); i++) {
		if (strcmp(json_text(job, "status", ""), LAST[i]) == 0)
			return true;
	}
	return false;
}

static void draw(struct cli *cli, struct json_object *job, int64_t now_us)
{
	const char *message = json_text(job, "message", "");
	const char *error = json_text(job, "error_message", NULL);

	if (strcmp(json_text(job, "status", ""), "retrying") == 0 && error != NULL)
		message = arena_printf(cli->cx->arena, "will try again: %s", error);
	else if (message[0] == '\0')
		message = strcmp(json_text(job, "status", ""), "pending") == 0
		                  ? "waiting for a runner"
		                  : "starting";
	term_bar(&cli->term, (int)json_int(job, "progress", 0), message, now_us);
}

/* A service that restarts is waited for. */
enum err cli_watch_job(struct cli *cli, int64_t job_id)
{
	const struct clock *clock = cli->cx->app->clock;
	int64_t seen_us = clock->mono_us(clock);
	int pause_ms = POLL_FIRST_MS;

	while (!cli_interrupted()) {
		CLEANUP(api_done) struct api_answer answer = { 0 };
		enum err e = api_get(cli, &answer, "/api/v1/jobs/%lld", (long long)job_id);
		int64_t now_us = clock->mono_us(clock);

		if (e == ERR_OK) {
			seen_us = now_us;
			if (finished(answer.doc)) {
				term_bar_end(&cli->term);
				return outcome(cli, answer.doc);
			}
			draw(cli, answer.doc, now_us);
		} else if (cli_exit_of(e) < EXIT_UNAVAILABLE ||
		           now_us - seen_us > PATIENCE_S * INT64_C(1000000)) {
			return e;
		}
		poll(NULL, 0, pause_ms);
		pause_ms = pause_ms * 5 / 4 < POLL_MOST_MS ? pause_ms * 5 / 4 : POLL_MOST_MS;
	}
	term_bar_end(&cli->term);
	fprintf(cli->term.talk, "The job goes on: portolan jobs show %lld\n", (long long)job_id);
	return ERR_CANCELLED;
}

static enum err show_map(struct cli *cli, const struct work *work)
{
	CLEANUP(api_done) struct api_answer map = { 0 };
	struct api_call call = { .method = "GET", .raw = cli->json };

	if (work->map_id != 0)
		call.path =
			arena_printf(cli->cx->arena, "/api/v1/maps/%lld", (long long)work->map_id);
	else
		call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld/map",
		                         (long long)work->project_id);
	TRY(api_call(cli, &call, &map));
	if (cli->json) {
		cli_print_json(cli, "map/1", map.body);
		return ERR_OK;
	}
	summary_print(cli, map.doc);
	fputc('\n', cli->term.out);
	cli_line(cli, "Project", arena_printf(cli->cx->arena, "%lld", (long long)work->project_id));
	cli_line(cli, "Whole map",
	         arena_printf(cli->cx->arena, "%s%s", cli->config->url, call.path));
	return ERR_OK;
}

/* The number of the map, which the job's result has. */
static enum err find_map(struct cli *cli, struct work *work)
{
	CLEANUP(api_done) struct api_answer job = { 0 };

	TRY(api_get(cli, &job, "/api/v1/jobs/%lld", (long long)work->job_id));
	work->map_id = json_int(job.doc, "result.map_id", 0);
	return ERR_OK;
}

/* What --svg asks for. */
static enum err save_picture(struct cli *cli, const struct work *work)
{
	struct sb path = sb_new(cli->cx->arena, 4096);
	const char *text;

	if (cli_option(cli, "svg") == NULL)
		return ERR_OK;
	sb_addf(&path, "/api/v1/projects/%lld/map.svg", (long long)work->project_id);
	api_query(cli, &path, "view", cli_option(cli, "view"));
	TRY(sb_finish(cli->cx, &path, &text));
	return cli_fetch(cli, text, cli_option(cli, "svg"));
}

enum err cli_map(struct cli *cli)
{
	const char *url = repository_of(cli);
	bool commit = cli_option(cli, "commit") != NULL;
	struct work work = { 0 };

	TRY(cli_project_of(cli, url, &work.project_id));
	if (work.project_id == 0) {
		TRY(new_project(cli, url, &work));
		if (commit)
			TRY(cli_watch_job(cli, work.job_id));
	} else if (!commit) {
		TRY(sync_project(cli, &work));
	}
	if (commit)
		TRY(ask_commit(cli, &work));
	if (work.map_id == 0)
		TRY(cli_watch_job(cli, work.job_id));
	if (commit && work.map_id == 0)
		TRY(find_map(cli, &work));
	TRY(save_picture(cli, &work));
	return show_map(cli, &work);
}
