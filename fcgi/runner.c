/*
 * portolan-runner: does the jobs.
 *
 * The main thread holds the runner's membership of the queue (lib/jobs/queue.h): it beats, claims, hands
 * jobs to idle threads, looks for dead runners, and tells running jobs to stop.  Each job thread has an
 * arena and a database connection of its own and runs one attempt at a time (lib/jobs/run.h).  Heavy work
 * happens in child processes, which die with the thread that started them.
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
#include "app/registry_jobs.h"
#include "base/log.h"
#include "base/secret.h"
#include "jobs/run.h"
#include "keep.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAIN_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define JOB_ARENA_BYTES  ((size_t)64 * 1024 * 1024)
#define SLOTS_MAX        64

#define RESCUE_MS     650     /* between two looks for dead runners */
#define CANCEL_MS     1000    /* between two looks for wishes to cancel */
#define TIDY_MS       3600000 /* between two rounds of tidying */
#define BEAT_AGAIN_MS 200   /* after a heartbeat that failed; between two that bells bring about */
#define STOP_ROUND_MS 100   /* between two looks at jobs that are to stop */
#define STOP_MS       10000 /* for jobs to notice that they should */
#define JOIN_AGAIN_MS 500
#define LONG_MS       500 /* a job that may have taken much memory */

#define EXIT_LOST 75 /* EX_TEMPFAIL: start me again */

struct runner;

/* One job thread.  The main thread hands over by `busy`, under the runner's lock. */
struct slot {
	struct runner *runner;
	pthread_t thread;
	struct arena *arena;       /* of the attempt */
	struct arena *claim_arena; /* of the claim's texts */
	struct db *db;
	struct job_claim claim;
	struct job_run run;
	int64_t deadline_ms; /* monotonic */
	bool busy;
};

struct runner {
	struct app_process process;
	struct arena *arena; /* of one round of the main thread */
	struct db *db;
	struct ctx cx;
	struct queue queue;
	struct slot slots[SLOTS_MAX];
	int nslots;

	pthread_mutex_t lock;
	pthread_cond_t handed; /* a slot became busy, or quit */
	bool quit;
	int signals, freed, wake; /* descriptors: of signals, of slots that became idle, of both */

	bool stopping, asleep;
	bool away;         /* the database is, and that is logged */
	bool unsure;       /* whether a claim that failed was done */
	int looks;         /* at an empty queue since the last job */
	int64_t beaten_ms; /* when the last heartbeat that arrived was sent */
	int64_t beat_at, claim_at, rescue_at, cancel_at, tidy_at, stop_at; /* what is due when */
	struct keep keep;                                                  /* of the audit log */
	int64_t keep_at;
};

static int64_t mono_ms(const struct runner *r)
{
	const struct clock *clock = r->process.app.clock;

	return clock->mono_us(clock) / 1000;
}

/* --- Job threads --- */

static void log_step(struct ctx *cx, const struct job_run *run, int64_t duration_ms)
{
	LOG(cx, LOG_INFO, "job step", LOG_INT("job", run->job->id),
	    LOG_TEXT("type", run->job->job_type), LOG_TEXT("step", run->step),
	    LOG_INT("duration_ms", duration_ms));
}

static void log_end(struct ctx *cx, const struct job_run *run, const struct run_report *report,
                    int64_t duration_ms)
{
	const struct fault *fault = &report->fault;
	bool failed = fault->code != ERR_OK;

	LOG(cx, failed ? LOG_WARNING : LOG_INFO, "job ended", LOG_INT("job", run->job->id),
	    LOG_TEXT("type", run->job->job_type), LOG_INT("project", run->job->project_id),
	    LOG_INT("attempt", run->job->attempt), LOG_TEXT("outcome", report->outcome),
	    LOG_TEXT("error_type", failed ? err_info(fault->code)->slug : NULL),
	    LOG_TEXT("error", failed ? fault->detail : NULL),
	    LOG_TEXT("cause", failed ? fault->cause : NULL), LOG_INT("duration_ms", duration_ms));
}

/*
 * A job whose end cannot be written must not stay claimed by a runner that lives: the process ends, and
 * the job is rescued.
 */
static void attempt(struct slot *slot)
{
	struct runner *r = slot->runner;
	struct run_report report;
	struct ctx cx;
	int64_t since = mono_ms(r);

	ctx_begin(&cx, &r->process.app, slot->arena, slot->db);
	run_adopt(&cx, &slot->run);
	LOG(&cx, LOG_INFO, "job started", LOG_INT("job", slot->claim.id),
	    LOG_TEXT("type", slot->claim.job_type), LOG_INT("project", slot->claim.project_id),
	    LOG_INT("attempt", slot->claim.attempt));
	if (run_attempt(&cx, app_jobs, &slot->run, &report) != ERR_OK) {
		log_fault(&cx, LOG_ERROR, "the end of a job cannot be written");
		_exit(EXIT_LOST);
	}
	log_end(&cx, &slot->run, &report, mono_ms(r) - since);
	if (mono_ms(r) - since < LONG_MS)
		return;
	/* libpq never shrinks the buffer that a large map went through; a new one costs little now. */
	arena_reset(slot->arena);
	db_close(slot->db);
	slot->db = app_runner_db(&r->process.app);
}

static void *slot_main(void *arg)
{
	struct slot *slot = arg;
	struct runner *r = slot->runner;
	const uint64_t one = 1;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		while (!slot->busy && !r->quit)
			pthread_cond_wait(&r->handed, &r->lock);
		if (!slot->busy)
			break;
		pthread_mutex_unlock(&r->lock);
		attempt(slot);
		pthread_mutex_lock(&r->lock);
		slot->busy = false;
		if (write(r->freed, &one, sizeof(one)) < 0)
			abort(); /* an eventfd takes a one unless it is broken */
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* --- Slots, as the main thread sees them --- */

static int idle_slots(struct runner *r)
{
	int n = 0;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->nslots; i++)
		n += !r->slots[i].busy;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static const char *copy(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* The round's arena ends with the round; the slot keeps its claim until the job ends. */
static void hand_over(struct runner *r, const struct job_claim *job)
{
	const struct job_kind *kind = queue_handler(app_jobs, job->job_type)->kind;
	struct slot *slot = NULL;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->nslots && slot == NULL; i++)
		slot = r->slots[i].busy ? NULL : &r->slots[i];
	assert(slot != NULL); /* no more were claimed than are idle */
	arena_reset(slot->claim_arena);
	slot->claim = *job;
	slot->claim.job_type = copy(slot->claim_arena, job->job_type);
	slot->claim.arguments = copy(slot->claim_arena, job->arguments);
	slot->claim.checkpoint = copy(slot->claim_arena, job->checkpoint);
	slot->claim.request_id = copy(slot->claim_arena, job->request_id);
	slot->claim.traceparent = copy(slot->claim_arena, job->traceparent);
	slot->run =
		(struct job_run){ .job = &slot->claim, .runner = r->queue.id, .stepped = log_step };
	slot->deadline_ms = mono_ms(r) + (int64_t)kind->timeout_s * 1000;
	slot->busy = true;
	pthread_cond_broadcast(&r->handed);
	pthread_mutex_unlock(&r->lock);
}

/* Ask jobs to stop: all, those over their time (now > 0), or the one of a claim. */
static void stop_jobs(struct runner *r, enum run_why why, int64_t now, const struct job_claim *job)
{
	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->nslots; i++) {
		struct slot *slot = &r->slots[i];

		if (!slot->busy || (now > 0 && now < slot->deadline_ms))
			continue;
		if (job == NULL || (job->id == slot->claim.id && job->token == slot->claim.token))
			run_stop(&slot->run, why);
	}
	pthread_mutex_unlock(&r->lock);
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
	int64_t now = mono_ms(r);
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
		r->beaten_ms = now;
		r->beat_at = now + config->runner_heartbeat_ms;
		return;
	}
	trouble(r, "heartbeat");
	r->beat_at = now + BEAT_AGAIN_MS;
}

static void rescue(struct runner *r)
{
	int64_t runners = 0;
	bool suspects = false;
	enum err e = queue_rescue(&r->cx, &r->queue, app_jobs, &runners, &suspects);

	r->rescue_at = mono_ms(r) + (suspects ? QUEUE_CONFIRM_MS + 5 : RESCUE_MS);
	if (e != ERR_OK)
		trouble(r, "rescue");
	if (runners == 0)
		return;
	LOG(&r->cx, LOG_WARNING, "runners declared dead", LOG_INT("runners", runners));
	r->claim_at = 0;
}

static void tidy(struct runner *r)
{
	const struct config *config = r->process.app.config;
	int64_t rows = 0;

	if (queue_tidy(&r->cx, config->jobs_retention_days, config->idempotency_hours, &rows) !=
	    ERR_OK)
		trouble(r, "tidying");
	/* A full portion means that there is more; other work comes in between. */
	r->tidy_at = mono_ms(r) + (rows >= QUEUE_TIDY_ROWS ? RESCUE_MS : TIDY_MS);
}

/* --- Work --- */

static void cancel(struct runner *r)
{
	struct list jobs;

	r->cancel_at = mono_ms(r) + CANCEL_MS;
	if (queue_cancelled(&r->cx, &r->queue, &jobs) != ERR_OK)
		return; /* the next look is a second away */
	for (size_t i = 0; i < jobs.n; i++)
		stop_jobs(r, RUN_CANCEL, 0, (const struct job_claim *)jobs.items + i);
}

/* Before idling: ask to be rung for, and look again soon, for a job that came in between. */
static int64_t idle_ms(struct runner *r)
{
	static const int SOON_MS[] = { 5, 20, 100 };
	int64_t poll = r->process.app.config->runner_poll_ms;
	uint32_t jitter;

	if (!r->asleep)
		r->asleep = queue_sleep(&r->cx, &r->queue, true) == ERR_OK;
	if (r->looks < (int)COUNT(SOON_MS))
		return SOON_MS[r->looks++];
	secret_random(&jitter, sizeof(jitter));
	return poll + jitter % (poll / 2 + 1);
}

/* Jobs that we hold without having heard of it would never run, since this runner lives. */
static enum err make_sure(struct runner *r)
{
	int64_t known[SLOTS_MAX], returned = 0;
	size_t n = 0;

	pthread_mutex_lock(&r->lock);
	for (int i = 0; i < r->nslots; i++) {
		if (r->slots[i].busy)
			known[n++] = r->slots[i].claim.id;
	}
	pthread_mutex_unlock(&r->lock);
	TRY(queue_disown(&r->cx, &r->queue, known, n, &returned));
	r->unsure = false;
	if (returned > 0)
		LOG(&r->cx, LOG_WARNING, "jobs of a lost claim handed back",
		    LOG_INT("jobs", returned));
	return ERR_OK;
}

static void claim(struct runner *r, int idle)
{
	struct list jobs = { 0 };
	enum err e = r->unsure ? make_sure(r) : ERR_OK;

	if (e == ERR_OK)
		e = queue_claim(&r->cx, &r->queue, app_jobs, idle, &jobs);
	if (e != ERR_OK) {
		r->unsure = true;
		trouble(r, "claim");
		r->claim_at = mono_ms(r) + r->process.app.config->runner_poll_ms;
		return;
	}
	for (size_t i = 0; i < jobs.n; i++)
		hand_over(r, (const struct job_claim *)jobs.items + i);
	if (jobs.n == 0) {
		r->claim_at = mono_ms(r) + idle_ms(r);
		return;
	}
	r->looks = 0;
	r->claim_at = 0;
}

/* A full runner is not to be rung for: the bell would wake nobody. */
static void look_for_work(struct runner *r)
{
	int idle = idle_slots(r);

	if (idle > 0 && mono_ms(r) >= r->claim_at)
		claim(r, idle);
	else if (idle == 0 && r->asleep)
		r->asleep = queue_sleep(&r->cx, &r->queue, false) != ERR_OK;
}

/* --- Rounds --- */

static void take_signals(struct runner *r)
{
	struct signalfd_siginfo info;
	uint64_t freed;

	if (read(r->freed, &freed, sizeof(freed)) > 0)
		r->claim_at = 0;
	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (!r->stopping)
			r->stop_at = mono_ms(r) + r->process.app.config->runner_grace_ms;
		r->stopping = true;
		LOG(&r->cx, LOG_INFO, "stopping", LOG_INT("signal", info.ssi_signo));
	}
}

/* Claim first: everything else can wait for the few milliseconds that a job would. */
static void work_round(struct runner *r)
{
	look_for_work(r);
	if (mono_ms(r) >= r->rescue_at)
		rescue(r);
	if (mono_ms(r) >= r->tidy_at)
		tidy(r);
	if (mono_ms(r) >= r->keep_at)
		r->keep_at = keep_run(&r->cx, &r->keep, mono_ms(r));
}

/* @ret false when nothing is left to wait for */
static bool stop_round(struct runner *r)
{
	int64_t now = mono_ms(r);

	if (idle_slots(r) == r->nslots)
		return false;
	if (now >= r->stop_at)
		stop_jobs(r, RUN_SHUTDOWN, 0, NULL);
	return now < r->stop_at + STOP_MS;
}

static int64_t earliest(struct runner *r)
{
	int idle = idle_slots(r);
	int64_t at = r->beat_at;

	if (idle < r->nslots && r->cancel_at < at)
		at = r->cancel_at;
	if (r->stopping)
		return mono_ms(r) + STOP_ROUND_MS < at ? mono_ms(r) + STOP_ROUND_MS : at;
	if (idle > 0 && r->claim_at < at)
		at = r->claim_at;
	if (r->keep_at < at)
		at = r->keep_at;
	return r->rescue_at < at ? r->rescue_at : at;
}

/*
 * The bell, or a new session, whose lock is to be taken before others have seen it free twice
 * (QUEUE_CONFIRM_MS).
 */
static void rung(struct runner *r)
{
	r->asleep = false;
	r->claim_at = 0;
	r->looks = 0;
	if (r->beaten_ms + BEAT_AGAIN_MS < r->beat_at)
		r->beat_at = r->beaten_ms + BEAT_AGAIN_MS;
}

static void run(struct runner *r)
{
	for (;;) {
		int64_t left;

		ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
		take_signals(r);
		stop_jobs(r, RUN_TIMEOUT, mono_ms(r), NULL);
		if (!r->stopping)
			work_round(r);
		else if (!stop_round(r))
			return;
		if (mono_ms(r) >= r->beat_at)
			beat(r);
		if (mono_ms(r) >= r->cancel_at && idle_slots(r) < r->nslots)
			cancel(r);
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
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	for (;;) {
		struct epoll_event event;
		enum err e;

		ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
		e = app_check_schema(&r->cx);
		if (e == ERR_OK) {
			r->beaten_ms = mono_ms(r);
			e = queue_join(&r->cx, &r->queue, host, config->runner_lease_ms);
		}
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
	    LOG_INT("jobs", config->runner_jobs));
	return true;
}

static void start_slots(struct runner *r)
{
	r->nslots = (int)r->process.app.config->runner_jobs;
	assert(r->nslots <= SLOTS_MAX); /* the range of the setting */
	for (int i = 0; i < r->nslots; i++) {
		struct slot *slot = &r->slots[i];

		slot->runner = r;
		slot->arena = arena_new(JOB_ARENA_BYTES);
		slot->claim_arena = arena_new(MAIN_ARENA_BYTES);
		slot->db = app_runner_db(&r->process.app);
		if (pthread_create(&slot->thread, NULL, slot_main, slot) != 0)
			abort(); /* no memory for a thread */
	}
}

static void end_slots(struct runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->quit = true;
	pthread_cond_broadcast(&r->handed);
	pthread_mutex_unlock(&r->lock);
	for (int i = 0; i < r->nslots; i++) {
		pthread_join(r->slots[i].thread, NULL);
		db_close(r->slots[i].db);
		arena_free(r->slots[i].arena);
		arena_free(r->slots[i].claim_arena);
	}
}

/* A job that does not notice that it should stop is left to the rescue, which counts it. */
static void leave(struct runner *r)
{
	if (idle_slots(r) != r->nslots)
		lose(r, "a job does not stop");
	end_slots(r);
	ctx_begin(&r->cx, &r->process.app, r->arena, r->db);
	if (queue_leave(&r->cx, &r->queue) != ERR_OK)
		log_fault(&r->cx, LOG_WARNING, "leaving");
	LOG(&r->cx, LOG_INFO, "runner ended", LOG_TEXT("runner", r->queue.id));
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	struct runner *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return EXIT_FAILURE;
	if (app_open(&r->process, "runner", &SOURCES) != ERR_OK) {
		log_fault(&r->process.cx, LOG_ERROR, "start");
		return EXIT_FAILURE;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->handed, NULL);
	r->arena = arena_new(MAIN_ARENA_BYTES);
	r->db = app_runner_db(&r->process.app);
	if (!open_descriptors(r))
		abort(); /* no descriptors */
	if (join(r)) {
		start_slots(r);
		run(r);
		leave(r);
	}
	db_close(r->db);
	arena_free(r->arena);
	app_close(&r->process);
	free(r);
	return EXIT_SUCCESS;
}
