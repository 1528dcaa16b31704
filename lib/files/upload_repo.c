/* SQL of uploads. */
#include "files/upload_repo.h"

static const struct db_stmt PUT = {
	.name = "upload_put",
	.nparams = 4,
	.sql = "INSERT INTO app.upload_piece (tenant_id, upload_id, number, content)"
	       " VALUES ($1, coalesce($2::bigint, nextval('app.upload_seq')), $3::integer, $4)"
	       " RETURNING upload_id",
};

enum err upload_repo_put(struct ctx *cx, int64_t id, int64_t number, struct span piece,
                         int64_t *ret_id)
{
	return db_get_int(cx, &PUT,
	                  DB_ARGS(DB_INT0(id), DB_INT(number), DB_BYTES(piece.data, piece.len)),
	                  ret_id);
}

static const struct db_stmt DROP = {
	.name = "upload_drop",
	.nparams = 2,
	.sql = "DELETE FROM app.upload_piece WHERE tenant_id = $1 AND upload_id = $2",
};

enum err upload_repo_drop(struct ctx *cx, int64_t id)
{
	return db_run(cx, &DROP, DB_ARGS(DB_INT(id)), NULL);
}

const struct db_check upload_statements[] = {
	{ .stmt = &PUT },
	{ .stmt = &DROP },
	{ .stmt = NULL },
};
