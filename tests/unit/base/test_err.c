/* The error table, faults, and the context that carries them. */
#include "fixture.h"

#include <ctype.h>
#include <string.h>

static void test_err__table(void **state)
{
	(void)state;
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		const struct err_info *info = err_info((enum err)e);

		assert_true(info->status >= 400 && info->status <= 599);
		assert_int_equal(err_by_slug(info->slug), e); /* so slugs are unique */
		assert_true(strlen(info->name) > 0);
		assert_int_equal(info->title[strlen(info->title) - 1], '.');
		assert_int_equal(strspn(info->slug, "abcdefghijklmnopqrstuvwxyz-8"),
		                 strlen(info->slug));
	}
	assert_int_equal(err_by_slug("no-such"), ERR_OK);
	assert_int_equal(err_info(ERR_NOT_FOUND)->status, 404);
	assert_true(err_info(ERR_UNAVAILABLE)->retry);
	assert_false(err_info(ERR_INVALID)->retry);
}

static enum err fails(struct ctx *cx)
{
	return err_set(cx, ERR_LIMIT, "the plan allows %d projects", 3);
}

static enum err passes_on(struct ctx *cx, bool *ret_after)
{
	TRY(ERR_OK);
	TRY(fails(cx));
	*ret_after = true;
	return ERR_OK;
}

static void test_err__set_and_try(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	bool after = false;

	assert_int_equal(passes_on(cx, &after), ERR_LIMIT);
	assert_false(after);
	assert_int_equal(cx->fault.code, ERR_LIMIT);
	assert_string_equal(cx->fault.detail, "the plan allows 3 projects");
	assert_null(cx->fault.cause);
	err_cause(cx, "errno %d", 5);
	err_fix(cx, "raise %s", "projects_max");
	assert_string_equal(cx->fault.cause, "errno 5");
	assert_string_equal(cx->fault.fix, "raise projects_max");
	/* A later failure replaces all of an earlier one. */
	assert_int_equal(err_set(cx, ERR_TIMEOUT, "late"), ERR_TIMEOUT);
	assert_null(cx->fault.cause);
	assert_null(cx->fault.fix);
	err_clear(cx);
	assert_int_equal(cx->fault.code, ERR_OK);
}

static void test_err__fields(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	(void)err_set(cx, ERR_LIMIT, "an earlier fault");
	for (int i = 0; i < FAULT_ERRORS_MAX + 10; i++)
		assert_int_equal(err_field(cx, i == 0 ? ERR_UNKNOWN_FIELD : ERR_INVALID,
		                           arena_printf(cx->arena, "/%d", i), "rule", "field %d",
		                           i),
		                 ERR_UNKNOWN_FIELD);
	assert_int_equal(cx->fault.nfields, FAULT_ERRORS_MAX + 10);
	assert_string_equal(cx->fault.detail, "field 0");
	assert_string_equal(cx->fault.fields[FAULT_ERRORS_MAX - 1].pointer, "/31");
	assert_blamed(cx, "/7", "rule");
}

static void test_err__long_detail(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	(void)err_set(cx, ERR_LIMIT, "%0*d", 5000, 0);
	assert_int_equal(strlen(cx->fault.detail), FAULT_DETAIL_MAX);
}

static void test_ctx__begin(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct ctx again;

	assert_memory_equal(cx->request_id, "req_", 4);
	assert_int_equal(strlen(cx->request_id), 40);
	ctx_begin(&again, cx->app, cx->arena, NULL);
	assert_string_not_equal(again.request_id, cx->request_id);
	assert_int_equal(again.who.tenant_id, 0);
	assert_int_equal(again.who.role, ROLE_UNSET);
	assert_int_equal(again.fault.code, ERR_OK);
	assert_int_equal(arena_used(cx->arena), 0);
}

static void test_ctx__deadline(void **state)
{
	struct fixture *f = *state;
	struct ctx *cx = fixture_ctx(f);

	assert_int_equal(ctx_left_ms(cx), INT64_MAX);
	f->clock.since_us = 10 * 1000000;
	cx->deadline_ms = 12000;
	assert_int_equal(ctx_left_ms(cx), 2000);
	f->clock.since_us = 13 * 1000000;
	assert_int_equal(ctx_left_ms(cx), 0);
}

static void test_ctx__roles(void **state)
{
	(void)state;
	for (int r = ROLE_VIEWER; r < ROLE_COUNT; r++)
		assert_int_equal(role_by_name(role_name((enum role)r)), r);
	assert_int_equal(role_by_name("unset"), ROLE_UNSET);
	assert_int_equal(role_by_name("root"), ROLE_UNSET);
	assert_true(ROLE_VIEWER < ROLE_MEMBER && ROLE_MEMBER < ROLE_OPERATOR &&
	            ROLE_OPERATOR < ROLE_ADMIN && ROLE_ADMIN < ROLE_OWNER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err__table),  cmocka_unit_test(test_err__set_and_try),
		cmocka_unit_test(test_err__fields), cmocka_unit_test(test_err__long_detail),
		cmocka_unit_test(test_ctx__begin),  cmocka_unit_test(test_ctx__deadline),
		cmocka_unit_test(test_ctx__roles),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
