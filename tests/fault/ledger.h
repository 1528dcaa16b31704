/*
 * Ledger: kinds of jobs whose every start and every effect is on record, for the fault test, the soak and
 * the bench.
 *
 *     ledger.start   when an attempt begins: job, token, the monotonic clock
 *     ledger.effect  in the transaction that completes the job: job, token
 *
 * tests/fault/ledger.sql makes the tables, which no migration knows.
 */
#ifndef TESTS_LEDGER_H
#define TESTS_LEDGER_H

#include "jobs/job.h"

struct ledger_args {
	int64_t ms;    /* how long it works */
	int64_t times; /* ledger.fails, ledger.snoozes: how often */
	bool quiet; /* ledger.light: no start, no effect; completed with the others of its batch */
};
static const struct field LEDGER_FIELDS[] = {
	F_INT(struct ledger_args, ms, .doc = "d"),
	F_INT(struct ledger_args, times, .doc = "d"),
	F_BOOL(struct ledger_args, quiet, .doc = "d"),
};
static const struct schema LEDGER_ARGS =
	SCHEMA(struct ledger_args, "LedgerArguments", LEDGER_FIELDS);

enum ledger_kind {
	LEDGER_LIGHT,
	LEDGER_HEAVY,
	LEDGER_CHILD,
	LEDGER_FAILS,
	LEDGER_SNOOZES,
	LEDGER_POISON,
	LEDGER_KINDS
};

#define LEDGER_KIND(name, lane, is_light)                                                          \
	{                                                                                          \
		.type = name, .queue = lane, .light = is_light, .arguments = &LEDGER_ARGS,         \
		.attempts = 20, .backoff_s = 1, .timeout_s = 30, .doc = "d"                        \
	}

static const struct job_kind LEDGER[LEDGER_KINDS] = {
	[LEDGER_LIGHT] = LEDGER_KIND("ledger.light", "ledger_light", true),
	[LEDGER_HEAVY] = LEDGER_KIND("ledger.heavy", "ledger", false),
	[LEDGER_CHILD] = LEDGER_KIND("ledger.child", "ledger", false),
	[LEDGER_FAILS] = LEDGER_KIND("ledger.fails", "ledger", false),
	[LEDGER_SNOOZES] = LEDGER_KIND("ledger.snoozes", "ledger", false),
	[LEDGER_POISON] = LEDGER_KIND("ledger.poison", "ledger", false),
};

#endif
