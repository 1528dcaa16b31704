/*
 * Lock files in JSON: package-lock.json, Pipfile.lock, composer.lock, packages.lock.json.
 *
 * They may have a million lines of which few matter, so no tree is built: a walk
 * keeps the keys that lead to where it is and hands each string on.
 */
#include "maps/manifest_parse.h"
#include "maps/strmap.h"

#include <string.h>

#define DEPTH_MAX 64
#define KEYS_MAX  8 /* of those above a string that are kept */

struct walk {
	struct manifest_in *in;
	const char *p, *end;
	uint32_t line;
	struct span keys[KEYS_MAX]; /* by depth; 0 is unused */
	bool object[DEPTH_MAX];
	size_t depth;
	bool key; /* the next string is one */

	/* Of the file being read. */
	struct span name;
	bool has_packages;
	struct strmap seen; /* NuGet: "name version" */
};

/* A string without its quotes; escapes are left as they are. */
static struct span string(struct walk *w)
{
	const char *from = ++w->p;

	for (; w->p < w->end && *w->p != '"'; w->p++) {
		if (*w->p == '\\')
			w->p++;
		else if (*w->p == '\n')
			w->line++;
	}
	if (w->p > w->end)
		w->p = w->end;
	return (struct span){ from, (size_t)(w->p - from) };
}

/* @ret the text, with the one escape that names have taken off: "\/" */
static const char *plain(struct walk *w, struct span s)
{
	char *text = arena_strndup(w->in->scratch, s.data, s.len);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		if (!(text[i] == '\\' && i + 1 < s.len && text[i + 1] == '/'))
			text[n++] = text[i];
	text[n] = '\0';
	return text;
}

/* Call @value for each string that is a value, with the keys above it. */
static void walk(struct walk *w, void (*value)(struct walk *w, struct span text))
{
	for (; w->p < w->end; w->p++) {
		switch (*w->p) {
		case '\n':
			w->line++;
			break;
		case '{':
		case '[':
			if (w->depth + 1 >= DEPTH_MAX) {
				w->in->out->truncated = true;
				return;
			}
			w->object[++w->depth] = *w->p == '{';
			if (w->depth < KEYS_MAX)
				w->keys[w->depth] = (struct span){ "", 0 };
			w->key = *w->p == '{';
			break;
		case '}':
		case ']':
			if (w->depth == 0)
				return;
			w->depth--;
			break;
		case ',':
			w->key = w->object[w->depth];
			break;
		case '"': {
			struct span text = string(w);

			if (w->key && w->depth < KEYS_MAX)
				w->keys[w->depth] = text;
			else if (!w->key && w->depth < KEYS_MAX)
				value(w, text);
			w->key = false;
			break;
		}
		default:
			break;
		}
	}
}

static struct walk walk_new(struct manifest_in *in)
{
	struct walk w = {
		.in = in, .p = in->text.data, .end = in->text.data + in->text.len, .line = 1
	};

	for (size_t i = 0; i < KEYS_MAX; i++)
		w.keys[i] = (struct span){ "", 0 };
	return w;
}

/* "packages" by path: node_modules/x is what every package here gets, a/node_modules/x what a does. */
static void npm_package(struct walk *w, struct span version)
{
	static const char NODE[] = "node_modules/";
	struct span path = w->keys[2];
	const char *inner = memmem(path.data, path.len, NODE, sizeof(NODE) - 1);

	if (inner == NULL)
		return; /* this repository's own */
	if (inner != path.data) {
		manifest_locked(w->in, plain(w, path), plain(w, version), w->line);
		return;
	}
	path = (struct span){ path.data + sizeof(NODE) - 1, path.len - sizeof(NODE) + 1 };
	if (memmem(path.data, path.len, NODE, sizeof(NODE) - 1) != NULL)
		manifest_locked(w->in, "", "", w->line);
	else
		manifest_locked(w->in, plain(w, path), plain(w, version), w->line);
}

/* Version 1 has "dependencies" inside each other; version 2 has both, version 3 "packages". */
static void npm_string(struct walk *w, struct span text)
{
	size_t d = w->depth;

	if (!span_is(w->keys[d], "version") || d < 3)
		return;
	if (d == 3 && span_is(w->keys[1], "packages")) {
		w->has_packages = true;
		npm_package(w, text);
	} else if (!w->has_packages && span_is(w->keys[d - 2], "dependencies")) {
		manifest_locked(w->in, d == 3 ? plain(w, w->keys[2]) : "", plain(w, text), w->line);
	}
}

void manifest_package_lock(struct manifest_in *in)
{
	struct walk w = walk_new(in);

	walk(&w, npm_string);
}

static void pipfile_string(struct walk *w, struct span text)
{
	if (w->depth != 3 || !span_is(w->keys[3], "version") ||
	    !(span_is(w->keys[1], "default") || span_is(w->keys[1], "develop")))
		return;
	if (span_starts(text, "=="))
		text = (struct span){ text.data + 2, text.len - 2 };
	manifest_locked(w->in, plain(w, w->keys[2]), plain(w, text), w->line);
}

void manifest_pipfile_lock(struct manifest_in *in)
{
	struct walk w = walk_new(in);

	walk(&w, pipfile_string);
}

/* Objects in the lists "packages" and "packages-dev": the name stands before the version. */
static void composer_string(struct walk *w, struct span text)
{
	if (w->depth != 3 ||
	    !(span_is(w->keys[1], "packages") || span_is(w->keys[1], "packages-dev")))
		return;
	if (span_is(w->keys[3], "name")) {
		w->name = text;
	} else if (span_is(w->keys[3], "version") && w->name.len > 0) {
		manifest_locked(w->in, plain(w, w->name), plain(w, text), w->line);
		w->name.len = 0;
	}
}

void manifest_composer_lock(struct manifest_in *in)
{
	struct walk w = walk_new(in);

	walk(&w, composer_string);
}

/* One list a framework, mostly the same; projects of the solution have no "resolved". */
static void nuget_string(struct walk *w, struct span version)
{
	const char *both;

	if (w->depth != 4 || !span_is(w->keys[1], "dependencies") ||
	    !span_is(w->keys[4], "resolved"))
		return;
	both = arena_printf(w->in->scratch, "%.*s %.*s", (int)w->keys[3].len, w->keys[3].data,
	                    (int)version.len, version.data);
	if (strmap_get(&w->seen, both, strlen(both)) != STRMAP_NONE)
		return;
	strmap_add(&w->seen, both, strlen(both), 1);
	manifest_locked(w->in, plain(w, w->keys[3]), plain(w, version), w->line);
}

void manifest_nuget_lock(struct manifest_in *in)
{
	struct walk w = walk_new(in);

	w.seen = strmap_new(in->scratch, 256);
	walk(&w, nuget_string);
}
