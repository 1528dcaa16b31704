/*
 * Bell: wakes who sleeps until there is something to do.
 *
 * event_emit() and job_enqueue() note in cx->bells whom their rows concern; whoever commits rings once
 * the commit is done, and best after the client has its answer.  It is a statement of its own: a NOTIFY
 * in the writing transaction would make all commits wait for each other.  Only who has said that it is
 * asleep is rung for, so that ringing at a busy system costs a look at two small tables.
 *
 * A bell that is lost, or that rings for what was rolled back, does no harm: sleepers look by
 * themselves about once a second.
 */
#ifndef EVENTS_BELL_H
#define EVENTS_BELL_H

#include "base/db.h"

enum bell {
	BELL_HEAVY = 1,  /* a job for the job threads of a runner */
	BELL_LIGHT = 2,  /* a job for the lanes of light jobs */
	BELL_EVENTS = 4, /* an event, for all who follow the log */
	BELL_WAITS = 8,  /* a job for the threads of those that wait for somebody else */
};

/** Ring for what cx->bells says, and clear it; outside of a transaction.  Errors are of no consequence. */
void bell_ring(struct ctx *cx);

extern const struct db_check bell_statements[];

#endif
