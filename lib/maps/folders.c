/* Folders: every one that a path names, each once. */
#include "maps/folders.h"

#include "maps/strmap.h"
#include "maps/view_json.h"

#include <string.h>

/* What is no source weighs less: tests a quarter, documents, what is vendored or generated a sixteenth. */
#define TEST_PART  4
#define OTHER_PART 16

struct growing {
	struct arena *arena;
	struct strmap by_path;
	struct folders *out;
	size_t cap;
};

struct span folders_above(struct span path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return (struct span){ path.data, slash != NULL ? (size_t)(slash - path.data) : 0 };
}

struct span folders_name(struct span path)
{
	struct span up = folders_above(path);
	size_t skip = up.len > 0 || (path.len > 0 && path.data[0] == '/') ? up.len + 1 : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

static void append(struct growing *t, struct span path, uint32_t parent)
{
	struct folders *out = t->out;

	if (out->n == t->cap) {
		out->list = arena_grow(t->arena, out->list, t->cap * sizeof(*out->list),
		                       t->cap * 2 * sizeof(*out->list));
		t->cap *= 2;
	}
	out->list[out->n] = (struct folder){ .path = path, .parent = parent };
	if (path.len > 0) {
		out->list[out->n].next = out->list[parent].child;
		out->list[parent].child = (uint32_t)out->n;
	}
	strmap_add(&t->by_path, path.data, path.len, (uint32_t)out->n++);
}

/* @ret the folder with that path; the root is there, so the way up ends */
static uint32_t add(struct growing *t, struct span path)
{
	uint32_t at = strmap_get(&t->by_path, path.data, path.len);

	if (at != STRMAP_NONE)
		return at;
	/* From the top down: the part of the path up to each slash, then all of it. */
	at = 0;
	for (size_t i = 1; i <= path.len; i++) {
		struct span part = { path.data, i };
		uint32_t known;

		if (i < path.len && path.data[i] != '/')
			continue;
		known = strmap_get(&t->by_path, part.data, part.len);
		if (known == STRMAP_NONE) {
			append(t, part, at);
			known = (uint32_t)t->out->n - 1;
		}
		at = known;
	}
	return at;
}

static int32_t weight_of(const struct view *v, size_t file)
{
	struct span role = v->roles[v->files.role[file]];

	if (view_json_is(role, "source"))
		return v->files.code[file];
	return v->files.code[file] / (view_json_is(role, "test") ? TEST_PART : OTHER_PART);
}

void folders_read(struct arena *arena, const struct view *v, struct folders *ret)
{
	struct growing t = { .arena = arena, .out = ret, .cap = 64 };

	*ret = (struct folders){ 0 };
	t.by_path = strmap_new(arena, 64);
	ret->list = arena_array(arena, t.cap, sizeof(*ret->list));
	ret->of_file = arena_array(arena, v->files.n, sizeof(*ret->of_file));
	append(&t, (struct span){ "", 0 }, 0);
	for (size_t f = 0; f < v->files.n; f++) {
		struct span path = folders_above(v->files.path[f]);
		struct folder *folder = f > 0 ? &ret->list[ret->of_file[f - 1]] : NULL;

		/* files of one folder mostly follow each other */
		if (folder != NULL && folder->path.len == path.len &&
		    memcmp(folder->path.data, path.data, path.len) == 0)
			ret->of_file[f] = ret->of_file[f - 1];
		else
			ret->of_file[f] = add(&t, path);
		folder = &ret->list[ret->of_file[f]];
		folder->own++;
		folder->code += v->files.code[f];
		folder->weight += weight_of(v, f);
	}
	for (size_t i = ret->n; i-- > 1;) {
		struct folder *up = &ret->list[ret->list[i].parent];

		up->code += ret->list[i].code;
		up->weight += ret->list[i].weight;
	}
}
