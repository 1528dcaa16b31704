/* Terms: words, their parts, their stems. */
#include "retrieval/terms.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 6

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* --- Stems --- */

static bool ends(const char *word, size_t n, const char *with)
{
	size_t m = strlen(with);

	return n > m && memcmp(word + n - m, with, m) == 0;
}

static bool has_vowel(const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memchr("aeiouy", word[i], 6) != NULL)
			return true;
	return false;
}

static size_t plural(char *word, size_t n)
{
	if (n < 4 || word[n - 1] != 's' || memchr("sui", word[n - 2], 3) != NULL)
		return n;
	if (n > 4 && ends(word, n, "ies")) {
		word[n - 3] = 'y';
		return n - 2;
	}
	if (ends(word, n, "xes") || ends(word, n, "ches") || ends(word, n, "shes") ||
	    ends(word, n, "sses"))
		return n - 2;
	return n - 1;
}

/* running: run; falling stays fall */
static size_t undouble(const char *word, size_t n)
{
	if (n > 3 && word[n - 1] == word[n - 2] && memchr("aeioulsz", word[n - 1], 8) == NULL)
		return n - 1;
	return n;
}

static size_t cut_suffix(const char *word, size_t n)
{
	static const char *const SUFFIXES[] = { "ing", "ed", "er", "or" };

	for (size_t i = 0; i < COUNT(SUFFIXES); i++) {
		size_t m = strlen(SUFFIXES[i]);

		if (n >= m + 3 && ends(word, n, SUFFIXES[i]) && has_vowel(word, n - m))
			return undouble(word, n - m);
	}
	if (n > 8 && ends(word, n, "ization")) /* as of initialize */
		return n - 5;
	if (n > 6 && (ends(word, n, "tion") || ends(word, n, "ssion")))
		return n - 3;
	if (n > 5 && ends(word, n, "ly"))
		return n - 2;
	return n;
}

/* In place.  @ret the new length, at least 1 */
static size_t stem(char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_lower(word[i]))
			return n;
	n = plural(word, n);
	n = cut_suffix(word, n);
	if (n > 4 && word[n - 1] == 'e')
		n--;
	if (n > 3 && word[n - 1] == 'y' && memchr("aeiou", word[n - 2], 5) == NULL)
		word[n - 1] = 'i';
	return n;
}

/* --- Words --- */

/* Stems one behind the other. */
struct joined {
	char text[TERM_WORD_MAX];
	size_t n;
};

static void join(struct joined *joined, const char *stem, size_t n)
{
	if (joined->n + n > TERM_WORD_MAX)
		return;
	memcpy(joined->text + joined->n, stem, n);
	joined->n += n;
}

/* @joined the part's stem is put behind it */
static void give(const char *part, size_t len, term_each *each, void *arg, struct joined *joined)
{
	char word[TERM_WORD_MAX] = { 0 };
	size_t n = len;
	bool number = true;

	for (size_t i = 0; i < n; i++) {
		word[i] = is_upper(part[i]) ? (char)(part[i] - 'A' + 'a') : part[i];
		number = number && is_digit(word[i]);
	}
	if (number && n > NUMBER_MAX)
		return;
	n = stem(word, n);
	join(joined, word, n);
	each(arg, word, n, (struct span){ part, len });
}

/* The end of the part that begins at i: before '_', before a capital after another letter, and before
 * the last of several capitals when a small letter follows it. */
static size_t part_end(const char *word, size_t n, size_t i)
{
	size_t j = i + 1;

	while (j < n && word[j] != '_') {
		if (is_upper(word[j]) &&
		    (!is_upper(word[j - 1]) || (j + 1 < n && is_lower(word[j + 1]))))
			break;
		j++;
	}
	return j;
}

static void give_word(const char *word, size_t n, term_each *each, void *arg, struct joined *whole)
{
	size_t parts = 0;

	whole->n = 0;

	for (size_t i = 0; i < n;) {
		size_t end;

		if (word[i] == '_') {
			i++;
			continue;
		}
		end = part_end(word, n, i);
		give(word + i, end - i, each, arg, whole);
		i = end;
		parts++;
	}
	if (parts > 1 && whole->n > 0)
		each(arg, whole->text, whole->n, (struct span){ word, n });
}

static bool is_capitals(const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_upper(word[i]))
			return false;
	return n >= 2;
}

void terms_each(struct span text, term_each *each, void *arg)
{
	const char *p = text.data, *end = text.data + text.len;
	struct joined before, word; /* before: stands in capitals up to `until` */
	const char *from = NULL, *until = NULL;

	while (p < end) {
		const char *start = p;

		while (p < end && is_word(*p))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		if (p - start > TERM_WORD_MAX)
			continue;
		give_word(start, (size_t)(p - start), each, arg, &word);
		if (!is_capitals(start, (size_t)(p - start)))
			continue;
		if (until != NULL && start == until + 1 && *until == ' ') {
			join(&before, word.text, word.n);
			each(arg, before.text, before.n, (struct span){ from, (size_t)(p - from) });
		}
		before = word;
		from = start;
		until = p;
	}
}

/* --- Noise --- */

/* As stems, sorted. */
static const char *const NOISE[] = {
	"a",    "about", "an",    "and",  "any",  "are", "as",    "at",   "be",   "but",  "by",
	"can",  "do",    "doe",   "for",  "from", "ha",  "hav",   "have", "how",  "i",    "if",
	"in",   "into",  "is",    "it",   "its",  "me",  "of",    "on",   "or",   "our",  "s",
	"so",   "such",  "t",     "than", "that", "the", "their", "them", "then", "ther", "there",
	"thes", "these", "they",  "this", "to",   "wa",  "was",   "we",   "were", "what", "when",
	"wher", "where", "which", "who",  "whos", "why", "will",  "with", "you",
};

static int compare_noise(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

bool term_is_noise(const char *term, size_t n)
{
	char word[8];

	if (n >= sizeof(word))
		return false;
	memcpy(word, term, n);
	word[n] = '\0';
	return bsearch(word, NOISE, COUNT(NOISE), sizeof(NOISE[0]), compare_noise) != NULL;
}
