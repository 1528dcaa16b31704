/* Again and its SQL: the digest of a question, and whose answer it has. */
#include "chats/again.h"

#include "base/secret.h"
#include "chats/turn_repo.h"
#include "config/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES ((size_t)1 << 20)

/* What an answer rests on besides the question. */
static const struct db_stmt BASIS = {
	.name = "again_basis",
	.read = true,
	.nparams = 2,
	.sql = "SELECT (SELECT coalesce(string_agg(s.project_id || ' ' || s.commit || ' ' || s.version"
	       " || ' ' || s.complete || ' ' || s.indexed_at, ',' ORDER BY s.project_id), '')"
	       " FROM app.search_state s WHERE s.tenant_id = $1"
	       " AND ($2::bigint IS NULL OR s.project_id = $2)) || '|' ||"
	       " (SELECT coalesce(max(m.id), 0) FROM app.system_map m WHERE m.tenant_id = $1"
	       " AND ($2::bigint IS NULL OR m.project_id = $2)) || '|' ||"
	       " (SELECT count(*) || ' ' || coalesce(max(d.id), 0) || ' '"
	       " || count(*) FILTER (WHERE d.status = 'ready') FROM app.document d"
	       " WHERE d.tenant_id = $1 AND $2::bigint IS NULL)",
};

static const struct db_stmt FIND = {
	.name = "again_find",
	.read = true,
	.nparams = 5,
	.sql = "SELECT id FROM app.chat_run WHERE tenant_id = $1 AND digest = decode($2, 'hex')"
	       " AND id <> $3 AND status = 'completed' AND cached_from IS NULL AND mode = $5"
	       " AND finished_at > now() - make_interval(secs => $4::bigint) ORDER BY id DESC LIMIT 1",
};

static const struct db_stmt NOTE = {
	.name = "again_note",
	.nparams = 4,
	.sql = "UPDATE app.chat_run SET digest = decode($3, 'hex'), cached_from = $4"
	       " WHERE tenant_id = $1 AND id = $2",
};

static enum err digest_of(struct journal *j, const char *text, const char *model,
                          char ret[SECRET_HEX_MAX])
{
	struct ctx *cx = j->cx;
	struct sb sb = sb_new(cx->arena, KEY_BYTES);
	unsigned char hash[SECRET_HASH_BYTES];
	const char *basis, *key;

	TRY(db_get_text(cx, &BASIS, DB_ARGS(DB_INT0(j->turn->project_id)), &basis));
	sb_addf(&sb, "%" PRId64 "\n%s\n%s\n%s", j->turn->project_id, basis,
	        model != NULL ? model : "", text);
	TRY(sb_finish(cx, &sb, &key));
	secret_hash(key, sb.len, NULL, 0, hash);
	secret_hex(hash, sizeof(hash), ret);
	return ERR_OK;
}

/* What was said before would be a part of the question. */
static enum err is_first(struct journal *j, bool *ret)
{
	struct list before;

	TRY(turn_repo_before(j->cx, j->turn->id, 1, &before));
	*ret = before.n == 0;
	return ERR_OK;
}

static const struct db_stmt FORGET = {
	.name = "again_forget",
	.nparams = 2,
	.sql = "UPDATE app.chat_run SET cached_from = NULL WHERE tenant_id = $1 AND id = $2",
};

/* @ret_id whose answer it is; 0: of none */
static enum err decide(struct journal *j, const char *text, const char *model, int64_t *ret_id)
{
	struct ctx *cx = j->cx;
	const int64_t seconds = cx->app->config->answer_cache_s;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char digest[SECRET_HEX_MAX];
	bool first = false;
	enum err e;

	*ret_id = 0;
	if (seconds > 0)
		TRY(is_first(j, &first));
	if (!first)
		return ERR_OK;
	TRY(digest_of(j, text, model, digest));
	e = db_get_int(cx, &FIND,
	               DB_ARGS(DB_TEXT(digest), DB_INT(j->turn->id), DB_INT(seconds),
	                       DB_TEXT(model != NULL ? "model" : "extractive")),
	               ret_id);
	if (e == ERR_NOT_FOUND) {
		*ret_id = 0;
		err_clear(cx);
	} else {
		TRY(e);
	}
	TRY(run_begin(cx, j->run, &tx));
	TRY(db_run(cx, &NOTE, DB_ARGS(DB_INT(j->turn->id), DB_TEXT(digest), DB_INT0(*ret_id)),
	           NULL));
	return db_commit(&tx);
}

/* @ret whether all of them still resolve, under the numbers that the text has */
static enum err cite_all(struct journal *j, const struct turn *from, bool *ret)
{
	const struct citation *c = from->citations.items;

	*ret = true;
	for (size_t i = 0; i < from->citations.n && *ret; i++) {
		struct citation copy = c[i];
		const char *text;

		TRY(journal_cite(j, &copy, ret, &text));
		*ret = *ret && copy.number == c[i].number;
	}
	return ERR_OK;
}

/* It is answered afresh. */
static enum err forget(struct journal *j)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	j->ncited = 0;
	j->dropped = 0;
	TRY(run_begin(j->cx, j->run, &tx));
	TRY(db_run(j->cx, &FORGET, DB_ARGS(DB_INT(j->turn->id)), NULL));
	return db_commit(&tx);
}

static enum err keep(struct journal *j, const struct turn *from)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(journal_keep(j, "answer", "cached",
	                 arena_printf(j->cx->arena, "the answer of run %" PRId64, from->id),
	                 arena_printf(j->cx->arena, "%" PRId64, from->id)));
	TRY(run_begin(j->cx, j->run, &tx));
	TRY(turn_repo_mode(j->cx, j->turn->id, from->mode, from->model));
	return db_commit(&tx);
}

enum err again_answer(struct journal *j, const char *text, const char *model, bool *ret)
{
	bool kept = false;
	const char *output;
	struct turn from;
	int64_t id = 0;
	enum err e;

	*ret = false;
	if (journal_has(j, "answer", "cached", &output)) { /* by an attempt that was killed */
		id = strtoll(output, NULL, 10);
		kept = true;
	} else if (j->steps.n == 0) {
		TRY(decide(j, text, model, &id));
	}
	if (id == 0)
		return ERR_OK;
	e = turn_repo_get(j->cx, id, &from);
	if (e == ERR_NOT_FOUND) { /* its conversation was deleted just now */
		err_clear(j->cx);
		return forget(j);
	}
	TRY(e);
	TRY(cite_all(j, &from, ret));
	if (!*ret)
		return forget(j);
	if (!kept)
		TRY(keep(j, &from));
	j->dropped = from.dropped;
	return journal_say(j, from.answer, strlen(from.answer));
}

const struct db_check again_statements[] = {
	{ .stmt = &BASIS },  { .stmt = &FIND }, { .stmt = &NOTE },
	{ .stmt = &FORGET }, { .stmt = NULL },
};
