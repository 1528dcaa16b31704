#include "retrieval/document_repo.h"

#define COLUMNS                                                                                    \
	"d.id, d.name, d.media_type, d.bytes, d.hash, d.status, d.created_by,"                     \
	" (date_part('epoch', d.created_at) * 1000000)::bigint AS created_at,"                     \
	" coalesce((SELECT sum(f.chunks) FROM app.search_file f WHERE f.tenant_id = $1"            \
	" AND f.document_id = d.id AND f.live), 0)::bigint AS chunks,"                             \
	" coalesce(d.pages, 0)::bigint AS pages, d.error_type, d.error_message"

static const struct db_stmt INSERT = {
	.name = "document_insert",
	.nparams = 7,
	.sql = "INSERT INTO app.document AS d (tenant_id, name, media_type, bytes, hash, created_by,"
	       " content) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " COLUMNS,
};

enum err document_repo_insert(struct ctx *cx, const struct document *in, const char *content,
                              size_t n, struct document *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_TEXT(in->name), DB_TEXT(in->media_type), DB_INT(in->bytes),
	                      DB_TEXT(in->hash), DB_TEXT(in->created_by), DB_BYTES(content, n)),
	              &document_schema, ret);
}

static const struct db_stmt TAKE = {
	.name = "document_take",
	.nparams = 7,
	.sql = "INSERT INTO app.document AS d (tenant_id, name, media_type, bytes, hash, created_by,"
	       " content) VALUES ($1, $2, $3, $4, $5, $6, app.upload_content($1, $7))"
	       " RETURNING " COLUMNS,
};

enum err document_repo_take(struct ctx *cx, const struct document *in, int64_t upload_id,
                            struct document *ret)
{
	return db_get(cx, &TAKE,
	              DB_ARGS(DB_TEXT(in->name), DB_TEXT(in->media_type), DB_INT(in->bytes),
	                      DB_TEXT(in->hash), DB_TEXT(in->created_by), DB_INT(upload_id)),
	              &document_schema, ret);
}

static const struct db_stmt GET = {
	.name = "document_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.document d WHERE d.tenant_id = $1 AND d.id = $2",
};

enum err document_get(struct ctx *cx, int64_t id, struct document *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &document_schema, ret);
}

static const struct db_stmt FIND = {
	.name = "document_find",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.document d WHERE d.tenant_id = $1 AND d.name = $2",
};

enum err document_find(struct ctx *cx, const char *name, struct document *ret)
{
	return db_get(cx, &FIND, DB_ARGS(DB_TEXT(name)), &document_schema, ret);
}

static const struct field TEXT_FIELDS[] = {
	F_TEXT(struct document_lines, name), F_TEXT(struct document_lines, media_type),
	F_TEXT(struct document_lines, hash), F_INT(struct document_lines, lines),
	F_INT(struct document_lines, page),  F_TEXT(struct document_lines, text),
};
static const struct schema TEXT = SCHEMA(struct document_lines, "DocumentText", TEXT_FIELDS);

/* What follows the last line feed is a line when there is something. */
static const struct db_stmt READ = {
	.name = "document_read",
	.read = true,
	.nparams = 5,
	.sql = "WITH d AS (SELECT name, media_type, hash, media_type = 'application/pdf' AS pdf,"
	       " string_to_array(CASE media_type WHEN 'application/pdf' THEN extracted"
	       " ELSE convert_from(content, 'UTF8') END, E'\n') AS parts"
	       " FROM app.document WHERE tenant_id = $1 AND id = $2),"
	       " n AS (SELECT d.*, cardinality(parts) AS feeds, cardinality(parts)"
	       " - (parts[cardinality(parts)] = '')::integer AS lines,"
	       " CASE WHEN pdf THEN array_to_string(parts[1:$3 - 1], '') END AS before FROM d)"
	       " SELECT name, media_type, hash, coalesce(lines, 0)::bigint AS lines, coalesce(1"
	       " + length(before) - length(replace(before, E'\f', '')), 0)::bigint AS page,"
	       " left(array_to_string(parts[$3:least($4, lines)], E'\n')"
	       " || CASE WHEN least($4, lines) < feeds THEN E'\n' ELSE '' END, $5) AS text FROM n",
};

enum err document_repo_read(struct ctx *cx, int64_t id, int64_t from, int64_t to,
                            struct document_lines *ret)
{
	return db_get(cx, &READ,
	              DB_ARGS(DB_INT(id), DB_INT(from), DB_INT(to), DB_INT(DOCUMENT_READ_MAX)),
	              &TEXT, ret);
}

static const struct db_stmt LIST = {
	.name = "document_list",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " COLUMNS " FROM app.document d WHERE d.tenant_id = $1"
	       " AND ($2::bigint IS NULL OR d.id < $2) ORDER BY d.id DESC LIMIT $3",
};

enum err document_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST, DB_ARGS(DB_INT0(before_id), DB_INT(limit)), &document_schema,
	               ret);
}

static const struct db_stmt DELETE = {
	.name = "document_delete",
	.nparams = 2,
	.sql = "DELETE FROM app.document d WHERE d.tenant_id = $1 AND d.id = $2 RETURNING " COLUMNS,
};

enum err document_repo_delete(struct ctx *cx, int64_t id, struct document *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_INT(id)), &document_schema, ret);
}

static const struct field CONTENT_FIELDS[] = {
	F_INT(struct document_content, id),          F_TEXT(struct document_content, name),
	F_TEXT(struct document_content, media_type), F_TEXT(struct document_content, hash),
	F_TEXT(struct document_content, content),
};
static const struct schema CONTENT =
	SCHEMA(struct document_content, "DocumentContent", CONTENT_FIELDS);

static const struct db_stmt NEXT = {
	.name = "document_next",
	.read = true,
	.nparams = 2,
	.sql = "SELECT id, name, media_type, hash, encode(content, 'hex') AS content"
	       " FROM app.document WHERE tenant_id = $1 AND id > $2 AND status = 'pending'"
	       " ORDER BY id LIMIT 1",
};

enum err document_next(struct ctx *cx, int64_t after, struct document_content *ret)
{
	return db_get(cx, &NEXT, DB_ARGS(DB_INT(after)), &CONTENT, ret);
}

static const struct db_stmt READY = {
	.name = "document_ready",
	.nparams = 2,
	.sql = "UPDATE app.document SET status = 'ready' WHERE tenant_id = $1"
	       " AND id = ANY ($2::bigint[])",
};

enum err document_ready(struct ctx *cx, const char *ids)
{
	return db_run(cx, &READY, DB_ARGS(DB_TEXT(ids)), NULL);
}

static const struct db_stmt EXTRACTED = {
	.name = "document_extracted",
	.nparams = 4,
	.sql = "UPDATE app.document SET extracted = $3, pages = $4 WHERE tenant_id = $1 AND id = $2",
};

enum err document_extracted(struct ctx *cx, int64_t id, struct span text, int64_t pages)
{
	return db_run(cx, &EXTRACTED, DB_ARGS(DB_INT(id), DB_TEXT(text.data), DB_INT(pages)), NULL);
}

static const struct db_stmt FAILED = {
	.name = "document_failed",
	.nparams = 4,
	.sql = "UPDATE app.document SET status = 'failed', error_type = $3,"
	       " error_message = left($4::text, 2000) WHERE tenant_id = $1 AND id = $2",
};

enum err document_failed(struct ctx *cx, int64_t id, const struct fault *why)
{
	return db_run(cx, &FAILED,
	              DB_ARGS(DB_INT(id), DB_TEXT(err_info(why->code)->slug), DB_TEXT(why->detail)),
	              NULL);
}

static const struct db_stmt GONE = {
	.name = "document_gone",
	.nparams = 1,
	.sql = "UPDATE app.search_file f SET live = false WHERE f.tenant_id = $1"
	       " AND f.document_id IS NOT NULL AND f.live AND NOT EXISTS (SELECT FROM app.document d"
	       " WHERE d.tenant_id = $1 AND d.id = f.document_id)",
};

enum err document_gone(struct ctx *cx)
{
	return db_run(cx, &GONE, DB_NO_ARGS, NULL);
}

const struct db_check document_statements[] = {
	{ .stmt = &INSERT, .row = &document_schema },
	{ .stmt = &TAKE, .row = &document_schema },
	{ .stmt = &FIND, .row = &document_schema },
	{ .stmt = &GET, .row = &document_schema },
	{ .stmt = &READ, .row = &TEXT },
	{ .stmt = &LIST, .row = &document_schema },
	{ .stmt = &DELETE, .row = &document_schema },
	{ .stmt = &NEXT, .row = &CONTENT },
	{ .stmt = &READY, .as = DB_AS_RUNNER },
	{ .stmt = &EXTRACTED, .as = DB_AS_RUNNER },
	{ .stmt = &FAILED, .as = DB_AS_RUNNER },
	{ .stmt = &GONE, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
