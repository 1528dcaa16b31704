/* Passages by name from the map, by words from the search, and of the whole from its README. */
#include "chats/find.h"

#include "chats/citation.h"
#include "maps/search.h"
#include "retrieval/search.h"

#include <string.h>
#include <strings.h>

#define NAMED_LOOKED  8  /* definitions of one name that are looked at */
#define WORD_MIN      4  /* characters of a word that may be the name of a definition */
#define FILE_LINES    60 /* of a file that is called by its name */
#define README_LINES  60
#define LIKE_MAX      5 /* names that are told as being alike */
#define LIKE_BYTES    1000
#define SEARCHED      10
#define SEARCHED_DEEP 50 /* where a phrase of the question is looked for */
#define WHY_BYTES_MAX 300

static const struct field FIELDS[] = {
	F_INT(struct passage, project_id),
	F_INT(struct passage, document_id),
	F_TEXT(struct passage, commit, .nullable = true),
	F_TEXT(struct passage, path),
	F_TEXT(struct passage, blob),
	F_INT(struct passage, start),
	F_INT(struct passage, end),
	F_TEXT(struct passage, how),
	F_TEXT(struct passage, kind),
	F_TEXT(struct passage, symbol, .nullable = true),
	F_TEXT(struct passage, signature, .nullable = true),
	F_TEXT(struct passage, why),
};
const struct schema passage_schema = SCHEMA(struct passage, "Passage", FIELDS);

static const struct field FOUND_FIELDS[] = {
	F_LIST(struct passages, items, .of = &passage_schema, .max = FIND_MAX),
	F_BOOL(struct passages, complete),
	F_BOOL(struct passages, mapped),
	F_TEXT(struct passages, like, .nullable = true),
};
const struct schema passages_schema = SCHEMA(struct passages, "Passages", FOUND_FIELDS);

struct finder {
	struct ctx *cx;
	struct map_index index;
	int64_t project_id;
	struct passage *all;
	size_t n;
	bool complete; /* of what the search said */
	struct sb like;
};

static bool overlaps(const struct passage *a, const struct passage *b)
{
	return a->project_id == b->project_id && a->document_id == b->document_id &&
	       strcmp(a->path, b->path) == 0 && a->start <= b->end && b->start <= a->end;
}

static void add(struct finder *f, const struct passage *p)
{
	struct passage *made = &f->all[f->n];

	if (f->n == FIND_MAX)
		return;
	for (size_t i = 0; i < f->n; i++) {
		if (overlaps(&f->all[i], p))
			return;
	}
	*made = *p;
	if (made->end - made->start >= CITATION_LINES_MAX)
		made->end = made->start + CITATION_LINES_MAX - 1;
	f->n++;
}

/* --- By name --- */

/* The map knows a file's blob; one that it does not know cannot be cited. */
static enum err add_lines(struct finder *f, struct passage *p, int64_t lines)
{
	struct map_entry entry;
	enum err e = search_file(f->cx, &f->index, p->path, &entry);
	int64_t all;

	if (e == ERR_NOT_FOUND) {
		err_clear(f->cx);
		return ERR_OK;
	}
	TRY(e);
	all = entry.code + entry.comment + entry.blank;
	if (p->end == 0)
		p->end = all > 0 && all < lines ? all : lines;
	p->project_id = f->project_id;
	p->commit = f->index.commit;
	p->blob = entry.oid;
	if (entry.oid != NULL && strlen(entry.oid) == 40)
		add(f, p);
	return ERR_OK;
}

/* The last part: of Net::HTTP.get it is get. */
static const char *last_part(const char *name)
{
	const char *last = name;

	for (const char *p = name; *p != '\0'; p++) {
		if ((*p == '.' || *p == ':' || *p == '>' || *p == '#' || *p == '/') && p[1] != '\0')
			last = p + 1;
	}
	return last;
}

static void add_like(struct finder *f, const char *name, int *n)
{
	if (*n == LIKE_MAX || (f->like.data != NULL && strstr(f->like.data, name) != NULL))
		return;
	sb_add(&f->like, f->like.len > 0 ? ", " : "");
	sb_add(&f->like, name);
	++*n;
}

/* @word whole names alone, and nothing is said of what is only like it */
static enum err find_symbol(struct finder *f, const char *name, bool word)
{
	const struct map_definition *d;
	struct map_found found;
	int like = 0;

	TRY(search_symbols(f->cx, &f->index, name, NULL, NAMED_LOOKED, &found));
	d = found.items.items;
	for (size_t i = 0; i < found.items.n && f->n < FIND_NAMED; i++) {
		bool exact = strcmp(d[i].match, "exact") == 0;
		struct passage p = {
			.path = d[i].path,
			.start = d[i].line > 0 ? d[i].line : 1,
			.end = d[i].last_line >= d[i].line ? d[i].last_line : d[i].line,
			.how = "named",
			.kind = d[i].kind,
			.symbol = d[i].name,
			.signature = d[i].signature,
			.why = "called by its name",
		};

		if (exact)
			TRY(add_lines(f, &p, 1));
		else if (!word)
			add_like(f, d[i].name, &like);
	}
	return ERR_OK;
}

static enum err find_file(struct finder *f, const char *name)
{
	const struct map_entry *entry;
	struct map_found found;

	if (strpbrk(name, "./") == NULL)
		return ERR_OK;
	TRY(search_files(f->cx, &f->index, name, NULL, 2, &found));
	entry = found.items.items;
	for (size_t i = 0; i < found.items.n && f->n < FIND_NAMED; i++) {
		struct passage p = {
			.path = entry[i].path,
			.start = 1,
			.how = "named",
			.kind = "file",
			.why = "called by its name",
		};

		if (strcmp(entry[i].kind, "file") == 0 && strcmp(entry[i].match, "exact") == 0)
			TRY(add_lines(f, &p, FILE_LINES));
	}
	return ERR_OK;
}

static enum err find_named(struct finder *f, const struct question *q)
{
	for (size_t i = 0; i < q->nnames; i++) {
		TRY(find_file(f, q->names[i]));
		TRY(find_symbol(f, last_part(q->names[i]), false));
	}
	/* A word alone may be a name; among others few are meant so. */
	if (q->nnames == 0 && q->nwords == 1 && !q->general && strlen(q->words[0]) >= WORD_MIN)
		TRY(find_symbol(f, q->words[0], true));
	return ERR_OK;
}

/* --- By words --- */

/* "name: parse; text: request, line" of what the search says word by word. */
static const char *reasons(struct finder *f, const struct retrieval_hit *hit)
{
	const char *const *why = hit->why.items;
	struct sb sb = sb_new(f->cx->arena, WHY_BYTES_MAX);
	const char *text;

	for (size_t i = 0; i < hit->why.n; i++) {
		sb_add(&sb, i > 0 ? ", " : "");
		sb_add(&sb, why[i]);
	}
	if (sb_finish(f->cx, &sb, &text) == ERR_OK)
		return text;
	err_clear(f->cx);
	return sb.data != NULL ? sb.data : "";
}

/* What everybody says is left out; of a question that is nothing else, all of it is looked for. */
static const char *words_of(struct finder *f, const char *text, const struct question *q)
{
	struct sb sb = sb_new(f->cx->arena, RETRIEVAL_QUERY_MAX);

	for (size_t i = 0; i < q->nnames; i++)
		sb_addf(&sb, "%s%s", i > 0 ? " " : "", q->names[i]);
	for (size_t i = 0; i < q->nwords; i++)
		sb_addf(&sb, " %s", q->words[i]);
	if (sb.len > 0)
		return sb.data;
	return arena_strndup(f->cx->arena, text, strnlen(text, RETRIEVAL_QUERY_MAX / 4));
}

static bool says_phrase(const struct retrieval_hit *hit, const struct question *q)
{
	for (size_t i = 0; i < q->nphrases; i++)
		if (strcasestr(hit->text, q->phrases[i]) != NULL)
			return true;
	return false;
}

static void add_hit(struct finder *f, const struct retrieval_hit *hit)
{
	const struct passage p = {
		.project_id = hit->project_id,
		.document_id = hit->document_id,
		.commit = hit->commit,
		.path = hit->path,
		.blob = hit->blob,
		.start = hit->start_line,
		.end = hit->end_line,
		.how = "searched",
		.kind = hit->kind,
		.symbol = hit->symbols.n == 1 ? *(const char *const *)hit->symbols.items : NULL,
		.why = reasons(f, hit),
	};

	if (p.blob != NULL && (p.document_id != 0 || p.commit != NULL))
		add(f, &p);
}

static enum err find_searched(struct finder *f, const char *text, const struct question *q)
{
	const struct retrieval_query query = {
		.text = words_of(f, text, q),
		.project_id = f->project_id,
		.top_k = q->nphrases > 0 ? SEARCHED_DEEP : SEARCHED,
	};
	const struct retrieval_hit *hit;
	struct retrieval_found found = { .complete = true };
	enum err e = retrieval_search(f->cx, &query, &found);

	if (e == ERR_INVALID) { /* no word in it: nothing is found by words */
		err_clear(f->cx);
		return ERR_OK;
	}
	TRY(e);
	f->complete = found.complete;
	hit = found.items.items;
	for (size_t i = 0; i < found.items.n && q->nphrases > 0; i++)
		if (says_phrase(&hit[i], q))
			add_hit(f, &hit[i]);
	for (size_t i = 0; i < found.items.n && i < SEARCHED; i++)
		add_hit(f, &hit[i]); /* one that is there already stays where it is */
	return ERR_OK;
}

/* --- The whole --- */

static enum err find_readme(struct finder *f)
{
	const struct map_entry *entry;
	struct list list;

	TRY(search_folder(f->cx, &f->index, "", 0, SEARCH_LIMIT_MAX, &list));
	entry = list.items;
	for (size_t i = 0; i < list.n; i++) {
		struct passage p = {
			.path = entry[i].path,
			.start = 1,
			.how = "whole",
			.kind = "section",
			.why = "what the repository says of itself",
		};

		if (strcmp(entry[i].kind, "file") == 0 &&
		    strncasecmp(entry[i].path, "readme", strlen("readme")) == 0)
			return add_lines(f, &p, README_LINES);
	}
	return ERR_OK;
}

/* --- All of it --- */

static enum err find_in_map(struct finder *f, const struct question *q, bool *mapped)
{
	enum err e = index_of_project(f->cx, f->project_id, NULL, &f->index);

	*mapped = e == ERR_OK;
	if (e == ERR_NOT_FOUND || e == ERR_STATE) {
		err_clear(f->cx);
		return ERR_OK;
	}
	TRY(e);
	if (q->general)
		TRY(find_readme(f));
	return find_named(f, q);
}

enum err find_passages(struct ctx *cx, int64_t project_id, const char *text,
                       const struct question *q, struct passages *ret)
{
	struct finder f = {
		.cx = cx,
		.project_id = project_id,
		.all = arena_array(cx->arena, FIND_MAX, sizeof(struct passage)),
		.complete = true,
		.like = sb_new(cx->arena, LIKE_BYTES),
	};
	bool mapped = true;

	if (project_id != 0)
		TRY(find_in_map(&f, q, &mapped));
	/* Of the whole the README tells; words like "project" would lead anywhere. */
	if (mapped && !(q->general && f.n > 0))
		TRY(find_searched(&f, text, q));
	*ret = (struct passages){
		.items = { f.all, f.n },
		.complete = f.complete,
		.mapped = mapped,
		.like = f.like.len > 0 && !f.like.failed ? f.like.data : NULL,
	};
	return ERR_OK;
}
