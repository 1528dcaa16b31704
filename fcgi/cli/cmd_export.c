/* portolan map export, portolan diff: what the service writes of maps, to standard output or a file. */
#include "cli/api.h"
#include "cli/print.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Formats of an export, and the end of the path that answers them. */
static const char *const FORMATS[] = {
	"svg", "dot", "mmd", "graphml", "json", "md", "cdx", "layout"
};
static const char *const PATHS[] = { "svg",  "dot", "mmd",      "graphml",
	                             "json", "md",  "cdx.json", "layout.json" };

static enum err write_file(struct cli *cli, const char *file, struct span text)
{
	FILE *out = fopen(file, "w");
	bool whole = out != NULL && fwrite(text.data, 1, text.len, out) == text.len;
	int why = errno;

	if (out != NULL && fclose(out) != 0) {
		whole = false;
		why = errno;
	}
	if (!whole)
		return err_set(cli->cx, ERR_INVALID, "%s cannot be written: %s", file,
		               strerror(why));
	return ERR_OK;
}

enum err cli_fetch(struct cli *cli, const char *path, const char *file)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	const struct api_call call = { .method = "GET", .path = path, .raw = true };

	TRY(api_call(cli, &call, &answer));
	if (file != NULL)
		return write_file(cli, file, answer.body);
	fwrite(answer.body.data, 1, answer.body.len, cli->term.out);
	if (answer.body.len > 0 && answer.body.data[answer.body.len - 1] != '\n')
		fputc('\n', cli->term.out);
	return ERR_OK;
}

enum err cli_map_export(struct cli *cli)
{
	static const char *const QUERY[] = { "commit", "view", "q", "tokens" };
	const char *format = cli_option(cli, "format"), *path = NULL, *text;
	struct sb sb = sb_new(cli->cx->arena, 8192);
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	if (format == NULL)
		format = cli->json ? "json" : "md";
	for (size_t i = 0; i < COUNT(FORMATS); i++)
		if (strcmp(format, FORMATS[i]) == 0)
			path = PATHS[i];
	if (path == NULL)
		return cli_usage(
			cli, "--format is one of svg, dot, mmd, graphml, json, md, cdx, layout");
	sb_addf(&sb, "/api/v1/projects/%lld/map.%s", (long long)id, path);
	for (size_t i = 0; i < COUNT(QUERY); i++)
		api_query(cli, &sb, QUERY[i], cli_option(cli, QUERY[i]));
	TRY(sb_finish(cli->cx, &sb, &text));
	return cli_fetch(cli, text, cli_option(cli, "output"));
}

/* The project that is named, else that of the folder one stands in. */
static enum err chosen_project(struct cli *cli, int64_t *ret)
{
	char real[PATH_MAX];

	if (cli_option(cli, "project") != NULL)
		return cli_id(cli, cli_option(cli, "project"), ret);
	*ret = 0;
	if (realpath(".", real) != NULL)
		TRY(cli_project_of(cli, real, ret));
	if (*ret == 0)
		return cli_usage(
			cli, "say which project: --project ID; this folder is none's repository");
	return ERR_OK;
}

enum err cli_diff(struct cli *cli)
{
	struct sb sb = sb_new(cli->cx->arena, 8192);
	const char *format = cli_option(cli, "format"), *text;
	int64_t id;

	TRY(chosen_project(cli, &id));
	sb_addf(&sb, "/api/v1/projects/%lld/diff", (long long)id);
	api_query(cli, &sb, "from", cli->args[0]);
	api_query(cli, &sb, "to", cli->nargs > 1 ? cli->args[1] : NULL);
	api_query(cli, &sb, "format", format != NULL ? format : cli->json ? "json" : "md");
	TRY(sb_finish(cli->cx, &sb, &text));
	return cli_fetch(cli, text, cli_option(cli, "output"));
}
