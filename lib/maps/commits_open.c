/* Commits, in the sandboxed child: a walk over commits, and what each did to a path. */
#include "base/sb.h"
#include "maps/history_parts.h"
#include "maps/commits.h"
#include "maps/newest.h"

#include <string.h>

#define TREE_BYTES   ((size_t)32 << 20)
#define DEPTH_MAX    (MAP_PATH_MAX / 2)
#define ANSWER_BYTES ((size_t)256 << 10)
#define US           INT64_C(1000000)

struct looking {
	struct ctx *cx;
	struct scan *scan;
	const struct commits_request *in;
	struct span path;
	struct tree_comparing *comparing;
	int64_t deadline_ms;
	int64_t files; /* of the commit at hand */
	bool touches;  /* it changed the path */
	struct commits_entry *items;
	size_t n;
};

static bool take_tree(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct looking *l = data;

	return scan_object(l->scan, oid, SCAN_TREE, TREE_BYTES, ret) == SKIP_NONE;
}

static bool take_change(void *data, const struct tree_change *change)
{
	struct looking *l = data;
	const struct span path = change->path;

	l->files++;
	l->touches = l->touches || (path.len >= l->path.len &&
	                            memcmp(path.data, l->path.data, l->path.len) == 0 &&
	                            (path.len == l->path.len || path.data[l->path.len] == '/'));
	return true;
}

/* @ret whether every word of the text is in the line */
static bool has_words(const char *line, const char *text)
{
	char word[COMMITS_TEXT_MAX + 1];

	for (;;) {
		size_t n;

		text += strspn(text, " \t");
		n = strcspn(text, " \t");
		if (n == 0)
			return true;
		if (n > COMMITS_TEXT_MAX)
			return false;
		memcpy(word, text, n);
		word[n] = '\0';
		if (strcasestr(line, word) == NULL)
			return false;
		text += n;
	}
}

static bool changes_path(struct looking *l, const struct newest_step *step)
{
	l->files = 0;
	l->touches = l->path.len == 0;
	if (l->touches)
		return true;
	(void)tree_compare(l->comparing, step->parent != NULL ? step->parent->tree : NULL,
	                   step->commit->tree);
	return l->touches;
}

static const char *oid_text(struct arena *arena, const unsigned char *oid)
{
	static const char DIGITS[] = "0123456789abcdef";
	char *text = arena_alloc(arena, MAP_OID_BYTES * 2 + 1);

	for (size_t i = 0; i < MAP_OID_BYTES; i++) {
		text[2 * i] = DIGITS[oid[i] >> 4];
		text[2 * i + 1] = DIGITS[oid[i] & 15];
	}
	return text;
}

/* A merge brings in what was changed elsewhere; a commit whose parent is missing cannot be compared. */
static void look_at(struct looking *l, const struct newest_step *step)
{
	const struct newest_commit *commit = step->commit;

	if (commit->nparents > 1 || (commit->nparents == 1 && step->parent == NULL) ||
	    !has_words(commit->subject, l->in->text) ||
	    strcasestr(commit->author, l->in->author) == NULL || !changes_path(l, step))
		return;
	l->items[l->n++] = (struct commits_entry){
		.commit = oid_text(l->cx->arena, commit->oid),
		.author = commit->author,
		.subject = commit->subject,
		.at_us = commit->time_s * US,
		.files = l->files,
	};
}

static int64_t now_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

static bool may_go_on(const struct looking *l, int64_t looked_at)
{
	return looked_at < COMMITS_LOOKED_MAX && now_ms(l->cx) < l->deadline_ms;
}

static void look(struct looking *l, struct newest *newest, struct commits_found *ret)
{
	struct newest_step step;
	bool more = false;

	while (l->n < (size_t)l->in->limit && (more = newest_next(newest, &step))) {
		if (!may_go_on(l, ret->looked_at))
			break;
		ret->looked_at++;
		look_at(l, &step);
	}
	ret->complete = !more || l->n == (size_t)l->in->limit;
	ret->items = (struct list){ l->items, l->n };
}

enum err commits_open(struct ctx *cx, const struct commits_request *in, struct bundle *ret)
{
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct looking l = { .cx = cx, .in = in, .path = { in->path, strlen(in->path) } };
	const struct tree_compare how = { .data = &l,
		                          .max_depth = DEPTH_MAX,
		                          .take = take_tree,
		                          .give = scan_blob_free,
		                          .change = take_change };
	struct sb sb = sb_new(cx->arena, ANSWER_BYTES);
	struct commits_found found = { 0 };
	struct newest *newest;
	const char *text;

	TRY(scan_open(cx, in->directory, &scan));
	l.scan = scan;
	l.comparing = tree_comparing_new(cx->arena, &how);
	l.deadline_ms = now_ms(cx) + COMMITS_MS;
	l.items = arena_array(cx->arena, COMMITS_LIMIT_MAX, sizeof(*l.items));
	while (l.path.len > 0 && l.path.data[l.path.len - 1] == '/')
		l.path.len--;
	newest = newest_new(cx->arena, scan);
	if (!newest_begin(newest, in->commit))
		return err_set(cx, ERR_REF_NOT_FOUND, "commit %.40s cannot be read", in->commit);
	look(&l, newest, &found);
	if (scan_out_of_memory(scan))
		return err_set(cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	schema_encode(&sb, &commits_found_schema, &found);
	TRY(sb_finish(cx, &sb, &text));
	bundle_add(ret, "commits", (struct span){ text, sb.len });
	return ERR_OK;
}
