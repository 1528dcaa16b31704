/*
 * Journal: how a run's work is kept, so that whoever goes on after a kill does nothing twice.
 *
 *     journal_open(&j, cx, run, turn)
 *     if (!journal_has(&j, "retrieve", "", &output)) {
 *             ... work ...
 *             TRY(journal_keep(&j, "retrieve", "", detail, output));
 *     }
 *     TRY(journal_say(&j, text, n));       pieces of the answer, as they come
 *     TRY(journal_end(&j, "completed"));
 *
 * Each step and each piece is written under the job's claim.  Steps must come in the same order on every
 * attempt, which they do when what is decided depends on the kept ones alone.
 *
 * Pieces are gathered for JOURNAL_GATHER_MS, so that an answer costs a few transactions a second, however
 * fast it comes; and for longer where many answers grow in one runner, which writes at most
 * runner_chat_writes pieces a second.  An attempt that says again what an earlier one has said writes nothing until it comes to
 * what is new; where it says something else, the text is cut back to what both have said.
 */
#ifndef CHATS_JOURNAL_H
#define CHATS_JOURNAL_H

#include "chats/ahead.h"
#include "chats/turn.h"
#include "jobs/run.h"

#define JOURNAL_GATHER_MS 100

struct journal {
	struct ctx *cx;
	struct job_run *run;
	struct turn *turn; /* as it was when the attempt began */
	struct list steps; /* struct turn_kept */
	size_t at;         /* of the next one to be asked for */
	int64_t step_ms;   /* monotonic, when the present step began */

	struct sb text;  /* the answer as this attempt has it */
	struct sb row;   /* as its row has it */
	int64_t told_ms; /* monotonic, when that was last written */

	struct ahead ahead; /* what was read of the passages */
	struct citation cited[CITATIONS_MAX];
	size_t ncited;
	int64_t dropped; /* citations that did not resolve */

	/* Of a call of a model, written with its step. */
	const char *model;
	int64_t input_tokens, output_tokens;
};

/** Read what earlier attempts have kept. */
NODISCARD
enum err journal_open(struct journal *j, struct ctx *cx, struct job_run *run, struct turn *turn);

/** @ret whether the next step was done by an earlier attempt.  @ret_output its JSON text */
bool journal_has(struct journal *j, const char *kind, const char *name, const char **ret_output);

/** Keep a step and tell of it.  @output JSON text.  Returns ERR_LEASE_LOST */
NODISCARD
enum err journal_keep(struct journal *j, const char *kind, const char *name, const char *detail,
                      const char *output);

/** Write what a call has cost that came to no step. */
NODISCARD
enum err journal_spend(struct journal *j);

/** Add to the answer.  Returns ERR_LIMIT past TURN_ANSWER_MAX, ERR_CANCELLED when the run should stop */
NODISCARD
enum err journal_say(struct journal *j, const char *text, size_t n);

/** Write what is gathered, as when nothing more will come soon.  Returns ERR_LEASE_LOST */
NODISCARD
enum err journal_flush(struct journal *j);

/**
 * Look a citation up and give it its number; one for the same lines is used again.
 *
 * @c        its number is set
 * @ret      whether it resolves; if not, it is counted as dropped
 * @ret_text its lines
 */
NODISCARD
enum err journal_cite(struct journal *j, struct citation *c, bool *ret, const char **ret_text);

/** The run is over: its text, citations and message, and the job with it, in one transaction. */
NODISCARD
enum err journal_end(struct journal *j);

/**
 * The same of a run whose job has ended without success, in the transaction that ends it: what there is of
 * the answer stays.
 * @status "cancelled", "failed"
 */
NODISCARD
enum err journal_close(struct ctx *cx, int64_t run_id, const char *status, const struct fault *why);

#endif
