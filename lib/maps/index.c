/* Indexes: which answers for a project, filled and swept in pieces. */
#include "maps/index.h"

#include "maps/index_repo.h"
#include "maps/map.h"

#include <inttypes.h>
#include <string.h>

enum err index_of_project(struct ctx *cx, int64_t project_id, const char *commit,
                          struct map_index *ret)
{
	struct map map;
	enum err e = index_repo_of_project(cx, project_id, commit, ret);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(map_of_project(cx, project_id, commit, &map));
	err_set(cx, ERR_STATE, "the map of commit %.12s is stored, but not what answers questions",
	        map.commit);
	err_fix(cx, "ask for the newest commit, or let the project be synchronized");
	return ERR_STATE;
}

enum err index_has(struct ctx *cx, int64_t map_id, bool *ret)
{
	int64_t n;

	TRY(index_repo_has(cx, map_id, &n));
	*ret = n > 0;
	return ERR_OK;
}

/* --- Filling --- */

struct span index_piece(struct span *rest)
{
	struct span piece = *rest;
	const char *feed;

	if (piece.len > INDEX_PIECE_BYTES) {
		feed = memchr(piece.data + INDEX_PIECE_BYTES, '\n', piece.len - INDEX_PIECE_BYTES);
		if (feed != NULL)
			piece.len = (size_t)(feed + 1 - piece.data);
	}
	rest->data += piece.len;
	rest->len -= piece.len;
	return piece;
}

static enum err begin(struct ctx *cx, struct job_run *run, struct db_tx *tx)
{
	return run != NULL ? run_begin(cx, run, tx) : db_begin(cx, tx);
}

static enum err put_piece(struct ctx *cx, struct job_run *run, const struct index_table *table,
                          int64_t id, struct span piece)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(begin(cx, run, &tx));
	TRY(index_repo_lazy(cx));
	TRY(db_run(cx, table->put, DB_ARGS(DB_INT(id), DB_BYTES(piece.data, piece.len)), NULL));
	return db_commit(&tx);
}

static enum err put_index(struct ctx *cx, struct job_run *run, int64_t project_id, struct span line,
                          int64_t *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(begin(cx, run, &tx));
	TRY(index_repo_new(cx, project_id, line, ret));
	return db_commit(&tx);
}

enum err index_fill(struct ctx *cx, struct job_run *run, int64_t project_id,
                    const struct bundle *bundle, int64_t *ret)
{
	const struct span *line = bundle_find(bundle, "index");

	*ret = 0;
	if (line == NULL)
		return ERR_OK;
	TRY(put_index(cx, run, project_id, *line, ret));
	for (const struct index_table *table = index_tables; table->part != NULL; table++) {
		const struct span *part = bundle_find(bundle, table->part);
		struct span rest = part != NULL ? *part : (struct span){ 0 };

		while (rest.len > 0) {
			if (run != NULL && run_stopped(run))
				return err_set(cx, ERR_CANCELLED,
				               "stopped while the index was filled");
			TRY(put_piece(cx, run, table, *ret, index_piece(&rest)));
		}
	}
	return ERR_OK;
}

enum err index_publish(struct ctx *cx, int64_t id, int64_t map_id)
{
	return index_repo_publish(cx, id, map_id);
}

/* --- Sweeping --- */

static enum err drop_piece(struct ctx *cx, const struct index_table *table, int64_t id,
                           int64_t *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(index_repo_lazy(cx));
	TRY(db_run(cx, table->drop, DB_ARGS(DB_INT(id), DB_INT(INDEX_PIECE_ROWS)), ret));
	return db_commit(&tx);
}

static enum err drop(struct ctx *cx, int64_t id)
{
	for (const struct index_table *table = index_tables; table->part != NULL; table++) {
		int64_t rows = INDEX_PIECE_ROWS;

		while (rows == INDEX_PIECE_ROWS)
			TRY(drop_piece(cx, table, id, &rows));
	}
	return index_repo_drop(cx, id);
}

enum err index_sweep(struct ctx *cx, int64_t project_id, int64_t keep)
{
	for (;;) {
		int64_t id;

		TRY(index_repo_stale(cx, project_id, keep, &id));
		if (id == 0)
			return ERR_OK;
		TRY(drop(cx, id));
	}
}
