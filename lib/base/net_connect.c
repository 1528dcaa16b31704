/* One TCP connection, judged address by address. */
#include "base/ctx.h"
#include "base/net_ssh.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 100

/* What came of the addresses tried so far. */
struct attempt {
	struct ctx *cx;
	const struct net_policy *policy;
	const struct net_patience *patience;
	const char *host;
	struct net_verdict refused; /* the newest refusal */
	bool was_refused, was_allowed;
	int error; /* errno of the newest failure */
};

static int64_t now_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

/* @ret 0, or why not */
static int await(const struct attempt *a, int fd)
{
	int64_t until = now_ms(a->cx) + a->patience->connect_ms;
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int e = 0;

	for (;;) {
		if (a->patience->cancelled != NULL && a->patience->cancelled(a->patience->arg))
			return ECANCELED;
		if (poll(&poller, 1, TICK_MS) > 0)
			break;
		if (now_ms(a->cx) >= until)
			return ETIMEDOUT;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) == 0 ? e : errno;
}

/* @ret a socket, -1 when not */
static int try_one(struct attempt *a, const struct addrinfo *to)
{
	struct net_verdict v = net_judge(a->policy, a->host, to->ai_addr);
	int fd;

	if (!v.allowed) {
		a->refused = v;
		a->was_refused = true;
		return -1;
	}
	a->was_allowed = true;
	fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a->error = fd < 0 ? errno : 0;
	if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) != 0)
		a->error = errno == EINPROGRESS ? await(a, fd) : errno;
	if (a->error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum err failed(const struct attempt *a, uint16_t port)
{
	if (a->was_refused && !a->was_allowed)
		return net_refuse(a->cx, a->host, &a->refused);
	if (a->error == ECANCELED)
		return err_set(a->cx, ERR_CANCELLED, "the connection to %s was cancelled", a->host);
	if (a->error == ETIMEDOUT)
		return err_set(a->cx, ERR_TIMEOUT, "%s, port %u, did not answer in time", a->host,
		               port);
	return err_set(a->cx, ERR_REMOTE_UNREACHABLE, "%s, port %u, cannot be reached: %s", a->host,
	               port, strerror(a->error));
}

enum err net_connect(struct ctx *cx, const struct net_policy *policy, const char *host,
                     uint16_t port, const struct net_patience *patience, int *ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct attempt a = { .cx = cx, .policy = policy, .patience = patience, .host = host };
	struct addrinfo *all = NULL;
	char service[8];
	int fd = -1;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &all) != 0) {
		err_set(cx, ERR_REMOTE_UNREACHABLE, "the host name %s cannot be resolved", host);
		err_fix(cx, "Check the spelling of the address and this machine's name servers.");
		return ERR_REMOTE_UNREACHABLE;
	}
	for (struct addrinfo *to = all; to != NULL && fd < 0 && a.error != ECANCELED;
	     to = to->ai_next)
		fd = try_one(&a, to);
	freeaddrinfo(all);
	if (fd < 0)
		return failed(&a, port);
	*ret = fd;
	return ERR_OK;
}
