/*
 * TOML, the part that manifests use.  A line that is not understood ends the
 * reading of its value only: the next line starts afresh, so that one exotic
 * value does not hide the dependencies below it.
 */
#include "maps/doc.h"

#include <string.h>

static void skip_line(struct doc_reader *r)
{
	while (r->p < r->end && *r->p != '\n')
		r->p++;
}

static void skip_blank(struct doc_reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

/* White space, line ends and comments, as they may stand inside arrays. */
static void skip_space(struct doc_reader *r)
{
	for (;;) {
		skip_blank(r);
		if (r->p < r->end && *r->p == '#')
			skip_line(r);
		if (r->p >= r->end || *r->p != '\n')
			return;
		r->line++;
		r->p++;
	}
}

static bool starts(const struct doc_reader *r, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, with, n) == 0;
}

/* """…""" and '''…''', without escapes: their text is never compared. */
static const char *read_long(struct doc_reader *r)
{
	const char quote[4] = { *r->p, *r->p, *r->p, '\0' };
	const char *start = r->p + 3;
	const char *close = memmem(start, (size_t)(r->end - start), quote, 3);
	const char *stop = close != NULL ? close : r->end;

	for (const char *p = start; p < stop; p++)
		r->line += *p == '\n';
	r->p = close != NULL ? close + 3 : r->end;
	return arena_strndup(r->arena, start, (size_t)(stop - start));
}

/* @ret the quoted string at the reader; NULL when it does not end on its line */
static const char *read_string(struct doc_reader *r)
{
	char quote = *r->p;
	const char *p;
	char *text, *out;

	if (starts(r, "\"\"\"") || starts(r, "'''"))
		return read_long(r);
	for (p = r->p + 1; p < r->end && *p != quote && *p != '\n'; p++)
		if (*p == '\\' && quote == '"' && p + 1 < r->end)
			p++;
	if (p >= r->end || *p != quote)
		return NULL;
	text = out = arena_alloc(r->arena, (size_t)(p - r->p));
	for (r->p++; r->p < p; r->p++) {
		if (*r->p == '\\' && quote == '"')
			r->p++;
		*out++ = *r->p;
	}
	*out = '\0';
	r->p = p + 1;
	return text;
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* @ret one part of a key, NULL when there is none */
static const char *read_key(struct doc_reader *r)
{
	const char *start;

	skip_blank(r);
	start = r->p;
	if (r->p < r->end && (*r->p == '"' || *r->p == '\''))
		return read_string(r);
	while (r->p < r->end && is_bare(*r->p))
		r->p++;
	return r->p > start ? arena_strndup(r->arena, start, (size_t)(r->p - start)) : NULL;
}

/* The child of that key; looking is counted, since thousands of tables would make it quadratic. */
static struct doc *child(struct doc_reader *r, struct doc *parent, const char *key)
{
	for (struct doc *c = parent->child; c != NULL && r->looks < DOC_LOOKS_MAX; c = c->next) {
		r->looks++;
		if (strcmp(c->key, key) == 0)
			return c;
	}
	return NULL;
}

/* The table of that name below parent, made when it is missing; of an array its last element. */
static struct doc *table_below(struct doc_reader *r, struct doc *parent, const char *key)
{
	struct doc *found = child(r, parent, key);

	if (found == NULL)
		return doc_add(r, parent, key, DOC_OBJECT);
	if (found->type == DOC_ARRAY && found->last != NULL && found->last->type == DOC_OBJECT)
		return found->last;
	return found->type == DOC_OBJECT ? found : doc_add(r, parent, key, DOC_OBJECT);
}

/*
 * A dotted key: the tables before its last part are entered.
 *
 * @ret the table that the last part belongs to, NULL when the key is malformed
 */
static struct doc *read_keys(struct doc_reader *r, struct doc *table, const char **ret)
{
	int depth = 0;

	for (;;) {
		*ret = read_key(r);
		if (*ret == NULL || ++depth > DOC_DEPTH_MAX)
			return NULL;
		skip_blank(r);
		if (r->p >= r->end || *r->p != '.')
			return table;
		r->p++;
		table = table_below(r, table, *ret);
		if (table == NULL)
			return NULL;
	}
}

static bool read_value(struct doc_reader *r, struct doc *parent, const char *key, int depth);

static bool read_pair(struct doc_reader *r, struct doc *table, int depth)
{
	const char *key;
	struct doc *into = read_keys(r, table, &key);

	if (into == NULL || r->p >= r->end || *r->p != '=')
		return false;
	r->p++;
	skip_blank(r);
	return read_value(r, into, key, depth);
}

static bool read_members(struct doc_reader *r, struct doc *into, int depth)
{
	char close = into->type == DOC_OBJECT ? '}' : ']';

	r->p++;
	for (;;) {
		skip_space(r);
		if (r->p >= r->end)
			return false;
		if (*r->p == close) {
			r->p++;
			return true;
		}
		if (*r->p == ',') {
			r->p++;
			continue;
		}
		if (into->type == DOC_OBJECT ? !read_pair(r, into, depth + 1)
		                             : !read_value(r, into, "", depth + 1))
			return false;
	}
}

static bool read_value(struct doc_reader *r, struct doc *parent, const char *key, int depth)
{
	struct doc *node;
	const char *start = r->p;

	if (r->p >= r->end || depth > DOC_DEPTH_MAX)
		return false;
	node = doc_add(r, parent, key, DOC_STRING);
	if (node == NULL)
		return false;
	if (*r->p == '"' || *r->p == '\'') {
		const char *text = read_string(r);

		node->text = text != NULL ? text : "";
		return text != NULL;
	}
	if (*r->p == '[' || *r->p == '{') {
		node->type = *r->p == '[' ? DOC_ARRAY : DOC_OBJECT;
		return read_members(r, node, depth);
	}
	while (r->p < r->end && memchr(",]}#\r\n \t", *r->p, 8) == NULL)
		r->p++;
	if (r->p == start)
		return false;
	node->text = arena_strndup(r->arena, start, (size_t)(r->p - start));
	node->type = *start == 't' || *start == 'f' ? DOC_BOOL : DOC_NUMBER;
	return true;
}

/* "[a.b]" or "[[a.b]]".  @ret the table that follows belongs to; the root after a mistake */
static struct doc *read_header(struct doc_reader *r, struct doc *root)
{
	bool array = starts(r, "[[");
	const char *key;
	struct doc *into, *list;

	r->p += array ? 2 : 1;
	into = read_keys(r, root, &key);
	if (into == NULL)
		return root;
	if (!array) {
		into = table_below(r, into, key);
		return into != NULL ? into : root;
	}
	list = child(r, into, key);
	if (list == NULL || list->type != DOC_ARRAY)
		list = doc_add(r, into, key, DOC_ARRAY);
	into = list != NULL ? doc_add(r, list, "", DOC_OBJECT) : NULL;
	return into != NULL ? into : root;
}

const struct doc *doc_toml(struct arena *arena, struct span text)
{
	struct doc_reader r = doc_reader_new(arena, text);
	struct doc *root = doc_add(&r, NULL, "", DOC_OBJECT);
	struct doc *table = root;

	for (;;) {
		skip_space(&r);
		if (r.p >= r.end || r.nodes >= DOC_NODES_MAX || r.looks >= DOC_LOOKS_MAX)
			return root;
		if (*r.p == '[')
			table = read_header(&r, root);
		else
			(void)!read_pair(&r, table, 0);
		skip_line(&r);
	}
}
