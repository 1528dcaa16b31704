/* One exchange: libcurl's callbacks, the loop around curl_multi_poll(), and failures in words. */
#include "base/http_transfer.h"

#include "base/ctx.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)512 << 10)
#define CHUNK_BYTES  (128L << 10) /* most that libcurl hands over at once */
#define TICK_MS      100

static int64_t now_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

/* ---- callbacks; the answer is their argument ---- */

/* The wall: asked by libcurl for every socket, with the address it is about to connect to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_answer *a = arg;
	struct http_hop *hop = &a->client->hops[a->client->nhops - 1];
	struct net_verdict v = net_judge(&a->client->options.policy, a->url.host, &to->addr);

	(void)purpose;
	if (hop->ntries < HTTP_TRIES_MAX) {
		struct http_try *t = &hop->tries[hop->ntries++];

		memcpy(t->address, v.address, sizeof(t->address));
		t->port = v.port;
		t->allowed = v.allowed;
		t->rule = v.rule;
	}
	if (!v.allowed) {
		a->refused = v;
		a->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	a->was_allowed = true;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void keep_header(struct http_answer *a, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *value, *end = line + n;

	if (colon == NULL || a->nheaders == HTTP_HEADERS_MAX)
		return;
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	a->headers[a->nheaders++] = (struct http_header){
		.name = arena_strndup(a->arena, line, (size_t)(colon - line)),
		.value = arena_strndup(a->arena, value, (size_t)(end - value)),
	};
}

/*
 * One line of a head.  An interim answer (1xx) is followed by the real one.  A line alone is no progress:
 * a head that drips would hold its caller as long as it likes.
 */
static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_answer *a = arg;
	size_t whole = size * count, n = whole;
	long status = 0;

	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n'))
		n--;
	if (a->headers_done) {
		return whole; /* a trailer */
	} else if (n > 5 && strncmp(line, "HTTP/", 5) == 0) {
		a->nheaders = 0;
	} else if (n > 0) {
		keep_header(a, line, n);
	} else {
		curl_easy_getinfo(a->client->easy, CURLINFO_RESPONSE_CODE, &status);
		a->status = (int)status;
		a->headers_done = status >= 200;
		if (a->headers_done)
			a->moved_ms = 0;
	}
	return whole;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct http_answer *a = arg;
	size_t n = size * count;

	a->moved_ms = 0;
	if (a->received + (int64_t)n > a->max_bytes) {
		a->too_large = true;
		return 0;
	}
	if (a->head > 0 && a->head + a->len + n > BUFFER_BYTES) {
		memmove(a->buffer, a->buffer + a->head, a->len);
		a->head = 0;
	}
	if (a->len + n > BUFFER_BYTES) {
		a->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	memcpy(a->buffer + a->head + a->len, bytes, n);
	a->len += n;
	a->received += (int64_t)n;
	return n;
}

/* ---- failures in words ---- */

static enum err said(struct ctx *cx, const struct http_answer *a, enum err code, const char *what)
{
	const char *why = a->why[0] != '\0' ? a->why : curl_easy_strerror(a->result);

	return err_set(cx, code, "%s %s: %s", a->url.origin, what, why);
}

static enum err failed(struct ctx *cx, const struct http_answer *a)
{
	if (a->too_large)
		return err_set(cx, ERR_TOO_LARGE, "%s sends more than %lld bytes", a->url.origin,
		               (long long)a->max_bytes);
	/* Public addresses that do not answer are a failure of the network, not of the guard. */
	if (a->was_refused && !a->was_allowed)
		return net_refuse(cx, a->url.host, &a->refused);
	switch (a->result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		err_set(cx, ERR_REMOTE_UNREACHABLE, "the host name %s cannot be resolved",
		        a->url.host);
		err_fix(cx, "Check the spelling of the address and this machine's name servers.");
		return ERR_REMOTE_UNREACHABLE;
	case CURLE_COULDNT_CONNECT:
		return said(cx, a, ERR_REMOTE_UNREACHABLE, "cannot be reached");
	case CURLE_OPERATION_TIMEDOUT:
		return said(cx, a, ERR_TIMEOUT, "did not answer in time");
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return said(cx, a, ERR_REMOTE_UNREACHABLE, "is not trusted");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return said(cx, a, ERR_REMOTE_FAILED, "broke the connection off");
	default:
		return said(cx, a, ERR_REMOTE_FAILED, "did not answer as a web server should");
	}
}

static enum err check_time(struct ctx *cx, struct http_answer *a)
{
	const struct http_options *options = &a->client->options;
	curl_off_t uploaded = 0;
	int64_t now = now_ms(cx);

	if (options->cancelled != NULL && options->cancelled(options->arg))
		return err_set(cx, ERR_CANCELLED, "the request to %s was cancelled", a->url.origin);
	curl_easy_getinfo(a->client->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	if (a->moved_ms == 0 || uploaded != a->uploaded)
		a->moved_ms = now;
	a->uploaded = uploaded;
	if (now >= a->deadline_ms)
		return err_set(cx, ERR_TIMEOUT, "%s was not done after %lld s", a->url.origin,
		               (long long)(options->total_ms / 1000));
	if (now - a->moved_ms >= options->idle_ms)
		return err_set(cx, ERR_TIMEOUT, "%s sent nothing to go on with for %lld s",
		               a->url.origin, (long long)(options->idle_ms / 1000));
	return ERR_OK;
}

/* ---- the loop ---- */

static void take_messages(struct http_answer *a)
{
	int left;
	CURLMsg *msg;

	while ((msg = curl_multi_info_read(a->client->multi, &left)) != NULL) {
		if (msg->msg == CURLMSG_DONE) {
			a->done = true;
			a->result = msg->data.result;
		}
	}
}

static int tick_ms(const struct ctx *cx, const struct http_answer *a)
{
	int64_t left = a->deadline_ms - now_ms(cx);

	if (a->client->options.idle_ms < left)
		left = a->client->options.idle_ms;
	return left < 1 ? 1 : left < TICK_MS ? (int)left : TICK_MS;
}

enum err transfer_move(struct ctx *cx, struct http_answer *a, bool want_body)
{
	int running;

	a->moved_ms = 0;
	while (!a->done) {
		if (a->paused && a->len == 0) {
			a->paused = false;
			curl_easy_pause(a->client->easy, CURLPAUSE_CONT);
		}
		if (curl_multi_perform(a->client->multi, &running) != CURLM_OK)
			return err_set(cx, ERR_INTERNAL, "the HTTP library failed");
		take_messages(a);
		if (want_body ? a->len > 0 : a->headers_done)
			return ERR_OK;
		if (a->done)
			break;
		TRY(check_time(cx, a));
		curl_multi_poll(a->client->multi, NULL, 0, tick_ms(cx, a), NULL);
	}
	return a->result == CURLE_OK ? ERR_OK : failed(cx, a);
}

/*
 * Does libcurl's own folder of trusted authorities have them by the hashes of their names?  Then only the one that
 * is asked for is read; all of them, from one file, cost each connection 20 ms and nearly a megabyte.
 */
static bool has_hashed_authorities(void)
{
	const char *path = curl_version_info(CURLVERSION_NOW)->capath;
	DIR *dir = path != NULL ? opendir(path) : NULL;
	const struct dirent *entry;
	bool ret = false;

	while (dir != NULL && !ret && (entry = readdir(dir)) != NULL)
		ret = strspn(entry->d_name, "0123456789abcdef") == 8 &&
		      strcmp(entry->d_name + 8, ".0") == 0;
	if (dir != NULL)
		closedir(dir);
	return ret;
}

/* Options are constants of ours: one that libcurl refuses would leave a hole, so it ends the program. */
#define SET(easy, option, value)                                                                   \
	do {                                                                                       \
		CURLcode set_ = curl_easy_setopt((easy), (option), (value));                       \
		assert(set_ == CURLE_OK);                                                          \
		(void)set_;                                                                        \
	} while (0)

void transfer_prepare(struct ctx *cx, struct http_answer *a)
{
	const struct http_options *options = &a->client->options;
	CURL *easy = a->client->easy;

	(void)cx;
	if (a->buffer == NULL)
		a->buffer = malloc(BUFFER_BYTES);
	assert(a->buffer != NULL);
	curl_easy_reset(easy);
	SET(easy, CURLOPT_URL, a->url.text);
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NOPROXY, "*");
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	/* Pausing one stream of several is where HTTP/2 stalls; one connection each does not. */
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(easy, CURLOPT_OPENSOCKETDATA, a);
	SET(easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(easy, CURLOPT_HEADERDATA, a);
	SET(easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(easy, CURLOPT_WRITEDATA, a);
	SET(easy, CURLOPT_ERRORBUFFER, a->why);
	SET(easy, CURLOPT_BUFFERSIZE, CHUNK_BYTES);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_USERAGENT, options->user_agent);
	if (options->ca_file != NULL) {
		SET(easy, CURLOPT_CAINFO, options->ca_file);
		SET(easy, CURLOPT_CAPATH, NULL);
	}
	a->hashed = options->ca_file == NULL && !a->not_hashed &&
	            strncmp(a->url.text, "https:", 6) == 0 && has_hashed_authorities();
	if (a->hashed)
		SET(easy, CURLOPT_CAINFO, NULL);
	if (a->sent != NULL)
		SET(easy, CURLOPT_HTTPHEADER, a->sent);
}

void transfer_attach(struct http_answer *a)
{
	CURLMcode e = curl_multi_add_handle(a->client->multi, a->client->easy);

	assert(e == CURLM_OK);
	(void)e;
	a->attached = true;
}

void transfer_detach(struct http_answer *a)
{
	if (a->attached)
		curl_multi_remove_handle(a->client->multi, a->client->easy);
	a->attached = false;
}
