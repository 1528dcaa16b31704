/*
 * Git repository: one that a test makes by git itself, in a temporary folder, and reads by the analyser.
 */
#ifndef TESTS_GIT_REPO_H
#define TESTS_GIT_REPO_H

#include "fixture.h"
#include "base/sb.h"
#include "maps/history.h"

struct git_repo {
	struct ctx *cx;
	char path[64]; /* bare */
	struct scan *scan;
	struct scan_tree tree;
	struct structure structure;
};

/** Make an empty one.  cx: its arena must outlive the repository */
void git_repo_new(struct ctx *cx, struct git_repo *ret);

void git_repo_end(struct git_repo *repo);

/** @ret what `git ARGUMENTS` prints; the test fails when git does */
const char *git_repo_run(struct git_repo *repo, const char *arguments, ...) PRINTF(2, 3);

/** Hand a stream to `git fast-import`. */
void git_repo_import(struct git_repo *repo, const struct sb *stream);

/** Add "data LENGTH\ntext\n" to a stream. */
void git_repo_data(struct sb *stream, const char *text);

/**
 * Read the history of a revision.  All files are one component, and source with one line of code.
 *
 * @ret its files are those of repo->tree
 */
void git_repo_history(struct git_repo *repo, const char *revision,
                      const struct history_limits *limits, struct history *ret);

/** @ret the index of a path; the test fails without it */
uint32_t git_repo_file(const struct git_repo *repo, const char *path);

#endif
