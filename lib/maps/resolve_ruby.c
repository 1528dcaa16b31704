/*
 * Ruby: require_relative from the file, require through the folders that are
 * usually on the load path ("lib" of the gem itself and of the other gems here,
 * "test" and "spec" for what is below them), then gems, then the standard library.
 *
 * Applications that load by names are resolved in resolve_zeitwerk.c.
 */
#include "maps/resolver.h"

#include <stdlib.h>
#include <string.h>

#define ROOTS_MAX      4   /* load folders above one file: a/lib/b/lib/c.rb */
#define CANDIDATES_MAX 256 /* files of one name that are looked at for one require */

/* Sorted by bytes. */
static const char *const STANDARD[] = {
	"English",
	"abbrev",
	"base64",
	"benchmark",
	"bigdecimal",
	"bundler",
	"cgi",
	"cmath",
	"continuation",
	"coverage",
	"csv",
	"date",
	"date_core",
	"dbm",
	"debug",
	"delegate",
	"did_you_mean",
	"digest",
	"drb",
	"enumerator",
	"erb",
	"error_highlight",
	"etc",
	"expect",
	"fcntl",
	"fiber",
	"fiddle",
	"fileutils",
	"find",
	"forwardable",
	"gdbm",
	"getoptlong",
	"io",
	"ipaddr",
	"irb",
	"json",
	"logger",
	"matrix",
	"mkmf",
	"monitor",
	"mutex_m",
	"net",
	"nkf",
	"objspace",
	"observer",
	"open-uri",
	"open3",
	"openssl",
	"optionparser",
	"optparse",
	"ostruct",
	"pathname",
	"pp",
	"prettyprint",
	"prime",
	"profile",
	"profiler",
	"pstore",
	"psych",
	"pty",
	"racc",
	"random",
	"rational",
	"rbconfig",
	"rdoc",
	"readline",
	"reline",
	"resolv",
	"rexml",
	"rinda",
	"ripper",
	"rss",
	"ruby2_keywords",
	"rubygems",
	"scanf",
	"sdbm",
	"securerandom",
	"set",
	"shell",
	"shellwords",
	"singleton",
	"socket",
	"stringio",
	"strscan",
	"sync",
	"syslog",
	"tempfile",
	"thread",
	"thwait",
	"time",
	"timeout",
	"tmpdir",
	"tracer",
	"tsort",
	"un",
	"unicode_normalize",
	"uri",
	"weakref",
	"webrick",
	"win32ole",
	"xmlrpc",
	"yaml",
	"zlib",
};

/* A file below a load folder. */
struct place {
	uint32_t file;
	uint32_t base_len; /* bytes of the path before "lib/", with the '/' */
	bool lib;          /* the folder is "lib": others may load from it as well */
	uint32_t next;     /* of the same name */
};

struct ruby_index {
	struct strmap names; /* path below the load folder, without ".rb" -> first place */
	struct strmap tops;  /* first part of those paths */
	struct place *places;
	size_t n, cap;
};

static void add_place(struct resolver *r, struct ruby_index *ix, struct place place,
                      struct span name)
{
	const char *slash = memchr(name.data, '/', name.len);

	if (ix->n == ix->cap) {
		size_t cap = ix->cap ? 2 * ix->cap : 256;

		ix->places = arena_grow(r->arena, ix->places, ix->cap * sizeof(place),
		                        cap * sizeof(place));
		ix->cap = cap;
	}
	place.next = strmap_get(&ix->names, name.data, name.len);
	strmap_set(&ix->names, name.data, name.len, (uint32_t)ix->n);
	ix->places[ix->n++] = place;
	if (place.lib)
		strmap_add(&ix->tops, name.data, slash ? (size_t)(slash - name.data) : name.len, 1);
}

/* A file is reachable by its path below each load folder that it is in. */
static void add_file(struct resolver *r, struct ruby_index *ix, uint32_t file)
{
	static const char *const FOLDERS[] = { "lib/", "spec/", "test/" };
	struct span path = r->in->files[file].path;
	const char *end = path.data + path.len, *p = path.data;

	if (path.len < 6)
		return;
	if (memcmp(end - 3, ".rb", 3) == 0)
		end -= 3;
	else if (memcmp(end - 5, ".rake", 5) != 0) /* loaded by its whole name */
		return;
	for (int n = 0; p && n < ROOTS_MAX; p = memchr(p, '/', (size_t)(end - p)), p += p != NULL) {
		for (size_t i = 0; i < COUNT(FOLDERS); i++) {
			size_t len = strlen(FOLDERS[i]);
			struct place place = { .file = file,
				               .base_len = (uint32_t)(p - path.data),
				               .lib = i == 0 };

			if ((size_t)(end - p) <= len || memcmp(p, FOLDERS[i], len) != 0)
				continue;
			add_place(r, ix, place, (struct span){ p + len, (size_t)(end - p) - len });
			n++;
		}
	}
}

static bool is_below(struct span path, struct span base)
{
	return path.len >= base.len && memcmp(path.data, base.data, base.len) == 0;
}

/* @ret whether the folder above a place's load folder is that of a gem, which others may use */
static bool is_gem(struct resolver *r, const struct place *place)
{
	const struct manifest *m = nearest_manifest(r, r->file_dir[place->file], MANIFEST_GEMFILE);
	size_t base = place->base_len > 0 ? place->base_len - 1 : 0;

	return m && dir_of(r, m->file).len == base && r->in->files[place->file].role != FILE_TEST &&
	       r->in->files[place->file].role != FILE_VENDORED;
}

/* Look a path up in the load folders.  @ret whether it was found */
static bool from_load_path(struct resolver *r, const struct ruby_index *ix, struct import_at at,
                           struct span name)
{
	struct span here = r->in->files[at.file].path;
	uint32_t own = RESOLVE_NONE, gem = RESOLVE_NONE, p;
	uint32_t own_base = 0;

	if (name.len > 3 && memcmp(name.data + name.len - 3, ".rb", 3) == 0)
		name.len -= 3;
	p = strmap_get(&ix->names, name.data, name.len);
	for (int i = 0; p != RESOLVE_NONE && i < CANDIDATES_MAX; p = ix->places[p].next, i++) {
		const struct place *place = &ix->places[p];
		struct span base = { r->in->files[place->file].path.data, place->base_len };

		if (is_below(here, base)) {
			if (own == RESOLVE_NONE || place->base_len > own_base ||
			    (place->base_len == own_base && place->lib)) {
				own = place->file;
				own_base = place->base_len;
			}
		} else if (place->lib && is_gem(r, place)) {
			gem = gem == RESOLVE_NONE ? place->file
			                          : nearer_file(r, at.file, gem, place->file);
		}
	}
	if (own == RESOLVE_NONE && gem == RESOLVE_NONE)
		return false;
	resolved(r, at, own != RESOLVE_NONE ? own : gem,
	         own != RESOLVE_NONE ? RULE_RUBY_LOAD_PATH : RULE_RUBY_GEM);
	return true;
}

/* The file that r->join names, with or without ".rb". */
static uint32_t join_ruby(struct resolver *r)
{
	uint32_t to = join_file(r, ".rb");

	return to != RESOLVE_NONE ? to : join_file(r, "");
}

static int by_name(const void *key, const void *item)
{
	const struct span *name = key;
	const char *listed = *(const char *const *)item;
	int order = strncmp(name->data, listed, name->len);

	return order ? order : -(int)(listed[name->len] != '\0');
}

/* Gems are named after what they provide: "a/b" is in "a-b" or "a", "active_x" in "activex". */
static uint32_t find_gem(struct resolver *r, uint32_t file, struct span name)
{
	char text[FACTS_TARGET_MAX + 1];
	const char *slash = memchr(name.data, '/', name.len);
	size_t first = slash ? (size_t)(slash - name.data) : name.len, n = 0;
	uint32_t found;

	for (size_t i = 0; i < name.len; i++)
		text[i] = name.data[i] == '/' ? '-' : name.data[i];
	found = use_external(r, file, ECO_RUBYGEMS, text, name.len);
	if (found == RESOLVE_NONE)
		found = use_external(r, file, ECO_RUBYGEMS, name.data, first);
	for (size_t i = 0; i < first; i++)
		text[i] = name.data[i] == '_' ? '-' : name.data[i];
	if (found == RESOLVE_NONE)
		found = use_external(r, file, ECO_RUBYGEMS, text, first);
	for (size_t i = 0; i < first; i++)
		if (name.data[i] != '_')
			text[n++] = name.data[i];
	if (found == RESOLVE_NONE)
		found = use_external(r, file, ECO_RUBYGEMS, text, n);
	/* What "rails" consists of. */
	if (found == RESOLVE_NONE && name.len > 7 &&
	    (memcmp(name.data, "active_", 7) == 0 || memcmp(name.data, "action_", 7) == 0))
		found = use_external(r, file, ECO_RUBYGEMS, "rails", 5);
	return found;
}

/* The file's path with `level` parts taken off, then the target. */
static void from_file(struct resolver *r, struct import_at at)
{
	const char *target = at.import->target;
	uint32_t to = RESOLVE_NONE;
	bool inside = true;

	join_dir(r, r->in->files[at.file].path);
	for (unsigned i = 0; i < at.import->level && inside; i++)
		inside = join_path(r, "..", 2);
	if (inside && join_path(r, target, strlen(target)))
		to = join_ruby(r);
	if (to != RESOLVE_NONE)
		resolved(r, at, to, RULE_RUBY_RELATIVE);
	else
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

/* "./x", and what load is given: from the working folder, which is a gem's or the repository's. */
static bool from_working_dir(struct resolver *r, struct import_at at, struct span name)
{
	const struct manifest *m = nearest_manifest(r, r->file_dir[at.file], MANIFEST_GEMFILE);
	const struct span dirs[] = { m ? dir_of(r, m->file) : (struct span){ "", 0 },
		                     { "", 0 },
		                     dir_of(r, at.file) };

	for (size_t i = 0; i < COUNT(dirs); i++) {
		uint32_t to;

		join_dir(r, dirs[i]);
		if (!join_path(r, name.data, name.len))
			continue;
		to = join_ruby(r);
		if (to != RESOLVE_NONE) {
			resolved(r, at, to, RULE_RUBY_LOAD_PATH);
			return true;
		}
	}
	return false;
}

static void not_here(struct resolver *r, const struct ruby_index *ix, struct import_at at,
                     struct span name)
{
	const char *slash = memchr(name.data, '/', name.len);
	struct span first = { name.data, slash ? (size_t)(slash - name.data) : name.len };
	uint32_t external = find_gem(r, at.file, name);
	bool ours = strmap_get(&ix->tops, first.data, first.len) != STRMAP_NONE;

	if (external != RESOLVE_NONE)
		unresolved(r, at, MISS_EXTERNAL, external);
	else if (bsearch(&first, STANDARD, COUNT(STANDARD), sizeof(STANDARD[0]), by_name))
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
	else if (!from_working_dir(r, at, name))
		unresolved(r, at, ours ? MISS_NOT_FOUND : MISS_EXTERNAL, RESOLVE_NONE);
}

/* "A::HTTPServer" is in "a/http_server": the names of ActiveSupport.  @ret bytes written */
static size_t underscore(const char *name, char *path)
{
	size_t n = 0;

	for (const char *p = name; *p; p++) {
		bool capital = *p >= 'A' && *p <= 'Z', inner = p > name && p[-1] != ':';
		bool after_capital = inner && p[-1] >= 'A' && p[-1] <= 'Z';
		bool before_small = p[1] >= 'a' && p[1] <= 'z';

		if (p[0] == ':' && p[1] == ':') {
			p++;
			path[n++] = '/';
			continue;
		}
		if (capital && inner && p[-1] != '_' && (!after_capital || before_small))
			path[n++] = '_';
		path[n++] = capital ? (char)(*p + 'a' - 'A') : *p;
	}
	return n;
}

/* What an autoload without a path loads: scope, folder and name as a path. */
static const char *implied_path(struct resolver *r, const struct fact_import *im)
{
	size_t max = 2 * (strlen(im->scope) + strlen(im->name)) + strlen(im->alias) + 4, n;
	char *path = arena_alloc(r->arena, max);

	n = underscore(im->scope, path);
	for (const char *p = im->alias; *p; p++) {
		if (p == im->alias && n > 0)
			path[n++] = '/';
		path[n++] = *p;
	}
	if (n > 0)
		path[n++] = '/';
	n += underscore(im->name, path + n);
	path[n] = '\0';
	return path;
}

static void resolve_import(struct resolver *r, const struct ruby_index *ix, uint32_t file,
                           const struct fact_import *import)
{
	struct fact_import im = *import; /* its texts outlive it */
	struct import_at at = { file, &im };
	struct span name;

	if (im.kind == IMPORT_AUTOLOAD && *im.target == '\0')
		im.target = implied_path(r, import);
	name = (struct span){ im.target, strlen(im.target) };
	if (im.flags & IMPORT_F_PATH) {
		from_file(r, at);
	} else if (name.len == 0 || name.data[0] == '/') {
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
	} else if (name.data[0] == '.' || im.kind == IMPORT_LOAD) {
		if (!from_working_dir(r, at, name) && !from_load_path(r, ix, at, name))
			unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
	} else if (!from_load_path(r, ix, at, name)) {
		not_here(r, ix, at, name);
	}
}

void resolve_ruby(struct resolver *r)
{
	struct ruby_index ix = { .names = strmap_new(r->arena, 256),
		                 .tops = strmap_new(r->arena, 64) };
	bool any = false;

	for (size_t i = 0; i < r->in->nfiles; i++) {
		if (r->in->files[i].facts.lang != LANG_RUBY)
			continue;
		add_file(r, &ix, (uint32_t)i);
		any = true;
	}
	for (size_t i = 0; i < r->in->nfiles && any; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		for (size_t k = 0; facts->lang == LANG_RUBY && k < facts->nimports; k++)
			if (facts->imports[k].kind != IMPORT_CONSTANT)
				resolve_import(r, &ix, (uint32_t)i, &facts->imports[k]);
	}
	if (any)
		resolve_ruby_constants(r);
}
