#include "maps/facts_build.h"

#include "maps/signature.h"

#include <string.h>

static bool fits(struct span text, size_t max)
{
	return text.len > 0 && text.len <= max && !memchr(text.data, 0, text.len) &&
	       !memchr(text.data, '\n', text.len);
}

const char *sink_text(struct sink *sk, struct span text, size_t max)
{
	return fits(text, max) ? arena_strndup(sk->arena, text.data, text.len) : "";
}

void *sink_more(struct arena *arena, void *items, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 16;

	items = arena_more(arena, items, *cap * size, more * size);
	*cap = more;
	return items;
}

struct fact_import *sink_import(struct sink *sk, enum import_kind kind, struct span target,
                                uint32_t line)
{
	struct facts *ret = sk->ret;
	struct fact_import *im;

	if (ret->nimports >= FACTS_IMPORTS_MAX || target.len > FACTS_TARGET_MAX) {
		ret->truncated = true;
		return NULL;
	}
	if (target.len > 0 && !fits(target, FACTS_TARGET_MAX))
		return NULL;
	ret->imports =
		sink_room(sk->arena, ret->imports, ret->nimports, &sk->imports_cap, sizeof(*im));
	im = &ret->imports[ret->nimports++];
	*im = (struct fact_import){
		.target = sink_text(sk, target, FACTS_TARGET_MAX),
		.name = "",
		.alias = "",
		.scope = "",
		.line = line,
		.kind = (uint8_t)kind,
	};
	return im;
}

uint32_t sink_def(struct sink *sk, enum def_kind kind, struct span name, const char *parent,
                  uint32_t line)
{
	struct facts *ret = sk->ret;
	uint32_t start_line;

	if (ret->ndefs >= FACTS_DEFS_MAX || name.len > FACTS_NAME_MAX) {
		ret->truncated = true;
		return DEF_DROPPED;
	}
	if (!fits(name, FACTS_NAME_MAX))
		return DEF_DROPPED;
	ret->defs = sink_room(sk->arena, ret->defs, ret->ndefs, &sk->defs_cap, sizeof(*ret->defs));
	ret->defs[ret->ndefs] = (struct fact_def){
		.name = sink_text(sk, name, FACTS_NAME_MAX),
		.parent = parent,
		.signature = signature_read(sk->arena, ret->lang, kind, sk->text, name, line,
		                            &start_line),
		.start_line = start_line,
		.line = line,
		.end_line = line,
		.kind = (uint8_t)kind,
	};
	return (uint32_t)ret->ndefs++;
}

void sink_def_end(struct sink *sk, uint32_t def, uint32_t end_line)
{
	if (def != DEF_DROPPED && end_line > sk->ret->defs[def].line)
		sk->ret->defs[def].end_line = end_line;
}

void sink_name(struct sink *sk, struct span name)
{
	name_set_add(sk->arena, &sk->names, name, FACTS_NAMES_MAX);
}

bool token_in(const struct token *t, const char *words)
{
	if (t->kind != TOKEN_IDENT)
		return false;
	while (*words) {
		size_t n = 0;

		while (n < t->len && words[n] == t->text[n] && words[n] > ' ')
			n++;
		words += n;
		if (n == t->len && (*words == ' ' || *words == '\0'))
			return true;
		while (*words && *words++ != ' ')
			;
	}
	return false;
}

static unsigned filter_bit(const char *word, size_t n)
{
	return ((unsigned char)word[0] * 31u + (unsigned char)word[n - 1] * 7u +
	        (unsigned)n * 131u) %
	       1024u;
}

struct word_filter word_filter_make(const char *words)
{
	struct word_filter ret = { .words = words };

	while (*words) {
		const char *stop = strchrnul(words, ' ');
		unsigned bit = filter_bit(words, (size_t)(stop - words));

		ret.bits[bit / 64] |= 1ull << (bit % 64);
		words = *stop ? stop + 1 : stop;
	}
	return ret;
}

bool word_filter_has(const struct word_filter *filter, const struct token *t)
{
	if (t->kind != TOKEN_IDENT)
		return false;

	unsigned bit = filter_bit(t->text, t->len);

	return (filter->bits[bit / 64] >> (bit % 64) & 1) && token_in(t, filter->words);
}
