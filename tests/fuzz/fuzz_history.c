/*
 * Commits, mailmaps and trees as a stranger may write them.  The first byte says which: a commit; a
 * mailmap, up to the first NUL, and an identity; or up to four trees of equal size, the first two to
 * be compared, all of them named by the first byte of an id.
 */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 100000

struct trees {
	struct span trees[4];
	size_t changes;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct trees *t = data;

	*ret = (struct scan_blob){ .text = t->trees[oid[0] % 4] };
	return oid[0] < 128;
}

static void give(struct scan_blob *tree)
{
	*tree = (struct scan_blob){ 0 };
}

static bool change(void *data, const struct tree_change *change)
{
	struct trees *t = data;

	if (change->path.len > MAP_PATH_MAX || (change->was == NULL && change->is == NULL) ||
	    memchr(change->path.data, '\0', change->path.len) != NULL)
		abort();
	return ++t->changes < CHANGES_MAX;
}

static void compare(struct arena *arena, struct span text)
{
	static const unsigned char IDS[2][MAP_OID_BYTES] = { { 0 }, { 1 } };
	struct trees t = { .changes = 0 };
	const struct tree_compare how = { &t, 8, take, give, change };

	for (size_t i = 0; i < COUNT(t.trees); i++)
		t.trees[i] = (struct span){ text.data + text.len / 4 * i, text.len / 4 };
	(void)!tree_compare(tree_comparing_new(arena, &how), IDS[0], IDS[1]);
}

static void name(struct arena *arena, struct span text)
{
	struct authors authors = authors_new(arena);
	size_t used = strnlen(text.data, text.len);
	uint32_t author;

	authors_mailmap(&authors, (struct span){ text.data, used });
	author = authors_find(&authors, (struct span){ text.data + used, text.len - used });
	if (author != 0 ||
	    (authors.authors[0][0] != '\0' && strchr(authors.authors[0] + 1, '@') != NULL) ||
	    strlen(authors.authors[0]) > HISTORY_AUTHOR_BYTES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)256 << 20);
	struct commit_text commit;
	struct span text;

	if (size == 0)
		return 0;
	text = (struct span){ (const char *)data + 1, size - 1 };
	if (data[0] % 3 == 0)
		(void)!commit_parse(text, &commit);
	else if (data[0] % 3 == 1)
		name(arena, text);
	else
		compare(arena, text);
	return 0;
}
