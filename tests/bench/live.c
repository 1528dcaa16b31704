/*
 * How long an event takes from its commit to the sockets of those who listen, and how many a second get
 * there.
 *
 *     live CONNINFO PORT KEY TENANT latency SUBSCRIBERS SECONDS RATE   prints p50, p99 and the largest, in ms
 *     live CONNINFO PORT KEY TENANT rate SUBSCRIBERS EVENTS            prints events/s to each subscriber
 *
 * Subscribers are SSE streams through nginx, read by one epoll.  A thread writes events as a worker does:
 * into the outbox, and after the commit it rings the bell.  The clock starts when the commit has returned.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 1000000
#define CARRY      8192
#define BATCH      100
#define WRITERS    2

static const char RING[] =
	"WITH e AS (UPDATE app.event_reader SET asleep = false WHERE id IN (SELECT id"
	" FROM app.event_reader WHERE asleep FOR UPDATE SKIP LOCKED)"
	" RETURNING 'event_' || replace(id::text, '-', '') AS channel)"
	" SELECT pg_notify(channel, ''), set_config('synchronous_commit', 'off', true) FROM e";

struct sub {
	int fd;
	size_t n;
	char carry[CARRY];
};

static const char *conninfo, *tenant;
static double committed[EVENTS_MAX];
static float *delays;
static size_t ndelays, delays_max;
static atomic_long received;
static long events, rate;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *why)
{
	fprintf(stderr, "live: %s\n", why);
	exit(1);
}

static void sql(PGconn *db, const char *text)
{
	PGresult *r = PQexec(db, text);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail(PQerrorMessage(db));
	PQclear(r);
}

static void insert(PGconn *db, long first, long n)
{
	char text[512];

	snprintf(text, sizeof(text),
	         "INSERT INTO app.event_outbox (tenant_id, kind, payload, actor) SELECT %s,"
	         " 'job.completed', jsonb_build_object('n', n), 'job:0'"
	         " FROM generate_series(%ld, %ld) n",
	         tenant, first, first + n - 1);
	sql(db, text);
}

static PGconn *database(void)
{
	PGconn *db = PQconnectdb(conninfo);

	if (PQstatus(db) != CONNECTION_OK)
		fail(PQerrorMessage(db));
	return db;
}

/* Asleep all the while: whoever looks at the clock again and again takes time from what is measured. */
static void sleep_until(double ms)
{
	struct timespec at = { .tv_sec = (time_t)(ms / 1e3) };

	at.tv_nsec = (long)((ms - (double)at.tv_sec * 1e3) * 1e6);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void *write_slowly(void *self)
{
	PGconn *db = database();

	(void)self;
	for (long i = 0; i < events; i++) {
		double next = now_ms() + 1000.0 / (double)rate;

		insert(db, i, 1);
		committed[i] = now_ms();
		sql(db, RING);
		sleep_until(next);
	}
	PQfinish(db);
	return NULL;
}

static void *write_fast(void *self)
{
	long share = events / WRITERS, first = (long)(intptr_t)self * share;
	PGconn *db = database();

	for (long i = first; i < first + share; i += BATCH) {
		insert(db, i, BATCH);
		sql(db, RING);
	}
	PQfinish(db);
	return NULL;
}

static int subscribe(int port, const char *key)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons((uint16_t)port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[512];
	int n = snprintf(
		text, sizeof(text),
		"GET /api/v1/events/stream HTTP/1.0\r\nHost: b\r\n" /* 1.0: no chunks in between */
		"Authorization: Bearer %s\r\n\r\n",
		key);
	char head[4096] = "";
	size_t have = 0;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    write(fd, text, (size_t)n) != n)
		fail("cannot connect");
	while (strstr(head, "id: ") == NULL) { /* it stands somewhere: what comes now is told */
		ssize_t got = have < sizeof(head) - 1
		                      ? read(fd, head + have, sizeof(head) - 1 - have)
		                      : 0;

		if (got <= 0)
			fail(head);
		have += (size_t)got;
		head[have] = '\0';
	}
	return fd;
}

static void note(long i, double at)
{
	if (i >= 0 && i < events && committed[i] > 0 && ndelays < delays_max)
		delays[ndelays++] = (float)(at - committed[i]);
	atomic_fetch_add(&received, 1);
}

/* What has come, with what was left of the time before. */
static void take(struct sub *s)
{
	static const char MARK[] = "\"payload\":{\"n\": ";
	ssize_t got = read(s->fd, s->carry + s->n, CARRY - 1 - s->n);
	double at = now_ms();
	char *p = s->carry, *end;

	if (got <= 0)
		fail("a stream has ended");
	s->n += (size_t)got;
	s->carry[s->n] = '\0';
	end = s->carry + s->n;
	for (;;) {
		char *found = memmem(p, (size_t)(end - p), MARK, sizeof(MARK) - 1);
		char *close = found == NULL ? NULL : memchr(found, '}', (size_t)(end - found));

		if (close == NULL) {
			if (found != NULL)
				p = found;
			else if (end - p > (long)sizeof(MARK))
				p = end - sizeof(MARK);
			break;
		}
		note(strtol(found + sizeof(MARK) - 1, NULL, 10), at);
		p = close;
	}
	s->n = (size_t)(end - p);
	memmove(s->carry, p, s->n);
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	pthread_t writers[WRITERS];
	struct epoll_event ready[256];
	struct sub *subs;
	double begun, limit;
	int set = epoll_create1(0), n, fast, nwriters;

	if (argc < 8)
		fail("CONNINFO PORT KEY TENANT latency|rate SUBSCRIBERS SECONDS|EVENTS [RATE]");
	conninfo = argv[1];
	tenant = argv[4];
	fast = strcmp(argv[5], "rate") == 0;
	n = atoi(argv[6]);
	rate = fast ? 0 : atol(argv[8]);
	events = fast ? atol(argv[7]) : atol(argv[7]) * rate;
	nwriters = fast ? WRITERS : 1;
	delays_max = (size_t)events * (size_t)n;
	delays = malloc(delays_max * sizeof(*delays) + 1);
	subs = calloc((size_t)n, sizeof(*subs));
	if (subs == NULL || delays == NULL || events > EVENTS_MAX ||
	    events % (WRITERS * BATCH * fast + 1 - fast) != 0)
		fail("bad numbers");
	for (int i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &subs[i] };

		subs[i].fd = subscribe(atoi(argv[2]), argv[3]);
		epoll_ctl(set, EPOLL_CTL_ADD, subs[i].fd, &event);
	}
	begun = now_ms();
	limit = begun + (fast ? 120e3 : atof(argv[7]) * 2e3 + 10e3);
	for (int i = 0; i < nwriters; i++)
		pthread_create(&writers[i], NULL, fast ? write_fast : write_slowly,
		               (void *)(intptr_t)i);
	while (atomic_load(&received) < events * n && now_ms() < limit) {
		int got = epoll_wait(set, ready, 256, 100);

		for (int i = 0; i < got; i++)
			take(ready[i].data.ptr);
	}
	if (atomic_load(&received) < events * n)
		fail("events are missing");
	if (fast) {
		printf("%.0f\n", (double)events / (now_ms() - begun) * 1e3);
	} else {
		qsort(delays, ndelays, sizeof(*delays), by_size);
		printf("%.2f %.2f %.2f\n", delays[ndelays / 2], delays[ndelays * 99 / 100],
		       delays[ndelays - 1]);
	}
	for (int i = 0; i < nwriters; i++)
		pthread_join(writers[i], NULL);
	return 0;
}
