/* T9: the head of a FastCGI request is judged before libfcgi reads it. */
#include "fixture.h"

#include "wire.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BEGIN  1
#define PARAMS 4
#define STDIN  5

/* A request under construction. */
struct head {
	unsigned char bytes[WIRE_PEEK_MAX + 1000];
	size_t n;
};

static void record(struct head *h, int type, int id, const void *content, size_t n, int padding)
{
	const unsigned char header[8] = { 1,
		                          (unsigned char)type,
		                          (unsigned char)(id >> 8),
		                          (unsigned char)id,
		                          (unsigned char)(n >> 8),
		                          (unsigned char)n,
		                          (unsigned char)padding,
		                          0 };

	assert_true(h->n + 8 + n + (size_t)padding <= sizeof(h->bytes));
	memcpy(h->bytes + h->n, header, 8);
	if (n > 0)
		memcpy(h->bytes + h->n + 8, content, n);
	memset(h->bytes + h->n + 8 + n, 0, (size_t)padding);
	h->n += 8 + n + (size_t)padding;
}

static struct head begun(void)
{
	static const unsigned char ROLE[8] = { 0, 1, 1 };
	struct head h = { .n = 0 };

	record(&h, BEGIN, 1, ROLE, 8, 0);
	return h;
}

static struct head whole(void)
{
	struct head h = begun();

	record(&h, PARAMS, 1,
	       "\x01\x02"
	       "Axy\x03\x00QRS",
	       10, 6);
	record(&h, PARAMS, 1, "\x80\x00\x00\x01\x80\x00\x00\x02Zab", 11, 0);
	record(&h, PARAMS, 1, NULL, 0, 0);
	return h;
}

static void test_wire__whole(void **state)
{
	struct head h = whole();

	(void)state;
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_WHOLE);
	record(&h, STDIN, 1, "body", 4, 0); /* what follows is none of its business */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_WHOLE);
}

/* Without a body the request is all there, once the empty record says so; its padding too. */
static void test_wire__ended(void **state)
{
	struct head h = whole(), other = h, padded = h;
	size_t n = h.n;

	(void)state;
	record(&h, STDIN, 1, NULL, 0, 0);
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_ENDED);
	for (size_t cut = n; cut < h.n; cut++)
		assert_int_equal(wire_head(h.bytes, cut), WIRE_WHOLE);
	record(&padded, STDIN, 1, NULL, 0, 8);
	assert_int_equal(wire_head(padded.bytes, padded.n - 1), WIRE_WHOLE);
	assert_int_equal(wire_head(padded.bytes, padded.n), WIRE_ENDED);
	record(&other, STDIN, 2, NULL, 0, 0);
	assert_int_equal(wire_head(other.bytes, other.n), WIRE_WHOLE);
}

/* A head cut anywhere is never bad and never whole. */
static void test_wire__partial(void **state)
{
	struct head h = whole();

	(void)state;
	for (size_t n = 0; n < h.n; n++)
		assert_int_equal(wire_head(h.bytes, n), WIRE_PARTIAL);
}

/* Names and values may go over the border of a record, wherever it is. */
static void test_wire__split_pairs(void **state)
{
	static const char PAIRS[] = "\x80\x00\x00\x03\x05NAMvalue\x01\x01xy";
	const size_t n = sizeof(PAIRS) - 1;

	(void)state;
	for (size_t cut = 1; cut < n; cut++) {
		struct head h = begun();

		record(&h, PARAMS, 1, PAIRS, cut, 0);
		record(&h, PARAMS, 1, PAIRS + cut, n - cut, 3);
		record(&h, PARAMS, 1, NULL, 0, 0);
		assert_int_equal(wire_head(h.bytes, h.n), WIRE_WHOLE);
	}
}

static void test_wire__bad(void **state)
{
	static const struct {
		const char *why, *content;
		size_t n;
	} BAD[] = {
		{ "CVE-2025-23016: lengths whose sum overflows",
		  "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
		  "a",
		  9 },
		{ "a name beyond the bound", "\x80\x01\x00\x01\x00", 5 },
		{ "a value beyond the bound", "\x00\x80\x01\x00\x01", 5 },
		{ "a name that does not come",
		  "\x05\x00"
		  "abc",
		  5 },
		{ "a length that does not come", "\x80\x00", 2 },
		{ "a value length that does not come", "\x01", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct head h = begun();

		print_message("# %s\n", BAD[i].why);
		record(&h, PARAMS, 1, BAD[i].content, BAD[i].n, 0);
		record(&h, PARAMS, 1, NULL, 0, 0);
		assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	}
}

static void test_wire__bad_records(void **state)
{
	struct head h;

	(void)state;
	h = whole();
	h.bytes[0] = 2; /* version */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h = whole();
	h.bytes[3] = 0; /* request 0 */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h = whole();
	h.bytes[9] = 2; /* authorizer */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h = whole();
	h.bytes[5] = 7; /* a BEGIN_REQUEST too short */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h = whole();
	h.bytes[17] = BEGIN; /* a second request */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h = whole();
	h.bytes[19] = 2; /* parameters of another request */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
	h.n = 0;
	record(&h, 9, 0, NULL, 0, 0); /* a management record */
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
}

static void test_wire__bounds(void **state)
{
	static unsigned char content[32 * 1024];
	struct head h = begun();

	(void)state;
	/* So many empty pairs. */
	for (int i = 0; i < WIRE_PAIRS_MAX; i++)
		record(&h, PARAMS, 1, "\0\0", 2, 0);
	record(&h, PARAMS, 1, NULL, 0, 0);
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_WHOLE);
	h.n -= 8;
	record(&h, PARAMS, 1, "\0\0", 2, 0);
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);

	/* So many bytes: two pairs that fill the bound, then one more. */
	h = begun();
	memcpy(content, "\x80\x00\x00\x01\x80\x00\x7F\xF7", 8);
	record(&h, PARAMS, 1, content, sizeof(content), 0);
	record(&h, PARAMS, 1, content, sizeof(content), 0);
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_PARTIAL);
	record(&h, PARAMS, 1, "\0\0", 2, 0);
	assert_int_equal(wire_head(h.bytes, h.n), WIRE_BAD);
}

static void test_wire__library(void **state)
{
	(void)state;
	assert_int_equal(FCGX_Init(), 0);
	assert_true(wire_library_is_safe());
}

struct writer {
	int fd;
	const struct head *head;
	size_t step;
	bool end;
};

static void *write_slowly(void *self)
{
	struct writer *w = self;

	for (size_t at = 0; at < w->head->n; at += w->step) {
		size_t n = w->head->n - at < w->step ? w->head->n - at : w->step;

		if (send(w->fd, w->head->bytes + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			break;
	}
	if (w->end)
		shutdown(w->fd, SHUT_WR);
	return NULL;
}

static bool awaited(const struct head *head, size_t step, bool end)
{
	static unsigned char buffer[WIRE_PEEK_MAX];
	struct writer w = { .head = head, .step = step, .end = end };
	int pair[2];
	pthread_t thread;
	bool served;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w.fd = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, write_slowly, &w), 0);
	served = wire_await(pair[0], buffer, 300);
	close(pair[0]);
	pthread_join(thread, NULL);
	close(pair[1]);
	return served;
}

/* A head in small portions is waited for, one that stops is given up, a bad one at once. */
static void test_wire__await(void **state)
{
	struct head good = whole(), cut = good, bad = good;

	(void)state;
	cut.n -= 8;
	bad.bytes[0] = 9;
	assert_true(awaited(&good, good.n, false));
	assert_true(awaited(&good, 1, false));
	assert_false(awaited(&cut, 5, false));
	assert_false(awaited(&bad, bad.n, false));
	assert_false(awaited(&cut, 5, true));
	cut.n = 0;
	assert_false(awaited(&cut, 1, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire__whole),   cmocka_unit_test(test_wire__ended),
		cmocka_unit_test(test_wire__partial), cmocka_unit_test(test_wire__split_pairs),
		cmocka_unit_test(test_wire__bad),     cmocka_unit_test(test_wire__bad_records),
		cmocka_unit_test(test_wire__bounds),  cmocka_unit_test(test_wire__library),
		cmocka_unit_test(test_wire__await),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
