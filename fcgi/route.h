/*
 * Routes: one row declares an operation of the API.
 *
 * Matching, admission, decoding, the Allow header, problems and OpenAPI all
 * derive from the row.  Zero is never a valid choice of .auth, .role, .area or
 * .rate: router_new() refuses a table with such a row, and so does a unit test.
 *
 * A path is made of literal segments, of {id} segments, which take a whole
 * number from 1 up in its shortest form, and of at most one {name} segment,
 * which takes letters, digits and . _ : - (also as %3A).  What is none of these
 * is another path, and unknown; where several rows fit, a literal segment goes
 * before an id, and an id before a name.  Paths are matched as they were sent: a trailing slash
 * makes another path, dot segments and encoded slashes are refused before.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "auth/scope.h"
#include "base/ctx.h"
#include "base/schema.h"

struct request;
struct reply;

enum http_method {
	HTTP_UNSET = 0,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS
};

/*
 * How the caller shows who it is, and what its .role and .area are then:
 *
 *   AUTH_NONE  not at all; the handler gets no tenant.  ROLE_ANYONE, AREA_NONE.
 *   AUTH_ANY   by API key, access token or session.  The least role in the tenant, and the area
 *              whose scope a key must have; AREA_NONE: any key will do.  ROLE_ANYONE: about the
 *              caller, any role will do and a person need choose no tenant.
 *   AUTH_KEY   by API key alone, as AUTH_ANY else: a token cannot ask for tokens.
 *   AUTH_USER  by a person's session alone.  ROLE_ANYONE: about the person, no tenant need be
 *              chosen; else the least role in the chosen tenant.
 */
enum auth {
	AUTH_UNSET = 0,
	AUTH_NONE,
	AUTH_ANY,
	AUTH_KEY,
	AUTH_USER,
};

/* The bucket from which a call is paid. */
enum rate {
	RATE_UNSET = 0,
	RATE_PROBE, /* health and documents: not counted */
	RATE_READ,
	RATE_WRITE,
	RATE_SIGN_IN, /* an attempt to sign in: counted by address, apart from all else */
};

#define ROUTE_IDS_MAX   2
#define ROUTE_NAME_MAX  200 /* characters of a {name} */
#define ROUTE_FAILS_MAX 8
#define ROUTE_PATH_MAX  128 /* bytes of a row's path */

enum route_body { ROUTE_ONE = 0, ROUTE_PAGE, ROUTE_TEXT };

struct route {
	enum http_method method; /* not HEAD (served by GET) nor OPTIONS */
	const char *path;        /* "/api/v1/projects/{id}" */
	const char *op;          /* operationId; names log lines; unique */
	const char *tag;         /* heading in the documents */
	enum auth auth;
	enum role role; /* the least role */
	enum area area; /* with the method it gives the scope: reading or writing */
	enum rate rate;
	bool alias;    /* also answers without "/v1" */
	bool if_match; /* the client must name the version it changes */
	bool creates;  /* of .if_match: If-None-Match: * says that there must be none yet */
	bool etag;     /* answers with an ETag and honours If-None-Match */
	bool secret;   /* shown once: reply_keep() says what is kept for a replay */
	bool local; /* of AUTH_ANY: who asks from this machine, and sends no credential, needs none */
	bool optional; /* the body may be left out */
	bool unkept;   /* a POST whose answer is not kept: Idempotency-Key is not heeded */
	const struct schema *query; /* NULL: takes no query */
	const struct schema *body;  /* NULL: takes no body */
	const char *const
		*raw; /* media types of bodies that are no JSON (fcgi/raw.h), NULL at their end;
	                           NULL: takes none */
	int status;   /* of success; 101: a WebSocket */
	enum route_body form;            /* ROUTE_PAGE: {items, next_cursor} of .reply */
	const struct schema *reply;      /* NULL: none, or not JSON of ours */
	bool reply_503;                  /* a 503 may carry the reply instead of a problem */
	const char *media;               /* ROUTE_TEXT: its content type */
	enum err fails[ROUTE_FAILS_MAX]; /* beyond those that every route has */
	/*
	 * What a row that is not GET leaves in the audit log: the action, or several with a blank
	 * between.  One that leaves nothing says why; each has one of the two.
	 */
	const char *audit, *unaudited;
	/*
	 * Of a GET that is one quick statement: opens its question (base/db.h) as rq->asked, which run()
	 * then has answered.  It may leave it NULL, when this request's statement is not quick.
	 */
	enum err (*ask)(struct ctx *cx, struct request *rq);
	enum err (*run)(struct ctx *cx, const struct request *rq, struct reply *rp);
	const char *doc;     /* one sentence, ends with a dot */
	const char *detail;  /* further sentences; may be NULL */
	const char *example; /* JSON text of the reply; may be NULL */
};

#define ROUTES_END                                                                                 \
	{                                                                                          \
		.method = HTTP_UNSET                                                               \
	}

/** @ret whether the answer is kept for who repeats the Idempotency-Key; keys are a tenant's */
bool route_keeps(const struct route *route);

/* Every table of the API, ended by NULL. */
extern const struct route *const route_tables[];

struct router;

/**
 * Check and index the tables.  Lives for the process, in arena.
 *
 * @tables ended by NULL
 * @ret    NULL when a row breaks a rule; *ret_why (in arena) names each such row
 */
struct router *router_new(struct arena *arena, const struct route *const tables[],
                          const char **ret_why);

/* Where a path leads. */
struct route_match {
	const struct route *route; /* NULL: the path does not take this method */
	unsigned methods;          /* bit 1 << enum http_method, of all that it takes */
	int64_t ids[ROUTE_IDS_MAX];
	char name[ROUTE_NAME_MAX + 1]; /* of a {name}, decoded; "" when the row has none */
};

/**
 * @path as sent, without its query; checked by route_path_check()
 * @ret  false when no row has that path
 */
bool router_match(const struct router *router, enum http_method method, const char *path,
                  struct route_match *ret);

/**
 * Refuse a raw path that could mean two things: dot segments, encoded slashes and NULs, bad
 * escapes, bytes that are not UTF-8.
 * Returns ERR_BAD_REQUEST or ERR_ENCODING
 */
NODISCARD
enum err route_path_check(struct ctx *cx, const char *path);

/** @ret the scope that a key must have for a row: "projects:read"; "" when none is asked for */
const char *route_scope(const struct route *r);

/** Append the methods as in an Allow header: "GET, HEAD, POST, OPTIONS". */
void route_allow(struct sb *sb, unsigned methods);

/** @ret HTTP_UNSET when the name is none that we know */
enum http_method http_method_by_name(const char *name);

/** @ret "GET" */
const char *http_method_name(enum http_method method);

/** @ret value of a hexadecimal digit, -1 when it is none */
int route_hex(char c);

#endif
