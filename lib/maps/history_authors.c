/* History: whose commit it is.  The rules of the mailmap are those of gitmailmap(5). */
#include "maps/history_parts.h"

#include "maps/text.h"

#include <string.h>

#define MAILMAP_LINES_MAX 200000

struct authors authors_new(struct arena *arena)
{
	return (struct authors){
		.arena = arena,
		.raw = strmap_new(arena, 1024),
		.names = strmap_new(arena, 1024),
		.mailmap = strmap_new(arena, 64),
	};
}

static struct span trim(struct span text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1]) != NULL)
		text.len--;
	return text;
}

/* Take "name <address>" off the front.  @ret false when there is no address */
static bool take_identity(struct span *text, struct span *name, struct span *address)
{
	const char *open = text->len > 0 ? memchr(text->data, '<', text->len) : NULL;
	const char *end = text->data + text->len, *close;

	if (open == NULL)
		return false;
	close = memchr(open, '>', (size_t)(end - open));
	if (close == NULL)
		return false;
	*name = trim((struct span){ text->data, (size_t)(open - text->data) });
	*address = trim((struct span){ open + 1, (size_t)(close - open - 1) });
	*text = (struct span){ close + 1, (size_t)(end - close - 1) };
	return true;
}

/* Address, or address NUL name, in small letters. */
static struct span key_of(struct arena *arena, struct span address, const struct span *name)
{
	size_t len = address.len + (name != NULL ? 1 + name->len : 0);
	char *key = arena_alloc(arena, len + 1);

	memcpy(key, address.data, address.len);
	if (name != NULL)
		memcpy(key + address.len + 1, name->data, name->len);
	for (size_t i = 0; i < len; i++)
		if (key[i] >= 'A' && key[i] <= 'Z')
			key[i] = (char)(key[i] - 'A' + 'a');
	return (struct span){ key, len };
}

static const char *grow_texts(struct authors *p, const char ***texts, size_t *n, size_t *cap,
                              const char *text)
{
	if (*n == *cap) {
		size_t more = *cap != 0 ? *cap * 2 : 256;

		*texts = arena_grow(p->arena, *texts, *cap * sizeof(char *), more * sizeof(char *));
		*cap = more;
	}
	(*texts)[(*n)++] = text;
	return text;
}

/*
 * A name as it is shown: valid text, one line, of bounded length.  Of one that is an address its user;
 * "@somebody" is none.
 */
static const char *show_name(struct authors *p, struct span name)
{
	const char *at = name.len > 1 ? memchr(name.data + 1, '@', name.len - 1) : NULL;
	struct span text;
	const char *shown;
	size_t len;

	if (at != NULL)
		name.len = (size_t)(at - name.data);
	if (name.len > (size_t)HISTORY_AUTHOR_BYTES * 4)
		name.len = (size_t)HISTORY_AUTHOR_BYTES * 4;
	text = text_to_utf8(p->arena, trim(name));
	shown = text_display(p->arena, text);
	if (shown == NULL)
		shown = arena_strndup(p->arena, text.data, text.len);
	len = strlen(shown);
	if (len > HISTORY_AUTHOR_BYTES) {
		for (len = HISTORY_AUTHOR_BYTES; len > 0 && (shown[len] & 0xc0) == 0x80;)
			len--; /* not in the middle of a character */
		shown = arena_strndup(p->arena, shown, len);
	}
	return shown;
}

static void read_line(struct authors *p, struct span line)
{
	struct span name1, address1, name2, address2, key;
	bool two;

	if (!take_identity(&line, &name1, &address1))
		return;
	two = take_identity(&line, &name2, &address2);
	if (!two)
		address2 = address1;
	if (name1.len == 0) /* puts only an address right, and addresses are not kept */
		return;
	key = key_of(p->arena, address2, two && name2.len > 0 ? &name2 : NULL);
	strmap_set(&p->mailmap, key.data, key.len, (uint32_t)p->nproper);
	grow_texts(p, &p->proper, &p->nproper, &p->proper_cap, show_name(p, name1));
}

void authors_mailmap(struct authors *p, struct span text)
{
	for (size_t lines = 0; text.len > 0 && lines < MAILMAP_LINES_MAX; lines++) {
		const char *nl = memchr(text.data, '\n', text.len);
		size_t len = nl != NULL ? (size_t)(nl - text.data) : text.len;

		if (text.data[0] != '#')
			read_line(p, (struct span){ text.data, len });
		text.data += len + (nl != NULL);
		text.len -= len + (nl != NULL);
	}
}

static const char *put_right(struct authors *p, struct span identity)
{
	struct span name = identity, address, key;
	uint32_t found;

	if (!take_identity(&identity, &name, &address))
		return show_name(p, name);
	key = key_of(p->arena, address, &name);
	found = strmap_get(&p->mailmap, key.data, key.len);
	if (found == STRMAP_NONE)
		found = strmap_get(&p->mailmap, key.data, address.len);
	if (found != STRMAP_NONE)
		return p->proper[found];
	return show_name(p, name);
}

uint32_t authors_find(struct authors *p, struct span identity)
{
	uint32_t author = strmap_get(&p->raw, identity.data, identity.len);
	const char *name;

	if (author != STRMAP_NONE)
		return author;
	if (p->raw.used >= HISTORY_AUTHORS_MAX)
		return HISTORY_NONE;
	identity.data = arena_strndup(p->arena, identity.data, identity.len);
	name = put_right(p, identity);
	author = strmap_add(&p->names, name, strlen(name), (uint32_t)p->nauthors);
	if (author == p->nauthors)
		grow_texts(p, &p->authors, &p->nauthors, &p->authors_cap, name);
	strmap_add(&p->raw, identity.data, identity.len, author);
	return author;
}
