/* Search over HTTP: passages, what there is to search, documents of the tenant's own. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "retrieval/document.h"
#include "retrieval/search.h"
#include "retrieval/sources.h"

#include <string.h>

#define PATH_CHARACTERS_MAX 4096

/* --- Search --- */

static const char *const SOURCES[] = { "code", "doc", "document", NULL };

struct search_query {
	const char *q, *path, *language, *source;
	int64_t project, top_k;
};

static const struct field SEARCH_FIELDS[] = {
	F_TEXT(struct search_query, q, .required = true, .min = 1, .max = RETRIEVAL_QUERY_MAX,
	       .example = "\"where is the request body limited\"",
	       .doc = "Words, identifiers, or a whole question"),
	F_INT(struct search_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only this project; all of them and the documents when not given"),
	F_INT(struct search_query, top_k, .min = 1, .max = RETRIEVAL_TOP_MAX,
	      .preset = RETRIEVAL_TOP, .doc = "Most passages"),
	F_TEXT(struct search_query, path, .min = 1, .max = PATH_CHARACTERS_MAX,
	       .doc = "Only this file, or what is below this folder"),
	F_TEXT(struct search_query, language, .min = 1, .max = 50, .example = "\"Python\"",
	       .doc = "Only files in this language, as maps name it"),
	F_TEXT(struct search_query, source, .one_of = SOURCES,
	       .doc = "Only code, only prose of repositories (doc), or only documents"),
};
static const struct schema SEARCH_QUERY = SCHEMA(struct search_query, "SearchQuery", SEARCH_FIELDS);

/* A folder may be written with a slash at its end. */
static const char *without_slash(struct ctx *cx, const char *path)
{
	size_t n = path == NULL ? 0 : strlen(path);

	while (n > 0 && path[n - 1] == '/')
		n--;
	return n == 0 ? NULL : arena_strndup(cx->arena, path, n);
}

static enum err get_search(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct search_query *query = request_query(rq, &SEARCH_QUERY);
	const struct retrieval_query wanted = {
		.text = query->q,
		.project_id = query->project,
		.top_k = query->top_k,
		.path = without_slash(cx, query->path),
		.language = query->language,
		.source = query->source,
	};
	struct retrieval_found found;

	TRY(retrieval_search(cx, &wanted, &found));
	return reply_json(rp, &retrieval_found_schema, &found);
}

/* --- Sources --- */

struct page_query {
	const char *cursor;
	int64_t limit;
};

static const struct field PAGE_QUERY_FIELDS[] = { PAGE_FIELDS(struct page_query) };
static const struct schema SOURCES_QUERY =
	SCHEMA(struct page_query, "SearchSourcesQuery", PAGE_QUERY_FIELDS);
static const struct schema DOCUMENTS_QUERY =
	SCHEMA(struct page_query, "DocumentListQuery", PAGE_QUERY_FIELDS);

static enum err get_sources(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct page_query *query = request_query(rq, &SOURCES_QUERY);
	struct list list;
	int64_t before_id;

	TRY(page_begin(cx, rq, query->cursor, &before_id));
	TRY(sources_list(cx, before_id, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &search_source_schema, &list, query->limit,
	                  offsetof(struct search_source, project_id));
}

/* --- Documents --- */

static enum err list_documents(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct page_query *query = request_query(rq, &DOCUMENTS_QUERY);
	struct list list;
	int64_t before_id;

	TRY(page_begin(cx, rq, query->cursor, &before_id));
	TRY(document_list(cx, before_id, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &document_schema, &list, query->limit,
	                  offsetof(struct document, id));
}

struct create_query {
	const char *name;
};

static const struct field CREATE_FIELDS[] = {
	F_TEXT(struct create_query, name, .min = 1, .max = DOCUMENT_NAME_MAX, .one_line = true,
	       .check = schema_check_trimmed, .example = "\"handbook.pdf\"",
	       .doc = "Name, of a document that is sent as it is; in JSON it stands in the body"),
};
static const struct schema CREATE_QUERY =
	SCHEMA(struct create_query, "DocumentCreateQuery", CREATE_FIELDS);

static enum err create_document(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct create_query *query = request_query(rq, &CREATE_QUERY);
	struct document made;

	if ((query->name == NULL) == (rq->source != NULL))
		return err_field(cx, ERR_INVALID, "?name", rq->source != NULL ? "required" : "raw",
		                 rq->source != NULL ? "The name of the document is missing."
		                                    : "The name stands in the body.");
	if (rq->source != NULL)
		TRY(document_take(cx, query->name, &rq->upload, &made));
	else
		TRY(document_create(cx, request_body(rq, &document_new_schema), &made));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/documents/%lld", (long long)made.id));
	return reply_json(rp, &document_schema, &made);
}

static enum err get_document(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct document document;

	TRY(document_get(cx, rq->ids[0], &document));
	return reply_json(rp, &document_schema, &document);
}

static enum err delete_document(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	(void)rp;
	return document_delete(cx, rq->ids[0]);
}

#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Search", .auth = AUTH_ANY, .role = ROLE_VIEWER,                \
	.area = AREA_MAPS, .rate = RATE_READ, .status = 200
#define WRITES                                                                                     \
	.tag = "Search", .auth = AUTH_ANY, .role = ROLE_MEMBER, .area = AREA_MAPS,                 \
	.rate = RATE_WRITE
#define DOCUMENT                                                                                   \
	"{\"id\":4,\"name\":\"handbook.md\",\"media_type\":\"text/markdown\",\"bytes\":1200,"      \
	"\"hash\":\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\","           \
	"\"status\":\"ready\",\"created_by\":\"key:1\","                                           \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"chunks\":3,\"pages\":null,"                 \
	"\"error_type\":null,\"error_message\":null}"

const struct route search_routes[] = {
	{
		.path = "/api/v1/search",
		.op = "search",
		READS,
		.query = &SEARCH_QUERY,
		.reply = &retrieval_found_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_search,
		.doc = "Look for passages of code and documents by words, identifiers or a question.",
		.detail =
			"Each passage says by what it was found, and at which commit, file and lines"
			" it stands.  No passage is an answer too.  Where the tenant prefers an embedding"
			" model, passages that mean the same are found as well; when its provider fails,"
			" words alone are looked for, and the answer says so.",
		.example =
			"{\"items\":[{\"project_id\":3,\"document_id\":null,"
			"\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","
			"\"path\":\"lib/parse.c\",\"start_line\":10,\"end_line\":12,\"page\":null,"
			"\"blob\":\"83baae61804e65cc73a7201a7252750c76066a30\",\"language\":\"C\","
			"\"source\":\"code\",\"kind\":\"function\",\"score\":24590,"
			"\"symbols\":[\"parse_request\"],\"why\":[\"symbol:pars\",\"symbol:request\"],"
			"\"text\":\"int parse_request(const char *text)\\n{\\n}\"}],\"complete\":true,"
			"\"meaning\":\"off\",\"meaning_problem\":null}",
	},
	{
		.path = "/api/v1/sources",
		.op = "listSources",
		READS,
		.query = &SOURCES_QUERY,
		.form = ROUTE_PAGE,
		.reply = &search_source_schema,
		.run = get_sources,
		.doc = "List what can be searched and asked: projects, newest first, then the documents.",
		.example =
			"{\"items\":[{\"project_id\":3,\"kind\":\"project\",\"name\":\"app\","
			"\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\",\"files\":40,"
			"\"chunks\":310,\"complete\":true,\"indexed_at\":\"2026-11-21T06:45:00.123Z\","
			"\"embedded\":310,\"model\":\"vectors\"}],"
			"\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/documents",
		.op = "listDocuments",
		READS,
		.query = &DOCUMENTS_QUERY,
		.form = ROUTE_PAGE,
		.reply = &document_schema,
		.run = list_documents,
		.doc = "List the tenant's documents, newest first.",
		.example = "{\"items\":[" DOCUMENT "],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/documents",
		.op = "createDocument",
		WRITES,
		.query = &CREATE_QUERY,
		.body = &document_new_schema,
		.raw = document_types,
		.status = 201,
		.reply = &document_schema,
		.fails = { ERR_CONFLICT, ERR_LIMIT },
		.audit = "document.created",
		.run = create_document,
		.doc = "Add a document to what is searched: Markdown, plain text or a PDF.",
		.detail =
			"Either as JSON, or its bytes as they are, of the type that Content-Type names "
			"and up to upload_max_bytes, with ?name=. It can be found once its status is "
			"ready; one that cannot be read, a PDF that is locked by a password for one, is "
			"failed and says why.",
		.example = DOCUMENT,
	},
	{
		.path = "/api/v1/documents/{id}",
		.op = "getDocument",
		READS,
		.reply = &document_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_document,
		.doc = "Read what is known of a document.",
		.example = DOCUMENT,
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/documents/{id}",
		.op = "deleteDocument",
		WRITES,
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.audit = "document.deleted",
		.run = delete_document,
		.doc = "Delete a document; from then on it is not found.",
	},
	ROUTES_END,
};
