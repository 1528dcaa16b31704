/*
 * Rounds over the subscriptions, and sleep until the bell.
 *
 * All processes that hand on are woken, and one finds the subscription free.  The others look again soon, so
 * that they go on at once where it is that one ends.
 */
#include "dispatch.h"

#include "app/app.h"
#include "base/log.h"
#include "base/secret.h"
#include "events/bell.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ELSEWHERE_MS 100     /* between two looks at what another holds */
#define NET_POLLS    6       /* of the runner: the bell is dependable, and the look a net */
#define AGAIN_MS     500     /* after a round that failed */
#define TIDY_MS      3600000 /* between two rounds of retention */
#define TIDY_MORE    5000    /* rows after which there may be more */

static int64_t mono_ms(const struct dispatch *d)
{
	return d->app->clock->mono_us(d->app->clock) / 1000;
}

/* Of a database that stays away only the first. */
static void trouble(struct dispatch *d, const char *what)
{
	if (!d->away || d->cx.fault.code != ERR_UNAVAILABLE)
		log_fault(&d->cx, LOG_WARNING, what);
	d->away = true;
}

static enum err join(struct dispatch *d)
{
	char host[256] = "";

	if (d->joined)
		return ERR_OK;
	gethostname(host, sizeof(host) - 1);
	TRY(app_check_schema(&d->cx));
	TRY(subscription_register(&d->cx, *d->subscribers));
	TRY(event_reader_join(&d->cx, &d->reader, host));
	d->beat_at = mono_ms(d) + EVENT_READER_BEAT_MS;
	d->joined = true;
	return ERR_OK;
}

static void log_failures(struct dispatch *d, const struct event_subscriber *subscriber,
                         const struct subscription_round *round)
{
	const struct fault *fault = &round->fault;

	if (round->failed + round->parked == 0)
		return;
	LOG(&d->cx, round->parked > 0 ? LOG_ERROR : LOG_WARNING, "events were not taken",
	    LOG_TEXT("subscription", subscriber->name), LOG_INT("failed", round->failed),
	    LOG_INT("parked", round->parked), LOG_INT("position", round->at),
	    LOG_WORD("problem", err_info(fault->code)->slug), LOG_TEXT("detail", fault->detail),
	    LOG_TEXT("cause", fault->cause));
}

/* Between half of a subscription's patience and all of it: those that are patient shall not all run at once. */
static int64_t wait_for_more(const struct event_subscriber *subscriber)
{
	uint32_t jitter;

	secret_random(&jitter, sizeof(jitter));
	return subscriber->patience_ms / 2 + jitter % (subscriber->patience_ms / 2 + 1);
}

/* @ret whether the subscription is to be run now */
static enum err is_due(struct dispatch *d, size_t i, bool all, bool *ret)
{
	const struct event_subscriber *subscriber = (*d->subscribers)[i];
	int64_t now = mono_ms(d);

	*ret = d->due_at[i] != 0 && now >= d->due_at[i];
	if (d->due_at[i] == 0) {
		TRY(subscription_wants(&d->cx, subscriber, all, ret));
		if (*ret && subscriber->patience_ms > 0) {
			d->due_at[i] = now + wait_for_more(subscriber);
			*ret = false;
		}
	}
	if (!*ret && d->due_at[i] != 0 && d->due_at[i] < d->retry_at)
		d->retry_at = d->due_at[i];
	return ERR_OK;
}

/* One portion of each subscription that has something to do. @ret_more whether there is another */
static enum err run_all(struct dispatch *d, bool *ret_more)
{
	bool all = mono_ms(d) >= d->past_at;

	if (all)
		d->past_at = mono_ms(d) + d->app->config->runner_poll_ms * NET_POLLS;
	*ret_more = false;
	for (size_t i = 0; (*d->subscribers)[i] != NULL; i++) {
		const struct event_subscriber *subscriber = (*d->subscribers)[i];
		struct subscription_round round;
		bool due;

		/* Each portion may need the whole arena. */
		ctx_begin(&d->cx, d->app, d->arena, d->db);
		TRY(is_due(d, i, all, &due));
		if (!due)
			continue;
		TRY(subscription_run(&d->cx, subscriber, &round));
		/* What is left need not wait again. */
		d->due_at[i] = round.more && subscriber->patience_ms > 0 ? mono_ms(d) : 0;
		log_failures(d, subscriber, &round);
		bell_ring(&d->cx);
		*ret_more = *ret_more || round.more;
		d->elsewhere = d->elsewhere || round.elsewhere;
	}
	return ERR_OK;
}

static enum err tidy(struct dispatch *d)
{
	int64_t rows = 0;

	d->tidy_at = mono_ms(d) + TIDY_MS;
	TRY(subscription_tidy(&d->cx, &rows));
	if (rows >= TIDY_MORE)
		d->tidy_at = mono_ms(d) + AGAIN_MS;
	return ERR_OK;
}

/* @ret_idle whether there was nothing to do */
static enum err round_of(struct dispatch *d, bool *ret_idle)
{
	int64_t wait_ms;
	bool work, more = false;

	TRY(join(d));
	if (mono_ms(d) >= d->beat_at) {
		TRY(event_reader_beat(&d->cx, &d->reader));
		d->beat_at = mono_ms(d) + EVENT_READER_BEAT_MS;
	}
	if (mono_ms(d) >= d->tidy_at)
		TRY(tidy(d));
	TRY(subscription_look(&d->cx, *d->subscribers, &work, &wait_ms));
	d->retry_at = wait_ms < 0 ? INT64_MAX : mono_ms(d) + wait_ms;
	d->elsewhere = false;
	if (work)
		TRY(run_all(d, &more));
	/* What came while it fell asleep rang for nobody: it looks once more. */
	*ret_idle = !more && d->asleep;
	if (!more && !d->asleep) {
		TRY(event_reader_sleep(&d->cx, &d->reader, true));
		d->asleep = true;
	}
	return ERR_OK;
}

static int64_t sleep_ms(const struct dispatch *d)
{
	int64_t poll = d->app->config->runner_poll_ms * NET_POLLS, now = mono_ms(d), until;
	uint32_t jitter;

	secret_random(&jitter, sizeof(jitter));
	until = now + poll + jitter % (poll / 4 + 1);
	if (d->away && now + AGAIN_MS < until)
		until = now + AGAIN_MS;
	if (d->elsewhere && now + ELSEWHERE_MS < until)
		until = now + ELSEWHERE_MS;
	if (d->retry_at < until)
		until = d->retry_at;
	return until > now ? until - now : 0;
}

static void *dispatch_main(void *arg)
{
	struct dispatch *d = arg;

	while (!atomic_load(&d->quit)) {
		bool idle = false;

		ctx_begin(&d->cx, d->app, d->arena, d->db);
		if (round_of(d, &idle) != ERR_OK) {
			trouble(d, "handing on events");
			idle = true;
			d->retry_at = INT64_MAX;
		} else if (d->away) {
			LOG(&d->cx, LOG_INFO, "events are handed on again");
			d->away = false;
		}
		ctx_begin(&d->cx, d->app, d->arena, d->db);
		if (idle && db_wait(&d->cx, d->wake, (int)sleep_ms(d)))
			d->asleep = false;
	}
	ctx_begin(&d->cx, d->app, d->arena, d->db);
	if (d->joined && event_reader_leave(&d->cx, &d->reader) != ERR_OK)
		log_fault(&d->cx, LOG_DEBUG, "leaving the readers of events");
	return NULL;
}

bool dispatch_open(struct dispatch *d, const struct app *app, event_subscribers *subscribers)
{
	*d = (struct dispatch){ .app = app, .subscribers = subscribers };
	d->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (size_t i = 0; (*subscribers)[i] != NULL; i++) {
		if (i >= DISPATCH_MAX)
			return false;
	}
	return d->wake >= 0;
}

void dispatch_start(struct dispatch *d)
{
	d->arena = arena_new(SUBSCRIPTION_ARENA_BYTES);
	d->db = app_runner_db(d->app);
	if (pthread_create(&d->thread, NULL, dispatch_main, d) != 0)
		abort(); /* no memory for a thread */
}

void dispatch_end(struct dispatch *d)
{
	const uint64_t one = 1;

	if (d->db != NULL) {
		atomic_store(&d->quit, true);
		if (write(d->wake, &one, sizeof(one)) < 0)
			abort(); /* an eventfd takes a one unless it is broken */
		pthread_join(d->thread, NULL);
		db_close(d->db);
		arena_free(d->arena);
	}
	close(d->wake);
	*d = (struct dispatch){ .wake = -1 };
}
