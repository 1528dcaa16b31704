/* Pictures, exports and comparisons of maps over HTTP. */
#include "reply.h"
#include "routes/tables.h"

#include "maps/chart.h"
#include "maps/digest.h"
#include "maps/exports.h"
#include "maps/map_views.h"
#include "maps/pictures.h"
#include "projects/project.h"

#include <string.h>

#define SVG_MEDIA      "image/svg+xml"
#define MARKDOWN_MEDIA "text/markdown; charset=utf-8"

static const char *const VIEWS[] = { "components", "folders", "treemap", NULL };
static const char *const DIAGRAMS[] = { "components", "folders", NULL };
static const char *const FORMATS[] = { "json", "md", "svg", NULL };

struct picture_query {
	const char *commit, *view;
};

#define COMMIT_FIELD(T)                                                                            \
	F_TEXT(T, commit, .min = 1, .max = 255,                                                    \
	       .doc = "Commit, its first 7 digits and more, or a branch; the newest map when not given")

static const struct field PICTURE_FIELDS[] = {
	COMMIT_FIELD(struct picture_query),
	F_TEXT(struct picture_query, view, .one_of = VIEWS,
	       .doc = "What is drawn; components when not given"),
};
static const struct schema PICTURE_QUERY =
	SCHEMA(struct picture_query, "PictureQuery", PICTURE_FIELDS);

static const struct field DIAGRAM_FIELDS[] = {
	COMMIT_FIELD(struct picture_query),
	F_TEXT(struct picture_query, view, .one_of = DIAGRAMS,
	       .doc = "What is written; components when not given"),
};
static const struct schema DIAGRAM_QUERY =
	SCHEMA(struct picture_query, "DiagramQuery", DIAGRAM_FIELDS);

struct export_query {
	const char *commit;
};

static const struct field EXPORT_FIELDS[] = { COMMIT_FIELD(struct export_query) };
static const struct schema EXPORT_QUERY = SCHEMA(struct export_query, "ExportQuery", EXPORT_FIELDS);

struct digest_query {
	const char *commit, *q;
	int64_t tokens;
};

static const struct field DIGEST_FIELDS[] = {
	COMMIT_FIELD(struct digest_query),
	F_TEXT(struct digest_query, q, .min = 1, .max = 500,
	       .doc = "A question: files whose names and definitions match its words come first"),
	F_INT(struct digest_query, tokens, .min = DIGEST_TOKENS_LEAST, .max = DIGEST_TOKENS_MOST,
	      .preset = DIGEST_TOKENS, .doc = "How long it may be, at four bytes a token"),
};
static const struct schema DIGEST_QUERY = SCHEMA(struct digest_query, "DigestQuery", DIGEST_FIELDS);

struct diff_query {
	const char *from, *to, *format;
};

static const struct field DIFF_FIELDS[] = {
	F_TEXT(struct diff_query, from, .required = true, .min = 1, .max = 255,
	       .doc = "Commit, its first 7 digits and more, or a branch: the base"),
	F_TEXT(struct diff_query, to, .min = 1, .max = 255,
	       .doc = "The same of what is compared with it; the newest map when not given"),
	F_TEXT(struct diff_query, format, .one_of = FORMATS, .doc = "json when not given"),
};
static const struct schema DIFF_QUERY = SCHEMA(struct diff_query, "DiffQuery", DIFF_FIELDS);

static enum picture_view view_of(const char *name)
{
	int view = PICTURE_COMPONENTS;

	for (int i = 0; name != NULL && i < PICTURE_VIEWS; i++)
		if (strcmp(name, picture_view_name((enum picture_view)i)) == 0)
			view = i;
	return (enum picture_view)view;
}

static enum err answer(struct reply *rp, const char *media, struct span text)
{
	reply_text(rp, media, text);
	reply_content_etag(rp);
	return ERR_OK;
}

static enum err stored(struct ctx *cx, const struct request *rq, struct reply *rp,
                       enum picture_form form, const char *media)
{
	const struct picture_query *query = request_query(rq, &PICTURE_QUERY);
	struct map map;
	const char *text;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	TRY(pictures_get(cx, map.id, view_of(query->view), form, &text));
	return answer(rp, media, (struct span){ text, strlen(text) });
}

static enum err get_svg(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return stored(cx, rq, rp, PICTURE_SVG, SVG_MEDIA);
}

static enum err get_layout(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return stored(cx, rq, rp, PICTURE_LAYOUT, "application/json");
}

/* Of a map and of when it was made: who has it already is told so without its being read. */
static enum err chart(struct ctx *cx, const struct request *rq, struct reply *rp,
                      enum chart_part part)
{
	const struct export_query *query = request_query(rq, &EXPORT_QUERY);
	struct map map;
	const char *text;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	if (reply_etag(rp, arena_printf(cx->arena, "\"%d-%lld-%lld\"", part, (long long)map.id,
	                                (long long)map.generated_us)))
		return ERR_OK;
	TRY(chart_get(cx, map.id, part, &text));
	reply_text(rp, "application/json", (struct span){ text, strlen(text) });
	return ERR_OK;
}

static enum err get_chart_files(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return chart(cx, rq, rp, CHART_FILES);
}

static enum err get_chart_graph(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return chart(cx, rq, rp, CHART_GRAPH);
}

static enum err drawing_of(struct ctx *cx, const struct request *rq, struct drawing *ret)
{
	const struct picture_query *query = request_query(rq, &DIAGRAM_QUERY);
	struct map map;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	return pictures_drawing(cx, map.id, view_of(query->view), ret);
}

static enum err get_dot(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct drawing drawing;
	struct span text;

	TRY(drawing_of(cx, rq, &drawing));
	TRY(export_dot(cx, cx->arena, &drawing, &text));
	return answer(rp, "text/vnd.graphviz; charset=utf-8", text);
}

static enum err get_mermaid(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct drawing drawing;
	struct span text;

	TRY(drawing_of(cx, rq, &drawing));
	TRY(export_mermaid(cx, cx->arena, &drawing, &text));
	return answer(rp, "text/vnd.mermaid; charset=utf-8", text);
}

static enum err written(struct ctx *cx, const struct request *rq, struct reply *rp,
                        enum map_text what, const char *media)
{
	const struct export_query *query = request_query(rq, &EXPORT_QUERY);
	struct project project;
	struct span text;
	struct map map;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	TRY(project_get(cx, rq->ids[0], &project));
	TRY(map_write(cx, &map, what, project.name, &text));
	return answer(rp, media, text);
}

static enum err get_graphml(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return written(cx, rq, rp, MAP_TEXT_GRAPHML, "application/graphml+xml");
}

static enum err get_cyclonedx(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return written(cx, rq, rp, MAP_TEXT_CYCLONEDX, "application/vnd.cyclonedx+json");
}

/* The content alone, from where it lies. */
static enum err get_content(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct export_query *query = request_query(rq, &EXPORT_QUERY);
	struct map brief, map;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &brief));
	TRY(map_get(cx, brief.id, &map));
	return answer(rp, "application/json", (struct span){ map.content, strlen(map.content) });
}

static enum err get_digest(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct digest_query *query = request_query(rq, &DIGEST_QUERY);
	struct project project;
	struct span text;
	struct map map;

	TRY(map_find(cx, rq->ids[0], query->commit, "?commit", &map));
	TRY(project_get(cx, rq->ids[0], &project));
	TRY(map_digest(cx, &map, project.name, query->q, query->tokens, &text));
	return answer(rp, MARKDOWN_MEDIA, text);
}

static enum err get_diff(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	static const char *const MEDIA[] = { "application/json", MARKDOWN_MEDIA, SVG_MEDIA };
	const struct diff_query *query = request_query(rq, &DIFF_QUERY);
	enum diff_format format = DIFF_JSON;
	struct map from, to;
	struct span text;

	for (int i = 0; query->format != NULL && FORMATS[i] != NULL; i++)
		if (strcmp(query->format, FORMATS[i]) == 0)
			format = (enum diff_format)i;
	TRY(map_find(cx, rq->ids[0], query->from, "?from", &from));
	TRY(map_find(cx, rq->ids[0], query->to, "?to", &to));
	TRY(map_compare(cx, &from, &to, format, &text));
	return answer(rp, MEDIA[format], text);
}

#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Maps", .auth = AUTH_ANY, .role = ROLE_VIEWER,                  \
	.area = AREA_MAPS, .rate = RATE_READ, .etag = true, .status = 200, .form = ROUTE_TEXT

const struct route picture_routes[] = {
	{
		.path = "/api/v1/projects/{id}/map.svg",
		.op = "getMapPicture",
		READS,
		.query = &PICTURE_QUERY,
		.media = SVG_MEDIA,
		.fails = { ERR_NOT_FOUND },
		.run = get_svg,
		.doc = "Look at a map: its components, its folders, or all files by their lines.",
		.detail =
			"Drawn when the map was made; light or dark as the reader's screen is set."
			" A map that has no such picture says why.",
	},
	{
		.path = "/api/v1/projects/{id}/map.layout.json",
		.op = "getMapLayout",
		READS,
		.query = &PICTURE_QUERY,
		.media = "application/json",
		.fails = { ERR_NOT_FOUND },
		.run = get_layout,
		.doc = "Read where everything is in a picture, for a view that moves.",
		.detail =
			"Of components and folders the boxes by their paths, in pixels; of the treemap"
			" the rectangles of all files, by their index in the map, and of all folders.",
	},
	{
		.path = "/api/v1/projects/{id}/map.files.json",
		.op = "getMapFileTable",
		READS,
		.query = &EXPORT_QUERY,
		.media = "application/json",
		.fails = { ERR_NOT_FOUND },
		.run = get_chart_files,
		.doc = "Read all files of a map as one table, with what was measured of them.",
		.detail =
			"By columns, each of one length: folder, name, language, role, lines, importers,"
			" layer, cycle, tests, changes, owner; with the folders, components and entry"
			" points. A tenth of the content of the map, or less.",
	},
	{
		.path = "/api/v1/projects/{id}/map.graph.json",
		.op = "getMapFileGraph",
		READS,
		.query = &EXPORT_QUERY,
		.media = "application/json",
		.fails = { ERR_NOT_FOUND },
		.run = get_chart_graph,
		.doc = "Read the imports between all files of a map, and where each file is drawn.",
		.detail =
			"Files by their index in map.files.json. Places are those within the folder"
			" around, in parts of unit: what depends on others stands above them.",
	},
	{
		.path = "/api/v1/projects/{id}/map.dot",
		.op = "getMapDot",
		READS,
		.query = &DIAGRAM_QUERY,
		.media = "text/vnd.graphviz",
		.fails = { ERR_NOT_FOUND },
		.run = get_dot,
		.doc = "Read the diagram as DOT, for Graphviz.",
	},
	{
		.path = "/api/v1/projects/{id}/map.mmd",
		.op = "getMapMermaid",
		READS,
		.query = &DIAGRAM_QUERY,
		.media = "text/vnd.mermaid",
		.fails = { ERR_NOT_FOUND },
		.run = get_mermaid,
		.doc = "Read the diagram as a Mermaid flowchart.",
	},
	{
		.path = "/api/v1/projects/{id}/map.graphml",
		.op = "getMapGraphml",
		READS,
		.query = &EXPORT_QUERY,
		.media = "application/graphml+xml",
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_UNAVAILABLE },
		.run = get_graphml,
		.doc = "Read the graph of all files and imports as GraphML.",
	},
	{
		.path = "/api/v1/projects/{id}/map.cdx.json",
		.op = "getMapCyclonedx",
		READS,
		.query = &EXPORT_QUERY,
		.media = "application/vnd.cyclonedx+json",
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_UNAVAILABLE },
		.run = get_cyclonedx,
		.doc = "Read the external packages as a CycloneDX 1.5 document.",
	},
	{
		.path = "/api/v1/projects/{id}/map.json",
		.op = "getMapContent",
		READS,
		.query = &EXPORT_QUERY,
		.media = "application/json",
		.fails = { ERR_NOT_FOUND },
		.run = get_content,
		.doc = "Read the content of a map alone.",
	},
	{
		.path = "/api/v1/projects/{id}/map.md",
		.op = "getMapDigest",
		READS,
		.query = &DIGEST_QUERY,
		.media = "text/markdown",
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_UNAVAILABLE },
		.run = get_digest,
		.doc = "Read a map as Markdown for a language model, within a budget of tokens.",
		.detail =
			"What matters most comes first; with a question, what its words match and what"
			" many files depend on.",
	},
	{
		.path = "/api/v1/projects/{id}/diff",
		.op = "compareMaps",
		READS,
		.query = &DIFF_QUERY,
		.media = "application/json",
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_UNAVAILABLE, ERR_TIMEOUT },
		.run = get_diff,
		.doc = "Compare the maps of two commits, or of a branch and its base.",
		.detail =
			"Files, imports, cycles, packages, routes, components and hotspots that came and"
			" went; as JSON, as Markdown for a comment on a pull request, or drawn. Both must"
			" have been mapped.",
	},
	ROUTES_END,
};
