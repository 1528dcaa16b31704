/*
 * What a runner does besides its jobs.  For the audit log: has it sealed, logs the ends of its chains
 * once a day as anchors, and lets retention take away what is too old.  And sessions, tokens and
 * rates that are over are taken away.
 */
#ifndef KEEP_H
#define KEEP_H

#include "base/ctx.h"

#define KEEP_SEAL_MS   1000     /* between two rounds of sealing */
#define KEEP_IDLE_MS   4000     /* the same, after one that found nothing */
#define KEEP_ANCHOR_MS 86400000 /* between two logs of the anchors */
#define KEEP_PRUNE_MS  3600000  /* between two rounds of retention */
#define KEEP_EXPIRY_MS 600000   /* between two rounds of expiry */

/* What is due when, in monotonic milliseconds; zero is a good beginning. */
struct keep {
	int64_t seal_at, anchor_at, prune_at, expire_at;
	bool away; /* the last round failed, and that is logged */
};

/** Do what is due.  Trouble is logged once. @ret when to come again */
int64_t keep_run(struct ctx *cx, struct keep *keep, int64_t now_ms);

#endif
