/* Questions about an indexed map over HTTP: files, symbols, neighbours, paths, impact. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "maps/outline.h"
#include "maps/reach.h"
#include "maps/search.h"
#include "maps/source.h"

#include <string.h>

#define PATH_CHARACTERS_MAX 4096

#define COMMIT_FIELD(T)                                                                            \
	F_TEXT(T, commit, .min = 7, .max = 64, .pattern = "^[0-9a-f]{7,64}$",                      \
	       .doc = "Commit, or its first digits; the newest map when not given")
#define FILE_FIELD(T, member, what)                                                                \
	F_TEXT(T, member, .required = true, .min = 1, .max = PATH_CHARACTERS_MAX,                  \
	       .example = "\"lib/base/db.c\"", .doc = what)

/* A folder may be written with a slash at its end. */
static const char *without_slash(struct ctx *cx, const char *path)
{
	size_t n = path == NULL ? 0 : strlen(path);

	while (n > 0 && path[n - 1] == '/')
		n--;
	return arena_strndup(cx->arena, path == NULL ? "" : path, n);
}

/* --- Files --- */

struct files_query {
	const char *q, *path, *commit, *cursor;
	int64_t limit;
};

static const struct field FILES_FIELDS[] = {
	F_TEXT(struct files_query, q, .min = 1, .max = SEARCH_TEXT_MAX, .example = "\"db.c\"",
	       .doc = "Look for this in the paths; without it the folder is listed"),
	F_TEXT(struct files_query, path, .max = PATH_CHARACTERS_MAX, .example = "\"lib/base\"",
	       .doc = "A folder, or a file alone; the root when not given"),
	COMMIT_FIELD(struct files_query),
	PAGE_FIELDS(struct files_query),
};
static const struct schema FILES_QUERY = SCHEMA(struct files_query, "MapFilesQuery", FILES_FIELDS);

static enum err list_folder(struct ctx *cx, const struct request *rq, const struct map_index *index,
                            const struct files_query *query, struct map_found *ret)
{
	const struct map_entry *items;
	int64_t after;

	TRY(page_begin(cx, rq, query->cursor, &after));
	*ret = (struct map_found){ .map_id = index->map_id,
		                   .commit = index->commit,
		                   .complete = index->complete };
	TRY(search_folder(cx, index, without_slash(cx, query->path), after, query->limit + 1,
	                  &ret->items));
	items = ret->items.items;
	if (ret->items.n > (size_t)query->limit)
		ret->next_cursor = page_cursor(cx, rq, items[query->limit - 1].number);
	ret->items.n = page_length(&ret->items, query->limit);
	return ERR_OK;
}

static enum err get_files(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct files_query *query = request_query(rq, &FILES_QUERY);
	struct map_index index;
	struct map_found found;

	if (query->q != NULL && query->cursor != NULL)
		return err_field(cx, ERR_INVALID, "?cursor", "cursor",
		                 "A search has one page; narrow it, or raise the limit.");
	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	if (query->q != NULL)
		TRY(search_files(cx, &index, query->q, without_slash(cx, query->path), query->limit,
		                 &found));
	else
		TRY(list_folder(cx, rq, &index, query, &found));
	return reply_json(rp, &map_files_found_schema, &found);
}

/* --- Symbols --- */

static const char *const DEF_KINDS[] = {
	"function", "method", "class", "struct", "union",    "enum",     "interface",
	"trait",    "type",   "macro", "module", "constant", "variable", NULL,
};

struct symbols_query {
	const char *q, *kind, *commit;
	int64_t limit;
};

static const struct field SYMBOLS_FIELDS[] = {
	F_TEXT(struct symbols_query, q, .required = true, .min = 1, .max = SEARCH_TEXT_MAX,
	       .example = "\"parse\"", .doc = "Look for this in the names of definitions"),
	F_TEXT(struct symbols_query, kind, .one_of = DEF_KINDS, .doc = "Only of this kind"),
	COMMIT_FIELD(struct symbols_query),
	F_INT(struct symbols_query, limit, .min = 1, .max = SEARCH_LIMIT_MAX, .preset = 20,
	      .doc = "Most definitions"),
};
static const struct schema SYMBOLS_QUERY =
	SCHEMA(struct symbols_query, "MapSymbolsQuery", SYMBOLS_FIELDS);

static enum err get_symbols(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct symbols_query *query = request_query(rq, &SYMBOLS_QUERY);
	struct map_index index;
	struct map_found found;

	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	TRY(search_symbols(cx, &index, query->q, query->kind, query->limit, &found));
	return reply_json(rp, &map_symbols_found_schema, &found);
}

struct uses_query {
	const char *name, *commit;
};

static const struct field USES_FIELDS[] = {
	F_TEXT(struct uses_query, name, .required = true, .min = 1, .max = 255,
	       .example = "\"db_get\"", .doc = "The symbol, as it is defined"),
	COMMIT_FIELD(struct uses_query),
};
static const struct schema USES_QUERY = SCHEMA(struct uses_query, "MapUsesQuery", USES_FIELDS);

static enum err get_uses(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct uses_query *query = request_query(rq, &USES_QUERY);
	struct map_index index;
	struct map_uses uses;

	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	TRY(search_uses(cx, &index, query->name, &uses));
	return reply_json(rp, &map_uses_schema, &uses);
}

/* --- Graph --- */

static const char *const DIRECTIONS[] = { "in", "out", "both", NULL };
static const char *const ONE_WAY[] = { "in", "out", NULL };

#define LIMIT_FIELD(T, what)                                                                       \
	F_INT(T, limit, .min = 1, .max = REACH_LIMIT_MAX, .preset = 100, .doc = what)

struct neighbours_query {
	const char *path, *direction, *kind, *commit;
	int64_t limit;
};

static const struct field NEIGHBOURS_FIELDS[] = {
	FILE_FIELD(struct neighbours_query, path, "The file"),
	F_TEXT(struct neighbours_query, direction, .one_of = DIRECTIONS,
	       .doc = "in: who imports it; out: what it imports; both when not given"),
	F_TEXT(struct neighbours_query, kind, .min = 1, .max = 50, .example = "\"include\"",
	       .doc = "Only edges of this kind, as the map's legend names it"),
	COMMIT_FIELD(struct neighbours_query),
	LIMIT_FIELD(struct neighbours_query, "Most edges"),
};
static const struct schema NEIGHBOURS_QUERY =
	SCHEMA(struct neighbours_query, "MapNeighboursQuery", NEIGHBOURS_FIELDS);

static enum reach_direction direction_of(const char *text, enum reach_direction otherwise)
{
	if (text == NULL)
		return otherwise;
	return strcmp(text, "in") == 0    ? REACH_IN
	       : strcmp(text, "out") == 0 ? REACH_OUT
	                                  : REACH_BOTH;
}

static enum err get_neighbours(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct neighbours_query *query = request_query(rq, &NEIGHBOURS_QUERY);
	struct map_index index;
	struct map_neighbours found;

	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	TRY(reach_neighbours(cx, &index, query->path, direction_of(query->direction, REACH_BOTH),
	                     query->kind, query->limit, &found));
	return reply_json(rp, &map_neighbours_schema, &found);
}

struct route_query {
	const char *from, *to, *commit;
};

static const struct field ROUTE_FIELDS[] = {
	FILE_FIELD(struct route_query, from, "The file that imports"),
	FILE_FIELD(struct route_query, to, "The file that is imported"),
	COMMIT_FIELD(struct route_query),
};
static const struct schema ROUTE_QUERY = SCHEMA(struct route_query, "MapPathQuery", ROUTE_FIELDS);

static enum err get_path(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct route_query *query = request_query(rq, &ROUTE_QUERY);
	struct map_index index;
	struct map_route found;

	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	TRY(reach_route(cx, &index, query->from, query->to, &found));
	return reply_json(rp, &map_route_schema, &found);
}

struct impact_query {
	const char *path, *direction, *commit;
	int64_t depth, limit;
};

static const struct field IMPACT_FIELDS[] = {
	FILE_FIELD(struct impact_query, path, "The file"),
	F_TEXT(struct impact_query, direction, .one_of = ONE_WAY,
	       .doc = "in, when not given: who depends on it; out: what it depends on"),
	F_INT(struct impact_query, depth, .min = 1, .max = REACH_DEPTH_MAX, .preset = REACH_DEPTH,
	      .doc = "Steps to go at most"),
	COMMIT_FIELD(struct impact_query),
	LIMIT_FIELD(struct impact_query, "Most files that are named; all are counted"),
};
static const struct schema IMPACT_QUERY =
	SCHEMA(struct impact_query, "MapImpactQuery", IMPACT_FIELDS);

static enum err get_impact(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct impact_query *query = request_query(rq, &IMPACT_QUERY);
	struct map_index index;
	struct map_impact found;

	TRY(index_of_project(cx, rq->ids[0], query->commit, &index));
	TRY(reach_impact(cx, &index, query->path, direction_of(query->direction, REACH_IN),
	                 query->depth, query->limit, &found));
	return reply_json(rp, &map_impact_schema, &found);
}

/* --- Source --- */

struct source_query {
	const char *path, *commit;
	int64_t from, to;
};

static const struct field SOURCE_FIELDS[] = {
	FILE_FIELD(struct source_query, path, "The file, as maps show it"),
	F_TEXT(struct source_query, commit, .min = 7, .max = 64, .pattern = "^[0-9a-f]{7,64}$",
	       .doc = "Any commit of the clone by all of its digits, or one that has a map by the first;"
	              " the newest map's when not given"),
	F_INT(struct source_query, from, .min = 1, .max = INT32_MAX, .preset = 1,
	      .doc = "First line"),
	F_INT(struct source_query, to, .min = 1, .max = INT32_MAX, .preset = INT32_MAX,
	      .doc = "Last line"),
};
static const struct schema SOURCE_QUERY =
	SCHEMA(struct source_query, "MapSourceQuery", SOURCE_FIELDS);

/* The blob and the lines make the answer, with the names under which it was asked for. */
static enum err get_source(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct source_query *query = request_query(rq, &SOURCE_QUERY);
	struct source source;

	TRY(source_read(cx, rq->ids[0], query->commit, query->path, query->from, query->to,
	                &source));
	TRY(reply_json(rp, &source_schema, &source));
	reply_etag(rp, arena_printf(cx->arena, "\"%s-%.12s-%lld-%lld\"", source.oid, source.commit,
	                            (long long)source.from, (long long)source.to));
	return ERR_OK;
}

struct outline_query {
	const char *path, *commit;
};

static const struct field OUTLINE_FIELDS[] = {
	FILE_FIELD(struct outline_query, path, "The file, as maps show it"),
	F_TEXT(struct outline_query, commit, .min = 7, .max = 64, .pattern = "^[0-9a-f]{7,64}$",
	       .doc = "As for the source of the file"),
};
static const struct schema OUTLINE_QUERY =
	SCHEMA(struct outline_query, "MapOutlineQuery", OUTLINE_FIELDS);

static enum err get_outline(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct outline_query *query = request_query(rq, &OUTLINE_QUERY);
	struct outline found;

	TRY(outline_read(cx, rq->ids[0], query->commit, query->path, &found));
	return reply_json(rp, &outline_schema, &found);
}

#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Maps", .auth = AUTH_ANY, .role = ROLE_VIEWER,                  \
	.area = AREA_MAPS, .rate = RATE_READ, .status = 200
#define ASKS READS, .fails = { ERR_NOT_FOUND, ERR_STATE }
#define MAP  "\"map_id\":3,\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\",\"complete\":true"
#define DEFINITION                                                                                 \
	"{\"name\":\"parse\",\"kind\":\"function\",\"path\":\"lib/parse.c\",\"line\":10,"          \
	"\"last_line\":42,\"parent\":null,\"signature\":\"int parse(const char *text)\","          \
	"\"match\":\"exact\"}"
#define EDGE                                                                                       \
	"{\"from\":\"src/main.c\",\"to\":\"lib/parse.h\",\"line\":3,\"kind\":\"include\","         \
	"\"rule\":\"c.include_dir\",\"confidence\":98}"

const struct route map_graph_routes[] = {
	{
		.path = "/api/v1/projects/{id}/files",
		.op = "getMapFiles",
		ASKS,
		.query = &FILES_QUERY,
		.reply = &map_files_found_schema,
		.run = get_files,
		.doc = "List a folder of a map, or look for files by any part of their paths.",
		.detail =
			"Best first: the whole path or name, its beginning, the beginning of a word in"
			" it, any part from three characters on, and what is like it when little else"
			" is found.",
		.example = "{" MAP ",\"items\":[{\"path\":\"lib/parse.c\",\"kind\":\"file\","
			   "\"language\":\"C\",\"role\":\"source\",\"files\":1,\"bytes\":1200,"
			   "\"code\":40,\"comment\":8,\"blank\":5,"
			   "\"oid\":\"83baae61804e65cc73a7201a7252750c76066a30\",\"match\":null}],"
			   "\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/projects/{id}/symbols",
		.op = "getMapSymbols",
		ASKS,
		.query = &SYMBOLS_QUERY,
		.reply = &map_symbols_found_schema,
		.run = get_symbols,
		.doc = "Look for definitions by any part of their names.",
		.detail =
			"Ranked as files are; a name with several definitions gives several items.",
		.example = "{" MAP ",\"items\":[" DEFINITION "]}",
	},
	{
		.path = "/api/v1/projects/{id}/references",
		.op = "getMapReferences",
		ASKS,
		.query = &USES_QUERY,
		.reply = &map_uses_schema,
		.run = get_uses,
		.doc = "List where a symbol is defined and used, by its name.",
		.example =
			"{" MAP ",\"name\":\"parse\",\"definitions\":[" DEFINITION "],\"uses\":1,"
			"\"items\":[{\"path\":\"src/main.c\",\"line\":12,\"kind\":\"call\"}]}",
	},
	{
		.path = "/api/v1/projects/{id}/graph/neighbours",
		.op = "getMapNeighbours",
		ASKS,
		.query = &NEIGHBOURS_QUERY,
		.reply = &map_neighbours_schema,
		.run = get_neighbours,
		.doc = "List what a file imports and who imports it, each with its line and rule.",
		.example = "{" MAP ",\"path\":\"lib/parse.h\",\"total\":1,\"items\":[" EDGE "]}",
	},
	{
		.path = "/api/v1/projects/{id}/graph/path",
		.op = "getMapPath",
		ASKS,
		.query = &ROUTE_QUERY,
		.reply = &map_route_schema,
		.run = get_path,
		.doc = "Find a shortest way along imports from one file to another.",
		.example = "{" MAP ",\"from\":\"src/main.c\",\"to\":\"lib/parse.h\",\"found\":true,"
			   "\"length\":1,\"steps\":[" EDGE "]}",
	},
	{
		.path = "/api/v1/projects/{id}/graph/impact",
		.op = "getMapImpact",
		ASKS,
		.query = &IMPACT_QUERY,
		.reply = &map_impact_schema,
		.run = get_impact,
		.doc = "List the files that depend on a file, directly and through others.",
		.example =
			"{" MAP
			",\"path\":\"lib/parse.h\",\"depth\":1,\"total\":1,\"by_depth\":[1],"
			"\"items\":[{\"path\":\"src/main.c\",\"depth\":1,\"via\":\"lib/parse.h\"}]}",
	},
	{
		.path = "/api/v1/projects/{id}/source",
		.op = "getMapSource",
		READS,
		.fails = { ERR_NOT_FOUND, ERR_STATE, ERR_REPO_BROKEN },
		.etag = true,
		.query = &SOURCE_QUERY,
		.reply = &source_schema,
		.run = get_source,
		.doc = "Read lines of a file at any commit of the clone.",
		.detail =
			"What is no text is told by its kind; a text of another encoding comes as UTF-8.",
		.example =
			"{\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","
			"\"path\":\"src/main.c\",\"oid\":\"83baae61804e65cc73a7201a7252750c76066a30\","
			"\"kind\":\"text\",\"encoding\":\"utf-8\",\"bytes\":26,\"lines\":3,\"from\":1,"
			"\"to\":1,\"page\":null,\"complete\":true,\"text\":\"int main(void)\\n\"}",
	},
	{
		.path = "/api/v1/projects/{id}/outline",
		.op = "getMapOutline",
		READS,
		.fails = { ERR_NOT_FOUND, ERR_STATE, ERR_REPO_BROKEN },
		.query = &OUTLINE_QUERY,
		.reply = &outline_schema,
		.run = get_outline,
		.doc = "List what a file defines at any commit of the clone.",
		.example = "{\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","
			   "\"path\":\"lib/parse.c\",\"complete\":true,\"items\":[{\"name\":"
			   "\"parse\",\"kind\":\"function\",\"parent\":\"\",\"signature\":"
			   "\"int parse(const char *text)\",\"line\":10,\"last_line\":42}]}",
	},
	ROUTES_END,
};
