/* Repositories made of raw objects, for tests of what reads them. */
#ifndef TESTS_MAPS_OBJECTS_H
#define TESTS_MAPS_OBJECTS_H

#include "fixture.h"

#include <git2.h>
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

#endif
