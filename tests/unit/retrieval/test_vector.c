/* Vectors as text, and their place in the fusion of ranks.  (H2, H3) */
#include "fixture.h"

#include "retrieval/rank.h"
#include "retrieval/vector.h"

#include <math.h>
#include <string.h>

static void test_vector__unit(void **state)
{
	float right[] = { 3, 0, -4 }, none[] = { 0, 0 }, tiny[] = { 1e-30f, 0 };
	float large[] = { 3e38f, 3e38f };

	(void)state;
	assert_true(vector_unit(right, 3));
	assert_true(fabsf(right[0] - 0.6f) < 1e-6f && right[1] == 0 &&
	            fabsf(right[2] + 0.8f) < 1e-6f);
	assert_false(vector_unit(none, 2));
	assert_true(vector_unit(tiny, 2));
	assert_true(tiny[0] == 1);
	assert_true(vector_unit(large, 2));
	assert_true(fabsf(large[0] - 0.70710678f) < 1e-6f);
}

static void test_vector__text(void **state)
{
	const float floats[] = { 0.5f, -1.25e-10f, 0, -0.0f };
	struct sb text = sb_new(fixture_ctx(*state)->arena, 100),
		  signs = sb_new(fixture_ctx(*state)->arena, 100);

	vector_text(&text, floats, COUNT(floats));
	vector_signs(&signs, floats, COUNT(floats));
	assert_string_equal(text.data, "{0.5,-1.25e-10,0,-0}");
	assert_string_equal(signs.data, "1000");
}

/* A segment of six chunks in three files: one word in those of `words` (o), near by meaning those of `near`. */
static const char *ranked(struct ctx *cx, const char *words, const uint32_t *near, size_t nnear)
{
	const struct rank_segment segment = { .id = 7, .chunks = 6, .counts = "2 2 2", .dead = "" };
	struct rank *rank = rank_new(cx->arena);
	struct sb sb = sb_new(cx->arena, 1000);
	struct rank_hit hits[6];
	size_t n;

	rank_segment(rank, &segment);
	for (size_t i = 0; i < nnear; i++)
		rank_near(rank, near[i], 900 - (double)i);
	if (words != NULL)
		rank_term(rank, &(struct rank_term){ "word", 1 }, words);
	rank_segment_end(rank);
	n = rank_finish(rank, hits, 6);
	sb_add(&sb, "");
	for (size_t i = 0; i < n; i++)
		sb_addf(&sb, "%s%u", i > 0 ? " " : "", hits[i].chunk);
	return sb.data;
}

static void test_rank__fuses_words_and_meaning(void **state)
{
	static const uint32_t NEAR[] = { 4, 0 }, OUT[] = { 6, 4000000000u, 2 };
	struct ctx *cx = fixture_ctx(*state);

	/* By meaning alone, nearest first. */
	assert_string_equal(ranked(cx, NULL, NEAR, 2), "4 0");
	/* What is found both ways goes before what is found one way. */
	assert_string_equal(ranked(cx, "0o", NEAR, 2), "0 4");
	/* Neither takes anything from the other. */
	assert_string_equal(ranked(cx, "2o", NEAR, 1), "2 4");
	assert_string_equal(ranked(cx, "2o", NULL, 0), "2");
	/* Numbers beyond the segment are none. */
	assert_string_equal(ranked(cx, NULL, OUT, 3), "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector__unit),
		cmocka_unit_test(test_vector__text),
		cmocka_unit_test(test_rank__fuses_words_and_meaning),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
