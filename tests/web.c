/* The web server of tests/web.h: accept, read one request, answer, close. */
#include "web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRIP_MS 50

struct web {
	const struct web_page *pages;
	pthread_t thread;
	int listener, port, stop[2];
	atomic_int connections, requests;
	char last[WEB_REQUEST_MAX + 1];
};

/* Both loopbacks where the machine has IPv6, else 127.0.0.1. */
static int open_listener(int *ret_port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	socklen_t n = sizeof(any6);
	int off = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0 &&
	    bind(fd, (struct sockaddr *)&any6, sizeof(any6)) == 0) {
		getsockname(fd, (struct sockaddr *)&any6, &n);
		*ret_port = ntohs(any6.sin6_port);
	} else {
		if (fd >= 0)
			close(fd);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		n = sizeof(v4);
		if (bind(fd, (struct sockaddr *)&v4, sizeof(v4)) != 0)
			abort();
		getsockname(fd, (struct sockaddr *)&v4, &n);
		*ret_port = ntohs(v4.sin_port);
	}
	if (listen(fd, 64) != 0)
		abort();
	return fd;
}

/* @ret whether fd is readable before the server is told to stop */
static bool readable(const struct web *web, int fd)
{
	struct pollfd fds[] = { { .fd = web->stop[0], .events = POLLIN },
		                { .fd = fd, .events = POLLIN } };

	return poll(fds, COUNT(fds), -1) > 0 && fds[0].revents == 0;
}

/* @ret where the body begins; NULL when the peer went away */
static const char *read_request(struct web *web, int fd, size_t *ret_body)
{
	size_t len = 0;

	web->last[0] = '\0';
	while (len < WEB_REQUEST_MAX && readable(web, fd)) {
		ssize_t n = read(fd, web->last + len, WEB_REQUEST_MAX - len);
		const char *end, *length;
		size_t body;

		if (n <= 0)
			return NULL;
		len += (size_t)n;
		web->last[len] = '\0';
		end = strstr(web->last, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(web->last, "\r\nContent-Length:");
		body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
		if (len >= (size_t)(end + 4 - web->last) + body) {
			*ret_body = body;
			return end + 4;
		}
	}
	return NULL;
}

static const struct web_page *page_of(const struct web *web)
{
	const char *path = strchr(web->last, ' ');

	for (const struct web_page *p = web->pages; path != NULL && p->path != NULL; p++) {
		size_t n = strlen(p->path);

		if (strcmp(p->path, "*") == 0 ||
		    (strncmp(path + 1, p->path, n) == 0 && strchr(" ?", path[1 + n]) != NULL))
			return p;
	}
	return NULL;
}

static bool send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		n -= (size_t)sent;
	}
	return true;
}

static void answer(struct web *web, int fd)
{
	static const char NONE[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";
	char head[8192], block[8192];
	size_t body_len = 0;
	const char *body = read_request(web, fd, &body_len);
	const struct web_page *page = body == NULL ? NULL : page_of(web);
	int n;

	if (body == NULL)
		return;
	atomic_fetch_add(&web->requests, 1);
	if (page == NULL) {
		send_all(fd, NONE, sizeof(NONE) - 1);
		return;
	}
	if (page->answer == NULL) {
		(void)readable(web, fd); /* until the peer closes or the test ends */
		return;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(head, sizeof(head), page->answer, page->arg);
#pragma GCC diagnostic pop
	if (n < 0 || (size_t)n >= sizeof(head) || !send_all(fd, head, (size_t)n))
		return;
	while (page->drips && send_all(fd, "X: y\r\n", 6) &&
	       poll(&(struct pollfd){ .fd = web->stop[0], .events = POLLIN }, 1, DRIP_MS) == 0)
		;
	if (page->echo)
		send_all(fd, body, body_len);
	memset(block, 'x', sizeof(block));
	for (size_t left = page->body_bytes; left > 0;) {
		size_t part = left < sizeof(block) ? left : sizeof(block);

		if (!send_all(fd, block, part))
			return;
		left -= part;
	}
}

static void *serve(void *arg)
{
	struct web *web = arg;

	while (readable(web, web->listener)) {
		int fd = accept4(web->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		atomic_fetch_add(&web->connections, 1);
		answer(web, fd);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
	return NULL;
}

struct web *web_start(const struct web_page *pages)
{
	struct web *web = calloc(1, sizeof(*web));

	if (web == NULL || pipe(web->stop) != 0)
		abort();
	web->pages = pages;
	web->listener = open_listener(&web->port);
	if (pthread_create(&web->thread, NULL, serve, web) != 0)
		abort();
	return web;
}

void web_stop(struct web *web)
{
	close(web->stop[1]);
	pthread_join(web->thread, NULL);
	close(web->stop[0]);
	close(web->listener);
	free(web);
}

int web_port(const struct web *web)
{
	return web->port;
}

int web_connections(const struct web *web)
{
	return atomic_load(&web->connections);
}

int web_requests(const struct web *web)
{
	return atomic_load(&web->requests);
}

const char *web_last(const struct web *web)
{
	return web->last;
}
