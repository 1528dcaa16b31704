/* Addresses as text: the strict parser, and what can be judged without the network. */
#include "base/net_guard.h"

#include "base/ctx.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static enum err refuse(struct ctx *cx, const char *why, const char *fix)
{
	err_set(cx, ERR_URL_REFUSED, "the address %s", why);
	err_fix(cx, "%s", fix);
	return ERR_URL_REFUSED;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes that may stand anywhere in an address (RFC 3986), the percent sign aside. */
static enum err check_bytes(struct ctx *cx, const char *text, size_t len)
{
	if (len == 0)
		return refuse(cx, "is empty", "Give one that begins with https://.");
	if (len > NET_URL_MAX)
		return refuse(cx, "is longer than 2048 bytes", "Give a shorter one.");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80)
			return refuse(cx, "holds a byte that is not ASCII",
			              "Write it percent-encoded, a host name as xn--.");
		if (c <= ' ' || c == 0x7f)
			return refuse(cx, "holds a space or a control character",
			              "Take it out or write it percent-encoded.");
		if (strchr("\\\"<>^`{|}", c) != NULL)
			return refuse(cx, "holds a character that may not stand in an address",
			              "Write it percent-encoded.");
	}
	return ERR_OK;
}

static enum err parse_scheme(struct ctx *cx, const char *text, bool *ret_https, const char **ret)
{
	if (strncasecmp(text, "https://", 8) == 0) {
		*ret_https = true;
		*ret = text + 8;
		return ERR_OK;
	}
	if (strncasecmp(text, "http://", 7) == 0) {
		*ret_https = false;
		*ret = text + 7;
		return ERR_OK;
	}
	return refuse(cx, "does not begin with https://", "Use the repository's https address.");
}

static enum err parse_port(struct ctx *cx, const char *text, size_t len, uint16_t *ret)
{
	unsigned port = 0;

	for (size_t i = 0; i < len && port <= 65535; i++) {
		if (text[i] < '0' || text[i] > '9')
			return refuse(cx, "has a port that is not a number",
			              "Give a port from 1 to 65535, or none.");
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port == 0 || port > 65535 || len > 5)
		return refuse(cx, "has a port outside 1 to 65535",
		              "Give a port from 1 to 65535, or none.");
	*ret = (uint16_t)port;
	return ERR_OK;
}

static enum err check_name(struct ctx *cx, const char *host, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > NET_HOST_MAX)
		return refuse(cx, "has no host, or one that is too long",
		              "Give a host of 1 to 253 bytes.");
	for (size_t i = 0; i <= len; i++) {
		if (i == len || host[i] == '.') {
			if (label == 0 || label > 63 || host[i - 1] == '-')
				return refuse(cx, "has a host that is not well-formed",
				              "Check the dots and hyphens of the host name.");
			label = 0;
		} else if (is_alnum(host[i]) || host[i] == '_' || (host[i] == '-' && label > 0)) {
			label++;
		} else {
			return refuse(cx, "has a host that is not well-formed",
			              "A host holds letters, digits, hyphens and dots.");
		}
	}
	return ERR_OK;
}

static char *lower(struct ctx *cx, const char *text, size_t len)
{
	char *copy = arena_strndup(cx->arena, text, len);

	for (char *c = copy; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	return copy;
}

/* "[v6]" or a name, then perhaps ":port". */
static enum err parse_authority(struct ctx *cx, const char *text, size_t len, struct net_url *ret)
{
	const char *port, *end = text + len;
	struct in6_addr v6;
	char *host;
	size_t n;

	if (memchr(text, '@', len) != NULL)
		return refuse(cx, "holds a user name or a password",
		              "Take out everything up to the @; addresses are stored and shown.");
	if (len > 0 && text[0] == '[') {
		const char *close = memchr(text, ']', len);

		if (close == NULL)
			return refuse(cx, "has an opening bracket only", "Close it with ].");
		host = lower(cx, text + 1, (size_t)(close - text) - 1);
		if (inet_pton(AF_INET6, host, &v6) != 1)
			return refuse(cx, "has no IPv6 address in its brackets",
			              "Write it as in https://[2001:db8::1]/, without a zone.");
		port = close + 1;
		if (port < end && *port != ':')
			return refuse(cx, "has text after its brackets", "Only a port may follow.");
	} else {
		port = memchr(text, ':', len);
		port = port == NULL ? end : port;
		n = (size_t)(port - text);
		if (n > 1 && text[n - 1] == '.')
			n--; /* the root's dot names the same host */
		TRY(check_name(cx, text, n));
		host = lower(cx, text, n);
	}
	ret->host = host;
	if (port == end)
		return ERR_OK;
	return parse_port(cx, port + 1, (size_t)(end - port) - 1, &ret->port);
}

static enum err check_escapes(struct ctx *cx, const char *text)
{
	for (const char *c = strchr(text, '%'); c != NULL; c = strchr(c + 1, '%')) {
		int high = hex_value(c[1]), low = high < 0 ? -1 : hex_value(c[2]);
		int byte = high * 16 + low;

		if (low < 0)
			return refuse(cx, "has a percent sign without two hexadecimal digits",
			              "Write a percent sign as %25.");
		if (byte < 0x20 || byte == 0x7f)
			return refuse(cx, "holds an encoded control character", "Take it out.");
	}
	return ERR_OK;
}

enum err net_url_parse(struct ctx *cx, const char *text, struct net_url *ret)
{
	struct net_url url = { 0 };
	const char *authority, *rest;
	bool plain_port, v6;

	TRY(check_bytes(cx, text, strnlen(text, NET_URL_MAX + 1)));
	TRY(parse_scheme(cx, text, &url.https, &authority));
	url.port = url.https ? 443 : 80;
	rest = authority + strcspn(authority, "/?#");
	TRY(parse_authority(cx, authority, (size_t)(rest - authority), &url));
	TRY(check_escapes(cx, rest));
	url.target = arena_printf(cx->arena, "%s%.*s", *rest == '/' ? "" : "/",
	                          (int)strcspn(rest, "#"), rest);
	plain_port = url.port == (url.https ? 443 : 80);
	v6 = strchr(url.host, ':') != NULL;
	url.origin = arena_printf(cx->arena, "%s://%s%s%s", url.https ? "https" : "http",
	                          v6 ? "[" : "", url.host, v6 ? "]" : "");
	if (!plain_port)
		url.origin = arena_printf(cx->arena, "%s:%u", url.origin, url.port);
	url.text = arena_printf(cx->arena, "%s%s", url.origin, url.target);
	*ret = url;
	return ERR_OK;
}

/* The address that a host is in any notation the resolver takes: 127.1, 0x7f000001, 017700000001. */
static bool literal_of(const struct net_url *url, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(url->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(url->port) };

	*ret = (struct sockaddr_storage){ 0 };
	if (inet_aton(url->host, &in.sin_addr) != 0)
		memcpy(ret, &in, sizeof(in));
	else if (inet_pton(AF_INET6, url->host, &in6.sin6_addr) == 1)
		memcpy(ret, &in6, sizeof(in6));
	else
		return false;
	return true;
}

enum err net_url_judge(struct ctx *cx, const struct net_policy *policy, const struct net_url *url)
{
	struct sockaddr_storage sa;
	struct net_verdict v;

	if (!url->https && !policy->allow_http && !policy->trusted) {
		err_set(cx, ERR_URL_REFUSED, "%s is refused: http is not allowed, https is",
		        url->origin);
		err_fix(cx, "Use https, or set allow_http to true.");
		return ERR_URL_REFUSED;
	}
	if (!literal_of(url, &sa))
		return ERR_OK; /* a name: net_judge() will see what it resolves to */
	v = net_judge(policy, url->host, (const struct sockaddr *)&sa);
	return v.allowed ? ERR_OK : net_refuse(cx, url->host, &v);
}
