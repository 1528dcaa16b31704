/* Addresses of ssh, taken apart with the help of the parser for those of the web. */
#include "base/net_ssh.h"

#include "base/ctx.h"

#include <string.h>
#include <strings.h>

#define SCHEME   "ssh://"
#define USER_MAX 32

static enum err refuse(struct ctx *cx, const char *why, const char *fix)
{
	err_set(cx, ERR_URL_REFUSED, "the address %s", why);
	err_fix(cx, "%s", fix);
	return ERR_URL_REFUSED;
}

static bool has_scheme(const char *text)
{
	return strncasecmp(text, SCHEME, sizeof(SCHEME) - 1) == 0;
}

bool net_ssh_is(const char *text)
{
	size_t n = strcspn(text, "/:");

	return has_scheme(text) ||
	       (text[n] == ':' && strncmp(text + n, "://", 3) != 0 && memchr(text, '@', n) != NULL);
}

/* Letters, digits, and what else an account's name may hold, not at its beginning. */
static enum err parse_user(struct ctx *cx, const char *text, size_t n, const char **ret)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (c == ':')
			return refuse(cx, "holds a password",
			              "Take it out; a key opens the repository.");
		if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '-' && c != '.')))
			return refuse(cx, "has a user name that is not well-formed",
			              "It is git in most places, as in git@host:path.");
	}
	if (n == 0 || n > USER_MAX)
		return refuse(cx, "has an empty or very long user name",
		              "It is git in most places, as in git@host:path.");
	*ret = arena_strndup(cx->arena, text, n);
	return ERR_OK;
}

/* What would need quoting, or means something to a web server, is in no name of a repository. */
static enum err check_path(struct ctx *cx, const char *path)
{
	size_t slashes = strspn(path, "/");

	if (path[slashes] == '\0')
		return refuse(cx, "has no path", "Give the address that git clone takes.");
	if (strpbrk(path, "?#%'!*$&;()[]") != NULL)
		return refuse(cx, "has a path with a character that is not taken",
		              "Give the address that git clone takes.");
	if (path[0] == '-')
		return refuse(cx, "has a path that begins with a hyphen",
		              "Give the address that git clone takes.");
	return ERR_OK;
}

static bool has_port(const char *authority, size_t n)
{
	const char *close = memchr(authority, ']', n);
	const char *from = close == NULL ? authority : close;

	return memchr(from, ':', n - (size_t)(from - authority)) != NULL;
}

/* Host and port, as the strict parser of web addresses sees them. */
static enum err parse_host(struct ctx *cx, const char *authority, size_t n, struct net_ssh *ret)
{
	struct net_url url;
	bool v6;

	/* Where the parser of web addresses would see the authority's end. */
	if (strcspn(authority, "/?#") < n)
		return refuse(cx, "has a host that is not well-formed",
		              "A host holds letters, digits, hyphens and dots.");
	TRY(net_url_parse(cx,
	                  arena_printf(cx->arena, "https://%.*s%s/", (int)n, authority,
	                               has_port(authority, n) ? "" : ":22"),
	                  &url));
	v6 = strchr(url.host, ':') != NULL;
	ret->host = url.host;
	ret->port = url.port;
	ret->origin =
		arena_printf(cx->arena, SCHEME "%s%s%s", v6 ? "[" : "", url.host, v6 ? "]" : "");
	if (url.port != NET_SSH_PORT)
		ret->origin = arena_printf(cx->arena, "%s:%u", ret->origin, url.port);
	return ERR_OK;
}

/* git@host:path */
static enum err parse_short(struct ctx *cx, const char *text, struct net_ssh *ret)
{
	const char *at = strchr(text, '@'), *host = at + 1, *path = NULL;
	const char *close = host[0] == '[' ? strchr(host, ']') : NULL;

	TRY(parse_user(cx, text, (size_t)(at - text), &ret->user));
	path = close == NULL ? strchr(host, ':') : close + 1;
	if (path == NULL || *path != ':')
		return refuse(cx, "has no path", "Give the address that git clone takes.");
	TRY(parse_host(cx, host, (size_t)(path - host), ret));
	TRY(check_path(cx, path + 1));
	ret->path = arena_strdup(cx->arena, path + 1);
	ret->text = arena_printf(cx->arena, "%s@%s:%s", ret->user, ret->origin + sizeof(SCHEME) - 1,
	                         ret->path);
	return ERR_OK;
}

/* ssh://git@host:port/path */
static enum err parse_long(struct ctx *cx, const char *text, struct net_ssh *ret)
{
	const char *authority = text + sizeof(SCHEME) - 1;
	const char *path = authority + strcspn(authority, "/?#");
	const char *at = memchr(authority, '@', (size_t)(path - authority));

	if (at != NULL) {
		TRY(parse_user(cx, authority, (size_t)(at - authority), &ret->user));
		authority = at + 1;
	}
	TRY(parse_host(cx, authority, (size_t)(path - authority), ret));
	TRY(check_path(cx, path));
	ret->path = arena_strdup(cx->arena, path[1] == '~' ? path + 1 : path);
	ret->text =
		arena_printf(cx->arena, SCHEME "%s%s%s%s", ret->user == NULL ? "" : ret->user,
	                     ret->user == NULL ? "" : "@", ret->origin + sizeof(SCHEME) - 1, path);
	return ERR_OK;
}

enum err net_ssh_parse(struct ctx *cx, const char *text, struct net_ssh *ret)
{
	struct net_ssh url = { 0 };
	struct net_url bytes;

	/* No byte that a web address could not have. */
	TRY(net_url_parse(cx, arena_printf(cx->arena, "https://h/%s", text), &bytes));
	if (!net_ssh_is(text))
		return refuse(cx, "is none of ssh", "Write it as git@host:path.");
	TRY(has_scheme(text) ? parse_long(cx, text, &url) : parse_short(cx, text, &url));
	*ret = url;
	return ERR_OK;
}

enum err net_ssh_origin(struct ctx *cx, const char *text, const char **ret)
{
	struct net_ssh url = { 0 };
	const char *authority = text + sizeof(SCHEME) - 1;
	size_t n;

	if (!has_scheme(text))
		return refuse(cx, "of the server does not begin with ssh://",
		              "Write it as ssh://host or ssh://host:port.");
	n = strcspn(authority, "/?#");
	if (authority[n] != '\0' && strcmp(authority + n, "/") != 0)
		return refuse(cx, "of the server has a path",
		              "Write it as ssh://host or ssh://host:port.");
	if (memchr(authority, '@', n) != NULL)
		return refuse(cx, "of the server has a user name",
		              "Write it as ssh://host or ssh://host:port.");
	TRY(parse_host(cx, authority, n, &url));
	*ret = url.origin;
	return ERR_OK;
}
