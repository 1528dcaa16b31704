/* What the lexer does for PHP alone: text around the code, and here-documents. */
#include "maps/lex.h"

#include <string.h>
#include <strings.h>

/* <?php, <?= or <? where no XML declaration starts. */
static size_t opens(const char *p, const char *end)
{
	size_t left = (size_t)(end - p);

	if (left >= 5 && strncasecmp(p, "<?php", 5) == 0)
		return 5;
	if (left >= 3 && p[2] == '=')
		return 3;
	return left >= 5 && strncasecmp(p, "<?xml", 5) == 0 ? 0 : 2;
}

void lex_php_outside(struct lexer *lx)
{
	const char *q = lx->p;
	size_t n = 0;

	while (n == 0) {
		q = memmem(q, (size_t)(lx->end - q), "<?", 2);
		if (!q)
			break;
		n = opens(q, lx->end);
		q += n > 0 ? 0 : 2;
	}
	lex_advance(lx, q ? q + n : lx->end, LINE_CODE);
	lx->outside = false;
}

bool lex_php_close(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;

	if (lx->end - from < 2 || from[0] != '?' || from[1] != '>')
		return false;
	lx->p += 2;
	lex_token(lx, ret, TOKEN_PUNCT, from);
	ret->c = ';';
	lx->outside = true;
	return true;
}

static bool is_word(char c)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* @ret where the line starts whose first word is the tag, or the end; *after is behind the tag */
static const char *find_tag(const char *q, const char *end, struct span tag, const char **after)
{
	while (q < end) {
		const char *newline = memchr(q, '\n', (size_t)(end - q));
		const char *word = q;

		while (word < end && (*word == ' ' || *word == '\t'))
			word++;
		if ((size_t)(end - word) >= tag.len && memcmp(word, tag.data, tag.len) == 0 &&
		    (word + tag.len == end || !is_word(word[tag.len]))) {
			*after = word + tag.len;
			return q;
		}
		q = newline ? newline + 1 : end;
	}
	*after = end;
	return end;
}

/* <<<TAG, <<<"TAG", <<<'TAG' up to the line that starts with the tag, which may be indented. */
bool lex_php_heredoc(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from, *end = lx->end, *after, *body;
	struct span tag;
	char quote = 0;

	if (end - q < 4 || memcmp(q, "<<<", 3) != 0)
		return false;
	q += 3;
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	if (q < end && (*q == '"' || *q == '\''))
		quote = *q++;
	tag.data = q;
	while (q < end && is_word(*q))
		q++;
	tag.len = (size_t)(q - tag.data);
	if (tag.len == 0 || tag.len > LEX_HEREDOC_MAX || (quote && (q >= end || *q++ != quote)))
		return false;
	if (q < end && *q == '\r')
		q++;
	if (q >= end || *q++ != '\n')
		return false;
	body = find_tag(q, end, tag, &after);
	lex_mark(lx);
	lex_advance(lx, after, LINE_CODE);
	lex_token(lx, ret, TOKEN_STRING, from);
	ret->text = q;
	ret->len = (size_t)(body - q);
	return true;
}
