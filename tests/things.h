/*
 * Things: a made-up domain with routes of its own, for tests of the edge without a database.
 *
 *     GET   /things/{id}   thing n<id> of version <id>; 404 is not there
 *     PATCH /things/{id}   204 for version 3
 *     GET   /things        things a and b, by pages
 *     POST  /things        what came goes back
 *     GET   /broken        fails when half of the answer is there
 *     GET   /mine          for viewers;  POST /mine  for owners
 */
#ifndef TESTS_THINGS_H
#define TESTS_THINGS_H

#include "serve.h"

/** The tables for server_new(). */
extern const struct route *const thing_tables[];

/* A body in memory: struct body_source of { text_read, &source }. */
struct text_source {
	const char *text; /* what is left of it */
	size_t n;
};

size_t text_read(void *self, char *buffer, size_t n);

#endif
