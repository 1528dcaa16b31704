/* Asking, looking, cancelling; what is told of runs. */
#include "chats/turn.h"

#include "chats/citation.h"
#include "chats/conversation_repo.h"
#include "chats/turn_repo.h"

#include <inttypes.h>
#include <string.h>

#define ATTEMPTS    3
#define BACKOFF_S   2
#define TIMEOUT_S   900 /* over the limits of models and tools, which have their own */
#define TITLE_CHARS 80  /* of a question that names its conversation */

static const char *const STATUSES[] = { "queued",    "running", "completed",
	                                "cancelled", "failed",  NULL };
static const char *const MODES[] = { "extractive", "model", NULL };
static const char *const KINDS[] = { "plan", "retrieve", "call", "tool", "answer", NULL };

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct turn_new, content, .required = true, .min = 1,
	       .max = CONVERSATION_QUESTION_MAX, .example = "\"Where are requests parsed?\"",
	       .doc = "The question"),
	F_TEXT(struct turn_new, model, .min = 1, .max = TURN_MODEL_MAX, .nullable = true,
	       .one_line = true,
	       .doc = "Name of a configured model; the tenant's own choice without it"),
	F_INT(struct turn_new, replaces, .min = 1, .max = INT64_MAX, .nullable = true,
	      .doc = "A question of this conversation to ask otherwise: it is taken back with all "
	             "that came after it"),
};
const struct schema turn_new_schema = SCHEMA(struct turn_new, "MessageNew", NEW_FIELDS);

static const struct field STEP_FIELDS[] = {
	F_INT(struct turn_step, number, .doc = "Place among the steps"),
	F_TEXT(struct turn_step, kind, .one_of = KINDS, .doc = "What was done"),
	F_TEXT(struct turn_step, name, .doc = "Of a tool its name, of a call the model"),
	F_TEXT(struct turn_step, detail, .doc = "With what, and what came of it"),
	F_INT(struct turn_step, duration_ms, .doc = "How long it took"),
};
static const struct schema STEP = SCHEMA(struct turn_step, "RunStep", STEP_FIELDS);

static const struct field KEPT_FIELDS[] = {
	F_INT(struct turn_kept, number, .doc = "Place among the steps"),
	F_TEXT(struct turn_kept, kind, .one_of = KINDS, .doc = "What was done"),
	F_TEXT(struct turn_kept, name, .doc = "Of a tool its name, of a call what it was for"),
	F_TEXT(struct turn_kept, detail, .doc = "With what, and what came of it, in short"),
	F_JSON(struct turn_kept, output,
	       .doc = "What came of it: the passages that were found, what a model said and which "
	              "tools it called with which arguments, what a tool answered"),
	F_INT(struct turn_kept, duration_ms, .doc = "How long it took"),
};
const struct schema turn_kept_schema = SCHEMA(struct turn_kept, "RunStepDetail", KEPT_FIELDS);

static const struct field JOURNAL_FIELDS[] = {
	F_LIST(struct turn_journal, items, .of = &turn_kept_schema, .doc = "In their order"),
};
const struct schema turn_journal_schema =
	SCHEMA(struct turn_journal, "RunStepDetailList", JOURNAL_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct turn, id, .example = "12", .doc = "Number of the run"),
	F_INT(struct turn, conversation_id, .doc = "The conversation"),
	F_INT(struct turn, project_id, .zero_is_null = true, .nullable = true,
	      .doc = "The project that is asked about; null: all of the tenant's"),
	F_INT(struct turn, message_id, .doc = "The message that it answers"),
	F_INT(struct turn, job_id, .doc = "The job that works on it"),
	F_TEXT(struct turn, status, .one_of = STATUSES, .doc = "How far it is"),
	F_TEXT(struct turn, mode, .one_of = MODES, .nullable = true,
	       .doc = "extractive: passages as they stand, no model was asked; null: not known yet"),
	F_TEXT(struct turn, wanted_model, .nullable = true, .doc = "The model that was asked for"),
	F_TEXT(struct turn, model, .nullable = true, .doc = "The model that wrote the answer"),
	F_TEXT(struct turn, answer, .doc = "As far as it is written, as Markdown"),
	F_LIST(struct turn, citations, .of = &citation_schema,
	       .doc = "What the numbers in brackets stand for; each was read again before it was shown"),
	F_INT(struct turn, dropped, .name = "dropped_citations",
	      .doc = "Citations that did not resolve, and are not shown"),
	F_LIST(struct turn, steps, .of = &STEP, .doc = "What was done for it"),
	F_INT(struct turn, cached_from, .nullable = true, .zero_is_null = true,
	      .doc = "The run whose answer was given again, since the same was asked of the same"),
	F_INT(struct turn, input_tokens, .doc = "Tokens that models read for it"),
	F_INT(struct turn, output_tokens, .doc = "Tokens that models wrote for it"),
	F_INT(struct turn, cost_micro,
	      .doc = "What that cost by the prices of the models, in millionths of the currency"),
	F_INT(struct turn, lost_calls,
	      .doc = "Calls of models in whose midst a runner ended: they count as paid, at the most "
	             "that they may have cost, and were made again"),
	F_TEXT(struct turn, error_type, .nullable = true,
	       .doc = "Last part of the problem type, of a run that failed"),
	F_TEXT(struct turn, error_message, .nullable = true, .doc = "Why it failed"),
	F_TIME(struct turn, created_us, .name = "created_at", .doc = "When it was asked for"),
	F_TIME(struct turn, started_us, .name = "started_at", .nullable = true,
	       .doc = "When it was begun"),
	F_TIME(struct turn, finished_us, .name = "finished_at", .nullable = true,
	       .doc = "When it ended"),
	F_INT(struct turn, duration_ms, .doc = "From its start to its end; 0: it has not ended"),
};
const struct schema turn_schema = SCHEMA(struct turn, "Run", FIELDS);

static const struct field TOLD_FIELDS[] = {
	F_INT(struct turn_told, run_id, .doc = "The run"),
	F_OBJ(struct turn_told, run, .of = &turn_schema, .doc = "How it is now"),
};
const struct schema turn_told_schema = SCHEMA(struct turn_told, "RunTold", TOLD_FIELDS);

static const struct field DELTA_FIELDS[] = {
	F_INT(struct turn_delta, run_id, .doc = "The run"),
	F_INT(struct turn_delta, offset,
	      .doc = "Characters of the answer before this piece; what was told beyond them is void"),
	F_TEXT(struct turn_delta, text, .doc = "The piece"),
};
const struct schema turn_delta_schema = SCHEMA(struct turn_delta, "RunDelta", DELTA_FIELDS);

static const struct field STEPPED_FIELDS[] = {
	F_INT(struct turn_stepped, run_id, .doc = "The run"),
	F_INT(struct turn_stepped, number, .doc = "Place among the steps"),
	F_TEXT(struct turn_stepped, kind, .one_of = KINDS, .doc = "What was done"),
	F_TEXT(struct turn_stepped, name, .doc = "Of a tool its name, of a call the model"),
	F_TEXT(struct turn_stepped, detail, .doc = "With what, and what came of it"),
};
static const struct schema STEPPED = SCHEMA(struct turn_stepped, "RunStepped", STEPPED_FIELDS);

const struct event_kind turn_queued = {
	.type = "run.queued",
	.version = 1,
	.payload = &turn_told_schema,
	.audited = true,
	.doc = "A question was asked.",
};
const struct event_kind turn_progress = {
	.type = "run.step",
	.version = 1,
	.payload = &STEPPED,
	.doc = "A step towards an answer is done.",
};
const struct event_kind turn_grown = {
	.type = "run.delta",
	.version = 1,
	.payload = &turn_delta_schema,
	.doc = "An answer has grown by a piece.",
};
const struct event_kind turn_ended = {
	.type = "run.ended",
	.version = 1,
	.payload = &turn_told_schema,
	.doc = "An answer is complete, or will not be.",
};

static const struct field ARGS_FIELDS[] = {
	F_INT(struct turn_args, run_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The run"),
};
static const struct schema ARGS = SCHEMA(struct turn_args, "RunArguments", ARGS_FIELDS);

/* It waited, and somebody cancelled its job: the run is over. */
static enum err cancelled(struct ctx *cx, int64_t job_id, UNUSED int64_t project_id)
{
	struct turn turn;
	int64_t id, rows = 0;
	enum err e = turn_repo_of_job(cx, job_id, &id);

	if (e == ERR_NOT_FOUND) { /* deleted with its conversation's project */
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(turn_repo_end(cx, id, "cancelled", NULL, NULL, 0, &rows));
	TRY(turn_repo_get(cx, id, &turn));
	return event_emit(cx, &turn_ended, turn.project_id, &(struct turn_told){ id, &turn });
}

/* May run twice: steps that are kept are not done again, and the text goes on where it is. */
const struct job_kind turn_job = {
	.type = "conversation_run",
	.queue = "chats",
	.arguments = &ARGS,
	.attempts = ATTEMPTS,
	.backoff_s = BACKOFF_S,
	.timeout_s = TIMEOUT_S,
	.waits = true,
	.cancelled = cancelled,
	.doc = "Answer a question of a conversation.",
};

static enum err unknown(struct ctx *cx, enum err e, int64_t id)
{
	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no run %" PRId64, id) : e;
}

/* The question's first line, cut between words. */
static const char *title_of(struct ctx *cx, const char *question)
{
	size_t n = strcspn(question + strspn(question, " \t\r\n"), "\r\n");
	char *title = arena_strndup(cx->arena, question + strspn(question, " \t\r\n"), n);

	if (n <= TITLE_CHARS)
		return title;
	n = TITLE_CHARS;
	while (n > 0 && title[n] != ' ')
		n--;
	if (n == 0)
		for (n = TITLE_CHARS; n > 0 && ((unsigned char)title[n] & 0xc0) == 0x80; n--)
			continue;
	return arena_printf(cx->arena, "%.*s …", (int)n, title);
}

static enum err enqueue(struct ctx *cx, const struct conversation *c, int64_t id, int64_t *ret_job)
{
	const struct turn_args args = { id };
	const struct job_new job = {
		.project_id = c->project_id,
		.order_key = arena_printf(cx->arena, "conversation:%" PRId64, c->id),
	};

	return job_enqueue(cx, &turn_job, &job, &args, ret_job);
}

/* The question and what follows it go, so that another can stand in its place. */
static enum err take_back(struct ctx *cx, const struct conversation *c, int64_t message_id)
{
	int64_t busy = 0, gone = 0;

	if (message_id == 0)
		return ERR_OK;
	TRY(conversation_repo_busy(cx, c->id, &busy));
	if (busy > 0) {
		err_set(cx, ERR_STATE, "a run of conversation %" PRId64 " goes on", c->id);
		err_fix(cx, "cancel it or wait until it has ended");
		return ERR_STATE;
	}
	TRY(conversation_repo_take_back(cx, c->id, message_id, &gone));
	return gone > 0 ? ERR_OK
	                : err_field(cx, ERR_INVALID, "/replaces", "question",
	                            "is no question of this conversation");
}

enum err turn_ask(struct ctx *cx, int64_t conversation_id, const struct turn_new *in,
                  struct turn *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t head, id, message_id, job_id;
	struct conversation c;
	struct turn turn;
	enum err e;

	TRY(event_head(cx, &head));
	TRY(db_begin(cx, &tx));
	e = conversation_repo_hold(cx, conversation_id, &c);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no conversation %" PRId64, conversation_id);
	TRY(e);
	TRY(take_back(cx, &c, in->replaces));
	TRY(turn_repo_insert(cx, c.id, in->model, head, &id));
	TRY(conversation_repo_say(cx, c.id, "user", in->content, id, title_of(cx, in->content),
	                          &message_id));
	TRY(enqueue(cx, &c, id, &job_id));
	TRY(turn_repo_bind(cx, id, message_id, job_id));
	TRY(turn_repo_get(cx, id, &turn));
	TRY(event_emit(cx, &turn_queued, c.project_id, &(struct turn_told){ id, &turn }));
	TRY(db_commit(&tx));
	*ret = turn;
	return ERR_OK;
}

enum err turn_get(struct ctx *cx, int64_t id, struct turn *ret)
{
	return unknown(cx, turn_repo_get(cx, id, ret), id);
}

enum err turn_look(struct ctx *cx, int64_t id, struct turn_journal *ret)
{
	struct turn turn;

	TRY(turn_get(cx, id, &turn));
	return turn_repo_steps(cx, id, &ret->items);
}

bool turn_is_over(const struct turn *turn)
{
	return strcmp(turn->status, "queued") != 0 && strcmp(turn->status, "running") != 0;
}

enum err turn_cancel(struct ctx *cx, job_kinds kinds, int64_t id, struct turn *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct turn turn;
	struct job job;

	TRY(db_begin(cx, &tx));
	TRY(turn_get(cx, id, &turn));
	if (turn_is_over(&turn))
		return err_set(cx, ERR_STATE, "run %" PRId64 " is %s already", id, turn.status);
	TRY(job_cancel(cx, kinds, turn.job_id, &job));
	TRY(turn_get(cx, id, &turn));
	TRY(db_commit(&tx));
	*ret = turn;
	return ERR_OK;
}
