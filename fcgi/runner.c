/*
 * portolan-runner: does the jobs.
 *
 * The main thread holds the runner's membership of the queue (lib/jobs/queue.h): it beats, claims, hands
 * jobs to idle threads (slots.h), looks for dead runners and due schedules, and tells running jobs to
 * stop.  Each job thread has an arena and a database connection of its own and runs one attempt at a time
 * (lib/jobs/run.h).  Heavy work happens in child processes, which die with the thread that started them.
 * Jobs that wait for somebody else, as answers for a model, have threads of their own: many, with small
 * stacks, which share a few connections.
 * Light jobs, which take milliseconds, are done in batches by lanes (lane.h).  One more thread hands
 * events to subscriptions (dispatch.h).
 *
 *   SIGTERM, SIGINT, SIGHUP  claim no more, give running jobs runner_grace_ms, hand the rest back, end
 *                            with 0; after SIGHUP the supervisor starts a runner with the new settings
 *   lost lease               when the database has not taken a heartbeat for most of the lease, or others
 *                            have declared this runner dead, the process ends at once, and its children
 *                            with it: from then on its jobs may be another's
 *
 * It never serves HTTP and never touches a repository.
 */
#include "app/app.h"
#include "app/registry_job_kinds.h"
#include "app/registry_jobs.h"
#include "app/registry_subscribers.h"
#include "base/log.h"
#include "base/secret.h"
#include "crew.h"
#include "dispatch.h"
#include "events/bell.h"
#include "jobs/run.h"
#include "jobs/schedule.h"
#include "jobs/stats.h"
#include "keep.h"
#include "lane.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAIN_ARENA_BYTES   ((size_t)16 * 1024 * 1024)
#define CLAIMS_ARENA_BYTES ((size_t)1024 * 1024)

#define TIDY_MS       3600000 /* between two rounds of tidying */
#define STATS_MS      300000  /* between two counts of what jobs ended */
#define TIDY_AGAIN_MS 500     /* when there is more to tidy */
#define SUSPECT_MS    (QUEUE_CONFIRM_MS + 5)
#define LOOK_AGAIN_MS 50    /* at the soonest, when it rings */
#define ALONE_POLLS   3     /* polls that are left out while there is no other runner, and one */
#define BEAT_AGAIN_MS 200   /* after a heartbeat that failed; between two that bells bring about */
#define STOP_ROUND_MS 100   /* between two looks at jobs that are to stop */
#define STOP_MS       10000 /* for jobs to notice that they should */
#define JOIN_AGAIN_MS 500

struct runner {
	struct app_process process;
	struct arena *arena; /* of one round of the main thread */
	struct db *db;
	struct ctx cx;
	struct arena *claims; /* of the crews' lanes */
	char host[256];
	struct queue queue;
	struct crews crews;
	struct lanes lanes;
	struct dispatch dispatch;
	int signals, freed, wake; /* descriptors: of signals; of slots that became idle; of both */

	bool stopping;
	unsigned asleep;   /* the bells that are to ring, as the database has it */
	bool away;         /* the database is, and that is logged */
	bool unsure;       /* whether a claim that failed was done */
	int64_t looked_ms; /* when everything was last looked at */
	int64_t beaten_ms; /* when the last heartbeat that arrived was sent */
	int64_t beat_at, look_at, tidy_at, stats_at, stop_at; /* what is due when */
	struct keep keep; /* of the audit log, and of what is over */
	int64_t keep_at;
};

static int64_t mono_ms(const struct runner *r)
{
	const struct clock *clock = r->process.app.clock;

	return clock->mono_us(clock) / 1000;
}

/* --- Membership --- */

/* Trouble with the queue; of a database that stays away only the first. */
static void trouble(struct runner *r, const char *what)
{
	bool away = r->cx.fault.code == ERR_UNAVAILABLE;

	if (!away || !r->away)
		log_fault(&r->cx, LOG_WARNING, what);
	r->away = away;
}

NORETURN
static void lose(struct runner *r, const char *why)
{
	LOG(&r->cx, LOG_ERROR, "the lease is lost", LOG_TEXT("why", why),
	    LOG_TEXT("runner", r->queue.id));
	_exit(EXIT_LOST); /* the children are killed with their threads */
}

static void beat(struct runner *r)
{
	const struct config *config = r->process.app.config;
	int64_t now = mono_ms(r), session = r->queue.session;
	enum err e;

	/* Four fifths: what is left is for the end of this process and for clocks that differ. */
	if (now - r->beaten_ms > config->runner_lease_ms / 5 * 4)
		lose(r, "no heartbeat reached the database in time");
	e = queue_beat(&r->cx, &r->queue);
	if (e == ERR_LEASE_LOST)
		lose(r, r->cx.fault.detail);
	if (e == ERR_OK) {
		if (r->away)
			LOG(&r->cx, LOG_INFO, "the database is back",
			    LOG_INT("after_ms", now - r->beaten_ms));
		r->away = false;
		if (session != r->queue.session && session != 0)
			lanes_doubt(&r->lanes);
		r->beaten_ms = now;
		r->beat_at = now + config->runner_heartbeat_ms;
		return;
	}
	trouble(r, "heartbeat");
	r->beat_at = now + BEAT_AGAIN_MS;
}

/* @ret whether to look again soon, at who is under suspicion */
static bool rescue(struct runner *r)
{
	int64_t runners = 0;
	bool suspects = false;
	enum err e = queue_rescue(&r->cx, &r->queue, app_jobs, &runners, &suspects);

	if (e != ERR_OK)
		trouble(r, "rescue");
	if (runners == 0)
		return suspects;
	LOG(&r->cx, LOG_WARNING, "runners declared dead", LOG_INT("runners", runners));
	crews_claim_soon(&r->crews);
	lanes_look(&r->lanes);
	return suspects;
}

static void tidy(struct runner *r)
{
	int64_t rows = 0;

	if (queue_tidy(&r->cx, &rows) != ERR_OK)
		trouble(r, "tidying");
	/* A full portion means that there is more; other work comes in between. */
	r->tidy_at = mono_ms(r) + (rows >= QUEUE_TIDY_ROWS ? TIDY_AGAIN_MS : TIDY_MS);
}

static void count_ended(struct runner *r)
{
	int64_t left = 0;

	if (job_stats_roll(&r->cx, &left) != ERR_OK)
		trouble(r, "counting");
	r->stats_at = mono_ms(r) + (left > 0 ? TIDY_AGAIN_MS : STATS_MS);
}

/* --- Work --- */

static void cancel(struct runner *r, const char *ids)
{
	struct list jobs;

	if (queue_cancelled(&r->cx, &r->queue, ids, &jobs) != ERR_OK)
		return; /* the next look is not far */
	for (size_t i = 0; i < jobs.n; i++)
		crews_stop(&r->crews, RUN_CANCEL, 0, (const struct job_claim *)jobs.items + i);
}

/* Jobs that we hold without having heard of it would never run, since this runner lives. */
static enum err make_sure(struct runner *r)
{
	int64_t *known, returned = 0;
	size_t n;
	const struct job_claim *jobs = crews_running(&r->crews, r->cx.arena, &n);

	known = arena_array(r->cx.arena, n + 1, sizeof(*known));
	for (size_t i = 0; i < n; i++)
		known[i] = jobs[i].id;
	TRY(queue_disown(&r->cx, &r->queue, known, n, &returned));
	r->unsure = false;
	if (returned > 0)
		LOG(&r->cx, LOG_WARNING, "jobs of a lost claim handed back",
		    LOG_INT("jobs", returned));
	return ERR_OK;
}

static enum err claim_some(struct runner *r, struct crew *crew, int64_t idle, struct list *ret)
{
	struct claim_wish wish = { .n = idle < CLAIM_BATCH_MAX ? idle : CLAIM_BATCH_MAX };

	if (r->unsure)
		TRY(make_sure(r));
	wish.running = crews_running(&r->crews, r->cx.arena, &wish.nrunning);
	return queue_claim(&r->cx, &r->queue, &crew->claim, &wish, ret);
}

/* Claim until the threads are busy or the queue is empty; then wait for the bell. */
static void claim_for(struct runner *r, struct crew *crew)
{
	int idle = slots_idle(&crew->slots);
	struct list jobs = { 0 };

	if (idle == 0 || mono_ms(r) < crew->claim_at)
		return;
	if (claim_some(r, crew, idle, &jobs) != ERR_OK) {
		r->unsure = true;
		trouble(r, "claim");
		crew->claim_at = mono_ms(r) + r->process.app.config->runner_poll_ms;
		return;
	}
	for (size_t i = 0; i < jobs.n; i++)
		slots_hand_over(&crew->slots, r->queue.id, r->host,
		                (const struct job_claim *)jobs.items + i);
	crew->claim_at = jobs.n > 0 ? 0 : INT64_MAX;
}

static void claim(struct runner *r)
{
	for (int i = 0; i < CREWS; i++)
		claim_for(r, &r->crews.crew[i]);
}

/*
 * Before idling: ask to be rung for by lane, and look once, for what came in between.  A lane that is
 * full is not to be rung for: the bell would wake nobody.
 */
static void fall_asleep(struct runner *r)
{
	unsigned bells = crews_bells(&r->crews, mono_ms(r)), more;

	if (lanes_idle(&r->lanes))
		bells |= BELL_LIGHT;
	more = bells & ~r->asleep;
	if (bells == r->asleep || queue_sleep(&r->cx, &r->queue, bells) != ERR_OK)
		return; /* the next look is not far */
	r->asleep = bells;
	if (more != 0)
		r->look_at = 0;
}

/* --- The look at everything --- */

static void take_limits(struct runner *r, const char *version)
{
	for (int i = 0; i < CREWS; i++) {
		if (claim_limits(&r->cx, &r->crews.crew[i].claim, version) != ERR_OK) {
			trouble(r, "limits of queues");
			return;
		}
	}
	lanes_limits(&r->lanes, version);
}

/*
 * With jitter, so that runners which started together do not look together.  Who is alone need not look
 * for the dead, and what else there is rings; the look is for bells that were lost.  Nobody rings for a
 * wish to cancel what runs.
 */
static int64_t next_look(struct runner *r, const struct queue_look *seen)
{
	int64_t poll = r->process.app.config->runner_poll_ms;
	uint32_t jitter;

	secret_random(&jitter, sizeof(jitter));
	poll += jitter % (poll / 8 + 1);
	if (seen->alone && !crews_busy(&r->crews))
		poll *= ALONE_POLLS;
	if (seen->next_us > 0 && seen->next_us / 1000 + 1 < poll)
		poll = seen->next_us / 1000 + 1;
	return poll;
}

static void fire(struct runner *r)
{
	int64_t fired = 0;

	if (schedule_run(&r->cx, app_job_kinds, &fired) != ERR_OK)
		trouble(r, "schedules");
	if (fired > 0)
		crews_claim_soon(&r->crews);
}

static void act(struct runner *r, const struct queue_look *seen, const struct queue_sight *sight)
{
	take_limits(r, seen->limits);
	if (seen->heavy)
		crews_claim_soon(&r->crews);
	if (seen->light)
		lanes_look(&r->lanes);
	if (seen->cancelled)
		cancel(r, sight->running);
	if (seen->schedules)
		fire(r);
	r->looked_ms = mono_ms(r);
	r->look_at = r->looked_ms + next_look(r, seen);
	if (seen->corpses && rescue(r))
		r->look_at = mono_ms(r) + SUSPECT_MS;
}

static void look(struct runner *r)
{
	const struct claim_lane *light = &r->lanes.lane[0].claim;
	const struct job_claim *jobs;
	struct queue_sight sight;
	struct queue_look seen;
	enum err e;
	size_t n;

	jobs = crews_running(&r->crews, r->cx.arena, &n);
	e = claim_sight(&r->cx, &r->crews.crew[CREW_WORKING].claim,
	                &r->crews.crew[CREW_WAITING].claim, light, jobs, n, &sight);
	if (e == ERR_OK)
		e = queue_look(&r->cx, &r->queue, &sight, &seen);
	if (e == ERR_OK) {
		act(r, &seen, &sight);
		return;
	}
	trouble(r, "look");
	r->look_at = mono_ms(r) + r->process.app.config->runner_poll_ms;
}

/* --- Rounds --- */

static void take_signals(struct runner *r)
{
	struct signalfd_siginfo info;
	uint64_t freed;

	if (read(r->freed, &freed, sizeof(freed)) > 0)
		crews_claim_soon(&r->crews);
	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (!r->stopping)
			r->stop_at = mono_ms(r) + r->process.app.config->runner_grace_ms;
		r->stopping = true;
		lanes_stop(&r->lanes);
		LOG(&r->cx, LOG_INFO, "stopping", LOG_INT("signal", info.ssi_signo));
	}
}

/* Claim first: everything else can wait for the few milliseconds that a job would. */
static void work_round(struct runner *r)
{
	claim(r);
	if (mono_ms(r) >= r->look_at)
		look(r);
	if (mono_ms(r) >= r->stats_at)
		count_ended(r);
	if (mono_ms(r) >= r->tidy_at)
		tidy(r);
	if (mono_ms(r) >= r->keep_at)
		r->keep_at = keep_run(&r->cx, &r->keep, mono_ms(r));
	bell_ring(&r->cx);
	claim(r);
	fall_asleep(r);
	if (lanes_stuck(&r->lanes, mono_ms(r)))
		lose(r, "a light job does not end");
}

/* @ret false when nothing is left to wait for */
static bool stop_round(struct runner *r)
{
	int64_t now = mono_ms(r);

	if (!crews_busy(&r->crews))
		return false;
	if (now >= r->stop_at)
		crews_stop(&r->crews, RUN_SHUTDOWN, 0, NULL);
	return now < r->stop_at + STOP_MS;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t earliest(struct runner *r)
{
	int64_t at = r->beat_at;

	if (r->stopping)
		return sooner(at, mono_ms(r) + STOP_ROUND_MS);
	at = sooner(at, crews_claim_at(&r->crews));
	return sooner(at, sooner(r->look_at, r->keep_at));
}

/*
 * The bell, or a new session, whose locks are to be taken before others have seen them free twice
 * (QUEUE_CONFIRM_MS).  It does not say for which lane it rings, nor whether it is for a wish to cancel or
 * a queue that was paused.
 */
static void rung(struct runner *r)
{
	r->asleep = 0;
	crews_claim_soon(&r->crews);
	lanes_look(&r->lanes);
	if (mono_ms(r) - r->looked_ms > LOOK_AGAIN_MS)
		r->look_at = 0;
	if (r->beaten_ms + BEAT_AGAIN_MS < r->beat_at)
		r->beat_at = r->beaten_ms + BEAT_AGAIN_MS;
}

static void run(struct runner *r)
{
	for (;;) {
		int64_t left;

		ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
		take_signals(r);
		crews_stop(&r->crews, RUN_TIMEOUT, mono_ms(r), NULL);
		if (!r->stopping)
			work_round(r);
		else if (!stop_round(r))
			return;
		if (mono_ms(r) >= r->beat_at)
			beat(r);
		left = earliest(r) - mono_ms(r);
		if (left > 0 && db_wait(&r->cx, r->wake, (int)left))
			rung(r);
	}
}

/* --- Start and end --- */

static bool watch(int set, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Signals arrive as a descriptor, in the main thread; job threads and children never see them. */
static bool open_descriptors(struct runner *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	r->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	r->freed = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->wake = epoll_create1(EPOLL_CLOEXEC);
	return r->wake >= 0 && watch(r->wake, r->signals) && watch(r->wake, r->freed);
}

/* The database may come later than we do. @ret false when told to stop before that */
static bool join(struct runner *r)
{
	const struct config *config = r->process.app.config;

	gethostname(r->host, sizeof(r->host) - 1);
	for (;;) {
		struct epoll_event event;
		enum err e;

		ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
		e = app_check_schema(&r->cx);
		if (e == ERR_OK) {
			r->beaten_ms = mono_ms(r);
			e = queue_join(&r->cx, &r->queue, r->host, config->runner_lease_ms);
		}
		/* Half a member is none: the supervisor starts another. */
		if (e == ERR_OK && lanes_join(&r->cx, &r->lanes, &r->queue) != ERR_OK)
			lose(r, "the lanes cannot join");
		if (e == ERR_OK)
			break;
		trouble(r, "waiting for the database");
		epoll_wait(r->wake, &event, 1, JOIN_AGAIN_MS);
		take_signals(r);
		if (r->stopping)
			return false;
	}
	r->beat_at = r->beaten_ms + config->runner_heartbeat_ms;
	LOG(&r->cx, LOG_INFO, "runner started", LOG_TEXT("runner", r->queue.id),
	    LOG_INT("jobs", config->runner_jobs), LOG_INT("chats", config->runner_chats));
	return true;
}

/* A job that does not notice that it should stop is left to the rescue, which counts it. */
static void leave(struct runner *r)
{
	lanes_end(&r->lanes);
	if (crews_busy(&r->crews))
		lose(r, "a job does not stop");
	crews_end(&r->crews);
	dispatch_end(&r->dispatch);
	ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
	if (queue_leave(&r->cx, &r->queue) != ERR_OK)
		log_fault(&r->cx, LOG_WARNING, "leaving");
	LOG(&r->cx, LOG_INFO, "runner ended", LOG_TEXT("runner", r->queue.id));
}

/* A mistake of ours that a unit test finds before it gets here. */
static bool subscribers_are_sound(struct runner *r)
{
	const char *why = event_subscribers_check(r->process.arena, app_subscribers);

	if (why != NULL)
		LOG(&r->process.cx, LOG_ERROR, "not started", LOG_TEXT("detail", why));
	return why == NULL;
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	struct runner *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return EXIT_FAILURE;
	if (app_open(&r->process, "runner", &SOURCES) != ERR_OK) {
		log_fault(&r->process.cx, LOG_ERROR, "start");
		app_close(&r->process);
		free(r);
		return EXIT_FAILURE;
	}
	if (!subscribers_are_sound(r)) {
		app_close(&r->process);
		free(r);
		return EXIT_FAILURE;
	}
	r->arena = arena_new(MAIN_ARENA_BYTES);
	r->db = app_runner_db(&r->process.app);
	r->claims = arena_new(CLAIMS_ARENA_BYTES);
	ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
	if (!open_descriptors(r) || crews_open(&r->cx, &r->crews, r->claims, r->freed) != ERR_OK ||
	    !dispatch_open(&r->dispatch, &r->process.app, &app_subscribers))
		abort(); /* tables of ours that do not go together, no descriptors */
	lanes_open(&r->lanes, &r->process.app, r->host, r->freed);
	if (join(r)) {
		crews_start(&r->crews);
		lanes_start(&r->lanes);
		dispatch_start(&r->dispatch);
		run(r);
		leave(r);
	}
	db_close(r->db);
	arena_free(r->arena);
	arena_free(r->claims);
	app_close(&r->process);
	free(r);
	return EXIT_SUCCESS;
}
