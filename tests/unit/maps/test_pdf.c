/* PDFs: what pdftotext makes of them behind its walls, and what becomes of those that are none.  (H1) */
#include "fixture.h"

#include "base/sb.h"
#include "maps/pdf.h"
#include "retrieval/chunk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct pdf_limits LIMITS = {
	.max_bytes = 1 << 20,
	.max_pages = 10,
	.timeout_s = 20,
	.memory_bytes = WITH_ASAN ? 0 : (int64_t)512 << 20,
};

/* A PDF of pages with one line each; without a table of its objects, which readers make themselves. */
static struct span make_pdf(struct ctx *cx, int pages)
{
	struct sb sb = sb_new(cx->arena, 1 << 20);

	sb_add(&sb, "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	            "3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n"
	            "2 0 obj\n<< /Type /Pages /Kids [");
	for (int i = 0; i < pages; i++)
		sb_addf(&sb, " %d 0 R", 10 + 2 * i);
	sb_addf(&sb, " ] /Count %d >>\nendobj\n", pages);
	for (int i = 0; i < pages; i++) {
		char text[100];
		int n = snprintf(text, sizeof(text),
		                 "BT /F 12 Tf 20 80 Td (words of page %d) Tj ET", i + 1);

		sb_addf(&sb,
		        "%d 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents %d 0 R"
		        " /Resources << /Font << /F 3 0 R >> >> >>\nendobj\n"
		        "%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n",
		        10 + 2 * i, 11 + 2 * i, 11 + 2 * i, n, text);
	}
	sb_add(&sb, "trailer\n<< /Root 1 0 R >>\n%%EOF\n");
	assert_false(sb.failed);
	return (struct span){ sb.data, sb.len };
}

static struct pdf *start(struct ctx *cx, const struct pdf_limits *limits)
{
	struct pdf *pdf = NULL;

	assert_int_equal(pdf_start(cx, limits, &pdf), ERR_OK);
	assert_non_null(pdf);
	return pdf;
}

static void test_pdf__text_of_each_page(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct pdf *pdf = start(cx, &LIMITS);
	struct chunk_list chunks;
	struct span text;

	assert_int_equal(pdf_read(pdf, cx->arena, make_pdf(cx, 3), &text), PDF_OK);
	chunk_pages(cx->arena, text, &chunks);
	assert_int_equal(chunks.n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(chunks.items[i].page, i + 1);
		assert_string_equal(chunks.items[i].kind, "page");
		assert_non_null(memmem(chunks.items[i].text.data, chunks.items[i].text.len,
		                       arena_printf(cx->arena, "page %u", i + 1), 6));
	}
	/* Pages past the limit are left out. */
	assert_int_equal(pdf_read(pdf, cx->arena, make_pdf(cx, 30), &text), PDF_OK);
	chunk_pages(cx->arena, text, &chunks);
	assert_int_equal(chunks.n, 10);
}

/* Its password is not the empty one. */
#define LOCKED                                                                                     \
	"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n"                  \
	"<< /Type /Pages /Kids [] /Count 0 >>\nendobj\ntrailer << /Size 3 /Root 1 0 R"             \
	" /ID [(a) (a)] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4"                             \
	" /O (01234567890123456789012345678901) /U (01234567890123456789012345678901) >>"          \
	" >>\nstartxref\n0\n%%EOF\n"

/* One that cannot be read takes nothing from those behind it. */
static void test_pdf__that_are_none(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct pdf *pdf = start(cx, &LIMITS);
	char *large = arena_alloc(cx->arena, (2 << 20) + 1);
	struct span good = make_pdf(cx, 1), text;
	const struct {
		const char *why;
		struct span bytes;
		enum pdf_result result;
		enum err fault;
	} CASES[] = {
		{ "empty", SPAN(""), PDF_DAMAGED, ERR_INVALID },
		{ "no PDF", SPAN("Dear reader"), PDF_DAMAGED, ERR_INVALID },
		{ "head alone", SPAN("%PDF-1.7\n"), PDF_DAMAGED, ERR_INVALID },
		{ "half of one", { good.data, good.len / 4 }, PDF_DAMAGED, ERR_INVALID },
		{ "locked", SPAN(LOCKED), PDF_LOCKED, ERR_INVALID },
		{ "too large", { large, 2 << 20 }, PDF_TOO_LARGE, ERR_TOO_LARGE },
	};

	memset(large, 'x', 2 << 20);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		enum pdf_result result = pdf_read(pdf, cx->arena, CASES[i].bytes, &text);

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(result, CASES[i].result);
		assert_int_equal(text.len, 0);
		assert_int_equal(pdf_fault(cx, result), CASES[i].fault);
		err_clear(cx);
	}
	assert_int_equal(pdf_read(pdf, cx->arena, good, &text), PDF_OK);
	assert_int_equal(pdf_read(NULL, cx->arena, good, &text), PDF_NO_TOOL);
}

/* It has so much memory and no more: a page that asks for gigabytes ends it, and nothing else. */
static void test_pdf__without_memory(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct pdf_limits limits = LIMITS;
	struct span text;

	if (WITH_ASAN)
		skip();
	limits.memory_bytes = (int64_t)4 << 20;
	assert_int_equal(pdf_read(start(cx, &limits), cx->arena, make_pdf(cx, 1), &text),
	                 PDF_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pdf__text_of_each_page),
		cmocka_unit_test(test_pdf__that_are_none),
		cmocka_unit_test(test_pdf__without_memory),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
