/*
 * Request: what the client sent, checked and decoded.
 *
 * It is read from FastCGI parameters ("NAME=value" texts, as an environment)
 * in the order in which it can be refused: the line and the headers first, then
 * the query, and the body only when the caller is known.
 *
 *   Ownership  Line, remote address and all that is decoded live in cx->arena; the other headers
 *              in the parameters, which are gone once the answer is sent.
 *   Header     One that decides something (Authorization, Cookie, Origin, If-Match, Idempotency-Key,
 *              Content-Type ...) may come once; twice is refused.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "route.h"

#include "auth/rate.h"
#include "files/upload.h"

#define REQUEST_TARGET_MAX 8192        /* bytes of path and query */
#define REQUEST_PAIRS_MAX  64          /* parameters of a query */
#define REQUEST_PARAMS_MAX 256         /* FastCGI parameters that are looked at */
#define REQUEST_ABSENT     INT64_C(-1) /* as a version: there must be no such item yet */

struct db_question;
struct server;
struct session_claim;

/* Where the body comes from.  read() gives fewer bytes than asked only at the end. */
struct body_source {
	size_t (*read)(void *self, char *buffer, size_t n);
	void *self;
};

struct request {
	const struct server *server;
	const struct route *route;
	int64_t ids[ROUTE_IDS_MAX];
	const char *name; /* of a {name} in the path; "" where the row has none */
	enum http_method method;
	const char *method_name; /* as sent */
	const char *path;        /* as sent, without the query */
	struct pair pairs[REQUEST_PAIRS_MAX];
	size_t npairs;
	const char *raw_query; /* NULL: none */
	struct span body;
	const struct body_source *source; /* of a raw body (fcgi/raw.h); NULL: it is in .body */
	size_t announced;                 /* bytes of that; SIZE_MAX: not told */
	struct upload upload;             /* what came of it */

	const struct session_claim
		*session; /* of an admitted person's cookie; NULL: another credential */

	/* Headers; NULL: not sent. */
	const char *authorization;
	const char *cookie;
	const char *host;
	const char *origin;
	const char *fetch_site; /* Sec-Fetch-Site */
	const char *csrf_token; /* X-CSRF-Token */
	const char *tenant;     /* X-Portolan-Tenant */
	const char *user_agent;
	const char *scheme; /* "http" or "https", as nginx saw it */
	const char *content_type;
	const char *content_encoding;
	const char *content_length;
	const char *if_match;
	const char *if_none_match;
	const char *last_event_id;
	const char *upgrade;
	const char *websocket_key, *websocket_version; /* Sec-WebSocket-... */
	const char *idempotency_key;
	const char *request_id;
	const char *traceparent;
	const char *remote;
	const char *forwarded_for; /* X-Forwarded-For: somebody stands between */

	struct rate_state limit; /* the tightest bucket, where the request was counted */
	bool local;              /* let in without a credential, as the row says of this machine */
	bool origin_listed;      /* some tenant lists the origin */
	bool origin_allowed;     /* the answer may be read by its pages */

	int64_t version;   /* of If-Match, where the row has .if_match; 0: any; or REQUEST_ABSENT */
	const void *query; /* decoded by route->query */
	const void *in;    /* decoded by route->body */
	struct db_question *asked; /* by route->ask; NULL: nothing */
};

/**
 * Read the line and the headers; take over request id and trace.
 *
 * @params ended by NULL; borrowed.  rq->server and rq->route are the caller's to set.
 * Returns ERR_BAD_REQUEST, ERR_ENCODING, ERR_URI_TOO_LONG; rq->method may be HTTP_UNSET when the
 *         method is one that we do not know.
 */
NODISCARD
enum err request_read(struct ctx *cx, char *const *params, struct request *rq);

/** Decode the query by rq->route.  Returns ERR_BAD_REQUEST, ERR_ENCODING, ERR_UNKNOWN_FIELD,
 *  ERR_INVALID */
NODISCARD
enum err request_decode_query(struct ctx *cx, struct request *rq);

/**
 * Read the body and decode it by rq->route.
 *
 * @max_bytes largest body
 * Returns ERR_TOO_LARGE, ERR_MEDIA_TYPE, ERR_BAD_REQUEST (the length that was announced is not
 *         that of the body) or what schema_decode() does.
 */
NODISCARD
enum err request_decode_body(struct ctx *cx, struct request *rq, const struct body_source *source,
                             size_t max_bytes);

/** @ret whether a Content-Type is of a media type: alone, or with charset=utf-8 */
bool request_is_media(const char *type, const char *media);

/** Returns ERR_MEDIA_TYPE for a body that is compressed */
NODISCARD
enum err request_check_coding(struct ctx *cx, const struct request *rq);

/** @ret the announced length, SIZE_MAX when there is none; past max_bytes it is not exact.  Returns ERR_BAD_REQUEST */
NODISCARD
enum err request_announced(struct ctx *cx, const struct request *rq, size_t max_bytes, size_t *ret);

/** Say that the body is not as long as was announced.  Returns ERR_BAD_REQUEST */
NODISCARD
enum err request_cut(struct ctx *cx);

/** @ret the decoded body; @s must be that of the route */
const void *request_body(const struct request *rq, const struct schema *s);

/** @ret the decoded query; @s must be that of the route */
const void *request_query(const struct request *rq, const struct schema *s);

/**
 * The version that If-Match names.
 *
 * @ret 0 for "*" (any version); of a row that .creates, REQUEST_ABSENT for If-None-Match: *
 * Returns ERR_NO_VERSION when the header is missing, ERR_STALE when it names none of ours,
 *         ERR_INVALID when it is not well-formed.  W/ is taken: compression on the way adds it.
 */
NODISCARD
enum err request_version(struct ctx *cx, const struct request *rq, int64_t *ret);

/** @ret whether If-None-Match names the tag (given with its quotes); compared weakly */
bool request_has_tag(const struct request *rq, const char *etag);

/**
 * The address under which clients reach the service: public_url, or else as the request names it.
 * @ret without a path of ours; may live in cx->arena
 */
const char *request_base(struct ctx *cx, const struct request *rq);

/** @ret whether a text may be a request id: ^[A-Za-z0-9._:-]{1,64}$ */
bool request_id_is_sound(const char *text);

/** @ret whether a text is a traceparent of version 00 (W3C Trace Context) */
bool traceparent_is_sound(const char *text);

#endif
