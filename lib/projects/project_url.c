/* Which addresses a project may have. */
#include "projects/project_url.h"

#include "base/net_guard.h"
#include "base/net_ssh.h"
#include "base/utf8.h"
#include "config/config.h"
#include "projects/project.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POINTER     "/repository_url"
#define FILE_SCHEME "file://"

static enum err refuse(struct ctx *cx, const char *rule, const char *detail, const char *fix)
{
	err_clear(cx);
	err_field(cx, ERR_URL_REFUSED, POINTER, rule, "%s", detail);
	err_fix(cx, "%s", fix != NULL ? fix : "Give another address.");
	return ERR_URL_REFUSED;
}

/* --- Remote addresses --- */

/*
 * Its form only.  Whether it may be connected to is judged at each connect, by the settings of that
 * moment: a project that they refuse today fails its job, which can be retried when they have changed.
 */
static enum err check_remote(struct ctx *cx, const char *text, const char **ret)
{
	struct net_ssh ssh = { 0 };
	struct net_url url = { 0 };
	enum err e =
		net_ssh_is(text) ? net_ssh_parse(cx, text, &ssh) : net_url_parse(cx, text, &url);
	const char *normal = ssh.text != NULL ? ssh.text : url.text;

	if (e == ERR_URL_REFUSED)
		return refuse(cx, "address", cx->fault.detail, cx->fault.fix);
	TRY(e);
	if (strlen(normal) > PROJECT_URL_MAX)
		return refuse(cx, "max_length", "the address is too long",
		              "Give one of at most 500 characters.");
	*ret = normal;
	return ERR_OK;
}

enum err project_url_judge(struct ctx *cx, const char *url)
{
	struct net_policy policy;
	struct net_url web;
	enum err e;

	if (url[0] == '/' || net_ssh_is(url))
		return ERR_OK;
	config_net_policy(cx->app->config, &policy);
	TRY(net_url_parse(cx, url, &web));
	e = net_url_judge(cx, &policy, &web);
	return e == ERR_URL_REFUSED ? refuse(cx, "address", cx->fault.detail, cx->fault.fix) : e;
}

enum err project_url_origin(struct ctx *cx, const char *url, const char **ret_kind,
                            const char **ret_origin)
{
	struct net_ssh ssh;
	struct net_url web;

	*ret_kind = *ret_origin = NULL;
	if (url[0] == '/')
		return ERR_OK;
	if (net_ssh_is(url)) {
		TRY(net_ssh_parse(cx, url, &ssh));
		*ret_kind = "git_ssh";
		*ret_origin = ssh.origin;
		return ERR_OK;
	}
	TRY(net_url_parse(cx, url, &web));
	*ret_kind = "git_https";
	*ret_origin = web.origin;
	return ERR_OK;
}

/* --- Local folders --- */

/* Without "." and ".." parts, whose meaning depends on what is there. */
static bool plain_path(const char *path)
{
	for (const char *part = path; part != NULL; part = strchr(part, '/')) {
		size_t n;

		part += strspn(part, "/");
		n = strcspn(part, "/");
		if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (*part == '\0')
			break;
	}
	return true;
}

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);

	while (n > 1 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 1);
}

static bool allowed_path(const struct config *config, const char *path, bool real)
{
	char root[PATH_MAX];

	for (size_t i = 0; i < config->local_roots.n; i++) {
		const char *given = config->local_roots.items[i];

		if (real && realpath(given, root) == NULL)
			continue;
		if (below(path, real ? root : given))
			return true;
	}
	return false;
}

/*
 * One answer for "not there" and "not allowed", so that the file system cannot
 * be explored from outside the roots.
 */
static enum err check_local(struct ctx *cx, const char *path, const char **ret)
{
	const struct config *config = cx->app->config;
	char real[PATH_MAX];
	bool allowed;

	if (path[0] != '/' || !plain_path(path))
		return refuse(cx, "absolute_path", "the path is not absolute and plain",
		              "Begin it with / and leave out . and .. parts.");
	if (config->local_roots.n == 0)
		return refuse(cx, "local_path", "local repositories are not allowed here",
		              "Name a folder above it in the setting local_roots.");
	allowed = realpath(path, real) != NULL ? allowed_path(config, real, true)
	                                       : allowed_path(config, path, false);
	if (!allowed)
		return refuse(cx, "local_path", "the path is not below a folder of local_roots",
		              "Add a folder above it to the setting local_roots.");
	*ret = arena_strdup(cx->arena, path);
	return ERR_OK;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

enum err project_url_check(struct ctx *cx, const char *text, const char **ret)
{
	if (has_control(text))
		return refuse(cx, "control_character", "the address holds a control character",
		              "Take it out.");
	if (text[0] == '/')
		return check_local(cx, text, ret);
	if (strncasecmp(text, FILE_SCHEME, strlen(FILE_SCHEME)) == 0) {
		const char *path = text + strlen(FILE_SCHEME);

		if (path[0] != '/' || strchr(path, '%') != NULL)
			return refuse(cx, "file_url", "the file address is not file:// and a path",
			              "Give the plain path instead, beginning with /.");
		return check_local(cx, path, ret);
	}
	if (strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0 ||
	    net_ssh_is(text))
		return check_remote(cx, text, ret);
	return refuse(cx, "scheme", "the address has no scheme that is allowed here",
	              "Begin it with https://, or give the absolute path of a local repository.");
}

/* --- A name --- */

const char *project_url_name(struct ctx *cx, const char *url)
{
	const char *end = url + strcspn(url, "?#"), *begin;
	size_t n = 0;

	for (;;) {
		while (end > url && end[-1] == '/')
			end--;
		if (end - url > 4 && memcmp(end - 4, ".git", 4) == 0)
			end -= 4;
		else
			break;
	}
	for (begin = end; begin > url && begin[-1] != '/' && begin[-1] != ':'; begin--)
		;
	for (int chars = 0; chars < PROJECT_NAME_MAX && begin + n < end; chars++) {
		size_t one = utf8_char(begin + n, (size_t)(end - begin) - n);

		n += one != 0 ? one : 1;
	}
	return n > 0 ? arena_strndup(cx->arena, begin, n) : "project";
}
