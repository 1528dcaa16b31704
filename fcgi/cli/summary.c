/* The readable summary of a system map. */
#include "cli/summary.h"

#include "base/json.h"
#include "cli/print.h"

#include <json-c/json.h>
#include <string.h>

#define ROWS_MAX    12 /* of each table */
#define CYCLE_FILES 6  /* shown of one cycle */
#define OID_SHOWN   12

static size_t length(struct json_object *array)
{
	return array != NULL ? json_object_array_length(array) : 0;
}

static void title(struct cli *cli, const char *text, size_t shown, size_t all)
{
	struct term *t = &cli->term;

	fputc('\n', t->out);
	term_text(t, t->out, TERM_TITLE, text);
	if (shown < all)
		fprintf(t->out, "  (%zu of %s)", shown, term_number(cli->cx->arena, (int64_t)all));
	fputc('\n', t->out);
}

static const char *number(struct cli *cli, struct json_object *o, const char *name)
{
	return term_number(cli->cx->arena, json_int(o, name, 0));
}

static void languages(struct cli *cli, struct json_object *list)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "Language" },
		{ .title = "Files", .right = true },
		{ .title = "Code", .right = true },
		{ .title = "Comment", .right = true },
		{ .title = "Blank", .right = true },
	};
	size_t n = length(list) < ROWS_MAX ? length(list) : ROWS_MAX;
	const char *cells[ROWS_MAX * COUNT(COLUMNS)];

	title(cli, "Languages", n, length(list));
	for (size_t i = 0; i < n; i++) {
		struct json_object *l = json_object_array_get_idx(list, i);
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = json_text(l, "name", "");
		row[1] = number(cli, l, "files");
		row[2] = number(cli, l, "code");
		row[3] = number(cli, l, "comment");
		row[4] = number(cli, l, "blank");
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, n, "none");
}

/* A table of paths with one number, or two. */
static void paths(struct cli *cli, const char *what, struct json_object *list,
                  const struct term_column *columns, const char *first, const char *second)
{
	size_t n = length(list) < ROWS_MAX ? length(list) : ROWS_MAX,
	       width = second != NULL ? 3 : 2;
	const char *cells[ROWS_MAX * 3];

	title(cli, what, n, length(list));
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *path = json_text(o, "path", "");

		cells[i * width] = number(cli, o, first);
		if (second != NULL)
			cells[i * width + 1] = number(cli, o, second);
		cells[i * width + width - 1] = path[0] == '\0' ? "(top)" : path;
	}
	term_table(&cli->term, columns, width, cells, n, "none");
}

/* The path of a file by its number, as the columns of files have it. */
static const char *file_path(struct json_object *paths, int64_t file)
{
	struct json_object *path = NULL;

	if (file >= 0 && (size_t)file < length(paths))
		path = json_object_array_get_idx(paths, (size_t)file);
	return path != NULL ? json_object_get_string(path) : "–";
}

static void externals(struct cli *cli, struct json_object *list, struct json_object *names)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "Ecosystem" },
		{ .title = "Name" },
		{ .title = "Version" },
		{ .title = "Scope" },
		{ .title = "Declared in", .wide = true },
	};
	size_t n = length(list) < ROWS_MAX ? length(list) : ROWS_MAX;
	const char *cells[ROWS_MAX * COUNT(COLUMNS)];

	title(cli, "External dependencies", n, length(list));
	for (size_t i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = json_text(e, "ecosystem", "");
		row[1] = json_text(e, "name", "");
		row[2] = json_text(e, "spec", "");
		row[3] = json_text(e, "scope", "");
		row[4] = file_path(names, json_int(e, "manifest", -1));
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, n, "none");
}

/* Cycles are lists of files, by number into the columns of files. */
static void cycles(struct cli *cli, struct json_object *list, struct json_object *names)
{
	size_t n = length(list) < ROWS_MAX ? length(list) : ROWS_MAX;
	struct term *t = &cli->term;

	title(cli, "Cycles", n, length(list));
	if (n == 0)
		fputs("none\n", t->out);
	for (size_t i = 0; i < n; i++) {
		struct json_object *cycle = json_object_array_get_idx(list, i);
		size_t files = length(cycle);

		fprintf(t->out, "%zu files: ", files);
		for (size_t k = 0; k < files && k < CYCLE_FILES; k++) {
			struct json_object *file = json_object_array_get_idx(cycle, k);

			fputs(k > 0 ? " → " : "", t->out);
			term_text(t, t->out, TERM_PLAIN,
			          file_path(names, json_object_get_int64(file)));
		}
		fputs(files > CYCLE_FILES ? " → …\n" : "\n", t->out);
	}
}

static void heading(struct cli *cli, struct json_object *map)
{
	const char *commit = json_text(map, "commit", ""), *ref = json_text(map, "ref", NULL);
	struct json_object *summary = json_at(map, "content.summary");
	struct term *t = &cli->term;

	term_text(t, t->out, TERM_BOLD, "System map");
	fprintf(t->out, "  commit %.*s", OID_SHOWN, commit);
	if (ref != NULL) {
		fputs(" on ", t->out);
		term_text(t, t->out, TERM_PLAIN, ref);
	}
	fprintf(t->out, "\n%s files, %s lines of code, %s imports between files, %s unresolved\n",
	        number(cli, summary, "files"), number(cli, summary, "code"),
	        number(cli, summary, "imports"), number(cli, summary, "unresolved"));
}

void summary_print(struct cli *cli, struct json_object *map)
{
	static const struct term_column FOLDERS[] = {
		{ .title = "Code", .right = true },
		{ .title = "Files", .right = true },
		{ .title = "Folder" },
	};
	static const struct term_column CENTRAL[] = {
		{ .title = "Importers", .right = true },
		{ .title = "File" },
	};

	struct json_object *content = json_at(map, "content");
	struct json_object *names = json_at(content, "files.path");

	heading(cli, map);
	if (json_flag(content, "meta.empty", false)) {
		fputs("The repository has no commits yet.\n", cli->term.out);
		return;
	}
	languages(cli, json_at(content, "languages"));
	paths(cli, "Largest folders", json_at(content, "summary.folders"), FOLDERS, "code",
	      "files");
	paths(cli, "Most depended-on files", json_at(content, "summary.depended"), CENTRAL,
	      "fan_in", NULL);
	externals(cli, json_at(content, "externals"), names);
	cycles(cli, json_at(content, "graph.cycles"), names);
}
