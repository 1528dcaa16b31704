/*
 * Clusters of weighted graphs: the ones that were planted come out, and no single node would be better
 * off elsewhere.  (B4)
 */
#include "fixture.h"
#include "maps/cluster.h"

#include <stdlib.h>
#include <string.h>

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

static void test_cluster__two_rings_and_a_bridge(void **state)
{
	static const struct cluster_edge EDGES[] = {
		{ 0, 2, 5 }, { 2, 4, 5 }, { 4, 0, 5 }, { 1, 3, 5 }, { 3, 5, 5 },
		{ 5, 1, 5 }, { 4, 1, 1 }, { 6, 6, 3 }, { 0, 7, 0 },
	};
	static const uint32_t WANT[] = { 0, 1, 0, 1, 0, 1, 2, 3 };
	uint32_t *cluster;

	assert_int_equal(cluster_find(fixture_ctx(*state)->arena, 8, EDGES, COUNT(EDGES), &cluster),
	                 4);
	assert_memory_equal(cluster, WANT, sizeof(WANT)); /* alone: a loop, and no weight at all */
}

static void test_cluster__nothing(void **state)
{
	uint32_t *cluster;

	assert_int_equal(cluster_find(fixture_ctx(*state)->arena, 0, NULL, 0, &cluster), 0);
	assert_int_equal(cluster_find(fixture_ctx(*state)->arena, 3, NULL, 0, &cluster), 3);
}

/* In parts of 10 000: the weight inside clusters, less what chance would put there. */
static int64_t modularity(const struct cluster_edge *edges, size_t nedges, const uint32_t *cluster)
{
	int64_t inside = 0, all = 0, squares = 0, degree[300] = { 0 };

	for (size_t e = 0; e < nedges; e++) {
		degree[cluster[edges[e].a]] += edges[e].weight;
		degree[cluster[edges[e].b]] += edges[e].weight;
		inside += cluster[edges[e].a] == cluster[edges[e].b] ? edges[e].weight : 0;
		all += edges[e].weight;
	}
	for (size_t i = 0; i < COUNT(degree); i++)
		squares += degree[i] * degree[i];
	return inside * 10000 / all - squares * 10000 / (4 * all * all);
}

/* Zachary's karate club: 34 people, 78 friendships; the best known modularity is 0.4198. */
static void test_cluster__karate_club(void **state)
{
	static const struct cluster_edge EDGES[] = {
		{ 1, 2, 1 },   { 1, 3, 1 },   { 2, 3, 1 },   { 1, 4, 1 },   { 2, 4, 1 },
		{ 3, 4, 1 },   { 1, 5, 1 },   { 1, 6, 1 },   { 1, 7, 1 },   { 5, 7, 1 },
		{ 6, 7, 1 },   { 1, 8, 1 },   { 2, 8, 1 },   { 3, 8, 1 },   { 4, 8, 1 },
		{ 1, 9, 1 },   { 3, 9, 1 },   { 3, 10, 1 },  { 1, 11, 1 },  { 5, 11, 1 },
		{ 6, 11, 1 },  { 1, 12, 1 },  { 1, 13, 1 },  { 4, 13, 1 },  { 1, 14, 1 },
		{ 2, 14, 1 },  { 3, 14, 1 },  { 4, 14, 1 },  { 6, 17, 1 },  { 7, 17, 1 },
		{ 1, 18, 1 },  { 2, 18, 1 },  { 1, 20, 1 },  { 2, 20, 1 },  { 1, 22, 1 },
		{ 2, 22, 1 },  { 24, 26, 1 }, { 25, 26, 1 }, { 3, 28, 1 },  { 24, 28, 1 },
		{ 25, 28, 1 }, { 3, 29, 1 },  { 24, 30, 1 }, { 27, 30, 1 }, { 2, 31, 1 },
		{ 9, 31, 1 },  { 1, 32, 1 },  { 25, 32, 1 }, { 26, 32, 1 }, { 29, 32, 1 },
		{ 3, 33, 1 },  { 9, 33, 1 },  { 15, 33, 1 }, { 16, 33, 1 }, { 19, 33, 1 },
		{ 21, 33, 1 }, { 23, 33, 1 }, { 24, 33, 1 }, { 30, 33, 1 }, { 31, 33, 1 },
		{ 32, 33, 1 }, { 9, 34, 1 },  { 10, 34, 1 }, { 14, 34, 1 }, { 15, 34, 1 },
		{ 16, 34, 1 }, { 19, 34, 1 }, { 20, 34, 1 }, { 21, 34, 1 }, { 23, 34, 1 },
		{ 24, 34, 1 }, { 27, 34, 1 }, { 28, 34, 1 }, { 29, 34, 1 }, { 30, 34, 1 },
		{ 31, 34, 1 }, { 32, 34, 1 }, { 33, 34, 1 },
	};
	uint32_t *cluster;

	assert_int_equal(COUNT(EDGES), 78);
	cluster_find(fixture_ctx(*state)->arena, 35, EDGES, COUNT(EDGES), &cluster);
	assert_in_range(modularity(EDGES, COUNT(EDGES), cluster), 4100, 4198);
}

/* The planted parts, or better ones. */
static void test_cluster__planted(void **state)
{
	uint64_t random = 3;

	for (int round = 0; round < 20; round++) {
		struct ctx *cx = fixture_ctx(*state);
		uint32_t groups = 2 + draw(&random, 9), n = groups * 20, *cluster, *again;
		uint32_t *planted = arena_array(cx->arena, n, sizeof(uint32_t));
		size_t nedges = n * 8;
		struct cluster_edge *edges = arena_array(cx->arena, nedges, sizeof(*edges));

		for (size_t e = 0; e < nedges; e++) { /* node i is of group i % groups */
			uint32_t a = draw(&random, n);
			uint32_t b = e % 8 == 0 ? draw(&random, n)
			                        : a % groups + groups * draw(&random, 20);

			edges[e] = (struct cluster_edge){ a, b, 1 + draw(&random, 3) };
		}
		for (uint32_t i = 0; i < n; i++)
			planted[i] = i % groups;
		assert_int_equal(cluster_find(cx->arena, n, edges, nedges, &cluster), groups);
		assert_true(modularity(edges, nedges, cluster) >=
		            modularity(edges, nedges, planted));
		cluster_find(cx->arena, n, edges, nedges, &again);
		assert_memory_equal(cluster, again, n * sizeof(uint32_t));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cluster__two_rings_and_a_bridge),
		cmocka_unit_test(test_cluster__nothing),
		cmocka_unit_test(test_cluster__karate_club),
		cmocka_unit_test(test_cluster__planted),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
