/* Citations, read again before they are shown. */
#include "chats/citation.h"

#include "base/sb.h"
#include "maps/source.h"
#include "retrieval/document.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18 /* of a document's number */

static const struct field FIELDS[] = {
	F_INT(struct citation, number, .doc = "By which the text names it: [1]"),
	F_INT(struct citation, project_id, .nullable = true, .zero_is_null = true,
	      .doc = "The project; null of a document"),
	F_INT(struct citation, document_id, .nullable = true, .zero_is_null = true,
	      .doc = "The document; null of a file in a repository"),
	F_TEXT(struct citation, commit, .nullable = true,
	       .doc = "Commit at which it was read; null of a document"),
	F_TEXT(struct citation, path, .doc = "The file, or the document's name"),
	F_INT(struct citation, start, .doc = "First line; of a PDF, of its text"),
	F_INT(struct citation, end, .doc = "Last line"),
	F_INT(struct citation, page, .nullable = true, .zero_is_null = true,
	      .doc = "Page of a PDF that they stand on"),
	F_TEXT(struct citation, blob,
	       .doc = "Id of the file's content; of a document the SHA-256 of its content"),
	F_TEXT(struct citation, why, .max = CITATION_WHY_MAX, .doc = "What stands there"),
};
const struct schema citation_schema = SCHEMA(struct citation, "Citation", FIELDS);

/* What a citation that came from hostile bytes, or from an index that is out of date, runs into. */
static bool tells_of_citation(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_INVALID || e == ERR_STATE || e == ERR_REPO_BROKEN ||
	       e == ERR_REF_NOT_FOUND || e == ERR_REPO_NOT_GIT;
}

static bool has_text(const struct source *source)
{
	return source->text != NULL &&
	       (strcmp(source->kind, "text") == 0 || strcmp(source->kind, "pdf") == 0);
}

/* A document that was replaced by another of its name has another number. */
static enum err check_document(struct ctx *cx, struct citation *c, bool *ret, const char **ret_text)
{
	struct document_lines lines = { .from = c->start, .to = c->end };
	enum err e = document_read(cx, c->document_id, &lines);

	if (tells_of_citation(e)) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	if (lines.text == NULL || strcmp(lines.hash, c->blob) != 0)
		return ERR_OK;
	c->path = lines.name;
	c->end = lines.to;
	c->page = lines.page;
	*ret = true;
	*ret_text = lines.text;
	return ERR_OK;
}

enum err citation_check(struct ctx *cx, struct citation *c, bool *ret, const char **ret_text)
{
	struct source source;
	enum err e;

	*ret = false;
	*ret_text = NULL;
	if (c->blob == NULL || c->start < 1 || c->end < c->start ||
	    c->end - c->start >= CITATION_LINES_MAX)
		return ERR_OK;
	if (c->document_id != 0)
		return check_document(cx, c, ret, ret_text);
	if (c->commit == NULL || c->path == NULL)
		return ERR_OK;
	e = source_read(cx, c->project_id, c->commit, c->path, c->start, c->end, &source);
	if (tells_of_citation(e)) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	if (!has_text(&source) || strcmp(source.oid, c->blob) != 0 || source.from != c->start ||
	    !source.complete)
		return ERR_OK;
	c->end = source.to;
	c->page = source.page;
	*ret = true;
	*ret_text = source.text;
	return ERR_OK;
}

const char *citation_place(struct arena *arena, const struct citation *c)
{
	if (c->page > 0)
		return arena_printf(arena, "%s, page %" PRId64, c->path, c->page);
	if (c->start == c->end)
		return arena_printf(arena, "%s:%" PRId64, c->path, c->start);
	return arena_printf(arena, "%s:%" PRId64 "-%" PRId64, c->path, c->start, c->end);
}

int64_t citation_document(const char *path)
{
	const char *number = path + sizeof(CITATION_DOCUMENT) - 1;

	if (strncmp(path, CITATION_DOCUMENT, sizeof(CITATION_DOCUMENT) - 1) != 0 ||
	    number[strspn(number, "0123456789")] != '\0' || strlen(number) > DIGITS_MAX)
		return 0;
	return strtoll(number, NULL, 10);
}
