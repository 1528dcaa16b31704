/*
 * Search by meaning over made-up vectors: how many of the nearest the index finds, and how soon.
 *
 *     tests/pg.sh build/release/tests/bench/vector_tool
 *
 * Vectors lie in clusters, as those of texts do; questions lie near to them.  All are the same in each run.  Prints rows
 * as tests/bench/run.sh does.  BENCH_VECTORS is another size.
 */
#include "app/app.h"
#include "bench/tool.h"
#include "config/config.h"
#include "projects/project.h"
#include "retrieval/vector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS     40000u
#define DIMENSIONS  256
#define CLUSTERS    400u
#define SPREAD      0.7f /* of a cluster, against the distance between two */
#define OF_FILE     10u
#define FOLDERS     "50"
#define BATCH       500u
#define QUESTIONS   100u
#define NEAREST     10
#define ARENA_BYTES ((size_t)1 << 30)
#define BATCH_BYTES ((size_t)64 << 20)

static const struct db_stmt SPACE = {
	.name = "bench_space",
	.nparams = 2,
	.sql = "INSERT INTO app.vector_space (tenant_id, origin, dimensions) VALUES ($1, 'bench', $2)"
	       " RETURNING id",
};
static const struct db_stmt SEGMENT = {
	.name = "bench_segment",
	.nparams = 3,
	.sql = "INSERT INTO app.search_segment (tenant_id, project_id, documents, published, chunks)"
	       " VALUES ($1, $2, false, true, $3) RETURNING id",
};
static const struct db_stmt FILES = {
	.name = "bench_files",
	.nparams = 5,
	.sql = "INSERT INTO app.search_file (tenant_id, segment_id, project_id, path, oid, language,"
	       " source, first_chunk, chunks) SELECT $1, $2, $3, 'lib/part' || n % " FOLDERS
	       " || '/file' || n || '.c', n::text, 'C', 'code', n * $5::integer, $5::integer"
	       " FROM generate_series(0, $4::integer / $5::integer - 1) AS n",
};
static const struct db_stmt PUT = {
	.name = "bench_put",
	.nparams = 5,
	.sql = "WITH l AS MATERIALIZED (SELECT string_to_array(line, E'\\t') AS c FROM"
	       " unnest(string_to_array($5::text, E'\\n')) AS u (line) WHERE line <> '')"
	       " INSERT INTO app.search_vector (tenant_id, project_id, file_id, number, space_id,"
	       " dimensions, hash, vector, signs) SELECT $1, $2, f.id, c[1]::integer - f.first_chunk,"
	       " $3, cardinality(c[2]::real[]), sha256(c[1]::bytea), c[2]::real[],"
	       " c[3]::bit varying FROM l JOIN app.search_file f ON f.tenant_id = $1"
	       " AND f.segment_id = $4 AND f.first_chunk = c[1]::integer / 10 * 10",
};
static const struct db_stmt PATIENCE = {
	.name = "bench_patience",
	.any_tenant = true,
	.sql = "SELECT set_config('statement_timeout', '0', true)",
};
static const struct db_stmt INDEX = {
	.name = "bench_index",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT app.search_vector_index($1, true)::integer::bigint",
};

/* --- Vectors --- */

static float next_float(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (float)(*state >> 40) / (1 << 23) - 1;
}

static void made_vector(uint32_t number, float *ret)
{
	uint64_t own = number * UINT64_C(2654435761) + 1;
	uint64_t cluster = (own >> 7) % CLUSTERS * UINT64_C(40503) + 7;

	for (size_t i = 0; i < DIMENSIONS; i++)
		ret[i] = next_float(&cluster) + SPREAD * next_float(&own);
	vector_unit(ret, DIMENSIONS);
}

struct bench {
	struct ctx cx;
	struct arena *arena; /* of one batch or question */
	struct config *config;
	int64_t project_id, space_id, segment_id;
	uint32_t n;
};

static void put(struct bench *b, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at < to; at += BATCH) {
		struct sb sb;

		arena_reset(b->arena);
		sb = sb_new(b->arena, BATCH_BYTES);
		for (uint32_t i = at; i < to && i < at + BATCH; i++) {
			float floats[DIMENSIONS];

			made_vector(i, floats);
			sb_int(&sb, i);
			sb_addc(&sb, '\t');
			vector_text(&sb, floats, DIMENSIONS);
			sb_addc(&sb, '\t');
			vector_signs(&sb, floats, DIMENSIONS);
			sb_addc(&sb, '\n');
		}
		must(&b->cx,
		     db_run(&b->cx, &PUT,
		            DB_ARGS(DB_INT(b->project_id), DB_INT(b->space_id),
		                    DB_INT(b->segment_id), DB_BYTES(sb.data, sb.len)),
		            NULL),
		     "put");
	}
}

static void make_index(struct bench *b)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct db_arg length = DB_INT(DIMENSIONS);
	int64_t made;

	must(&b->cx, db_begin(&b->cx, &tx), "begin");
	must(&b->cx, db_run(&b->cx, &PATIENCE, DB_NO_ARGS, NULL), "patience");
	must(&b->cx, db_get_int(&b->cx, &INDEX, &length, 1, &made), "index");
	must(&b->cx, db_commit(&tx), "commit");
}

/* --- Questions --- */

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

/* @exact_max chooses the way  @ret items are copied out of the arena */
static size_t ask(struct bench *b, uint32_t question, int64_t exact_max, const char *path,
                  int64_t ret[NEAREST], double *ret_ms)
{
	float floats[DIMENSIONS];
	char segments[32];
	const struct vector_query query = {
		.space_id = b->space_id,
		.floats = floats,
		.dimensions = DIMENSIONS,
		.segments = segments,
		.project_id = b->project_id,
		.path = path,
		.most = NEAREST,
	};
	const struct vector_near *near;
	struct list list;
	const char *way;
	int64_t since;

	arena_reset(b->arena);
	b->cx.arena = b->arena;
	snprintf(segments, sizeof(segments), "{%" PRId64 "}", b->segment_id);
	made_vector(1000000000u + question, floats);
	b->config->vector_exact_max = exact_max;
	since = system_clock.mono_us(&system_clock);
	must(&b->cx, vector_search(&b->cx, &query, &list, &way), "search");
	*ret_ms = ms_since(since);
	near = list.items;
	for (size_t i = 0; i < list.n; i++)
		ret[i] = near[i].chunk;
	return list.n;
}

static void tell_times(const char *what, double *took)
{
	char value[64];

	qsort(took, QUESTIONS, sizeof(took[0]), by_value);
	snprintf(value, sizeof(value), "%.2f / %.2f ms", took[QUESTIONS / 2],
	         took[QUESTIONS * 95 / 100]);
	row(what, value, "");
}

static void compare(struct bench *b, const char *where, const char *path)
{
	static double exact_ms[QUESTIONS], index_ms[QUESTIONS];
	size_t same = 0, all = 0;
	char value[64];

	for (uint32_t q = 0; q < QUESTIONS; q++) {
		int64_t exact[NEAREST], index[NEAREST];
		size_t n = ask(b, q, INT64_MAX, path, exact, &exact_ms[q]);
		size_t found = ask(b, q, 0, path, index, &index_ms[q]);

		all += n;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < found; k++)
				same += exact[i] == index[k];
	}
	snprintf(value, sizeof(value), "%.3f", (double)same / (double)all);
	row(arena_printf(b->cx.arena, "recall@10 of the index%s", where), value, ">= 0.95");
	tell_times(arena_printf(b->cx.arena, "the nearest by the index%s, p50 / p95", where),
	           index_ms);
	tell_times(arena_printf(b->cx.arena, "all compared%s", where), exact_ms);
}

static void run(struct bench *b)
{
	int64_t since = system_clock.mono_us(&system_clock);
	char value[64];

	printf("%u vectors of %d numbers\n", b->n, DIMENSIONS);
	must(&b->cx, db_get_int(&b->cx, &SPACE, DB_ARGS(DB_INT(DIMENSIONS)), &b->space_id),
	     "space");
	must(&b->cx,
	     db_get_int(&b->cx, &SEGMENT, DB_ARGS(DB_INT(b->project_id), DB_INT(b->n)),
	                &b->segment_id),
	     "segment");
	must(&b->cx,
	     db_run(&b->cx, &FILES,
	            DB_ARGS(DB_INT(b->segment_id), DB_INT(b->project_id), DB_INT(b->n),
	                    DB_INT(OF_FILE)),
	            NULL),
	     "files");
	put(b, 0, b->n - BATCH);
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("vectors stored", value, "");
	since = system_clock.mono_us(&system_clock);
	make_index(b);
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("index made", value, "");
	since = system_clock.mono_us(&system_clock);
	put(b, b->n - BATCH, b->n);
	snprintf(value, sizeof(value), "%.2f ms", ms_since(since) / BATCH);
	row("a vector added to it", value, "");
	compare(b, "", NULL);
	compare(b, ", in one folder of " FOLDERS, "lib/part7");
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	static struct app_process p;
	static struct config config;
	const struct project_new in = { .name = "bench", .repository_url = "https://h.example/r" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(ARENA_BYTES);
	struct bench b = { .arena = own, .config = &config };
	struct vector_state state;
	struct project project;
	int64_t job;

	b.n = bench_size("BENCH_VECTORS", VECTORS) / BATCH * BATCH;
	if (app_open(&p, "runner", &SOURCES) != ERR_OK)
		give_up(&p.cx, "start");
	config = *p.app.config;
	p.app.config = &config;
	ctx_begin(&b.cx, &p.app, arena, app_runner_db(&p.app));
	b.cx.who = (struct who){ .tenant_id = bench_tenant(&p.cx),
		                 .role = ROLE_OWNER,
		                 .actor = "bench" };
	must(&b.cx, vector_look(&b.cx, &state), "state");
	must(&b.cx, project_create(&b.cx, &in, &project, &job), "project");
	b.project_id = project.id;
	if (state.index && b.n > 0)
		run(&b);
	else
		puts("no vectors: PostgreSQL has no pgvector with an index");
	db_close(b.cx.db);
	app_close(&p);
	return EXIT_SUCCESS;
}
