/* portolan jobs ...: look at background jobs.  What is done with them: cmd_job_acts.c. */
#include "cli/api.h"
#include "cli/print.h"

#include <json-c/json.h>
#include <string.h>

#define LOG_LINES 10 /* of an attempt, in `jobs show` */

static void job_row(struct cli *cli, struct json_object *j, const char **cells)
{
	struct arena *a = cli->cx->arena;
	int64_t project = json_int(j, "project_id", 0);
	const char *error = json_text(j, "error_message", NULL);

	cells[0] = arena_printf(a, "%lld", (long long)json_int(j, "id", 0));
	cells[1] = json_text(j, "job_type", "");
	cells[2] = project > 0 ? arena_printf(a, "%lld", (long long)project) : "–";
	cells[3] = json_text(j, "status", "");
	cells[4] = arena_printf(a, "%lld %%", (long long)json_int(j, "progress", 0));
	cells[5] = arena_printf(a, "%lld/%lld", (long long)json_int(j, "attempt", 0),
	                        (long long)json_int(j, "max_attempts", 0));
	cells[6] = cli_age(cli, json_text(j, "created_at", NULL));
	cells[7] = error != NULL ? error : json_text(j, "message", "");
}

static const struct term_column COLUMNS[] = {
	{ .title = "ID", .right = true },
	{ .title = "TYPE" },
	{ .title = "PROJECT", .right = true },
	{ .title = "STATUS" },
	{ .title = "PROGRESS", .right = true },
	{ .title = "ATTEMPT", .right = true },
	{ .title = "CREATED" },
	{ .title = "MESSAGE", .wide = true },
};
static const char *const FILTERS[] = { "status", "type",  "queue", "project", "q",
	                               "since",  "until", "limit", "cursor",  NULL };

enum err cli_jobs_list(struct cli *cli)
{
	static const struct cli_table TABLE = {
		.schema = "jobs/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = job_row,
		.none = "No jobs.",
	};

	return cli_list(cli, "jobs", FILTERS, &TABLE);
}

enum err cli_jobs_dead(struct cli *cli)
{
	static const struct cli_table TABLE = {
		.schema = "jobs/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = job_row,
		.none = "No dead letters.",
	};

	return cli_list(cli, "jobs/dead", FILTERS, &TABLE);
}

static const char *waits_for(struct cli *cli, struct json_object *j)
{
	struct json_object *ids = json_at(j, "waits_for");
	size_t n = ids != NULL ? json_object_array_length(ids) : 0;
	struct sb sb = sb_new(cli->cx->arena, 4096);

	for (size_t i = 0; i < n; i++)
		sb_addf(&sb, "%s%lld", i > 0 ? ", " : "",
		        (long long)json_object_get_int64(json_object_array_get_idx(ids, i)));
	return n > 0 ? sb.data : NULL;
}

static bool is_over(const char *status)
{
	return strcmp(status, "failed") == 0 || strcmp(status, "dead") == 0 ||
	       strcmp(status, "cancelled") == 0;
}

/* The next steps for a job in this state. */
static void print_steps(struct cli *cli, const char *status, long long id)
{
	struct arena *a = cli->cx->arena;

	if (is_over(status)) {
		cli_line(cli, "Try again", arena_printf(a, "portolan jobs retry %lld", id));
		cli_line(cli, "Throw away", arena_printf(a, "portolan jobs discard %lld", id));
	} else if (strcmp(status, "completed") != 0) {
		cli_line(cli, "Stop it", arena_printf(a, "portolan jobs cancel %lld", id));
	}
}

void cli_print_job(struct cli *cli, struct json_object *j)
{
	struct arena *a = cli->cx->arena;
	const char *status = json_text(j, "status", ""), *waits = waits_for(cli, j);
	long long id = json_int(j, "id", 0);

	cli_line(cli, "Job", arena_printf(a, "%lld", id));
	cli_line(cli, "Type", json_text(j, "job_type", ""));
	cli_line(cli, "Queue",
	         arena_printf(a, "%s, priority %lld", json_text(j, "queue", ""),
	                      (long long)json_int(j, "priority", 0)));
	if (json_int(j, "project_id", 0) > 0)
		cli_line(cli, "Project",
		         arena_printf(a, "%lld", (long long)json_int(j, "project_id", 0)));
	cli_line(cli, "Status",
	         arena_printf(a, "%s, %lld %%%s", status, (long long)json_int(j, "progress", 0),
	                      json_flag(j, "cancel_requested", false) ? "; asked to stop" : ""));
	cli_line(cli, "Attempt",
	         arena_printf(a, "%lld of %lld", (long long)json_int(j, "attempt", 0),
	                      (long long)json_int(j, "max_attempts", 0)));
	if (waits != NULL)
		cli_line(cli, "Waits for", waits);
	cli_line(cli, "Created", cli_age(cli, json_text(j, "created_at", NULL)));
	cli_line(cli, "Started", cli_age(cli, json_text(j, "started_at", NULL)));
	cli_line(cli, "Finished", cli_age(cli, json_text(j, "finished_at", NULL)));
	if (json_text(j, "request_id", NULL) != NULL)
		cli_line(cli, "Request", json_text(j, "request_id", ""));
	if (json_at(j, "arguments") != NULL)
		cli_line(cli, "Arguments",
		         json_object_to_json_string_ext(json_at(j, "arguments"),
		                                        JSON_C_TO_STRING_PLAIN));
	if (json_text(j, "message", "")[0] != '\0')
		cli_line(cli, "Doing", json_text(j, "message", ""));
	if (json_text(j, "error_message", NULL) != NULL) {
		cli_line(cli, "Problem", json_text(j, "error_type", ""));
		cli_line(cli, "", json_text(j, "error_message", ""));
	}
	print_steps(cli, status, id);
}

static void print_attempt(struct cli *cli, struct json_object *at)
{
	struct json_object *log = json_at(at, "log");
	size_t n = log != NULL ? json_object_array_length(log) : 0;
	struct arena *a = cli->cx->arena;

	cli_line(cli, arena_printf(a, "Attempt %lld", (long long)json_int(at, "attempt", 0)),
	         arena_printf(a, "%s on %s, %s", json_text(at, "outcome", ""),
	                      json_text(at, "host", ""),
	                      cli_age(cli, json_text(at, "finished_at", NULL))));
	if (json_text(at, "error_message", NULL) != NULL)
		cli_line(cli, "",
		         arena_printf(a, "%s: %s", json_text(at, "error_type", ""),
		                      json_text(at, "error_message", "")));
	for (size_t i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++) {
		struct json_object *line = json_object_array_get_idx(log, i);

		cli_line(cli, "",
		         arena_printf(a, "%.19s %-7s %s  %s", json_text(line, "ts", ""),
		                      json_text(line, "level", ""), json_text(line, "msg", ""),
		                      json_text(line, "detail", json_text(line, "step", ""))));
	}
}

enum err cli_jobs_show(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer job = { 0 };
	CLEANUP(api_done) struct api_answer attempts = { 0 };
	struct json_object *items;
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &job, "/api/v1/jobs/%lld", (long long)id));
	if (cli->json) {
		cli_print_json(cli, "job/1", job.body);
		return ERR_OK;
	}
	cli_print_job(cli, job.doc);
	TRY(api_get(cli, &attempts, "/api/v1/jobs/%lld/attempts?limit=5", (long long)id));
	items = json_at(attempts.doc, "items");
	for (size_t i = 0; items != NULL && i < json_object_array_length(items); i++)
		print_attempt(cli, json_object_array_get_idx(items, i));
	return ERR_OK;
}

static void attempt_row(struct cli *cli, struct json_object *at, const char **cells)
{
	struct arena *a = cli->cx->arena;

	cells[0] = arena_printf(a, "%lld", (long long)json_int(at, "attempt", 0));
	cells[1] = json_text(at, "outcome", "");
	cells[2] = json_text(at, "host", "");
	cells[3] = cli_age(cli, json_text(at, "started_at", NULL));
	cells[4] = cli_age(cli, json_text(at, "finished_at", NULL));
	cells[5] = json_text(at, "error_message", "");
}

enum err cli_jobs_attempts(struct cli *cli)
{
	static const struct term_column ATTEMPT_COLUMNS[] = {
		{ .title = "ATTEMPT", .right = true },
		{ .title = "OUTCOME" },
		{ .title = "HOST" },
		{ .title = "STARTED" },
		{ .title = "ENDED" },
		{ .title = "ERROR", .wide = true },
	};
	static const char *const PAGE[] = { "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "job-attempts/1",
		.columns = ATTEMPT_COLUMNS,
		.ncolumns = COUNT(ATTEMPT_COLUMNS),
		.row = attempt_row,
		.none = "No attempt has ended.",
	};
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	return cli_list(cli, arena_printf(cli->cx->arena, "jobs/%lld/attempts", (long long)id),
	                PAGE, &TABLE);
}
