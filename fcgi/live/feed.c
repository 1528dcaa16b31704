/* Following the log on a thread and a connection of its own. */
#include "live/feed.h"

#include "app/app.h"
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FOLLOW_ROWS   500                          /* events of one look */
#define FEW_ROWS      8                            /* behind which there is mostly nothing */
#define LOOK_MS       1000                         /* between two looks when no bell rings */
#define IDLE_MS       2000                         /* the same when nobody listens */
#define AGAIN_MS      250                          /* after a failure */
#define WAITING_BYTES ((size_t)16 * 1024 * 1024)   /* of what the loop has not taken yet */
#define ARENA_BYTES   ((size_t)1024 * 1024 * 1024) /* FOLLOW_ROWS of the largest events, twice */

struct feed {
	const struct app *app;
	void (*wake)(void *self);
	void *self;
	pthread_t thread;
	int wake_fd; /* eventfd: look now */
	atomic_bool listened, ending;

	pthread_mutex_t lock; /* of the next five */
	pthread_cond_t taken;
	struct feed_news news;
	size_t room;  /* events that fit news.events */
	size_t bytes; /* of those that are there */

	/* The thread's own. */
	struct arena *arena;
	struct db *db;
	struct ctx cx;
	struct event_reader reader;
	bool joined, asleep, away;
	int64_t position; /* -1: not known yet */
	int64_t beat_at_ms;
};

static int64_t now_ms(const struct feed *feed)
{
	return feed->app->clock->mono_us(feed->app->clock) / 1000;
}

/* --- Handing over --- */

static void grow(struct feed *feed, size_t more)
{
	size_t want = feed->news.n + more;

	if (want <= feed->room)
		return;
	feed->news.events = realloc(feed->news.events, want * sizeof(struct live_event *));
	if (feed->news.events == NULL)
		abort(); /* as an arena does */
	feed->room = want;
}

static void publish(struct feed *feed, struct live_event **events, size_t n)
{
	pthread_mutex_lock(&feed->lock);
	while (feed->bytes > WAITING_BYTES && !atomic_load(&feed->ending))
		pthread_cond_wait(&feed->taken, &feed->lock);
	grow(feed, n);
	for (size_t i = 0; i < n; i++) {
		feed->news.events[feed->news.n++] = events[i];
		feed->bytes += events[i]->frame_bytes;
	}
	pthread_mutex_unlock(&feed->lock);
	feed->wake(feed->self);
}

static void publish_begin(struct feed *feed, int64_t position)
{
	pthread_mutex_lock(&feed->lock);
	feed->news.begins = true;
	feed->news.begin_at = position;
	pthread_mutex_unlock(&feed->lock);
	feed->wake(feed->self);
}

void feed_take(struct feed *feed, struct feed_news *ret)
{
	pthread_mutex_lock(&feed->lock);
	*ret = feed->news;
	feed->news = (struct feed_news){ 0 };
	feed->room = feed->bytes = 0;
	pthread_cond_signal(&feed->taken);
	pthread_mutex_unlock(&feed->lock);
}

/* --- The thread --- */

/* Membership, and where the log stands: once, but after a failure again. */
static enum err join(struct feed *feed)
{
	char host[256] = "";

	if (!feed->joined) {
		gethostname(host, sizeof(host) - 1);
		TRY(app_check_schema(&feed->cx));
		TRY(event_reader_join(&feed->cx, &feed->reader, host));
		feed->joined = true;
		feed->beat_at_ms = now_ms(feed) + EVENT_READER_BEAT_MS;
	}
	if (feed->position < 0) {
		TRY(event_newest(&feed->cx, &feed->position));
		publish_begin(feed, feed->position);
	}
	if (now_ms(feed) >= feed->beat_at_ms) {
		TRY(event_reader_beat(&feed->cx, &feed->reader));
		feed->beat_at_ms = now_ms(feed) + EVENT_READER_BEAT_MS;
	}
	return ERR_OK;
}

static enum err look(struct feed *feed, size_t *ret_n)
{
	const struct event_followed *rows;
	struct live_event **events;
	struct list list;
	size_t n = 0;

	TRY(event_follow(&feed->cx, feed->position, FOLLOW_ROWS, &list));
	rows = list.items;
	events = arena_array(feed->cx.arena, list.n + 1, sizeof(struct live_event *));
	for (size_t i = 0; i < list.n; i++) {
		events[n] = live_event_new(&feed->cx, rows[i].tenant_id, &rows[i].event);
		n += events[n] != NULL;
		feed->position = rows[i].event.position;
	}
	if (n > 0)
		publish(feed, events, n);
	*ret_n = list.n;
	return ERR_OK;
}

static void nap(struct feed *feed, int ms)
{
	struct pollfd woken = { .fd = feed->wake_fd, .events = POLLIN };

	poll(&woken, 1, ms);
}

/*
 * Ask for the bell, and look once more, or wait for it.  After a few events the look that comes anyway is
 * made the one behind the question: most often there is nothing more.
 */
static enum err rest(struct feed *feed, size_t looked)
{
	bool listened = atomic_load(&feed->listened);
	uint64_t woken;

	if (listened != feed->asleep) {
		TRY(event_reader_sleep(&feed->cx, &feed->reader, listened));
		feed->asleep = listened;
		return ERR_OK;
	}
	if (looked > 0)
		return ERR_OK;
	if (db_wait(&feed->cx, feed->wake_fd, listened ? LOOK_MS : IDLE_MS))
		feed->asleep = false;
	while (read(feed->wake_fd, &woken, sizeof(woken)) > 0)
		;
	return ERR_OK;
}

static enum err look_round(struct feed *feed)
{
	size_t n;

	TRY(join(feed));
	TRY(look(feed, &n));
	return n <= FEW_ROWS ? rest(feed, n) : ERR_OK;
}

/* Of a database that stays away the first failure is told, and its return. */
static void report(struct feed *feed, enum err e)
{
	if (e != ERR_OK && !feed->away)
		log_fault(&feed->cx, LOG_WARNING, "the log cannot be followed");
	if (e == ERR_OK && feed->away)
		LOG(&feed->cx, LOG_INFO, "the log is followed again",
		    LOG_INT("position", feed->position));
	feed->away = e != ERR_OK;
}

static void *run(void *self)
{
	struct feed *feed = self;

	while (!atomic_load(&feed->ending)) {
		enum err e;

		ctx_begin(&feed->cx, feed->app, feed->arena, feed->db);
		e = look_round(feed);
		report(feed, e);
		if (e != ERR_OK) {
			feed->asleep = false;
			nap(feed, AGAIN_MS);
		}
	}
	ctx_begin(&feed->cx, feed->app, feed->arena, feed->db);
	if (feed->joined && !feed->away && event_reader_leave(&feed->cx, &feed->reader) != ERR_OK)
		log_fault(&feed->cx, LOG_WARNING, "leaving");
	return NULL;
}

/* --- Life --- */

struct feed *feed_start(const struct app *app, void (*wake)(void *self), void *self)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		abort();
	feed->app = app;
	feed->wake = wake;
	feed->self = self;
	feed->position = -1;
	feed->arena = arena_new(ARENA_BYTES);
	feed->db = app_runner_db(app);
	feed->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&feed->lock, NULL);
	pthread_cond_init(&feed->taken, NULL);
	if (feed->wake_fd < 0 || pthread_create(&feed->thread, NULL, run, feed) != 0)
		abort(); /* no descriptors, no threads: the supervisor tries again */
	return feed;
}

static void wake_up(struct feed *feed)
{
	const uint64_t one = 1;
	ssize_t ignored = write(feed->wake_fd, &one, sizeof(one));

	(void)ignored;
}

void feed_listen(struct feed *feed, bool listened)
{
	atomic_store(&feed->listened, listened);
	if (listened)
		wake_up(feed);
}

void feed_end(struct feed *feed)
{
	if (feed == NULL)
		return;
	atomic_store(&feed->ending, true);
	wake_up(feed);
	pthread_mutex_lock(&feed->lock);
	pthread_cond_signal(&feed->taken);
	pthread_mutex_unlock(&feed->lock);
	pthread_join(feed->thread, NULL);
	for (size_t i = 0; i < feed->news.n; i++)
		live_event_drop(feed->news.events[i]);
	free(feed->news.events);
	pthread_mutex_destroy(&feed->lock);
	pthread_cond_destroy(&feed->taken);
	close(feed->wake_fd);
	db_close(feed->db);
	arena_free(feed->arena);
	free(feed);
}
