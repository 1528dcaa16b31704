/* Errands to the database, on a thread and a connection of their own. */
#include "live/desk.h"

#include "app/app.h"
#include "app/registry_job_kinds.h"
#include "base/log.h"
#include "chats/turn.h"
#include "events/bell.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS   100                         /* events of one page */
#define PAGE_BYTES  ((size_t)64 * 1024)         /* or so; one event at least */
#define ARENA_BYTES ((size_t)256 * 1024 * 1024) /* PAGE_ROWS of the largest events, and more */

struct desk {
	const struct app *app;
	void (*wake)(void *self);
	void *self;
	pthread_t thread;

	pthread_mutex_t lock; /* of the next five */
	pthread_cond_t asked;
	struct errand *todo, **todo_end;
	struct errand *done;
	bool ending;

	/* The thread's own. */
	struct arena *arena;
	struct db *db;
	struct ctx cx;
};

struct errand *errand_new(enum errand_kind kind)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		abort(); /* as an arena does */
	errand->kind = kind;
	return errand;
}

void errand_free(struct errand *errand)
{
	for (size_t i = 0; i < errand->n; i++)
		live_event_drop(errand->events[i]);
	for (size_t i = 0; errand->reasons != NULL && i < errand->nasked; i++)
		free((char *)errand->reasons[i]);
	free(errand->filter.kinds);
	free(errand->filter.hidden);
	free(errand->events);
	free(errand->asked);
	free(errand->reasons);
	free(errand);
}

static void *own(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (memory == NULL)
		abort();
	return memory;
}

/* Names with commas between them, as a list. */
static struct list list_of(struct arena *arena, const char *names)
{
	const char **items;
	size_t n = 0;

	if (names == NULL)
		return (struct list){ 0 };
	items = arena_array(arena, strlen(names) / 2 + 1, sizeof(*items));
	while (*names != '\0') {
		size_t len = strcspn(names, ",");

		items[n++] = arena_strndup(arena, names, len);
		names += len + (names[len] == ',' ? 1 : 0);
	}
	return (struct list){ items, n };
}

/* A page ends where its bytes or rows do; when it holds all, it reaches as far as was asked. */
static enum err catch_up(struct ctx *cx, struct errand *errand)
{
	const struct event_filter filter = {
		.after = errand->after,
		.kinds = list_of(cx->arena, errand->filter.kinds),
		.hidden = list_of(cx->arena, errand->filter.hidden),
		.project_id = errand->filter.project_id,
		.limit = PAGE_ROWS,
	};
	const struct event *rows;
	struct event_page page;
	size_t bytes = 0, i;

	TRY(event_list(cx, &filter, &page));
	rows = page.items.items;
	errand->events = own(page.items.n + 1, sizeof(struct live_event *));
	errand->reached =
		page.more && page.next_after < errand->until ? page.next_after : errand->until;
	for (i = 0; i < page.items.n && rows[i].position <= errand->until; i++) {
		struct live_event *event;

		if (bytes >= PAGE_BYTES) {
			errand->reached = rows[i - 1].position;
			break;
		}
		event = live_event_new(cx, errand->filter.tenant_id, &rows[i]);
		if (event == NULL)
			continue;
		if (!live_event_fits(event, &errand->filter)) { /* of another run */
			live_event_drop(event);
			continue;
		}
		bytes += event->frame_bytes;
		errand->events[errand->n++] = event;
	}
	return ERR_OK;
}

static enum err check_standing(struct ctx *cx, struct errand *errand)
{
	const struct standing_fallen *fallen;
	struct list list;

	TRY(standing_check(cx, errand->asked, errand->nasked, &list));
	fallen = list.items;
	errand->reasons = own(errand->nasked, sizeof(char *));
	for (size_t i = 0; i < list.n; i++) {
		assert(fallen[i].place >= 0 && (size_t)fallen[i].place < errand->nasked);
		errand->reasons[fallen[i].place] = strdup(fallen[i].reason);
	}
	return ERR_OK;
}

/* In the name of who has gone.  A run that has ended meanwhile is nobody's mistake. */
static enum err cancel(struct ctx *cx, const struct errand *errand)
{
	const struct standing *who = &errand->who;
	struct turn turn;
	enum err e;

	cx->who = (struct who){
		.tenant_id = who->tenant_id,
		.key_id = who->key_id,
		.user_id = who->user_id,
		.role = (enum role)who->role,
		.actor = who->key_id != 0 ? arena_printf(cx->arena, "key:%" PRId64, who->key_id)
		                          : arena_printf(cx->arena, "user:%" PRId64, who->user_id),
	};
	memcpy(cx->request_id, errand->request_id, sizeof(cx->request_id));
	e = turn_cancel(cx, app_job_kinds, errand->run_id, &turn);
	if (e == ERR_STATE || e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	bell_ring(cx);
	return ERR_OK;
}

/* A database that is away is told of by the feed. */
static void do_errand(struct desk *desk, struct errand *errand)
{
	struct ctx *cx = &desk->cx;

	ctx_begin(cx, desk->app, desk->arena, desk->db);
	cx->who.tenant_id = errand->filter.tenant_id;
	errand->outcome = errand->kind == ERRAND_CATCH_UP ? catch_up(cx, errand)
	                  : errand->kind == ERRAND_CANCEL ? cancel(cx, errand)
	                                                  : check_standing(cx, errand);
	if (errand->outcome != ERR_OK && errand->outcome != ERR_UNAVAILABLE)
		log_fault(cx, LOG_WARNING, "an errand of the relay");
}

static void *run(void *self)
{
	struct desk *desk = self;

	pthread_mutex_lock(&desk->lock);
	for (;;) {
		struct errand *errand;

		while (desk->todo == NULL && !desk->ending)
			pthread_cond_wait(&desk->asked, &desk->lock);
		if (desk->ending)
			break;
		errand = desk->todo;
		desk->todo = errand->next;
		if (desk->todo == NULL)
			desk->todo_end = &desk->todo;
		pthread_mutex_unlock(&desk->lock);
		do_errand(desk, errand);
		pthread_mutex_lock(&desk->lock);
		errand->next = desk->done;
		desk->done = errand;
		desk->wake(desk->self);
	}
	pthread_mutex_unlock(&desk->lock);
	return NULL;
}

struct desk *desk_start(const struct app *app, void (*wake)(void *self), void *self)
{
	struct desk *desk = own(1, sizeof(*desk));

	desk->app = app;
	desk->wake = wake;
	desk->self = self;
	desk->todo_end = &desk->todo;
	desk->arena = arena_new(ARENA_BYTES);
	desk->db = app_runner_db(app);
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->asked, NULL);
	if (pthread_create(&desk->thread, NULL, run, desk) != 0)
		abort(); /* the supervisor tries again */
	return desk;
}

static void free_chain(struct errand *errand)
{
	while (errand != NULL) {
		struct errand *next = errand->next;

		errand_free(errand);
		errand = next;
	}
}

void desk_end(struct desk *desk)
{
	if (desk == NULL)
		return;
	pthread_mutex_lock(&desk->lock);
	desk->ending = true;
	pthread_cond_signal(&desk->asked);
	pthread_mutex_unlock(&desk->lock);
	pthread_join(desk->thread, NULL);
	free_chain(desk->todo);
	free_chain(desk->done);
	pthread_mutex_destroy(&desk->lock);
	pthread_cond_destroy(&desk->asked);
	db_close(desk->db);
	arena_free(desk->arena);
	free(desk);
}

void desk_ask(struct desk *desk, struct errand *errand)
{
	errand->next = NULL;
	pthread_mutex_lock(&desk->lock);
	*desk->todo_end = errand;
	desk->todo_end = &errand->next;
	pthread_cond_signal(&desk->asked);
	pthread_mutex_unlock(&desk->lock);
}

struct errand *desk_take(struct desk *desk)
{
	struct errand *done;

	pthread_mutex_lock(&desk->lock);
	done = desk->done;
	desk->done = NULL;
	pthread_mutex_unlock(&desk->lock);
	return done;
}
