/* OpenAPI: what the tables print is sound, complete and what was last looked at. */
#include "fixture.h"

#include "openapi.h"

#include "base/json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/openapi.json"

static const struct json_limits LIMITS = { 4 * 1024 * 1024, 32, 100000 };

static struct span printed(struct ctx *cx)
{
	struct sb sb = sb_new(cx->arena, LIMITS.max_bytes);

	openapi_print(&sb);
	assert_false(sb.failed);
	return (struct span){ sb.data, sb.len };
}

static struct json_object *parsed(struct ctx *cx)
{
	struct json_object *doc = NULL;

	assert_int_equal(json_parse(cx, printed(cx), &LIMITS, &doc), ERR_OK);
	return doc;
}

/* The file is written by `make docs`; whoever changes a table reads its diff as a client would. */
static void test_openapi__golden(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct span now = printed(cx);
	char *then = arena_alloc(cx->arena, LIMITS.max_bytes);
	FILE *file = fopen(GOLDEN, "r");
	size_t n, at = 0;

	if (file == NULL)
		fail_msg("%s cannot be read; run from the root of the tree, or make docs", GOLDEN);
	n = fread(then, 1, LIMITS.max_bytes, file);
	fclose(file);
	while (at < n && at < now.len && then[at] == now.data[at])
		at++;
	if (n != now.len || at != n)
		fail_msg(
			"the interface has changed at byte %zu: make docs, then read the diff of %s",
			at, GOLDEN);
}

static struct json_object *at_pointer(struct json_object *doc, const char *ref)
{
	struct json_object *found = NULL;

	assert_int_equal(strncmp(ref, "#/", 2), 0);
	return json_pointer_get(doc, ref + 1, &found) == 0 ? found : NULL;
}

/* Each $ref leads somewhere. */
static void check_refs(struct json_object *doc, struct json_object *at, int *found)
{
	if (json_object_is_type(at, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(at); i++)
			check_refs(doc, json_object_array_get_idx(at, i), found);
	}
	if (!json_object_is_type(at, json_type_object))
		return;
	json_object_object_foreach(at, key, value)
	{
		if (strcmp(key, "$ref") == 0) {
			if (at_pointer(doc, json_object_get_string(value)) == NULL)
				fail_msg("nothing at %s", json_object_get_string(value));
			(*found)++;
		} else {
			check_refs(doc, value, found);
		}
	}
}

static void test_openapi__references(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = parsed(cx);
	int found = 0;

	check_refs(doc, doc, &found);
	assert_true(found > 100);
}

static struct json_object *operation(struct json_object *doc, const struct route *r)
{
	struct json_object *paths = json_at(doc, "paths"), *path = NULL, *op = NULL;
	char method[16] = { 0 };

	for (size_t i = 0; http_method_name(r->method)[i] != '\0'; i++)
		method[i] = (char)(http_method_name(r->method)[i] | 0x20);
	assert_true(json_object_object_get_ex(paths, r->path, &path));
	assert_true(json_object_object_get_ex(path, method, &op));
	return op;
}

/* Q3: each operation has an id, words, security, an answer of success and problems. */
static void test_openapi__operations(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(json_put) struct json_object *doc = parsed(cx);

	assert_string_equal(json_text(doc, "openapi", ""), "3.1.0");
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			struct json_object *op = operation(doc, r);
			struct json_object *security = json_at(op, "security");
			const char *success = arena_printf(cx->arena, "responses.%d", r->status);

			print_message("# %s\n", r->op);
			assert_string_equal(json_text(op, "operationId", ""), r->op);
			assert_true(strlen(json_text(op, "summary", "")) > 10);
			assert_contains(json_object_to_json_string_ext(json_at(doc, "tags"),
			                                               JSON_C_TO_STRING_PLAIN),
			                arena_printf(cx->arena, "{\"name\":\"%s\",", r->tag));
			assert_non_null(json_at(op, success));
			assert_non_null(json_at(op, "responses.400"));
			assert_non_null(json_at(op, "responses.503"));
			assert_int_equal(json_object_array_length(security),
			                 r->auth == AUTH_NONE  ? 0
			                 : r->auth == AUTH_ANY ? 3
			                                       : 1);
			assert_string_equal(json_text(op, "x-role", "anyone"), role_name(r->role));
			assert_string_equal(json_text(op, "x-scope", ""), route_scope(r));
			assert_true(json_at(op, "responses.401") != NULL || r->auth == AUTH_NONE);
			assert_int_equal(json_at(op, "requestBody") != NULL, r->body != NULL);
			assert_int_equal(json_at(op, "responses.412") != NULL, r->if_match);
			for (size_t i = 0; i < ROUTE_FAILS_MAX && r->fails[i] != ERR_OK; i++)
				assert_non_null(
					json_at(op, arena_printf(cx->arena, "responses.%d",
				                                 err_info(r->fails[i])->status)));
		}
	}
}

static void test_openapi__examples_are_json(void **state)
{
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			struct ctx *cx = fixture_ctx(*state);

			if (r->example == NULL)
				continue;
			print_message("# %s\n", r->op);
			assert_int_equal(json_check(cx,
			                            (struct span){ r->example, strlen(r->example) },
			                            &LIMITS),
			                 ERR_OK);
		}
	}
}

/* An example shows each member of its schema, and no other. */
static void test_openapi__examples_fit(void **state)
{
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			struct ctx *cx = fixture_ctx(*state);
			CLEANUP(json_put) struct json_object *doc = NULL;
			struct json_object *shown;

			if (r->example == NULL || r->reply == NULL)
				continue;
			print_message("# %s\n", r->op);
			assert_int_equal(json_parse(cx,
			                            (struct span){ r->example, strlen(r->example) },
			                            &LIMITS, &doc),
			                 ERR_OK);
			shown = r->form == ROUTE_PAGE ? json_at(doc, "items.0") : doc;
			assert_non_null(shown);
			assert_int_equal((size_t)json_object_object_length(shown),
			                 r->reply->nfields);
			for (size_t i = 0; i < r->reply->nfields; i++)
				assert_true(json_object_object_get_ex(
					shown, r->reply->fields[i].name, NULL));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openapi__golden),
		cmocka_unit_test(test_openapi__references),
		cmocka_unit_test(test_openapi__operations),
		cmocka_unit_test(test_openapi__examples_are_json),
		cmocka_unit_test(test_openapi__examples_fit),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
