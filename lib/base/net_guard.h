/*
 * Net guard: which addresses this installation may connect to.
 *
 * Two questions, asked at different times:
 *
 *   net_url_parse(), net_url_judge()  of an address as text, before anything is sent: is it well-formed,
 *                                     are scheme and port allowed, is a literal address?  Good for an
 *                                     early answer, never enough: a name may resolve to anything.
 *   net_judge()                       of the real socket address, at each connect, on each hop.  This
 *                                     is the wall.  http_client asks it for every socket it opens.
 *
 * A public address may be reached on the allowed ports.  Private and loopback addresses need
 * allow_private or an entry in the allow-list; every other special-purpose address (link-local,
 * documentation, multicast, tunnels, reserved: the IANA registries for IPv4 and IPv6) needs an entry.
 * Addresses of cloud metadata are refused whatever the settings say.  An IPv4 address inside an IPv6
 * one (mapped, NAT64) is judged as itself.
 *
 * Every refusal names the address, the rule, and the setting that would change it.  Nothing here
 * resolves names or opens sockets.
 */
#ifndef BASE_NET_GUARD_H
#define BASE_NET_GUARD_H

#include "base/err.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define NET_URL_MAX  2048 /* bytes of an address given as text */
#define NET_HOST_MAX 253  /* bytes of a host name */

/* What the operator allows.  Zero is the strictest: public hosts, https, ports 80 and 443. */
struct net_policy {
	bool allow_http;    /* setting allow_http */
	bool allow_private; /* setting allow_private_addresses: private, shared and loopback */
	const char *const *allowed; /* setting allowed_hosts: see net_entry_valid() */
	size_t nallowed;
	const char *const *ports; /* setting allowed_ports, in decimal; none: 80 and 443 */
	size_t nports;
	bool ssh;     /* the ports are of setting allowed_ssh_ports, and none is 22 */
	bool trusted; /* an address the operator gave himself: any host, any port, also http */
};

/* An http or https address in its parts.  Text lives in the context's arena. */
struct net_url {
	const char
		*text; /* normal form: lower-case scheme and host, no default port, no fragment */
	const char
		*origin;  /* "https://host" or "https://host:8443": what a credential is bound to */
	const char *host; /* lower case, without brackets */
	const char *target; /* path and query, "/" at least */
	uint16_t port;
	bool https;
};

/**
 * Take an address apart, strictly.
 *
 * No user name or password, no control or space or non-ASCII byte, no backslash, no zone id, no
 * encoded control character, a port from 1 to 65535, a host of letters, digits, hyphens, underscores
 * and dots, or an IPv6 address in brackets.
 *
 * Returns ERR_URL_REFUSED
 */
NODISCARD
enum err net_url_parse(struct ctx *cx, const char *text, struct net_url *ret);

/**
 * Judge what can be judged without the network: scheme, port, a literal address in any notation.
 * Returns ERR_URL_REFUSED
 */
NODISCARD
enum err net_url_judge(struct ctx *cx, const struct net_policy *policy, const struct net_url *url);

/* What net_judge() found out about one address. */
struct net_verdict {
	bool allowed;
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	const char *rule;    /* constant: "loopback", "cloud metadata", "public", ... */
	const char *range;   /* constant: "127.0.0.0/8"; NULL when the rule has none */
	const char *setting; /* constant: what would change it; NULL: nothing does */
};

/** Judge a socket address that a connection to @host is about to use.  Other families are refused. */
struct net_verdict net_judge(const struct net_policy *policy, const char *host,
                             const struct sockaddr *sa);

/** Describe a refusal.  @ret ERR_URL_REFUSED, for `return net_refuse(...)` */
enum err net_refuse(struct ctx *cx, const char *host, const struct net_verdict *verdict);

/**
 * @ret whether a text is an entry of an allow-list: HOST, ADDRESS or ADDRESS/BITS, each with :PORT or
 * without; an IPv6 address with a port stands in brackets.  Without a port, the allowed ports count.
 */
bool net_entry_valid(const char *entry);

#endif
