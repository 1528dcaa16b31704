/* A question taken apart: names, words, and what everybody says. */
#include "chats/question.h"

#include <ctype.h>
#include <string.h>

/* Between blanks: what every question has. */
static const char COMMON[] =
	" a about all also am an and any are as at be been being but by can could did do does doing"
	" each explain explained find for from get gets give given go goes got had has have how i if"
	" in into is it its let list look make makes me mean means most much my need no not of off on"
	" one or our out over please see shall should show some such tell that the their them then"
	" there these they thing things this those through to up us use used uses using want was way"
	" we were what when where which while who whose why will with work works would you your ";

/* The same of questions about the whole. */
static const char WHOLE[] =
	" app application architecture code codebase component components describe does folder folders"
	" introduction layout library main module modules organised organized overview package part"
	" parts product program project purpose readme repo repository software structure structured"
	" summarise summarize summary system tool ";

/* Who, when or why, and one of these: the past is asked about. */
static const char CHANGED[] =
	" added author authors change changed changes commit commits committed deleted fixed history"
	" introduced modified removed renamed touched wrote ";
static const char ASKS[] = " last latest recent recently when who whose why ";

static bool is_listed(const char *list, const char *word, size_t n)
{
	for (const char *p = list; (p = strchr(p, ' ')) != NULL && p[1] != '\0'; p++) {
		if (strncmp(p + 1, word, n) == 0 && p[1 + n] == ' ')
			return true;
	}
	return false;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* What joins words to a name: lib/base/db.c, Net::HTTP, a->b. */
static bool joins(const char *p)
{
	if ((*p == '.' || *p == '/' || *p == '$' || *p == '#') && in_word(p[1]))
		return true;
	return (p[0] == ':' && p[1] == ':' && in_word(p[2])) ||
	       (p[0] == '-' && p[1] == '>' && in_word(p[2]));
}

static bool has(const char *const *texts, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(texts[i], text) == 0)
			return true;
	}
	return false;
}

static bool looks_like_name(const char *text, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		bool before =
			islower((unsigned char)text[i - 1]) || isdigit((unsigned char)text[i - 1]);

		if (text[i] == '_' || text[i] == '/' || text[i] == ':' || text[i] == '.' ||
		    text[i] == '>' || (before && isupper((unsigned char)text[i])))
			return true;
	}
	return text[0] == '_' && n > 1;
}

static void add_name(struct arena *arena, struct question *q, const char *text, size_t n)
{
	const char *copy;

	if (n < 2 || n > QUESTION_NAME_MAX || q->nnames == QUESTION_NAMES_MAX)
		return;
	copy = arena_strndup(arena, text, n);
	if (!has(q->names, q->nnames, copy))
		q->names[q->nnames++] = copy;
}

static void add_word(struct arena *arena, struct question *q, const char *text, size_t n)
{
	char *copy;

	if (n < 2 || n > QUESTION_NAME_MAX || q->nwords == QUESTION_WORDS_MAX)
		return;
	copy = arena_strndup(arena, text, n);
	for (size_t i = 0; i < n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	if (is_listed(COMMON, copy, n) || has(q->words, q->nwords, copy))
		return;
	q->words[q->nwords++] = copy;
}

/* @ret behind the word or name that begins here */
static const char *take(struct arena *arena, struct question *q, const char *p)
{
	const char *start = p;
	size_t n;

	while (in_word(*p) || joins(p))
		p += *p == ':' || *p == '-' ? 2 : 1;
	n = (size_t)(p - start);
	if ((p[0] == '(' && p[1] == ')') || looks_like_name(start, n))
		add_name(arena, q, start, n);
	else
		add_word(arena, q, start, n);
	return p;
}

static void add_phrase(struct arena *arena, struct question *q, const char *text, size_t n)
{
	if (n < 3 || n > QUESTION_NAME_MAX || q->nphrases == QUESTION_PHRASES)
		return;
	q->phrases[q->nphrases++] = arena_strndup(arena, text, n);
}

static size_t capitals(const char *text)
{
	size_t n = 0;

	while (text[n] >= 'A' && text[n] <= 'Z')
		n++;
	return n >= 2 && !in_word(text[n]) ? n : 0;
}

/* Words in capitals with one blank between.  @ret behind them; text itself when there are not several */
static const char *take_capitals(struct arena *arena, struct question *q, const char *text)
{
	const char *end = text + capitals(text);
	size_t more;
	int words = 1;

	if (end == text)
		return text;
	for (; *end == ' ' && (more = capitals(end + 1)) > 0; words++)
		end += 1 + more;
	if (words < 2)
		return text;
	add_phrase(arena, q, text, (size_t)(end - text));
	return end;
}

static void find_phrases(struct arena *arena, const char *text, struct question *q)
{
	for (const char *p = text; *p != '\0';) {
		size_t quoted = *p == '"' ? strcspn(p + 1, "\"\n") : 0;
		const char *behind = take_capitals(arena, q, p);

		if (quoted > 0 && p[1 + quoted] == '"') {
			add_phrase(arena, q, p + 1, quoted);
			p += quoted + 2;
		} else if (behind > p) {
			p = behind;
		} else if (in_word(*p)) {
			while (in_word(*p))
				p++;
		} else {
			p++;
		}
	}
}

static bool is_past(struct arena *arena, const char *text)
{
	bool changed = false, asks = false;

	for (const char *p = text; *p != '\0';) {
		const char *start = p;
		char *word;

		while (in_word(*p))
			p++;
		if (p == start) {
			p++;
			continue;
		}
		word = arena_strndup(arena, start, (size_t)(p - start));
		for (char *c = word; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		changed = changed || is_listed(CHANGED, word, strlen(word));
		asks = asks || is_listed(ASKS, word, strlen(word));
	}
	return changed && asks;
}

void question_read(struct arena *arena, const char *text, struct question *ret)
{
	struct question q = { .general = true };

	for (const char *p = text; *p != '\0';) {
		size_t quoted = *p == '`' ? strcspn(p + 1, "`\n") : 0;

		if (quoted > 0 && p[1 + quoted] == '`') {
			size_t n = 0;

			while (n < quoted && p[1 + n] != '(' && p[1 + n] != ' ')
				n++;
			add_name(arena, &q, p + 1, n);
			p += quoted + 2;
		} else if (in_word(*p)) {
			p = take(arena, &q, p);
		} else {
			p++;
		}
	}
	find_phrases(arena, text, &q);
	q.past = is_past(arena, text);
	for (size_t i = 0; i < q.nwords; i++)
		q.general = q.general && is_listed(WHOLE, q.words[i], strlen(q.words[i]));
	q.general = q.general && q.nnames == 0;
	*ret = q;
}
