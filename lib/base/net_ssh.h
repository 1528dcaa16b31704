/*
 * Addresses of git over ssh, and the connection below it.
 *
 *     ssh://git@host[:port]/path      the path as it stands, but for /~user/path
 *     git@host:path                   port 22; the path is the account's own
 *
 * As strict as net_url_parse(); a password, a query or an escape is no part of such an address.
 */
#ifndef BASE_NET_SSH_H
#define BASE_NET_SSH_H

#include "base/net_guard.h"

#define NET_SSH_PORT 22

/* Text lives in the context's arena. */
struct net_ssh {
	const char *text;   /* normal form, of the same kind as it was given */
	const char *origin; /* "ssh://host" or "ssh://host:2222": what a key is bound to */
	const char *host;   /* lower case, without brackets */
	const char *user;   /* NULL: none named */
	const char *path;   /* as the server gets it */
	uint16_t port;
};

/** @ret whether a text looks like an address of ssh rather than of the web or a path */
bool net_ssh_is(const char *text);

/** Returns ERR_URL_REFUSED */
NODISCARD
enum err net_ssh_parse(struct ctx *cx, const char *text, struct net_ssh *ret);

/** The origin alone, "ssh://host[:port]".  @ret its normal form; ERR_URL_REFUSED */
NODISCARD
enum err net_ssh_origin(struct ctx *cx, const char *text, const char **ret);

/* How long to try, and whether to go on. */
struct net_patience {
	int64_t connect_ms;           /* for each address */
	bool (*cancelled)(void *arg); /* asked every 100 ms; NULL: never */
	void *arg;
};

/**
 * Connect, asking the net guard about each address right before.
 *
 * @ret  a socket that does not block; the caller closes it
 * Returns ERR_URL_REFUSED, ERR_REMOTE_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED
 */
NODISCARD
enum err net_connect(struct ctx *cx, const struct net_policy *policy, const char *host,
                     uint16_t port, const struct net_patience *patience, int *ret);

#endif
