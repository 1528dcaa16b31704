/*
 * Loose: does a loose object hold what its header says?
 *
 * libgit2 (1.5 at least) makes room for the size that the header of a loose
 * object tells, and then copies what the first block of its content holds,
 * which may be more: a repository on this machine can be made to overrun the
 * heap of who reads it.  Packs are not concerned.  So whoever reads objects of
 * a repository that strangers wrote asks here first.
 */
#ifndef MAPS_LOOSE_H
#define MAPS_LOOSE_H

#include "base/base.h"

#include <git2.h>

/**
 * Whether an object may be read.  Streams it through a buffer, and stops where
 * it passes the size told: the cost is that of reading it.
 *
 * @ret false for a loose object of another size than its header tells; true for
 *      all others, also those that are packed or missing
 */
bool loose_is_whole(git_odb *odb, const git_oid *oid);

/**
 * Whether a store may have loose objects, so that asking is worth it.
 *
 * @objects the folder "objects"; with alternates the answer is yes
 */
bool loose_may_be(const char *objects);

#endif
