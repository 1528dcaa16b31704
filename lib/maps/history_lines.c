/* History: lines that came and went, counted by the same algorithm as git's. */
#include "maps/history_parts.h"

#include <git2.h>
#include <string.h>

#define BINARY_LOOK 8000 /* bytes in which git looks for a NUL */
#define FILE_COST   1024 /* in bytes of a file: what it takes to find one */

struct counts {
	uint32_t added, removed;
};

static bool is_binary(struct span text)
{
	return text.len > 0 &&
	       memchr(text.data, '\0', text.len < BINARY_LOOK ? text.len : BINARY_LOOK) != NULL;
}

static int count_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
                      const git_diff_line *line, void *payload)
{
	struct counts *counts = payload;

	(void)delta;
	(void)hunk;
	counts->added += line->origin == GIT_DIFF_LINE_ADDITION;
	counts->removed += line->origin == GIT_DIFF_LINE_DELETION;
	return 0;
}

/* Lines at both ends that are the same need no diff. */
static void trim_same(struct span *was, struct span *is)
{
	size_t n = was->len < is->len ? was->len : is->len, begin = 0, lines = 0, end = 0, tail = 0;

	for (; begin < n && was->data[begin] == is->data[begin]; begin++)
		if (was->data[begin] == '\n')
			lines = begin + 1;
	for (; end < n - lines && was->data[was->len - 1 - end] == is->data[is->len - 1 - end];
	     end++)
		if (was->data[was->len - 1 - end] == '\n')
			tail = end;
	*was = (struct span){ was->data + lines, was->len - lines - tail };
	*is = (struct span){ is->data + lines, is->len - lines - tail };
}

static uint32_t count_lines(struct span text)
{
	uint32_t n = text.len > 0 && text.data[text.len - 1] != '\n';

	for (const char *p = text.data, *end = p + text.len; p < end; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			break;
		p++;
	}
	return n;
}

/* The library hashes what it compares, which takes longer than comparing: it gets what wants a comparison. */
static struct counts compare(struct span was, struct span is)
{
	git_diff_options options;
	struct counts counts = { 0 };

	if (is_binary(was) || is_binary(is))
		return counts;
	trim_same(&was, &is);
	counts = (struct counts){ count_lines(is), count_lines(was) };
	if (counts.added == 0 || counts.removed == 0 || (counts.added == 1 && counts.removed == 1))
		return counts;
	counts = (struct counts){ 0 };
	if (git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) != 0)
		return counts;
	options.context_lines = 0;
	options.flags = GIT_DIFF_FORCE_TEXT;
	if (git_diff_buffers(was.data, was.len, NULL, is.data, is.len, NULL, &options, NULL, NULL,
	                     NULL, count_line, &counts) != 0)
		return (struct counts){ 0 };
	return counts;
}

/* @ret false when it may not be read; a side that is not there is empty */
static bool read_side(struct history_walk *w, uint32_t mode, const unsigned char *oid,
                      struct scan_blob *ret)
{
	*ret = (struct scan_blob){ .text = { "", 0 } };
	if (mode == 0)
		return true;
	if (!history_blob(w, oid, HISTORY_LINES_BYTES, ret))
		return false;
	w->deed.lines_bytes += ret->text.len + FILE_COST;
	return true;
}

static bool has_lines(uint32_t mode)
{
	return mode == 0 || (mode & TREE_MODE_TYPE) == TREE_MODE_FILE;
}

static void count_change(struct history_walk *w, struct change *c)
{
	struct deed *deed = &w->deed;
	const struct change *from = c;
	struct scan_blob was, is;
	struct counts counts;

	if (c->pair != 0) {
		if ((c->flags & CHANGE_WENT) != 0) /* counted with its other half */
			return;
		from = &deed->changes[c->pair - 1];
	}
	if (!has_lines(from->was_mode) || !has_lines(c->is_mode) ||
	    memcmp(from->was, c->is, MAP_OID_BYTES) == 0)
		return;
	if (deed->lines_bytes >= HISTORY_LINES_TOTAL ||
	    !read_side(w, from->was_mode, from->was, &was)) {
		deed->lines_skipped++;
		return;
	}
	if (read_side(w, c->is_mode, c->is, &is)) {
		counts = compare(was.text, is.text);
		c->added = counts.added;
		c->removed = counts.removed;
		scan_blob_free(&is);
	} else {
		deed->lines_skipped++;
	}
	scan_blob_free(&was);
}

void history_lines(struct history_walk *w)
{
	for (size_t i = 0; i < w->deed.nchanges; i++)
		count_change(w, &w->deed.changes[i]);
	w->deed.flags |= DEED_LINES;
}
