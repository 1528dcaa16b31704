/* History: two trees side by side, as raw objects. */
#include "maps/history_parts.h"

#include <string.h>

/* A folder of both sides; a side that is not there is empty. */
struct level {
	struct scan_blob was, is;
	const char *p, *p_end; /* in was */
	const char *q, *q_end; /* in is */
	size_t path_len;       /* of its prefix, with the '/' */
};

struct tree_comparing {
	struct tree_compare how;
	struct level *levels; /* how.max_depth */
	size_t depth;
	bool whole, ended;
	char path[MAP_PATH_MAX + 1];
};

/* As git reads it: of a file's mode only the owner's right to run it counts. */
static uint32_t plain_mode(uint32_t mode)
{
	switch (mode & TREE_MODE_TYPE) {
	case TREE_MODE_FILE:
		return TREE_MODE_FILE | ((mode & 0100) != 0 ? 0755 : 0644);
	default:
		return mode & TREE_MODE_TYPE;
	}
}

/* @ret the byte after the entry at p, NULL when it is malformed */
static const char *read_entry(const char *p, const char *end, struct tree_entry *ret)
{
	uint32_t mode = 0;
	const char *nul;

	while (p < end && *p >= '0' && *p <= '7')
		mode = mode << 3 | (uint32_t)(*p++ - '0');
	if (p >= end || *p++ != ' ')
		return NULL;
	nul = memchr(p, '\0', (size_t)(end - p));
	if (nul == NULL || nul == p || (size_t)(end - nul) < 1 + MAP_OID_BYTES)
		return NULL;
	*ret = (struct tree_entry){ plain_mode(mode),
		                    { p, (size_t)(nul - p) },
		                    (const unsigned char *)nul + 1 };
	return nul + 1 + MAP_OID_BYTES;
}

static bool is_dir(const struct tree_entry *entry)
{
	return entry != NULL && (entry->mode & TREE_MODE_TYPE) == TREE_MODE_DIR;
}

/* Git's order: the name of a folder ends with '/'. */
static int by_entry(const struct tree_entry *a, const struct tree_entry *b)
{
	size_t n = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = memcmp(a->name.data, b->name.data, n);
	unsigned char x, y;

	if (order != 0)
		return order;
	x = n < a->name.len ? (unsigned char)a->name.data[n] : is_dir(a) ? '/' : '\0';
	y = n < b->name.len ? (unsigned char)b->name.data[n] : is_dir(b) ? '/' : '\0';
	return x - y;
}

/* How many bytes two texts have in common at their beginnings. */
static size_t same_bytes(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x != y)
			break;
	}
	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Nearly all entries are the same: their ends are looked for on one side only. */
static void skip_same(struct level *level)
{
	size_t left = (size_t)(level->p_end - level->p), right = (size_t)(level->q_end - level->q);
	size_t n = same_bytes(level->p, level->q, left < right ? left : right);
	const char *stop = level->p + n, *p = level->p;
	struct tree_entry entry;

	while (p < stop) {
		const char *next = read_entry(p, level->p_end, &entry);

		if (next == NULL || next > stop)
			break;
		p = next;
	}
	level->q += p - level->p;
	level->p = p;
}

static void leave(struct tree_comparing *c)
{
	struct level *level = &c->levels[--c->depth];

	c->how.give(&level->was);
	c->how.give(&level->is);
}

static void enter(struct tree_comparing *c, const unsigned char *was, const unsigned char *is,
                  size_t path_len)
{
	struct level *level;

	if (c->depth == c->how.max_depth) {
		c->whole = false;
		return;
	}
	level = &c->levels[c->depth];
	*level = (struct level){ .path_len = path_len };
	if (was != NULL && !c->how.take(c->how.data, was, &level->was)) {
		c->whole = false;
		return;
	}
	if (is != NULL && !c->how.take(c->how.data, is, &level->is)) {
		c->how.give(&level->was);
		c->whole = false;
		return;
	}
	level->p = level->was.text.len > 0 ? level->was.text.data : "";
	level->p_end = level->p + level->was.text.len;
	level->q = level->is.text.len > 0 ? level->is.text.data : "";
	level->q_end = level->q + level->is.text.len;
	c->depth++;
}

/* One name of the folder on top.  @order whose it is: below 0 the first's, above 0 the second's, 0: of both */
static void tell(struct tree_comparing *c, const struct tree_entry *was,
                 const struct tree_entry *is, int order)
{
	const struct tree_entry *either = order <= 0 ? was : is;
	size_t prefix = c->levels[c->depth - 1].path_len, len = prefix + either->name.len;

	if (order == 0 && was->mode == is->mode && memcmp(was->oid, is->oid, MAP_OID_BYTES) == 0)
		return;
	if (len + 1 > MAP_PATH_MAX || memchr(either->name.data, '/', either->name.len) != NULL) {
		c->whole = false;
		return;
	}
	memcpy(c->path + prefix, either->name.data, either->name.len);
	if (is_dir(either)) { /* and so is the other, where there is one: by_entry() */
		c->path[len] = '/';
		enter(c, order <= 0 ? was->oid : NULL, order >= 0 ? is->oid : NULL, len + 1);
	} else {
		const struct tree_change change = { { c->path, len },
			                            order <= 0 ? was : NULL,
			                            order >= 0 ? is : NULL };

		c->ended = !c->how.change(c->how.data, &change);
	}
}

static void step(struct tree_comparing *c)
{
	struct level *level = &c->levels[c->depth - 1];
	struct tree_entry was = { 0 }, is = { 0 };
	const char *p = NULL, *q = NULL;
	int order;

	skip_same(level);
	if (level->p == level->p_end && level->q == level->q_end) {
		leave(c);
		return;
	}
	if (level->p < level->p_end)
		p = read_entry(level->p, level->p_end, &was);
	if (level->q < level->q_end)
		q = read_entry(level->q, level->q_end, &is);
	if ((p == NULL && level->p < level->p_end) || (q == NULL && level->q < level->q_end)) {
		c->whole = false; /* malformed: the rest of the folder cannot be trusted */
		leave(c);
		return;
	}
	order = p == NULL ? 1 : q == NULL ? -1 : by_entry(&was, &is);
	if (order <= 0)
		level->p = p;
	if (order >= 0)
		level->q = q;
	tell(c, &was, &is, order);
}

struct tree_comparing *tree_comparing_new(struct arena *arena, const struct tree_compare *how)
{
	struct tree_comparing *c = arena_alloc(arena, sizeof(*c));

	c->how = *how;
	c->levels = arena_array(arena, how->max_depth, sizeof(*c->levels));
	return c;
}

bool tree_compare(struct tree_comparing *c, const unsigned char *was, const unsigned char *is)
{
	c->whole = true;
	c->ended = false;
	enter(c, was, is, 0);
	while (c->depth > 0 && !c->ended)
		step(c);
	while (c->depth > 0)
		leave(c);
	return c->whole;
}
