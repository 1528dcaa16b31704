/* portolan map files|symbols|references|source|neighbours|path|impact: questions about a project's map. */
#include "cli/api.h"
#include "cli/print.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

/* GET /api/v1/projects/ID/<what> with parameters of ours and the command's options, ended by NULL. */
static enum err ask(struct cli *cli, const char *what, const char *const *parameters,
                    const char *const *options, struct api_answer *ret)
{
	struct sb path = sb_new(cli->cx->arena, 32768);
	struct api_call call = { .method = "GET" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	sb_addf(&path, "/api/v1/projects/%" PRId64 "/%s", id, what);
	for (; *parameters != NULL; parameters += 2)
		api_query(cli, &path, parameters[0], parameters[1]);
	for (; *options != NULL; options++)
		api_query(cli, &path, *options, cli_option(cli, *options));
	TRY(sb_finish(cli->cx, &path, &call.path));
	return api_call(cli, &call, ret);
}

/* Ask, and print the items as a table or the whole answer as JSON. */
static enum err ask_table(struct cli *cli, const char *what, const char *const *parameters,
                          const char *const *options, const struct cli_table *table)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };

	TRY(ask(cli, what, parameters, options, &answer));
	cli_page(cli, &answer, table);
	return ERR_OK;
}

static const char *number(struct cli *cli, struct json_object *o, const char *name)
{
	return arena_printf(cli->cx->arena, "%lld", (long long)json_int(o, name, 0));
}

static void print_line(struct cli *cli, const char *text)
{
	term_text(&cli->term, cli->term.out, TERM_PLAIN, text);
	fputc('\n', cli->term.out);
}

/* "lib/base/db.c:148" */
static const char *place(struct cli *cli, const char *path, struct json_object *o)
{
	return arena_printf(cli->cx->arena, "%s:%lld", path, (long long)json_int(o, "line", 0));
}

/* --- Files and symbols --- */

static void file_row(struct cli *cli, struct json_object *o, const char **cells)
{
	bool folder = strcmp(json_text(o, "kind", ""), "folder") == 0;

	cells[0] =
		arena_printf(cli->cx->arena, "%s%s", json_text(o, "path", ""), folder ? "/" : "");
	cells[1] = folder ? arena_printf(cli->cx->arena, "%lld files",
	                                 (long long)json_int(o, "files", 0))
	                  : json_text(o, "language", "–");
	cells[2] = json_text(o, "role", "–");
	cells[3] = number(cli, o, "code");
	cells[4] = number(cli, o, "bytes");
	cells[5] = json_text(o, "match", "–");
}

enum err cli_map_files(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "PATH", .wide = true },
		{ .title = "LANGUAGE" },
		{ .title = "ROLE" },
		{ .title = "CODE", .right = true },
		{ .title = "BYTES", .right = true },
		{ .title = "MATCH" },
	};
	static const struct cli_table TABLE = {
		.schema = "map-files/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = file_row,
		.none = "No file is like that.",
	};
	static const char *const OPTIONS[] = { "q", "commit", "limit", "cursor", NULL };
	const char *const parameters[] = { "path", cli->nargs > 1 ? cli->args[1] : NULL, NULL };

	return ask_table(cli, "files", parameters, OPTIONS, &TABLE);
}

static void symbol_row(struct cli *cli, struct json_object *o, const char **cells)
{
	const char *parent = json_text(o, "parent", NULL);

	cells[0] = json_text(o, "name", "");
	cells[1] = json_text(o, "kind", "");
	cells[2] = place(cli, json_text(o, "path", ""), o);
	cells[3] = json_text(o, "signature", parent != NULL ? parent : "–");
}

enum err cli_map_symbols(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "NAME" },
		{ .title = "KIND" },
		{ .title = "PLACE" },
		{ .title = "SIGNATURE", .wide = true },
	};
	static const struct cli_table TABLE = {
		.schema = "map-symbols/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = symbol_row,
		.none = "No definition is like that.",
	};
	static const char *const OPTIONS[] = { "kind", "commit", "limit", NULL };
	const char *const parameters[] = { "q", cli->args[1], NULL };

	return ask_table(cli, "symbols", parameters, OPTIONS, &TABLE);
}

static void use_row(struct cli *cli, struct json_object *o, const char **cells)
{
	cells[0] = place(cli, json_text(o, "path", ""), o);
	cells[1] = json_text(o, "kind", "");
}

enum err cli_map_references(struct cli *cli)
{
	static const struct term_column COLUMNS[] = { { .title = "PLACE" }, { .title = "KIND" } };
	static const struct cli_table TABLE = {
		.schema = "map-references/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = use_row,
		.none = "It is not used by that name.",
	};
	static const char *const OPTIONS[] = { "commit", NULL };
	const char *const parameters[] = { "name", cli->args[1], NULL };

	return ask_table(cli, "references", parameters, OPTIONS, &TABLE);
}

/* --- Graph --- */

static void edge_row(struct cli *cli, struct json_object *o, const char **cells)
{
	cells[0] = place(cli, json_text(o, "from", ""), o);
	cells[1] = json_text(o, "to", "");
	cells[2] = json_text(o, "kind", "");
	cells[3] = arena_printf(cli->cx->arena, "%s %lld %%", json_text(o, "rule", ""),
	                        (long long)json_int(o, "confidence", 0));
}

static const struct term_column EDGE_COLUMNS[] = {
	{ .title = "FROM" },
	{ .title = "TO" },
	{ .title = "KIND" },
	{ .title = "KNOWN BY" },
};

enum err cli_map_neighbours(struct cli *cli)
{
	static const struct cli_table TABLE = {
		.schema = "map-neighbours/1",
		.columns = EDGE_COLUMNS,
		.ncolumns = COUNT(EDGE_COLUMNS),
		.row = edge_row,
		.none = "Nothing is next to it.",
	};
	static const char *const OPTIONS[] = { "direction", "kind", "commit", "limit", NULL };
	const char *const parameters[] = { "path", cli->args[1], NULL };

	return ask_table(cli, "graph/neighbours", parameters, OPTIONS, &TABLE);
}

enum err cli_map_path(struct cli *cli)
{
	static const char *const OPTIONS[] = { "commit", NULL };
	const char *const parameters[] = { "from", cli->args[1], "to", cli->args[2], NULL };
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct json_object *steps;

	TRY(ask(cli, "graph/path", parameters, OPTIONS, &answer));
	if (cli->json) {
		cli_print_json(cli, "map-path/1", answer.body);
		return ERR_OK;
	}
	if (!json_flag(answer.doc, "found", false)) {
		fputs("No imports lead there.\n", cli->term.out);
		return ERR_OK;
	}
	steps = json_at(answer.doc, "steps");
	print_line(cli, json_text(answer.doc, "from", ""));
	for (size_t i = 0; steps != NULL && i < json_object_array_length(steps); i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		print_line(cli,
		           arena_printf(cli->cx->arena, "  line %lld %s %s",
		                        (long long)json_int(step, "line", 0),
		                        json_text(step, "kind", ""), json_text(step, "to", "")));
	}
	return ERR_OK;
}

static void reached_row(struct cli *cli, struct json_object *o, const char **cells)
{
	cells[0] = number(cli, o, "depth");
	cells[1] = json_text(o, "path", "");
	cells[2] = json_text(o, "via", "");
}

enum err cli_map_impact(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "STEPS", .right = true },
		{ .title = "FILE" },
		{ .title = "BY" },
	};
	static const struct cli_table TABLE = {
		.schema = "map-impact/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = reached_row,
		.none = "No file depends on it.",
	};
	static const char *const OPTIONS[] = { "direction", "depth", "commit", "limit", NULL };
	const char *const parameters[] = { "path", cli->args[1], NULL };

	return ask_table(cli, "graph/impact", parameters, OPTIONS, &TABLE);
}

/* --- Source --- */

/* As it is into a file or pipe; on a terminal nothing in it may drive that. */
static void print_source(struct cli *cli, const char *text)
{
	if (!isatty(fileno(cli->term.out))) {
		fputs(text, cli->term.out);
		return;
	}
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		print_line(cli, arena_strndup(cli->cx->arena, text, n));
		text += n + (text[n] == '\n');
	}
}

enum err cli_map_source(struct cli *cli)
{
	static const char *const OPTIONS[] = { "commit", "from", "to", NULL };
	const char *const parameters[] = { "path", cli->args[1], NULL };
	CLEANUP(api_done) struct api_answer answer = { 0 };
	const char *text;

	TRY(ask(cli, "source", parameters, OPTIONS, &answer));
	if (cli->json) {
		cli_print_json(cli, "map-source/1", answer.body);
		return ERR_OK;
	}
	text = json_text(answer.doc, "text", NULL);
	if (text != NULL)
		print_source(cli, text);
	else
		fprintf(cli->term.talk, "No text: %s of %lld bytes.\n",
		        json_text(answer.doc, "kind", ""),
		        (long long)json_int(answer.doc, "bytes", 0));
	if (!json_flag(answer.doc, "complete", true))
		fprintf(cli->term.talk, "There is more: --from %lld\n",
		        (long long)json_int(answer.doc, "to", 0) + 1);
	return ERR_OK;
}
