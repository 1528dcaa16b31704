/* Meaning: the passages whose vectors are near to that of what is looked for. */
#ifndef RETRIEVAL_MEANING_H
#define RETRIEVAL_MEANING_H

#include "retrieval/search.h"
#include "retrieval/vector.h"

#define MEANING_DEPTH 100 /* passages that are taken */

struct meaning {
	const char *state;   /* as in struct retrieval_found */
	const char *problem; /* likewise */
	struct list near;    /* struct vector_near, nearest first */
};

/**
 * Ask the embedding model, and look for neighbours.  What goes wrong with the provider is no error but told:
 * the search goes on by words.
 *
 * @segments an array; NULL: there are none
 */
NODISCARD
enum err meaning_find(struct ctx *cx, const struct retrieval_query *query, const char *segments,
                      struct meaning *ret);

#endif
