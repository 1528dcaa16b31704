/*
 * Speed of an indexed map of a million edges and a million symbols: filling, questions, sweeping.
 *
 *     tests/pg.sh build/release/tests/bench/map_graph_tool
 *
 * Prints rows as tests/bench/run.sh does.  BENCH_EDGES and BENCH_SYMBOLS are other sizes.
 */
#include "app/app.h"
#include "bench/tool.h"
#include "made_map.h"
#include "maps/map.h"
#include "maps/reach.h"
#include "maps/search.h"
#include "projects/project.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION        1000000u
#define FILES          200000u
#define ROUNDS         200
#define ARENA_BYTES    ((size_t)4 << 30)
#define QUESTION_BYTES ((size_t)512 << 20)
#define COMMIT         "1111111111111111111111111111111111111111"

/* --- Filling --- */

static void publish(struct ctx *cx, int64_t project_id, int64_t index_id)
{
	const struct map map = {
		.project_id = project_id, .commit = COMMIT, .analyser = "bench", .content = "{}"
	};
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t map_id;

	must(cx, db_begin(cx, &tx), "begin");
	must(cx, map_publish(cx, &map, &map_id), "publish");
	must(cx, index_publish(cx, index_id, map_id), "index");
	must(cx, db_commit(&tx), "commit");
}

static int64_t fill(struct ctx *cx, const struct made_map *sizes, struct map_index *ret)
{
	const struct project_new in = { .name = "bench", .repository_url = "https://h.example/r" };
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	int64_t job, index_id, since = system_clock.mono_us(&system_clock);
	struct project project;
	char value[64];

	made_map_bundle(cx, sizes, bundle);
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("parts of the bundle made", value, "");
	must(cx, project_create(cx, &in, &project, &job), "project");
	since = system_clock.mono_us(&system_clock);
	must(cx, index_fill(cx, NULL, project.id, bundle, &index_id), "fill");
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("rows of the index filled", value, "");
	publish(cx, project.id, index_id);
	must(cx, index_of_project(cx, project.id, NULL, ret), "index");
	ret->commit = COMMIT;
	return project.id;
}

/* --- Questions --- */

struct asker {
	struct ctx *cx; /* its arena is that of one question */
	const struct map_index *index;
	const struct made_map *sizes;
};

typedef enum err question(const struct asker *a, uint32_t i);

/* A different one each time, spread over all. */
static uint32_t some(uint32_t i, uint32_t of)
{
	return (uint32_t)((uint64_t)i * 2654435761u % of);
}

static enum err ask_symbols(const struct asker *a, const char *q)
{
	struct map_found found;

	return search_symbols(a->cx, a->index, q, NULL, 20, &found);
}

static enum err ask_exact(const struct asker *a, uint32_t i)
{
	return ask_symbols(a, made_map_name(a->cx->arena, some(i, a->sizes->symbols)));
}

static enum err ask_prefix(const struct asker *a, uint32_t i)
{
	const char *name = made_map_name(a->cx->arena, some(i, a->sizes->symbols));

	return ask_symbols(a, arena_strndup(a->cx->arena, name, 2 + i % 8));
}

static enum err ask_part(const struct asker *a, uint32_t i)
{
	const char *name = made_map_name(a->cx->arena, some(i, a->sizes->symbols));
	size_t n = strlen(name);

	return ask_symbols(a, arena_strndup(a->cx->arena, name + 1 + i % 3, n - 5));
}

/* Two letters swapped. */
static enum err ask_fuzzy(const struct asker *a, uint32_t i)
{
	char *name =
		arena_strdup(a->cx->arena, made_map_name(a->cx->arena, some(i, a->sizes->symbols)));
	char c = name[3];

	name[3] = name[4];
	name[4] = c;
	return ask_symbols(a, name);
}

static enum err ask_file(const struct asker *a, uint32_t i)
{
	const char *path = made_map_path(a->cx->arena, some(i, a->sizes->files));
	struct map_found found;

	return search_files(a->cx, a->index, strrchr(path, '/') + 1, NULL, 20, &found);
}

static enum err ask_uses(const struct asker *a, uint32_t i)
{
	struct map_uses uses;

	return search_uses(a->cx, a->index, made_map_name(a->cx->arena, some(i, a->sizes->symbols)),
	                   &uses);
}

static enum err ask_neighbours(const struct asker *a, uint32_t i)
{
	struct map_neighbours found;

	return reach_neighbours(a->cx, a->index,
	                        made_map_path(a->cx->arena, some(i, a->sizes->files)), REACH_BOTH,
	                        NULL, 100, &found);
}

static enum err ask_path(const struct asker *a, uint32_t i)
{
	struct map_route found;

	return reach_route(a->cx, a->index, made_map_path(a->cx->arena, some(i, a->sizes->files)),
	                   made_map_path(a->cx->arena, some(i + 1, a->sizes->files)), &found);
}

static enum err ask_impact(const struct asker *a, uint32_t i)
{
	struct map_impact found;

	return reach_impact(a->cx, a->index, made_map_path(a->cx->arena, some(i, a->sizes->files)),
	                    REACH_IN, 3, 100, &found);
}

/* The file that most others reach, all the way. */
static enum err ask_worst_impact(const struct asker *a, UNUSED uint32_t i)
{
	struct map_impact found;

	return reach_impact(a->cx, a->index, made_map_path(a->cx->arena, 0), REACH_IN, 100, 100,
	                    &found);
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

static void measure(const struct asker *a, const char *what, question *ask, uint32_t rounds,
                    const char *aim)
{
	double took[ROUNDS];
	char value[64];

	for (uint32_t i = 0; i < rounds; i++) {
		int64_t since;

		arena_reset(a->cx->arena);
		since = system_clock.mono_us(&system_clock);
		must(a->cx, ask(a, i), what);
		took[i] = ms_since(since);
	}
	qsort(took, rounds, sizeof(took[0]), by_value);
	snprintf(value, sizeof(value), "%.2f / %.2f ms", took[rounds / 2], took[rounds * 95 / 100]);
	row(what, value, aim);
}

static void ask_all(const struct asker *a)
{
	measure(a, "symbols, a whole name, p50 / p95", ask_exact, ROUNDS, "< 50 ms");
	measure(a, "symbols, a beginning of 2 to 9 letters", ask_prefix, ROUNDS, "< 50 ms");
	measure(a, "symbols, a part", ask_part, ROUNDS, "< 50 ms");
	measure(a, "symbols, misspelt", ask_fuzzy, ROUNDS, "< 50 ms");
	measure(a, "files, a name", ask_file, ROUNDS, "< 50 ms");
	measure(a, "references of a symbol", ask_uses, ROUNDS, "");
	measure(a, "neighbours of a file", ask_neighbours, ROUNDS, "<= 50 ms");
	measure(a, "path between two files", ask_path, ROUNDS, "<= 50 ms");
	measure(a, "impact of a file, depth 3", ask_impact, ROUNDS, "<= 50 ms");
	measure(a, "impact of the most imported, all the way", ask_worst_impact, 10, "< 1000 ms");
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	static struct app_process p;
	const struct made_map sizes = { FILES, bench_size("BENCH_EDGES", MILLION),
		                        bench_size("BENCH_SYMBOLS", MILLION) };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
	CLEANUP(arena_free_ptr) struct arena *question_arena = arena_new(QUESTION_BYTES);
	struct map_index index;
	struct ctx cx;
	struct asker asker = { .index = &index, .sizes = &sizes };
	int64_t project_id, since;
	char value[64];

	if (app_open(&p, "runner", &SOURCES) != ERR_OK)
		give_up(&p.cx, "start");
	ctx_begin(&cx, &p.app, arena, app_runner_db(&p.app));
	cx.who = (struct who){ .tenant_id = bench_tenant(&p.cx),
		               .role = ROLE_OWNER,
		               .actor = "bench" };
	printf("an index of %u files, %u edges, %u symbols\n", sizes.files, sizes.edges,
	       sizes.symbols);
	project_id = fill(&cx, &sizes, &index);
	cx.arena = question_arena;
	asker.cx = &cx;
	ask_all(&asker);
	since = system_clock.mono_us(&system_clock);
	must(&cx, index_sweep(&cx, project_id, 0), "sweep");
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("rows of the index swept", value, "");
	db_close(cx.db);
	app_close(&p);
	return EXIT_SUCCESS;
}
