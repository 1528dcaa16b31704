/*
 * Speed of the search over a million made-up passages: indexing, questions.
 *
 *     tests/pg.sh build/release/tests/bench/retrieval_tool
 *
 * Words are as common as in texts of people (Zipf); questions are made of the words of a passage,
 * so common and rare ones stand together.  Prints rows as tests/bench/run.sh does.  BENCH_CHUNKS is another size.
 */
#include "app/app.h"
#include "bench/tool.h"
#include "projects/project.h"
#include "retrieval/search.h"
#include "retrieval/segment.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION          1000000u
#define WORDS            300000u /* different ones */
#define CHUNK_WORDS      60
#define CHUNKS_OF_FILE   10
#define BATCH            400 /* files */
#define ROUNDS           400
#define ARENA_BYTES      ((size_t)1 << 30)
#define QUESTION_BYTES   ((size_t)512 << 20)
#define QUESTION_LONGEST 12

/* --- Words --- */

/* The same numbers in each run. */
static uint32_t next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

/* A word's rank: the n-th is 1/n times as common as the first. */
static uint32_t some_word(uint64_t *state)
{
	double u = (double)next_number(state) / (double)(UINT32_C(1) << 31);

	return (uint32_t)exp(u * log((double)WORDS)) - 1;
}

static void add_word(struct sb *sb, uint32_t word)
{
	static const char CONSONANTS[] = "bdfgklmnprtvz", VOWELS[] = "aiou";

	do {
		sb_addc(sb, CONSONANTS[word % 13]);
		word /= 13;
		sb_addc(sb, VOWELS[word % 4]);
		word /= 4;
	} while (word > 0);
}

static void add_words(struct sb *sb, uint64_t *state, int n)
{
	for (int i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(sb, ' ');
		add_word(sb, some_word(state));
	}
}

/* --- Indexing --- */

static struct segment_file make_file(struct arena *arena, uint32_t number)
{
	struct sb rows = sb_new(arena, (size_t)1 << 20);
	uint64_t state = number * UINT64_C(2654435761) + 1;

	for (int i = 0; i < CHUNKS_OF_FILE; i++) {
		sb_addf(&rows, "%d\t%d\t0\tfunction\t", i * 20 + 1, i * 20 + 20);
		add_words(&rows, &state, 1);
		sb_add(&rows, "\t\t");
		add_words(&rows, &state, CHUNK_WORDS);
		sb_addc(&rows, '\n');
	}
	return (struct segment_file){
		.path = arena_printf(arena, "lib/part%u/file%u.c", number % 500, number),
		.oid = arena_printf(arena, "%040x", number),
		.language = "C",
		.source = "code",
		.chunks = CHUNKS_OF_FILE,
		.rows = { rows.data, rows.len },
	};
}

static void fill(struct ctx *cx, struct arena *batch, int64_t project_id, uint32_t chunks)
{
	const uint32_t nfiles = chunks / CHUNKS_OF_FILE;
	struct segment_file files[BATCH];
	struct segment segment;

	segment_begin(&segment, cx, NULL, project_id);
	for (uint32_t i = 0; i < nfiles;) {
		size_t n = 0;

		arena_reset(batch);
		while (n < BATCH && i < nfiles)
			files[n++] = make_file(batch, i++);
		must(cx, segment_put(&segment, files, n), "put");
	}
	must(cx, segment_publish(&segment), "publish");
	segment_end(&segment);
}

/* --- Questions --- */

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

static void measure(struct ctx *cx, const char *what, int words, int64_t project_id,
                    const char *path)
{
	static double took[ROUNDS];
	char value[64];

	for (int i = 0; i < ROUNDS; i++) {
		struct retrieval_query query = { .project_id = project_id, .path = path };
		uint64_t state = (uint64_t)i * 7919 + (uint64_t)words;
		struct retrieval_found found;
		struct sb sb;
		int64_t since;

		arena_reset(cx->arena);
		sb = sb_new(cx->arena, 4096);
		add_words(&sb, &state, words);
		query.text = sb.data;
		since = system_clock.mono_us(&system_clock);
		must(cx, retrieval_search(cx, &query, &found), what);
		took[i] = ms_since(since);
	}
	qsort(took, ROUNDS, sizeof(took[0]), by_value);
	snprintf(value, sizeof(value), "%.2f / %.2f ms", took[ROUNDS / 2], took[ROUNDS * 95 / 100]);
	row(what, value, "<= 50 ms");
}

int main(void)
{
	static const struct config_sources SOURCES = { 0 };
	static struct app_process p;
	const uint32_t chunks = bench_size("BENCH_CHUNKS", MILLION);
	const struct project_new in = { .name = "bench", .repository_url = "https://h.example/r" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_BYTES);
	CLEANUP(arena_free_ptr) struct arena *own = arena_new(QUESTION_BYTES);
	struct project project;
	int64_t job, since;
	char value[64];
	struct ctx cx;

	if (app_open(&p, "runner", &SOURCES) != ERR_OK)
		give_up(&p.cx, "start");
	ctx_begin(&cx, &p.app, arena, app_runner_db(&p.app));
	cx.who = (struct who){ .tenant_id = bench_tenant(&p.cx),
		               .role = ROLE_OWNER,
		               .actor = "bench" };
	must(&cx, project_create(&cx, &in, &project, &job), "project");
	printf("%u passages of %d words\n", chunks, CHUNK_WORDS);
	since = system_clock.mono_us(&system_clock);
	fill(&cx, own, project.id, chunks);
	snprintf(value, sizeof(value), "%.1f s", ms_since(since) / 1e3);
	row("passages indexed", value, "");
	cx.arena = own;
	measure(&cx, "questions of 1 word, p50 / p95", 1, project.id, NULL);
	measure(&cx, "questions of 3 words", 3, project.id, NULL);
	measure(&cx, "questions of 6 words", 6, 0, NULL);
	measure(&cx, "questions of 12 words", QUESTION_LONGEST, project.id, NULL);
	measure(&cx, "questions of 6 words, in one folder", 6, project.id, "lib/part7");
	db_close(cx.db);
	app_close(&p);
	return EXIT_SUCCESS;
}
