/* JSON with comments and trailing commas, into a tree.  Depth is bounded, so recursion is. */
#include "maps/doc.h"

#include <string.h>

static void skip_comment(struct doc_reader *r)
{
	if (r->p[1] == '/') {
		while (r->p < r->end && *r->p != '\n')
			r->p++;
		return;
	}
	r->p += 2;
	while (r->p < r->end && !(*r->p == '*' && r->p + 1 < r->end && r->p[1] == '/')) {
		r->line += *r->p == '\n';
		r->p++;
	}
	r->p = r->end - r->p > 2 ? r->p + 2 : r->end;
}

static void skip_space(struct doc_reader *r)
{
	for (; r->p < r->end; r->p++) {
		while (r->end - r->p >= 2 && *r->p == '/' && (r->p[1] == '/' || r->p[1] == '*'))
			skip_comment(r);
		if (r->p >= r->end || memchr(" \t\r\n", *r->p, 4) == NULL)
			return;
		r->line += *r->p == '\n';
	}
}

/* @ret the next byte after white space and comments; 0 at the end */
static char peek(struct doc_reader *r)
{
	skip_space(r);
	return r->p < r->end ? *r->p : '\0';
}

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int c = p[i] | 0x20;
		int digit = p[i] >= '0' && p[i] <= '9' ? p[i] - '0'
		            : c >= 'a' && c <= 'f'     ? c - 'a' + 10
		                                       : -1;

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* One escape into out; a surrogate alone becomes '?', pairs do not occur in names we compare. */
static char *unescape(struct doc_reader *r, char *out)
{
	static const char FROM[] = "bfnrt", TO[] = "\b\f\n\r\t";
	const char *at;
	int c;

	if (*r->p != 'u' || r->end - r->p < 5 || (c = hex4(r->p + 1)) < 0) {
		at = strchr(FROM, *r->p);
		*out++ = at != NULL && *r->p != '\0' ? TO[at - FROM] : *r->p;
		r->p++;
		return out;
	}
	r->p += 5;
	if (c >= 0xD800 && c < 0xE000)
		c = '?';
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xC0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3F));
	} else {
		*out++ = (char)(0xE0 | c >> 12);
		*out++ = (char)(0x80 | ((c >> 6) & 0x3F));
		*out++ = (char)(0x80 | (c & 0x3F));
	}
	return out;
}

/* @ret the string at the reader, which stands on its quote; NULL when it does not end */
static const char *read_string(struct doc_reader *r)
{
	const char *scan = ++r->p;
	char *text, *out;

	while (scan < r->end && *scan != '"' && *scan != '\n')
		scan += *scan == '\\' && scan + 1 < r->end ? 2 : 1;
	if (scan >= r->end || *scan != '"')
		return NULL;
	text = out = arena_alloc(r->arena, (size_t)(scan - r->p) + 1);
	while (r->p < scan) {
		if (*r->p == '\\') {
			r->p++;
			out = unescape(r, out);
		} else {
			*out++ = *r->p++;
		}
	}
	*out = '\0';
	r->p = scan + 1;
	return text;
}

static bool read_value(struct doc_reader *r, struct doc *parent, const char *key, int depth);

static bool read_members(struct doc_reader *r, struct doc *into, int depth)
{
	bool object = into->type == DOC_OBJECT;
	char close = object ? '}' : ']';

	r->p++;
	for (;;) {
		const char *key = "";
		char c = peek(r);

		if (c == close) {
			r->p++;
			return true;
		}
		if (object) {
			if (c != '"' || (key = read_string(r)) == NULL || peek(r) != ':')
				return false;
			r->p++;
		}
		if (!read_value(r, into, key, depth + 1))
			return false;
		c = peek(r);
		if (c == ',')
			r->p++;
		else if (c != close)
			return false;
	}
}

static bool read_scalar(struct doc_reader *r, struct doc *node)
{
	const char *start = r->p;

	while (r->p < r->end && memchr(",]}\" \t\r\n/:[{", *r->p, 13) == NULL)
		r->p++;
	if (r->p == start)
		return false;
	node->text = arena_strndup(r->arena, start, (size_t)(r->p - start));
	node->type = *start == 't' || *start == 'f' ? DOC_BOOL
	             : *start == 'n'                ? DOC_NULL
	                                            : DOC_NUMBER;
	return true;
}

static bool read_value(struct doc_reader *r, struct doc *parent, const char *key, int depth)
{
	char c = peek(r);
	struct doc *node;

	if (c == '\0' || depth > DOC_DEPTH_MAX)
		return false;
	node = doc_add(r, parent, key, DOC_STRING);
	if (node == NULL)
		return false;
	if (c == '"') {
		const char *text = read_string(r);

		node->text = text != NULL ? text : "";
		return text != NULL;
	}
	if (c == '{' || c == '[') {
		node->type = c == '{' ? DOC_OBJECT : DOC_ARRAY;
		return read_members(r, node, depth);
	}
	return read_scalar(r, node);
}

const struct doc *doc_json(struct arena *arena, struct span text)
{
	struct doc_reader r = doc_reader_new(arena, text);
	struct doc *root = doc_add(&r, NULL, "", DOC_OBJECT);

	if (peek(&r) == '{' || peek(&r) == '[') {
		root->type = *r.p == '{' ? DOC_OBJECT : DOC_ARRAY;
		(void)!read_members(&r, root, 0);
	}
	return root;
}
