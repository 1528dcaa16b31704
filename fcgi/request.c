/* Parameters and body in: what is refused before a handler runs. */
#include "request.h"

#include "base/secret.h"
#include "base/utf8.h"
#include "config/config.h"

#include <string.h>
#include <strings.h>

#define BODY_FIRST_BYTES 4096

#define SPAN_OF(text)                                                                              \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

/* The parameters that we look at, and where they go. */
static const struct wanted {
	struct span name;
	size_t offset;    /* of a const char * in struct request */
	const char *once; /* the header's name when it may come once only */
} WANTED[] = {
	{ SPAN_OF("REQUEST_METHOD"), offsetof(struct request, method_name), "the method" },
	{ SPAN_OF("REQUEST_URI"), offsetof(struct request, path), "the path" },
	{ SPAN_OF("CONTENT_TYPE"), offsetof(struct request, content_type), "Content-Type" },
	{ SPAN_OF("HTTP_CONTENT_ENCODING"), offsetof(struct request, content_encoding),
	  "Content-Encoding" },
	{ SPAN_OF("CONTENT_LENGTH"), offsetof(struct request, content_length), "Content-Length" },
	{ SPAN_OF("HTTP_AUTHORIZATION"), offsetof(struct request, authorization), "Authorization" },
	{ SPAN_OF("HTTP_COOKIE"), offsetof(struct request, cookie), "Cookie" },
	{ SPAN_OF("HTTP_HOST"), offsetof(struct request, host), "Host" },
	{ SPAN_OF("HTTP_ORIGIN"), offsetof(struct request, origin), "Origin" },
	{ SPAN_OF("HTTP_SEC_FETCH_SITE"), offsetof(struct request, fetch_site), "Sec-Fetch-Site" },
	{ SPAN_OF("HTTP_X_CSRF_TOKEN"), offsetof(struct request, csrf_token), "X-CSRF-Token" },
	{ SPAN_OF("HTTP_X_PORTOLAN_TENANT"), offsetof(struct request, tenant),
	  "X-Portolan-Tenant" },
	{ SPAN_OF("HTTP_IF_MATCH"), offsetof(struct request, if_match), "If-Match" },
	{ SPAN_OF("HTTP_IF_NONE_MATCH"), offsetof(struct request, if_none_match), "If-None-Match" },
	{ SPAN_OF("HTTP_IDEMPOTENCY_KEY"), offsetof(struct request, idempotency_key),
	  "Idempotency-Key" },
	{ SPAN_OF("HTTP_LAST_EVENT_ID"), offsetof(struct request, last_event_id), "Last-Event-ID" },
	{ SPAN_OF("HTTP_UPGRADE"), offsetof(struct request, upgrade), "Upgrade" },
	{ SPAN_OF("HTTP_SEC_WEBSOCKET_KEY"), offsetof(struct request, websocket_key),
	  "Sec-WebSocket-Key" },
	{ SPAN_OF("HTTP_SEC_WEBSOCKET_VERSION"), offsetof(struct request, websocket_version),
	  "Sec-WebSocket-Version" },
	{ SPAN_OF("HTTP_X_REQUEST_ID"), offsetof(struct request, request_id), NULL },
	{ SPAN_OF("HTTP_TRACEPARENT"), offsetof(struct request, traceparent), NULL },
	{ SPAN_OF("HTTP_USER_AGENT"), offsetof(struct request, user_agent), NULL },
	{ SPAN_OF("REQUEST_SCHEME"), offsetof(struct request, scheme), NULL },
	{ SPAN_OF("HTTP_X_FORWARDED_FOR"), offsetof(struct request, forwarded_for), NULL },
	{ SPAN_OF("REMOTE_ADDR"), offsetof(struct request, remote), NULL },
};

/* A path that wants no body takes none, or an empty object. */
static const struct schema NOTHING = { .name = "Nothing", .given_offset = SIZE_MAX };

bool request_id_is_sound(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= REQUEST_ID_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-") ==
	               n;
}

bool traceparent_is_sound(const char *text)
{
	static const char FORM[] =
		"00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx"; /* x: hex, small */

	if (strlen(text) != TRACEPARENT_LEN)
		return false;
	for (size_t i = 0; i < TRACEPARENT_LEN; i++) {
		if (FORM[i] != 'x' ? text[i] != FORM[i]
		                   : text[i] == '\0' || strchr("0123456789abcdef", text[i]) == NULL)
			return false;
	}
	return strspn(text + 3, "0") < 32 && strspn(text + 36, "0") < 16;
}

/* Our part of the trace: the caller's trace and flags, a span of our own. */
static void take_trace(struct ctx *cx, const char *text)
{
	unsigned char span[8];
	char hex[17];

	if (text == NULL || !traceparent_is_sound(text))
		return;
	secret_random(span, sizeof(span));
	span[0] |= 1; /* never all zero */
	secret_hex(span, sizeof(span), hex);
	memcpy(cx->traceparent, text, TRACEPARENT_LEN + 1);
	memcpy(cx->traceparent + 36, hex, 16);
}

static enum err take_param(struct ctx *cx, struct request *rq, const struct wanted *w,
                           const char *value)
{
	const char **slot = (const char **)((char *)rq + w->offset);

	if (*slot != NULL) {
		if (w->once == NULL)
			return ERR_OK; /* the first counts */
		return err_set(cx, ERR_BAD_REQUEST, "The request has %s twice.", w->once);
	}
	*slot = value;
	return ERR_OK;
}

static enum err take_params(struct ctx *cx, char *const *params, struct request *rq)
{
	enum err worst = ERR_OK;

	for (size_t n = 0; n < REQUEST_PARAMS_MAX && params[n] != NULL; n++) {
		const char *eq = strchr(params[n], '=');

		for (size_t i = 0; eq != NULL && i < COUNT(WANTED); i++) {
			struct span name = WANTED[i].name;
			enum err e;

			if (name.len != (size_t)(eq - params[n]) ||
			    memcmp(params[n], name.data, name.len) != 0)
				continue;
			e = take_param(cx, rq, &WANTED[i], eq + 1);
			worst = worst == ERR_OK ? e : worst;
		}
	}
	return worst;
}

/* Empty means not sent: nginx passes what is missing as an empty parameter. */
static void drop_empty(const char **value)
{
	if (*value != NULL && **value == '\0')
		*value = NULL;
}

/* OpenAI's own client encodes the slash in the name of a model, and no other path has one like it. */
static const char *plain_model(struct ctx *cx, const char *path)
{
	static const char ENCODED[] = "/v1/models/project%2F";

	if (strncasecmp(path, ENCODED, sizeof(ENCODED) - 1) != 0)
		return path;
	return arena_printf(cx->arena, "/v1/models/project/%s", path + sizeof(ENCODED) - 1);
}

static enum err split_target(struct ctx *cx, struct request *rq)
{
	const char *target = rq->path == NULL ? "" : rq->path;
	const char *question;

	rq->path = target;
	if (strlen(target) > REQUEST_TARGET_MAX) {
		rq->path = "";
		return err_set(cx, ERR_URI_TOO_LONG, "Path and query may have %d bytes.",
		               REQUEST_TARGET_MAX);
	}
	question = strchr(target, '?');
	if (question != NULL) {
		rq->path = arena_strndup(cx->arena, target, (size_t)(question - target));
		rq->raw_query = question + 1;
	}
	rq->path = plain_model(cx, rq->path);
	return route_path_check(cx, rq->path);
}

/* The log line is written when the parameters are gone. */
static void keep(struct ctx *cx, const char **text)
{
	if (*text != NULL)
		*text = arena_strdup(cx->arena, *text);
}

enum err request_read(struct ctx *cx, char *const *params, struct request *rq)
{
	enum err e = take_params(cx, params, rq);

	drop_empty(&rq->content_type);
	drop_empty(&rq->content_length);
	drop_empty(&rq->content_encoding);
	if (rq->request_id != NULL && request_id_is_sound(rq->request_id))
		memcpy(cx->request_id, rq->request_id, strlen(rq->request_id) + 1);
	else if (cx->request_id[0] == '\0')
		ctx_name(cx);
	take_trace(cx, rq->traceparent);
	if (rq->method_name == NULL)
		rq->method_name = "";
	keep(cx, &rq->method_name);
	keep(cx, &rq->remote);
	keep(cx, &rq->path);
	rq->method = http_method_by_name(rq->method_name);
	if (e != ERR_OK) {
		rq->path = rq->path == NULL ? "" : rq->path;
		return e;
	}
	return split_target(cx, rq);
}

/* Decode a part of the query, '+' being a space. */
static enum err query_text(struct ctx *cx, const char *s, size_t n, const char **ret)
{
	char *text = arena_alloc(cx->arena, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int lo, hi;

		if (s[i] != '%') {
			text[len++] = (char)(s[i] == '+' ? ' ' : s[i]);
			continue;
		}
		hi = n - i > 2 ? route_hex(s[i + 1]) : -1;
		lo = hi < 0 ? -1 : route_hex(s[i + 2]);
		if (lo < 0 || hi * 16 + lo == 0)
			return err_set(cx, ERR_BAD_REQUEST,
			               "The query holds a bad percent-escape or a NUL.");
		text[len++] = (char)(hi * 16 + lo);
		i += 2;
	}
	if (utf8_valid(text, len) != len)
		return err_set(cx, ERR_ENCODING, "The query is not valid UTF-8.");
	*ret = text;
	return ERR_OK;
}

static enum err split_query(struct ctx *cx, struct request *rq)
{
	const char *p = rq->raw_query;

	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, "&");
		const char *eq = memchr(p, '=', n);
		size_t name_n = eq == NULL ? n : (size_t)(eq - p);
		struct pair *pair = &rq->pairs[rq->npairs];

		if (n > 0) {
			if (rq->npairs == REQUEST_PAIRS_MAX)
				return err_set(cx, ERR_BAD_REQUEST,
				               "A query may have %d parameters.",
				               REQUEST_PAIRS_MAX);
			TRY(query_text(cx, p, name_n, &pair->name));
			TRY(query_text(cx, eq == NULL ? "" : eq + 1,
			               eq == NULL ? 0 : n - name_n - 1, &pair->value));
			rq->npairs++;
		}
		p += n + (p[n] == '&' ? 1 : 0);
	}
	return ERR_OK;
}

enum err request_decode_query(struct ctx *cx, struct request *rq)
{
	const struct schema *s = rq->route->query == NULL ? &NOTHING : rq->route->query;
	void *query = arena_alloc(cx->arena, s->size);

	TRY(split_query(cx, rq));
	TRY(schema_decode_pairs(cx, s, rq->pairs, rq->npairs, query));
	rq->query = query;
	return ERR_OK;
}

bool request_is_media(const char *type, const char *media)
{
	static const char CHARSET[] = "charset=";
	const char *p = type + strlen(media);
	size_t n;

	if (strncasecmp(type, media, strlen(media)) != 0)
		return false;
	p += strspn(p, " \t");
	if (*p == '\0')
		return true;
	if (*p++ != ';')
		return false;
	p += strspn(p, " \t");
	if (strncasecmp(p, CHARSET, sizeof(CHARSET) - 1) != 0)
		return false;
	p += sizeof(CHARSET) - 1;
	n = strcspn(p, " \t");
	if (p[n + strspn(p + n, " \t")] != '\0')
		return false;
	return (n == 5 && strncasecmp(p, "utf-8", n) == 0) ||
	       (n == 7 && strncasecmp(p, "\"utf-8\"", n) == 0);
}

enum err request_announced(struct ctx *cx, const struct request *rq, size_t max_bytes, size_t *ret)
{
	const char *text = rq->content_length;
	size_t n = 0;

	*ret = SIZE_MAX;
	if (text == NULL)
		return ERR_OK;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return err_set(cx, ERR_BAD_REQUEST, "Content-Length is not a number.");
		n = n > max_bytes ? n : n * 10 + (size_t)(*p - '0');
	}
	*ret = n;
	return ERR_OK;
}

enum err request_cut(struct ctx *cx)
{
	return err_set(cx, ERR_BAD_REQUEST,
	               "The body does not have the length that Content-Length names.");
}

static enum err too_large(struct ctx *cx, size_t max_bytes)
{
	return err_set(cx, ERR_TOO_LARGE, "A body may have up to %zu bytes.", max_bytes);
}

static enum err read_body(struct ctx *cx, struct request *rq, const struct body_source *source,
                          size_t max_bytes)
{
	size_t want, cap, n = 0;
	char *data;

	TRY(request_announced(cx, rq, max_bytes, &want));
	if (want != SIZE_MAX && want > max_bytes)
		return too_large(cx, max_bytes);
	/* One byte more than wanted, to see that there is none. */
	cap = want == SIZE_MAX ? BODY_FIRST_BYTES : want + 1;
	data = arena_alloc(cx->arena, cap);
	for (;;) {
		size_t got = source->read(source->self, data + n, cap - n);

		n += got;
		if (n < cap || want != SIZE_MAX)
			break;
		if (n > max_bytes)
			return too_large(cx, max_bytes);
		data = arena_grow(cx->arena, data, cap, cap * 2);
		cap *= 2;
	}
	if (n > max_bytes)
		return too_large(cx, max_bytes);
	if (want != SIZE_MAX && n != want)
		return request_cut(cx);
	rq->body = (struct span){ data, n };
	return ERR_OK;
}

enum err request_check_coding(struct ctx *cx, const struct request *rq)
{
	const char *coding = rq->content_encoding;

	if (coding != NULL && strcasecmp(coding, "identity") != 0)
		return err_field(cx, ERR_MEDIA_TYPE, "Content-Encoding:", "coding",
		                 "The body must be sent as it is, not compressed.");
	return ERR_OK;
}

static enum err check_type(struct ctx *cx, const struct request *rq)
{
	if (rq->content_type == NULL || !request_is_media(rq->content_type, "application/json"))
		return err_field(cx, ERR_MEDIA_TYPE, "Content-Type:", "media_type",
		                 "The body must be application/json, in UTF-8.");
	return request_check_coding(cx, rq);
}

enum err request_decode_body(struct ctx *cx, struct request *rq, const struct body_source *source,
                             size_t max_bytes)
{
	const struct schema *s = rq->route->body == NULL ? &NOTHING : rq->route->body;
	void *in = arena_alloc(cx->arena, s->size);

	TRY(read_body(cx, rq, source, max_bytes));
	if (rq->body.len == 0 && s == &NOTHING)
		return ERR_OK;
	if (rq->body.len == 0 && rq->route->optional)
		rq->body = (struct span){ "{}", 2 };
	else
		TRY(check_type(cx, rq));
	TRY(schema_decode(cx, s, rq->body, in));
	rq->in = in;
	return ERR_OK;
}

const void *request_body(const struct request *rq, const struct schema *s)
{
	assert(rq->route->body == s && rq->in != NULL);
	return rq->in;
}

const void *request_query(const struct request *rq, const struct schema *s)
{
	assert(rq->route->query == s && rq->query != NULL);
	return rq->query;
}

/* One entity tag at s; its text without W/ and with its quotes, or NULL. */
static const char *tag_at(const char *s, size_t *ret_n)
{
	const char *end;

	if (s[0] == 'W' && s[1] == '/')
		s += 2;
	if (*s != '"')
		return NULL;
	end = strchr(s + 1, '"');
	if (end == NULL)
		return NULL;
	*ret_n = (size_t)(end - s) + 1;
	return s;
}

static enum err bad_tag(struct ctx *cx, const char *detail)
{
	return err_field(cx, ERR_INVALID, "If-Match:", "etag", "%s", detail);
}

enum err request_version(struct ctx *cx, const struct request *rq, int64_t *ret)
{
	const char *tag;
	int64_t version = 0;
	size_t n = 0;

	if (rq->if_match == NULL && rq->route->creates && rq->if_none_match != NULL &&
	    strcmp(rq->if_none_match, "*") == 0) {
		*ret = REQUEST_ABSENT;
		return ERR_OK;
	}
	if (rq->if_match == NULL) {
		err_set(cx, ERR_NO_VERSION, "The header If-Match is missing.");
		err_fix(cx, "Read the item and send the value of its ETag as If-Match%s.",
		        rq->route->creates ? "; or If-None-Match: * to make a new one" : "");
		return ERR_NO_VERSION;
	}
	if (strcmp(rq->if_match, "*") == 0) {
		*ret = 0;
		return ERR_OK;
	}
	tag = tag_at(rq->if_match, &n);
	if (tag == NULL)
		return bad_tag(cx, "The value must be an entity tag in double quotes, or *.");
	if (tag[n] != '\0')
		return bad_tag(cx, "The value must be one entity tag.");
	for (size_t i = 1; i + 1 < n; i++) {
		if (n - 2 > 18 || tag[i] < '0' || tag[i] > '9')
			version = -1;
		else if (version >= 0)
			version = version * 10 + (tag[i] - '0');
	}
	if (version <= 0)
		return err_set(cx, ERR_STALE, "If-Match names no version of this item.");
	*ret = version;
	return ERR_OK;
}

bool request_has_tag(const struct request *rq, const char *etag)
{
	const char *p = rq->if_none_match;
	size_t len = strlen(etag);

	if (p == NULL)
		return false;
	if (strcmp(p, "*") == 0)
		return true;
	while (*p != '\0') {
		size_t n = 0;
		const char *tag;

		p += strspn(p, " \t,");
		tag = tag_at(p, &n);
		if (tag == NULL)
			return false;
		if (n == len && memcmp(tag, etag, n) == 0)
			return true;
		p = tag + n;
	}
	return false;
}

const char *request_base(struct ctx *cx, const struct request *rq)
{
	const char *base = cx->app->config->public_url;

	if (*base != '\0' || rq->host == NULL)
		return base;
	return arena_printf(cx->arena, "%s://%s", rq->scheme != NULL ? rq->scheme : "http",
	                    rq->host);
}
