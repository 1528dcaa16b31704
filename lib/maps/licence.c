#include "maps/licence.h"

#include <stdlib.h>
#include <string.h>

#define COPYRIGHT_LINE 200 /* bytes of a line that says whose a text is; the rest counts */

struct text_row {
	const char *id, *family;
	uint32_t words, n;
	uint32_t hashes[LICENCE_SKETCH];
};

static const struct text_row TEXTS[] = {
#define LICENCE_TEXT(id, family, words, n, ...) { id, family, words, n, { __VA_ARGS__ } },
#include "maps/licence_texts.def"
#undef LICENCE_TEXT
};

/* ---- words ---- */

struct words {
	const char *p, *end;
	uint64_t last[LICENCE_SHINGLE]; /* hashes of the words before, in a ring */
	uint32_t n;                     /* words so far */
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_alnum(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The word at or behind *p; empty at the end. */
static struct span next_word(const char **p, const char *end)
{
	const char *from;

	while (*p < end && !is_alnum(**p))
		(*p)++;
	from = *p;
	while (*p < end && is_alnum(**p))
		(*p)++;
	return (struct span){ from, (size_t)(*p - from) };
}

static bool word_is(struct span word, const char *text)
{
	for (size_t i = 0; i < word.len; i++) {
		if (lower(word.data[i]) != text[i])
			return false;
	}
	return text[word.len] == '\0';
}

/* Copyright (c) 2020 Somebody: the line is whose the text is, not what it says. */
static bool is_copyright_line(struct span word, const char *p, const char *end)
{
	const char *stop;
	struct span next;

	if (!word_is(word, "copyright"))
		return false;
	if (end - p > COPYRIGHT_LINE)
		end = p + COPYRIGHT_LINE;
	stop = memchr(p, '\n', (size_t)(end - p));
	end = stop ? stop : end;
	if (memchr(p, 0xa9, (size_t)(end - p)) || memchr(p, '<', (size_t)(end - p)) ||
	    memchr(p, '{', (size_t)(end - p)))
		return true;
	next = next_word(&p, end);
	return word_is(next, "c") || (next.len > 0 && is_digit(*next.data)) ||
	       word_is(next, "yyyy") || word_is(next, "year");
}

/* Letters and numbers of lists, and "a": they change with the form of a text. */
static bool says_nothing(struct span word)
{
	if (word.len == 1)
		return true;
	return word.len == 2 && is_digit(word.data[0]) && is_digit(word.data[1]);
}

static uint64_t word_hash(struct span word)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < word.len; i++)
		h = (h ^ (unsigned char)lower(word.data[i])) * 0x100000001b3u;
	return h;
}

/* The hash of the next run of words.  Returns false at the end. */
static bool next_shingle(struct words *ws, uint32_t *ret)
{
	while (ws->n < LICENCE_WORDS_MAX) {
		struct span word = next_word(&ws->p, ws->end);
		uint64_t h = 0;

		if (word.len == 0)
			return false;
		if (is_copyright_line(word, ws->p, ws->end)) {
			const char *end =
				ws->end - ws->p > COPYRIGHT_LINE ? ws->p + COPYRIGHT_LINE : ws->end;
			const char *newline = memchr(ws->p, '\n', (size_t)(end - ws->p));

			ws->p = newline ? newline : end;
			continue;
		}
		if (says_nothing(word))
			continue;
		ws->last[ws->n++ % LICENCE_SHINGLE] = word_hash(word);
		if (ws->n < LICENCE_SHINGLE)
			continue;
		for (uint32_t i = 0; i < LICENCE_SHINGLE; i++)
			h = (h ^ ws->last[(ws->n + i) % LICENCE_SHINGLE]) * 0x9e3779b97f4a7c15u;
		*ret = (uint32_t)(h >> 32);
		return true;
	}
	return false;
}

/* ---- sketches ---- */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorted hashes of all runs, each once. */
static size_t shingles(struct arena *arena, struct span text, uint32_t **ret, uint32_t *ret_words)
{
	struct words ws = { .p = text.data, .end = text.data + text.len };
	uint32_t *all = arena_array(arena, LICENCE_WORDS_MAX, sizeof(*all));
	size_t n = 0, kept = 0;

	while (next_shingle(&ws, &all[n]))
		n++;
	if (n > 1)
		qsort(all, n, sizeof(*all), by_value);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || all[kept - 1] != all[i])
			all[kept++] = all[i];
	}
	*ret = all;
	*ret_words = ws.n;
	return kept;
}

size_t licence_shingles(struct arena *arena, struct span text, uint32_t **ret)
{
	uint32_t words;

	return shingles(arena, text, ret, &words);
}

size_t licence_sketch(struct arena *arena, struct span text, uint32_t *ret, uint32_t *ret_words)
{
	uint32_t *all;
	size_t n = shingles(arena, text, &all, ret_words);

	n = n < LICENCE_SKETCH ? n : LICENCE_SKETCH;
	memcpy(ret, all, n * sizeof(*ret));
	return n;
}

/* Both are sorted: one walk. */
static uint32_t percent_of(const struct text_row *row, const uint32_t *all, size_t n)
{
	uint32_t hits = 0;
	size_t at = 0;

	for (uint32_t i = 0; i < row->n; i++) {
		while (at < n && all[at] < row->hashes[i])
			at++;
		hits += at < n && all[at] == row->hashes[i];
	}
	return row->n > 0 ? hits * 100 / row->n : 0;
}

static int surest(const void *a, const void *b)
{
	const struct licence_match *x = a, *y = b;

	if (x->percent != y->percent)
		return x->percent > y->percent ? -1 : 1;
	return strcmp(x->id, y->id);
}

static bool is_rather(const struct text_row *other, uint32_t other_percent,
                      const struct text_row *row, uint32_t percent)
{
	if (strcmp(other->family, row->family) != 0)
		return false;
	return other_percent > percent || (other_percent == percent && other->words > row->words);
}

/*
 * A shorter licence may stand whole in a longer one, whose own words name an organisation and so
 * differ; five words that do not differ tell.
 */
static const char *refine(const char *id, const uint32_t *all, size_t n)
{
	static const struct {
		const char *id, *words, *becomes;
	} ROWS[] = {
		{ "BSD-2-Clause", "used to endorse or promote", "BSD-3-Clause" },
		{ "BSD-3-Clause", "all advertising materials mentioning features", "BSD-4-Clause" },
		{ "0BSD", "and this permission notice appear", "ISC" },
		{ "MIT-0", "and this permission notice shall", "MIT" },
		{ "MIT", "shall be used for good", "JSON" },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct words ws = { .p = ROWS[i].words,
			            .end = ROWS[i].words + strlen(ROWS[i].words) };
		uint32_t hash;

		if (strcmp(id, ROWS[i].id) == 0 && next_shingle(&ws, &hash) &&
		    bsearch(&hash, all, n, sizeof(*all), by_value) != NULL)
			id = ROWS[i].becomes;
	}
	return id;
}

size_t licence_match(struct arena *arena, struct span text, struct licence_match *ret)
{
	uint8_t percent[COUNT(TEXTS)];
	uint32_t *all, words;
	size_t n = shingles(arena, text, &all, &words), found = 0;

	for (size_t i = 0; i < COUNT(TEXTS); i++)
		percent[i] = (uint8_t)percent_of(&TEXTS[i], all, n);
	for (size_t i = 0; i < COUNT(TEXTS) && found < LICENCE_MATCHES_MAX; i++) {
		bool best = percent[i] >= LICENCE_CONFIDENT;

		for (size_t k = 0; k < COUNT(TEXTS) && best; k++)
			best = k == i || !is_rather(&TEXTS[k], percent[k], &TEXTS[i], percent[i]);
		if (best)
			ret[found++] =
				(struct licence_match){ refine(TEXTS[i].id, all, n), percent[i] };
	}
	if (found > 1)
		qsort(ret, found, sizeof(*ret), surest);
	return found;
}

bool licence_likely(struct span text)
{
	static const char *const SIGNS[] = { "arrant", "ARRANT", "PUBLIC LICEN", "ublic Licen" };
	size_t len =
		text.len < 8 * (size_t)LICENCE_WORDS_MAX ? text.len : 8 * (size_t)LICENCE_WORDS_MAX;

	for (size_t i = 0; i < COUNT(SIGNS); i++) {
		if (memmem(text.data, len, SIGNS[i], strlen(SIGNS[i])))
			return true;
	}
	return false;
}
