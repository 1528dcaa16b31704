/* Search: what the query names is looked up among the definitions of the newest maps. */
#include "retrieval/search.h"

#include "projects/project.h"
#include "retrieval/search_repo.h"

#include <ctype.h>
#include <string.h>

static const struct field HIT_FIELDS[] = {
	F_INT(struct retrieval_hit, project_id, .zero_is_null = true,
	      .doc = "The project; null of a document"),
	F_INT(struct retrieval_hit, document_id, .zero_is_null = true,
	      .doc = "The document; null of a file in a repository"),
	F_TEXT(struct retrieval_hit, commit, .nullable = true,
	       .doc = "Commit at which it was read"),
	F_TEXT(struct retrieval_hit, path, .doc = "The file, or the document's name"),
	F_INT(struct retrieval_hit, start_line, .doc = "First line"),
	F_INT(struct retrieval_hit, end_line, .doc = "Last line"),
	F_TEXT(struct retrieval_hit, blob, .doc = "Id of the file's content"),
	F_TEXT(struct retrieval_hit, language, .nullable = true, .doc = "Language of the file"),
	F_TEXT(struct retrieval_hit, source, .doc = "code, doc or document"),
	F_TEXT(struct retrieval_hit, kind,
	       .doc = "What it is: function, class, ..., section, lines"),
	F_INT(struct retrieval_hit, score,
	      .doc = "Compares the hits of one answer; higher is better"),
	F_LIST(struct retrieval_hit, symbols, .item = FIELD_TEXT, .doc = "What is defined in it"),
	F_LIST(struct retrieval_hit, why, .item = FIELD_TEXT, .doc = "Why it was found"),
	F_TEXT(struct retrieval_hit, text, .doc = "Its lines"),
};
const struct schema retrieval_hit_schema = SCHEMA(struct retrieval_hit, "SearchHit", HIT_FIELDS);

static const struct field FOUND_FIELDS[] = {
	F_LIST(struct retrieval_found, items, .of = &retrieval_hit_schema, .doc = "Best first"),
	F_BOOL(struct retrieval_found, complete,
	       .doc = "Whether all that may be searched is indexed, and no limit kept something out"),
};
const struct schema retrieval_found_schema =
	SCHEMA(struct retrieval_found, "SearchFound", FOUND_FIELDS);

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The words as an array of PostgreSQL's. */
static enum err words_of(struct ctx *cx, const char *text, const char **ret)
{
	struct sb sb = sb_new(cx->arena, (size_t)8 * RETRIEVAL_QUERY_MAX);

	sb_addc(&sb, '{');
	for (const char *p = text; *p != '\0';) {
		const char *start = p;

		while (is_word(*p))
			p++;
		if (p > start) {
			sb_add(&sb, sb.len > 1 ? ",\"" : "\"");
			sb_addn(&sb, start, (size_t)(p - start));
			sb_addc(&sb, '"');
		} else {
			p++;
		}
	}
	if (sb.len == 1)
		return err_field(cx, ERR_INVALID, "?q", "word", "has no word to look for");
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

enum err retrieval_search(struct ctx *cx, const struct retrieval_query *query,
                          struct retrieval_found *ret)
{
	struct project project;
	const char *words;

	TRY(words_of(cx, query->text, &words));
	if (query->project_id != 0)
		TRY(project_get(cx, query->project_id, &project));
	*ret = (struct retrieval_found){ .complete = true };
	return search_repo_named(cx, query, words, &ret->items);
}
