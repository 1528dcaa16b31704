/*
 * conversation_run: answer a question.
 *
 * It may run twice: what is in its journal is not done again, and the text goes on where it is.
 */
#include "chats/turn_jobs.h"

#include "chats/again.h"
#include "chats/dialogue.h"
#include "chats/extract.h"
#include "chats/turn_repo.h"
#include "projects/project.h"

#include <inttypes.h>
#include <string.h>

#define FEW_WORDS  2                   /* of a question that goes on with the one before */
#define STEP_BYTES ((size_t)256 << 10) /* of a step's output */

static enum err start(struct ctx *cx, struct job_run *run, int64_t id, const char *mode)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(cx, run, &tx));
	TRY(turn_repo_start(cx, id));
	TRY(turn_repo_mode(cx, id, mode, NULL));
	return db_commit(&tx);
}

static enum err keep_passages(struct journal *j, const struct passages *found)
{
	struct sb sb = sb_new(j->cx->arena, STEP_BYTES);
	const char *output;

	schema_encode(&sb, &passages_schema, found);
	TRY(sb_finish(j->cx, &sb, &output));
	return journal_keep(j, "retrieve", "",
	                    arena_printf(j->cx->arena, "%zu passages", found->items.n), output);
}

static enum err retrieve(struct journal *j, const char *text, const struct question *q,
                         struct passages *ret)
{
	const char *output;

	if (journal_has(j, "retrieve", "", &output))
		return schema_decode(j->cx, &passages_schema,
		                     (struct span){ output, strlen(output) }, ret);
	TRY(find_passages(j->cx, j->turn->project_id, text, q, ret));
	return keep_passages(j, ret);
}

/* A model that was not asked for by its name may be missing: then there is none. */
static enum err choose_model(struct ctx *cx, const struct turn *turn, struct llm_model *model,
                             struct llm_model **ret)
{
	enum err e = llm_find(cx, LLM_CHAT, turn->wanted_model, model);

	*ret = e == ERR_OK ? model : NULL;
	if (e != ERR_NO_MODEL || turn->wanted_model != NULL)
		return e;
	err_clear(cx);
	return ERR_OK;
}

/*
 * A model that cannot be asked, and that nobody asked for by its name, shall not leave the question without an
 * answer: when nothing will be tried again, the passages speak.
 */
static bool falls_back(struct ctx *cx, const struct job_run *run, const struct journal *j)
{
	const struct fault *why = &cx->fault;
	bool last = run->job->attempt >= run->job->max_attempts || !err_info(why->code)->retry;

	return last && j->turn->wanted_model == NULL && j->text.len == 0 && !run_stopped(run) &&
	       why->code != ERR_LEASE_LOST && why->code != ERR_CANCELLED &&
	       why->code != ERR_UNAVAILABLE && why->code != ERR_DATABASE;
}

static enum err speak(struct journal *j, const struct llm_model *model, const char *project,
                      const char *text, const struct question *q, const struct passages *found)
{
	const char *excuse;
	enum err e;

	if (model == NULL)
		return extract_answer(j, project, q, found);
	e = dialogue_answer(j, model, project, text, found);
	if (e == ERR_OK || !falls_back(j->cx, j->run, j))
		return e;
	excuse = arena_printf(j->cx->arena, "*(No model could be asked: %s)*\n\n",
	                      j->cx->fault.detail != NULL ? j->cx->fault.detail
	                                                  : err_info(e)->title);
	err_clear(j->cx);
	TRY(start(j->cx, j->run, j->turn->id, "extractive"));
	TRY(journal_say(j, excuse, strlen(excuse)));
	return extract_answer(j, project, q, found);
}

/* "And who calls it?" asks about what the question before it has named. */
static enum err read_question(struct ctx *cx, const struct turn *turn, const char *text,
                              struct question *ret)
{
	const struct message *m;
	struct list list;

	question_read(cx->arena, text, ret);
	if (ret->nnames > 0 || ret->nwords > FEW_WORDS || (ret->general && ret->nwords > 0))
		return ERR_OK;
	TRY(turn_repo_before(cx, turn->id, 2, &list));
	m = list.items;
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(m[i].role, "user") == 0) {
			question_read(cx->arena,
			              arena_printf(cx->arena, "%s %s", text, m[i].content), ret);
			return ERR_OK;
		}
	}
	return ERR_OK;
}

static enum err answer(struct ctx *cx, struct job_run *run, struct turn *turn, const char *text,
                       const struct llm_model *model)
{
	struct project project = { 0 };
	struct passages found;
	struct question q;
	struct journal j;
	bool again;

	if (turn->project_id != 0)
		TRY(project_get(cx, turn->project_id, &project));
	TRY(read_question(cx, turn, text, &q));
	TRY(journal_open(&j, cx, run, turn));
	TRY(again_answer(&j, text, model != NULL ? model->name : NULL, &again));
	if (again)
		return journal_end(&j);
	run_step(cx, run, 10, "looking for passages");
	TRY(retrieve(&j, text, &q, &found));
	ahead_read(cx, &j.ahead, &found.items);
	if (run_stopped(run))
		return err_set(cx, ERR_CANCELLED, "the run was told to stop");
	run_step(cx, run, 40, "answering");
	TRY(speak(&j, model, project.name, text, &q, &found));
	return journal_end(&j);
}

static enum err run_turn(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct turn_args *args = arguments;
	struct llm_model found, *model;
	struct turn turn;
	const char *text;
	enum err e = turn_repo_get(cx, args->run_id, &turn);

	if (e == ERR_NOT_FOUND) { /* its conversation is deleted */
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	if (turn_is_over(&turn))
		return ERR_OK;
	TRY(turn_repo_question(cx, turn.id, &text));
	TRY(choose_model(cx, &turn, &found, &model));
	TRY(start(cx, run, turn.id, model != NULL ? "model" : "extractive"));
	return answer(cx, run, &turn, text, model);
}

/* Also told when it was cancelled while it worked. */
static enum err failed_turn(struct ctx *cx, const struct job_claim *job, const struct fault *why,
                            bool again)
{
	int64_t id;
	enum err e;

	if (again)
		return ERR_OK;
	e = turn_repo_of_job(cx, job->id, &id);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	return journal_close(cx, id, why->code == ERR_CANCELLED ? "cancelled" : "failed", why);
}

const struct job_handler turn_jobs[] = {
	{ .kind = &turn_job, .run = run_turn, .failed = failed_turn },
	{ .kind = NULL },
};
