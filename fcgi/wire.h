/*
 * Wire: the head of a FastCGI request, looked at before libfcgi reads it.
 *
 * libfcgi believes the lengths that a peer announces: it allocates what they
 * say, up to 2 GiB a parameter, and before 2.4.5 added them without care
 * (CVE-2025-23016).  So each head is peeked at first.  Only one that is whole and
 * within the bounds below is given to libfcgi; of others the connection is
 * closed.
 */
#ifndef WIRE_H
#define WIRE_H

#include "base/base.h"

#define WIRE_PARAMS_MAX ((size_t)64 * 1024) /* bytes of all parameters */
#define WIRE_PAIRS_MAX  256                 /* parameters */
#define WIRE_PEEK_MAX   ((size_t)80 * 1024) /* the same with the records around them */

enum wire_head {
	WIRE_BAD = 0, /* never acceptable, whatever follows */
	WIRE_PARTIAL, /* acceptable so far */
	WIRE_WHOLE,   /* BEGIN_REQUEST and all parameters are there and sound */
	WIRE_ENDED,   /* and the end of a body that has no bytes: the whole request is there */
};

/** Judge the first n bytes of a request: responder role, one request, sound lengths. */
enum wire_head wire_head(const unsigned char *bytes, size_t n);

/**
 * Look at the head of the next request, and leave it in the socket.
 *
 * @buffer  of WIRE_PEEK_MAX bytes, for scratch
 * @ret     WIRE_BAD also when the connection has ended
 */
enum wire_head wire_peek(int fd, unsigned char *buffer);

/**
 * Wait until the head of the next request stands in the socket, and leave it there.
 *
 * @buffer  of WIRE_PEEK_MAX bytes, for scratch
 * @ret     false: close the connection (it ended, or is not one to serve)
 */
bool wire_await(int fd, unsigned char *buffer, int timeout_ms);

/**
 * Does the libfcgi that is loaded refuse lengths whose sum overflows?
 *
 * Asked over a socket pair, with a record whose lengths are absurd and whose content is one byte.
 * Call after FCGX_Init().
 * @ret false when it is known not to
 */
bool wire_library_is_safe(void);

#endif
