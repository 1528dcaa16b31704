/*
 * What runs conversation_run.
 *
 * Bound in the runner alone; who asks uses chats/turn.h.
 */
#ifndef CHATS_TURN_JOBS_H
#define CHATS_TURN_JOBS_H

#include "jobs/run.h"

/* Ends with a row without kind. */
extern const struct job_handler turn_jobs[];

#endif
