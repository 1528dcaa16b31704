/*
 * Crews: the job threads of a runner, by what they do, each with the lane that it is fed by.
 *
 *   WORKING  few: heavy jobs, each thread with a database connection of its own
 *   WAITING  many, with small stacks and a few connections for all: jobs that wait for somebody else,
 *            as an answer for its model
 *
 * All functions here are the main thread's.
 */
#ifndef CREW_H
#define CREW_H

#include "jobs/claim.h"
#include "slots.h"

enum { CREW_WORKING = 0, CREW_WAITING, CREWS };

struct crew {
	struct claim_lane claim;
	struct slots slots;
	int64_t claim_at; /* monotonic: when to claim for it; INT64_MAX: when the bell rings */
};

struct crews {
	struct crew crew[CREWS];
};

/**
 * No threads yet, but the lanes.
 * @arena lives as long as the crews  @freed an eventfd, as for slots_open()
 * Returns what claim_lane_open() does
 */
NODISCARD
enum err crews_open(struct ctx *cx, struct crews *all, struct arena *arena, int freed);

void crews_start(struct crews *all);

/** All are idle. */
void crews_end(struct crews *all);

void crews_claim_soon(struct crews *all);

/** @ret when the next claim is due, monotonic; a crew that is busy claims nothing */
int64_t crews_claim_at(struct crews *all);

/** Ask jobs to stop, as slots_stop() does. */
void crews_stop(struct crews *all, enum run_why why, int64_t now, const struct job_claim *job);

/** @ret whether a job runs */
bool crews_busy(struct crews *all);

/** @ret what runs, as of slots_running() */
struct job_claim *crews_running(struct crews *all, struct arena *arena, size_t *ret_n);

/** @ret of enum bell, those that would find somebody idle who knows of no job */
unsigned crews_bells(struct crews *all, int64_t now_ms);

#endif
