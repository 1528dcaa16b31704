/*
 * Generated repository: commits of a few authors on branches that merge now and then; files change,
 * alone and together, come, go and are renamed, edited or not.  The same seed gives the same commits.
 */
#ifndef TESTS_GENERATED_REPO_H
#define TESTS_GENERATED_REPO_H

#include "git_repo.h"

#define GENERATED_NAMES    90
#define GENERATED_BRANCHES 3 /* b0 to b2; main merges all of them */
#define GENERATED_AUTHORS  5 /* "Author 0" to "Author 4" */
#define GENERATED_COMMITS  260

/** Replaces the branches of a repository that is not empty. */
void generated_repo(struct git_repo *repo, uint64_t seed);

#endif
