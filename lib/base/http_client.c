/* Clients, requests and redirects.  The exchange itself: http_transfer.c. */
#include "base/http_client.h"

#include "base/ctx.h"
#include "base/http_transfer.h"
#include "base/sb.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_DEFAULT_MS 10000
#define IDLE_DEFAULT_MS    60000
#define TOTAL_DEFAULT_MS   300000
#define BODY_DEFAULT_BYTES ((int64_t)1 << 30)
#define CONNECTIONS_MAX    8L /* kept open per client */

enum err http_client_new(struct ctx *cx, const struct http_options *options,
                         struct http_client **ret)
{
	struct http_client *client;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(cx, ERR_INTERNAL, "the HTTP library does not start");
	client = calloc(1, sizeof(*client));
	assert(client != NULL);
	client->options = *options;
	if (client->options.connect_ms == 0)
		client->options.connect_ms = CONNECT_DEFAULT_MS;
	if (client->options.idle_ms == 0)
		client->options.idle_ms = IDLE_DEFAULT_MS;
	if (client->options.total_ms == 0)
		client->options.total_ms = TOTAL_DEFAULT_MS;
	if (client->options.user_agent == NULL)
		client->options.user_agent = "portolan";
	client->multi = curl_multi_init();
	client->easy = curl_easy_init();
	assert(client->multi != NULL && client->easy != NULL);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	*ret = client;
	return ERR_OK;
}

void http_client_free(struct http_client **client)
{
	if (*client == NULL)
		return;
	assert(!(*client)->busy);
	curl_easy_cleanup((*client)->easy);
	curl_multi_cleanup((*client)->multi);
	free(*client);
	curl_global_cleanup();
	*client = NULL;
}

/* A header that says who is asking. */
static bool is_secret(const struct http_header *h)
{
	return h->secret || strcasecmp(h->name, "authorization") == 0 ||
	       strcasecmp(h->name, "cookie") == 0;
}

static enum err add_header(struct ctx *cx, struct http_answer *a, const char *name,
                           const char *value)
{
	struct curl_slist *longer;

	if (strpbrk(name, "\r\n:") != NULL || strpbrk(value, "\r\n") != NULL)
		return err_set(cx, ERR_INVALID, "a header to send holds a line break");
	longer = curl_slist_append(a->sent, arena_printf(cx->arena, "%s: %s", name, value));
	assert(longer != NULL);
	a->sent = longer;
	return ERR_OK;
}

static enum err set_headers(struct ctx *cx, struct http_answer *a, bool with_secrets)
{
	struct curl_slist *longer;

	curl_slist_free_all(a->sent);
	a->sent = NULL;
	for (size_t i = 0; i < a->rq->nheaders; i++) {
		const struct http_header *h = &a->rq->headers[i];

		if (with_secrets || !is_secret(h))
			TRY(add_header(cx, a, h->name, h->value));
	}
	/* Waiting for "100 Continue" costs a second where a server does not know it. */
	longer = curl_slist_append(a->sent, "Expect:");
	assert(longer != NULL);
	a->sent = longer;
	return ERR_OK;
}

static void set_method(struct http_answer *a, const char *method, bool with_body)
{
	CURL *easy = a->client->easy;

	if (with_body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)a->rq->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		                 a->rq->body.len == 0 ? "" : a->rq->body.data);
	} else if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

/* What the next hop asks for; a redirect may change it. */
struct step {
	const char *method;
	bool with_body, with_secrets;
	const char *origin; /* of the first URL */
};

static enum err try_hop(struct ctx *cx, struct http_answer *a, const struct step *step)
{
	a->nheaders = 0;
	a->headers_done = a->done = a->paused = a->was_refused = a->was_allowed = false;
	a->head = a->len = 0;
	a->received = a->uploaded = 0;
	a->why[0] = '\0';
	TRY(set_headers(cx, a, step->with_secrets));
	transfer_prepare(cx, a);
	set_method(a, step->method, step->with_body);
	transfer_attach(a);
	return transfer_move(cx, a, false);
}

/* One request, up to the end of the answer's head. */
static enum err do_hop(struct ctx *cx, struct http_answer *a, const struct step *step)
{
	struct http_client *client = a->client;
	struct http_hop *hop = &client->hops[client->nhops++];
	enum err e;

	*hop = (struct http_hop){ .url = a->url.text };
	TRY(net_url_judge(cx, &client->options.policy, &a->url));
	e = try_hop(cx, a, step);
	/* An authority may be in the file alone.  Nothing of the request was sent. */
	if (e != ERR_OK && a->hashed && a->result == CURLE_PEER_FAILED_VERIFICATION) {
		err_clear(cx);
		transfer_detach(a);
		a->not_hashed = true;
		e = try_hop(cx, a, step);
	}
	hop->status = e == ERR_OK ? a->status : 0;
	if (e == ERR_OK && !a->headers_done)
		e = err_set(cx, ERR_REMOTE_FAILED, "%s ended without an answer", a->url.origin);
	return e;
}

static bool is_redirect(const struct http_answer *a)
{
	return (a->status >= 301 && a->status <= 303) || a->status == 307 || a->status == 308;
}

/* The absolute form of a Location, by libcurl's rules for relative ones. */
static const char *resolve(struct ctx *cx, const struct net_url *base, const char *location)
{
	CURLU *u = curl_url();
	char *text = NULL;
	const char *ret = NULL;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, base->text, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
		ret = arena_strdup(cx->arena, text);
	curl_free(text);
	curl_url_cleanup(u);
	return ret;
}

/* Say that a refusal is about where a redirect leads.  @ret ERR_URL_REFUSED */
static enum err refuse_redirect(struct ctx *cx, const char *from, const char *detail,
                                const char *fix)
{
	err_set(cx, ERR_URL_REFUSED, "%s redirects to another address: %s", from, detail);
	err_fix(cx, "%s", fix);
	return ERR_URL_REFUSED;
}

/* Turn the answer's redirect into the next step. */
static enum err follow(struct ctx *cx, struct http_answer *a, const char *location,
                       struct step *step)
{
	static const char FINAL[] = "Give the final address itself.";
	struct net_url from = a->url, to;
	const char *text = resolve(cx, &from, location);

	if (a->client->nhops > HTTP_REDIRECTS_MAX)
		return err_set(cx, ERR_REMOTE_FAILED, "%s redirects more than %d times",
		               from.origin, HTTP_REDIRECTS_MAX);
	if (text == NULL)
		return refuse_redirect(cx, from.origin, "it is not well-formed", FINAL);
	if (net_url_parse(cx, text, &to) != ERR_OK)
		return refuse_redirect(cx, from.origin, cx->fault.detail, cx->fault.fix);
	if (from.https && !to.https)
		return refuse_redirect(cx, from.origin, "https may not lead to http", FINAL);
	step->with_secrets = step->with_secrets && strcmp(step->origin, to.origin) == 0;
	if (a->status == 303 || (a->status < 303 && step->with_body)) {
		step->method = strcmp(step->method, "HEAD") == 0 ? "HEAD" : "GET";
		step->with_body = false;
	}
	transfer_detach(a);
	a->url = to;
	return ERR_OK;
}

static enum err run(struct ctx *cx, struct http_answer *a)
{
	const struct http_request *rq = a->rq;
	bool with_body = rq->has_body || rq->body.len > 0;
	struct step step = {
		.method = rq->method != NULL ? rq->method
		          : with_body        ? "POST"
		                             : "GET",
		.with_body = with_body,
		.with_secrets = true,
	};

	TRY(net_url_parse(cx, rq->url, &a->url));
	step.origin = a->url.origin;
	for (;;) {
		const char *location;
		enum err e = do_hop(cx, a, &step);

		if (e == ERR_URL_REFUSED && a->client->nhops > 1)
			e = refuse_redirect(cx, step.origin, cx->fault.detail, cx->fault.fix);
		TRY(e);
		location = is_redirect(a) && !rq->no_redirects ? http_header(a, "location") : NULL;
		if (location == NULL)
			return ERR_OK;
		TRY(follow(cx, a, location, &step));
	}
}

enum err http_start(struct ctx *cx, struct http_client *client, const struct http_request *rq,
                    struct http_answer **ret)
{
	struct http_answer *a = arena_alloc(cx->arena, sizeof(*a));
	enum err e;

	assert(!client->busy);
	client->busy = true;
	client->nhops = 0;
	a->client = client;
	a->arena = cx->arena;
	a->rq = rq;
	a->max_bytes = rq->max_bytes == 0 ? BODY_DEFAULT_BYTES : rq->max_bytes;
	a->deadline_ms = cx->app->clock->mono_us(cx->app->clock) / 1000 + client->options.total_ms;
	e = run(cx, a);
	if (e != ERR_OK) {
		http_end(&a);
		return e;
	}
	*ret = a;
	return ERR_OK;
}

void http_end(struct http_answer **answer)
{
	struct http_answer *a = *answer;

	if (a == NULL)
		return;
	transfer_detach(a);
	curl_easy_reset(a->client->easy);
	curl_slist_free_all(a->sent);
	free(a->buffer);
	a->client->busy = false;
	*answer = NULL;
}

int http_status(const struct http_answer *answer)
{
	return answer->status;
}

const struct net_url *http_url(const struct http_answer *answer)
{
	return &answer->url;
}

const char *http_header(const struct http_answer *answer, const char *name)
{
	for (int i = 0; i < answer->nheaders; i++) {
		if (strcasecmp(answer->headers[i].name, name) == 0)
			return answer->headers[i].value;
	}
	return NULL;
}

enum err http_read(struct ctx *cx, struct http_answer *a, void *bytes, size_t max, size_t *ret_n)
{
	size_t n;

	if (a->len == 0)
		TRY(transfer_move(cx, a, true));
	n = a->len < max ? a->len : max;
	memcpy(bytes, a->buffer + a->head, n);
	a->head = n == a->len ? 0 : a->head + n;
	a->len -= n;
	*ret_n = n;
	return ERR_OK;
}

enum err http_read_all(struct ctx *cx, struct http_answer *a, size_t max_bytes, struct span *ret)
{
	struct sb sb = sb_new(cx->arena, max_bytes);
	char bytes[16384];
	size_t n;

	do {
		TRY(http_read(cx, a, bytes, sizeof(bytes), &n));
		sb_addn(&sb, bytes, n);
		if (sb.failed)
			return err_set(cx, ERR_TOO_LARGE, "%s sends more than %zu bytes",
			               a->url.origin, max_bytes);
	} while (n > 0);
	*ret = (struct span){ sb.data == NULL ? "" : sb.data, sb.len };
	return ERR_OK;
}

const struct http_hop *http_hops(const struct http_client *client, int *ret_n)
{
	*ret_n = client->nhops;
	return client->hops;
}

const char *http_library_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
