/* Calls and tools until there is an answer; each is kept before the next begins. */
#include "chats/dialogue.h"

#include "ai/prompt.h"
#include "base/secret.h"
#include "chats/cites.h"
#include "chats/dialogue_parts.h"
#include "chats/tools.h"
#include "maps/search.h"
#include "retrieval/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STEP_BYTES   ((size_t)512 << 10)
#define SYSTEM_SHARE 600 /* tokens of the rules, and of what no count foresees */

/* --- Places that the model names --- */

static bool known_place(struct dialogue *d, struct citation *c)
{
	const struct passage *p = d->found->items.items;

	for (size_t i = 0; i < d->found->items.n; i++) {
		if (p[i].project_id != c->project_id || p[i].document_id != c->document_id ||
		    (c->document_id == 0 && strcmp(p[i].path, c->path) != 0))
			continue;
		c->commit = p[i].commit;
		c->blob = p[i].blob;
		c->why = p[i].symbol != NULL && p[i].start <= c->end && c->start <= p[i].end
		                 ? arena_printf(d->cx->arena, "%s `%s`", p[i].kind, p[i].symbol)
		                 : "";
		return true;
	}
	return false;
}

static enum err look_up(struct dialogue *d, struct citation *c)
{
	struct map_index index;
	struct map_entry entry;
	enum err e = index_of_project(d->cx, c->project_id, NULL, &index);

	if (e == ERR_OK)
		e = search_file(d->cx, &index, c->path, &entry);
	if (e == ERR_NOT_FOUND || e == ERR_STATE) {
		err_clear(d->cx);
		return ERR_OK; /* without a blob it does not resolve */
	}
	TRY(e);
	c->commit = index.commit;
	c->blob = entry.oid;
	c->why = "";
	return ERR_OK;
}

/* A document that the model knows from a tool. */
static enum err look_up_document(struct dialogue *d, struct citation *c)
{
	struct document_lines lines = { .from = 1, .to = 1 };
	enum err e = document_read(d->cx, c->document_id, &lines);

	if (e == ERR_NOT_FOUND || e == ERR_INVALID || e == ERR_STATE) {
		err_clear(d->cx);
		return ERR_OK;
	}
	TRY(e);
	c->blob = lines.hash;
	c->why = "";
	return ERR_OK;
}

static enum err resolve(void *arg, struct place_named *place, int64_t *ret_number)
{
	struct dialogue *d = arg;
	const int64_t own = d->j->turn->project_id;
	struct citation c = {
		.project_id = place->project_id != 0 ? place->project_id : own,
		.path = strncmp(place->path, "./", 2) == 0 ? place->path + 2 : place->path,
		.start = place->start,
		.end = place->end,
		.document_id = own == 0 ? citation_document(place->path) : 0,
	};
	const char *text;
	bool good = false;

	*ret_number = 0;
	if (c.document_id != 0 || (own != 0 && c.project_id != own))
		c.project_id = 0; /* another project is none of this conversation's */
	if (c.document_id != 0 && !known_place(d, &c))
		TRY(look_up_document(d, &c));
	else if (c.project_id != 0 && !known_place(d, &c))
		TRY(look_up(d, &c));
	TRY(journal_cite(d->j, &c, &good, &text));
	if (!good)
		return ERR_OK;
	place->shown = citation_place(d->cx->arena, &c);
	*ret_number = c.number;
	return ERR_OK;
}

static enum err say(void *arg, const char *text, size_t n)
{
	struct dialogue *d = arg;

	return journal_say(d->j, text, n);
}

/* --- A call --- */

static const struct field TOOL_CALL_FIELDS[] = {
	F_TEXT(struct llm_tool_call, id),
	F_TEXT(struct llm_tool_call, name),
	F_TEXT(struct llm_tool_call, arguments),
	F_BOOL(struct llm_tool_call, malformed),
};
static const struct schema TOOL_CALL = SCHEMA(struct llm_tool_call, "ToolCall", TOOL_CALL_FIELDS);

/* What a call came to, as the journal keeps it. */
struct kept_call {
	const char *text;
	struct list calls;
	int64_t finish; /* enum llm_finish */
};
static const struct field KEPT_FIELDS[] = {
	F_TEXT(struct kept_call, text),
	F_LIST(struct kept_call, calls, .of = &TOOL_CALL),
	F_INT(struct kept_call, finish),
};
static const struct schema KEPT = SCHEMA(struct kept_call, "KeptCall", KEPT_FIELDS);

static enum err on_text(void *arg, const char *text, size_t n)
{
	struct dialogue *d = arg;

	return cites_feed(&d->cites, text, n);
}

static bool on_poll(void *arg)
{
	const struct dialogue *d = arg;

	return run_stopped(d->j->run);
}

static void count(struct journal *j, const struct llm_answer *answer)
{
	j->model = answer->model;
	j->input_tokens = answer->usage.input_tokens;
	j->output_tokens = answer->usage.output_tokens;
}

enum err dialogue_call(struct dialogue *d, const char *name, const struct llm_request *rq,
                       bool aloud, struct llm_answer *ret)
{
	const struct llm_watch watch = { .arg = d,
		                         .text = aloud ? on_text : NULL,
		                         .cancelled = on_poll };
	struct fault why;
	enum err e;

	run_step(d->cx, d->j->run, 60, name);
	e = llm_call(d->cx, rq, &watch, ret);
	count(d->j, ret);
	if (e == ERR_OK)
		return ERR_OK;
	why = d->cx->fault; /* what it has cost is told also when it failed */
	if (ret->usage.input_tokens + ret->usage.output_tokens > 0 &&
	    (journal_flush(d->j) != ERR_OK || journal_spend(d->j) != ERR_OK))
		err_clear(d->cx);
	d->cx->fault = why;
	return e;
}

static enum err keep_call(struct dialogue *d, const struct llm_answer *answer)
{
	const struct kept_call kept = { answer->text,
		                        { answer->calls, answer->ncalls },
		                        answer->finish };
	struct sb sb = sb_new(d->cx->arena, STEP_BYTES);
	const char *output;

	schema_encode(&sb, &KEPT, &kept);
	TRY(sb_finish(d->cx, &sb, &output));
	return journal_keep(d->j, "call", "answer",
	                    arena_printf(d->cx->arena, "%s: %" PRId64 " tokens in, %" PRId64 " out",
	                                 answer->model != NULL ? answer->model : "",
	                                 answer->usage.input_tokens, answer->usage.output_tokens),
	                    output);
}

static enum err call_or_recall(struct dialogue *d, bool tools, struct kept_call *ret)
{
	size_t ntools = 0;
	struct llm_answer answer = { 0 };
	const char *output;

	if (journal_has(d->j, "call", "answer", &output)) {
		TRY(schema_decode(d->cx, &KEPT, (struct span){ output, strlen(output) }, ret));
		return cites_feed(&d->cites, ret->text, strlen(ret->text));
	}
	while (tools && tools_all[ntools].name != NULL)
		ntools++;
	TRY(dialogue_call(d, "answer",
	                  &(struct llm_request){
				  .model = d->model->name,
				  .messages = d->messages,
				  .nmessages = d->n,
				  .tools = ntools > 0 ? tools_all : NULL,
				  .ntools = ntools,
				  .max_tokens = d->answer_tokens,
				  .prompt = d->rules.name,
				  .prompt_version = d->rules.version,
				  .project_id = d->j->turn->project_id,
				  .job_id = d->j->turn->job_id,
				  .user_id = d->j->turn->user_id,
				  .key_id = d->j->turn->key_id,
			  },
	                  true, &answer));
	TRY(keep_call(d, &answer));
	*ret = (struct kept_call){ answer.text, { answer.calls, answer.ncalls }, answer.finish };
	return ERR_OK;
}

/* --- Tools --- */

static const struct field OUTPUT_FIELDS[] = {
	F_TEXT(struct tool_output, text),
	F_BOOL(struct tool_output, failed),
};
static const struct schema OUTPUT = SCHEMA(struct tool_output, "ToolOutput", OUTPUT_FIELDS);

static enum err use_tool(struct dialogue *d, const struct llm_tool_call *call,
                         struct tool_output *ret)
{
	const struct passage *p = d->found->items.items;
	const char *commit =
		d->j->turn->project_id != 0 && d->found->items.n > 0 ? p->commit : NULL;
	struct sb sb = sb_new(d->cx->arena, STEP_BYTES);
	const char *output;

	if (journal_has(d->j, "tool", call->name, &output))
		return schema_decode(d->cx, &OUTPUT, (struct span){ output, strlen(output) }, ret);
	run_step(d->cx, d->j->run, 70, "using a tool");
	TRY(tools_run(d->cx, d->j->turn->project_id, commit, call, ret));
	schema_encode(&sb, &OUTPUT, ret);
	TRY(sb_finish(d->cx, &sb, &output));
	return journal_keep(d->j, "tool", call->name,
	                    arena_printf(d->cx->arena, "%.300s%s", call->arguments,
	                                 ret->failed ? " (failed)" : ""),
	                    output);
}

static enum err use_tools(struct dialogue *d, const struct kept_call *said)
{
	const struct llm_tool_call *call = said->calls.items;

	dialogue_add(d, &(struct llm_message){ .role = LLM_ASSISTANT,
	                                       .text = said->text,
	                                       .calls = call,
	                                       .ncalls = said->calls.n });
	for (size_t i = 0; i < said->calls.n; i++) {
		struct tool_output output;

		if (run_stopped(d->j->run))
			return err_set(d->cx, ERR_CANCELLED, "the run was told to stop");
		TRY(use_tool(d, &call[i], &output));
		dialogue_add(
			d, &(struct llm_message){
				   .role = LLM_TOOL,
				   .text = dialogue_data(d, call[i].name, output.text, d->left / 2),
				   .call_id = call[i].id,
				   .failed = output.failed,
			   });
	}
	return ERR_OK;
}

/* --- The answer --- */

/* What the model has said so far stands before it. */
static enum err remark(struct dialogue *d, const char *text)
{
	TRY(cites_finish(&d->cites));
	return say(d, text, strlen(text));
}

static enum err converse(struct dialogue *d)
{
	for (int round = 0;; round++) {
		bool tools = d->model->tools == LLM_YES && round < DIALOGUE_ROUNDS && d->left > 0;
		struct kept_call said;

		TRY(call_or_recall(d, tools, &said));
		if (said.finish == LLM_FINISH_LENGTH)
			return remark(
				d, "\n\n*(The answer is cut off: the model may write no more.)*");
		if (said.finish == LLM_FINISH_FILTER)
			return remark(d, "\n\n*(The provider's filter ended the answer.)*");
		if (said.finish != LLM_FINISH_TOOLS || said.calls.n == 0 || !tools)
			return ERR_OK;
		TRY(use_tools(d, &said));
		if (d->j->text.len > 0)
			TRY(remark(d, "\n\n"));
	}
}

static void make_mark(char mark[DIALOGUE_MARK])
{
	uint64_t random;

	secret_random(&random, sizeof(random));
	snprintf(mark, DIALOGUE_MARK, "%016" PRIx64, random);
}

enum err dialogue_answer(struct journal *j, const struct llm_model *model, const char *project,
                         const char *question, const struct passages *found)
{
	const int64_t context =
		model->context_tokens > 0 ? model->context_tokens : DIALOGUE_CONTEXT;
	struct dialogue *d = arena_alloc(j->cx->arena, sizeof(*d));

	*d = (struct dialogue){
		.j = j,
		.cx = j->cx,
		.model = model,
		.project = project,
		.found = found,
		.answer_tokens = DIALOGUE_ANSWER,
		.cites = { .cx = j->cx, .arg = d, .say = say, .resolve = resolve },
	};
	make_mark(d->mark);
	if (model->output_tokens > 0 && model->output_tokens < d->answer_tokens)
		d->answer_tokens = model->output_tokens;
	if (d->answer_tokens > context / 4)
		d->answer_tokens = context / 4;
	d->left = context - d->answer_tokens - SYSTEM_SHARE;
	cites_begin(&d->cites);
	TRY(dialogue_prepare(d, question));
	TRY(converse(d));
	TRY(cites_finish(&d->cites));
	j->dropped += d->cites.dropped;
	return ERR_OK;
}
