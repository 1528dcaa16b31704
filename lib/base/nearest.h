/*
 * Nearest: which known name was probably meant by an unknown one.
 *
 *     struct nearest near = nearest_to("worker_thread");
 *     for (...)
 *             nearest_offer(&near, KEYS[i].name);
 *     if (near.best != NULL) ... "did you mean worker_threads?"
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/base.h"

#define NEAREST_NAME_MAX 64 /* bytes; longer names are never proposed nor looked up */

struct nearest {
	const char *wanted;
	size_t wanted_len;
	const char *best; /* NULL while nothing offered is near enough */
	int distance;     /* edits from wanted to best */
};

/** Begin to look for a name; borrowed while the others are offered. */
struct nearest nearest_to(const char *wanted);

/**
 * Offer a known name.  It becomes the best when fewer edits (insert, delete, replace or swap of
 * neighbours, letter case aside) lead to it than to any before, and at most a third of its length.
 */
void nearest_offer(struct nearest *near, const char *name);

#endif
