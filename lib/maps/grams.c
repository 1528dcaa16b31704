/* Grams: codes, marks, two rounds of counting and writing. */
#include "maps/grams.h"

#include <string.h>

#define MARK_WORD  0u
#define CODE_DIGIT 27u
#define CODE_OTHER 41u
#define CODE_BYTE  42u /* and 20 more, of bytes beyond ASCII */
#define MARK_TEXT  63u

#define GROUP_BITS 5
#define GROUP_MASK 31u
#define GROUP_MORE 32u
#define GROUP_ZERO '0'

char gram_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

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
	return is_upper(c) || is_lower(c) || is_digit(c) || (unsigned char)c >= 0x80;
}

static uint32_t code_of(char c)
{
	unsigned char byte = (unsigned char)c;

	if (is_upper(c))
		return (uint32_t)(c - 'A') + 1;
	if (is_lower(c))
		return (uint32_t)(c - 'a') + 1;
	if (is_digit(c))
		return (uint32_t)(c - '0') + CODE_DIGIT;
	if (byte >= 0x80)
		return CODE_BYTE + byte % 20;
	switch (c) {
	case '_':
		return CODE_DIGIT + 10;
	case '/':
		return CODE_DIGIT + 11;
	case '.':
		return CODE_DIGIT + 12;
	case '-':
		return CODE_DIGIT + 13;
	default:
		return CODE_OTHER;
	}
}

/* camelCase, HTTPServer, snake_case, a.b, x2y is one word */
bool gram_word_at(struct span text, size_t at)
{
	char c = text.data[at], before;

	if (!is_word(c))
		return false;
	if (at == 0)
		return true;
	before = text.data[at - 1];
	if (!is_word(before))
		return true;
	if (!is_upper(c))
		return false;
	return !is_upper(before) || (at + 1 < text.len && is_lower(text.data[at + 1]));
}

static uint32_t gram(uint32_t a, uint32_t b, uint32_t c)
{
	return a << 12 | b << 6 | c;
}

static size_t add_start(uint32_t mark, struct span text, size_t at, uint32_t *ret)
{
	uint32_t code = code_of(text.data[at]);

	ret[0] = gram(mark, mark, code);
	if (at + 1 == text.len)
		return 1;
	ret[1] = gram(mark, code, code_of(text.data[at + 1]));
	return 2;
}

size_t grams_of(struct span text, unsigned sets, uint32_t *ret)
{
	size_t n = 0;
	const char *slash;

	if (text.len > GRAM_TEXT_MAX)
		text.len = GRAM_TEXT_MAX;
	if (text.len == 0)
		return 0;
	slash = memrchr(text.data, '/', text.len);
	if ((sets & GRAM_START) != 0) {
		n += add_start(MARK_TEXT, text, 0, ret + n);
		if (slash != NULL && slash + 1 < text.data + text.len)
			n += add_start(MARK_TEXT, text, (size_t)(slash + 1 - text.data), ret + n);
	}
	for (size_t i = 0; i < text.len; i++) {
		if ((sets & GRAM_WORDS) != 0 && gram_word_at(text, i))
			n += add_start(MARK_WORD, text, i, ret + n);
		if ((sets & GRAM_PARTS) != 0 && i + 2 < text.len)
			ret[n++] = gram(code_of(text.data[i]), code_of(text.data[i + 1]),
			                code_of(text.data[i + 2]));
	}
	return n;
}

/* --- Making the index --- */

struct gram_index gram_index_new(struct arena *arena)
{
	return (struct gram_index){
		.last = arena_array(arena, GRAM_COUNT, sizeof(uint32_t)),
		.n = arena_array(arena, GRAM_COUNT, sizeof(uint32_t)),
		.bytes = arena_array(arena, GRAM_COUNT, sizeof(uint32_t)),
		.scratch = arena_array(arena, GRAMS_MAX, sizeof(uint32_t)),
		.arena = arena,
	};
}

static uint32_t groups(uint32_t difference)
{
	uint32_t n = 1;

	for (; difference > GROUP_MASK; difference >>= GROUP_BITS)
		n++;
	return n;
}

static char *write_groups(char *at, uint32_t difference)
{
	for (; difference > GROUP_MASK; difference >>= GROUP_BITS)
		*at++ = (char)(GROUP_ZERO + GROUP_MORE + (difference & GROUP_MASK));
	*at++ = (char)(GROUP_ZERO + difference);
	return at;
}

void gram_index_add(struct gram_index *index, uint32_t number, struct span text)
{
	size_t n = grams_of(text, GRAM_ALL, index->scratch);

	for (size_t i = 0; i < n; i++) {
		uint32_t g = index->scratch[i], difference = number + 1 - index->last[g];

		if (difference == 0)
			continue; /* twice in one text */
		index->last[g] = number + 1;
		if (index->postings != NULL) {
			index->at[g] = write_groups(index->at[g], difference);
		} else {
			index->n[g]++;
			index->bytes[g] += groups(difference);
		}
	}
}

size_t gram_index_fill(struct gram_index *index)
{
	size_t all = 0;
	char *memory;

	for (uint32_t g = 0; g < GRAM_COUNT; g++)
		if (index->n[g] != 0)
			all += index->bytes[g] + 1;
	memory = arena_alloc(index->arena, all);
	index->at = arena_array(index->arena, GRAM_COUNT, sizeof(char *));
	index->postings = arena_array(index->arena, GRAM_COUNT, sizeof(char *));
	for (uint32_t g = 0; g < GRAM_COUNT; g++) {
		if (index->n[g] == 0)
			continue;
		index->at[g] = index->postings[g] = memory;
		memory += index->bytes[g] + 1;
	}
	memset(index->last, 0, GRAM_COUNT * sizeof(uint32_t));
	return all;
}

int64_t gram_next(const char **at, int64_t last)
{
	uint64_t difference = 0;

	for (int shift = 0; shift <= 30; shift += GROUP_BITS) {
		uint32_t c = (uint32_t)(unsigned char)**at - GROUP_ZERO;

		if (c >= 2 * GROUP_MORE)
			return -1;
		++*at;
		difference |= (uint64_t)(c & GROUP_MASK) << shift;
		if (c < GROUP_MORE)
			return difference == 0 ? -1 : last + (int64_t)difference;
	}
	return -1;
}
