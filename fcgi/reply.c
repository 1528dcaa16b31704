/* Status, headers and JSON out. */
#include "reply.h"

#include "cors.h"
#include "limit.h"

#include "base/secret.h"

#include <string.h>

void reply_begin(struct reply *rp, struct ctx *cx, const struct request *rq)
{
	*rp = (struct reply){ .cx = cx, .rq = rq, .status = 200 };
}

void reply_clear(struct reply *rp)
{
	reply_begin(rp, rp->cx, rp->rq);
}

void reply_header(struct reply *rp, const char *name, const char *value)
{
	assert(rp->nheaders < REPLY_HEADERS_MAX);
	assert(strpbrk(value, "\r\n") == NULL);
	rp->headers[rp->nheaders++] = (struct header){ name, value };
}

void reply_text(struct reply *rp, const char *media, struct span text)
{
	rp->media = media;
	rp->pieces[0] = text;
	rp->npieces = 1;
}

static enum err reply_sb(struct reply *rp, struct sb *sb)
{
	const char *text;

	TRY(sb_finish(rp->cx, sb, &text));
	reply_text(rp, "application/json", (struct span){ text, sb->len });
	return ERR_OK;
}

enum err reply_json(struct reply *rp, const struct schema *s, const void *obj)
{
	struct sb sb = sb_new(rp->cx->arena, REPLY_JSON_MAX);

	schema_encode(&sb, s, obj);
	return reply_sb(rp, &sb);
}

enum err reply_keep(struct reply *rp, const struct schema *s, const void *obj)
{
	struct sb sb = sb_new(rp->cx->arena, REPLY_JSON_MAX);

	schema_encode(&sb, s, obj);
	rp->kept.len = sb.len;
	return sb_finish(rp->cx, &sb, &rp->kept.data);
}

enum err reply_page(struct reply *rp, const struct schema *s, const void *items, size_t n,
                    const char *next_cursor)
{
	struct sb sb = sb_new(rp->cx->arena, REPLY_JSON_MAX);

	sb_add(&sb, "{\"items\":");
	schema_encode_array(&sb, s, items, n);
	sb_add(&sb, ",\"next_cursor\":");
	if (next_cursor == NULL)
		sb_add(&sb, "null");
	else
		sb_json(&sb, next_cursor);
	sb_addc(&sb, '}');
	return reply_sb(rp, &sb);
}

bool reply_etag(struct reply *rp, const char *etag)
{
	bool reads = rp->rq->method == HTTP_GET || rp->rq->method == HTTP_HEAD;

	reply_header(rp, "ETag", arena_strdup(rp->cx->arena, etag));
	if (!reads || !request_has_tag(rp->rq, etag))
		return false;
	rp->status = 304;
	rp->media = NULL;
	rp->npieces = 0;
	return true;
}

bool reply_version(struct reply *rp, int64_t version)
{
	return reply_etag(rp, arena_printf(rp->cx->arena, "\"%lld\"", (long long)version));
}

bool reply_content_etag(struct reply *rp)
{
	unsigned char hashes[REPLY_PIECES_MAX * SECRET_HASH_BYTES], whole[SECRET_HASH_BYTES];
	char etag[REPLY_ETAG_MAX] = "\"";

	for (int i = 0; i < rp->npieces; i++)
		secret_hash(rp->pieces[i].data, rp->pieces[i].len, NULL, 0,
		            hashes + (size_t)i * SECRET_HASH_BYTES);
	secret_hash(hashes, (size_t)rp->npieces * SECRET_HASH_BYTES, NULL, 0, whole);
	secret_hex(whole, 16, etag + 1);
	memcpy(etag + 33, "\"", 2);
	return reply_etag(rp, etag);
}

size_t reply_body_bytes(const struct reply *rp)
{
	size_t n = 0;

	for (int i = 0; i < rp->npieces; i++)
		n += rp->pieces[i].len;
	return n;
}

static bool has_header(const struct reply *rp, const char *name)
{
	for (int i = 0; i < rp->nheaders; i++) {
		if (strcmp(rp->headers[i].name, name) == 0)
			return true;
	}
	return false;
}

static void add_header(struct sb *sb, const char *name, const char *value)
{
	sb_add(sb, name);
	sb_add(sb, ": ");
	sb_add(sb, value);
	sb_add(sb, "\r\n");
}

/* nginx sends the phrase on as it is given; without one, the status line ends in the number. */
static const char *phrase(int status)
{
	static const struct {
		int status;
		const char *text;
	} PHRASES[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < COUNT(PHRASES); i++) {
		if (PHRASES[i].status == status)
			return PHRASES[i].text;
	}
	return status < 400 ? "Success" : "Failure";
}

/* What anybody may see and has a version, if it is asked for again each time. */
static bool may_be_kept(const struct reply *rp)
{
	return rp->status < 400 && rp->rq->route != NULL && rp->rq->route->auth == AUTH_NONE &&
	       has_header(rp, "ETag");
}

void reply_head(struct reply *rp, struct sb *sb)
{
	sb_add(sb, "Status: ");
	sb_int(sb, rp->status);
	sb_addc(sb, ' ');
	sb_add(sb, phrase(rp->status));
	sb_add(sb, "\r\n");
	if (rp->media != NULL) {
		add_header(sb, "Content-Type", rp->media);
		sb_add(sb, "Content-Length: ");
		sb_int(sb, (int64_t)reply_body_bytes(rp));
		sb_add(sb, "\r\n");
	}
	for (int i = 0; i < rp->nheaders; i++)
		add_header(sb, rp->headers[i].name, rp->headers[i].value);
	if (!has_header(rp, "Cache-Control"))
		add_header(sb, "Cache-Control", may_be_kept(rp) ? "private, no-cache" : "no-store");
	limit_head(sb, &rp->rq->limit);
	cors_head(sb, rp->rq);
	add_header(sb, "X-Request-Id", rp->cx->request_id);
	if (rp->cx->traceparent[0] != '\0')
		add_header(sb, "Traceparent", rp->cx->traceparent);
	sb_add(sb, "\r\n");
}
