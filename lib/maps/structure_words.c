/* Structure: the word that the names of some files share, and few others have. */
#include "maps/structure_parts.h"

#include <string.h>

#define NAME_WORDS 16 /* looked at in one name: words, and pairs of neighbours */
#define LEAST      3  /* names that must share a word for it to name them */
#define PART       3  /* and so large a part of them: a third */

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* @ret where the word ends that begins there: "web" of "web_socket", "Web" of "WebSocket", "HTTP" of "HTTPServer" */
static size_t word_end(struct span name, size_t at)
{
	size_t i = at + 1;

	for (; i < name.len && is_letter(name.data[i]); i++) {
		bool lower_next = i + 1 < name.len && is_letter(name.data[i + 1]) &&
		                  !is_upper(name.data[i + 1]);

		if (is_upper(name.data[i]) && (!is_upper(name.data[i - 1]) || lower_next))
			break;
	}
	return i;
}

/* @ret how many there are */
static size_t find_words(struct span name, struct span ret[NAME_WORDS])
{
	size_t n = 0, before = SIZE_MAX;

	for (size_t i = 0; i < name.len && n + 1 < NAME_WORDS;) {
		size_t end;

		if (!is_letter(name.data[i])) {
			i++;
			continue;
		}
		end = word_end(name, i);
		ret[n++] = (struct span){ name.data + i, end - i };
		if (before != SIZE_MAX)
			ret[n++] = (struct span){ name.data + before, end - before };
		before = i;
		i = end;
	}
	return n;
}

/* A word in small letters, for "Web" and "web" are the same. */
static struct span key_of(struct arena *arena, struct span word)
{
	char *key = arena_strndup(arena, word.data, word.len);

	for (size_t i = 0; i < word.len; i++)
		key[i] = (char)(is_upper(key[i]) ? key[i] - 'A' + 'a' : key[i]);
	return (struct span){ key, word.len };
}

struct strmap structure_count_words(struct arena *arena, const struct span *names, size_t n)
{
	struct strmap counts = strmap_new(arena, n * 2), last = strmap_new(arena, n * 2);

	for (size_t i = 0; i < n; i++) {
		struct span words[NAME_WORDS];
		size_t nwords = find_words(names[i], words);

		for (size_t k = 0; k < nwords; k++) {
			struct span key = key_of(arena, words[k]);
			uint32_t now = strmap_get(&counts, key.data, key.len);

			if (strmap_get(&last, key.data, key.len) == i) /* twice in one name */
				continue;
			strmap_set(&last, key.data, key.len, (uint32_t)i);
			strmap_set(&counts, key.data, key.len, now == STRMAP_NONE ? 1 : now + 1);
		}
	}
	return counts;
}

bool structure_shared_word(struct arena *arena, const struct strmap *all, const struct span *names,
                           size_t n, struct span *ret, uint32_t *ret_count)
{
	const struct strmap own = structure_count_words(arena, names, n);
	uint64_t best = 0;

	for (size_t i = 0; i < n; i++) {
		struct span words[NAME_WORDS];
		size_t nwords = find_words(names[i], words);

		for (size_t k = 0; k < nwords; k++) {
			struct span key = key_of(arena, words[k]);
			uint32_t count = strmap_get(&own, key.data, key.len);
			uint64_t worth = (uint64_t)count * (8 + (key.len < 24 ? key.len : 24));

			if (key.len < 2 || count < LEAST || (uint64_t)count * PART < n ||
			    count * UINT64_C(2) <= strmap_get(all, key.data, key.len) ||
			    worth <= best)
				continue;
			best = worth;
			*ret = words[k];
			*ret_count = count;
		}
	}
	return best > 0;
}
