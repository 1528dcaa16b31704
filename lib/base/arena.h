/*
 * Arena: memory that lives as long as one request, job or command.
 *
 * Allocation is a pointer bump; nothing is freed alone.  arena_reset() ends
 * the life of everything at once, at the top of the loop that owns the arena.
 *
 *   Failure    None to handle.  Inputs are bounded at the edge, so passing the
 *              ceiling (or running out of memory) is a bug of ours: the process
 *              says so on stderr and aborts, and its supervisor starts another.
 *   Alignment  Every block suits any type (alignof(max_align_t)).
 *   Threads    An arena belongs to one thread at a time.
 *   Sanitizer  Under ASan the unused part of each chunk is poisoned, so that a
 *              read past a block or after a reset is reported.
 *
 * The scheme (chunks kept over resets, a ceiling, poisoning) follows the memory
 * contexts of PostgreSQL.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"

#include <stdarg.h>

struct arena;

/** @max_bytes ceiling of all live blocks.  Costs nothing until the first allocation. */
struct arena *arena_new(size_t max_bytes);

/** Give back the arena and everything in it.  NULL is accepted. */
void arena_free(struct arena *a);

/** For CLEANUP(arena_free_ptr). */
void arena_free_ptr(struct arena **a);

/** End the life of all blocks; keeps one ordinary chunk for the next round. */
void arena_reset(struct arena *a);

/** @ret zeroed block of n bytes, never NULL; n of 0 gives a distinct block. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull));

/** Like arena_alloc(n * size); a product that overflows aborts. */
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/**
 * Make a block larger.  In place when it was the newest, or is a large one and among the newest of
 * those; else a copy.  The old block is no more.
 *
 * @old may be NULL (then old_n is 0).  The added bytes are zero.
 */
void *arena_grow(struct arena *a, void *old, size_t old_n, size_t n)
	__attribute__((returns_nonnull));

/** The same, for what is written before it is read: the added bytes are anything. */
void *arena_more(struct arena *a, void *old, size_t old_n, size_t n)
	__attribute__((returns_nonnull));

/** @ret a NUL-terminated copy */
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
void *arena_memdup(struct arena *a, const void *p, size_t n) __attribute__((returns_nonnull));

char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3)
	__attribute__((returns_nonnull));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF(2, 0)
	__attribute__((returns_nonnull));

/**
 * Tell the system that all of a block is about to be written: when it is of megabytes, huge pages
 * save thousands of faults.  Arenas do so themselves; this is for memory that is none of theirs.
 */
void arena_expect(void *p, size_t n);

/** @ret bytes in live blocks, for tests and metrics */
size_t arena_used(const struct arena *a);

#endif
