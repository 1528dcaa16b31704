/* Documents: what the three readers share. */
#include "maps/doc.h"

#include <string.h>

struct doc_reader doc_reader_new(struct arena *arena, struct span text)
{
	struct doc_reader r = { .arena = arena, .p = text.data, .end = text.data, .line = 1 };

	if (text.len > DOC_TEXT_MAX)
		return r;
	r.end = text.data + text.len;
	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		r.p += 3;
	return r;
}

struct doc *doc_add(struct doc_reader *r, struct doc *parent, const char *key, enum doc_type type)
{
	struct doc *made;

	if (r->nodes >= DOC_NODES_MAX)
		return NULL;
	r->nodes++;
	made = arena_alloc(r->arena, sizeof(*made));
	made->type = type;
	made->key = key;
	made->text = "";
	made->line = r->line;
	if (parent != NULL && parent->last != NULL)
		parent->last->next = made;
	else if (parent != NULL)
		parent->child = made;
	if (parent != NULL)
		parent->last = made;
	return made;
}

const struct doc *doc_get(const struct doc *doc, const char *key)
{
	if (doc == NULL)
		return NULL;
	for (const struct doc *c = doc->child; c != NULL; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

const struct doc *doc_path(const struct doc *doc, const char *const *keys)
{
	for (; doc != NULL && *keys != NULL; keys++)
		doc = doc_get(doc, *keys);
	return doc;
}

const char *doc_text(const struct doc *doc)
{
	if (doc == NULL || (doc->type != DOC_STRING && doc->type != DOC_NUMBER))
		return "";
	return doc->text;
}

const char *doc_member(const struct doc *doc, const char *key)
{
	return doc_text(doc_get(doc, key));
}
