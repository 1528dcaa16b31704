/*
 * Seat: one request on a connection to nginx, as libfcgi reads it and as it is answered.
 *
 * A thread has a few of them, so that requests that it has begun share a round trip (serve.h).  libfcgi
 * neither accepts nor closes connections here, except that it closes one on which something fails.
 */
#ifndef SEAT_H
#define SEAT_H

#include "serve.h"

#include <fcgiapp.h>

struct seat {
	bool begun; /* libfcgi has read the request */
	FCGX_Request fcgi;
	struct ctx cx;
	struct exchange ex;
};

/**
 * Read the request whose head stands in the socket, and begin with it.
 *
 * @fd     becomes -1 when libfcgi has closed it
 * @arena  of all that are begun; to be kept until the last of them is answered
 * @ret    whether another may be begun before this one is answered
 */
bool seat_begin(struct seat *s, int *fd, const struct server *server, struct arena *arena,
                struct db *db);

/**
 * Answer the request that was begun, and write its line into the log.
 *
 * @fd     becomes -1 when libfcgi has closed it
 * @arena  for the work; what it gave may be taken back afterwards
 * @ret    whether the connection may carry another request
 */
bool seat_answer(struct seat *s, int *fd, struct arena *arena);

#endif
