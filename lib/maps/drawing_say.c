/* Drawing: what a box says of its files: a name that tells it from others, what they are for, the main ones. */
#include "maps/drawing.h"

#include "maps/folders.h"
#include "maps/view_json.h"

#include <string.h>

#define SOURCE_PART 50 /* a box is of the program when this part of its lines is source, or more */
#define CANDIDATES  6  /* files looked at for DRAWING_HINTS different names */

/* What a map calls a role, and what the reader of a picture does. */
static const struct {
	const char *name, *told;
	int64_t part; /* one line of so many counts: a lock file is longer than all that people wrote */
} ROLES[] = {
	{ "source", "", 1 },           { "test", "tests", 1 },    { "generated", "generated", 16 },
	{ "vendored", "vendored", 1 }, { "doc", "documents", 1 }, { "config", "configuration", 1 },
};

/* Names of folders that say nothing of what is in them. */
static const char *const COMMON_FOLDERS[] = {
	"src",  "source", "sources", "main", "lib",   "include", "internal",  "pkg",
	"java", "kotlin", "scala",   "app",  "tests", "test",    "__tests__", "spec",
};

static bool is_common_folder(struct span name)
{
	for (size_t i = 0; i < COUNT(COMMON_FOLDERS); i++)
		if (view_json_is(name, COMMON_FOLDERS[i]))
			return true;
	return false;
}

const char *drawing_label(struct arena *arena, struct span path, struct span *above)
{
	struct span name = folders_name(path), up = folders_above(path), first;
	const char *text;

	*above = up;
	if (!is_common_folder(name))
		return drawing_text(arena, name);
	while (up.len > 0 && is_common_folder(folders_name(up)))
		up = folders_above(up);
	if (up.len == 0)
		return drawing_text(arena, name);
	first = folders_name(up);
	*above = folders_above(up);
	text = arena_printf(arena, "%.*s/%s%.*s", (int)first.len, first.data,
	                    up.len + 1 + name.len < path.len ? "\xe2\x80\xa6/" : "", (int)name.len,
	                    name.data);
	return drawing_text(arena, (struct span){ text, strlen(text) });
}

/* --- Roles --- */

/* @ret by role of the map, its place in ROLES */
static int *known_roles(struct arena *arena, const struct view *v)
{
	int *ret = arena_array(arena, v->nroles, sizeof(*ret));

	for (size_t r = 0; r < v->nroles; r++)
		for (size_t i = 0; i < COUNT(ROLES); i++)
			if (view_json_is(v->roles[r], ROLES[i].name))
				ret[r] = (int)i;
	return ret;
}

/* @ret by node: the role that most of its lines have; source before others when there is some */
static int *main_roles(struct arena *arena, const struct view *v, const int32_t *group,
                       const int *role, size_t n)
{
	int64_t(*code)[COUNT(ROLES)] = arena_array(arena, n, sizeof(*code));
	int *ret = arena_array(arena, n, sizeof(*ret));

	for (size_t f = 0; f < v->files.n; f++)
		if (group[f] >= 0)
			code[group[f]][role[v->files.role[f]]] += v->files.code[f];
	for (size_t i = 0; i < n; i++) {
		int64_t all = 0;

		for (size_t r = 0; r < COUNT(ROLES); r++) {
			all += code[i][r];
			if (code[i][r] / ROLES[r].part > code[i][ret[i]] / ROLES[ret[i]].part)
				ret[i] = (int)r;
		}
		if (code[i][0] * SOURCE_PART >= all)
			ret[i] = 0;
	}
	return ret;
}

/* --- Main files --- */

struct hint {
	struct span name;
	uint64_t worth;
};

/* Names that say nothing of what is in the file. */
static bool is_common(struct span name)
{
	static const char *const NAMES[] = { "__init__.py", "mod.rs", "lib.rs" };

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (view_json_is(name, NAMES[i]))
			return true;
	return name.len >= 6 && memcmp(name.data, "index.", 6) == 0;
}

static size_t stem_len(struct span path)
{
	size_t name = path.len - folders_name(path).len, n = name;

	while (n < path.len && (path.data[n] != '.' || n == name))
		n++;
	return n;
}

/* A file and those beside it that differ in their endings only, as a header and its source do. */
static size_t stem_end(const struct view *v, const int32_t *group, size_t first)
{
	struct span path = v->files.path[first];
	size_t n = stem_len(path), end = first + 1;

	while (end < v->files.n && group[end] == group[first] &&
	       stem_len(v->files.path[end]) == n &&
	       memcmp(v->files.path[end].data, path.data, n) == 0)
		end++;
	return end;
}

static void offer(struct hint *best, struct hint h)
{
	for (int k = 0; k < CANDIDATES && h.worth > 0; k++) {
		struct hint other = best[k];

		if (h.worth <= other.worth)
			continue;
		best[k] = h;
		h = other;
	}
}

/* The most worth of each node, first the largest: lines of code times the files that import them. */
static struct hint (*find_hints(struct arena *arena, const struct view *v, const int32_t *group,
                                const int *role, const int *main_role, size_t n))[CANDIDATES]
{
	struct hint(*best)[CANDIDATES] = arena_array(arena, n, sizeof(*best));
	size_t end;

	for (size_t first = 0; first < v->files.n; first = end) {
		uint64_t code = 0, importers = 1;
		size_t largest = SIZE_MAX;

		end = stem_end(v, group, first);
		for (size_t f = first; f < end && group[f] >= 0; f++) {
			if (role[v->files.role[f]] != main_role[group[f]] ||
			    is_common(folders_name(v->files.path[f])))
				continue;
			code += (uint64_t)v->files.code[f];
			importers += v->graph.n > 0 ? (uint64_t)v->graph.fan_in[f] : 0;
			if (largest == SIZE_MAX || v->files.code[f] > v->files.code[largest])
				largest = f;
		}
		if (largest != SIZE_MAX)
			offer(best[group[largest]],
			      (struct hint){ folders_name(v->files.path[largest]),
			                     code * importers });
	}
	return best;
}

static const char *join(struct arena *arena, const struct hint *best)
{
	const char *text = "";
	int shown = 0;

	for (int k = 0; k < CANDIDATES && shown < DRAWING_HINTS && best[k].worth > 0; k++) {
		bool again = false;

		for (int i = 0; i < k; i++)
			again |=
				best[i].name.len == best[k].name.len &&
				memcmp(best[i].name.data, best[k].name.data, best[k].name.len) == 0;
		if (again)
			continue;
		text = arena_printf(arena, "%s%s%.*s", text, shown > 0 ? ", " : "",
		                    (int)best[k].name.len, best[k].name.data);
		shown++;
	}
	return drawing_text(arena, (struct span){ text, strlen(text) });
}

void drawing_say(struct arena *arena, const struct view *v, const int32_t *group,
                 struct drawing_node *nodes, size_t n)
{
	const int *role = known_roles(arena, v);
	const int *main_role = main_roles(arena, v, group, role, n);
	struct hint(*best)[CANDIDATES] = find_hints(arena, v, group, role, main_role, n);

	for (size_t i = 0; i < n; i++) {
		nodes[i].role = ROLES[main_role[i]].told;
		nodes[i].hint = join(arena, best[i]);
	}
}
