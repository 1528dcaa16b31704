/*
 * Cache: what blobs gave in earlier runs, so that a new commit costs its changed blobs alone.
 *
 * One file beside a clone.  It is a row of segments, each written in one piece and closed by a
 * checksum: new texts, and records (record.h) by blob id and path, since the path has a say in
 * language and role; and tree objects as they are, since git keeps them as long rows of deltas and
 * a commit changes few.  What a run has read is appended as the run goes on, so an analysis that
 * is killed leaves what it had, and the next one begins there.
 *
 *   Safety     The file is not trusted.  The first segment that is not whole, or is of another
 *              analyser or layout, ends it: what follows is cut off and made anew.  Nothing
 *              of it is looked at before cache_load(), which belongs inside the sandbox;
 *              opening it belongs before.
 *   Sameness   A blob's facts go through a record whether or not they come from the file,
 *              so a map does not depend on it.
 *   Size       At most max_bytes.  When what is of no use now outweighs what is, the file is
 *              written anew with that alone.
 *   Writers    One: a lock is held on the file.  Who does not get it reads only.  A full disk
 *              ends the writing, not the analysis.
 */
#ifndef MAPS_CACHE_H
#define MAPS_CACHE_H

#include "base/ctx.h"
#include "maps/record.h"
#include "maps/scan.h"

#define CACHE_FILE          "facts"             /* in the clone's folder */
#define CACHE_SEGMENT_BYTES ((size_t)256 << 10) /* of records and texts: what a kill may lose */
#define CACHE_TREE_BYTES    ((size_t)1 << 20)   /* a larger tree is read again */
#define CACHE_DEAD_TIMES    3 /* written anew when unused records outweigh used ones so far */
#define CACHE_DEAD_BYTES    ((size_t)1 << 20) /* and by so much more */

struct cache;

/**
 * Open the file, made when missing, and lock it.  One that cannot be opened is as good as none.
 *
 * @path       NULL: no file
 * @max_bytes  of the file; a larger one is not read
 * @analyser   version whose facts are wanted, and whatever else they depend on
 * @ret        never NULL; cache_close() puts it away, and with it all texts that it gave
 */
struct cache *cache_open(const char *path, uint64_t max_bytes, const char *analyser);

/** Read the file. */
void cache_load(struct cache *cache);

/**
 * What the blob of a file gave under its path.
 *
 * Lists live in the arena, texts in the cache; those of definitions in scratch when
 * @short_of_memory.
 *
 * @ret false: it is not known, or was too large to be read and is not any more
 */
bool cache_find(struct cache *cache, const struct map_file *file, uint64_t max_blob_bytes,
                struct arena *arena, struct arena *scratch, bool short_of_memory,
                struct record *ret);

/**
 * Keep a record, whose texts and lists may go afterwards.
 *
 * @partly  something was left out of it: it is not for later runs
 * @ret     the same, living as with cache_find()
 */
void cache_keep(struct cache *cache, const struct map_file *file, const struct record *record,
                struct arena *arena, struct arena *scratch, bool partly, struct record *ret);

/** @ret the bytes of the tree object of an id, until cache_finish(); data NULL: it is not known */
struct span cache_tree(struct cache *cache, const unsigned char *oid);

/** Keep the bytes of a tree object. */
void cache_keep_tree(struct cache *cache, struct arena *scratch, const unsigned char *oid,
                     struct span bytes);

/** @ret where the texts of its records are, for record_refs(); it grows as the run goes on */
const struct store *cache_store(const struct cache *cache);

/** @ret bytes of memory that it takes besides the file */
size_t cache_memory(const struct cache *cache);

/**
 * Write what is kept and not written.  For the end of a run that has seen all its files: after it
 * nothing is found any more, but what was found lives on.
 */
void cache_finish(struct cache *cache);

void cache_close(struct cache *cache);
void cache_close_ptr(struct cache **cache);

#endif
