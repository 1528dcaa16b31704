/* portolan config list-models, portolan llm ...: what models there are, and asking one. */
#include "cli/api.h"
#include "cli/print.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX  ((size_t)1024 * 1024)
#define TOOLS_MAX ((size_t)512 * 1024)

/* --- The list --- */

static const char *number(struct arena *a, struct json_object *m, const char *name)
{
	int64_t n = json_int(m, name, 0);

	return n > 0 ? arena_printf(a, "%lld", (long long)n) : "–";
}

static void model_row(struct cli *cli, struct json_object *m, const char **cells)
{
	struct arena *a = cli->cx->arena;
	const char *trouble = json_text(m, "probe_error", NULL);

	cells[0] = arena_printf(a, "%s%s", json_text(m, "name", ""),
	                        json_flag(m, "preferred", false) ? " *" : "");
	cells[1] = json_text(m, "kind", "");
	cells[2] = strcmp(json_text(m, "owner", ""), "installation") == 0
	                   ? arena_printf(a, "%s (installation's)", json_text(m, "provider", ""))
	                   : json_text(m, "provider", "");
	cells[3] = json_text(m, "remote_name", "");
	cells[4] = number(a, m, "context_tokens");
	cells[5] = json_text(m, "tools", "–");
	cells[6] = json_text(m, "fallback", "–");
	cells[7] = !json_flag(m, "enabled", true) ? "off" : trouble != NULL ? trouble : "";
}

enum err cli_models_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "NAME (* PREFERRED)" },
		{ .title = "KIND" },
		{ .title = "PROVIDER" },
		{ .title = "MODEL", .wide = true },
		{ .title = "CONTEXT", .right = true },
		{ .title = "TOOLS" },
		{ .title = "FALLBACK" },
		{ .title = "TROUBLE", .wide = true },
	};
	static const char *const FILTERS[] = { "kind", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "models/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = model_row,
		.none = "No models.  Configure a provider and a model: PUT /api/v1/ai/providers/NAME, "
			"PUT /api/v1/ai/models/NAME",
	};

	return cli_list(cli, "ai/models", FILTERS, &TABLE);
}

/* --- Calls --- */

static void close_file(int *fd)
{
	if (*fd > STDIN_FILENO)
		close(*fd);
}

static enum err read_tools(struct cli *cli, const char *path, const char **ret)
{
	CLEANUP(close_file)
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(cli->cx->arena, TOOLS_MAX + 1);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return cli_usage(cli, "%s cannot be read: %s", path, strerror(errno));
	while ((got = read(fd, text + n, TOOLS_MAX + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0 || n > TOOLS_MAX)
		return cli_usage(cli, "%s cannot be read, or is longer than %zu bytes", path,
		                 TOOLS_MAX);
	if (text[strspn(text, " \t\r\n")] != '[' ||
	    json_check(cli->cx, (struct span){ text, n }, &json_limits_body) != ERR_OK)
		return cli_usage(cli, "%s is no JSON array of {name, description, parameters}",
		                 path);
	*ret = text;
	return ERR_OK;
}

static enum err add_number(struct cli *cli, struct sb *sb, const char *option, const char *name)
{
	int64_t n;

	if (cli_option(cli, option) == NULL)
		return ERR_OK;
	TRY(cli_id(cli, cli_option(cli, option), &n));
	sb_addf(sb, ",\"%s\":%lld", name, (long long)n);
	return ERR_OK;
}

static enum err build(struct cli *cli, const char *tools, struct sb *sb)
{
	sb_add(sb, "{\"model\":");
	sb_json(sb, cli->args[0]);
	sb_add(sb, ",\"messages\":[");
	if (cli_option(cli, "system") != NULL) {
		sb_add(sb, "{\"role\":\"system\",\"content\":");
		sb_json(sb, cli_option(cli, "system"));
		sb_add(sb, "},");
	}
	sb_add(sb, "{\"role\":\"user\",\"content\":");
	sb_json(sb, cli->args[1]);
	sb_add(sb, "}]");
	if (tools != NULL)
		sb_addf(sb, ",\"tools\":%s", tools);
	if (tools != NULL && cli_option(cli, "choice") != NULL) {
		sb_add(sb, ",\"tool_choice\":");
		sb_json(sb, cli_option(cli, "choice"));
	}
	if (tools == NULL && cli_option(cli, "cache") != NULL)
		sb_add(sb, ",\"cache\":true");
	TRY(add_number(cli, sb, "max-tokens", "max_tokens"));
	TRY(add_number(cli, sb, "project", "project_id"));
	sb_addc(sb, '}');
	return ERR_OK;
}

static void print_answer(struct cli *cli, struct json_object *result)
{
	struct json_object *calls = json_at(result, "tool_calls");
	const char *text = json_text(result, "text", ""), *finish = json_text(result, "finish", "");

	if (text[0] != '\0')
		fprintf(cli->term.out, "%s\n", text);
	for (size_t i = 0; calls != NULL && i < json_object_array_length(calls); i++) {
		struct json_object *call = json_object_array_get_idx(calls, i);

		fprintf(cli->term.out, "%s %s\n", json_text(call, "name", ""),
		        json_object_to_json_string_ext(json_at(call, "arguments"),
		                                       JSON_C_TO_STRING_PLAIN));
	}
	fprintf(cli->term.talk, "%s: %lld tokens in, %lld out, cost %lld millionths%s%s%s\n",
	        json_text(result, "model", ""),
	        (long long)json_int(result, "usage.input_tokens", 0),
	        (long long)json_int(result, "usage.output_tokens", 0),
	        (long long)json_int(result, "usage.cost_micro", 0),
	        json_flag(result, "usage.estimated", false) ? " (estimated)" : "",
	        json_flag(result, "cached", false) ? " (from the cache)" : "",
	        strcmp(finish, "length") == 0           ? "; cut off at its length"
	        : strcmp(finish, "content_filter") == 0 ? "; cut off by the provider's filter"
	                                                : "");
}

static enum err call(struct cli *cli, const char *tools)
{
	CLEANUP(api_done) struct api_answer started = { 0 };
	CLEANUP(api_done) struct api_answer job = { 0 };
	struct api_call order = { .method = "POST", .path = "/api/v1/ai/calls" };
	struct sb sb = sb_new(cli->cx->arena, BODY_MAX);
	struct json_object *result;
	int64_t id;

	TRY(build(cli, tools, &sb));
	TRY(sb_finish(cli->cx, &sb, &order.body));
	TRY(api_call(cli, &order, &started));
	id = json_int(started.doc, "job_id", 0);
	TRY(cli_watch_job(cli, id));
	TRY(api_get(cli, &job, "/api/v1/jobs/%lld", (long long)id));
	result = json_at(job.doc, "result");
	if (cli->json) {
		const char *text = json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN);

		cli_print_json(cli, "llm-answer/1", (struct span){ text, strlen(text) });
	} else {
		print_answer(cli, result);
	}
	return ERR_OK;
}

enum err cli_llm_call(struct cli *cli)
{
	return call(cli, NULL);
}

enum err cli_llm_call_tools(struct cli *cli)
{
	const char *tools = NULL;

	if (cli_option(cli, "tools") == NULL)
		return cli_usage(cli, "--tools is missing: a file with the tools");
	TRY(read_tools(cli, cli_option(cli, "tools"), &tools));
	return call(cli, tools);
}
