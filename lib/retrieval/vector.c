/* Vectors: as text, and their SQL. */
#include "retrieval/vector.h"

#include "config/config.h"

#include <math.h>
#include <stdio.h>

#define TEXT_BYTES  ((size_t)2 << 20)
#define FLOAT_CHARS 16 /* "-1.2345678e-10," */

bool vector_unit(float *floats, size_t n)
{
	double sum = 0, scale;

	for (size_t i = 0; i < n; i++)
		sum += (double)floats[i] * (double)floats[i];
	scale = 1 / sqrt(sum);
	if (!isfinite(scale))
		return false;
	for (size_t i = 0; i < n; i++)
		floats[i] = (float)(floats[i] * scale);
	return true;
}

void vector_text(struct sb *sb, const float *floats, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char number[FLOAT_CHARS + 1];

		snprintf(number, sizeof(number), "%c%.7g", i == 0 ? '{' : ',', (double)floats[i]);
		sb_add(sb, number);
	}
	sb_addc(sb, '}');
}

void vector_signs(struct sb *sb, const float *floats, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sb_addc(sb, floats[i] > 0 ? '1' : '0');
}

/* --- Searching --- */

static const struct field NEAR_FIELDS[] = {
	F_INT(struct vector_near, segment_id),
	F_INT(struct vector_near, chunk),
	F_INT(struct vector_near, similarity),
	F_TEXT(struct vector_near, way),
};
static const struct schema NEAR_ROW = SCHEMA(struct vector_near, "VectorNear", NEAR_FIELDS);

static const struct db_stmt NEAR = {
	.name = "vector_near",
	.read = true,
	.nparams = 12,
	.sql = "SELECT segment_id, chunk, (similarity * 1000000)::bigint AS similarity, way FROM"
	       " app.search_near($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};

enum err vector_search(struct ctx *cx, const struct vector_query *query, struct list *ret,
                       const char **ret_way)
{
	const struct config *config = cx->app->config;
	struct sb sb = sb_new(cx->arena, TEXT_BYTES), bits = sb_new(cx->arena, TEXT_BYTES);
	const struct vector_near *rows;
	const char *floats, *signs;

	vector_text(&sb, query->floats, query->dimensions);
	vector_signs(&bits, query->floats, query->dimensions);
	TRY(sb_finish(cx, &sb, &floats));
	TRY(sb_finish(cx, &bits, &signs));
	TRY(db_list(cx, &NEAR,
	            DB_ARGS(DB_INT(query->space_id), DB_TEXT(floats), DB_TEXT(signs),
	                    DB_TEXT(query->segments), DB_INT0(query->project_id),
	                    DB_TEXT(query->path), DB_TEXT(query->language), DB_TEXT(query->source),
	                    DB_INT(query->most), DB_INT(config->vector_exact_max),
	                    DB_INT(config->vector_scan_max)),
	            &NEAR_ROW, ret));
	if (ret->n == 0)
		return err_set(cx, ERR_INTERNAL, "app.search_near() did not say how it went");
	rows = ret->items;
	*ret_way = rows[0].way;
	*ret = (struct list){ rows + 1, ret->n - 1 };
	return ERR_OK;
}

/* --- Spaces --- */

static const struct db_stmt SPACE = {
	.name = "vector_space",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(max(id), 0)::bigint FROM app.vector_space WHERE tenant_id = $1"
	       " AND origin = $2 AND ($3::integer IS NULL OR dimensions = $3)",
};

enum err vector_space(struct ctx *cx, const char *origin, size_t dimensions, int64_t *ret)
{
	return db_get_int(cx, &SPACE, DB_ARGS(DB_TEXT(origin), DB_INT0((int64_t)dimensions)), ret);
}

static const struct db_stmt MAKE = {
	.name = "vector_space_make",
	.nparams = 3,
	.sql = "INSERT INTO app.vector_space (tenant_id, origin, dimensions)"
	       " VALUES ($1, $2, $3) RETURNING id",
};

static const struct db_stmt INDEX = {
	.name = "vector_index",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT app.search_vector_index($1, false)::integer::bigint",
};

enum err vector_space_make(struct ctx *cx, const char *origin, size_t dimensions, int64_t *ret)
{
	const struct db_arg length = DB_INT((int64_t)dimensions);
	int64_t made;

	TRY(db_get_int(cx, &INDEX, &length, 1, &made));
	return db_get_int(cx, &MAKE, DB_ARGS(DB_TEXT(origin), DB_INT((int64_t)dimensions)), ret);
}

static const struct db_stmt PATIENCE = {
	.name = "vector_patience",
	.any_tenant = true,
	.sql = "SELECT set_config('statement_timeout', '0', true)",
};

static const struct db_stmt INDEXES = {
	.name = "vector_indexes",
	.any_tenant = true,
	.sql = "SELECT count(*) FILTER (WHERE app.search_vector_index(dimensions, true)) FROM"
	       " (SELECT DISTINCT dimensions FROM app.vector_space) AS d",
};

enum err vector_indexes(struct ctx *cx)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t made;

	TRY(db_begin(cx, &tx));
	TRY(db_run(cx, &PATIENCE, DB_NO_ARGS, NULL));
	TRY(db_get_int(cx, &INDEXES, DB_NO_ARGS, &made));
	return db_commit(&tx);
}

/* --- What there is --- */

static const struct field STATE_FIELDS[] = {
	F_TEXT(struct vector_state, extension, .nullable = true,
	       .doc = "Version of the extension vector (pgvector) in the database; null: it is not "
	              "there, and vectors are compared one by one up to vector_scan_max passages"),
	F_BOOL(struct vector_state, index,
	       .doc = "Whether the nearest of many are found by an index: it is 0.8 or newer"),
};
const struct schema vector_state_schema = SCHEMA(struct vector_state, "VectorState", STATE_FIELDS);

/* As app.vector_schema() does, and also of a database that is older than this program. */
static const struct db_stmt LOOK = {
	.name = "vector_look",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT max(extversion) AS extension, coalesce(bool_or("
	       "string_to_array(substring(extversion FROM '^[0-9.]*[0-9]'), '.')::integer[] >="
	       " ARRAY[0, 8]), false) AS index FROM pg_catalog.pg_extension WHERE extname = 'vector'",
};

enum err vector_look(struct ctx *cx, struct vector_state *ret)
{
	return db_get(cx, &LOOK, DB_NO_ARGS, &vector_state_schema, ret);
}

const struct db_check vector_statements[] = {
	{ .stmt = &NEAR, .row = &NEAR_ROW },
	{ .stmt = &SPACE },
	{ .stmt = &MAKE, .as = DB_AS_RUNNER },
	{ .stmt = &INDEX, .as = DB_AS_RUNNER },
	{ .stmt = &PATIENCE, .as = DB_AS_OWNER },
	{ .stmt = &INDEXES, .as = DB_AS_OWNER },
	{ .stmt = &LOOK, .row = &vector_state_schema },
	{ .stmt = NULL },
};
