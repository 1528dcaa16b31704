/*
 * Turns: a question and the work on its answer.  To clients a turn is a run.
 *
 * A run is done by a job, conversation_run (chats/turn_jobs.h); runs of one conversation go one after the
 * other.  Its text grows in its row, and each piece is told as run.delta in the same transaction: a watcher
 * who has the pieces has the text, and one that comes late reads the row.  That is why the log keeps
 * pieces for hours only (setting event_pieces_hours): an answer of half a minute has some hundred, which
 * take ten times what it takes itself.
 *
 *   status  queued -> running -> completed, cancelled or failed
 *   mode    extractive: passages as they stand, no model was asked; model: a model wrote the answer
 *
 *   Ownership  *ret and what it points to live in cx->arena; arguments are borrowed for the call.
 *   Tenancy    Another tenant's run is an unknown id.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *   Time       One short transaction.  No network.
 *   Bell       Ring it after what changes something.
 */
#ifndef CHATS_TURN_H
#define CHATS_TURN_H

#include "chats/conversation.h"
#include "jobs/operate.h"

#define TURN_ANSWER_MAX ((size_t)128 << 10) /* bytes of an answer */
#define TURN_MODEL_MAX  200                 /* characters of a model's name */

/* What a client sends to ask. */
struct turn_new {
	const char *content; /* the question */
	const char *model;   /* name of a configured model; NULL: the tenant's own choice */
	int64_t replaces; /* a question of the conversation, taken back with what follows; 0: none */
};

/* One step of the journal, as it is shown. */
struct turn_step {
	int64_t number;
	const char *kind; /* "plan", "retrieve", "call", "tool", "answer" */
	const char *name, *detail;
	int64_t duration_ms;
};

struct turn {
	int64_t id, conversation_id, project_id;
	int64_t message_id; /* the question */
	int64_t job_id;
	const char *status, *mode; /* mode NULL: not known yet */
	const char *wanted_model;  /* that was asked for; NULL: none */
	const char *model;         /* that wrote the answer; NULL: none */
	const char *answer;        /* as far as it is written, Markdown */
	struct list citations;     /* struct citation */
	int64_t dropped;           /* citations that did not resolve */
	struct list steps;         /* struct turn_step */
	int64_t cached_from;       /* the run whose answer was given again; 0: none */
	int64_t input_tokens, output_tokens;
	int64_t cost_micro; /* what the ledger says of its calls, in millionths of the currency */
	int64_t lost_calls; /* of those, in whose midst a runner ended: counted as paid, and made again */
	const char *error_type, *error_message;
	int64_t created_us, started_us, finished_us; /* 0: not yet */
	int64_t duration_ms;                         /* from its start to its end; 0: not ended */
	int64_t log_position;                        /* its events come after this one; not shown */
	int64_t user_id, key_id;                     /* who asked; not shown */
};

/* A step with what came of it. */
struct turn_kept {
	int64_t number;
	const char *kind, *name, *detail;
	const char *output; /* JSON text */
	int64_t duration_ms;
};

/* The journal of a run, with all that came of its steps. */
struct turn_journal {
	struct list items; /* struct turn_kept, in order */
};

extern const struct schema turn_new_schema, turn_schema, turn_kept_schema, turn_journal_schema;

/* Told of a run; the first member names it everywhere. */
struct turn_told {
	int64_t run_id;
	struct turn *run;
};
struct turn_delta {
	int64_t run_id;
	int64_t offset; /* characters of the answer before this piece; what was told beyond it is void */
	const char *text;
};
struct turn_stepped {
	int64_t run_id;
	int64_t number;
	const char *kind, *name, *detail;
};
extern const struct schema turn_told_schema, turn_delta_schema;
extern const struct event_kind turn_queued, turn_progress, turn_grown, turn_ended;

/* Arguments of the job. */
struct turn_args {
	int64_t run_id;
};
extern const struct job_kind turn_job;

/**
 * Ask in a conversation: the question, the run and its job, in one transaction.
 *
 * Returns ERR_NOT_FOUND, ERR_LIMIT when the tenant has as many unfinished jobs as it may, ERR_INVALID when
 *         in->replaces is no question of the conversation, ERR_STATE when a run of it goes on that would be
 *         taken back
 */
NODISCARD
enum err turn_ask(struct ctx *cx, int64_t conversation_id, const struct turn_new *in,
                  struct turn *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err turn_get(struct ctx *cx, int64_t id, struct turn *ret);

/** What was looked up, called and used for a run, as far as it is.  Returns ERR_NOT_FOUND */
NODISCARD
enum err turn_look(struct ctx *cx, int64_t id, struct turn_journal *ret);

/** @ret whether it will not change any more */
bool turn_is_over(const struct turn *turn);

/**
 * Stop a run: one that waits is over at once, one that works ends soon and keeps what there is.
 *
 * Returns ERR_NOT_FOUND, ERR_STATE when it has ended
 */
NODISCARD
enum err turn_cancel(struct ctx *cx, job_kinds kinds, int64_t id, struct turn *ret);

extern const struct db_check turn_statements[];

#endif
