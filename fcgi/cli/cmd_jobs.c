/* portolan jobs ...: look at background jobs and put failed ones back. */
#include "cli/api.h"
#include "cli/print.h"

#include <string.h>

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

enum err cli_jobs_list(struct cli *cli)
{
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
	static const char *const FILTERS[] = { "status", "type",   "project", "q",
		                               "limit",  "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "jobs/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = job_row,
		.none = "No jobs.",
	};

	return cli_list(cli, "jobs", FILTERS, &TABLE);
}

static void print_job(struct cli *cli, struct json_object *j)
{
	struct arena *a = cli->cx->arena;
	const char *status = json_text(j, "status", "");

	cli_line(cli, "Job", arena_printf(a, "%lld", (long long)json_int(j, "id", 0)));
	cli_line(cli, "Type", json_text(j, "job_type", ""));
	if (json_int(j, "project_id", 0) > 0)
		cli_line(cli, "Project",
		         arena_printf(a, "%lld", (long long)json_int(j, "project_id", 0)));
	cli_line(cli, "Status",
	         arena_printf(a, "%s, %lld %%", status, (long long)json_int(j, "progress", 0)));
	cli_line(cli, "Attempt",
	         arena_printf(a, "%lld of %lld", (long long)json_int(j, "attempt", 0),
	                      (long long)json_int(j, "max_attempts", 0)));
	cli_line(cli, "Created", cli_age(cli, json_text(j, "created_at", NULL)));
	cli_line(cli, "Started", cli_age(cli, json_text(j, "started_at", NULL)));
	cli_line(cli, "Finished", cli_age(cli, json_text(j, "finished_at", NULL)));
	if (json_text(j, "request_id", NULL) != NULL)
		cli_line(cli, "Request", json_text(j, "request_id", ""));
	if (json_text(j, "message", "")[0] != '\0')
		cli_line(cli, "Doing", json_text(j, "message", ""));
	if (json_text(j, "error_message", NULL) != NULL) {
		cli_line(cli, "Problem", json_text(j, "error_type", ""));
		cli_line(cli, "", json_text(j, "error_message", ""));
	}
	if (strcmp(status, "failed") == 0 || strcmp(status, "dead") == 0)
		cli_line(cli, "Try again",
		         arena_printf(a, "portolan jobs retry %lld",
		                      (long long)json_int(j, "id", 0)));
}

static enum err one_job(struct cli *cli, const char *method, const char *suffix)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = method };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/jobs/%lld%s", (long long)id, suffix);
	TRY(api_call(cli, &call, &answer));
	if (cli->json)
		cli_print_json(cli, "job/1", answer.body);
	else
		print_job(cli, answer.doc);
	return ERR_OK;
}

enum err cli_jobs_show(struct cli *cli)
{
	return one_job(cli, "GET", "");
}

enum err cli_jobs_retry(struct cli *cli)
{
	return one_job(cli, "POST", "/retry");
}
