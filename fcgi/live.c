/*
 * portolan-live: relay of live streams.
 *
 *   live.c     this: descriptors, signals, life and death
 *   live/relay   connections: SSE, WebSocket and polls that wait, on libwebsockets
 *   live/hub     all streams: limits, time, whether those who listen still may
 *   live/stream  one stream: a cursor
 *   live/ring    the newest events, encoded once
 *   live/feed    a thread that follows the log (lib/events/follow.h)
 *   live/desk    a thread that reads what is older than the ring, and judges credentials
 *   live/spec    what a worker says of a stream; live/message  what a client says
 *
 * A worker admits the request and hands it over: it answers X-Accel-Redirect, and nginx connects the
 * client with this process through a UNIX socket that only nginx may use.  So no worker is occupied by
 * who waits.  The socket is descriptor 0 and outlives this process, which its parent starts again.
 *
 * SIGTERM ends all streams in good order; their clients come again with their last position.  Nothing
 * is lost in any case: positions are the log's, and what this process holds is a copy.
 */
#include "live/relay.h"

#include "app/app.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FD   0
#define FILES_ASIDE 256 /* descriptors beside those of streams: of refused ones, database, log */

static int refuse(struct ctx *cx, const char *why)
{
	LOG(cx, LOG_ERROR, "not started", LOG_TEXT("detail", why));
	return EXIT_FAILURE;
}

static bool is_listener(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens != 0;
}

/* Before any thread is started, so that signals come as a descriptor alone. */
static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* @ret most streams that the descriptors allow */
static int64_t limit_files(int64_t streams)
{
	struct rlimit files;
	rlim_t want = (rlim_t)streams + FILES_ASIDE;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return streams;
	files.rlim_cur = want < files.rlim_max ? want : files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return (int64_t)files.rlim_cur - FILES_ASIDE;
}

static int start(struct app_process *p, int signals)
{
	struct hub *hub;
	struct ctx *cx = &p->cx;
	int64_t max = limit_files(p->app.config->live_streams_max);
	int listener = fcntl(LISTEN_FD, F_DUPFD_CLOEXEC, 3);
	int flags = fcntl(LISTEN_FD, F_GETFL);
	struct lws_context *lws;

	if (!is_listener(LISTEN_FD))
		return refuse(cx, "descriptor 0 is no listening socket; start me by spawn-fcgi");
	if (listener < 0 || signals < 0 || max < 1 ||
	    fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) != 0)
		return refuse(cx, "there are not enough descriptors");
	hub = calloc(1, sizeof(*hub));
	if (hub == NULL)
		return refuse(cx, "there is not enough memory");
	lws = relay_open(hub, listener, signals);
	if (lws == NULL) {
		free(hub);
		return refuse(cx, "libwebsockets does not start");
	}
	hub_open(hub, &p->app, lws, max);
	LOG(cx, LOG_INFO, "started", LOG_INT("streams_max", max), LOG_INT("pid", getpid()));
	relay_run(hub);
	hub_close(hub);
	lws_context_destroy(lws);
	hub_free(hub);
	free(hub);
	LOG(cx, LOG_INFO, "ended", LOG_INT("pid", getpid()));
	return EXIT_SUCCESS;
}

/* The parent, which holds the socket, is gone: nobody would start us again, so end as if told to. */
static bool follow_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	struct app_process p;
	pid_t parent = getppid();
	int signals = open_signals(), ret;

	if (!follow_parent(parent))
		return EXIT_FAILURE;
	if (app_open(&p, "live", &SOURCES) == ERR_OK) {
		ret = start(&p, signals);
	} else {
		log_fault(&p.cx, LOG_ERROR, "start");
		ret = EXIT_FAILURE;
	}
	app_close(&p);
	return ret;
}
