/* portolan search, rag ..., documents ...: passages of what a tenant has, and documents of its own. */
#include "cli/api.h"
#include "cli/print.h"

#include "retrieval/document.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES ((size_t)32768)
#define FILE_BYTES ((size_t)32 << 20) /* above the largest upload_max_bytes */

/* --- Passages --- */

/* "lib/base/db.c:148-160" */
static const char *place(struct cli *cli, struct json_object *hit)
{
	return arena_printf(cli->cx->arena, "%s:%lld-%lld", json_text(hit, "path", ""),
	                    (long long)json_int(hit, "start_line", 0),
	                    (long long)json_int(hit, "end_line", 0));
}

static const char *joined(struct cli *cli, struct json_object *hit, const char *name)
{
	struct json_object *list = json_at(hit, name);
	struct sb sb = sb_new(cli->cx->arena, PATH_BYTES);

	for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
		if (i > 0)
			sb_addc(&sb, ' ');
		sb_add(&sb, json_object_get_string(json_object_array_get_idx(list, i)));
	}
	return sb.len > 0 ? sb.data : "–";
}

static void hit_row(struct cli *cli, struct json_object *hit, const char **cells)
{
	int64_t project = json_int(hit, "project_id", 0);

	cells[0] = project > 0 ? arena_printf(cli->cx->arena, "%lld", (long long)project) : "–";
	cells[1] = place(cli, hit);
	cells[2] = json_text(hit, "kind", "");
	cells[3] = joined(cli, hit, "symbols");
	cells[4] = joined(cli, hit, "why");
}

static const struct term_column HIT_COLUMNS[] = {
	{ .title = "PROJECT", .right = true },
	{ .title = "PLACE", .wide = true },
	{ .title = "KIND" },
	{ .title = "SYMBOLS", .wide = true },
	{ .title = "FOUND BY", .wide = true },
};
static const struct cli_table HITS = {
	.schema = "search/1",
	.columns = HIT_COLUMNS,
	.ncolumns = COUNT(HIT_COLUMNS),
	.row = hit_row,
	.none = "Nothing is like that.",
};

/* @project NULL: that of the option, or any */
static enum err search(struct cli *cli, const char *question, const char *project,
                       const char *source)
{
	static const char *const OPTIONS[] = { "path", "language", NULL };
	struct sb path = sb_new(cli->cx->arena, PATH_BYTES);
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "GET" };

	sb_add(&path, "/api/v1/search");
	api_query(cli, &path, "q", question);
	api_query(cli, &path, "project", project);
	api_query(cli, &path, "source", source);
	for (const char *const *option = OPTIONS; *option != NULL; option++)
		api_query(cli, &path, *option, cli_option(cli, *option));
	api_query(cli, &path, "top_k", cli_option(cli, "top"));
	TRY(sb_finish(cli->cx, &path, &call.path));
	TRY(api_call(cli, &call, &answer));
	cli_page(cli, &answer, &HITS);
	if (!json_flag(answer.doc, "complete", true))
		fputs("Not everything is indexed yet: portolan rag discover-sources\n",
		      cli->term.talk);
	if (strcmp(json_text(answer.doc, "meaning", ""), "unavailable") == 0)
		fprintf(cli->term.talk, "By words alone: %s\n",
		        json_text(answer.doc, "meaning_problem", ""));
	else if (strcmp(json_text(answer.doc, "meaning", ""), "too_many") == 0)
		fputs("By words alone: the database has no pgvector to compare so many vectors with\n",
		      cli->term.talk);
	return ERR_OK;
}

enum err cli_search(struct cli *cli)
{
	return search(cli, cli->args[0], cli_option(cli, "project"), cli_option(cli, "source"));
}

/* A source is the number of a project, or the documents. */
enum err cli_rag_query(struct cli *cli)
{
	const char *source = cli->args[0];
	int64_t project;

	if (strcmp(source, "documents") == 0)
		return search(cli, cli->args[1], NULL, "document");
	TRY(cli_id(cli, source, &project));
	return search(cli, cli->args[1], source, NULL);
}

/* --- Sources --- */

/* "310 of 400", as far as the embedding model is; without one nothing. */
static const char *embedded_of(struct cli *cli, struct json_object *source)
{
	int64_t all = json_int(source, "chunks", 0), n = json_int(source, "embedded", 0);

	if (json_text(source, "model", NULL) == NULL)
		return "–";
	return n == all
	               ? "all"
	               : arena_printf(cli->cx->arena, "%lld of %lld", (long long)n, (long long)all);
}

static void source_row(struct cli *cli, struct json_object *source, const char **cells)
{
	struct arena *a = cli->cx->arena;
	int64_t project = json_int(source, "project_id", 0);
	const char *commit = json_text(source, "commit", NULL);

	cells[0] = project > 0 ? arena_printf(a, "%lld", (long long)project) : "documents";
	cells[1] = json_text(source, "name", "");
	cells[2] = commit != NULL ? arena_strndup(a, commit, strnlen(commit, 12)) : "–";
	cells[3] = arena_printf(a, "%lld", (long long)json_int(source, "files", 0));
	cells[4] = arena_printf(a, "%lld", (long long)json_int(source, "chunks", 0));
	cells[5] = embedded_of(cli, source);
	cells[6] = json_flag(source, "complete", false) ? "complete" : "being indexed";
}

enum err cli_rag_sources(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "SOURCE", .right = true },
		{ .title = "NAME", .wide = true },
		{ .title = "COMMIT" },
		{ .title = "FILES", .right = true },
		{ .title = "PASSAGES", .right = true },
		{ .title = "BY MEANING", .right = true },
		{ .title = "STATE" },
	};
	static const char *const FILTERS[] = { "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "sources/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = source_row,
		.none = "There is nothing to search yet.  Map a repository: portolan map URL",
	};

	return cli_list(cli, "sources", FILTERS, &TABLE);
}

/* --- Documents --- */

static void document_row(struct cli *cli, struct json_object *document, const char **cells)
{
	struct arena *a = cli->cx->arena;

	cells[0] = arena_printf(a, "%lld", (long long)json_int(document, "id", 0));
	cells[1] = json_text(document, "name", "");
	cells[2] = arena_printf(a, "%lld", (long long)json_int(document, "bytes", 0));
	cells[3] = arena_printf(a, "%lld", (long long)json_int(document, "chunks", 0));
	cells[4] = json_text(document, "status", "");
	cells[5] = cli_age(cli, json_text(document, "created_at", NULL));
}

enum err cli_documents_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "NAME", .wide = true },
		{ .title = "BYTES", .right = true },
		{ .title = "PASSAGES", .right = true },
		{ .title = "STATUS" },
		{ .title = "ADDED" },
	};
	static const char *const FILTERS[] = { "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "documents/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = document_row,
		.none = "No documents.  Add one: portolan documents add FILE",
	};

	return cli_list(cli, "documents", FILTERS, &TABLE);
}

static enum err read_file(struct cli *cli, const char *path, struct span *ret)
{
	FILE *file = fopen(path, "r");
	char piece[16384];
	struct sb sb = sb_new(cli->cx->arena, FILE_BYTES + sizeof(piece));
	size_t n = 0, got;

	if (file == NULL)
		return cli_usage(cli, "%s cannot be opened", path);
	while (n <= FILE_BYTES && (got = fread(piece, 1, sizeof(piece), file)) > 0) {
		sb_addn(&sb, piece, got);
		n += got;
	}
	fclose(file);
	if (n > FILE_BYTES)
		return err_set(cli->cx, ERR_LIMIT, "%s has more than %zu bytes", path, FILE_BYTES);
	*ret = (struct span){ n > 0 ? sb.data : "", n };
	return ERR_OK;
}

/* A PDF says what it is; of a text the name does. */
static const char *type_of(const char *name, struct span bytes)
{
	const char *dot = strrchr(name, '.');

	if (bytes.len >= 5 && memcmp(bytes.data, "%PDF-", 5) == 0)
		return DOCUMENT_PDF;
	return dot != NULL && (strcasecmp(dot, ".md") == 0 || strcasecmp(dot, ".markdown") == 0)
	               ? "text/markdown"
	               : "text/plain";
}

enum err cli_documents_add(struct cli *cli)
{
	const char *path = cli->args[0], *slash = strrchr(path, '/');
	const char *name = cli_option(cli, "name");
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };

	if (name == NULL)
		name = slash != NULL ? slash + 1 : path;
	TRY(read_file(cli, path, &call.bytes));
	call.bytes_type = type_of(name, call.bytes);
	call.path = arena_printf(cli->cx->arena, "/api/v1/documents?name=%s",
	                         api_quote(cli->cx->arena, name));
	TRY(api_call(cli, &call, &answer));
	if (cli->json) {
		cli_print_json(cli, "document/1", answer.body);
		return ERR_OK;
	}
	cli_line(cli, "Document",
	         arena_printf(cli->cx->arena, "%lld", (long long)json_int(answer.doc, "id", 0)));
	cli_line(cli, "Name", json_text(answer.doc, "name", ""));
	return ERR_OK;
}

enum err cli_documents_delete(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "DELETE" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/documents/%" PRId64, id);
	if (!cli_confirm(cli, "Delete document ", cli->args[0], "?"))
		return ERR_OK;
	return api_call(cli, &call, &answer);
}
