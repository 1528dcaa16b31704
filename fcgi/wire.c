/* Judging the head of a FastCGI request, and the library that will read it. */
#include "wire.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES   8
#define BEGIN_BYTES    8
#define TYPE_BEGIN     1
#define TYPE_PARAMS    4
#define TYPE_STDIN     5
#define ROLE_RESPONDER 1
#define LIBRARY_BUFFER 8192 /* bytes that libfcgi reads at a time */

/* Where in the run of names and values we are; it goes on over the borders of records. */
struct pairs {
	enum { AT_NAME_LENGTH, AT_VALUE_LENGTH, AT_TEXT } at;
	size_t skip;    /* AT_TEXT: bytes of name and value still to come */
	size_t lengths; /* name length, once known */
	int more;       /* bytes of a four-byte length still to come */
	uint32_t length;
	size_t n;
};

/* A whole length has been read. */
static bool pairs_length(struct pairs *p)
{
	if (p->length > WIRE_PARAMS_MAX)
		return false;
	if (p->at == AT_NAME_LENGTH) {
		p->lengths = p->length;
		p->at = AT_VALUE_LENGTH;
		return true;
	}
	p->skip = p->lengths + p->length;
	p->at = p->skip > 0 ? AT_TEXT : AT_NAME_LENGTH;
	return ++p->n <= WIRE_PAIRS_MAX;
}

/* Take the content of one PARAMS record; false when a length is out of bounds. */
static bool pairs_take(struct pairs *p, const unsigned char *bytes, size_t n)
{
	while (n > 0) {
		size_t step = 1;

		if (p->at == AT_TEXT) {
			step = p->skip < n ? p->skip : n;
			p->skip -= step;
			if (p->skip == 0)
				p->at = AT_NAME_LENGTH;
		} else if (p->more > 0) {
			p->length = p->length << 8 | *bytes;
			if (--p->more == 0 && !pairs_length(p))
				return false;
		} else if ((*bytes & 0x80) != 0) {
			p->length = *bytes & 0x7F;
			p->more = 3;
		} else {
			p->length = *bytes;
			if (!pairs_length(p))
				return false;
		}
		bytes += step;
		n -= step;
	}
	return true;
}

/* Nothing is left open: the parameters may end here. */
static bool pairs_closed(const struct pairs *p)
{
	return p->at == AT_NAME_LENGTH && p->more == 0;
}

static size_t two_bytes(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static bool begin_is_sound(const unsigned char *record, size_t content)
{
	return record[1] == TYPE_BEGIN && content == BEGIN_BYTES && two_bytes(record + 2) != 0;
}

/* All parameters are there: does what stands behind them say that no body follows? */
static enum wire_head whole(const unsigned char *behind, size_t n, size_t id)
{
	bool ended = n >= HEADER_BYTES && behind[0] == 1 && behind[1] == TYPE_STDIN &&
	             two_bytes(behind + 2) == id && two_bytes(behind + 4) == 0 &&
	             n - HEADER_BYTES >= (size_t)behind[6];

	return ended ? WIRE_ENDED : WIRE_WHOLE;
}

enum wire_head wire_head(const unsigned char *bytes, size_t n)
{
	struct pairs pairs = { 0 };
	size_t id = 0, total = 0;

	for (size_t at = 0;;) {
		const unsigned char *record = bytes + at, *content = record + HEADER_BYTES;
		size_t len, padding, have;

		if (n - at < HEADER_BYTES)
			return WIRE_PARTIAL;
		len = two_bytes(record + 4);
		padding = record[6];
		if (record[0] != 1)
			return WIRE_BAD;
		if (at == 0 ? !begin_is_sound(record, len)
		            : record[1] != TYPE_PARAMS || two_bytes(record + 2) != id)
			return WIRE_BAD;
		have = n - at - HEADER_BYTES;
		if (at == 0) {
			if (have < len + padding)
				return WIRE_PARTIAL;
			if (two_bytes(content) != ROLE_RESPONDER)
				return WIRE_BAD;
			id = two_bytes(record + 2);
		} else {
			total += len;
			if (total > WIRE_PARAMS_MAX ||
			    !pairs_take(&pairs, content, len < have ? len : have))
				return WIRE_BAD;
			if (len == 0 && !pairs_closed(&pairs))
				return WIRE_BAD;
			if (len == 0)
				return have < padding
				               ? WIRE_WHOLE
				               : whole(content + padding, have - padding, id);
			if (have < len + padding)
				return WIRE_PARTIAL;
		}
		at += HEADER_BYTES + len + padding;
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

enum wire_head wire_peek(int fd, unsigned char *buffer)
{
	ssize_t n = recv(fd, buffer, WIRE_PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);
	enum wire_head head;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? WIRE_PARTIAL : WIRE_BAD;
	if (n == 0)
		return WIRE_BAD;
	head = wire_head(buffer, (size_t)n);
	return head == WIRE_PARTIAL && (size_t)n == WIRE_PEEK_MAX ? WIRE_BAD : head;
}

bool wire_await(int fd, unsigned char *buffer, int timeout_ms)
{
	struct pollfd hangup = { .fd = fd, .events = POLLRDHUP };
	int64_t until_ms = 0;

	for (;;) {
		enum wire_head head = wire_peek(fd, buffer);

		if (head != WIRE_PARTIAL)
			return head != WIRE_BAD;
		/* Rare: nginx writes a head at once.  What is peeked at stays readable, so poll()
		 * can wait for the end of the peer, but not for the rest. */
		if (until_ms == 0)
			until_ms = now_ms() + timeout_ms;
		else if (now_ms() > until_ms)
			return false;
		if (poll(&hangup, 1, 1) > 0)
			return false;
	}
}

static unsigned char *put_header(unsigned char *p, int type, int id, size_t len)
{
	const unsigned char header[HEADER_BYTES] = {
		1,
		(unsigned char)type,
		0,
		(unsigned char)id,
		(unsigned char)(len >> 8),
		(unsigned char)len,
		0,
		0,
	};

	memcpy(p, header, sizeof(header));
	return p + HEADER_BYTES;
}

/*
 * Let libfcgi read a request whose PARAMS record has the given header version and begins with two
 * lengths of INT32_MAX, laid out so that its first read ends right behind the lengths.
 * @ret whether the last byte, which stands behind them, was read as well; false when unsure
 */
static bool library_reads_on(unsigned char version)
{
	static const unsigned char LENGTHS[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
	unsigned char bytes[LIBRARY_BUFFER + 1] = { 0 }, *p = bytes, last;
	size_t filler = LIBRARY_BUFFER - 3 * HEADER_BYTES - BEGIN_BYTES - sizeof(LENGTHS);
	FCGX_Request request;
	bool reads_on = false;
	int pair[2], mine;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	p = put_header(p, TYPE_BEGIN, 1, BEGIN_BYTES);
	p[1] = ROLE_RESPONDER;
	p += BEGIN_BYTES;
	p = put_header(p, TYPE_PARAMS, 2, filler) + filler; /* of another request: skipped */
	p[0] = 0;
	p = put_header(p, TYPE_PARAMS, 1, sizeof(LENGTHS) + 1);
	p[-HEADER_BYTES] = version;
	memcpy(p, LENGTHS, sizeof(LENGTHS));
	mine = dup(pair[0]);
	if (mine >= 0 && send(pair[1], bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
	    shutdown(pair[1], SHUT_WR) == 0 && FCGX_InitRequest(&request, -1, 0) == 0) {
		request.ipcFd = pair[0];
		request.keepConnection = 1;
		request.detached = 1; /* closes without waiting for the peer */
		if (FCGX_Accept_r(&request) == 0)
			FCGX_Free(&request, 1);
		pair[0] = -1;
		reads_on = recv(mine, &last, 1, MSG_DONTWAIT) == 0;
	}
	if (pair[0] >= 0)
		close(pair[0]);
	if (mine >= 0)
		close(mine);
	close(pair[1]);
	return reads_on;
}

bool wire_library_is_safe(void)
{
	/* A header of version 9 is refused by any libfcgi before more is read: if the byte is gone
	 * even so, the library reads in other portions, and the question cannot be put this way. */
	if (library_reads_on(9))
		return true;
	return !library_reads_on(1);
}
