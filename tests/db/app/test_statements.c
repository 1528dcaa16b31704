/* Every statement of every domain against the migrated schema (portolan sql-check). */
#include "fixture_db.h"

#include "app/app.h"
#include "base/migrate.h"

#include <stdlib.h>
#include <string.h>

static void test_statements__all_fit_the_schema(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int n = 0;
	enum err e;

	f->config.database_url = getenv("PORTOLAN_TEST_DB_URL");
	f->config.database_runner_url = getenv("PORTOLAN_TEST_RUNNER_URL");
	f->config.database_gate_url = getenv("PORTOLAN_TEST_GATE_URL");
	f->config.database_owner_url = getenv("PORTOLAN_TEST_OWNER_URL");
	e = app_check_statements(cx, &n);

	for (int i = 0; i < cx->fault.nfields && i < FAULT_ERRORS_MAX; i++)
		print_message("%s\n", cx->fault.fields[i].detail);
	assert_err(cx, e, ERR_OK);
	assert_in_range(n, 30, 1000);
}

/* The name is what the server knows a statement by. */
static void test_statements__names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; app_statements[i] != NULL; i++) {
		for (const struct db_check *a = app_statements[i]; a->stmt != NULL; a++) {
			int same = 0;

			for (size_t j = 0; app_statements[j] != NULL; j++) {
				for (const struct db_check *b = app_statements[j]; b->stmt != NULL;
				     b++)
					same += strcmp(a->stmt->name, b->stmt->name) == 0;
			}
			if (same != 1)
				fail_msg("%d statements are called %s", same, a->stmt->name);
		}
	}
}

/* A statement that says it only reads is sent again: it must not change or lock anything. */
static void test_statements__reads_only_read(void **state)
{
	static const char *const WORDS[] = { "INSERT", "UPDATE", "DELETE",  "nextval",
		                             "NOTIFY", "notify", "advisory" };

	(void)state;
	for (size_t i = 0; app_statements[i] != NULL; i++) {
		for (const struct db_check *c = app_statements[i]; c->stmt != NULL; c++) {
			for (size_t w = 0; c->stmt->read && w < COUNT(WORDS); w++) {
				if (strstr(c->stmt->sql, WORDS[w]) != NULL)
					fail_msg("%s reads, but holds %s", c->stmt->name, WORDS[w]);
			}
		}
	}
}

static void test_schema__is_new_enough(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t version = 0;

	assert_err(cx, migrate_version(cx, &version), ERR_OK);
	assert_int_equal(version, MIGRATE_NEWEST);
	assert_err(cx, app_check_schema(cx), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements__all_fit_the_schema),
		cmocka_unit_test(test_statements__names_are_unique),
		cmocka_unit_test(test_statements__reads_only_read),
		cmocka_unit_test(test_schema__is_new_enough),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
