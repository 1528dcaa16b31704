/* Columns as PostgreSQL sends them in binary. */
#include "fixture.h"

#include "base/schema.h"

struct thing {
	const char *name, *json;
	int64_t depth, due_us;
	bool active;
};

static const struct field FIELDS[] = {
	F_TEXT(struct thing, name, .doc = "d"),   F_INT(struct thing, depth, .doc = "d"),
	F_BOOL(struct thing, active, .doc = "d"), F_TIME(struct thing, due_us, .doc = "d"),
	F_JSON(struct thing, json, .doc = "d"),
};
static const struct schema THING = SCHEMA(struct thing, "Thing", FIELDS);

static void set(struct ctx *cx, struct thing *obj, const char *name, const char *data, size_t len)
{
	schema_set_binary(cx->arena, schema_field(&THING, name), data, len, obj);
}

static void test_schema_set_binary(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing obj = { .depth = 4, .active = true, .name = "x" };

	set(cx, &obj, "name", "nx", 1);
	set(cx, &obj, "active", "\0", 1);
	assert_string_equal(obj.name, "n");
	assert_false(obj.active);
	set(cx, &obj, "active", "\x01", 1);
	assert_true(obj.active);
	set(cx, &obj, "name", NULL, 0);
	set(cx, &obj, "active", NULL, 0);
	assert_null(obj.name);
	assert_false(obj.active);
}

/* jsonb is the number of its form, and the text. */
static void test_schema_set_binary__json(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct thing obj = { .json = "x" };

	set(cx, &obj, "json", "\x01{\"a\": 1}no", 9);
	assert_string_equal(obj.json, "{\"a\": 1}");
	set(cx, &obj, "json", NULL, 0);
	assert_null(obj.json);
}

/* A smallint, an integer and a bigint, each with its sign. */
static void test_schema_set_binary__numbers(void **state)
{
	static const struct {
		struct span data;
		int64_t wanted;
	} CASES[] = {
		{ { "\xff\xd6", 2 }, -42 },
		{ { "\x7f\xff", 2 }, INT16_MAX },
		{ { "\0\0\x01\0", 4 }, 256 },
		{ { "\xff\xff\xff\xff", 4 }, -1 },
		{ { "\0\0\0\0\0\0\0\0", 8 }, 0 },
		{ { "\0\0\x01\x02\0\x07", 6 }, INT64_C(258) << 16 | 7 }, /* a tid */
		{ { "\x80\0\0\0\0\0\0\0", 8 }, INT64_MIN },
		{ { NULL, 0 }, 0 },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct thing obj = { .depth = 4 };

		set(cx, &obj, "depth", CASES[i].data.data, CASES[i].data.len);
		assert_true(obj.depth == CASES[i].wanted);
	}
}

/* Microseconds since 2000. */
static void test_schema_set_binary__times(void **state)
{
	static const struct {
		struct span data;
		int64_t wanted;
	} CASES[] = {
		{ { "\0\0\0\0\0\0\0\x01", 8 }, INT64_C(946684800000001) },
		{ { "\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, INT64_C(946684799999999) },
		{ { "\xff\xfc\xa2\xfe\xc4\xc8\x20\0", 8 }, 0 },           /* 1970 */
		{ { "\x7f\xff\xff\xff\xff\xff\xff\xff", 8 }, INT64_MAX }, /* infinity */
		{ { NULL, 0 }, 0 },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct thing obj = { .due_us = 4 };

		set(cx, &obj, "due_us", CASES[i].data.data, CASES[i].data.len);
		assert_true(obj.due_us == CASES[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_set_binary),
		cmocka_unit_test(test_schema_set_binary__json),
		cmocka_unit_test(test_schema_set_binary__numbers),
		cmocka_unit_test(test_schema_set_binary__times),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
