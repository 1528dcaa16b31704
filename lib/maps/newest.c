/* A heap of commits by their time, filled as parents are met. */
#include "maps/newest.h"

#include "maps/history_parts.h"
#include "maps/text.h"

#include <string.h>

#define COMMIT_BYTES ((size_t)1 << 20)

struct newest {
	struct scan *scan;
	struct arena *arena;
	struct newest_commit *commits; /* in the order of discovery */
	size_t ncommits, commits_cap;
	struct strmap numbers; /* of commits, by their ids */
	uint32_t *heap;        /* newest on top; of equal times the one discovered first */
	size_t nheap;
};

/* The first line of the message. */
static struct span subject_of(struct span commit)
{
	const char *end = commit.data + commit.len, *feed;
	const char *message = memmem(commit.data, commit.len, "\n\n", 2);

	if (message == NULL)
		return SPAN("");
	message += 2;
	feed = memchr(message, '\n', (size_t)(end - message));
	return (struct span){ message, (size_t)((feed != NULL ? feed : end) - message) };
}

/* Of "Name <address>" the name: addresses are nobody's business. */
static struct span name_of(struct span identity)
{
	const char *open = identity.len > 0 ? memchr(identity.data, '<', identity.len) : NULL;

	if (open != NULL)
		identity.len = (size_t)(open - identity.data);
	while (identity.len > 0 && identity.data[identity.len - 1] == ' ')
		identity.len--;
	return identity;
}

/* Valid text without control characters, a copy. */
static const char *line_text(struct newest *w, struct span line)
{
	char *text;

	if (line.len > NEWEST_LINE_MAX) {
		line.len = NEWEST_LINE_MAX;
		while (line.len > 0 && ((unsigned char)line.data[line.len] & 0xc0) == 0x80)
			line.len--;
	}
	line = text_to_utf8(w->arena, line);
	text = arena_strndup(w->arena, line.data, line.len);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return text;
}

static bool newer(const struct newest *w, uint32_t a, uint32_t b)
{
	if (w->commits[a].time_s != w->commits[b].time_s)
		return w->commits[a].time_s > w->commits[b].time_s;
	return a < b;
}

/* The heap has room for every commit. */
static void heap_push(struct newest *w, uint32_t commit)
{
	size_t i = w->nheap++;

	for (; i > 0 && newer(w, commit, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = commit;
}

static uint32_t heap_pop(struct newest *w)
{
	uint32_t top = w->heap[0], last = w->heap[--w->nheap];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->nheap)
			break;
		if (child + 1 < w->nheap && newer(w, w->heap[child + 1], w->heap[child]))
			child++;
		if (!newer(w, w->heap[child], last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return top;
}

static void widen(struct newest *w)
{
	size_t cap = w->commits_cap != 0 ? w->commits_cap * 2 : 1024;

	w->commits = arena_grow(w->arena, w->commits, w->commits_cap * sizeof(*w->commits),
	                        cap * sizeof(*w->commits));
	w->heap = arena_grow(w->arena, w->heap, w->commits_cap * sizeof(*w->heap),
	                     cap * sizeof(*w->heap));
	w->commits_cap = cap;
}

/* @ret the commit's number, STRMAP_NONE when it cannot be read */
static uint32_t discover(struct newest *w, const unsigned char *oid)
{
	uint32_t number = strmap_get(&w->numbers, (const char *)oid, MAP_OID_BYTES);
	struct commit_text text;
	struct scan_blob object;
	struct newest_commit *seen;

	if (number != STRMAP_NONE)
		return number;
	if (scan_object(w->scan, oid, SCAN_COMMIT, COMMIT_BYTES, &object) != SKIP_NONE)
		return STRMAP_NONE;
	if (!commit_parse(object.text, &text)) {
		scan_blob_free(&object);
		return STRMAP_NONE;
	}
	if (w->ncommits == w->commits_cap)
		widen(w);
	number = (uint32_t)w->ncommits++;
	seen = &w->commits[number];
	*seen = (struct newest_commit){ .time_s = text.time_s, .nparents = text.nparents };
	memcpy(seen->oid, oid, MAP_OID_BYTES);
	memcpy(seen->tree, text.tree, MAP_OID_BYTES);
	seen->parents = (struct span){ arena_strndup(w->arena, text.parents.data, text.parents.len),
		                       text.parents.len };
	seen->subject = line_text(w, subject_of(object.text));
	seen->author = line_text(w, name_of(text.author));
	scan_blob_free(&object);
	strmap_add(&w->numbers, arena_memdup(w->arena, oid, MAP_OID_BYTES), MAP_OID_BYTES, number);
	heap_push(w, number);
	return number;
}

struct newest *newest_new(struct arena *arena, struct scan *scan)
{
	struct newest *w = arena_alloc(arena, sizeof(*w));

	w->scan = scan;
	w->arena = arena;
	w->numbers = strmap_new(arena, 1024);
	return w;
}

bool newest_begin(struct newest *w, const char *commit)
{
	unsigned char oid[MAP_OID_BYTES];

	return commit_id(commit, oid) && discover(w, oid) != STRMAP_NONE;
}

bool newest_next(struct newest *w, struct newest_step *ret)
{
	uint32_t number, parent = STRMAP_NONE;
	struct span lines;
	size_t nparents;

	if (w->nheap == 0)
		return false;
	number = heap_pop(w);
	lines = w->commits[number].parents;
	nparents = w->commits[number].nparents;
	for (size_t i = 0; i < nparents; i++) {
		unsigned char oid[MAP_OID_BYTES];

		/* "parent ", the digits, a line feed: commit_parse() has looked */
		if (commit_id(lines.data + strlen("parent "), oid))
			parent = discover(w, oid);
		lines.data += strlen("parent ") + (size_t)2 * MAP_OID_BYTES + 1;
	}
	*ret = (struct newest_step){
		.commit = &w->commits[number],
		.parent = nparents == 1 && parent != STRMAP_NONE ? &w->commits[parent] : NULL,
	};
	return true;
}
