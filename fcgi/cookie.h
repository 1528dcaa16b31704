/*
 * The cookie of a session, and where a browser may have it.
 *
 *   https                 __Host-portolan, Secure: no other host, path or scheme can set or read it
 *   http on a loopback    portolan_<port of the Host>, without Secure: for development.  Cookies know no
 *   address               ports; the name keeps services of one machine from ending each other's sessions,
 *                         and not from reading them.
 *   http elsewhere        none: whoever is on the way could read it, so sign-in is refused
 *
 * A proxy that ends https in front of us says so by public_url.
 */
#ifndef COOKIE_H
#define COOKIE_H

#include "reply.h"

#include "auth/session.h"

enum cookie_kind { COOKIE_NONE, COOKIE_PLAIN, COOKIE_SECURE };

/** @ret whether a Host, or the beginning of one up to a slash, is of this machine; NULL is not */
bool cookie_host_is_loopback(const char *host);

/** @ret which cookie belongs to the way by which a request came */
enum cookie_kind cookie_kind(const struct ctx *cx, const struct request *rq);

/**
 * The value of a cookie by its name.
 * @header  "a=b; c=d"
 * @ret     false when it is not there, or there twice: then nobody can tell which is ours
 */
bool cookie_find(const char *header, const char *name, struct span *ret);

/** @ret whether the request has our cookie, formed like a session */
bool cookie_session(const struct ctx *cx, const struct request *rq, struct session_claim *ret);

/** Set the cookie; the kind is not COOKIE_NONE. */
void cookie_set(struct reply *rp, const struct session_claim *claim);

/** Take it away. */
void cookie_clear(struct reply *rp);

/**
 * Does the page that made the browser send this belong to us?  By Origin and Sec-Fetch-Site; ours are
 * public_url and the host that the request names.
 *
 * @needed  false: a request with neither header passes, as programs send none
 * Returns ERR_FORBIDDEN, blaming the header
 */
NODISCARD
enum err cookie_check_origin(struct ctx *cx, const struct request *rq, bool needed);

#endif
