/* portolan config ...: check, show and document the settings. */
#include "cli/cli.h"

#include <string.h>

#define DOCS_MAX ((size_t)256 * 1024)

enum err cli_config_check(struct cli *cli)
{
	TRY(config_load(cli->cx, cli->sources, &cli->config));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"config-check/1\",\"ok\":true,\"keys\":%d}\n",
		        CONFIG_KEYS);
	else
		fprintf(cli->term.out, "All %d settings are good.\n", CONFIG_KEYS);
	return ERR_OK;
}

static void show_json(struct cli *cli)
{
	struct sb sb = sb_new(cli->cx->arena, DOCS_MAX);

	sb_add(&sb, "{\"schema\":\"config/1\",\"settings\":[");
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		struct config_entry e = config_entry(cli->cx->arena, cli->config, i);

		sb_add(&sb, i > 0 ? ",{\"key\":" : "{\"key\":");
		sb_json(&sb, e.key);
		sb_add(&sb, ",\"value\":");
		sb_json(&sb, e.value);
		sb_add(&sb, ",\"origin\":");
		sb_json(&sb, e.origin);
		sb_add(&sb, ",\"default\":");
		sb_json(&sb, e.preset);
		sb_addf(&sb, ",\"secret\":%s}", e.secret ? "true" : "false");
	}
	sb_add(&sb, "]}\n");
	fputs(sb.data, cli->term.out);
}

enum err cli_config_show(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "KEY" },
		{ .title = "VALUE", .wide = true },
		{ .title = "ORIGIN", .wide = true },
	};
	bool origin = cli_option(cli, "origin") != NULL;
	size_t ncolumns = origin ? 3 : 2;
	const char *cells[CONFIG_KEYS * COUNT(COLUMNS)];

	if (cli->json) {
		show_json(cli);
		return ERR_OK;
	}
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		struct config_entry e = config_entry(cli->cx->arena, cli->config, i);

		cells[i * ncolumns] = e.key;
		cells[i * ncolumns + 1] = e.value;
		if (origin)
			cells[i * ncolumns + 2] = e.origin;
	}
	term_table(&cli->term, COLUMNS, ncolumns, cells, CONFIG_KEYS, "");
	return ERR_OK;
}

enum err cli_config_docs(struct cli *cli)
{
	struct sb sb = sb_new(cli->cx->arena, DOCS_MAX);
	const char *text;

	if (cli_option(cli, "example") != NULL)
		config_example(&sb);
	else
		config_docs(&sb);
	TRY(sb_finish(cli->cx, &sb, &text));
	fputs(text, cli->term.out);
	return ERR_OK;
}
