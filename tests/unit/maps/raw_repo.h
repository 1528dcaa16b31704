/*
 * Repositories made of raw objects, as no git would write them, and their maps.
 */
#ifndef TESTS_UNIT_MAPS_RAW_REPO_H
#define TESTS_UNIT_MAPS_RAW_REPO_H

#include "fixture.h"
#include "base/json.h"
#include "maps/analyse.h"

#include <git2.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TREE_MAX 65536

struct repo {
	char path[64];
	git_odb *odb;
};

/* A tree object being written: "mode name\0" and the id, in the order given. */
struct tree {
	char data[TREE_MAX];
	size_t len;
};

static inline git_oid put(struct repo *repo, git_object_t type, const void *data, size_t len)
{
	git_oid oid;

	assert_int_equal(git_odb_write(&oid, repo->odb, data, len, type), 0);
	return oid;
}

static inline void add(struct tree *tree, const char *mode, const char *name, git_oid oid)
{
	size_t m = strlen(mode), n = strlen(name);

	assert_true(tree->len + m + n + 22 <= TREE_MAX);
	memcpy(tree->data + tree->len, mode, m);
	tree->data[tree->len + m] = ' ';
	memcpy(tree->data + tree->len + m + 1, name, n + 1);
	memcpy(tree->data + tree->len + m + n + 2, oid.id, 20);
	tree->len += m + n + 22;
}

static inline void add_text(struct repo *repo, struct tree *tree, const char *name,
                            const char *text)
{
	add(tree, "100644", name, put(repo, GIT_OBJECT_BLOB, text, strlen(text)));
}

static inline git_oid put_tree(struct repo *repo, const struct tree *tree)
{
	return put(repo, GIT_OBJECT_TREE, tree->data, tree->len);
}

/* @ret the id of a commit of that tree, in the context's arena */
static inline const char *put_commit(struct ctx *cx, struct repo *repo, git_oid tree)
{
	char *hex = arena_alloc(cx->arena, GIT_OID_HEXSZ + 1);
	char text[256];
	git_oid oid;
	int n;

	git_oid_tostr(hex, GIT_OID_HEXSZ + 1, &tree);
	n = snprintf(text, sizeof(text),
	             "tree %s\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n", hex);
	oid = put(repo, GIT_OBJECT_COMMIT, text, (size_t)n);
	git_oid_tostr(hex, GIT_OID_HEXSZ + 1, &oid);
	return hex;
}

static inline void repo_new(struct repo *repo)
{
	git_repository *made;

	snprintf(repo->path, sizeof(repo->path), "/tmp/analyse.XXXXXX");
	assert_non_null(mkdtemp(repo->path));
	assert_int_equal(git_repository_init(&made, repo->path, true), 0);
	assert_int_equal(git_repository_odb(&repo->odb, made), 0);
	git_repository_free(made);
}

static inline void repo_end(struct repo *repo)
{
	char command[128];

	git_odb_free(repo->odb);
	snprintf(command, sizeof(command), "rm -rf '%s'", repo->path);
	assert_int_equal(system(command), 0);
}

static const struct json_limits MAP_LIMITS = { 64 << 20, 16, 4000000 };

/* Map a commit, check that the text is strict JSON, and parse it. */
static inline struct json_object *map(struct ctx *cx, const struct analyse_in *in)
{
	struct analyse_result result;
	struct json_object *doc;

	if (analyse_repository(cx, in, &result) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
	assert_int_equal(json_parse(cx, result.content, &MAP_LIMITS, &doc), ERR_OK);
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
