/*
 * Checksum: whether bytes of our own came back from the disk as they went there.
 *
 * XXH64 as Yann Collet specifies it (xxHash, doc/xxhash_spec.md), for machines that store the
 * least byte first.  It finds accidents; it stops nobody who means harm.
 */
#ifndef MAPS_CHECKSUM_H
#define MAPS_CHECKSUM_H

#include "base/base.h"

/** @seed so that different things have different sums; sums can be chained by it */
uint64_t checksum(const void *data, size_t len, uint64_t seed);

#endif
