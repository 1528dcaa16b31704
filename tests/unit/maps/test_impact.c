/*
 * How many files a change may reach, against a walk from every file.  (B4)
 */
#include "fixture.h"
#include "maps/impact.h"

#include <stdlib.h>
#include <string.h>

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33) % below;
}

static int by_from(const void *a, const void *b)
{
	const struct resolve_edge *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* The slow way: from a file to those that import it, until nothing new comes. */
static uint32_t reach(struct ctx *cx, size_t nfiles, const struct resolve_edge *edges, size_t n,
                      uint32_t file)
{
	bool *seen = arena_array(cx->arena, nfiles, sizeof(bool)), more = true;
	uint32_t count = 0;

	seen[file] = true;
	while (more) {
		more = false;
		for (size_t e = 0; e < n; e++) {
			if (seen[edges[e].to] && !seen[edges[e].from]) {
				seen[edges[e].from] = more = true;
				count++;
			}
		}
	}
	return count;
}

static void test_impact__as_a_walk_finds_it(void **state)
{
	uint64_t random = 7;

	for (int round = 0; round < 40; round++) {
		struct ctx *cx = fixture_ctx(*state);
		uint32_t nfiles = 1 + draw(&random, round < 38 ? 60 : 1200);
		size_t n = draw(&random, nfiles * 2 + 1);
		struct resolve_edge *edges = arena_array(cx->arena, n, sizeof(*edges));
		struct impact impact;

		for (size_t e = 0; e < n; e++)
			edges[e] = (struct resolve_edge){ .from = draw(&random, nfiles),
				                          .to = draw(&random, nfiles),
				                          .within_unit = e % 3 == 0 };
		qsort(edges, n, sizeof(*edges), by_from);
		impact_count(cx->arena, nfiles, edges, n, IMPACT_WORK_MAX, &impact);
		assert_true(impact.exact);
		for (uint32_t f = 0; f < nfiles; f += round < 38 ? 1 : 29)
			assert_int_equal(impact.importers[f], reach(cx, nfiles, edges, n, f));
	}
}

static void test_impact__too_much_work(void **state)
{
	static const struct resolve_edge EDGES[] = { { .from = 0, .to = 1 },
		                                     { .from = 0, .to = 1, .line = 2 },
		                                     { .from = 1, .to = 2 } };
	struct ctx *cx = fixture_ctx(*state);
	struct impact impact;

	impact_count(cx->arena, 3, EDGES, COUNT(EDGES), 1, &impact);
	assert_false(impact.exact);
	assert_int_equal(impact.importers[1], 1);
	assert_int_equal(impact.importers[2], 1); /* 0 reaches it, but not directly */
	impact_count(cx->arena, 3, EDGES, COUNT(EDGES), IMPACT_WORK_MAX, &impact);
	assert_int_equal(impact.importers[2], 2);
	impact_count(cx->arena, 0, NULL, 0, IMPACT_WORK_MAX, &impact);
	assert_true(impact.exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_impact__as_a_walk_finds_it),
		cmocka_unit_test(test_impact__too_much_work),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
