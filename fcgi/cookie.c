/* Cookies in and out, and the origin that sent them. */
#include "cookie.h"

#include "config/config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define SECURE_NAME "__Host-portolan"
#define PLAIN_NAME  "portolan_" /* and the port */
#define PORT_DIGITS 5

static bool is_https(const char *text)
{
	return text != NULL && strncasecmp(text, "https", 5) == 0 &&
	       (text[5] == '\0' || text[5] == ':');
}

/* "127.0.0.1:8000", "localhost", "[::1]:80" */
bool cookie_host_is_loopback(const char *host)
{
	size_t n;

	if (host == NULL)
		return false;
	if (host[0] == '[')
		return strncmp(host, "[::1]", 5) == 0 && strchr(":/", host[5]) != NULL;
	n = strcspn(host, ":/");
	if (n == 9 && strncasecmp(host, "localhost", 9) == 0)
		return true;
	if (n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0)
		return true;
	return n > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n;
}

enum cookie_kind cookie_kind(const struct ctx *cx, const struct request *rq)
{
	if (is_https(cx->app->config->public_url) || is_https(rq->scheme))
		return COOKIE_SECURE;
	return cookie_host_is_loopback(rq->host) ? COOKIE_PLAIN : COOKIE_NONE;
}

/* --- In --- */

bool cookie_find(const char *header, const char *name, struct span *ret)
{
	size_t len = strlen(name);
	bool found = false;

	for (const char *p = header; *p != '\0';) {
		size_t n;

		p += strspn(p, " \t;");
		n = strcspn(p, ";");
		if (n > len && p[len] == '=' && memcmp(p, name, len) == 0) {
			if (found)
				return false;
			found = true;
			*ret = (struct span){ p + len + 1, n - len - 1 };
			while (ret->len > 0 && strchr(" \t", ret->data[ret->len - 1]) != NULL)
				ret->len--;
		}
		p += n;
	}
	return found;
}

/* The port is the one that the browser has asked, through whatever proxy. */
static const char *name_of(const struct ctx *cx, const struct request *rq, enum cookie_kind kind)
{
	const char *port;
	size_t n = 0;

	if (kind == COOKIE_SECURE)
		return SECURE_NAME;
	port = strrchr(rq->host, ':');
	if (port != NULL)
		n = strspn(++port, "0123456789");
	if (n == 0 || n > PORT_DIGITS || port[n] != '\0')
		return PLAIN_NAME "80";
	return arena_printf(cx->arena, PLAIN_NAME "%s", port);
}

bool cookie_session(const struct ctx *cx, const struct request *rq, struct session_claim *ret)
{
	enum cookie_kind kind = cookie_kind(cx, rq);
	struct span value;

	return rq->cookie != NULL && kind != COOKIE_NONE &&
	       cookie_find(rq->cookie, name_of(cx, rq, kind), &value) &&
	       session_parse(value.data, value.len, ret);
}

/* --- Out --- */

static void send(struct reply *rp, const char *value, int64_t max_age_s)
{
	enum cookie_kind kind = cookie_kind(rp->cx, rp->rq);

	if (kind == COOKIE_NONE)
		return;
	reply_header(rp, "Set-Cookie",
	             arena_printf(rp->cx->arena,
	                          "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
	                          name_of(rp->cx, rp->rq, kind), value, (long long)max_age_s,
	                          kind == COOKIE_SECURE ? "; Secure" : ""));
}

void cookie_set(struct reply *rp, const struct session_claim *claim)
{
	char text[SESSION_TEXT_MAX];

	session_text(claim, text);
	send(rp, text, rp->cx->app->config->session_max_hours * 3600);
	secret_wipe(text, sizeof(text));
}

void cookie_clear(struct reply *rp)
{
	send(rp, "", 0);
}

/* --- Whose page it was --- */

/* "http://Host:80/path" as a browser writes an origin: without path, default port and capitals. */
static const char *origin_of(struct ctx *cx, const char *scheme, const char *host)
{
	bool https = is_https(scheme);
	const char *port = https ? ":443" : ":80";
	size_t n = strcspn(host, "/?#"), m = strlen(port);
	char *text;

	if (n > m && memcmp(host + n - m, port, m) == 0)
		n -= m;
	text = arena_printf(cx->arena, "%s://%.*s", https ? "https" : "http", (int)n, host);
	for (char *p = text; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

static bool is_ours(struct ctx *cx, const struct request *rq, const char *origin)
{
	const char *public_url = cx->app->config->public_url;
	const char *host = strstr(public_url, "://");

	if (host != NULL && strcmp(origin, origin_of(cx, public_url, host + 3)) == 0)
		return true;
	return rq->host != NULL && strcmp(origin, origin_of(cx, rq->scheme, rq->host)) == 0;
}

enum err cookie_check_origin(struct ctx *cx, const struct request *rq, bool needed)
{
	const char *site = rq->fetch_site;

	if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return err_field(cx, ERR_FORBIDDEN, "Sec-Fetch-Site:", "origin",
		                 "The request comes from a page of another site.");
	if (rq->origin != NULL)
		return is_ours(cx, rq, rq->origin)
		               ? ERR_OK
		               : err_field(cx, ERR_FORBIDDEN, "Origin:", "origin",
		                           "The request comes from a page of another origin.");
	if (site == NULL && needed)
		return err_field(cx, ERR_FORBIDDEN, "Origin:", "required",
		                 "A change made with a session must name the origin of its page.");
	return ERR_OK;
}
