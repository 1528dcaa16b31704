/*
 * Arena: chunks of memory that are filled by a bump and emptied all at once.
 *
 * Ordinary chunks are CHUNK_BYTES; a block larger than a quarter of that gets a
 * chunk of its own, so that it neither wastes the rest of the current chunk nor
 * stays over a reset.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if WITH_ASAN
#include <sanitizer/asan_interface.h>
#define GUARD_BYTES 16 /* poisoned gap after each block, so that an overrun is seen */
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define GUARD_BYTES                       0
#endif

#define ALIGN       alignof(max_align_t)
#define LARGE_LOOK  16 /* large blocks among which one that grows is looked for */
#define CHUNK_BYTES ((size_t)16 * 1024)
#define PAGE_BYTES  ((uintptr_t)4096)
#define HUGE_LEAST  ((size_t)4 << 20) /* smaller blocks may not hold a whole huge page */

struct chunk {
	struct chunk *next;
	size_t cap;
	size_t used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *chunks; /* ordinary ones, the newest first */
	struct chunk *large;  /* one block each */
	size_t max;
	size_t used;
	char *last; /* the newest block in chunks, for growing in place */
};

static NORETURN void give_up(const char *why, size_t n, size_t max)
{
	fprintf(stderr, "portolan: arena: %s (%zu bytes wanted, ceiling %zu)\n", why, n, max);
	abort();
}

static size_t round_up(size_t n)
{
	if (n > SIZE_MAX - GUARD_BYTES - ALIGN)
		give_up("size overflows", n, SIZE_MAX);
	n = n == 0 ? 1 : n;
	return (n + GUARD_BYTES + ALIGN - 1) & ~(ALIGN - 1);
}

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		give_up("out of memory", sizeof(*a), max_bytes);
	a->max = max_bytes;
	return a;
}

static void free_chunks(struct chunk *c)
{
	while (c != NULL) {
		struct chunk *next = c->next;

		ASAN_UNPOISON_MEMORY_REGION(c->data, c->cap);
		free(c);
		c = next;
	}
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	free_chunks(a->chunks);
	free_chunks(a->large);
	free(a);
}

void arena_free_ptr(struct arena **a)
{
	arena_free(*a);
}

void arena_reset(struct arena *a)
{
	struct chunk *keep = a->chunks;

	free_chunks(a->large);
	a->large = NULL;
	if (keep != NULL) {
		free_chunks(keep->next);
		keep->next = NULL;
		keep->used = 0;
		ASAN_POISON_MEMORY_REGION(keep->data, keep->cap);
	}
	a->used = 0;
	a->last = NULL;
}

/*
 * A refusal costs nothing but time.  Pages that the block shares are in it: a mapping of which a part
 * is of another kind can not be made larger in place.
 */
void arena_expect(void *p, size_t n)
{
	uintptr_t before = (uintptr_t)p & (PAGE_BYTES - 1);

	if (n >= HUGE_LEAST)
		(void)madvise((char *)p - before, (before + n + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1),
		              MADV_HUGEPAGE);
}

/* @zeroed whether the bytes must be zero: large ones are so already as the system gives them */
static struct chunk *chunk_new(struct arena *a, size_t cap, bool zeroed, struct chunk **list)
{
	struct chunk *c = zeroed ? calloc(1, sizeof(*c) + cap) : malloc(sizeof(*c) + cap);

	if (c == NULL)
		give_up("out of memory", cap, a->max);
	arena_expect(c, sizeof(*c) + cap);
	c->next = *list;
	c->cap = cap;
	c->used = 0;
	ASAN_POISON_MEMORY_REGION(c->data, cap);
	*list = c;
	return c;
}

static bool is_large(size_t n)
{
	return round_up(n) > CHUNK_BYTES / 4;
}

/* @zeroed see chunk_new(); of other blocks it says nothing */
static void *alloc(struct arena *a, size_t n, bool zeroed)
{
	size_t whole = round_up(n);
	struct chunk *c = a->chunks;
	char *p;

	if (whole > a->max - a->used)
		give_up("ceiling passed", n, a->max);
	if (is_large(n))
		c = chunk_new(a, whole, zeroed, &a->large);
	else if (c == NULL || whole > c->cap - c->used)
		c = chunk_new(a, CHUNK_BYTES, false, &a->chunks);
	p = c->data + c->used;
	c->used += whole;
	a->used += whole;
	if (c == a->chunks)
		a->last = p;
	ASAN_UNPOISON_MEMORY_REGION(p, n == 0 ? 1 : n);
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = alloc(a, n, true);

	return is_large(n) ? p : memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		give_up("array size overflows", n, a->max);
	return arena_alloc(a, bytes);
}

/* The chunk of a large block, when it is one of the newest; so that growing arrays are no heap of old copies. */
static struct chunk **large_of(struct arena *a, const void *old)
{
	struct chunk **link = &a->large;

	for (int i = 0; i < LARGE_LOOK && *link != NULL; i++, link = &(*link)->next) {
		if ((*link)->data == old)
			return link;
	}
	return NULL;
}

static void *grow_large(struct arena *a, struct chunk **link, size_t n)
{
	size_t whole = round_up(n);
	struct chunk *c = *link;

	if (whole - c->used > a->max - a->used)
		give_up("ceiling passed", n, a->max);
	ASAN_UNPOISON_MEMORY_REGION(c->data, c->cap);
	a->used += whole - c->used;
	c = realloc(c, sizeof(*c) + whole);
	if (c == NULL)
		give_up("out of memory", n, a->max);
	arena_expect(c, sizeof(*c) + whole);
	*link = c;
	c->cap = c->used = whole;
	ASAN_POISON_MEMORY_REGION(c->data + n, whole - n);
	return c->data;
}

void *arena_more(struct arena *a, void *old, size_t old_n, size_t n)
{
	struct chunk **link;
	struct chunk *c = a->chunks;
	char *p;

	if (n <= old_n && old != NULL)
		return old;
	if (old != NULL && old == a->last) {
		size_t had = round_up(old_n), want = round_up(n);

		if (want - had <= c->cap - c->used && want - had <= a->max - a->used) {
			c->used += want - had;
			a->used += want - had;
			ASAN_UNPOISON_MEMORY_REGION(old, n);
			return old;
		}
	}
	link = old != NULL && is_large(old_n) ? large_of(a, old) : NULL;
	if (link != NULL)
		return grow_large(a, link, n);
	p = alloc(a, n, false);
	if (old_n > 0)
		memcpy(p, old, old_n);
	return p;
}

void *arena_grow(struct arena *a, void *old, size_t old_n, size_t n)
{
	char *p = arena_more(a, old, old_n, n);

	if (n > old_n)
		memset(p + old_n, 0, n - old_n);
	return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *copy = alloc(a, n, false);

	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = alloc(a, n + 1, false);

	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char few[64]; /* most texts are short: these are formatted once */
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(few, sizeof(few), fmt, again);
	va_end(again);
	if (n < 0)
		give_up("text cannot be formatted", 0, a->max);
	if ((size_t)n < sizeof(few))
		return arena_memdup(a, few, (size_t)n + 1);
	text = alloc(a, (size_t)n + 1, false);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
