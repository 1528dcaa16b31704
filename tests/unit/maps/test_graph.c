/*
 * The measures on edges: fan, cycles, layers, rank, and the order of what is listed.  (B4)
 */
#include "fixture.h"
#include "maps/graph.h"

#include <string.h>

/* Edges as "from, to" pairs, sorted by from. */
static struct graph measure(struct ctx *cx, size_t nfiles, const int (*pairs)[2], size_t n)
{
	struct resolve_edge *edges = arena_array(cx->arena, n, sizeof(*edges));
	struct graph graph;

	for (size_t i = 0; i < n; i++)
		edges[i] = (struct resolve_edge){ .from = (uint32_t)pairs[i][0],
			                          .to = (uint32_t)pairs[i][1] };
	graph_measure(cx->arena, nfiles, edges, n, &graph);
	return graph;
}

static void test_graph__cycles_and_layers(void **state)
{
	/* 0 -> 1 -> 2 -> 0, 3 -> 0, 4 <-> 5, 5 -> 6, 7 alone; 3 -> 0 is written twice */
	static const int PAIRS[][2] = { { 0, 1 }, { 1, 2 }, { 2, 0 }, { 3, 0 },
		                        { 3, 0 }, { 4, 5 }, { 5, 4 }, { 5, 6 } };
	static const uint32_t LAYERS[] = { 0, 0, 0, 1, 1, 1, 0, 0 };
	struct graph g = measure(fixture_ctx(*state), 8, PAIRS, COUNT(PAIRS));

	assert_int_equal(g.ncycles, 2);
	assert_int_equal(g.cycles[0].nfiles, 3);
	assert_int_equal(g.cycles[0].files[0], 0);
	assert_int_equal(g.cycles[0].files[2], 2);
	assert_int_equal(g.cycles[1].nfiles, 2);
	assert_int_equal(g.cycles[1].files[0], 4);
	assert_memory_equal(g.layer, LAYERS, sizeof(LAYERS));
	assert_int_equal(g.nlayers, 2);
	assert_int_equal(g.fan_in[0], 2);
	assert_int_equal(g.fan_out[3], 1);
	assert_int_equal(g.fan_in[7], 0);
}

static void test_graph__edges_within_a_unit_make_no_cycle(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct resolve_edge edges[] = {
		{ .from = 0, .to = 1, .within_unit = true },
		{ .from = 1, .to = 0, .within_unit = true },
	};
	struct graph g;

	graph_measure(cx->arena, 2, edges, COUNT(edges), &g);
	assert_int_equal(g.ncycles, 0);
	assert_int_equal(g.fan_in[0], 1);
}

static void test_graph__rank(void **state)
{
	/* a star: all point to 0, which points to 1 */
	static const int PAIRS[][2] = { { 0, 1 }, { 2, 0 }, { 3, 0 }, { 4, 0 } };
	struct graph g = measure(fixture_ctx(*state), 6, PAIRS, COUNT(PAIRS));
	uint64_t sum = 0;

	for (size_t f = 0; f < 6; f++)
		sum += g.rank[f];
	assert_in_range(sum, GRAPH_RANK_ONE - 100, GRAPH_RANK_ONE);
	assert_true(g.rank[0] > g.rank[2]);
	assert_int_equal(g.rank[2], g.rank[4]);
	assert_int_equal(g.rank[5], 0); /* no edges, no rank */
	assert_int_equal(g.ncentral, 5);
	assert_int_equal(g.ndepended, 2);
	assert_int_equal(g.depended[0], 0);
	assert_int_equal(g.depended[1], 1);
	/* power iteration in floating point gives 0.3359356642 and 0.3801750689 */
	assert_in_range(g.rank[0], 335935663, 335935665);
	assert_in_range(g.rank[1], 380175067, 380175070);
}

static void test_graph__deep_chain_does_not_recurse(void **state)
{
	enum { N = 200000 };
	struct ctx *cx = fixture_ctx(*state);
	int(*pairs)[2] = arena_array(cx->arena, N, sizeof(*pairs));
	struct graph g;

	for (int i = 0; i < N; i++) {
		pairs[i][0] = i;
		pairs[i][1] = (i + 1) % N;
	}
	g = measure(cx, N, (const int(*)[2])pairs, N - 1);
	assert_int_equal(g.ncycles, 0);
	assert_int_equal(g.layer[0], N - 1);
	g = measure(cx, N, (const int(*)[2])pairs, N);
	assert_int_equal(g.ncycles, 1);
	assert_int_equal(g.cycles[0].nfiles, N);
}

static void test_graph__no_files(void **state)
{
	struct graph g = measure(fixture_ctx(*state), 0, NULL, 0);

	assert_int_equal(g.ncycles, 0);
	assert_int_equal(g.nlayers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_graph__cycles_and_layers),
		cmocka_unit_test(test_graph__edges_within_a_unit_make_no_cycle),
		cmocka_unit_test(test_graph__rank),
		cmocka_unit_test(test_graph__deep_chain_does_not_recurse),
		cmocka_unit_test(test_graph__no_files),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
