/* Words as the search counts them, and what is made of them: terms, chunks, postings, ranks.  (H1, H3) */
#include "fixture.h"

#include "base/sb.h"
#include "retrieval/chunk.h"
#include "retrieval/postings.h"
#include "retrieval/query.h"
#include "retrieval/rank.h"
#include "retrieval/terms.h"

#include <stdlib.h>
#include <string.h>

/* --- Terms --- */

static void gather(void *arg, const char *term, size_t n, struct span written)
{
	struct sb *sb = arg;

	assert_true(written.len > 0);
	if (sb->len > 0)
		sb_addc(sb, ' ');
	sb_addn(sb, term, n);
}

static const char *terms_of(struct ctx *cx, const char *text)
{
	struct sb sb = sb_new(cx->arena, 4096);

	terms_each((struct span){ text, strlen(text) }, gather, &sb);
	return sb.data != NULL ? sb.data : "";
}

static void test_terms__of_identifiers_and_sentences(void **state)
{
	static const struct {
		const char *text, *terms;
	} CASES[] = {
		{ "getHTTPResponse", "get http respons gethttprespons" },
		{ "get_http_response", "get http respons gethttprespons" },
		{ "HTTPServer2", "http server2 httpserver2" },
		{ "a.b->c", "a b c" },
		{ "__init__", "init" },
		{ "___", "" },
		{ "parses parsed parsing parser parse", "pars pars pars pars pars" },
		{ "running stopped libraries classes", "run stop librari class" },
		{ "caf\xc3\xa9 na\xc3\xafve", "caf\xc3\xa9 na\xc3\xafve" },
		{ "initialization authorization deletion recursively permission",
		  "initializ authoriz delet recursiv permiss" },
		{ "FOR UPDATE SKIP LOCKED, A B",
		  "for updat forupdat skip updatskip lock skiplock a b" },
		{ "SKIP  LOCKED\nNOWAIT", "skip lock nowait" },
		{ "1234567 123456", "123456" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(terms_of(fixture_ctx(*state), CASES[i].text), CASES[i].terms);
}

/* A word of more than TERM_WORD_MAX bytes is none; what stands beside it is. */
static void test_terms__no_endless_words(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *text = arena_alloc(cx->arena, 1000);

	memset(text, 'x', 900);
	memcpy(text + 900, " tail", 6);
	assert_string_equal(terms_of(cx, text), "tail");
}

/* --- Queries --- */

/* Each term with its worth in tenths, those that were not said behind the others. */
static const char *query_text(struct ctx *cx, const char *text)
{
	struct query_terms *terms = arena_alloc(cx->arena, sizeof(*terms));
	struct sb sb = sb_new(cx->arena, 4096);

	query_read(cx->arena, (struct span){ text, strlen(text) }, terms);
	sb_add(&sb, "");
	for (size_t i = 0; i < terms->n; i++)
		sb_addf(&sb, "%s%s:%d", i > 0 ? " " : "", terms->items[i].name,
		        (int)(terms->items[i].worth * 10));
	return sb.data;
}

static void test_query__said_paired_related(void **state)
{
	static const struct {
		const char *text, *terms;
	} CASES[] = {
		{ "where is the length of a body checked",
		  "length:10 bodi:10 check:10 bodicheck:5 len:4" },
		{ "SKIP LOCKED", "skip:10 lock:10 skiplock:10" },
		{ "configuration", "configurat:10 cfg:4 config:4" },
		{ "the", "the:10" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(query_text(fixture_ctx(*state), CASES[i].text), CASES[i].terms);
}

/* However long a question is, its terms have a place. */
static void test_query__of_many_words(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct query_terms *terms = arena_alloc(cx->arena, sizeof(*terms));
	struct sb sb = sb_new(cx->arena, 1 << 16);

	for (int i = 0; i < 5000; i++)
		sb_addf(&sb, "w%d ", i);
	query_read(cx->arena, (struct span){ sb.data, sb.len }, terms);
	assert_true(terms->n >= QUERY_SAID_MAX && terms->n <= QUERY_TERMS_MAX);
}

/* --- Chunks --- */

static const char *chunks_text(struct ctx *cx, const struct chunk_list *chunks)
{
	struct sb sb = sb_new(cx->arena, 65536);

	for (size_t i = 0; i < chunks->n; i++) {
		const struct chunk *c = &chunks->items[i];

		sb_addf(&sb, "%u-%u %s", c->start, c->end, c->kind);
		for (size_t j = 0; j < c->nsymbols; j++)
			sb_addf(&sb, " %s", c->symbols[j]);
		for (size_t j = 0; j < c->naround; j++)
			sb_addf(&sb, " in:%s", c->around[j]);
		sb_addc(&sb, '\n');
	}
	return sb.data != NULL ? sb.data : "";
}

static const char *code_chunks(struct ctx *cx, enum lang lang, const char *text)
{
	struct span span = { text, strlen(text) };
	struct chunk_list chunks;
	struct facts facts;

	facts_read(cx->arena, lang, span, &facts);
	chunk_code(cx->arena, span, &facts, &chunks);
	assert_true(chunks.complete);
	return chunks_text(cx, &chunks);
}

static void test_chunks__follow_definitions(void **state)
{
	static const struct {
		enum lang lang;
		const char *text, *chunks;
	} CASES[] = {
		{ LANG_C,
		  "#include <a.h>\n\n/*\n * Says it.\n */\nint one(void)\n{\n\treturn 1;\n}\n\nint two(void)\n{\n}\n",
		  "1-1 lines\n3-9 function one\n11-13 function two\n" },
		{ LANG_PYTHON,
		  "import a\n\nclass B:\n    \"\"\"Doc.\"\"\"\n\n    @x\n    def run(self):\n        pass\n\n    def end(self):\n        pass\n",
		  "1-1 lines\n3-4 class B\n6-8 method run in:B\n10-11 method end in:B\n" },
		{ LANG_C,
		  "static int n;\n\n/* Takes one. */\nstatic const struct stmt TAKE = {\n\t.name = \"take\",\n\t.sql = \"DELETE FROM a\"\n\t       \" WHERE b\",\n};\n\nint run(void)\n{\n}\n",
		  "1-1 lines\n3-8 constant TAKE\n10-12 function run\n" },
		{ LANG_C, "int a;\n", "1-1 lines\n" },
		{ LANG_C, "\n\n}\n", "" },
		{ LANG_C, "", "" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(code_chunks(fixture_ctx(*state), CASES[i].lang, CASES[i].text),
		                    CASES[i].chunks);
}

static void test_chunks__follow_headings(void **state)
{
	static const char MARKDOWN[] =
		"Intro.\n\n# One #\ntext\n```\n# no heading\n```\nTwo\n---\nmore\n";
	static const char RST[] = "Title\n=====\n\ntext\n\nPart\n----\n\nmore\n";
	struct ctx *cx = fixture_ctx(*state);
	struct chunk_list chunks;

	chunk_prose(cx->arena, LANG_MARKDOWN, SPAN(MARKDOWN), &chunks);
	assert_string_equal(chunks_text(cx, &chunks),
	                    "1-1 lines\n3-7 section One\n8-10 section Two\n");
	chunk_prose(cx->arena, LANG_RST, SPAN(RST), &chunks);
	assert_string_equal(chunks_text(cx, &chunks), "1-4 section Title\n6-9 section Part\n");
	chunk_prose(cx->arena, LANG_TEXT, SPAN(RST), &chunks);
	assert_string_equal(chunks_text(cx, &chunks), "1-9 lines\n");
}

/* Every line that says something is in one chunk, and no chunk is longer than it may be. */
static void test_chunks__hold_all_of_a_long_text(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 1 << 20);
	struct chunk_list chunks;
	uint32_t at = 0;

	for (int i = 1; i <= 1000; i++)
		sb_addf(&sb, i % 7 == 0 ? "\n" : "line %d\n", i);
	for (int i = 0; i < 20000; i++)
		sb_addc(&sb, 'y');
	chunk_prose(cx->arena, LANG_TEXT, (struct span){ sb.data, sb.len }, &chunks);
	for (size_t i = 0; i < chunks.n; i++) {
		const struct chunk *c = &chunks.items[i];

		assert_true(c->start > at && c->start <= at + 2); /* a blank line may be between */
		assert_true(c->end - c->start < CHUNK_LINES && c->text.len <= CHUNK_BYTES);
		at = c->end;
	}
	assert_int_equal(at, 1001);
}

/* A long function is cut, and each further piece says whose it is. */
static void test_chunks__pieces_tell_whose_they_are(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 65536);

	sb_add(&sb, "int one(void)\n{\n");
	for (int i = 0; i < 100; i++)
		sb_add(&sb, "\tx++;\n");
	sb_add(&sb, "}\n");
	assert_string_equal(code_chunks(cx, LANG_C, sb.data),
	                    "1-80 function one\n81-103 function in:one\n");
}

/* --- Postings --- */

struct found {
	struct ctx *cx;
	const char *term, *text;
	uint32_t chunks, terms;
};

static enum err find_term(void *arg, const char *term, uint32_t chunks, const char *text)
{
	struct found *found = arg;

	found->terms++;
	if (strcmp(term, found->term) == 0) {
		found->chunks = chunks;
		found->text = arena_strdup(found->cx->arena, text);
	}
	return ERR_OK;
}

static void add_chunk(struct postings *p, const char *text, const char *symbols)
{
	postings_chunk(p);
	postings_add(p, POSTING_TEXT, (struct span){ text, strlen(text) });
	postings_add(p, POSTING_SYMBOL, (struct span){ symbols, strlen(symbols) });
	postings_end(p, 1);
}

static void test_postings__there_and_back(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct postings *p = postings_new(cx->arena);
	struct found found = { cx, .term = "parse" };
	unsigned plain, named, weight;
	const char *at;

	found.term = "pars";
	for (int i = 0; i < 5000; i++)
		add_chunk(p, i == 3 || i == 4000 ? "we parse here" : "nothing",
		          i == 4000 ? "parser" : "");
	assert_int_equal(postings_chunks(p), 5000);
	assert_int_equal(postings_write(p, find_term, &found), ERR_OK);
	assert_int_equal(found.chunks, 2);
	at = found.text;
	assert_int_equal(postings_next(&at, -1, &plain), 3);
	assert_int_equal(postings_next(&at, 3, &named), 4000);
	assert_true(named > plain && plain > 0); /* a name is worth more than a word */
	assert_int_equal(postings_next(&at, 4000, &weight), -1);
}

/* What is no posting ends the list, whatever it is. */
static void test_postings__that_are_none(void **state)
{
	static const char *const CASES[] = { "", "0", "P", "PPPPPPPPPPPP", "!0", "\xff", "0\x7f" };
	unsigned weight;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *at = CASES[i];

		assert_int_equal(postings_next(&at, -1, &weight), -1);
	}
}

/* --- Ranks --- */

/* Postings of one term in a segment, with a weight for each chunk: '.' none, else '0' to 'o'. */
static const char *postings_text(struct ctx *cx, const char *weights)
{
	struct sb sb = sb_new(cx->arena, 4096);
	int gap = 0;

	for (const char *p = weights; *p != '\0'; p++) {
		if (*p == '.') {
			gap++;
			continue;
		}
		sb_addc(&sb, (char)('0' + gap));
		sb_addc(&sb, *p);
		gap = 0;
	}
	return sb.data != NULL ? sb.data : "";
}

static const char *ranked(struct ctx *cx, const char *counts, const char *dead, const char *only,
                          const char *one, const char *two)
{
	struct rank *rank = rank_new(cx->arena);
	const struct rank_segment segment = { 7, (uint32_t)strlen(one), counts, dead, only };
	const struct rank_term rare = { "a", 2 }, common = { "b", 1 };
	struct sb sb = sb_new(cx->arena, 4096);
	struct rank_hit hits[10];
	size_t n;

	rank_segment(rank, &segment);
	rank_term(rank, &rare, postings_text(cx, one));
	rank_term(rank, &common, postings_text(cx, two));
	rank_segment_end(rank);
	n = rank_finish(rank, hits, COUNT(hits));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(hits[i].segment, 7);
		assert_true(i == 0 || hits[i].score <= hits[i - 1].score);
		sb_addf(&sb, "%u ", hits[i].chunk);
	}
	return sb.data != NULL ? sb.data : "";
}

static void test_rank__best_first(void **state)
{
	static const struct {
		const char *counts, *dead, *only, *one, *two, *order;
	} CASES[] = {
		{ "2 2", "", NULL, "..o.", "o...", "2 0 " },      /* the rarer term */
		{ "2 2", "", NULL, "a.o.", "..o.", "2 0 " },      /* more of it */
		{ "4", "", NULL, "oo..", "....", "0 1 " },        /* equals: the first */
		{ "1 1 1", "1 1", NULL, "ooo", "...", "0 2 " },   /* dead ones do not count */
		{ "1 1 1", "", "2 1", "ooo", "...", "2 " },       /* a filter */
		{ "1 1 1", "", "", "ooo", "...", "" },            /* that nothing passes */
		{ "1 1 1", "0 3", NULL, "ooo", "ooo", "" },       /* all are dead */
		{ "99", "5 99", "0 99", "ooo", "...", "0 1 2 " }, /* rows that are not right */
		{ "", "x", "x", "ooo", "...", "" },               /* nor these */
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# case %zu\n", i);
		assert_string_equal(ranked(fixture_ctx(*state), CASES[i].counts, CASES[i].dead,
		                           CASES[i].only, CASES[i].one, CASES[i].two),
		                    CASES[i].order);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms__of_identifiers_and_sentences),
		cmocka_unit_test(test_terms__no_endless_words),
		cmocka_unit_test(test_query__said_paired_related),
		cmocka_unit_test(test_query__of_many_words),
		cmocka_unit_test(test_chunks__follow_definitions),
		cmocka_unit_test(test_chunks__follow_headings),
		cmocka_unit_test(test_chunks__hold_all_of_a_long_text),
		cmocka_unit_test(test_chunks__pieces_tell_whose_they_are),
		cmocka_unit_test(test_postings__there_and_back),
		cmocka_unit_test(test_postings__that_are_none),
		cmocka_unit_test(test_rank__best_first),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
