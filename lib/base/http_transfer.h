/*
 * One HTTP exchange over libcurl: callbacks, the loop that moves it, and what its failures mean.
 * For http_client.c only; lib/base/http_client.h is the contract.
 */
#ifndef BASE_HTTP_TRANSFER_H
#define BASE_HTTP_TRANSFER_H

#include "base/http_client.h"

#include <curl/curl.h>

struct http_client {
	struct http_options options;
	CURLM *multi;
	CURL *easy;
	struct http_hop hops[HTTP_HOPS_MAX];
	int nhops;
	bool busy; /* an answer is open */
};

struct http_answer {
	struct http_client *client;
	struct arena *arena; /* of the context that started it */
	const struct http_request *rq;
	struct net_url url;
	struct curl_slist *sent; /* header lines of the request */
	struct http_header headers[HTTP_HEADERS_MAX];
	int nheaders, status;
	bool headers_done, done, attached, paused;
	bool too_large;  /* the body passed the cap */
	bool hashed;     /* authorities are looked up by hash */
	bool not_hashed; /* they are not to be */
	CURLcode result;
	struct net_verdict refused; /* the newest refusal of this hop */
	bool was_refused, was_allowed;
	char *buffer; /* malloc'd: the body from head on */
	size_t head, len;
	int64_t received, max_bytes;
	int64_t deadline_ms, moved_ms; /* monotonic; when a byte last moved */
	int64_t uploaded;
	char why[CURL_ERROR_SIZE];
};

/** Give the handle what is the same for every hop: callbacks, limits, nothing from the environment. */
void transfer_prepare(struct ctx *cx, struct http_answer *a);

/** Put the prepared handle to work, or take it back. */
void transfer_attach(struct http_answer *a);
void transfer_detach(struct http_answer *a);

/** Move bytes until the headers are in (@want_body false) or there is body, or it has ended. */
NODISCARD
enum err transfer_move(struct ctx *cx, struct http_answer *a, bool want_body);

#endif
