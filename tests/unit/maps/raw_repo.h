/*
 * Repositories made of raw objects, as no git would write them, and their maps.
 */
#ifndef TESTS_UNIT_MAPS_RAW_REPO_H
#define TESTS_UNIT_MAPS_RAW_REPO_H

#include "fixture.h"
#include "base/json.h"
#include "maps/analyse.h"
#include "objects.h"

#include <json-c/json.h>
#include <string.h>

static const struct json_limits MAP_LIMITS = { 64 << 20, 16, 4000000 };

static inline struct span map_content(const struct analyse_result *result)
{
	const struct span *text = bundle_find(&result->bundle, BUNDLE_CONTENT);

	assert_non_null(text);
	return *text;
}

/* Map a commit, check that the text is strict JSON, and parse it. */
static inline struct json_object *map(struct ctx *cx, const struct analyse_in *in)
{
	struct analyse_result result;
	struct json_object *doc;

	if (analyse_repository(cx, in, &result) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
	assert_int_equal(json_parse(cx, map_content(&result), &MAP_LIMITS, &doc), ERR_OK);
	return doc;
}

static inline const char *column_text(struct json_object *doc, const char *path, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(json_at(doc, path), i));
}

static inline int64_t column_int(struct json_object *doc, const char *path, size_t i)
{
	return json_object_get_int64(json_object_array_get_idx(json_at(doc, path), i));
}

static inline size_t rows(struct json_object *doc, const char *path)
{
	return json_object_array_length(json_at(doc, path));
}

/* @ret the reason for which a path was skipped, "" when it was not */
static inline const char *skip_of(struct json_object *doc, const char *path)
{
	for (size_t i = 0; i < rows(doc, "coverage.skipped.file"); i++) {
		int64_t file = column_int(doc, "coverage.skipped.file", i);

		if (strcmp(column_text(doc, "files.path", (size_t)file), path) == 0)
			return column_text(doc, "legend.skips",
			                   (size_t)column_int(doc, "coverage.skipped.reason", i));
	}
	return "";
}

static inline int raw_repo_set_up(void **state)
{
	int rc = fixture_open(state);

	return rc != 0 ? rc : scan_init(fixture_ctx(*state)) != ERR_OK;
}

static inline int raw_repo_tear_down(void **state)
{
	scan_quit();
	return fixture_close(state);
}

#endif
