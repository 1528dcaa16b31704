/* Coverage of definitions: who read them where there is no reader of our own, and what he could not. */
#include "maps/content_parts.h"

#include "maps/ctags.h"

void content_gaps(struct content *c)
{
	const struct scan_tree *tree = c->in->tree;
	size_t n = 0, unread = 0, read = 0;

	for (size_t i = 0; i < tree->nfiles; i++) {
		unread += tree->files[i].gap != GAP_NONE;
		read += tree->files[i].gap == GAP_NONE && ctags_reads(tree->files[i].facts.lang);
	}
	content_open(c, "ctags", '{');
	content_key(c, "tool");
	content_text(c, c->in->ctags ? "universal-ctags" : "");
	content_key(c, "read");
	content_number(c, (int64_t)read);
	content_key(c, "unread_total");
	content_number(c, (int64_t)unread);
	content_open(c, "file", '[');
	for (size_t i = 0; i < tree->nfiles && n < CONTENT_SKIPPED_MAX; i++)
		if (tree->files[i].gap != GAP_NONE) {
			content_number(c, (int64_t)i);
			n++;
		}
	content_close(c, ']');
	content_open(c, "reason", '[');
	n = 0;
	for (size_t i = 0; i < tree->nfiles && n < CONTENT_SKIPPED_MAX; i++)
		if (tree->files[i].gap != GAP_NONE) {
			content_text(c, def_gap_name(tree->files[i].gap));
			n++;
		}
	content_close(c, ']');
	content_close(c, '}');
}
