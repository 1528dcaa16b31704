/* Judging addresses: the special-purpose ranges, the allow-list, the verdict.  Text: net_url.c. */
#include "base/net_guard.h"

#include "base/ctx.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind {
	KIND_PUBLIC,   /* a real host somewhere */
	KIND_PRIVATE,  /* needs allow_private or an entry */
	KIND_SPECIAL,  /* needs an entry */
	KIND_METADATA, /* never */
};

struct range {
	const char *block;
	enum kind kind;
	const char *rule;
};

/*
 * Where clouds answer questions about the machine, its credentials included.  Looked at before all
 * else; the IPv4 ones also in the mapped and NAT64 forms.
 */
static const struct range METADATA[] = {
	{ "169.254.169.0/24", KIND_METADATA, "cloud metadata" },
	{ "169.254.170.0/24", KIND_METADATA, "cloud metadata" },   /* container credentials */
	{ "169.254.0.23/32", KIND_METADATA, "cloud metadata" },    /* Tencent */
	{ "100.100.100.200/32", KIND_METADATA, "cloud metadata" }, /* Alibaba */
	{ "192.0.0.192/32", KIND_METADATA, "cloud metadata" },     /* Oracle, older */
	{ "168.63.129.16/32", KIND_METADATA, "cloud metadata" },   /* Azure, a public address */
	{ "fd00:ec2::/32", KIND_METADATA, "cloud metadata" },      /* Amazon */
	{ "fd20:ce::254/128", KIND_METADATA, "cloud metadata" },   /* Google */
	{ "fd00:42::42/128", KIND_METADATA, "cloud metadata" },    /* Scaleway */
};

/* IANA IPv4 Special-Purpose Address Registry, multicast, and the reserved rest. */
static const struct range V4[] = {
	{ "0.0.0.0/8", KIND_SPECIAL, "this network" },
	{ "10.0.0.0/8", KIND_PRIVATE, "private network" },
	{ "100.64.0.0/10", KIND_PRIVATE, "shared address space" },
	{ "127.0.0.0/8", KIND_PRIVATE, "loopback" },
	{ "169.254.0.0/16", KIND_SPECIAL, "link-local" },
	{ "172.16.0.0/12", KIND_PRIVATE, "private network" },
	{ "192.0.0.0/24", KIND_SPECIAL, "protocol assignments" },
	{ "192.0.2.0/24", KIND_SPECIAL, "documentation" },
	{ "192.31.196.0/24", KIND_SPECIAL, "AS112" },
	{ "192.52.193.0/24", KIND_SPECIAL, "multicast tunnels" },
	{ "192.88.99.0/24", KIND_SPECIAL, "6to4 relay" },
	{ "192.168.0.0/16", KIND_PRIVATE, "private network" },
	{ "192.175.48.0/24", KIND_SPECIAL, "AS112" },
	{ "198.18.0.0/15", KIND_SPECIAL, "benchmarking" },
	{ "198.51.100.0/24", KIND_SPECIAL, "documentation" },
	{ "203.0.113.0/24", KIND_SPECIAL, "documentation" },
	{ "224.0.0.0/4", KIND_SPECIAL, "multicast" },
	{ "255.255.255.255/32", KIND_SPECIAL, "broadcast" },
	{ "240.0.0.0/4", KIND_SPECIAL, "reserved" },
};

/*
 * IANA IPv6 Special-Purpose Address Registry.  Outside 2000::/3 nothing is global unicast, so the
 * last row refuses what the others do not name; first match wins.
 */
static const struct range V6[] = {
	{ "::/128", KIND_SPECIAL, "unspecified" },
	{ "::1/128", KIND_PRIVATE, "loopback" },
	{ "::/96", KIND_SPECIAL, "IPv4-compatible" },
	{ "::ffff:0:0:0/96", KIND_SPECIAL, "IPv4-translated" },
	{ "64:ff9b:1::/48", KIND_SPECIAL, "local NAT64" },
	{ "100::/64", KIND_SPECIAL, "discard-only" },
	{ "2001::/32", KIND_SPECIAL, "Teredo tunnel" },
	{ "2001:db8::/32", KIND_SPECIAL, "documentation" },
	{ "2001::/23", KIND_SPECIAL, "protocol assignments" },
	{ "2002::/16", KIND_SPECIAL, "6to4 tunnel" },
	{ "2620:4f:8000::/48", KIND_SPECIAL, "AS112" },
	{ "3fff::/20", KIND_SPECIAL, "documentation" },
	{ "5f00::/16", KIND_SPECIAL, "segment routing" },
	{ "fc00::/7", KIND_PRIVATE, "unique local network" },
	{ "fe80::/10", KIND_SPECIAL, "link-local" },
	{ "fec0::/10", KIND_SPECIAL, "site-local" },
	{ "ff00::/8", KIND_SPECIAL, "multicast" },
	{ "2000::/3", KIND_PUBLIC, "public" },
	{ "::/0", KIND_SPECIAL, "reserved" },
};

/* An address in network order. */
struct address {
	uint8_t bytes[16];
	int n; /* 4 or 16 */
};

/* One entry of the allow-list, parsed. */
struct entry {
	struct address address; /* n is 0: a name */
	int bits;
	char host[NET_HOST_MAX + 1];
	uint16_t port; /* 0: the allowed ports */
};

static bool address_of_text(const char *text, struct address *ret)
{
	if (inet_pton(AF_INET, text, ret->bytes) == 1)
		ret->n = 4;
	else if (inet_pton(AF_INET6, text, ret->bytes) == 1)
		ret->n = 16;
	else
		return false;
	return true;
}

static bool has_prefix(const struct address *a, const struct address *block, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (a->n != block->n || memcmp(a->bytes, block->bytes, (size_t)whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] ^ block->bytes[whole]) >> (8 - rest) == 0;
}

/* A whole number from min to max of at most five digits, nothing around it. */
static bool small_number(const char *text, int min, int max, int *ret)
{
	int n = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*ret = n;
	return n >= min && n <= max;
}

/* Split "ADDRESS/BITS"; a missing length is the whole address. */
static bool block_of_text(char *text, struct address *ret, int *ret_bits)
{
	char *slash = strchr(text, '/');

	if (slash != NULL)
		*slash = '\0';
	if (!address_of_text(text, ret))
		return false;
	*ret_bits = ret->n * 8;
	return slash == NULL || small_number(slash + 1, 0, ret->n * 8, ret_bits);
}

static bool is_host_name(const char *text)
{
	size_t label = 0;

	if (strlen(text) > NET_HOST_MAX)
		return false;
	for (const char *c = text;; c++) {
		if (*c == '.' || *c == '\0') {
			if (label == 0 || label > 63)
				return false;
			label = 0;
			if (*c == '\0')
				return true;
			continue;
		}
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '-' || *c == '_'))
			return false;
		label++;
	}
}

/* Cut ":PORT" off; "a:b:c" is an IPv6 address, whose port needs brackets. */
static bool cut_port(char *text, char **ret_host, uint16_t *ret_port)
{
	char *colon = NULL;
	int port = 0;

	*ret_host = text;
	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*ret_host = text + 1;
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
	} else if (strchr(text, ':') == strrchr(text, ':')) {
		colon = strchr(text, ':');
	}
	if (colon != NULL) {
		*colon = '\0';
		if (!small_number(colon + 1, 1, 65535, &port))
			return false;
	}
	*ret_port = (uint16_t)port;
	return true;
}

static bool entry_of_text(const char *text, struct entry *ret)
{
	char copy[NET_HOST_MAX + 16], *host;
	size_t len = strlen(text);

	*ret = (struct entry){ 0 };
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len + 1);
	if (!cut_port(copy, &host, &ret->port))
		return false;
	len = strlen(host);
	if (len > NET_HOST_MAX)
		return false;
	memcpy(ret->host, host, len + 1);
	if (block_of_text(host, &ret->address, &ret->bits))
		return true;
	ret->address.n = 0;
	return text[0] != '[' && is_host_name(ret->host);
}

bool net_entry_valid(const char *entry)
{
	struct entry parsed;

	return entry_of_text(entry, &parsed);
}

static bool port_allowed(const struct net_policy *policy, uint16_t port)
{
	if (policy->nports == 0)
		return policy->ssh ? port == 22 : port == 80 || port == 443;
	for (size_t i = 0; i < policy->nports; i++) {
		int listed;

		if (small_number(policy->ports[i], 1, 65535, &listed) && listed == port)
			return true;
	}
	return false;
}

/* Does the allow-list name this host or address, on this port? */
static bool is_listed(const struct net_policy *policy, const char *host, const struct address *a,
                      uint16_t port)
{
	for (size_t i = 0; i < policy->nallowed; i++) {
		struct entry e;

		if (!entry_of_text(policy->allowed[i], &e))
			continue;
		if (e.port != 0 ? e.port != port : !port_allowed(policy, port))
			continue;
		if (e.address.n != 0 ? has_prefix(a, &e.address, e.bits)
		                     : strcasecmp(e.host, host) == 0)
			return true;
	}
	return false;
}

static const struct range *find_range(const struct range *ranges, size_t n, const struct address *a)
{
	for (size_t i = 0; i < n; i++) {
		char block[64];
		struct address base;
		int bits;

		memcpy(block, ranges[i].block, strlen(ranges[i].block) + 1);
		if (!block_of_text(block, &base, &bits))
			abort(); /* the tables above are wrong */
		if (has_prefix(a, &base, bits))
			return &ranges[i];
	}
	return NULL;
}

static const struct range *range_of(const struct address *a)
{
	static const struct range PUBLIC = { NULL, KIND_PUBLIC, "public" };
	const struct range *r = find_range(METADATA, COUNT(METADATA), a);

	if (r == NULL)
		r = a->n == 4 ? find_range(V4, COUNT(V4), a) : find_range(V6, COUNT(V6), a);
	return r == NULL ? &PUBLIC : r;
}

/* An IPv4 address in mapped (::ffff:0:0/96) or NAT64 (64:ff9b::/96) form becomes itself. */
static void unwrap(struct address *a)
{
	static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t NAT64[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (a->n != 16 || (memcmp(a->bytes, MAPPED, 12) != 0 && memcmp(a->bytes, NAT64, 12) != 0))
		return;
	memmove(a->bytes, a->bytes + 12, 4);
	a->n = 4;
}

static bool address_of_socket(const struct sockaddr *sa, struct address *ret, uint16_t *ret_port)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(ret->bytes, &in.sin_addr, 4);
		ret->n = 4;
		*ret_port = ntohs(in.sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(ret->bytes, &in6.sin6_addr, 16);
		ret->n = 16;
		*ret_port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

/* The decision: what kind of address, what the settings say to it. */
static void decide(const struct net_policy *policy, const char *host, const struct address *a,
                   struct net_verdict *v)
{
	const struct range *r = range_of(a);
	bool reachable =
		r->kind == KIND_PUBLIC || (r->kind == KIND_PRIVATE && policy->allow_private);

	v->rule = r->rule;
	v->range = r->kind == KIND_PUBLIC ? NULL : r->block;
	if (policy->trusted) {
		v->allowed = true;
	} else if (r->kind == KIND_METADATA) {
		v->allowed = false;
	} else if (is_listed(policy, host, a, v->port)) {
		v->allowed = true;
	} else if (!reachable) {
		v->setting = r->kind == KIND_PRIVATE ? "allowed_hosts or allow_private_addresses"
		                                     : "allowed_hosts";
	} else if (!port_allowed(policy, v->port)) {
		v->rule = "port not allowed";
		v->range = NULL;
		v->setting = policy->ssh ? "allowed_ssh_ports or allowed_hosts"
		                         : "allowed_ports or allowed_hosts";
	} else {
		v->allowed = true;
	}
}

struct net_verdict net_judge(const struct net_policy *policy, const char *host,
                             const struct sockaddr *sa)
{
	struct net_verdict v = { .rule = "not an internet address" };
	struct address a;

	if (!address_of_socket(sa, &a, &v.port))
		return v;
	unwrap(&a);
	inet_ntop(a.n == 4 ? AF_INET : AF_INET6, a.bytes, v.address, sizeof(v.address));
	decide(policy, host, &a, &v);
	return v;
}

enum err net_refuse(struct ctx *cx, const char *host, const struct net_verdict *v)
{
	bool same = strcmp(host, v->address) == 0, v6 = strchr(v->address, ':') != NULL;

	err_set(cx, ERR_URL_REFUSED, "%s%s%s%s, port %u, is refused: %s%s%s%s", host,
	        same ? "" : " (", same ? "" : v->address, same ? "" : ")", v->port, v->rule,
	        v->range == NULL ? "" : " (", v->range == NULL ? "" : v->range,
	        v->range == NULL ? "" : ")");
	if (v->setting == NULL)
		err_fix(cx, "No setting allows this; use another address.");
	else
		err_fix(cx, "If it should be allowed, change %s (allowed_hosts takes %s%s%s:%u).",
		        v->setting, v6 ? "[" : "", v->address, v6 ? "]" : "", v->port);
	return ERR_URL_REFUSED;
}
