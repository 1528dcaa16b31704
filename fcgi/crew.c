/* The crews of a runner: how many there are, and what concerns all of them. */
#include "crew.h"

#include "app/app.h"
#include "app/registry_jobs.h"
#include "config/config.h"

#include <sys/resource.h>

#define FILES_EACH  4 /* of those who wait: a connection, and what libcurl waits with */
#define FILES_ASIDE 512
/* Of those who wait: libcurl, TLS and libgit2 keep their buffers elsewhere. */
#define STACK_BYTES ((size_t)(WITH_ASAN ? 4096 : 512) << 10)

/* As many descriptors as they may need, or as the system lets us have. */
static void allow_files(int64_t waiting)
{
	rlim_t want = (rlim_t)waiting * FILES_EACH + FILES_ASIDE;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= want)
		return;
	files.rlim_cur = want < files.rlim_max ? want : files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

enum err crews_open(struct ctx *cx, struct crews *all, struct arena *arena, int freed)
{
	const struct config *config = cx->app->config;
	const struct slots_plan plans[CREWS] = {
		[CREW_WORKING] = { .n = (int)config->runner_jobs },
		[CREW_WAITING] = { .n = (int)config->runner_chats,
		                   .connections = (int)config->runner_chat_connections,
		                   .stack_bytes = STACK_BYTES },
	};
	static const enum claim_weight WEIGHTS[CREWS] = { CLAIM_HEAVY, CLAIM_WAITS };

	allow_files(config->runner_chats);
	for (int i = 0; i < CREWS; i++) {
		struct crew *crew = &all->crew[i];

		TRY(claim_lane_open(cx, arena, app_jobs, WEIGHTS[i], &crew->claim));
		slots_open(&crew->slots, cx->app, &plans[i], freed);
	}
	return ERR_OK;
}

void crews_start(struct crews *all)
{
	for (int i = 0; i < CREWS; i++)
		slots_start(&all->crew[i].slots);
}

void crews_end(struct crews *all)
{
	for (int i = 0; i < CREWS; i++)
		slots_end(&all->crew[i].slots);
}

void crews_claim_soon(struct crews *all)
{
	for (int i = 0; i < CREWS; i++)
		all->crew[i].claim_at = 0;
}

int64_t crews_claim_at(struct crews *all)
{
	int64_t at = INT64_MAX;

	for (int i = 0; i < CREWS; i++) {
		struct crew *crew = &all->crew[i];

		if (crew->claim_at < at && slots_idle(&crew->slots) > 0)
			at = crew->claim_at;
	}
	return at;
}

void crews_stop(struct crews *all, enum run_why why, int64_t now, const struct job_claim *job)
{
	for (int i = 0; i < CREWS; i++)
		slots_stop(&all->crew[i].slots, why, now, job);
}

bool crews_busy(struct crews *all)
{
	for (int i = 0; i < CREWS; i++) {
		if (slots_idle(&all->crew[i].slots) != all->crew[i].slots.n)
			return true;
	}
	return false;
}

struct job_claim *crews_running(struct crews *all, struct arena *arena, size_t *ret_n)
{
	size_t most = 0;
	struct job_claim *ret;

	for (int i = 0; i < CREWS; i++)
		most += (size_t)all->crew[i].slots.n;
	ret = arena_array(arena, most + 1, sizeof(*ret));
	*ret_n = 0;
	for (int i = 0; i < CREWS; i++)
		slots_running(&all->crew[i].slots, arena, ret, ret_n);
	return ret;
}

unsigned crews_bells(struct crews *all, int64_t now_ms)
{
	static const unsigned BELLS[CREWS] = { BELL_HEAVY, BELL_WAITS };
	unsigned ret = 0;

	for (int i = 0; i < CREWS; i++) {
		struct crew *crew = &all->crew[i];

		if (crew->claim_at > now_ms && slots_idle(&crew->slots) > 0)
			ret |= BELLS[i];
	}
	return ret;
}
