/* Runs over HTTP: looking, waiting, watching, cancelling; and the doors that begin one at once. */
#include "routes/runs.h"
#include "routes/tables.h"
#include "routes/upgrade.h"

#include "app/registry_job_kinds.h"
#include "projects/project.h"

#define STREAM_MAX_BYTES ((size_t)2 << 20)
#define PROMPT_WAIT_S    LIVE_ANSWER_WAIT_S

static const struct field WAIT_FIELDS[] = {
	F_INT(struct run_wait, wait, .max = LIVE_ANSWER_WAIT_S,
	      .doc = "Seconds to wait for the whole answer"),
};
const struct schema run_wait_schema = SCHEMA(struct run_wait, "RunWaitQuery", WAIT_FIELDS);

static const struct list RUN_KINDS = {
	(const char *const[]){ "run.queued", "run.step", "run.delta", "run.ended" }, 4
};
static const struct list ENDS = { (const char *const[]){ "run.queued", "run.ended" }, 2 };

static enum err watch(struct ctx *cx, const struct request *rq, struct reply *rp,
                      struct live_spec spec, const struct turn *turn)
{
	bool pieces = spec.way == LIVE_SSE || spec.way == LIVE_WS || spec.way == LIVE_CHAT;

	spec.after = turn->log_position;
	spec.run_id = turn->id;
	spec_list(spec.kinds, pieces ? &RUN_KINDS : &ENDS);
	return handover(cx, rq, rp, &spec);
}

enum err reply_run(struct ctx *cx, const struct request *rq, struct reply *rp, enum live_way way,
                   int64_t wait_s, const struct turn *turn)
{
	struct sb sb = sb_new(cx->arena, STREAM_MAX_BYTES);
	const char *text;

	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/runs/%lld", (long long)turn->id));
	if (wait_s > 0 && !turn_is_over(turn))
		return watch(cx, rq, rp, (struct live_spec){ .way = way, .wait_s = wait_s }, turn);
	answer_write(&sb, way, turn);
	TRY(sb_finish(cx, &sb, &text));
	reply_text(rp, "application/json", (struct span){ text, sb.len });
	return ERR_OK;
}

enum err reply_chat(struct ctx *cx, const struct request *rq, struct reply *rp,
                    const struct turn *turn, bool usage)
{
	return watch(cx, rq, rp, (struct live_spec){ .way = LIVE_CHAT, .usage = usage }, turn);
}

/* --- One run --- */

static enum err get_run(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct run_wait *query = request_query(rq, &run_wait_schema);
	struct turn turn;

	TRY(turn_get(cx, rq->ids[0], &turn));
	if (query->wait > 0 && !turn_is_over(&turn))
		return watch(cx, rq, rp,
		             (struct live_spec){ .way = LIVE_RUN, .wait_s = query->wait }, &turn);
	return reply_json(rp, &turn_schema, &turn);
}

static enum err get_steps(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct turn_journal journal;

	TRY(turn_look(cx, rq->ids[0], &journal));
	return reply_json(rp, &turn_journal_schema, &journal);
}

static void add_event(struct sb *sb, const struct turn *turn, const struct event_kind *kind,
                      const void *payload)
{
	struct sb text = sb_new(sb->arena, STREAM_MAX_BYTES);
	const struct event event = {
		.position = turn->log_position,
		.kind = kind->type,
		.version = kind->version,
		.project_id = turn->project_id,
		.actor = arena_printf(sb->arena, "job:%lld", (long long)turn->job_id),
		.created_us = turn->finished_us,
	};
	struct event filled = event;

	schema_encode(&text, kind->payload, payload);
	filled.payload = text.data;
	sb_addf(sb, "event: %s\ndata: ", kind->type);
	schema_encode(sb, &event_schema, &filled);
	sb_add(sb, "\n\n");
}

/* Of a run that is over the row tells all, also when the log has forgotten it. */
static enum err tell_whole(struct ctx *cx, struct reply *rp, const struct turn *turn)
{
	const struct turn_delta delta = { .run_id = turn->id, .text = turn->answer };
	struct turn copy = *turn;
	const struct turn_told told = { .run_id = turn->id, .run = &copy };
	struct sb sb = sb_new(cx->arena, 2 * STREAM_MAX_BYTES);
	const char *text;

	if (turn->answer[0] != '\0')
		add_event(&sb, turn, &turn_grown, &delta);
	add_event(&sb, turn, &turn_ended, &told);
	TRY(sb_finish(cx, &sb, &text));
	reply_text(rp, "text/event-stream", (struct span){ text, sb.len });
	return ERR_OK;
}

static enum err stream_run(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct turn turn;

	TRY(turn_get(cx, rq->ids[0], &turn));
	if (turn_is_over(&turn))
		return tell_whole(cx, rp, &turn);
	return watch(cx, rq, rp, (struct live_spec){ .way = LIVE_SSE }, &turn);
}

static enum err open_run(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct turn turn;

	TRY(upgrade_check(cx, rq));
	TRY(turn_get(cx, rq->ids[0], &turn));
	return watch(cx, rq, rp, (struct live_spec){ .way = LIVE_WS }, &turn);
}

static enum err cancel_run(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct turn turn;

	TRY(turn_cancel(cx, app_job_kinds, rq->ids[0], &turn));
	return reply_json(rp, &turn_schema, &turn);
}

/* --- Doors --- */

struct prompt_in {
	const char *prompt, *model;
	int64_t project_id, conversation_id;
};

#define PROMPT_FIELDS                                                                              \
	F_TEXT(struct prompt_in, prompt, .required = true, .min = 1,                               \
	       .max = CONVERSATION_QUESTION_MAX, .example = "\"Where are requests parsed?\"",      \
	       .doc = "The question"),                                                             \
		F_INT(struct prompt_in, project_id, .min = 1, .max = INT64_MAX, .nullable = true,  \
	              .doc = "The project that is asked about; all of the tenant's without it"),   \
		F_TEXT(struct prompt_in, model, .min = 1, .max = TURN_MODEL_MAX, .nullable = true, \
	               .one_line = true, .doc = "Name of a configured model")

static const struct field GOOSE_FIELDS[] = { PROMPT_FIELDS };
static const struct schema GOOSE = SCHEMA(struct prompt_in, "GoosePrompt", GOOSE_FIELDS);

static const struct field ACT_FIELDS[] = {
	PROMPT_FIELDS,
	F_INT(struct prompt_in, conversation_id, .min = 1, .max = INT64_MAX, .nullable = true,
	      .doc = "The conversation that goes on; a new one without it"),
};
static const struct schema ACT = SCHEMA(struct prompt_in, "AgentAct", ACT_FIELDS);

/* A conversation of the caller's choice, or a new one. */
static enum err ask(struct ctx *cx, const struct prompt_in *in, const char *door, struct turn *ret)
{
	const struct conversation_new new = { .project_id = in->project_id };
	const struct turn_new turn = { .content = in->prompt, .model = in->model };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct conversation conversation;

	TRY(db_begin(cx, &tx));
	if (in->conversation_id != 0)
		TRY(conversation_get(cx, in->conversation_id, &conversation));
	else
		TRY(conversation_begin(cx, &new, door, &conversation));
	if (in->conversation_id != 0 && in->project_id != 0 &&
	    conversation.project_id != in->project_id)
		return err_field(cx, ERR_INVALID, "/project_id", "same",
		                 "is not the project that the conversation is about");
	TRY(turn_ask(cx, conversation.id, &turn, ret));
	return db_commit(&tx);
}

static enum err post_goose(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct run_wait *query = request_query(rq, &run_wait_schema);
	struct turn turn;

	TRY(ask(cx, request_body(rq, &GOOSE), "goose", &turn));
	return reply_run(cx, rq, rp, LIVE_GOOSE, query->wait > 0 ? query->wait : PROMPT_WAIT_S,
	                 &turn);
}

static enum err post_act(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct run_wait *query = request_query(rq, &run_wait_schema);
	struct turn turn;

	TRY(ask(cx, request_body(rq, &ACT), "agent", &turn));
	return reply_run(cx, rq, rp, LIVE_RUN, query->wait, &turn);
}

#define CALLER  .auth = AUTH_ANY, .area = AREA_CHATS
#define WATCHES .method = HTTP_GET, CALLER, .tag = "Conversations", .role = ROLE_VIEWER
#define ASKS                                                                                       \
	.method = HTTP_POST, CALLER, .role = ROLE_MEMBER, .rate = RATE_WRITE,                      \
	.query = &run_wait_schema, .fails = { ERR_NOT_FOUND, ERR_LIMIT }

const struct route run_routes[] = {
	{
		WATCHES,
		.path = "/api/v1/runs/{id}",
		.op = "getRun",
		.rate = RATE_READ,
		.status = 200,
		.query = &run_wait_schema,
		.reply = &turn_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_run,
		.doc = "Read a run: how far it is, its answer and what that rests on.",
		.detail = RUN_WAIT_DETAIL,
		.example = "{" RUN_EXAMPLE "}",
	},
	{
		WATCHES,
		.path = "/api/v1/runs/{id}/steps",
		.op = "listRunSteps",
		.rate = RATE_READ,
		.status = 200,
		.reply = &turn_journal_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_steps,
		.doc = "Read what was done for a run, with all that came of it.",
		.detail =
			"Passages that were found, calls of models and the tools that they asked for,"
			" and what those answered.",
		.example = "{\"items\":[{\"number\":1,\"kind\":\"retrieve\",\"name\":\"\","
			   "\"detail\":\"1 passages\",\"output\":{\"items\":[],\"complete\":true},"
			   "\"duration_ms\":4}]}",
	},
	{
		WATCHES,
		.path = "/api/v1/runs/{id}/stream",
		.op = "streamRun",
		.rate = RATE_READ,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = "text/event-stream",
		.fails = { ERR_NOT_FOUND },
		.run = stream_run,
		.doc = "Watch a run as server-sent events, from its beginning to its end.",
		.detail =
			"run.step tells of each step, run.delta of each piece of the answer, and "
			"run.ended of its end, with the whole run; then the stream is over, and a "
			"client closes it. A piece belongs behind the first offset characters: what "
			"was told beyond them is void, as when a run was begun again.",
	},
	{
		WATCHES,
		.path = "/api/v1/runs/{id}/ws",
		.op = "openRun",
		.rate = RATE_READ,
		.status = 101,
		.fails = { ERR_NOT_FOUND, ERR_BAD_REQUEST },
		.run = open_run,
		.doc = "Watch a run over a WebSocket.",
		.detail = "The events are those of streamRun, the messages those of openEvents.",
	},
	{
		.method = HTTP_POST,
		CALLER,
		.tag = "Conversations",
		.role = ROLE_MEMBER,
		.rate = RATE_WRITE,
		.path = "/api/v1/runs/{id}/cancel",
		.op = "cancelRun",
		.audit = "job.cancelled job.cancel_requested",
		.status = 202,
		.reply = &turn_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.run = cancel_run,
		.doc = "Stop a run; what there is of its answer stays.",
		.example = "{" RUN_EXAMPLE "}",
	},
	{
		ASKS,
		.tag = "AI",
		.path = "/api/v1/ai/goose",
		.op = "askGoose",
		.alias = true,
		.audit = "conversation.created run.queued",
		.body = &GOOSE,
		.status = 200,
		.reply = &answer_goose_schema,
		.run = post_goose,
		.doc = "Ask one question and wait for its answer.",
		.detail =
			"A conversation is begun for it. When the answer takes longer than the wait, "
			"the status is 202, the answer empty, and getRun has it later.",
		.example =
			"{\"answer\":\"1. **function `parse`** in `lib/parse.c:2-5` [1]\","
			"\"mode\":\"extractive\",\"citations\":[],\"run_id\":12,"
			"\"conversation_id\":3,\"status\":\"completed\",\"model\":null,"
			"\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0},"
			"\"error_type\":null,\"error_message\":null}",
	},
	{
		ASKS,
		.tag = "AI",
		.path = "/api/v1/agent/act",
		.op = "agentAct",
		.audit = "conversation.created run.queued",
		.body = &ACT,
		.status = 202,
		.reply = &turn_schema,
		.run = post_act,
		.doc = "Ask in a conversation, which is begun when none is named.",
		.detail = RUN_WAIT_DETAIL,
		.example = "{" RUN_EXAMPLE "}",
	},
	ROUTES_END,
};
