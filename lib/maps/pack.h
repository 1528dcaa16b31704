/*
 * Packs: objects out of the packs of a repository, in half the time that libgit2 takes.
 *
 * libgit2 goes along the deltas of an object once for its size and type and once for its bytes, and
 * inflates through zlib's small steps.  Here an entry is read once, and whole: libdeflate needs to know
 * how many bytes there are, which an entry of a pack tells.
 *
 * Only what is plain is read: an index of version 2 (gitformat-pack(5)) with its pack beside it, few
 * packs, entries no larger than the caller wants, deltas whose bases are in the same pack and not too
 * many of them.  All else (loose objects, alternates, what is missing, too large, damaged, or made to
 * harm) is not found here, and the caller asks libgit2, which also knows what is wrong with it.
 *
 *   Input   Any bytes: each length is compared with what is there.  The disk's mistakes show in the sum
 *           behind the compressed bytes; the id is not computed again.
 *   Work    Of one object at most PACK_DELTAS_MAX entries, each no larger than max_bytes.
 *   Memory  The object, one base and one delta at a time, PACK_BASES_BYTES of bases that others may
 *           need, what an entry takes in its pack.  The index is mapped.
 */
#ifndef MAPS_PACK_H
#define MAPS_PACK_H

#include "base/base.h"

#define PACK_PACKS_MAX   32
#define PACK_DELTAS_MAX  64 /* between an object and the entry that is whole; git makes 50 */
#define PACK_BASES_BYTES ((size_t)8 << 20)

/* As packs number them. */
enum pack_type { PACK_COMMIT = 1, PACK_TREE = 2, PACK_BLOB = 3, PACK_TAG = 4 };

struct packs;

/* Bytes that several may hold; with a NUL behind them. */
struct pack_object {
	size_t refs, len;
	enum pack_type type;
	char data[];
};

/**
 * @objects  the folder "objects" of a repository
 * @ret      NULL when it has no packs that can be read, or there is no memory
 */
struct packs *packs_open(const char *objects);

/** NULL is fine.  Objects that were read stay. */
void packs_close(struct packs *packs);

/**
 * Read an object of any type.
 *
 * @oid  20 bytes
 * @ret  with one reference; NULL when libgit2 is to be asked
 */
struct pack_object *packs_read(struct packs *packs, const unsigned char *oid, uint64_t max_bytes);

/** Give a reference back.  NULL is fine. */
void pack_object_free(struct pack_object *object);

#endif
