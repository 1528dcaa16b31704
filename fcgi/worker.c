/*
 * portolan-worker: a FastCGI program of a few threads.
 *
 *   worker.c   this: sockets, threads, life and death
 *   seat.c     one request by libfcgi
 *   wire.c     what a request must look like before libfcgi reads it
 *   serve.c    one request, from its parameters to its answer
 *   routes/    what can be asked
 *
 * The threads wait around one epoll.  A thread takes one connection, and while its request is one quick read
 * also what else is ready by then, so that under load a few share a round trip to the database; alone, nobody
 * waits for company.  We accept connections from descriptor 0,
 * which the pool's parent holds, and give each that has a request to one thread,
 * so that any number of nginx's kept connections share as many database
 * connections as there are threads.  libfcgi parses one request and writes the
 * answer; it never accepts.  A kept connection waits in the epoll, not in a
 * thread.
 *
 * SIGTERM drains: no more is accepted, each kept connection is answered once
 * more and closed, and the process ends when none is left or after
 * drain_timeout_ms.  Closing idle connections is left to nginx: doing it here
 * would race with a request on its way.
 *
 * No work is done here that takes long; that is what jobs are for.
 */
#include "seat.h"
#include "wire.h"

#include "app/app.h"
#include "app/registry_kinds.h"
#include "base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FD       0
#define FILES_MAX       1024  /* libfcgi before 2.4.5 uses select() */
#define HEAD_TIMEOUT_MS 5000  /* for the rest of a head that has begun */
#define READ_TIMEOUT_S  10    /* between two bytes of a body */
#define WRITE_TIMEOUT_S 30    /* for a peer that takes no more of an answer */
#define GRACE_MS        30000 /* over the request time-out, until the connection is cut */
#define ARENA_BYTES     ((size_t)64 * 1024 * 1024) /* beside the largest map */
#define LARGE_BYTES     ((size_t)2 * 1024 * 1024)  /* an answer after which memory is given back */
#define OPEN_TRIES_MS   1000 /* pause after accept() found no free descriptor */
#define TAKEN_MAX       4    /* requests that a thread takes together */

#ifdef __SANITIZE_ADDRESS__
#define STACK_BYTES ((size_t)1024 * 1024) /* frames are larger */
#else
#define STACK_BYTES ((size_t)256 * 1024)
#endif

/* A connection to nginx; a link of worker.open. */
struct conn {
	struct conn *prev, *next;
	int fd;
	int guard; /* the same socket, ours to shut down whatever libfcgi does with fd */
};

struct worker {
	const struct app *app;
	const struct server *server;
	int epoll;
	int stop[2]; /* a pipe: readable at its end when the threads shall end */
	atomic_bool draining;
	pthread_mutex_t lock; /* of the next two */
	struct conn open;     /* head of the ring of all connections */
	int nopen;
	struct conn listener;
	struct conn stopper;
};

/* One of the requests that a thread has taken together. */
struct taken {
	struct conn *conn; /* NULL: none */
	int64_t cut_ms;    /* monotonic time at which its connection is cut */
	struct seat seat;
};

struct thread {
	struct worker *worker;
	pthread_t id;
	pthread_mutex_t lock; /* of conn and cut_ms in what follows */
	struct taken taken[TAKEN_MAX];
	struct arena *begun; /* of all that are taken, until the last has its answer */
	struct arena *arena; /* of the one that is answered */
	struct db *db;
	size_t largest; /* bytes of an answer since memory was given back */
	unsigned char *peek;
};

/* Written by the signal handler, read by main(). */
static int signal_pipe[2];

static void on_signal(UNUSED int signo)
{
	int saved = errno;
	ssize_t ignored = write(signal_pipe[1], "", 1);

	(void)ignored;
	errno = saved;
}

static int64_t now_ms(const struct worker *w)
{
	return w->app->clock->mono_us(w->app->clock) / 1000;
}

/* --- Connections --- */

static bool arm(struct worker *w, struct conn *conn, int op)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = conn };

	return epoll_ctl(w->epoll, op, conn->fd, &event) == 0;
}

static void conn_close(struct worker *w, struct conn *conn)
{
	pthread_mutex_lock(&w->lock);
	conn->prev->next = conn->next;
	conn->next->prev = conn->prev;
	w->nopen--;
	pthread_mutex_unlock(&w->lock);
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->guard >= 0)
		close(conn->guard);
	free(conn);
}

static void conn_open(struct worker *w, int fd)
{
	const struct timeval read_timeout = { .tv_sec = READ_TIMEOUT_S };
	const struct timeval write_timeout = { .tv_sec = WRITE_TIMEOUT_S };
	struct conn *conn = malloc(sizeof(*conn));

	if (conn == NULL)
		abort(); /* as an arena does */
	*conn = (struct conn){ .fd = fd, .guard = fcntl(fd, F_DUPFD_CLOEXEC, 3) };
	pthread_mutex_lock(&w->lock);
	conn->next = w->open.next;
	conn->prev = &w->open;
	conn->next->prev = conn;
	w->open.next = conn;
	w->nopen++;
	pthread_mutex_unlock(&w->lock);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &read_timeout, sizeof(read_timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &write_timeout, sizeof(write_timeout));
	if (conn->guard < 0 || !arm(w, conn, EPOLL_CTL_ADD))
		conn_close(w, conn);
}

static int conns_open(struct worker *w)
{
	int n;

	pthread_mutex_lock(&w->lock);
	n = w->nopen;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* Take all that waits: one a turn would leave newcomers behind busy kept connections. */
static void accept_all(struct worker *w)
{
	while (!atomic_load(&w->draining)) {
		int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			conn_open(w, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			poll(NULL, 0, OPEN_TRIES_MS); /* no descriptor is free */
		break;
	}
	if (!atomic_load(&w->draining))
		arm(w, &w->listener, EPOLL_CTL_MOD);
}

/* --- Requests --- */

/*
 * Give back what a large answer took.  libpq never shrinks the buffer that a large row came
 * through, so that connection is made anew by the next request.
 */
static void give_back(struct thread *t)
{
	if (t->largest < LARGE_BYTES)
		return;
	t->largest = 0;
	db_close(t->db);
	t->db = app_db(t->worker->app);
}

static void set_busy(struct thread *t, struct taken *r, struct conn *conn)
{
	struct worker *w = t->worker;

	pthread_mutex_lock(&t->lock);
	r->conn = conn;
	r->cut_ms = now_ms(w) + w->server->request_timeout_ms + GRACE_MS;
	pthread_mutex_unlock(&t->lock);
}

static bool begin(struct thread *t, struct taken *r)
{
	return seat_begin(&r->seat, &r->conn->fd, t->worker->server, t->begun, t->db);
}

/*
 * Take a connection on which something has come.  What has not come whole is left to finish(), where the
 * others have their answers.
 * @ret whether another may be taken with it
 */
static bool take(struct thread *t, struct taken *r, struct conn *conn)
{
	set_busy(t, r, conn);
	r->seat.begun = false;
	return wire_peek(conn->fd, t->peek) == WIRE_ENDED && begin(t, r);
}

static bool answer(struct thread *t, struct taken *r)
{
	bool keep = seat_answer(&r->seat, &r->conn->fd, t->arena);
	size_t bytes = reply_body_bytes(&r->seat.ex.rp);

	t->largest = bytes > t->largest ? bytes : t->largest;
	arena_reset(t->arena); /* now, so that others have what it took */
	return keep;
}

/* Has the peer sent its next request already?  Then closing would lose it. */
static bool more_has_come(const struct conn *conn)
{
	char byte;

	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void finish(struct thread *t, struct taken *r)
{
	struct worker *w = t->worker;
	struct conn *conn = r->conn;
	bool keep;

	if (!r->seat.begun && conn->fd >= 0 && wire_await(conn->fd, t->peek, HEAD_TIMEOUT_MS))
		begin(t, r);
	keep = r->seat.begun && answer(t, r);
	keep = keep && (!atomic_load(&w->draining) || more_has_come(conn));
	set_busy(t, r, NULL);
	if (!keep || !arm(w, conn, EPOLL_CTL_MOD))
		conn_close(w, conn);
}

/* What is ready: a connection, the listener or the stopper; NULL: nothing within that time. */
static struct conn *await(struct worker *w, int timeout_ms)
{
	struct epoll_event event;
	int n = epoll_wait(w->epoll, &event, 1, timeout_ms);

	if (n < 0 && errno != EINTR)
		abort(); /* the epoll is gone: our bug */
	return n > 0 ? event.data.ptr : NULL;
}

static bool carries_requests(const struct worker *w, const struct conn *conn)
{
	return conn != NULL && conn != &w->stopper && conn != &w->listener;
}

/* Serve a connection, and what may be taken with it.  @ret what else is ready, as await() */
static struct conn *serve_some(struct thread *t, struct conn *conn)
{
	int n = 0;
	bool more;

	do {
		more = take(t, &t->taken[n++], conn) && n < TAKEN_MAX;
		conn = more ? await(t->worker, 0) : NULL;
	} while (carries_requests(t->worker, conn));
	for (int i = 0; i < n; i++)
		finish(t, &t->taken[i]);
	arena_reset(t->begun);
	give_back(t);
	return conn;
}

static void *run(void *self)
{
	struct thread *t = self;
	struct worker *w = t->worker;
	struct conn *ready = NULL;

	while (ready != &w->stopper) {
		if (ready == &w->listener)
			accept_all(w);
		ready = carries_requests(w, ready) ? serve_some(t, ready) : await(w, -1);
	}
	return NULL;
}

/* --- Life and death --- */

/* A peer that trickles, or takes nothing, loses its connection; its thread goes on. */
static void cut_overdue(struct worker *w, struct thread *threads, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_mutex_lock(&threads[i].lock);
		for (int j = 0; j < TAKEN_MAX; j++) {
			const struct taken *r = &threads[i].taken[j];

			if (r->conn != NULL && now_ms(w) > r->cut_ms)
				shutdown(r->conn->guard, SHUT_RDWR);
		}
		pthread_mutex_unlock(&threads[i].lock);
	}
}

/* Sleep until the log is to be flushed; @ret whether a signal has asked us to end. */
static bool told_to_end(void)
{
	struct pollfd wake = { .fd = signal_pipe[0], .events = POLLIN };

	return poll(&wake, 1, LOG_FLUSH_MS) > 0;
}

static void drain(struct worker *w, struct thread *threads, int n)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };
	int64_t until_ms = now_ms(w) + w->app->config->drain_timeout_ms;

	atomic_store(&w->draining, true);
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, LISTEN_FD, NULL);
	while (conns_open(w) > 0 && now_ms(w) < until_ms) {
		nanosleep(&pause, NULL);
		cut_overdue(w, threads, n);
	}
}

static bool any_busy(struct thread *threads, int n)
{
	bool busy = false;

	for (int i = 0; i < n; i++) {
		pthread_mutex_lock(&threads[i].lock);
		for (int j = 0; j < TAKEN_MAX; j++)
			busy = busy || threads[i].taken[j].conn != NULL;
		pthread_mutex_unlock(&threads[i].lock);
	}
	return busy;
}

static int start_thread(struct worker *w, struct thread *t)
{
	pthread_attr_t attr;
	int failed;

	*t = (struct thread){ .worker = w };
	pthread_mutex_init(&t->lock, NULL);
	t->begun = arena_new(ARENA_BYTES);
	t->arena = arena_new(ARENA_BYTES + 2 * (size_t)w->app->config->map_max_bytes);
	t->db = app_db(w->app);
	t->peek = malloc(WIRE_PEEK_MAX);
	if (t->peek == NULL)
		return ENOMEM;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	failed = pthread_create(&t->id, &attr, run, t);
	pthread_attr_destroy(&attr);
	return failed;
}

static void end_thread(struct thread *t)
{
	pthread_join(t->id, NULL);
	pthread_mutex_destroy(&t->lock);
	arena_free(t->arena);
	arena_free(t->begun);
	db_close(t->db);
	free(t->peek);
}

/* Signals are for main(): a thread in the middle of a request is not to be interrupted. */
static void block_signals(bool block)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Serve until told to end. */
static void work(struct worker *w, struct thread *threads, int n)
{
	int failed = 0;

	block_signals(true); /* what a thread begins with */
	for (int i = 0; i < n && failed == 0; i++)
		failed = start_thread(w, &threads[i]);
	block_signals(false);
	if (failed != 0)
		_exit(EXIT_FAILURE); /* with those that did start */
	log_gather(w->app->log);
	while (!told_to_end()) {
		cut_overdue(w, threads, n);
		log_flush(w->app->log);
	}
	drain(w, threads, n);
	/* One that still works past the deadline goes down with the process, as it stands. */
	if (any_busy(threads, n)) {
		log_flush(w->app->log);
		_exit(EXIT_SUCCESS);
	}
	close(w->stop[1]);
	for (int i = 0; i < n; i++)
		end_thread(&threads[i]);
	while (w->open.next != &w->open)
		conn_close(w, w->open.next);
}

/* --- Start-up --- */

static void catch_signals(void)
{
	/* Before FCGX_Init(), which would install its own; no SA_RESTART, so that poll() ends. */
	struct sigaction sa = { .sa_handler = on_signal };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		abort();
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
}

static bool is_listener(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens != 0;
}

static int refuse(struct ctx *cx, const char *why)
{
	LOG(cx, LOG_ERROR, "not started", LOG_TEXT("detail", why));
	return EXIT_FAILURE;
}

static int refuse_config(struct ctx *cx)
{
	const struct fault *fault = &cx->fault;

	for (int i = 0; i < fault->nfields && i < FAULT_ERRORS_MAX; i++)
		LOG(cx, LOG_ERROR, "bad setting", LOG_TEXT("key", fault->fields[i].pointer),
		    LOG_TEXT("detail", fault->fields[i].detail));
	return refuse(cx, fault->nfields > 1 ? "the configuration has mistakes" : fault->detail);
}

/* Memory for many small requests and a rare large one: few heaps, large blocks given back. */
static void tune_memory(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MXFAST, 0); /* else each buffer of libfcgi has the fast bins merged first */
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

static bool open_epoll(struct worker *w)
{
	struct epoll_event stopper = { .events = EPOLLIN, .data.ptr = &w->stopper };
	int flags = fcntl(LISTEN_FD, F_GETFL);

	pthread_mutex_init(&w->lock, NULL);
	w->open.next = w->open.prev = &w->open;
	w->listener.fd = LISTEN_FD;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	return w->epoll >= 0 && flags >= 0 && fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       pipe2(w->stop, O_CLOEXEC) == 0 &&
	       epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->stop[0], &stopper) == 0 &&
	       arm(w, &w->listener, EPOLL_CTL_ADD);
}

/* The pool's parent is gone: nobody would start us again, so end as if told to. */
static bool follow_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static int start(struct app_process *p)
{
	struct worker w = { .app = &p->app };
	struct ctx *cx = &p->cx;
	const char *why = NULL;
	struct thread *threads;
	int n;

	if (!is_listener(LISTEN_FD))
		return refuse(cx, "descriptor 0 is no listening socket; start me by spawn-fcgi");
	if (FCGX_Init() != 0)
		return refuse(cx, "libfcgi cannot be initialised");
	if (!wire_library_is_safe())
		return refuse(cx, "libfcgi adds lengths that overflow (CVE-2025-23016); "
		                  "2.4.5 or Debian's 2.4.2-2+deb12u1 is needed");
	why = event_kinds_check(p->arena, app_event_kinds);
	if (why != NULL)
		return refuse(cx, why);
	w.server = server_new(p->arena, &p->app, route_tables, &why);
	if (w.server == NULL)
		return refuse(cx, why);
	if (!open_epoll(&w))
		return refuse(cx, "the listening socket cannot be watched");
	n = (int)p->app.config->worker_threads;
	threads = arena_array(p->arena, (size_t)n, sizeof(*threads));
	LOG(cx, LOG_INFO, "started", LOG_INT("threads", n), LOG_INT("pid", getpid()));
	work(&w, threads, n);
	LOG(cx, LOG_INFO, "ended", LOG_INT("pid", getpid()));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct rlimit files = { FILES_MAX, FILES_MAX };
	struct config_sources sources = { 0 };
	struct app_process p;
	pid_t parent = getppid();
	int ret;

	if (argc == 3 && strcmp(argv[1], "--config") == 0)
		sources.file = argv[2];
	else if (argc > 1) {
		fprintf(stderr,
		        "usage: %s [--config FILE], with a listening socket as "
		        "descriptor 0\n",
		        argv[0]);
		return 2;
	}
	tune_memory();
	catch_signals();
	setrlimit(RLIMIT_NOFILE, &files);
	if (!follow_parent(parent))
		return EXIT_FAILURE;
	if (app_open(&p, "worker", &sources) != ERR_OK)
		ret = refuse_config(&p.cx);
	else
		ret = start(&p);
	app_close(&p);
	return ret;
}
