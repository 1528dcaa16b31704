/* A smart subtransport of libgit2 on http_client: see the header. */
#include "maps/transport.h"

#include "base/ctx.h"
#include "base/sb.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LS_SUFFIX    "/info/refs?service=git-upload-pack"
#define RPC_SUFFIX   "/git-upload-pack"
#define LS_TYPE      "application/x-git-upload-pack-advertisement"
#define RPC_TYPE     "application/x-git-upload-pack-result"
#define RPC_REQUEST  "application/x-git-upload-pack-request"
#define REF_BYTES    512 /* of one advertised ref, generously */
#define LS_MIN_BYTES ((int64_t)1 << 20)
#define HEADERS_MAX  3

/* The exchange in progress: its request grows until the first read sends it. */
struct stream {
	git_smart_subtransport_stream parent;
	struct transport *transport;
	bool ls;
	char *request; /* malloc'd */
	size_t request_len;
	struct http_request rq;
	struct http_answer *answer;
};

struct transport {
	git_smart_subtransport parent;
	git_smart_subtransport_definition definition;
	struct ctx *cx;
	struct transport_options options;
	struct http_client *client;
	const char *base; /* address of the repository, no slash at its end */
	struct stream *current;
	struct http_header headers[HEADERS_MAX]; /* of the current request */
	int64_t received;
	struct fault failure; /* its code is ERR_OK until there is one */
};

/* Remember the first failure and its words: what libgit2 makes of -1 tells less. */
static int fail(struct transport *t, enum err e)
{
	assert(e == t->cx->fault.code);
	if (t->failure.code == ERR_OK)
		t->failure = t->cx->fault;
	return -1;
}

/* ---- what an answer's head says ---- */

/* 401 or 403.  Some forges answer 404 to who may not know; that is left as it is. */
static enum err refused(struct transport *t, const char *host, int status)
{
	const char *origin = t->options.origin;

	if (origin == NULL) {
		err_set(t->cx, ERR_REPO_AUTH, "%s asks for credentials (status %d)", host, status);
		err_fix(t->cx,
		        "Check the address; a repository that is private, or does not exist, "
		        "is often answered so.  A private one needs a secret.");
		return ERR_REPO_AUTH;
	}
	if (strcmp(origin, host) != 0) {
		err_set(t->cx, ERR_REPO_AUTH,
		        "%s, to which %s redirects, asks for credentials (status %d); the secret is "
		        "bound to %s and was not sent",
		        host, origin, status, origin);
		err_fix(t->cx, "Give the final address, and a secret that is bound to it.");
		return ERR_REPO_AUTH;
	}
	err_set(t->cx, ERR_CREDENTIAL_REFUSED, "%s refused the credential (status %d)", host,
	        status);
	err_fix(t->cx, "Check that the token of the secret is valid, may read this repository, and "
	               "goes with the user name; then change the secret.");
	return ERR_CREDENTIAL_REFUSED;
}

static enum err check_status(struct transport *t, const struct http_answer *answer)
{
	int status = http_status(answer);
	const char *host = http_url(answer)->origin;

	if (status == 200)
		return ERR_OK;
	if (status == 401 || status == 403)
		return refused(t, host, status);
	if (status == 404 || status == 410) {
		err_set(t->cx, ERR_REPO_NOT_FOUND, "%s has no repository at %s (status %d)", host,
		        t->base, status);
		err_fix(t->cx,
		        t->options.origin == NULL
		                ? "Check the spelling of the address."
		                : "Check the spelling of the address, and that the secret may "
		                  "read it.");
		return ERR_REPO_NOT_FOUND;
	}
	if (status == 429)
		return err_set(t->cx, ERR_RATE, "%s asks to slow down (status 429)", host);
	return err_set(t->cx, ERR_REMOTE_FAILED, "%s answered with status %d", host, status);
}

static enum err check_type(struct transport *t, const struct stream *s)
{
	const char *want = s->ls ? LS_TYPE : RPC_TYPE,
		   *type = http_header(s->answer, "content-type");
	size_t n = strlen(want);

	if (type != NULL && strncasecmp(type, want, n) == 0 && strchr("; \t", type[n]) != NULL)
		return ERR_OK;
	err_set(t->cx, ERR_REPO_NOT_GIT, "%s answers with %.100s, not as a git server",
	        http_url(s->answer)->text, type == NULL ? "no content type" : type);
	err_fix(t->cx,
	        "Give the address that git clone takes; the old \"dumb\" protocol is not spoken.");
	return ERR_REPO_NOT_GIT;
}

/* A redirect of the first request moves all that follow. */
static void move_base(struct transport *t, const struct http_answer *answer)
{
	const char *url = http_url(answer)->text;
	size_t n = strlen(url), suffix = sizeof(LS_SUFFIX) - 1;

	if (n > suffix && strcmp(url + n - suffix, LS_SUFFIX) == 0)
		t->base = arena_strndup(t->cx->arena, url, n - suffix);
}

/* Name the setting in what the client calls too large. */
static enum err explain(struct transport *t, bool ls, enum err e)
{
	if (e != ERR_TOO_LARGE)
		return e;
	if (ls) {
		err_set(t->cx, ERR_REPO_TOO_LARGE, "%s offers more than %lld branches and tags",
		        t->base, (long long)t->options.max_refs);
		err_fix(t->cx, "Raise the setting clone_max_refs.");
	} else {
		err_set(t->cx, ERR_REPO_TOO_LARGE, "%s sends more than %lld bytes", t->base,
		        (long long)t->options.max_bytes);
		err_fix(t->cx, "Raise the setting clone_max_bytes.");
	}
	return ERR_REPO_TOO_LARGE;
}

/* ---- the stream ---- */

static int64_t cap_of(const struct transport *t, bool ls)
{
	int64_t left = t->options.max_bytes - t->received;
	int64_t refs = t->options.max_refs * REF_BYTES + LS_MIN_BYTES;

	if (ls && refs < left)
		left = refs;
	return left > 0 ? left : 1;
}

/* Does the address that is asked belong to the credential's origin?  A redirect may have moved it. */
static bool is_home(struct transport *t)
{
	struct net_url url;

	return t->options.origin != NULL && net_url_parse(t->cx, t->base, &url) == ERR_OK &&
	       strcmp(url.origin, t->options.origin) == 0;
}

static size_t make_headers(const struct stream *s, bool home)
{
	struct http_header *h = s->transport->headers;
	size_t n = 0;

	h[n++] = (struct http_header){ .name = "Accept", .value = s->ls ? "*/*" : RPC_TYPE };
	if (!s->ls)
		h[n++] = (struct http_header){ .name = "Content-Type", .value = RPC_REQUEST };
	if (home)
		h[n++] = (struct http_header){
			.name = "Authorization",
			.value = s->transport->options.authorization,
			.secret = true,
		};
	return n;
}

static enum err open_stream(struct stream *s)
{
	struct transport *t = s->transport;
	struct ctx *cx = t->cx;

	s->rq = (struct http_request){
		.url = arena_printf(cx->arena, "%s%s", t->base, s->ls ? LS_SUFFIX : RPC_SUFFIX),
		.headers = t->headers,
		.nheaders = make_headers(s, is_home(t)),
		.body = { s->request, s->request_len },
		.has_body = !s->ls,
		.no_redirects = !s->ls,
		.max_bytes = cap_of(t, s->ls),
	};
	TRY(http_start(cx, t->client, &s->rq, &s->answer));
	TRY(check_status(t, s->answer));
	TRY(check_type(t, s));
	if (s->ls)
		move_base(t, s->answer);
	return ERR_OK;
}

static int stream_read(git_smart_subtransport_stream *stream, char *buffer, size_t max,
                       size_t *ret_n)
{
	struct stream *s = (struct stream *)stream;
	struct transport *t = s->transport;
	enum err e = s->answer == NULL ? open_stream(s) : ERR_OK;

	if (e == ERR_OK)
		e = http_read(t->cx, s->answer, buffer, max, ret_n);
	if (e != ERR_OK)
		return fail(t, explain(t, s->ls, e));
	t->received += (int64_t)*ret_n;
	return 0;
}

static int stream_write(git_smart_subtransport_stream *stream, const char *bytes, size_t n)
{
	struct stream *s = (struct stream *)stream;
	char *grown = realloc(s->request, s->request_len + n + 1);

	assert(s->answer == NULL && !s->ls);
	if (grown == NULL)
		return fail(s->transport, err_set(s->transport->cx, ERR_OUT_OF_MEMORY,
		                                  "no memory for a request"));
	memcpy(grown + s->request_len, bytes, n);
	s->request = grown;
	s->request_len += n;
	return 0;
}

static void stream_free(git_smart_subtransport_stream *stream)
{
	struct stream *s = (struct stream *)stream;

	http_end(&s->answer);
	free(s->request);
	if (s->transport->current == s)
		s->transport->current = NULL;
	free(s);
}

/* ---- the subtransport ---- */

static int action(git_smart_subtransport_stream **ret, git_smart_subtransport *parent,
                  const char *url, git_smart_service_t what)
{
	struct transport *t = (struct transport *)parent;
	struct stream *s;

	(void)url; /* ours was parsed strictly, and a redirect may have moved it */
	if (what != GIT_SERVICE_UPLOADPACK_LS && what != GIT_SERVICE_UPLOADPACK)
		return fail(t, err_set(t->cx, ERR_INTERNAL, "nothing is ever pushed"));
	if (t->current != NULL)
		http_end(&t->current->answer); /* a client serves one exchange at a time */
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(t, err_set(t->cx, ERR_OUT_OF_MEMORY, "no memory for a request"));
	s->parent = (git_smart_subtransport_stream){
		.subtransport = parent,
		.read = stream_read,
		.write = stream_write,
		.free = stream_free,
	};
	s->transport = t;
	s->ls = what == GIT_SERVICE_UPLOADPACK_LS;
	t->current = s;
	*ret = &s->parent;
	return 0;
}

static int close_subtransport(git_smart_subtransport *parent)
{
	(void)parent; /* connections belong to the client */
	return 0;
}

/* libgit2 lets go; the owner frees, with transport_free(). */
static void free_subtransport(git_smart_subtransport *parent)
{
	(void)parent;
}

static int create_subtransport(git_smart_subtransport **ret, git_transport *owner, void *param)
{
	struct transport *t = param;

	(void)owner;
	*ret = &t->parent;
	return 0;
}

int transport_create(git_transport **ret, git_remote *owner, void *transport)
{
	struct transport *t = transport;

	return git_transport_smart(ret, owner, &t->definition);
}

enum err transport_new(struct ctx *cx, const struct transport_options *options, const char *url,
                       struct transport **ret)
{
	struct net_url parsed;
	struct transport *t;
	size_t n;

	TRY(net_url_parse(cx, url, &parsed));
	TRY(net_url_judge(cx, &options->http.policy, &parsed));
	n = strlen(parsed.text);
	if (strchr(parsed.text, '?') != NULL) {
		err_set(cx, ERR_URL_REFUSED, "the address of a repository holds no question mark");
		err_fix(cx, "Give the address that git clone takes.");
		return ERR_URL_REFUSED;
	}
	while (n > 0 && parsed.text[n - 1] == '/')
		n--;
	t = calloc(1, sizeof(*t));
	assert(t != NULL);
	t->parent = (git_smart_subtransport){
		.action = action,
		.close = close_subtransport,
		.free = free_subtransport,
	};
	t->definition = (git_smart_subtransport_definition){
		.callback = create_subtransport,
		.rpc = 1,
		.param = t,
	};
	t->cx = cx;
	t->options = *options;
	t->base = arena_strndup(cx->arena, parsed.text, n);
	*ret = t;
	return http_client_new(cx, &t->options.http, &t->client);
}

void transport_free(struct transport **transport)
{
	if (*transport == NULL)
		return;
	http_client_free(&(*transport)->client);
	free(*transport);
	*transport = NULL;
}

enum err transport_failure(const struct transport *t)
{
	if (t->failure.code != ERR_OK)
		t->cx->fault = t->failure;
	return t->failure.code;
}

int64_t transport_received(const struct transport *transport)
{
	return transport->received;
}
