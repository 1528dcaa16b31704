/* Bodies whose form is another's to widen: what is not known in them is passed over, and only there. */
#include "fixture.h"

#include "base/schema.h"

#include <string.h>

struct foreign {
	const char *known;
};

static const struct field FIELDS[] = { F_TEXT(struct foreign, known, .max = 5, .doc = "d") };
static const struct schema OPEN = SCHEMA_OPEN(struct foreign, "Open", FIELDS);
static const struct schema SHUT = SCHEMA(struct foreign, "Shut", FIELDS);

static void test_schema_open__unknown_members(void **state)
{
	static const struct {
		const char *body;
		enum err open, shut;
	} CASES[] = {
		{ "{\"known\":\"a\"}", ERR_OK, ERR_OK },
		{ "{\"known\":\"a\",\"more\":{\"x\":[1]}}", ERR_OK, ERR_UNKNOWN_FIELD },
		{ "{\"more\":null}", ERR_OK, ERR_UNKNOWN_FIELD },
		{ "{\"known\":\"too long\",\"more\":1}", ERR_INVALID, ERR_INVALID },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct span body = { CASES[i].body, strlen(CASES[i].body) };
		struct foreign got;

		print_message("# %s\n", CASES[i].body);
		assert_int_equal(schema_decode(cx, &OPEN, body, &got), CASES[i].open);
		assert_int_equal(schema_decode(cx, &SHUT, body, &got), CASES[i].shut);
	}
}

static void test_schema_open__is_documented(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb open = sb_new(cx->arena, 4096), shut = sb_new(cx->arena, 4096);

	schema_print(&open, &OPEN);
	schema_print(&shut, &SHUT);
	assert_non_null(strstr(open.data, "\"additionalProperties\":true}"));
	assert_non_null(strstr(shut.data, "\"additionalProperties\":false}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_open__unknown_members),
		cmocka_unit_test(test_schema_open__is_documented),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
