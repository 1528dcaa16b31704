/* Lists, labelled lines and JSON, alike in all commands. */
#include "cli/print.h"

#include "cli/api.h"

#include <json-c/json.h>
#include <string.h>
#include <time.h>

#define LABEL_COLUMNS 14

static enum err list_page(struct cli *cli, const char *what, const char *const *filters,
                          struct api_answer *ret)
{
	struct sb path = sb_new(cli->cx->arena, 8192);
	const char *text;

	sb_addf(&path, "/api/v1/%s", what);
	for (; *filters != NULL; filters++)
		api_query(cli, &path, *filters, cli_option(cli, *filters));
	TRY(sb_finish(cli->cx, &path, &text));
	return api_get(cli, ret, "%s", text);
}

static void hint_next(struct cli *cli, struct json_object *doc)
{
	const char *cursor = json_text(doc, "next_cursor", NULL);

	if (cursor != NULL)
		fprintf(cli->term.talk, "There are more: --cursor %s\n", cursor);
}

void cli_page(struct cli *cli, const struct api_answer *page, const struct cli_table *table)
{
	struct json_object *items = json_at(page->doc, "items");
	const char **cells;
	size_t n;

	if (cli->json) {
		cli_print_json(cli, table->schema, page->body);
		return;
	}
	n = items != NULL ? json_object_array_length(items) : 0;
	cells = arena_array(cli->cx->arena, n * table->ncolumns + 1, sizeof(*cells));
	for (size_t i = 0; i < n; i++)
		table->row(cli, json_object_array_get_idx(items, i), cells + i * table->ncolumns);
	term_table(&cli->term, table->columns, table->ncolumns, cells, n, table->none);
	hint_next(cli, page->doc);
}

enum err cli_list(struct cli *cli, const char *what, const char *const *filters,
                  const struct cli_table *table)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };

	TRY(list_page(cli, what, filters, &answer));
	cli_page(cli, &answer, table);
	return ERR_OK;
}

void cli_print_json(struct cli *cli, const char *schema, struct span object)
{
	FILE *out = cli->term.out;

	fprintf(out, "{\"schema\":\"%s\"", schema);
	if (object.len > 2) {
		fputc(',', out);
		fwrite(object.data + 1, 1, object.len - 1, out);
	} else {
		fputc('}', out);
	}
	if (object.len == 0 || object.data[object.len - 1] != '\n')
		fputc('\n', out);
}

void cli_line(struct cli *cli, const char *label, const char *text)
{
	struct term *t = &cli->term;

	term_cell(t, t->out, TERM_DIM, label, LABEL_COLUMNS);
	term_text(t, t->out, TERM_PLAIN, text);
	fputc('\n', t->out);
}

const char *cli_age(struct cli *cli, const char *time)
{
	const struct clock *clock = cli->cx->app->clock;
	struct tm tm = { 0 };

	if (time == NULL || strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return "–";
	return term_age(cli->cx->arena, clock->wall_us(clock), (int64_t)timegm(&tm) * 1000000);
}

bool cli_confirm(struct cli *cli, const char *before, const char *name, const char *after)
{
	char line[16];

	if (cli->yes)
		return true;
	if (!cli->term.talk_live)
		return false;
	fputs(before, cli->term.talk);
	term_text(&cli->term, cli->term.talk, TERM_BOLD, name);
	fprintf(cli->term.talk, "%s [y/N] ", after);
	fflush(cli->term.talk);
	return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}
