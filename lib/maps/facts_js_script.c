/*
 * Vue and Svelte: a file is HTML with scripts in it; each is read as one text.
 */
#include "maps/facts_js.h"

#include "maps/tap.h"

#include <string.h>
#include <strings.h>

/* @ret where "<script" or "</script" starts, in any case, or NULL */
static const char *find_tag(const char *p, const char *end, const char *tag)
{
	size_t n = strlen(tag);

	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		if ((size_t)(end - p) >= n && strncasecmp(p, tag, n) == 0)
			return p;
		p++;
	}
	return NULL;
}

/* @ret the > that ends a tag, past quoted attributes, or NULL */
static const char *tag_end(const char *p, const char *end)
{
	char quote = 0;

	for (; p < end; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			return p;
	}
	return NULL;
}

static uint32_t count_lines(const char *from, const char *to)
{
	uint32_t n = 0;

	while ((from = memchr(from, '\n', (size_t)(to - from)))) {
		n++;
		from++;
	}
	return n;
}

void facts_scripts(struct span text, struct sink *sk)
{
	const char *end = text.data + text.len, *done = text.data, *p = text.data, *open, *close;
	uint32_t line = 1;

	while ((p = find_tag(p, end, "<script"))) {
		struct lexer lx;

		open = tag_end(p, end);
		if (!open)
			return;
		open++;
		close = find_tag(open, end, "</script");
		if (!close)
			close = end;
		line += count_lines(done, open);
		done = open;

		struct span tag = { p, (size_t)(open - p) };
		bool jsx =
			memmem(tag.data, tag.len, "sx\"", 3) || memmem(tag.data, tag.len, "sx'", 3);

		lex_open(&lx, jsx ? SYNTAX_JS : SYNTAX_TS,
		         (struct span){ open, (size_t)(close - open) }, line);
		tap_attach(sk->tap, &lx);
		facts_js(&lx, sk);
		p = close;
	}
}
