/*
 * Uploads: what comes in pieces is kept whole, once, by whom it belongs to; what is refused leaves nothing.  And the
 * documents that come so (H1, K1, A6).
 */
#include "fixture_db.h"

#include "auth/allowance.h"
#include "files/upload.h"
#include "retrieval/document.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((int64_t)1 << 20)

struct bytes {
	const char *data;
	size_t n;
};

/* Fewer than asked for only at the end. */
static size_t read_bytes(void *self, char *buffer, size_t n)
{
	struct bytes *b = self;

	n = n < b->n ? n : b->n;
	memcpy(buffer, b->data, n);
	b->data += n;
	b->n -= n;
	return n;
}

static enum err take(struct ctx *cx, const char *type, const char *data, size_t n,
                     struct upload *ret)
{
	struct bytes bytes = { .data = data, .n = n };
	const struct upload_source source = { read_bytes, &bytes };

	*ret = (struct upload){ .media_type = type };
	return upload_take(cx, &source, MAX_BYTES, ret);
}

/* Add a document as the edge does, in one transaction. */
static enum err add(struct ctx *cx, const char *name, const char *type, const char *data, size_t n,
                    struct document *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct upload upload;

	TRY(db_begin(cx, &tx));
	TRY(take(cx, type, data, n, &upload));
	TRY(document_take(cx, name, &upload, ret));
	TRY(upload_drop(cx, &upload));
	return db_commit(&tx);
}

static int64_t pieces(struct ctx *cx)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT count(*) FROM app.upload_piece WHERE tenant_id = %" PRId64,
	                         cx->who.tenant_id));
}

/* @ret so many bytes that differ from piece to piece, after a beginning */
static char *made(struct ctx *cx, const char *begin, size_t n)
{
	char *ret = arena_alloc(cx->arena, n + 1);

	for (size_t i = 0; i < n; i++)
		ret[i] = i % 80 == 79 ? '\n' : (char)('a' + (i + i / 1000) % 26);
	ret[n] = '\0';
	memcpy(ret, begin, strlen(begin));
	return ret;
}

/* Whole and in order, whatever the size is to a piece's; nothing is left of the pieces. */
static void test_upload__is_kept_whole(void **state)
{
	static const size_t SIZES[] = { 10, UPLOAD_PIECE_BYTES - 1, UPLOAD_PIECE_BYTES,
		                        UPLOAD_PIECE_BYTES + 1, 5 * UPLOAD_PIECE_BYTES + 7 };

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		char *data = made(cx, "%PDF-1.4\n", SIZES[i]);
		struct document document;

		print_message("# %zu bytes\n", SIZES[i]);
		assert_err(cx,
		           add(cx, arena_printf(cx->arena, "size-%zu", i), DOCUMENT_PDF, data,
		               SIZES[i], &document),
		           ERR_OK);
		assert_int_equal(document.bytes, SIZES[i]);
		assert_int_equal(
			fixture_db_int(cx,
		                       arena_printf(cx->arena,
		                                    "SELECT count(*) FROM app.document WHERE id ="
		                                    " %" PRId64
		                                    " AND content = convert_to('%s', 'UTF8')"
		                                    " AND hash = encode(sha256(content), 'hex')",
		                                    document.id, data)),
			1);
		assert_int_equal(pieces(cx), 0);
	}
}

/* What is wrong is said, and leaves neither a document nor a piece. */
static void test_upload__is_refused(void **state)
{
	static const struct {
		const char *type, *data;
		size_t n;
		enum err e;
		const char *rule;
	} ROWS[] = {
		{ DOCUMENT_PDF, "", 0, ERR_INVALID, "min_bytes" },
		{ DOCUMENT_PDF, "no PDF at all", 13, ERR_INVALID, "pdf" },
		{ "text/plain", "\xFF\xFE", 2, ERR_INVALID, "utf8" },
		{ "text/plain", "cut in a character \xC3", 20, ERR_INVALID, "utf8" },
		{ "text/markdown", "a\0b", 3, ERR_INVALID, "utf8" },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		struct document document;

		print_message("# %s\n", ROWS[i].rule);
		assert_err(cx, add(cx, "bad", ROWS[i].type, ROWS[i].data, ROWS[i].n, &document),
		           ROWS[i].e);
		assert_string_equal(cx->fault.fields[0].rule, ROWS[i].rule);
		assert_int_equal(pieces(cx), 0);
		assert_int_equal(
			fixture_db_int(cx, "SELECT count(*) FROM app.document WHERE name = 'bad'"),
			0);
	}
}

static void test_upload__too_large(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	size_t n = (size_t)MAX_BYTES + 1;
	char *data = made(cx, "", n);
	struct document document;

	assert_err(cx, add(cx, "large", "text/plain", data, n - 1, &document), ERR_OK);
	assert_err(cx, add(cx, "larger", "text/plain", data, n, &document), ERR_TOO_LARGE);
	assert_int_equal(pieces(cx), 0);
}

/* A character that stands across the border of two pieces is one. */
static void test_upload__characters_across_pieces(void **state)
{
	for (size_t before = UPLOAD_PIECE_BYTES - 4; before <= UPLOAD_PIECE_BYTES; before++) {
		struct ctx *cx = fixture_db_ctx(*state);
		char *data = made(cx, "", before + 4);
		struct document document;

		memcpy(data + before, "\xF0\x9F\x97\xBA", 4);
		assert_err(cx,
		           add(cx, arena_printf(cx->arena, "map-%zu", before), "text/plain", data,
		               before + 4, &document),
		           ERR_OK);
	}
}

/* Documents are part of what a tenant may store. */
static void test_upload__storage(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct document document;
	struct tenant_usage usage;

	assert_err(cx, allowance_usage(cx, &usage), ERR_OK);
	assert_true(usage.storage_bytes >= MAX_BYTES);
	f->config.storage_max_bytes = usage.storage_bytes + 10;
	assert_err(cx, add(cx, "fits", "text/plain", "0123456789", 10, &document), ERR_OK);
	assert_err(cx, add(cx, "not", "text/plain", "0", 1, &document), ERR_LIMIT);
	assert_non_null(strstr(cx->fault.detail, "documents"));
	f->config.storage_max_bytes = (int64_t)1 << 40;
}

/* Another tenant sees no piece, not even in the same transaction's time. */
static void test_upload__is_the_tenants(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	static const struct db_stmt ALL = { .name = "t_all",
		                            .any_tenant = true,
		                            .sql = "SELECT count(*) FROM app.upload_piece" };
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx), n;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct upload upload;

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, take(cx, "text/plain", "mine", 4, &upload), ERR_OK);
	assert_err(cx, db_get_int(cx, &ALL, DB_NO_ARGS, &n), ERR_OK);
	assert_int_equal(n, 1);
	cx->who.tenant_id = other;
	assert_err(cx, db_get_int(cx, &ALL, DB_NO_ARGS, &n), ERR_OK);
	assert_int_equal(n, 0);
	cx->who.tenant_id = mine;
}

/* Lines are cut by the database: the same that stand in the text, with the page of the first. */
static void test_document__lines(void **state)
{
	static const struct {
		int64_t from, to, page, lines, last;
		const char *pdf_text, *text; /* NULL: refused */
	} ROWS[] = {
		{ 1, 1, 1, 2, 1, "a\nb\n", "a\n" },
		{ 1, 9, 1, 2, 2, "a\nb\n", "a\nb\n" },
		{ 2, 2, 1, 2, 2, "a\nb", "b" },
		{ 3, 3, 0, 2, 0, "a\nb\n", NULL },
		{ 3, 4, 1, 4, 4, "a\n\n\nb\n", "\nb\n" },
		{ 2, 2, 2, 3, 2, "one\n\ftwo\nlines", "two\n" },
		{ 3, 3, 2, 3, 3, "one\n\ftwo\nlines", "lines" },
		{ 2, 2, 3, 2, 2, "one\n\f\fthree", "three" },
		{ 1, 1, 0, 0, 0, "", NULL },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct document document;
	struct document_lines lines = { .from = 1, .to = 1 };

	assert_err(cx, add(cx, "lines.pdf", DOCUMENT_PDF, "%PDF-", 5, &document), ERR_OK);
	assert_err(cx, document_read(cx, document.id, &lines), ERR_OK);
	assert_null(lines.text);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const char *set =
			arena_printf(cx->arena,
		                     "WITH u AS (UPDATE app.document SET extracted = '%s'"
		                     " WHERE id = %" PRId64 " RETURNING 1) SELECT count(*) FROM u",
		                     ROWS[i].pdf_text, document.id);

		print_message("# row %zu\n", i);
		assert_int_equal(fixture_db_int(cx, set), 1);
		lines = (struct document_lines){ .from = ROWS[i].from, .to = ROWS[i].to };
		assert_err(cx, document_read(cx, document.id, &lines),
		           ROWS[i].text == NULL ? ERR_INVALID : ERR_OK);
		if (ROWS[i].text == NULL)
			continue;
		assert_string_equal(lines.text, ROWS[i].text);
		assert_int_equal(lines.page, ROWS[i].page);
		assert_int_equal(lines.lines, ROWS[i].lines);
		assert_int_equal(lines.to, ROWS[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upload__is_kept_whole),
		cmocka_unit_test(test_upload__is_refused),
		cmocka_unit_test(test_upload__too_large),
		cmocka_unit_test(test_upload__characters_across_pieces),
		cmocka_unit_test(test_upload__storage),
		cmocka_unit_test(test_upload__is_the_tenants),
		cmocka_unit_test(test_document__lines),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
