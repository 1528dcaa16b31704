/* Grams: codes, marks, lists that grow. */
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

/* What a byte is: its code, and what makes words of it. */
enum { KIND_LOWER = 1, KIND_UPPER = 2, KIND_WORD = 4 };

static const struct byte {
	uint8_t code, kind;
} BYTES[256] = {
	[0 ... 0x7f] = { CODE_OTHER, 0 },
#define LETTER(small, capital)                                                                     \
	[small] = { (small) - 'a' + 1, KIND_WORD | KIND_LOWER }, [capital] = {                     \
		(small) - 'a' + 1, KIND_WORD | KIND_UPPER                                          \
	}
	LETTER('a', 'A'),
	LETTER('b', 'B'),
	LETTER('c', 'C'),
	LETTER('d', 'D'),
	LETTER('e', 'E'),
	LETTER('f', 'F'),
	LETTER('g', 'G'),
	LETTER('h', 'H'),
	LETTER('i', 'I'),
	LETTER('j', 'J'),
	LETTER('k', 'K'),
	LETTER('l', 'L'),
	LETTER('m', 'M'),
	LETTER('n', 'N'),
	LETTER('o', 'O'),
	LETTER('p', 'P'),
	LETTER('q', 'Q'),
	LETTER('r', 'R'),
	LETTER('s', 'S'),
	LETTER('t', 'T'),
	LETTER('u', 'U'),
	LETTER('v', 'V'),
	LETTER('w', 'W'),
	LETTER('x', 'X'),
	LETTER('y', 'Y'),
	LETTER('z', 'Z'),
#undef LETTER
	['0'] = { CODE_DIGIT + 0, KIND_WORD },
	['1'] = { CODE_DIGIT + 1, KIND_WORD },
	['2'] = { CODE_DIGIT + 2, KIND_WORD },
	['3'] = { CODE_DIGIT + 3, KIND_WORD },
	['4'] = { CODE_DIGIT + 4, KIND_WORD },
	['5'] = { CODE_DIGIT + 5, KIND_WORD },
	['6'] = { CODE_DIGIT + 6, KIND_WORD },
	['7'] = { CODE_DIGIT + 7, KIND_WORD },
	['8'] = { CODE_DIGIT + 8, KIND_WORD },
	['9'] = { CODE_DIGIT + 9, KIND_WORD },
	['_'] = { CODE_DIGIT + 10, 0 },
	['/'] = { CODE_DIGIT + 11, 0 },
	['.'] = { CODE_DIGIT + 12, 0 },
	['-'] = { CODE_DIGIT + 13, 0 },
	[0x80 ... 0xff] = { CODE_BYTE, KIND_WORD },
};

static bool is(char c, unsigned kind)
{
	return (BYTES[(unsigned char)c].kind & kind) != 0;
}

static uint32_t code_of(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte < 0x80 ? BYTES[byte].code : CODE_BYTE + byte % 20u;
}

/*
 * camelCase, HTTPServer, snake_case, a.b, x2y is one word.
 *
 * @kind, @before  of the byte and of the one before it, 0 at the start
 */
static inline bool begins_word(struct span text, size_t at, unsigned kind, unsigned before)
{
	if ((kind & KIND_WORD) == 0)
		return false;
	if ((before & KIND_WORD) == 0)
		return true;
	if ((kind & KIND_UPPER) == 0)
		return false;
	return (before & KIND_UPPER) == 0 ||
	       (at + 1 < text.len && is(text.data[at + 1], KIND_LOWER));
}

bool gram_word_at(struct span text, size_t at)
{
	unsigned before = at > 0 ? BYTES[(unsigned char)text.data[at - 1]].kind : 0;

	return begins_word(text, at, BYTES[(unsigned char)text.data[at]].kind, before);
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

static size_t add_words(struct span text, uint32_t *ret)
{
	unsigned before = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned kind = BYTES[(unsigned char)text.data[i]].kind;

		if (begins_word(text, i, kind, before))
			n += add_start(MARK_WORD, text, i, ret + n);
		before = kind;
	}
	return n;
}

static size_t add_parts(struct span text, uint32_t *ret)
{
	uint32_t run;

	if (text.len < 3)
		return 0;
	run = gram(0, code_of(text.data[0]), code_of(text.data[1]));
	for (size_t i = 2; i < text.len; i++)
		*ret++ = run = (run << 6 | code_of(text.data[i])) & (GRAM_COUNT - 1);
	return text.len - 2;
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
	if ((sets & GRAM_WORDS) != 0)
		n += add_words(text, ret + n);
	if ((sets & GRAM_PARTS) != 0)
		n += add_parts(text, ret + n);
	return n;
}

/* --- Making the index --- */

#define FIRST_BYTES 16 /* of a list; then it doubles */
#define GROUPS_MAX  7  /* of 32 bits */

struct gram_index gram_index_new(struct arena *arena)
{
	return (struct gram_index){
		.lists = arena_array(arena, GRAM_COUNT, sizeof(struct gram_list)),
		.scratch = arena_array(arena, GRAMS_MAX, sizeof(uint32_t)),
		.arena = arena,
	};
}

static char *write_groups(char *at, uint32_t difference)
{
	for (; difference > GROUP_MASK; difference >>= GROUP_BITS)
		*at++ = (char)(GROUP_ZERO + GROUP_MORE + (difference & GROUP_MASK));
	*at++ = (char)(GROUP_ZERO + difference);
	return at;
}

static void grow_list(struct gram_index *index, struct gram_list *list)
{
	uint32_t cap = list->cap == 0 ? FIRST_BYTES : list->cap * 2;

	list->postings = arena_more(index->arena, list->postings, list->cap, cap);
	list->cap = cap;
}

void gram_index_add(struct gram_index *index, uint32_t number, struct span text)
{
	size_t n = grams_of(text, GRAM_ALL, index->scratch);

	/* The lists lie anywhere: all are asked for before the first is waited for. */
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&index->lists[index->scratch[i]], 1);
	for (size_t i = 0; i < n; i++) {
		const struct gram_list *list = &index->lists[index->scratch[i]];

		if (list->postings != NULL)
			__builtin_prefetch(list->postings + list->len, 1);
	}
	for (size_t i = 0; i < n; i++) {
		struct gram_list *list = &index->lists[index->scratch[i]];
		uint32_t difference = number + 1 - list->last;
		char *at, *end;

		if (difference == 0)
			continue; /* twice in one text */
		if (list->cap - list->len < GROUPS_MAX)
			grow_list(index, list);
		at = list->postings + list->len;
		list->last = number + 1;
		list->n++;
		end = write_groups(at, difference);
		index->bytes += (size_t)(end - at);
		list->len += (uint32_t)(end - at);
	}
}

/* --- Changing lists --- */

/* Up to max.  @ret false: there is none at *at, which is moved on */
static bool take_number(const char **at, const char *end, uint64_t max, uint32_t *ret)
{
	uint64_t n = 0;
	const char *p = *at;

	for (; p < end && *p >= '0' && *p <= '9' && n <= max; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (p == *at || n > max)
		return false;
	*ret = (uint32_t)n;
	*at = p;
	return true;
}

/* "{1,2,3}" behind a tab, rising. */
static bool take_numbers(struct arena *arena, const char **at, const char *end,
                         struct gram_numbers *ret)
{
	const char *p = *at, *close = p < end ? memchr(p, '}', (size_t)(end - p)) : NULL;
	uint32_t *list;

	if (close == NULL || close - p < 2 || p[0] != '\t' || p[1] != '{')
		return false;
	list = arena_array(arena, (size_t)(close - p) / 2, sizeof(*list));
	*ret = (struct gram_numbers){ .list = list };
	for (p += 2; p < close; p++) {
		if (!take_number(&p, close, INT32_MAX, &list[ret->n]) || (p < close && *p != ',') ||
		    (ret->n > 0 && list[ret->n] <= list[ret->n - 1]))
			return false;
		ret->n++;
	}
	*at = close + 1;
	return true;
}

bool gram_change_read(struct arena *arena, struct span line, struct gram_change *ret)
{
	const char *at = line.data + 2, *end = line.data + line.len;

	*ret = (struct gram_change){ 0 };
	return line.len > 2 && line.data[0] == 's' && line.data[1] == '\t' &&
	       take_number(&at, end, GRAM_COUNT - 1, &ret->gram) &&
	       take_numbers(arena, &at, end, &ret->gone) &&
	       take_numbers(arena, &at, end, &ret->come) && at == end;
}

static void put(struct gram_list *list, uint32_t number)
{
	char *at = list->postings + list->len;

	list->len += (uint32_t)(write_groups(at, number + 1 - list->last) - at);
	list->last = number + 1;
	list->n++;
}

/*
 * A difference that is taken apart or put together with the next takes no more groups than both,
 * so each number that comes takes GROUPS_MAX at most.
 */
bool gram_patch(struct arena *arena, const char *postings, struct gram_numbers gone,
                struct gram_numbers come, struct gram_list *ret)
{
	size_t cap = strlen(postings) + come.n * GROUPS_MAX + 1, i = 0, j = 0;
	const char *at = postings;
	int64_t now = gram_next(&at, -1);

	if (cap > UINT32_MAX)
		return false;
	*ret = (struct gram_list){ .postings = arena_alloc(arena, cap) };
	while (now >= 0 || j < come.n) {
		if (now >= UINT32_MAX)
			return false;
		if (now >= 0 && i < gone.n && gone.list[i] == (uint32_t)now) {
			i++;
			now = gram_next(&at, now);
		} else if (j < come.n && (now < 0 || come.list[j] < (uint32_t)now)) {
			put(ret, come.list[j++]);
		} else {
			if (j < come.n && come.list[j] == (uint32_t)now)
				return false;
			put(ret, (uint32_t)now);
			now = gram_next(&at, now);
		}
	}
	return i == gone.n && *at == '\0';
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
