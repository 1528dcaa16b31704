/* Runs in the forms of the doors. */
#include "live/answer.h"

#include "chats/citation.h"

#include <string.h>

#define COMPLETION_TIMED_OUT 504

struct usage {
	int64_t prompt_tokens, completion_tokens, total_tokens;
};
static const struct field USAGE_FIELDS[] = {
	F_INT(struct usage, prompt_tokens, .doc = "Tokens that models read"),
	F_INT(struct usage, completion_tokens, .doc = "Tokens that models wrote"),
	F_INT(struct usage, total_tokens, .doc = "Both"),
};
static const struct schema USAGE = SCHEMA(struct usage, "Usage", USAGE_FIELDS);

struct goose {
	const char *answer, *mode, *status, *model, *error_type, *error_message;
	int64_t run_id, conversation_id;
	struct list citations;
	struct usage *usage;
};
static const struct field GOOSE_FIELDS[] = {
	F_TEXT(struct goose, answer,
	       .doc = "The answer, as Markdown; empty when it is not there yet"),
	F_TEXT(struct goose, mode, .nullable = true,
	       .doc = "extractive when no model was asked, else model; null: not known yet"),
	F_LIST(struct goose, citations, .of = &citation_schema,
	       .doc = "What the numbers in brackets stand for"),
	F_INT(struct goose, run_id, .doc = "The run, for getRun"),
	F_INT(struct goose, conversation_id, .doc = "The conversation that it was asked in"),
	F_TEXT(struct goose, status, .doc = "How far the run is"),
	F_TEXT(struct goose, model, .nullable = true, .doc = "The model that wrote the answer"),
	F_OBJ(struct goose, usage, .of = &USAGE, .doc = "What models read and wrote for it"),
	F_TEXT(struct goose, error_type, .nullable = true,
	       .doc = "Last part of the problem type, of a run that failed"),
	F_TEXT(struct goose, error_message, .nullable = true, .doc = "Why it failed"),
};
const struct schema answer_goose_schema = SCHEMA(struct goose, "GooseAnswer", GOOSE_FIELDS);

bool answer_is(const struct live_event *event, const struct event_kind *kind)
{
	return strlen(kind->type) == event->kind_bytes &&
	       memcmp(event->text + event->kind_at, kind->type, event->kind_bytes) == 0;
}

/* The relay has encoded it itself, and the log only holds what a schema has written. */
static bool payload_of(struct ctx *cx, const struct live_event *e, const struct schema *s,
                       void *ret)
{
	struct event event;

	if (schema_decode(cx, &event_schema, (struct span){ e->text + e->json_at, e->json_bytes },
	                  &event) == ERR_OK &&
	    schema_decode(cx, s, (struct span){ event.payload, strlen(event.payload) }, ret) ==
	            ERR_OK)
		return true;
	err_clear(cx);
	return false;
}

bool answer_run(struct ctx *cx, const struct live_event *event, struct turn *ret)
{
	struct turn_told told;

	if (!answer_is(event, &turn_queued) && !answer_is(event, &turn_ended))
		return false;
	if (!payload_of(cx, event, &turn_told_schema, &told) || told.run == NULL)
		return false;
	*ret = *told.run;
	return true;
}

static struct usage usage_of(const struct turn *run)
{
	return (struct usage){ run->input_tokens, run->output_tokens,
		               run->input_tokens + run->output_tokens };
}

static void add_usage(struct sb *sb, const struct turn *run)
{
	const struct usage usage = usage_of(run);

	schema_encode(sb, &USAGE, &usage);
}

static void add_citations(struct sb *sb, const struct turn *run)
{
	schema_encode_array(sb, &citation_schema, run->citations.items, run->citations.n);
}

static void add_text(struct sb *sb, const char *text)
{
	if (text == NULL)
		sb_add(sb, "null");
	else
		sb_json(sb, text);
}

static void write_goose(struct sb *sb, const struct turn *run)
{
	struct usage usage = usage_of(run);
	const struct goose goose = {
		.answer = run->answer,
		.mode = run->mode,
		.status = run->status,
		.model = run->model,
		.error_type = run->error_type,
		.error_message = run->error_message,
		.run_id = run->id,
		.conversation_id = run->conversation_id,
		.citations = run->citations,
		.usage = &usage,
	};

	schema_encode(sb, &answer_goose_schema, &goose);
}

/* The members that a completion and its chunks begin with. */
static void begin_completion(struct sb *sb, const char *object, int64_t run_id, int64_t project_id,
                             int64_t created_us)
{
	sb_addf(sb, "{\"id\":\"chatcmpl-%lld\",\"object\":\"%s\",\"created\":%lld,\"model\":",
	        (long long)run_id, object, (long long)(created_us / 1000000));
	if (project_id != 0)
		sb_addf(sb, "\"project/%lld\"", (long long)project_id);
	else
		sb_add(sb, "\"projects\"");
}

/* What no OpenAI client looks for, and ours do. */
static void add_portolan(struct sb *sb, const struct turn *run)
{
	sb_addf(sb, ",\"portolan\":{\"run_id\":%lld,\"mode\":", (long long)run->id);
	add_text(sb, run->mode);
	sb_add(sb, ",\"model\":");
	add_text(sb, run->model);
	sb_add(sb, ",\"citations\":");
	add_citations(sb, run);
	sb_addc(sb, '}');
}

static void add_error(struct sb *sb, const struct turn *run)
{
	bool over = turn_is_over(run);

	sb_add(sb, "{\"error\":{\"message\":");
	if (over)
		sb_json(sb,
		        run->error_message != NULL ? run->error_message : "The run was cancelled.");
	else
		sb_addf(sb, "\"The run goes on: GET /api/v1/runs/%lld has its answer.\"",
		        (long long)run->id);
	sb_add(sb, ",\"type\":\"server_error\",\"param\":null,\"code\":");
	sb_json(sb, !over ? "timed-out" : run->error_type != NULL ? run->error_type : "cancelled");
	sb_add(sb, "}}");
}

static bool is_completed(const struct turn *run)
{
	return strcmp(run->status, "completed") == 0;
}

static void write_completion(struct sb *sb, const struct turn *run)
{
	if (!is_completed(run)) {
		add_error(sb, run);
		return;
	}
	begin_completion(sb, "chat.completion", run->id, run->project_id, run->created_us);
	sb_add(sb, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
	sb_json(sb, run->answer);
	sb_add(sb, ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":");
	add_usage(sb, run);
	add_portolan(sb, run);
	sb_addc(sb, '}');
}

/* For the documents: what write_completion() writes. */
struct completion {
	const char *id, *object, *model, *choices, *portolan;
	int64_t created;
	struct usage *usage;
};
static const struct field COMPLETION_FIELDS[] = {
	F_TEXT(struct completion, id, .doc = "chatcmpl- and the number of the run"),
	F_TEXT(struct completion, object, .doc = "chat.completion"),
	F_INT(struct completion, created, .doc = "When it was asked for, in seconds since 1970"),
	F_TEXT(struct completion, model, .doc = "The project"),
	F_JSON(struct completion, choices, .doc = "One, with the answer as its message's content"),
	F_OBJ(struct completion, usage, .of = &USAGE, .doc = "What models read and wrote for it"),
	F_JSON(struct completion, portolan, .doc = "The run's number, mode, model and citations"),
};
const struct schema answer_completion_schema =
	SCHEMA(struct completion, "Completion", COMPLETION_FIELDS);

void answer_write(struct sb *sb, enum live_way way, const struct turn *run)
{
	if (way == LIVE_GOOSE)
		write_goose(sb, run);
	else if (way == LIVE_COMPLETION)
		write_completion(sb, run);
	else
		schema_encode(sb, &turn_schema, run);
}

int answer_status(enum live_way way, const struct turn *run)
{
	if (!turn_is_over(run))
		return way == LIVE_COMPLETION ? COMPLETION_TIMED_OUT : 202;
	return way == LIVE_COMPLETION && !is_completed(run) ? 500 : 200;
}

static void add_delta(struct sb *sb, const struct live_event *event, const char *delta,
                      const char *finish)
{
	sb_add(sb, "data: ");
	begin_completion(sb, "chat.completion.chunk", event->run_id, event->project_id,
	                 event->created_us);
	sb_addf(sb, ",\"choices\":[{\"index\":0,\"delta\":{%s", delta);
	if (finish == NULL)
		return;
	sb_addf(sb, "},\"logprobs\":null,\"finish_reason\":%s}]", finish);
}

static void add_end(struct sb *sb, const struct live_event *event, const struct turn *run,
                    bool usage)
{
	if (is_completed(run)) {
		add_delta(sb, event, "", "\"stop\"");
		add_portolan(sb, run);
		sb_add(sb, "}\n\n");
	} else {
		sb_add(sb, "data: ");
		add_error(sb, run);
		sb_add(sb, "\n\n");
	}
	if (usage && is_completed(run)) {
		sb_add(sb, "data: ");
		begin_completion(sb, "chat.completion.chunk", event->run_id, event->project_id,
		                 event->created_us);
		sb_add(sb, ",\"choices\":[],\"usage\":");
		add_usage(sb, run);
		sb_add(sb, "}\n\n");
	}
	sb_add(sb, "data: [DONE]\n\n");
}

bool answer_chunk(struct ctx *cx, struct sb *sb, const struct live_event *event, bool usage)
{
	struct turn_delta delta;
	struct turn run;

	if (answer_is(event, &turn_grown) && payload_of(cx, event, &turn_delta_schema, &delta)) {
		add_delta(sb, event, "\"content\":", NULL);
		sb_json(sb, delta.text);
		sb_add(sb, "},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
		return false;
	}
	if (!answer_run(cx, event, &run))
		return false;
	if (!turn_is_over(&run)) {
		add_delta(sb, event, "\"role\":\"assistant\",\"content\":\"\"", "null");
		sb_add(sb, "}\n\n");
		return false;
	}
	add_end(sb, event, &run, usage);
	return true;
}

/* --- Streams --- */

static void respond(struct ctx *cx, struct stream *s, const struct turn *run)
{
	struct sb body = sb_new(cx->arena, ANSWER_MAX_BYTES),
		  all = sb_new(cx->arena, ANSWER_MAX_BYTES + 1024);
	int status = answer_status(s->way, run);

	answer_write(&body, s->way, run);
	sb_addf(&all,
	        "HTTP/1.1 %d Answered\r\nX-Accel-Buffering: no\r\n%s"
	        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	        status, status >= 400 ? "X-Should-Retry: false\r\n" : "", body.len);
	sb_addn(&all, body.data, body.len);
	assert(!all.failed);
	stream_note(s, all.data, all.len);
}

bool answer_gather(struct ctx *cx, struct source *source, struct stream *s)
{
	struct live_event *event;
	struct turn run = { .id = s->filter.run_id, .status = "queued", .answer = "" };

	while ((event = stream_next(source, s)) != NULL) {
		live_event_drop(s->last);
		s->last = live_event_hold(event);
		stream_sent(s);
		if (answer_is(s->last, &turn_ended))
			break;
	}
	if (s->ending == NOT_ENDING && (s->last == NULL || !answer_is(s->last, &turn_ended)))
		return false;
	if (s->last != NULL && !answer_run(cx, s->last, &run))
		run.id = s->filter.run_id;
	respond(cx, s, &run);
	return true;
}

bool answer_chat(struct ctx *cx, struct source *source, struct stream *s)
{
	struct sb sb = sb_new(cx->arena, 2 * ANSWER_MAX_BYTES);
	struct live_event *event;

	while (s->ending == NOT_ENDING && sb.len < ANSWER_MAX_BYTES &&
	       (event = stream_next(source, s)) != NULL) {
		if (answer_chunk(cx, &sb, event, s->usage))
			s->ending = ENDING_AGE;
		stream_sent(s);
	}
	if (sb.len > 0)
		stream_note(s, sb.data, sb.len);
	return sb.len > 0;
}
