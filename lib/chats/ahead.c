/* Passages of a commit by one child, and what is cited of them out of what it read. */
#include "chats/ahead.h"

#include "maps/source.h"

#include <string.h>

static bool has_source(const struct passage *p)
{
	return p->commit != NULL && p->path != NULL && p->blob != NULL;
}

static bool same_commit(const struct passage *a, const struct passage *b)
{
	return a->project_id == b->project_id && has_source(b) && strcmp(a->commit, b->commit) == 0;
}

static void keep(struct ahead *ahead, const struct passage *p, const struct source_wish *wish)
{
	const struct source *s = &wish->source;

	if (!wish->found || s->text == NULL || strcmp(s->kind, "text") != 0 ||
	    strcmp(s->oid, p->blob) != 0 || s->from != p->start || !s->complete)
		return;
	ahead->lines[ahead->n++] = (struct ahead_lines){
		.project_id = p->project_id,
		.commit = p->commit,
		.path = p->path,
		.blob = p->blob,
		.start = s->from,
		.end = s->to,
		.last = s->to == s->lines,
		.text = s->text,
	};
}

/* Those of the first one's commit. */
static void read_commit(struct ctx *cx, struct ahead *ahead, const struct passage *p, size_t first,
                        size_t n)
{
	const struct passage *of[SOURCE_FILES_MAX];
	struct source_wish wishes[SOURCE_FILES_MAX] = { 0 };
	size_t wanted = 0;

	for (size_t i = first; i < n && wanted < SOURCE_FILES_MAX; i++) {
		if (!same_commit(&p[first], &p[i]))
			continue;
		of[wanted] = &p[i];
		wishes[wanted++] = (struct source_wish){
			.path = p[i].path,
			.from = p[i].start,
			.to = p[i].end,
		};
	}
	if (source_read_many(cx, p[first].project_id, p[first].commit, wishes, wanted) != ERR_OK) {
		err_clear(cx);
		return;
	}
	for (size_t i = 0; i < wanted; i++)
		keep(ahead, of[i], &wishes[i]);
}

void ahead_read(struct ctx *cx, struct ahead *ahead, const struct list *passages)
{
	const struct passage *p = passages->items;

	*ahead = (struct ahead){ arena_array(cx->arena, passages->n, sizeof(*ahead->lines)), 0 };
	for (size_t i = 0; i < passages->n; i++) {
		bool before = false;

		for (size_t k = 0; k < i && !before; k++)
			before = has_source(&p[k]) && same_commit(&p[i], &p[k]);
		if (has_source(&p[i]) && !before)
			read_commit(cx, ahead, p, i, passages->n);
	}
}

/* @ret whether the lines have all that is cited */
static bool covers(const struct ahead_lines *lines, const struct citation *c)
{
	return lines->project_id == c->project_id && lines->start <= c->start &&
	       c->start <= lines->end && (c->end <= lines->end || lines->last) &&
	       strcmp(lines->commit, c->commit) == 0 && strcmp(lines->path, c->path) == 0 &&
	       strcmp(lines->blob, c->blob) == 0;
}

static const char *lines_of(struct ctx *cx, const struct ahead_lines *from, int64_t start,
                            int64_t end)
{
	const char *text = from->text, *stop;

	for (int64_t line = from->start; line < start; line++)
		text += strcspn(text, "\n") + 1;
	stop = text;
	for (int64_t line = start; line <= end; line++) {
		stop += strcspn(stop, "\n");
		stop += *stop == '\n';
	}
	return arena_strndup(cx->arena, text, (size_t)(stop - text));
}

const char *ahead_find(struct ctx *cx, const struct ahead *ahead, struct citation *c)
{
	if (c->commit == NULL || c->path == NULL || c->blob == NULL || c->start < 1 ||
	    c->end < c->start || c->end - c->start >= CITATION_LINES_MAX)
		return NULL;
	for (size_t i = 0; i < ahead->n; i++) {
		const struct ahead_lines *lines = &ahead->lines[i];

		if (!covers(lines, c))
			continue;
		if (c->end > lines->end)
			c->end = lines->end;
		return lines_of(cx, lines, c->start, c->end);
	}
	return NULL;
}

enum err ahead_check(struct ctx *cx, const struct ahead *ahead, struct citation *c, bool *ret,
                     const char **ret_text)
{
	const char *text = ahead_find(cx, ahead, c);

	if (text == NULL)
		return citation_check(cx, c, ret, ret_text);
	*ret = true;
	*ret_text = text;
	return ERR_OK;
}
