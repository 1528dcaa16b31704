/* Steps, pieces and the end of a run, each under the job's claim. */
#include "chats/journal.h"

#include "base/utf8.h"
#include "chats/conversation_repo.h"
#include "chats/turn_repo.h"
#include "config/config.h"
#include "events/bell.h"

#include <string.h>

#define CUT_OFF "\n\n*(The answer was cut off here.)*"

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

enum err journal_open(struct journal *j, struct ctx *cx, struct job_run *run, struct turn *turn)
{
	*j = (struct journal){
		.cx = cx,
		.run = run,
		.turn = turn,
		.step_ms = mono_ms(cx),
		.text = sb_new(cx->arena, TURN_ANSWER_MAX),
		.row = sb_new(cx->arena, TURN_ANSWER_MAX),
	};
	sb_add(&j->text, "");
	sb_add(&j->row, turn->answer);
	return turn_repo_steps(cx, turn->id, &j->steps);
}

bool journal_has(struct journal *j, const char *kind, const char *name, const char **ret_output)
{
	const struct turn_kept *kept = j->steps.items;

	j->step_ms = mono_ms(j->cx);
	if (j->at >= j->steps.n || strcmp(kept[j->at].kind, kind) != 0 ||
	    strcmp(kept[j->at].name, name) != 0)
		return false;
	*ret_output = kept[j->at++].output;
	return true;
}

static enum err write_cost(struct journal *j)
{
	if (j->model != NULL)
		TRY(turn_repo_mode(j->cx, j->turn->id, "model", j->model));
	if (j->input_tokens + j->output_tokens > 0)
		TRY(turn_repo_spend(j->cx, j->turn->id, j->input_tokens, j->output_tokens));
	return ERR_OK;
}

static void forget_cost(struct journal *j)
{
	j->model = NULL;
	j->input_tokens = j->output_tokens = 0;
}

enum err journal_spend(struct journal *j)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(j->cx, j->run, &tx));
	TRY(write_cost(j));
	TRY(db_commit(&tx));
	forget_cost(j);
	return ERR_OK;
}

enum err journal_keep(struct journal *j, const char *kind, const char *name, const char *detail,
                      const char *output)
{
	const struct turn_step step = {
		.number = (int64_t)++j->at,
		.kind = kind,
		.name = name,
		.detail = detail,
		.duration_ms = mono_ms(j->cx) - j->step_ms,
	};
	const struct turn_stepped told = {
		.run_id = j->turn->id,
		.number = step.number,
		.kind = kind,
		.name = name,
		.detail = detail,
	};
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(run_begin(j->cx, j->run, &tx));
	TRY(turn_repo_keep(j->cx, j->turn->id, &step, output));
	TRY(write_cost(j));
	TRY(event_emit(j->cx, &turn_progress, j->turn->project_id, &told));
	TRY(db_commit(&tx));
	bell_ring(j->cx);
	forget_cost(j);
	j->steps.n = j->at; /* what another order of steps left behind is not asked for any more */
	return ERR_OK;
}

/* @ret bytes of the row's text that the answer begins with too; whole characters */
static size_t standing(const struct journal *j)
{
	const char *a = j->text.data, *b = j->row.data;
	size_t n = j->text.len < j->row.len ? j->text.len : j->row.len, i = 0;

	while (i < n && a[i] == b[i])
		i++;
	while (i > 0 && i < j->text.len && ((unsigned char)a[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/* In the transaction of run_begin(): the row has what the answer has. */
static enum err write_piece(struct journal *j, size_t from)
{
	const struct turn_delta delta = {
		.run_id = j->turn->id,
		.offset = (int64_t)utf8_length(j->text.data, from),
		.text = j->text.data + from,
	};

	TRY(turn_repo_grow(j->cx, j->turn->id, delta.offset, delta.text));
	return event_emit(j->cx, &turn_grown, j->turn->project_id, &delta);
}

enum err journal_flush(struct journal *j)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	size_t from = standing(j);

	j->told_ms = mono_ms(j->cx);
	if (from == j->text.len) /* an earlier attempt has said as much, or more */
		return ERR_OK;
	TRY(run_begin(j->cx, j->run, &tx));
	TRY(write_piece(j, from));
	TRY(db_commit(&tx));
	bell_ring(j->cx);
	sb_truncate(&j->row, from);
	sb_add(&j->row, j->text.data + from);
	return ERR_OK;
}

/* How long pieces are gathered: so many answers as grow here write no more than they may. */
static int64_t gather_ms(const struct journal *j)
{
	int64_t ms = run_company(j->run) * 1000 / j->cx->app->config->runner_chat_writes;

	return ms > JOURNAL_GATHER_MS ? ms : JOURNAL_GATHER_MS;
}

enum err journal_say(struct journal *j, const char *text, size_t n)
{
	sb_addn(&j->text, text, n);
	if (j->text.failed) {
		err_set(j->cx, ERR_LIMIT, "the answer passes %zu bytes", TURN_ANSWER_MAX);
		err_fix(j->cx, "ask for less at a time");
		return ERR_LIMIT;
	}
	if (run_stopped(j->run)) {
		TRY(journal_flush(j));
		return err_set(j->cx, ERR_CANCELLED, "the run was told to stop");
	}
	return mono_ms(j->cx) - j->told_ms >= gather_ms(j) ? journal_flush(j) : ERR_OK;
}

static bool same_lines(const struct citation *a, const struct citation *b)
{
	return a->project_id == b->project_id && a->document_id == b->document_id &&
	       a->start == b->start && a->end == b->end && strcmp(a->blob, b->blob) == 0 &&
	       (a->document_id != 0 || strcmp(a->commit, b->commit) == 0) &&
	       strcmp(a->path, b->path) == 0;
}

enum err journal_cite(struct journal *j, struct citation *c, bool *ret, const char **ret_text)
{
	TRY(ahead_check(j->cx, &j->ahead, c, ret, ret_text));
	if (!*ret) {
		j->dropped++;
		return ERR_OK;
	}
	for (size_t i = 0; i < j->ncited; i++) {
		if (same_lines(&j->cited[i], c)) {
			c->number = j->cited[i].number;
			return ERR_OK;
		}
	}
	if (j->ncited == CITATIONS_MAX) {
		*ret = false;
		j->dropped++;
		return ERR_OK;
	}
	c->number = (int64_t)j->ncited + 1;
	j->cited[j->ncited++] = *c;
	return ERR_OK;
}

static enum err announce(struct ctx *cx, int64_t run_id)
{
	struct turn turn;

	TRY(turn_repo_get(cx, run_id, &turn));
	return event_emit(cx, &turn_ended, turn.project_id, &(struct turn_told){ run_id, &turn });
}

enum err journal_end(struct journal *j)
{
	struct ctx *cx = j->cx;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t message_id, rows = 0;

	TRY(run_begin(cx, j->run, &tx));
	if (j->text.len != j->row.len || standing(j) != j->text.len)
		TRY(write_piece(j, standing(j)));
	for (size_t i = 0; i < j->ncited; i++)
		TRY(turn_repo_cite(cx, j->turn->id, &j->cited[i]));
	TRY(turn_repo_end(cx, j->turn->id, "completed", NULL, NULL, j->dropped, &rows));
	TRY(conversation_repo_say(cx, j->turn->conversation_id, "assistant", j->text.data,
	                          j->turn->id, NULL, &message_id));
	TRY(announce(cx, j->turn->id));
	TRY(run_complete(cx, j->run, NULL));
	TRY(db_commit(&tx));
	bell_ring(cx);
	return ERR_OK;
}

enum err journal_close(struct ctx *cx, int64_t run_id, const char *status, const struct fault *why)
{
	const char *slug = err_info(why->code)->slug;
	bool failed = strcmp(status, "failed") == 0;
	int64_t message_id, rows = 0;
	struct turn turn;

	TRY(turn_repo_end(cx, run_id, status, failed ? slug : NULL,
	                  failed ? job_error_text(cx, why) : NULL, 0, &rows));
	if (rows == 0)
		return ERR_OK;
	TRY(turn_repo_get(cx, run_id, &turn));
	if (turn.answer[0] != '\0')
		TRY(conversation_repo_say(cx, turn.conversation_id, "assistant",
		                          arena_printf(cx->arena, "%s" CUT_OFF, turn.answer),
		                          run_id, NULL, &message_id));
	return announce(cx, run_id);
}
