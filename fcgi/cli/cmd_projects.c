/* portolan projects ...: look at projects, sync, schedule and delete them. */
#include "cli/api.h"
#include "cli/print.h"
#include "cli/summary.h"

#include <string.h>

static void project_row(struct cli *cli, struct json_object *p, const char **cells)
{
	struct arena *a = cli->cx->arena;

	cells[0] = arena_printf(a, "%lld", (long long)json_int(p, "id", 0));
	cells[1] = json_text(p, "name", "");
	cells[2] = json_text(p, "status", "");
	cells[3] = arena_strndup(a, json_text(p, "head_commit", "–"), 10);
	cells[4] = cli_age(cli, json_text(p, "updated_at", NULL));
	cells[5] = json_text(p, "repository_url", "");
}

enum err cli_projects_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "NAME", .wide = true },
		{ .title = "STATUS" },
		{ .title = "COMMIT" },
		{ .title = "UPDATED" },
		{ .title = "REPOSITORY", .wide = true },
	};
	static const char *const FILTERS[] = { "q", "status", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "projects/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = project_row,
		.none = "No projects.  Make one: portolan map URL",
	};

	return cli_list(cli, "projects", FILTERS, &TABLE);
}

enum err cli_projects_show(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer project = { 0 };
	CLEANUP(api_done) struct api_answer map = { 0 };
	struct term *t = &cli->term;
	int64_t id;
	enum err e;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &project, "/api/v1/projects/%lld", (long long)id));
	if (cli->json) {
		cli_print_json(cli, "project/1", project.body);
		return ERR_OK;
	}
	cli_line(cli, "Project", json_text(project.doc, "name", ""));
	cli_line(cli, "Repository", json_text(project.doc, "repository_url", ""));
	cli_line(cli, "Status", json_text(project.doc, "status", ""));
	if (json_text(project.doc, "error", NULL) != NULL)
		cli_line(cli, "Last error", json_text(project.doc, "error", ""));
	e = api_get(cli, &map, "/api/v1/projects/%lld/map", (long long)id);
	if (e == ERR_NOT_FOUND) {
		fputs("There is no map yet.\n", t->out);
		err_clear(cli->cx);
		return ERR_OK;
	}
	TRY(e);
	summary_print(cli, map.doc);
	return ERR_OK;
}

enum err cli_projects_sync(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld/sync", (long long)id);
	TRY(api_call(cli, &call, &answer));
	if (cli->json) {
		cli_print_json(cli, "sync/1", answer.body);
		return ERR_OK;
	}
	fprintf(cli->term.out, "Job %lld maps the newest commit: portolan jobs show %lld\n",
	        (long long)json_int(answer.doc, "job_id", 0),
	        (long long)json_int(answer.doc, "job_id", 0));
	return ERR_OK;
}

/* The version is that of a moment ago: who changes the project meanwhile is not overruled. */
enum err cli_projects_schedule(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer project = { 0 };
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "PATCH" };
	struct sb body = sb_new(cli->cx->arena, 4096);
	bool none = strcmp(cli->args[1], "none") == 0;
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &project, "/api/v1/projects/%lld", (long long)id));
	sb_add(&body, "{\"sync_schedule\":");
	if (none)
		sb_add(&body, "null");
	else
		sb_json(&body, cli->args[1]);
	if (cli_option(cli, "time-zone") != NULL) {
		sb_add(&body, ",\"sync_time_zone\":");
		sb_json(&body, cli_option(cli, "time-zone"));
	}
	sb_addc(&body, '}');
	TRY(sb_finish(cli->cx, &body, &call.body));
	call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld", (long long)id);
	call.if_match = project.etag;
	TRY(api_call(cli, &call, &answer));
	if (cli->json)
		cli_print_json(cli, "project/1", answer.body);
	else if (none)
		fprintf(cli->term.out, "Project %lld is synced when somebody asks.\n",
		        (long long)id);
	else
		fprintf(cli->term.out, "Project %lld is synced by schedule %lld.\n", (long long)id,
		        (long long)json_int(answer.doc, "sync_schedule_id", 0));
	return ERR_OK;
}

enum err cli_projects_delete(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer project = { 0 };
	CLEANUP(api_done) struct api_answer gone = { 0 };
	struct api_call call = { .method = "DELETE" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &project, "/api/v1/projects/%lld", (long long)id));
	if (!cli_confirm(cli, "Delete project ", json_text(project.doc, "name", ""),
	                 ", its maps and its clone?"))
		return cli_usage(cli, "nothing was deleted; --yes deletes without asking");
	call.path = arena_printf(cli->cx->arena, "/api/v1/projects/%lld", (long long)id);
	call.if_match = project.etag;
	TRY(api_call(cli, &call, &gone));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"deleted/1\",\"id\":%lld}\n", (long long)id);
	else
		fprintf(cli->term.out, "Project %lld is deleted.\n", (long long)id);
	return ERR_OK;
}
