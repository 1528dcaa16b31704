/*
 * Ruby applications that load by names (Rails, Zeitwerk): the constant
 * Admin::User is in admin/user.rb below a folder such as app/models.
 *
 * Names are compared without case and underscores, because inflections
 * (HTML, API) are known when the application runs only; that the file found
 * defines a constant of that very name is then the proof.  A constant that is
 * inherited or included from elsewhere is not looked for.
 */
#include "maps/resolver.h"

#include <string.h>

#define CANDIDATES_MAX 64

/* A file below a folder whose files are loaded by their names. */
struct named_file {
	uint32_t file;
	uint32_t base_len; /* bytes of its application's folder, with the '/' */
	uint32_t next;     /* of the same key */
};

struct names {
	struct strmap roots;  /* folder -> bytes of its application's path */
	struct strmap keys;   /* "admin/user" -> first named_file */
	struct strmap spaces; /* "admin": folders, that are modules without a file */
	struct named_file *files;
	size_t n, cap;
	uint32_t *used_by; /* file -> who was given an edge to it last, plus 1 */
};

static bool depends_on_rails(const struct manifest *m)
{
	static const char *const NAMES[] = { "rails", "railties", "zeitwerk", "actionpack" };

	for (size_t i = 0; i < m->ndeps; i++)
		for (size_t k = 0; k < COUNT(NAMES); k++)
			if (strcmp(m->deps[i].name, NAMES[k]) == 0)
				return true;
	return false;
}

static void add_root(struct resolver *r, struct names *names, struct span dir, uint32_t base_len)
{
	strmap_add(&names->roots, arena_strndup(r->arena, dir.data, dir.len), dir.len, base_len);
}

/* Is the folder of that path, with its '/', an application's? */
static bool is_application(struct resolver *r, struct span base)
{
	const struct manifest *m;
	uint32_t dir;

	join_dir(r, (struct span){ base.data, base.len > 0 ? base.len - 1 : 0 });
	dir = join_dir_id(r);
	if (!join_path(r, "config/application.rb", 21))
		return false;
	if (join_file(r, "") != RESOLVE_NONE)
		return true;
	m = dir != RESOLVE_NONE ? nearest_manifest(r, dir, MANIFEST_GEMFILE) : NULL;
	return m && dir_of(r, m->file).len + (base.len > 0) == base.len && depends_on_rails(m);
}

/* base/app/x and base/app/x/concerns, of an application. */
static void add_app_roots(struct resolver *r, struct names *names, struct span dir)
{
	static const char *const NOT_CODE[] = { "assets", "javascript", "javascripts", "views" };
	const char *slash = memrchr(dir.data, '/', dir.len);
	struct span last, base;

	if (!slash)
		return;
	last = (struct span){ slash + 1, (size_t)(dir.data + dir.len - slash - 1) };
	base = (struct span){ dir.data, (size_t)(slash - dir.data) };
	if (last.len == 8 && memcmp(last.data, "concerns", 8) == 0) {
		slash = memrchr(base.data, '/', base.len);
		base.len = slash ? (size_t)(slash - base.data) : 0;
	}
	if (base.len < 3 || memcmp(base.data + base.len - 3, "app", 3) != 0 ||
	    (base.len > 3 && base.data[base.len - 4] != '/'))
		return;
	base.len -= 3;
	for (size_t i = 0; i < COUNT(NOT_CODE); i++)
		if (last.len == strlen(NOT_CODE[i]) &&
		    memcmp(last.data, NOT_CODE[i], last.len) == 0)
			return;
	if (is_application(r, base))
		add_root(r, names, dir, (uint32_t)base.len);
}

static void find_roots(struct resolver *r, struct names *names)
{
	for (size_t d = 0; d < r->ndirs; d++)
		add_app_roots(r, names, r->dirs[d].path);
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct map_file *file = &r->in->files[i];
		struct span dir = dir_of(r, (uint32_t)i), up = dir;

		if (file->facts.lang != LANG_RUBY || strcmp(file->facts.package, "zeitwerk") != 0)
			continue;
		const char *slash = memrchr(dir.data, '/', dir.len);
		up.len = slash ? (size_t)(slash + 1 - dir.data) : 0;
		if (dir.len - up.len == 6 && memcmp(dir.data + up.len, "config", 6) == 0)
			dir = (struct span){
				arena_printf(r->arena, "%.*slib", (int)up.len, dir.data), up.len + 3
			};
		add_root(r, names, dir, (uint32_t)up.len);
	}
}

/* @ret bytes of the root that a file is below, its deepest one, with the '/'; 0: none */
static size_t root_above(const struct names *names, struct span path, uint32_t *ret_base)
{
	for (size_t n = path.len; n-- > 0;) {
		if (path.data[n] != '/')
			continue;
		*ret_base = strmap_get(&names->roots, path.data, n);
		if (*ret_base != STRMAP_NONE)
			return n + 1;
	}
	return 0;
}

/* Lower case, no underscores, "::" as "/".  @ret bytes; 0 when it does not fit */
static size_t key_of(struct span name, char *key, size_t at, size_t cap)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (at + 1 >= cap)
			return 0;
		if (c == ':' && (i == 0 || name.data[i - 1] != ':'))
			key[at++] = '/';
		else if (c != '_' && c != ':')
			key[at++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
	}
	return at;
}

static void add_file(struct resolver *r, struct names *names, uint32_t file)
{
	struct span path = r->in->files[file].path;
	struct named_file *named;
	char key[MAP_PATH_MAX + 1];
	uint32_t base;
	size_t root = root_above(names, path, &base), n;

	if (root == 0 || path.len < root + 4 || memcmp(path.data + path.len - 3, ".rb", 3) != 0)
		return;
	n = key_of((struct span){ path.data + root, path.len - root - 3 }, key, 0, sizeof(key));
	if (n == 0)
		return;
	if (names->n == names->cap) {
		size_t cap = names->cap ? 2 * names->cap : 256;

		names->files = arena_grow(r->arena, names->files, names->cap * sizeof(*named),
		                          cap * sizeof(*named));
		names->cap = cap;
	}
	named = &names->files[names->n];
	const char *kept = arena_strndup(r->arena, key, n);
	*named = (struct named_file){ file, base, strmap_get(&names->keys, key, n) };
	strmap_set(&names->keys, kept, n, (uint32_t)names->n++);
	for (const char *s = kept; (s = memchr(s, '/', n - (size_t)(s - kept))) != NULL; s++)
		strmap_add(&names->spaces, kept, (size_t)(s - kept), 1);
}

/* The file of that key in the same application as another one. */
static uint32_t find_file(struct resolver *r, const struct names *names, uint32_t from,
                          const char *key, size_t len)
{
	struct span here = r->in->files[from].path;
	uint32_t at = strmap_get(&names->keys, key, len), best = RESOLVE_NONE;

	for (int i = 0; at != STRMAP_NONE && i < CANDIDATES_MAX; at = names->files[at].next, i++) {
		const struct named_file *named = &names->files[at];
		struct span path = r->in->files[named->file].path;

		if (here.len < named->base_len ||
		    memcmp(here.data, path.data, named->base_len) != 0)
			continue;
		best = best == RESOLVE_NONE ? named->file : nearer_file(r, from, best, named->file);
	}
	return best;
}

static bool defines(const struct facts *facts, struct span name)
{
	for (size_t i = 0; i < facts->ndefs; i++) {
		const struct fact_def *def = &facts->defs[i];

		if ((def->kind == DEF_CLASS || def->kind == DEF_MODULE ||
		     def->kind == DEF_CONSTANT) &&
		    strlen(def->name) == name.len && memcmp(def->name, name.data, name.len) == 0)
			return true;
	}
	return false;
}

static struct span first_part(struct span name)
{
	const char *colon = memchr(name.data, ':', name.len);

	return (struct span){ name.data, colon ? (size_t)(colon - name.data) : name.len };
}

/*
 * The constant, seen from one scope.
 *
 * @ret whether its first part is known here; *ret_to the file of its deepest part that has one
 */
static bool look_up(struct resolver *r, const struct names *names, struct import_at at,
                    struct span scope, uint32_t *ret_to)
{
	struct span rest = { at.import->target, strlen(at.import->target) };
	char key[2 * FACTS_TARGET_MAX];
	size_t n = key_of(scope, key, 0, sizeof(key));
	bool known = false;

	*ret_to = RESOLVE_NONE;
	while (rest.len > 0) {
		struct span part = first_part(rest);
		size_t skip = part.len + 2 < rest.len ? part.len + 2 : rest.len;
		uint32_t file;

		if (n > 0 && n + 1 < sizeof(key))
			key[n++] = '/';
		n = key_of(part, key, n, sizeof(key));
		if (n == 0)
			break;
		file = find_file(r, names, at.file, key, n);
		if (file != RESOLVE_NONE && defines(&r->in->files[file].facts, part))
			*ret_to = file;
		else if (strmap_get(&names->spaces, key, n) == STRMAP_NONE)
			break;
		known = true;
		rest = (struct span){ rest.data + skip, rest.len - skip };
	}
	return known;
}

/* Scopes from the inside out, as Ruby looks. */
static void resolve_constant(struct resolver *r, struct names *names, struct import_at at)
{
	const char *text = at.import->scope;
	struct span scope = { text, strlen(text) },
		    target = { at.import->target, strlen(at.import->target) };
	struct span first = first_part(target);
	uint32_t to = RESOLVE_NONE;

	if (first.len == target.len && defines(&r->in->files[at.file].facts, first))
		return;
	while (!look_up(r, names, at, scope, &to) && scope.len > 0) {
		const char *colon = memrchr(scope.data, ':', scope.len);

		scope.len = colon ? (size_t)(colon - scope.data) - 1 : 0;
	}
	if (to == RESOLVE_NONE || names->used_by[to] == at.file + 1)
		return;
	names->used_by[to] = at.file + 1;
	resolved(r, at, to, RULE_RUBY_CONSTANT);
}

void resolve_ruby_constants(struct resolver *r)
{
	struct names names = { .roots = strmap_new(r->arena, 16),
		               .keys = strmap_new(r->arena, 256),
		               .spaces = strmap_new(r->arena, 64) };

	find_roots(r, &names);
	if (names.roots.used == 0)
		return;
	for (size_t i = r->in->nfiles; i-- > 0;)
		if (r->in->files[i].facts.lang == LANG_RUBY)
			add_file(r, &names, (uint32_t)i);
	names.used_by = arena_array(r->arena, r->in->nfiles, sizeof(uint32_t));
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		for (size_t k = 0; facts->lang == LANG_RUBY && k < facts->nimports; k++)
			if (facts->imports[k].kind == IMPORT_CONSTANT)
				resolve_constant(
					r, &names,
					(struct import_at){ (uint32_t)i, &facts->imports[k] });
	}
}
