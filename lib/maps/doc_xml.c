/*
 * XML, as far as build files use it: an explicit stack, no entities beyond the
 * five, no DTD.  A closing tag that matches no open element is ignored.
 */
#include "maps/doc.h"

#include <string.h>

static bool starts(const struct doc_reader *r, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, with, n) == 0;
}

/* Move behind the next occurrence of a text, or to the end. */
static void skip_past(struct doc_reader *r, const char *what)
{
	size_t n = strlen(what);
	const char *at = memmem(r->p, (size_t)(r->end - r->p), what, n);
	const char *to = at != NULL ? at + n : r->end;

	for (; r->p < to; r->p++)
		r->line += *r->p == '\n';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct doc_reader *r)
{
	for (; r->p < r->end && is_space(*r->p); r->p++)
		r->line += *r->p == '\n';
}

/* @ret a copy without white space around it and with the five entities replaced */
static const char *plain(struct arena *arena, const char *p, const char *end)
{
	static const struct {
		const char *name;
		char c;
	} ENTITIES[] = { { "&lt;", '<' },
		         { "&gt;", '>' },
		         { "&amp;", '&' },
		         { "&quot;", '"' },
		         { "&apos;", '\'' } };
	char *text, *out;

	while (p < end && is_space(*p))
		p++;
	while (end > p && is_space(end[-1]))
		end--;
	text = out = arena_alloc(arena, (size_t)(end - p) + 1);
	while (p < end) {
		size_t len = 1;

		*out = *p;
		for (size_t i = 0; *p == '&' && i < COUNT(ENTITIES); i++) {
			size_t n = strlen(ENTITIES[i].name);

			if ((size_t)(end - p) >= n && memcmp(p, ENTITIES[i].name, n) == 0) {
				*out = ENTITIES[i].c;
				len = n;
			}
		}
		out++;
		p += len;
	}
	*out = '\0';
	return text;
}

/* @ret an element's or attribute's name, its prefix taken off; NULL when there is none */
static const char *read_name(struct doc_reader *r, const char *prefix)
{
	const char *start = r->p, *colon;

	while (r->p < r->end && !is_space(*r->p) && memchr("=/>\"'<", *r->p, 6) == NULL)
		r->p++;
	if (r->p == start)
		return NULL;
	colon = memchr(start, ':', (size_t)(r->p - start));
	if (colon != NULL && *prefix == '\0')
		start = colon + 1;
	return arena_printf(r->arena, "%s%.*s", prefix, (int)(r->p - start), start);
}

/* Attributes up to the end of the tag.  @ret false when the element is empty ("/>") */
static bool read_attributes(struct doc_reader *r, struct doc *element)
{
	for (;;) {
		const char *name, *close;
		struct doc *attribute;

		skip_space(r);
		if (r->p >= r->end || *r->p == '<')
			return true;
		if (*r->p == '>' || starts(r, "/>")) {
			bool open = *r->p == '>';

			r->p += open ? 1 : 2;
			return open;
		}
		name = read_name(r, "@");
		if (name == NULL) {
			r->p++;
			continue;
		}
		skip_space(r);
		if (r->p >= r->end || *r->p != '=')
			continue;
		r->p++;
		skip_space(r);
		if (r->p >= r->end || (*r->p != '"' && *r->p != '\''))
			continue;
		close = memchr(r->p + 1, *r->p, (size_t)(r->end - r->p - 1));
		if (close == NULL)
			return true;
		attribute = doc_add(r, element, name, DOC_STRING);
		if (attribute != NULL)
			attribute->text = plain(r->arena, r->p + 1, close);
		for (; r->p <= close; r->p++)
			r->line += *r->p == '\n';
	}
}

static void read_text(struct doc_reader *r, struct doc *into)
{
	const char *start = r->p, *text;

	for (; r->p < r->end && *r->p != '<'; r->p++)
		r->line += *r->p == '\n';
	text = plain(r->arena, start, r->p);
	if (*text != '\0' && *into->text == '\0')
		into->text = text;
}

const struct doc *doc_xml(struct arena *arena, struct span text)
{
	struct doc_reader r = doc_reader_new(arena, text);
	struct doc *open[DOC_DEPTH_MAX + 1];
	int depth = 0;

	open[0] = doc_add(&r, NULL, "", DOC_OBJECT);
	while (r.p < r.end) {
		const char *name;
		struct doc *element;

		if (*r.p != '<') {
			read_text(&r, open[depth]);
		} else if (starts(&r, "<!--")) {
			skip_past(&r, "-->");
		} else if (starts(&r, "<![CDATA[")) {
			skip_past(&r, "]]>");
		} else if (starts(&r, "<?") || starts(&r, "<!")) {
			skip_past(&r, ">");
		} else if (starts(&r, "</")) {
			r.p += 2;
			name = read_name(&r, "");
			skip_past(&r, ">");
			if (depth > 0 && name != NULL && strcmp(open[depth]->key, name) == 0)
				depth--;
		} else {
			r.p++;
			name = read_name(&r, "");
			if (name == NULL)
				continue;
			element = doc_add(&r, open[depth], name, DOC_STRING);
			if (element == NULL)
				break;
			if (read_attributes(&r, element)) {
				if (depth == DOC_DEPTH_MAX)
					break;
				open[++depth] = element;
			}
		}
	}
	return open[0];
}
