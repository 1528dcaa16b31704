/* Streams coming and going, news for them, and time. */
#include "live/hub.h"

#include "base/log.h"
#include "base/secret.h"
#include "config/config.h"
#include "live/message.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES    ((size_t)64 * 1024 * 1024)
#define TICK_US        (200 * LWS_US_PER_MS)
#define STANDING_MS    5000 /* between two looks at whether those who listen still may */
#define END_MS         3000 /* for streams to be ended in good order */
#define RETRY_TENANT_S 10

static void tick(lws_sorted_usec_list_t *ticker);

static int64_t now_ms(const struct hub *hub)
{
	return hub->app->clock->mono_us(hub->app->clock) / 1000;
}

struct ctx *hub_ctx(struct hub *hub)
{
	ctx_begin_unnamed(&hub->cx, hub->app, hub->arena, NULL);
	hub->source.now_ms = now_ms(hub);
	return &hub->cx;
}

void hub_wake(void *self)
{
	struct hub *hub = self;

	lws_cancel_service(hub->lws);
}

void hub_open(struct hub *hub, const struct app *app, struct lws_context *lws, int64_t max)
{
	const struct config *config = app->config;

	hub->app = app;
	hub->lws = lws;
	hub->max = max;
	hub->arena = arena_new(ARENA_BYTES);
	hub->streams.next = hub->streams.prev = &hub->streams;
	ring_open(&hub->source.ring, (size_t)config->live_ring_events,
	          (size_t)config->live_ring_bytes);
	hub_ctx(hub);
	hub->source.desk = desk_start(app, hub_wake, hub);
	hub->feed = feed_start(app, hub_wake, hub);
}

void hub_close(struct hub *hub)
{
	for (struct stream *s = hub->streams.next; s != &hub->streams; s = s->next)
		stream_forget_errand(s);
	feed_end(hub->feed);
	hub->feed = NULL;
	desk_end(hub->source.desk);
	hub->source.desk = NULL;
}

void hub_free(struct hub *hub)
{
	assert(hub->n == 0);
	ring_close(&hub->source.ring);
	arena_free(hub->arena);
}

/* --- Coming and going --- */

static struct listener *listener_of(struct hub *hub, const struct standing *who)
{
	struct listener *l = hub->listeners;

	while (l != NULL && memcmp(&l->who, who, sizeof(*who)) != 0)
		l = l->next;
	return l;
}

static int64_t streams_of_tenant(const struct hub *hub, int64_t tenant_id)
{
	int64_t n = 0;

	for (const struct listener *l = hub->listeners; l != NULL; l = l->next)
		n += l->who.tenant_id == tenant_id ? l->streams : 0;
	return n;
}

static enum err check_limits(struct hub *hub, const struct live_spec *spec)
{
	const struct config *config = hub->app->config;
	const struct listener *l = listener_of(hub, &spec->who);
	struct ctx *cx = &hub->cx;

	if (hub->ending)
		return err_set(cx, ERR_UNAVAILABLE, "The relay of live streams ends; come again.");
	if (hub->n >= hub->max)
		return err_set(cx, ERR_UNAVAILABLE,
		               "The relay has all the streams that it may have.");
	if (l != NULL && l->streams >= config->live_streams_per_credential) {
		err_set(cx, ERR_RATE, "A credential may have %lld streams open at a time.",
		        (long long)config->live_streams_per_credential);
		cx->fault.retry_s = RETRY_TENANT_S;
		return ERR_RATE;
	}
	if (streams_of_tenant(hub, spec->who.tenant_id) >= config->live_streams_per_tenant) {
		err_set(cx, ERR_RATE, "A tenant may have %lld streams open at a time.",
		        (long long)config->live_streams_per_tenant);
		cx->fault.retry_s = RETRY_TENANT_S;
		return ERR_RATE;
	}
	return ERR_OK;
}

static struct listener *listen_more(struct hub *hub, const struct standing *who)
{
	struct listener *l = listener_of(hub, who);

	if (l == NULL) {
		l = calloc(1, sizeof(*l));
		if (l == NULL)
			abort(); /* as an arena does */
		l->who = *who;
		l->next = hub->listeners;
		hub->listeners = l;
	}
	l->streams++;
	return l;
}

static void listen_less(struct hub *hub, struct listener *gone)
{
	struct listener **at = &hub->listeners;

	if (--gone->streams > 0)
		return;
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	free(gone);
}

static void start_ticking(struct hub *hub)
{
	if (hub->ticking)
		return;
	hub->ticking = true;
	lws_sul_schedule(hub->lws, 0, &hub->ticker, tick, TICK_US);
}

/* Streams that were opened together shall not all end together. */
static int64_t age_ms(const struct hub *hub)
{
	int64_t ms = hub->app->config->live_age_s * 1000;
	uint32_t jitter;

	secret_random(&jitter, sizeof(jitter));
	return ms - jitter % (ms / 10);
}

enum err hub_join(struct hub *hub, struct lws *wsi, const struct live_spec *spec,
                  struct stream **ret)
{
	struct stream *s;

	TRY(check_limits(hub, spec));
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		abort();
	s->wsi = wsi;
	s->way = spec->way;
	s->listener = listen_more(hub, &spec->who);
	s->filter.tenant_id = spec->who.tenant_id;
	s->filter.project_id = spec->project_id;
	s->filter.run_id = spec->run_id;
	s->limit = spec->limit;
	s->usage = spec->usage != 0;
	s->cursor = spec->after;
	memcpy(s->request_id, spec->request_id, sizeof(s->request_id));
	stream_set_hidden(s, spec->hidden);
	stream_set_kinds(s, spec->kinds);
	s->wrote_ms = hub->source.now_ms;
	s->told = -1;
	s->end_ms = hub->source.now_ms +
	            (live_way_waits(spec->way) ? spec->wait_s * 1000 : age_ms(hub));
	s->next = hub->streams.next;
	s->prev = &hub->streams;
	s->next->prev = s;
	hub->streams.next = s;
	if (hub->n++ == 0)
		feed_listen(hub->feed, true);
	start_ticking(hub);
	*ret = s;
	return ERR_OK;
}

/*
 * A client of OpenAI's form that hangs up wants no more of its answer, and has no other way to say so; nobody else
 * knows of the run.  What ends from our side goes on.
 */
static void abandon(struct hub *hub, const struct stream *s)
{
	struct errand *errand;

	if (hub->ending || s->ending != NOT_ENDING || s->filter.run_id == 0 ||
	    (s->way != LIVE_CHAT && s->way != LIVE_COMPLETION))
		return;
	errand = errand_new(ERRAND_CANCEL);
	errand->who = s->listener->who;
	errand->run_id = s->filter.run_id;
	memcpy(errand->request_id, s->request_id, sizeof(errand->request_id));
	desk_ask(hub->source.desk, errand);
}

void hub_leave(struct hub *hub, struct stream *s)
{
	abandon(hub, s);
	s->prev->next = s->next;
	s->next->prev = s->prev;
	listen_less(hub, s->listener);
	stream_clear(s);
	free(s);
	if (--hub->n == 0 && hub->feed != NULL)
		feed_listen(hub->feed, false);
	hub->done = hub->ending && hub->n == 0;
}

/* --- News --- */

static bool has_something(struct hub *hub, struct stream *s)
{
	if (s->note != NULL || s->beats || s->ending != NOT_ENDING || !s->greeted)
		return true;
	return stream_next(&hub->source, s) != NULL;
}

void hub_stir(struct hub *hub, struct stream *s)
{
	if (s->asked_ms != 0 || !has_something(hub, s))
		return;
	s->asked_ms = hub->source.now_ms;
	lws_callback_on_writable(s->wsi);
}

/* It stands in the middle of a stream, and libwebsockets holds nothing back: it need not wait for a turn. */
static bool flows(const struct stream *s)
{
	return (s->way == LIVE_SSE || s->way == LIVE_WS) && s->greeted && s->asked_ms == 0 &&
	       s->ending == NOT_ENDING && lws_partial_buffered(s->wsi) == 0;
}

/*
 * What is new goes out at once where there is room for it.  To ask for turns would cost two looks at all
 * sockets, and keep the first of those who listen waiting until the last one had asked.
 */
static void tell_all(struct hub *hub)
{
	for (struct stream *s = hub->streams.next; s != &hub->streams; s = s->next) {
		if (!flows(s))
			hub_stir(hub, s);
		else if (has_something(hub, s) && hub->write(hub, s) != 0)
			lws_set_timeout(s->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
	}
}

static void end_fallen(struct hub *hub, const struct standing *who, const char *reason)
{
	const struct listener *l = listener_of(hub, who);
	struct ctx *cx = hub_ctx(hub);

	if (l == NULL)
		return;
	cx->who.tenant_id = who->tenant_id;
	LOG(cx, LOG_INFO, "streams ended", LOG_TEXT("why", reason), LOG_INT("key", who->key_id),
	    LOG_INT("user", who->user_id), LOG_INT("streams", l->streams));
	for (struct stream *s = hub->streams.next; s != &hub->streams; s = s->next) {
		struct sb sb = sb_new(cx->arena, 4096);

		if (s->listener != l || s->ending == ENDING_FALLEN)
			continue;
		s->ending = ENDING_FALLEN;
		err_set(cx, ERR_UNAUTHENTICATED, "%s", reason);
		message_error(&sb, cx, s->request_id);
		if (s->way == LIVE_SSE || s->way == LIVE_WS)
			stream_note(s, sb.data, sb.len);
		hub_stir(hub, s);
	}
}

static void take_standing(struct hub *hub, struct errand *errand)
{
	hub->asked_standing = false;
	for (size_t i = 0; errand->outcome == ERR_OK && i < errand->nasked; i++) {
		if (errand->reasons[i] != NULL)
			end_fallen(hub, &errand->asked[i], errand->reasons[i]);
	}
	errand_free(errand);
}

static void take_errands(struct hub *hub)
{
	struct errand *next;

	for (struct errand *e = desk_take(hub->source.desk); e != NULL; e = next) {
		struct stream *s = e->stream;

		next = e->next;
		if (e->kind == ERRAND_STANDING) {
			take_standing(hub, e);
		} else if (s == NULL) {
			errand_free(e);
		} else {
			stream_take_page(&hub->source, s, e);
			hub_stir(hub, s);
		}
	}
}

void hub_news(struct hub *hub)
{
	struct feed_news news;

	if (hub->feed == NULL)
		return;
	hub_ctx(hub);
	feed_take(hub->feed, &news);
	if (news.begins) {
		ring_begin(&hub->source.ring, news.begin_at);
		hub->source.ready = true;
	}
	for (size_t i = 0; i < news.n; i++)
		ring_add(&hub->source.ring, news.events[i]);
	free(news.events);
	take_errands(hub);
	if (news.begins || news.n > 0)
		tell_all(hub);
}

/* --- Time --- */

/* Whoever listens is asked about; while the database is away nobody is told anything anyway. */
static void ask_standing(struct hub *hub)
{
	struct errand *errand;
	size_t n = 0;

	if (hub->asked_standing || hub->source.now_ms < hub->standing_at_ms)
		return;
	hub->standing_at_ms = hub->source.now_ms + STANDING_MS;
	for (const struct listener *l = hub->listeners; l != NULL; l = l->next)
		n++;
	assert(n > 0);
	errand = errand_new(ERRAND_STANDING);
	errand->asked = calloc(n, sizeof(*errand->asked));
	if (errand->asked == NULL)
		abort();
	for (const struct listener *l = hub->listeners; l != NULL; l = l->next)
		errand->asked[errand->nasked++] = l->who;
	hub->asked_standing = true;
	desk_ask(hub->source.desk, errand);
}

static void tick_stream(struct hub *hub, struct stream *s)
{
	const struct config *config = hub->app->config;
	int64_t now = hub->source.now_ms;

	if (s->asked_ms != 0 && now - s->asked_ms > config->live_stall_s * 1000) {
		lws_set_timeout(s->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	if (now >= s->end_ms && s->ending == NOT_ENDING)
		s->ending = ENDING_AGE;
	if (now - s->wrote_ms >= config->live_heartbeat_s * 1000)
		s->beats = true;
	hub_stir(hub, s);
}

static void tick(lws_sorted_usec_list_t *ticker)
{
	struct hub *hub = lws_container_of(ticker, struct hub, ticker);

	hub_ctx(hub);
	hub->ticking = false;
	if (hub->ending && hub->source.now_ms >= hub->ended_by_ms) {
		hub->done = true;
		return;
	}
	for (struct stream *next, *s = hub->streams.next; s != &hub->streams; s = next) {
		next = s->next;
		tick_stream(hub, s);
	}
	if (hub->n > 0)
		ask_standing(hub);
	if (hub->n > 0 || hub->ending)
		start_ticking(hub);
}

void hub_end(struct hub *hub)
{
	if (hub->ending)
		return;
	LOG(hub_ctx(hub), LOG_INFO, "stopping", LOG_INT("streams", hub->n));
	hub->ending = true;
	hub->ended_by_ms = hub->source.now_ms + END_MS;
	hub->done = hub->n == 0;
	start_ticking(hub);
	for (struct stream *s = hub->streams.next; s != &hub->streams; s = s->next) {
		if (s->ending == NOT_ENDING)
			s->ending = ENDING_RESTART;
		hub_stir(hub, s);
	}
}
