/* SPDX lines and the expressions on them. */
#include "maps/licence.h"

#include <string.h>
#include <strings.h>

#define TAG        "SPDX-License-Identifier:"
#define PARENS_MAX 32

static const char *const IDS[] = {
#define SPDX(id) id,
#define SPDX_EXCEPTION(id)
#include "maps/licence_ids.def"
#undef SPDX
#undef SPDX_EXCEPTION
};

static const char *const EXCEPTIONS[] = {
#define SPDX(id)
#define SPDX_EXCEPTION(id) id,
#include "maps/licence_ids.def"
#undef SPDX
#undef SPDX_EXCEPTION
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What closes a comment behind an expression is none of it. */
static struct span without_tail(struct span text)
{
	static const char *const TAILS[] = { "*/", "-->", "#}", "--%>", "*)",
		                             "\"", "'",   ";",  "*",    "-}" };
	bool cut = true;

	while (cut) {
		cut = false;
		while (text.len > 0 && is_blank(text.data[text.len - 1]))
			text.len--;
		for (size_t i = 0; i < COUNT(TAILS) && !cut; i++) {
			size_t n = strlen(TAILS[i]);

			cut = text.len >= n && memcmp(text.data + text.len - n, TAILS[i], n) == 0;
			text.len -= cut ? n : 0;
		}
	}
	return text;
}

/* Whether it is meant as an expression; a program that looks for tags has patterns instead. */
static bool is_written(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      strchr(".+-() :/", c)) ||
		    c == '\0')
			return false;
	}
	return text.len > 0 && text.len <= LICENCE_EXPRESSION_MAX;
}

bool licence_tag(struct span *rest, struct span *ret)
{
	const char *end = rest->data + rest->len, *at, *newline;

	while ((at = memmem(rest->data, rest->len, TAG, sizeof(TAG) - 1)) != NULL) {
		at += sizeof(TAG) - 1;
		while (at < end && is_blank(*at))
			at++;
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		*rest = (struct span){ newline, (size_t)(end - newline) };
		*ret = without_tail((struct span){ at, (size_t)(newline - at) });
		if (is_written(*ret))
			return true;
	}
	return false;
}

static bool listed(struct span word, const char *const *ids, size_t n)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strncasecmp(word.data, ids[mid], word.len);

		if (order == 0 && ids[mid][word.len] != '\0')
			order = -1;
		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

static bool starts(struct span word, const char *with)
{
	size_t n = strlen(with);

	return word.len > n && memcmp(word.data, with, n) == 0;
}

static bool is_licence(struct span word)
{
	if (starts(word, "LicenseRef-") || starts(word, "DocumentRef-"))
		return true;
	if (word.len > 1 && word.data[word.len - 1] == '+' &&
	    listed((struct span){ word.data, word.len - 1 }, IDS, COUNT(IDS)))
		return true;
	return listed(word, IDS, COUNT(IDS));
}

static bool is_operator(struct span word, const char *operator)
{
	return word.len == strlen(operator) && strncasecmp(word.data, operator, word.len) == 0;
}

/* A word, or one parenthesis. */
static bool next(struct span *rest, struct span *ret)
{
	size_t n = 0;

	while (rest->len > 0 && is_blank(*rest->data)) {
		rest->data++;
		rest->len--;
	}
	while (n < rest->len && !is_blank(rest->data[n]) && rest->data[n] != '(' &&
	       rest->data[n] != ')')
		n++;
	if (n == 0 && rest->len > 0)
		n = 1;
	*ret = (struct span){ rest->data, n };
	rest->data += n;
	rest->len -= n;
	return n > 0;
}

/* An automaton with a counter: operands and operators take turns, parentheses balance. */
bool licence_expression_valid(struct span expression)
{
	struct span rest = expression, word;
	bool operand = true, bare = false; /* one is due; a licence without WITH stands before */
	int open = 0;

	if (expression.len > LICENCE_EXPRESSION_MAX)
		return false;
	while (next(&rest, &word)) {
		if (*word.data == '(') {
			if (!operand || ++open > PARENS_MAX)
				return false;
		} else if (*word.data == ')') {
			if (operand || --open < 0)
				return false;
			bare = false;
		} else if (operand) {
			if (!is_licence(word) && !is_operator(word, "NONE") &&
			    !is_operator(word, "NOASSERTION"))
				return false;
			operand = false;
			bare = true;
		} else if (is_operator(word, "AND") || is_operator(word, "OR")) {
			operand = true;
			bare = false;
		} else if (is_operator(word, "WITH") && bare) {
			if (!next(&rest, &word) || (!listed(word, EXCEPTIONS, COUNT(EXCEPTIONS)) &&
			                            !starts(word, "AdditionRef-")))
				return false;
			bare = false;
		} else {
			return false;
		}
	}
	return !operand && open == 0;
}
