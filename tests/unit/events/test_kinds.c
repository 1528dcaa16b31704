/* Kinds of events: what is declared, and patterns over it.  D1-D6, D10. */
#include "fixture.h"

#include "app/registry_kinds.h"
#include "app/registry_subscribers.h"

#include <string.h>

static void test_registry__is_sound(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	assert_null(event_kinds_check(cx->arena, app_event_kinds));
	assert_null(event_subscribers_check(cx->arena, app_subscribers));
}

/* The kinds of the plan, each with the members that it names. */
static void test_registry__kinds_of_the_plan(void **state)
{
	static const struct {
		const char *type, *members[4];
	} KINDS[] = {
		{ "idea.created", { "project_id", "content", "actor" } },
		{ "spec.frozen", { "project_id", "brief_id", "requirements" } },
		{ "tasks.created", { "project_id", "tasks", "dependencies" } },
		{ "pr.opened", { "project_id", "pr_id", "branch" } },
		{ "file.uploaded", { "filename", "user" } },
		{ "tool.executed", { "tool", "result" } },
		{ "state.changed", { "key", "version", "data" } },
		{ "project.created", { "id", "name" } },
		{ "map.published", { "project_id" } },
		{ "job.completed", { "job_id" } },
		{ "job.failed", { "job_id", "error_type" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		const struct event_kind *kind = event_kind_of(app_event_kinds, KINDS[i].type);

		print_message("# %s\n", KINDS[i].type);
		assert_non_null(kind);
		for (size_t m = 0; m < COUNT(KINDS[i].members) && KINDS[i].members[m] != NULL; m++)
			assert_non_null(schema_field(kind->payload, KINDS[i].members[m]));
	}
	assert_null(event_kind_of(app_event_kinds, "idea.forgotten"));
}

static const struct schema NO_FIELDS = { .name = "None" };
#define SOUND(text)                                                                                \
	{                                                                                          \
		.type = (text), .version = 1, .payload = &NO_FIELDS, .doc = "d"                    \
	}

static void test_check__what_is_refused(void **state)
{
	static const struct event_kind GOOD = SOUND("a.b");
	static const struct {
		const char *said;
		struct event_kind kind;
	} BAD[] = {
		{ "another's", SOUND("a.b") },
		{ "well-formed", SOUND("ab") },
		{ "well-formed", SOUND("a..b") },
		{ "well-formed", SOUND(".b") },
		{ "well-formed", SOUND("a.") },
		{ "well-formed", SOUND("A.b") },
		{ "well-formed", SOUND("a.*") },
		{ "well-formed", SOUND("a.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb") },
		{ "version", { .type = "a.c", .payload = &NO_FIELDS, .doc = "d" } },
		{ "schema", { .type = "a.c", .version = 1, .doc = "d" } },
		{ "doc", { .type = "a.c", .version = 1, .payload = &NO_FIELDS } },
	};

	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = fixture_ctx(*state);
		event_kinds kinds = { &GOOD, &BAD[i].kind, NULL };
		const char *why = event_kinds_check(cx->arena, kinds);

		print_message("# %s\n", BAD[i].kind.type);
		assert_non_null(why);
		assert_contains(why, BAD[i].said);
	}
}

static void test_pattern__matches(void **state)
{
	static const struct {
		const char *pattern, *type;
		bool matches;
	} CASES[] = {
		{ "*", "job.failed", true },
		{ "*", "", true },
		{ "job.*", "job.failed", true },
		{ "job.*", "jobs.failed", false },
		{ "job.*", "job", false },
		{ "job.*", "job.", true },
		{ "job.failed", "job.failed", true },
		{ "job.failed", "job.failed2", false },
		{ "job", "job.failed", false },
		{ "job*", "job.failed", false },
		{ "*.failed", "job.failed", false },
		{ ".*", "job.failed", false },
		{ "", "job.failed", false },
		{ "a_b.*", "axb.c", false }, /* no wildcards of SQL */
		{ "%", "job.failed", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s %s\n", CASES[i].pattern, CASES[i].type);
		assert_int_equal(event_pattern_matches(CASES[i].pattern, CASES[i].type),
		                 CASES[i].matches);
	}
}

static void test_select(void **state)
{
	static const struct {
		const char *texts[3];
		size_t n; /* kinds chosen; 0: all */
		const char *said;
	} CASES[] = {
		{ { NULL }, 0, NULL },
		{ { "*" }, 0, NULL },
		{ { "job.*" }, 3, NULL },
		{ { "job.*", "job.failed" }, 3, NULL }, /* each once */
		{ { "idea.created", "pr.opened" }, 2, NULL },
		{ { "job.failed", "*" }, 0, NULL },
		{ { "job.fialed" }, 0, "did you mean job.failed?" },
		{ { "project.create" }, 0, "did you mean project.created?" },
		{ { "pork.*" }, 0, "/api/v1/events/kinds" },
		{ { "job.failed", "" }, 0, "/api/v1/events/kinds" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct list patterns = { .items = CASES[i].texts }, chosen = { .n = 99 };
		enum err e;

		while (patterns.n < COUNT(CASES[i].texts) && CASES[i].texts[patterns.n] != NULL)
			patterns.n++;
		e = event_kinds_select(cx, app_event_kinds, &patterns, "?types", &chosen);
		print_message("# %zu\n", i);
		assert_int_equal(e, CASES[i].said == NULL ? ERR_OK : ERR_INVALID);
		if (e == ERR_OK) {
			assert_int_equal(chosen.n, CASES[i].n);
			continue;
		}
		assert_int_equal(chosen.n, 99); /* untouched */
		assert_blamed(cx, "?types", "event_kind");
		assert_contains(cx->fault.fields[0].detail, CASES[i].said);
	}
}

/* What is told of people and credentials is for those who may read the audit log. */
static void test_hidden__by_role(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct list hidden;
	bool sign_in = false, project = false;

	cx->who.role = ROLE_ADMIN;
	assert_int_equal(event_kinds_hidden(cx, app_event_kinds).n, 0);
	cx->who.role = ROLE_OPERATOR;
	hidden = event_kinds_hidden(cx, app_event_kinds);
	for (size_t i = 0; i < hidden.n; i++) {
		const char *type = ((const char *const *)hidden.items)[i];

		sign_in = sign_in || strcmp(type, "user.signed_in") == 0;
		project = project || strncmp(type, "project.", 8) == 0;
	}
	assert_true(sign_in);
	assert_false(project);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry__is_sound),
		cmocka_unit_test(test_registry__kinds_of_the_plan),
		cmocka_unit_test(test_check__what_is_refused),
		cmocka_unit_test(test_pattern__matches),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_hidden__by_role),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
