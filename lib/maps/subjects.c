/* Subjects: a walk over commits, and what each changed. */
#include "maps/subjects.h"

#include "maps/history_parts.h"
#include "maps/text.h"

#include <string.h>

#define COMMIT_BYTES ((size_t)1 << 20)
#define DEPTH_MAX    (MAP_PATH_MAX / 2)

struct seen {
	unsigned char oid[MAP_OID_BYTES], tree[MAP_OID_BYTES];
	int64_t time_s;
	struct span parents; /* lines; a copy */
	size_t nparents;
	const char *subject;
};

/* A path that was changed, and what was said of it. */
struct told {
	struct span path;
	struct sb subjects;
};

struct walk {
	struct scan *scan;
	struct arena *arena;
	struct seen *commits; /* in the order of discovery */
	size_t ncommits, commits_cap;
	struct strmap numbers; /* of commits, by their ids */
	uint32_t *heap;        /* newest on top; of equal times the one discovered first */
	size_t nheap;
	struct strmap paths;
	struct told *told;
	size_t ntold, told_cap;
	struct span changed[SUBJECTS_WIDE + 1]; /* by the commit at hand */
	size_t nchanged;
	uint64_t tree_bytes;
};

/* --- Commits --- */

/* The first line of the message, as valid text without control characters. */
static const char *subject_of(struct walk *w, struct span commit)
{
	const char *end = commit.data + commit.len;
	const char *message = memmem(commit.data, commit.len, "\n\n", 2);
	struct span line = { "", 0 };
	char *text;

	if (message != NULL) {
		const char *feed = memchr(message + 2, '\n', (size_t)(end - message - 2));

		line.data = message + 2;
		line.len = (size_t)((feed != NULL ? feed : end) - line.data);
	}
	if (line.len > SUBJECTS_LINE_MAX) {
		line.len = SUBJECTS_LINE_MAX;
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

static bool newer(const struct walk *w, uint32_t a, uint32_t b)
{
	if (w->commits[a].time_s != w->commits[b].time_s)
		return w->commits[a].time_s > w->commits[b].time_s;
	return a < b;
}

/* The heap has room for every commit. */
static void heap_push(struct walk *w, uint32_t commit)
{
	size_t i = w->nheap++;

	for (; i > 0 && newer(w, commit, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = commit;
}

static uint32_t heap_pop(struct walk *w)
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

static void widen(struct walk *w)
{
	size_t cap = w->commits_cap != 0 ? w->commits_cap * 2 : 1024;

	w->commits = arena_grow(w->arena, w->commits, w->commits_cap * sizeof(*w->commits),
	                        cap * sizeof(*w->commits));
	w->heap = arena_grow(w->arena, w->heap, w->commits_cap * sizeof(*w->heap),
	                     cap * sizeof(*w->heap));
	w->commits_cap = cap;
}

/* @ret the commit's number, STRMAP_NONE when it cannot be read */
static uint32_t discover(struct walk *w, const unsigned char *oid)
{
	uint32_t number = strmap_get(&w->numbers, (const char *)oid, MAP_OID_BYTES);
	struct commit_text text;
	struct scan_blob object;
	struct seen *seen;

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
	*seen = (struct seen){ .time_s = text.time_s, .nparents = text.nparents };
	memcpy(seen->oid, oid, MAP_OID_BYTES);
	memcpy(seen->tree, text.tree, MAP_OID_BYTES);
	seen->parents = (struct span){ arena_strndup(w->arena, text.parents.data, text.parents.len),
		                       text.parents.len };
	seen->subject = subject_of(w, object.text);
	scan_blob_free(&object);
	strmap_add(&w->numbers, arena_memdup(w->arena, oid, MAP_OID_BYTES), MAP_OID_BYTES, number);
	heap_push(w, number);
	return number;
}

/* --- What one changed --- */

static bool take_tree(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct walk *w = data;

	if (w->tree_bytes > SUBJECTS_TREES_BYTES ||
	    scan_object(w->scan, oid, SCAN_TREE, SUBJECTS_TREE_BYTES, ret) != SKIP_NONE)
		return false;
	w->tree_bytes += ret->text.len + 1024; /* what it costs to find one, too */
	return true;
}

static bool take_change(void *data, const struct tree_change *change)
{
	struct walk *w = data;

	if (w->nchanged > SUBJECTS_WIDE)
		return false;
	if (change->is != NULL)
		w->changed[w->nchanged++] =
			(struct span){ arena_strndup(w->arena, change->path.data, change->path.len),
			               change->path.len };
	return true;
}

static void tell(struct walk *w, struct span path, const char *subject)
{
	uint32_t number = strmap_get(&w->paths, path.data, path.len);
	struct told *told;

	if (number == STRMAP_NONE) {
		if (w->ntold == w->told_cap) {
			size_t cap = w->told_cap != 0 ? w->told_cap * 2 : 1024;

			w->told = arena_grow(w->arena, w->told, w->told_cap * sizeof(*w->told),
			                     cap * sizeof(*w->told));
			w->told_cap = cap;
		}
		number = (uint32_t)w->ntold++;
		w->told[number] = (struct told){ path, sb_new(w->arena, SUBJECTS_PATH_MAX) };
		strmap_add(&w->paths, path.data, path.len, number);
	}
	told = &w->told[number];
	if (told->subjects.len > 0)
		sb_addc(&told->subjects, SUBJECTS_BETWEEN);
	sb_add(&told->subjects, subject); /* one that does not fit is the last */
}

static void take_commit(struct walk *w, struct tree_comparing *comparing, const struct seen *commit,
                        const struct seen *parent)
{
	w->nchanged = 0;
	(void)tree_compare(comparing, parent->tree, commit->tree);
	if (w->nchanged > SUBJECTS_WIDE || commit->subject[0] == '\0')
		return;
	for (size_t i = 0; i < w->nchanged; i++)
		tell(w, w->changed[i], commit->subject);
}

static void walk_commits(struct walk *w, int64_t max_commits)
{
	const struct tree_compare how = {
		.data = w,
		.max_depth = DEPTH_MAX,
		.take = take_tree,
		.give = scan_blob_free,
		.change = take_change,
	};
	struct tree_comparing *comparing = tree_comparing_new(w->arena, &how);

	for (int64_t n = 0; n < max_commits && w->nheap > 0; n++) {
		uint32_t number = heap_pop(w), parent = STRMAP_NONE;
		struct span lines = w->commits[number].parents;
		size_t nparents = w->commits[number].nparents;

		for (size_t i = 0; i < nparents; i++) {
			unsigned char oid[MAP_OID_BYTES];

			/* "parent ", the digits, a line feed: commit_parse() has looked */
			if (commit_id(lines.data + strlen("parent "), oid))
				parent = discover(w, oid);
			lines.data += strlen("parent ") + (size_t)2 * MAP_OID_BYTES + 1;
		}
		if (nparents == 1 && parent != STRMAP_NONE)
			take_commit(w, comparing, &w->commits[number], &w->commits[parent]);
	}
}

enum err subjects_read(struct ctx *cx, struct scan *scan, const char *commit, int64_t max_commits,
                       struct sb *ret)
{
	struct walk *w = arena_alloc(cx->arena, sizeof(*w));
	unsigned char oid[MAP_OID_BYTES];

	w->scan = scan;
	w->arena = cx->arena;
	w->numbers = strmap_new(cx->arena, 1024);
	w->paths = strmap_new(cx->arena, 1024);
	if (!commit_id(commit, oid) || discover(w, oid) == STRMAP_NONE)
		return err_set(cx, ERR_REF_NOT_FOUND, "commit %.40s cannot be read", commit);
	walk_commits(w, max_commits);
	if (scan_out_of_memory(scan))
		return err_set(cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	for (size_t i = 0; i < w->ntold; i++) {
		const char *shown = text_display(cx->arena, w->told[i].path);

		if (shown != NULL)
			sb_add(ret, shown);
		else
			sb_addn(ret, w->told[i].path.data, w->told[i].path.len);
		sb_addc(ret, '\t');
		sb_addn(ret, w->told[i].subjects.data, w->told[i].subjects.len);
		sb_addc(ret, '\n');
	}
	return ERR_OK;
}
