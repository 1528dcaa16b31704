/*
 * Tools that read documents of a tenant's own: by number and by name, with pages, where the conversation is about
 * everything and not where it is about one project, and of no other tenant (F5, H6, A6).
 */
#include "fixture_db.h"

#include "chats/tools.h"
#include "retrieval/document.h"

#include <inttypes.h>
#include <string.h>

static int64_t add(struct ctx *cx, const char *name, const char *text)
{
	const struct document_new in = { .name = name, .text = text };
	struct document made;

	assert_err(cx, document_create(cx, &in, &made), ERR_OK);
	return made.id;
}

/* As the job that reads a PDF leaves it. */
static int64_t add_pdf(struct ctx *cx, const char *name, const char *text)
{
	const struct document_new in = { .name = name, .content = "JVBERi0xLjQK" };
	struct document made;

	assert_err(cx, document_create(cx, &in, &made), ERR_OK);
	if (text != NULL)
		fixture_db_int(cx,
		               arena_printf(cx->arena,
		                            "WITH u AS (UPDATE app.document SET extracted = '%s'"
		                            " WHERE id = %" PRId64
		                            " RETURNING 1) SELECT count(*) FROM u",
		                            text, made.id));
	return made.id;
}

static const char *read_file(struct ctx *cx, int64_t project, const char *path, const char *more,
                             bool failed)
{
	const struct llm_tool_call call = {
		.id = "1",
		.name = "read_file",
		.arguments = arena_printf(cx->arena, "{\"path\":\"%s\"%s}", path, more),
	};
	struct tool_output output;

	assert_err(cx, tools_run(cx, project, NULL, &call, &output), ERR_OK);
	if (output.failed != failed)
		fail_msg("%s: %s", path, output.text);
	return output.text;
}

static const char *number(struct ctx *cx, int64_t id)
{
	return arena_printf(cx->arena, "document/%" PRId64, id);
}

static void test_tools__read_a_document(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = add(cx, "handbook.md", "# Handbook\n\nWe deploy on Mondays.\n");
	const char *whole = arena_printf(cx->arena,
	                                 "(document/%" PRId64 ", handbook.md)\n1\t# Handbook\n2\t\n"
	                                 "3\tWe deploy on Mondays.\n(3 lines in all)\n",
	                                 id);

	assert_string_equal(read_file(cx, 0, number(cx, id), "", false), whole);
	assert_string_equal(read_file(cx, 0, "handbook.md", "", false), whole);
	/* A model that names a project besides still means the document. */
	assert_string_equal(read_file(cx, 0, number(cx, id), ",\"project_id\":7", false), whole);
	assert_non_null(strstr(read_file(cx, 0, number(cx, id), ",\"from\":3,\"to\":3", false),
	                       ")\n3\tWe deploy on Mondays.\n"));
	assert_non_null(strstr(read_file(cx, 0, number(cx, id), ",\"from\":4", true), "3 lines"));
}

/* The page of each line is told, so that it can be cited. */
static void test_tools__pages(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = add_pdf(cx, "house.pdf", "Cellar\nNothing\n\fAttic\nLanterns\n");

	assert_non_null(
		strstr(read_file(cx, 0, "house.pdf", "", false),
	               "(page 1)\n1\tCellar\n2\tNothing\n(page 2)\n3\tAttic\n4\tLanterns\n"));
	assert_non_null(strstr(read_file(cx, 0, number(cx, id), ",\"from\":4", false),
	                       "(page 2)\n4\tLanterns\n"));
	add_pdf(cx, "unread.pdf", NULL);
	assert_non_null(strstr(read_file(cx, 0, "unread.pdf", "", false), "no text: pending"));
}

/* Documents are no project's; another tenant's are nobody's. */
static void test_tools__walls(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = add(cx, "secret.md", "The vault is behind the clock.\n");
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx);

	assert_null(strstr(read_file(cx, 1, number(cx, id), "", true), "vault"));
	assert_null(strstr(read_file(cx, 1, "secret.md", "", true), "vault"));
	cx->who.tenant_id = other;
	assert_null(strstr(read_file(cx, 0, number(cx, id), "", true), "vault"));
	assert_non_null(
		strstr(read_file(cx, 0, "secret.md", "", true), "no document of that name"));
	cx->who.tenant_id = mine;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tools__read_a_document),
		cmocka_unit_test(test_tools__pages),
		cmocka_unit_test(test_tools__walls),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
