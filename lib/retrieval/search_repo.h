/* SQL of the search. */
#ifndef RETRIEVAL_SEARCH_REPO_H
#define RETRIEVAL_SEARCH_REPO_H

#include "retrieval/search.h"

/** @words an array  @ret items are struct retrieval_hit */
NODISCARD
enum err search_repo_named(struct ctx *cx, const struct retrieval_query *query, const char *words,
                           struct list *ret);

#endif
