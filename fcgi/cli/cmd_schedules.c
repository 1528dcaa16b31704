/* portolan schedules ...: jobs that time brings about. */
#include "cli/api.h"
#include "cli/print.h"

#include <json-c/json.h>

#define BODY_MAX ((size_t)128 * 1024)

static void schedule_row(struct cli *cli, struct json_object *s, const char **cells)
{
	struct arena *a = cli->cx->arena;
	int64_t project = json_int(s, "project_id", 0);
	const char *next = json_text(s, "next_at", NULL);

	cells[0] = arena_printf(a, "%lld", (long long)json_int(s, "id", 0));
	cells[1] = json_text(s, "name", "");
	cells[2] = json_text(s, "cron", "");
	cells[3] = json_text(s, "time_zone", "");
	cells[4] = project > 0 ? arena_printf(a, "%lld", (long long)project) : "–";
	cells[5] = !json_flag(s, "enabled", false) ? "paused" : next != NULL ? next : "never";
	cells[6] = cli_age(cli, json_text(s, "last_at", NULL));
	cells[7] = json_text(s, "error_message", "");
}

enum err cli_schedules_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "NAME", .wide = true },
		{ .title = "CRON" },
		{ .title = "ZONE" },
		{ .title = "PROJECT", .right = true },
		{ .title = "NEXT" },
		{ .title = "LAST" },
		{ .title = "TROUBLE", .wide = true },
	};
	static const char *const FILTERS[] = { "q", "project", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "schedules/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = schedule_row,
		.none = "No schedules.  Make one: portolan schedules create NAME --cron '@daily' "
			"--project ID",
	};

	return cli_list(cli, "schedules", FILTERS, &TABLE);
}

static void print_schedule(struct cli *cli, struct json_object *s)
{
	struct arena *a = cli->cx->arena;

	cli_line(cli, "Schedule", arena_printf(a, "%lld", (long long)json_int(s, "id", 0)));
	cli_line(cli, "Name", json_text(s, "name", ""));
	cli_line(cli, "When",
	         arena_printf(a, "%s (%s)", json_text(s, "cron", ""),
	                      json_text(s, "time_zone", "")));
	cli_line(cli, "What", json_text(s, "job_type", ""));
	cli_line(cli, "Next",
	         json_flag(s, "enabled", false) ? json_text(s, "next_at", "never") : "paused");
	if (json_text(s, "error_message", NULL) != NULL)
		cli_line(cli, "Trouble", json_text(s, "error_message", ""));
}

static enum err answer_with(struct cli *cli, const struct api_answer *answer)
{
	if (cli->json)
		cli_print_json(cli, "schedule/1", answer->body);
	else
		print_schedule(cli, answer->doc);
	return ERR_OK;
}

static void text_member(struct cli *cli, struct sb *sb, const char *option, const char *name)
{
	if (cli_option(cli, option) == NULL)
		return;
	sb_addf(sb, ",\"%s\":", name);
	sb_json(sb, cli_option(cli, option));
}

enum err cli_schedules_create(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST", .path = "/api/v1/schedules" };
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);
	int64_t project;

	if (cli_option(cli, "cron") == NULL)
		return cli_usage(cli, "--cron is missing: when it is to be done");
	sb_add(&sb, "{\"name\":");
	sb_json(&sb, cli->args[0]);
	if (cli_option(cli, "type") == NULL)
		sb_add(&sb, ",\"job_type\":\"repository_processing\"");
	text_member(cli, &sb, "type", "job_type");
	text_member(cli, &sb, "cron", "cron");
	text_member(cli, &sb, "zone", "time_zone");
	text_member(cli, &sb, "catch-up", "catch_up");
	if (cli_option(cli, "project") != NULL) {
		TRY(cli_id(cli, cli_option(cli, "project"), &project));
		sb_addf(&sb, ",\"project_id\":%lld", (long long)project);
	}
	if (cli_option(cli, "arguments") != NULL)
		sb_addf(&sb, ",\"arguments\":%s", cli_option(cli, "arguments"));
	sb_addc(&sb, '}');
	TRY(sb_finish(cli->cx, &sb, &call.body));
	TRY(api_call(cli, &call, &answer));
	return answer_with(cli, &answer);
}

static enum err enable(struct cli *cli, bool enabled)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = {
		.method = "PATCH",
		.if_match = "*",
		.body = enabled ? "{\"enabled\":true}" : "{\"enabled\":false}",
	};
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/schedules/%lld", (long long)id);
	TRY(api_call(cli, &call, &answer));
	return answer_with(cli, &answer);
}

enum err cli_schedules_pause(struct cli *cli)
{
	return enable(cli, false);
}

enum err cli_schedules_resume(struct cli *cli)
{
	return enable(cli, true);
}

enum err cli_schedules_delete(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer schedule = { 0 };
	CLEANUP(api_done) struct api_answer gone = { 0 };
	struct api_call call = { .method = "DELETE" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &schedule, "/api/v1/schedules/%lld", (long long)id));
	if (!cli_confirm(cli, "Delete schedule ", json_text(schedule.doc, "name", ""), "?"))
		return cli_usage(cli, "nothing was deleted; --yes deletes without asking");
	call.path = arena_printf(cli->cx->arena, "/api/v1/schedules/%lld", (long long)id);
	call.if_match = schedule.etag;
	TRY(api_call(cli, &call, &gone));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"deleted/1\",\"id\":%lld}\n", (long long)id);
	else
		fprintf(cli->term.out, "Schedule %lld is deleted.\n", (long long)id);
	return ERR_OK;
}
