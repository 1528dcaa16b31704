/* The readable summary of a system map. */
#include "cli/summary.h"

#include "base/json.h"
#include "cli/print.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    12 /* of each table */
#define CYCLE_FILES 6  /* shown of one cycle */
#define OID_SHOWN   12

static size_t length(struct json_object *array)
{
	return array != NULL ? json_object_array_length(array) : 0;
}

/* Element i, the number of a file. */
static int64_t file_at(struct json_object *list, size_t i)
{
	return json_object_get_int64(json_object_array_get_idx(list, i));
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

/* One package, wherever it is declared. */
struct package {
	const char *ecosystem, *name, *spec, *scope, *manifest;
	int64_t used_by;
	size_t declared;
};

static int by_name(const void *a, const void *b)
{
	const struct package *x = a, *y = b;
	int order = strcmp(x->ecosystem, y->ecosystem);

	return order != 0 ? order : strcmp(x->name, y->name);
}

/* Most used first; then by name, so that the order is always the same. */
static int by_use(const void *a, const void *b)
{
	const struct package *x = a, *y = b;

	if (x->used_by != y->used_by)
		return x->used_by > y->used_by ? -1 : 1;
	return by_name(a, b);
}

/* Declarations of one package in several manifests become one row.  @ret how many are left */
static size_t merge(struct package *all, size_t n)
{
	size_t out = 0;

	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++) {
		if (out > 0 && by_name(&all[out - 1], &all[i]) == 0) {
			all[out - 1].declared++;
			if (all[i].used_by > all[out - 1].used_by)
				all[out - 1].used_by = all[i].used_by;
			continue;
		}
		all[out++] = all[i];
	}
	qsort(all, out, sizeof(*all), by_use);
	return out;
}

static void externals(struct cli *cli, struct json_object *list, struct json_object *names)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "Ecosystem" },
		{ .title = "Package" },
		{ .title = "Version" },
		{ .title = "Scope" },
		{ .title = "Importers", .right = true },
		{ .title = "Declared in", .wide = true },
	};
	struct arena *a = cli->cx->arena;
	struct package *all = arena_array(a, length(list) + 1, sizeof(*all));
	const char *cells[ROWS_MAX * COUNT(COLUMNS)];
	size_t n = length(list), shown;

	for (size_t i = 0; i < n; i++) {
		struct json_object *e = json_object_array_get_idx(list, i);

		all[i] = (struct package){ json_text(e, "ecosystem", ""),
			                   json_text(e, "name", ""),
			                   json_text(e, "spec", ""),
			                   json_text(e, "scope", ""),
			                   file_path(names, json_int(e, "manifest", -1)),
			                   json_int(e, "used_by", 0),
			                   1 };
	}
	n = merge(all, n);
	shown = n < ROWS_MAX ? n : ROWS_MAX;
	title(cli, "External dependencies", shown, n);
	for (size_t i = 0; i < shown; i++) {
		const char **row = cells + i * COUNT(COLUMNS);

		row[0] = all[i].ecosystem;
		row[1] = all[i].name;
		row[2] = all[i].spec;
		row[3] = all[i].scope;
		row[4] = term_number(a, all[i].used_by);
		row[5] = all[i].declared == 1 ? all[i].manifest
		                              : arena_printf(a, "%s and %zu more", all[i].manifest,
		                                             all[i].declared - 1);
	}
	term_table(&cli->term, COLUMNS, COUNT(COLUMNS), cells, shown, "none");
}

static int by_size(const void *a, const void *b)
{
	size_t x = json_object_array_length(*(struct json_object *const *)a);
	size_t y = json_object_array_length(*(struct json_object *const *)b);

	return x != y ? (x > y ? -1 : 1) : 0;
}

/* Bytes of the folder that the paths of a cycle share. */
static size_t shared_folder(struct json_object *cycle, struct json_object *names)
{
	const char *first = file_path(names, file_at(cycle, 0));
	size_t same = strlen(first);

	for (size_t k = 1; k < length(cycle); k++) {
		const char *path = file_path(names, file_at(cycle, k));
		size_t i = 0;

		while (i < same && path[i] == first[i])
			i++;
		same = i;
	}
	while (same > 0 && first[same - 1] != '/')
		same--;
	return same;
}

static void cycle_line(struct cli *cli, struct json_object *cycle, struct json_object *names)
{
	struct term *t = &cli->term;
	size_t files = length(cycle), folder = shared_folder(cycle, names);
	const char *path = file_path(names, file_at(cycle, 0));

	fprintf(t->out, "%zu files", files);
	if (folder > 0) {
		fputs(" in ", t->out);
		term_text(t, t->out, TERM_PLAIN, arena_strndup(cli->cx->arena, path, folder - 1));
	}
	for (size_t k = 0; k < files && k < CYCLE_FILES; k++) {
		fputs(k > 0 ? ", " : ": ", t->out);
		term_text(t, t->out, TERM_PLAIN, file_path(names, file_at(cycle, k)) + folder);
	}
	fputs(files > CYCLE_FILES ? ", …\n" : "\n", t->out);
}

/* Cycles are lists of files, by number into the columns of files; the largest are shown. */
static void cycles(struct cli *cli, struct json_object *list, struct json_object *names)
{
	size_t n = length(list), shown = n < ROWS_MAX ? n : ROWS_MAX;
	struct json_object **all = arena_array(cli->cx->arena, n + 1, sizeof(struct json_object *));

	for (size_t i = 0; i < n; i++)
		all[i] = json_object_array_get_idx(list, i);
	qsort(all, n, sizeof(struct json_object *), by_size);
	title(cli, "Cycles", shown, n);
	if (n == 0)
		fputs("none\n", cli->term.out);
	for (size_t i = 0; i < shown; i++)
		cycle_line(cli, all[i], names);
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
