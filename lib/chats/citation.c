/* Citations, read again before they are shown. */
#include "chats/citation.h"

#include "maps/source.h"

#include <string.h>

static const struct field FIELDS[] = {
	F_INT(struct citation, number, .doc = "By which the text names it: [1]"),
	F_INT(struct citation, project_id, .doc = "The project"),
	F_TEXT(struct citation, commit, .doc = "Commit at which it was read"),
	F_TEXT(struct citation, path, .doc = "The file"),
	F_INT(struct citation, start, .doc = "First line"),
	F_INT(struct citation, end, .doc = "Last line"),
	F_TEXT(struct citation, blob, .doc = "Id of the file's content"),
	F_TEXT(struct citation, why, .max = CITATION_WHY_MAX, .doc = "What stands there"),
};
const struct schema citation_schema = SCHEMA(struct citation, "Citation", FIELDS);

/* What a citation that came from hostile bytes, or from an index that is out of date, runs into. */
static bool tells_of_citation(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_INVALID || e == ERR_STATE || e == ERR_REPO_BROKEN ||
	       e == ERR_REF_NOT_FOUND || e == ERR_REPO_NOT_GIT;
}

enum err citation_check(struct ctx *cx, struct citation *c, bool *ret, const char **ret_text)
{
	struct source source;
	enum err e;

	*ret = false;
	*ret_text = NULL;
	if (c->commit == NULL || c->path == NULL || c->blob == NULL || c->start < 1 ||
	    c->end < c->start || c->end - c->start >= CITATION_LINES_MAX)
		return ERR_OK;
	e = source_read(cx, c->project_id, c->commit, c->path, c->start, c->end, &source);
	if (tells_of_citation(e)) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	if (source.text == NULL || strcmp(source.kind, "text") != 0 ||
	    strcmp(source.oid, c->blob) != 0 || source.from != c->start || !source.complete)
		return ERR_OK;
	c->end = source.to;
	*ret = true;
	*ret_text = source.text;
	return ERR_OK;
}
