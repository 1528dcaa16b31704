/*
 * A tiny web server for tests: one thread, on a free loopback port, answering from a table.
 *
 * It keeps the newest request and counts connections and requests, so that a test can say what was,
 * and what was not, sent to it.
 */
#ifndef TESTS_WEB_H
#define TESTS_WEB_H

#include "base/base.h"

#define WEB_REQUEST_MAX 65536

struct web;

/* What one path answers. */
struct web_page {
	const char *path; /* up to a space; "*" matches all */
	const char *
		answer; /* the whole of it, head and body, as printf format: %s is .arg; NULL: silence */
	const char *arg;
	size_t body_bytes; /* so many letters x follow the answer */
	bool echo;         /* the request's body follows the answer */
	bool drips;        /* one header after the other follows, 20 a second, without an end */
};

/** @pages ends with a row without path; borrowed */
struct web *web_start(const struct web_page *pages);

/** Stop, and give back. */
void web_stop(struct web *web);

int web_port(const struct web *web);
int web_connections(const struct web *web);
int web_requests(const struct web *web);

/** @ret the newest request, head and body, NUL-terminated */
const char *web_last(const struct web *web);

#endif
