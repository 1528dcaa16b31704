/*
 * HTTP client: every outbound request of the program, judged by the net guard.
 *
 * The only user of libcurl.  No proxy and no setting of the environment is obeyed, no netrc, no cookies.
 * Each socket is judged on its real address right before it connects, on every hop; redirects are
 * followed by a loop of our own that parses and judges each target first.
 *
 *     CLEANUP(http_client_free) struct http_client *client = NULL;
 *     CLEANUP(http_end) struct http_answer *answer = NULL;
 *
 *     TRY(http_client_new(cx, &options, &client));
 *     TRY(http_start(cx, client, &request, &answer));
 *     TRY(http_read_all(cx, answer, 1 << 20, &body));
 *
 *   Secrets    Authorization, Cookie, and headers marked .secret are sent to the origin (scheme, host
 *              and port) of the first URL only; a redirect elsewhere, or from https to http, drops
 *              them or is refused.
 *   Status     An answer with any status is ERR_OK here; what it means is the caller's to say.
 *   Errors     ERR_URL_REFUSED     the guard said no, on any hop
 *              ERR_REMOTE_UNREACHABLE   name not found, no connection, TLS not trusted
 *              ERR_TIMEOUT         connecting, silence, or the whole took too long
 *              ERR_REMOTE_FAILED   not HTTP, cut short, or too many redirects
 *              ERR_TOO_LARGE       the body passes the cap
 *              ERR_CANCELLED       as told
 *              each naming host and cause.
 *   SIGPIPE    The process ignores it (its main() says so): TLS may write to a peer that has gone.
 *   Threads    A client, and the answer it works on, belong to one thread at a time.
 */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include "base/net_guard.h"

#define HTTP_REDIRECTS_MAX 5
#define HTTP_HOPS_MAX      (HTTP_REDIRECTS_MAX + 1)
#define HTTP_TRIES_MAX     8  /* addresses recorded per hop */
#define HTTP_HEADERS_MAX   64 /* of an answer; further ones are dropped */

/* What holds for all requests of a client.  Times of 0 take the default named. */
struct http_options {
	struct net_policy policy;     /* borrowed for the client's life */
	int64_t connect_ms;           /* 10 s */
	int64_t idle_ms;              /* 60 s: longest silence, while we are willing to read;
	                                 and the longest that the head of an answer may take */
	int64_t total_ms;             /* 300 s: from http_start() to the body's end */
	const char *ca_file;          /* PEM of the trusted authorities; NULL: the system's */
	const char *user_agent;       /* NULL: "portolan" */
	bool (*cancelled)(void *arg); /* asked at least every 100 ms; NULL: never */
	void *arg;
};

struct http_header {
	const char *name, *value;
	bool secret; /* not sent to another origin */
};

struct http_request {
	const char *method; /* NULL: GET, or POST with a body */
	const char *url;
	const struct http_header *headers;
	size_t nheaders;
	struct span body;
	bool has_body;     /* send a body although it is empty */
	bool no_redirects; /* hand a redirect back as an answer */
	int64_t max_bytes; /* of the body; 0: 1 GiB */
};

/* One address that a hop tried to connect to. */
struct http_try {
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	bool allowed;
	const char *rule; /* constant, as in struct net_verdict */
};

/* One request on the way to the answer. */
struct http_hop {
	const char *url;
	struct http_try tries[HTTP_TRIES_MAX];
	int ntries; /* none when an earlier connection served again */
	int status; /* 0: no answer */
};

struct http_client;
struct http_answer;

/** @ret ends with http_client_free(); not before its answers */
NODISCARD
enum err http_client_new(struct ctx *cx, const struct http_options *options,
                         struct http_client **ret);

/** For CLEANUP; NULL inside is accepted. */
void http_client_free(struct http_client **client);

/**
 * Send a request, follow redirects, and wait for the status and headers of the answer.
 * @rq  headers, body and texts are borrowed until http_end()
 */
NODISCARD
enum err http_start(struct ctx *cx, struct http_client *client, const struct http_request *rq,
                    struct http_answer **ret);

/** For CLEANUP; NULL inside is accepted.  Closes the connection when the body was not read whole. */
void http_end(struct http_answer **answer);

int http_status(const struct http_answer *answer);

/** @ret the address that answered, after redirects */
const struct net_url *http_url(const struct http_answer *answer);

/** @ret value of a header by its name in any case; NULL when there is none */
const char *http_header(const struct http_answer *answer, const char *name);

/**
 * Read some of the body.  @ret_n 0: it has ended
 * Returns ERR_TIMEOUT, ERR_REMOTE_FAILED, ERR_TOO_LARGE, ERR_CANCELLED
 */
NODISCARD
enum err http_read(struct ctx *cx, struct http_answer *answer, void *bytes, size_t max,
                   size_t *ret_n);

/** Read the rest of the body.  @ret in the arena, with a NUL behind it; ERR_TOO_LARGE past max_bytes */
NODISCARD
enum err http_read_all(struct ctx *cx, struct http_answer *answer, size_t max_bytes,
                       struct span *ret);

/** @ret the hops of the newest http_start(), also when it failed; they end with the next one */
const struct http_hop *http_hops(const struct http_client *client, int *ret_n);

/** @ret libcurl's version: "7.88.1" */
const char *http_library_version(void);

#endif
