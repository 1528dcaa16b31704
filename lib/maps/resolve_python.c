/*
 * Python imports.
 *
 * A root is a folder that sys.path may hold: the repository, its "src", the
 * parents of top-level packages (a folder with __init__.py whose parent has
 * none), the folders that manifests name, and a script's own folder.  A name
 * is looked for from the importer's folder upwards, then in the roots that are
 * known to hold its first part.
 */
#include "maps/resolver.h"

#include <string.h>

#define ROOTS_MAX 64 /* roots that hold one first name and are tried */

struct py_index {
	struct strmap tops; /* first name -> first of roots[], chained by next */
	struct root {
		uint32_t dir, next;
	} * roots;
	size_t nroots, roots_cap;
	bool *is_root; /* by dir */
};

static bool is_python(enum lang lang)
{
	return lang == LANG_PYTHON || lang == LANG_CYTHON;
}

static bool has_init(struct resolver *r, struct span dir)
{
	join_dir(r, dir);
	if (!join_path(r, "__init__.py", 11))
		return false;
	return join_file(r, "") != RESOLVE_NONE || join_file(r, "i") != RESOLVE_NONE;
}

static void add_top(struct resolver *r, struct py_index *py, struct span name, uint32_t dir)
{
	uint32_t first = strmap_get(&py->tops, name.data, name.len);

	if (first != STRMAP_NONE && py->roots[first].dir == dir)
		return;
	if (py->nroots == py->roots_cap) {
		size_t cap = py->roots_cap != 0 ? py->roots_cap * 2 : 64;

		py->roots = arena_grow(r->arena, py->roots, py->roots_cap * sizeof(*py->roots),
		                       cap * sizeof(*py->roots));
		py->roots_cap = cap;
	}
	py->roots[py->nroots] = (struct root){ dir, first };
	strmap_set(&py->tops, name.data, name.len, (uint32_t)py->nroots++);
	py->is_root[dir] = true;
}

static struct span last_part(struct span path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	size_t skip = slash != NULL ? (size_t)(slash + 1 - path.data) : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

static void mark_root(struct resolver *r, struct py_index *py, struct span base, const char *below)
{
	uint32_t dir;

	join_dir(r, base);
	if (join_path(r, below, strlen(below)) && (dir = join_dir_id(r)) != RESOLVE_NONE)
		py->is_root[dir] = true;
}

static void index_roots(struct resolver *r, struct py_index *py)
{
	py->tops = strmap_new(r->arena, 64);
	py->is_root = arena_array(r->arena, r->ndirs, sizeof(bool));
	mark_root(r, py, (struct span){ "", 0 }, "");
	mark_root(r, py, (struct span){ "", 0 }, "src");
	for (size_t i = 0; i < r->in->nmanifests; i++) {
		const struct manifest *m = &r->in->manifests[i];

		if (manifest_ecosystem(m->type) != ECO_PYPI)
			continue;
		mark_root(r, py, dir_of(r, m->file), "");
		mark_root(r, py, dir_of(r, m->file), "src");
		for (size_t k = 0; k < m->nitems; k++)
			if (m->items[k].kind == ITEM_SOURCE_ROOT)
				mark_root(r, py, dir_of(r, m->file), m->items[k].value);
	}
	for (uint32_t d = 1; d < r->ndirs; d++)
		if (has_init(r, r->dirs[d].path) && !has_init(r, r->dirs[r->dirs[d].parent].path))
			add_top(r, py, last_part(r->dirs[d].path), r->dirs[d].parent);
	for (size_t i = 0; i < r->in->nfiles; i++) { /* single modules and namespaces in roots */
		struct span path = r->in->files[i].path, name = last_part(path);
		uint32_t dir = r->file_dir[i];
		const char *dot = memchr(name.data, '.', name.len);

		if (!is_python(r->in->files[i].facts.lang))
			continue;
		if (py->is_root[dir] && dot != NULL)
			add_top(r, py, (struct span){ name.data, (size_t)(dot - name.data) }, dir);
		for (; r->dirs[dir].parent != RESOLVE_NONE; dir = r->dirs[dir].parent)
			if (py->is_root[r->dirs[dir].parent])
				add_top(r, py, last_part(r->dirs[dir].path), r->dirs[dir].parent);
	}
}

/* Add the parts of a dotted name to the path being joined. */
static bool join_dotted(struct resolver *r, const char *dotted)
{
	while (*dotted != '\0') {
		size_t n = strcspn(dotted, ".");

		if (!join_path(r, dotted, n))
			return false;
		dotted += n + (dotted[n] == '.');
	}
	return true;
}

/* @ret the module that r->join stands for: a file, or a package's __init__ */
static uint32_t module_file(struct resolver *r)
{
	static const char *const ENDS[] = { ".py",           "/__init__.py", ".pyi",
		                            "/__init__.pyi", ".pyx",         ".pxd" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		uint32_t to = r->join_len > 0 ? join_file(r, ENDS[i])
		                              : join_file(r, ENDS[i] + (ENDS[i][0] == '/'));

		if (to != RESOLVE_NONE)
			return to;
	}
	return RESOLVE_NONE;
}

/*
 * A module below a folder: with `name`, the submodule first, then the module
 * itself, of which the name is a member.
 */
static uint32_t find_below(struct resolver *r, struct span base, const char *dotted,
                           const char *name)
{
	uint32_t to;

	join_dir(r, base);
	if (!join_dotted(r, dotted))
		return RESOLVE_NONE;
	if (*name != '\0' && strcmp(name, "*") != 0) {
		size_t here = r->join_len;

		if (join_path(r, name, strlen(name)) && (to = module_file(r)) != RESOLVE_NONE)
			return to;
		r->join_len = here;
	}
	if (*dotted == '\0' && r->join_len == 0)
		return join_file(r, "__init__.py");
	return module_file(r);
}

static void resolve_relative(struct resolver *r, struct import_at at)
{
	uint32_t dir = r->file_dir[at.file], to;

	for (int up = 1; up < at.import->level && dir != RESOLVE_NONE; up++)
		dir = r->dirs[dir].parent;
	to = dir != RESOLVE_NONE
	             ? find_below(r, r->dirs[dir].path, at.import->target, at.import->name)
	             : RESOLVE_NONE;
	if (to != RESOLVE_NONE)
		resolved(r, at, to, RULE_PY_RELATIVE);
	else if (dir == RESOLVE_NONE || r->in->files[at.file].path.len == 0 ||
	         *at.import->target != '\0' || has_init(r, r->dirs[dir].path))
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
}

/* The distribution that an import name comes from, where the two differ. */
static const char *distribution(const char *top, size_t len)
{
	static const struct {
		const char *import, *package;
	} NAMES[] = {
		{ "yaml", "PyYAML" },
		{ "PIL", "Pillow" },
		{ "cv2", "opencv-python" },
		{ "bs4", "beautifulsoup4" },
		{ "sklearn", "scikit-learn" },
		{ "dateutil", "python-dateutil" },
		{ "dotenv", "python-dotenv" },
		{ "jwt", "PyJWT" },
		{ "OpenSSL", "pyOpenSSL" },
		{ "Crypto", "pycryptodome" },
		{ "attr", "attrs" },
		{ "serial", "pyserial" },
		{ "git", "GitPython" },
		{ "MySQLdb", "mysqlclient" },
		{ "psycopg2", "psycopg2-binary" },
		{ "pkg_resources", "setuptools" },
		{ "google", "protobuf" },
		{ "skimage", "scikit-image" },
		{ "jose", "python-jose" },
		{ "magic", "python-magic" },
		{ "zmq", "pyzmq" },
		{ "twisted", "Twisted" },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (strlen(NAMES[i].import) == len && memcmp(NAMES[i].import, top, len) == 0)
			return NAMES[i].package;
	return NULL;
}

static void absolute_miss(struct resolver *r, struct import_at at, size_t top_len, bool local)
{
	const char *top = at.import->target;
	uint32_t external = use_external(r, at.file, ECO_PYPI, top, top_len);
	const char *other = distribution(top, top_len);

	if (external == RESOLVE_NONE && other != NULL)
		external = use_external(r, at.file, ECO_PYPI, other, strlen(other));
	if (external == RESOLVE_NONE && local)
		unresolved(r, at, MISS_NOT_FOUND, RESOLVE_NONE);
	else
		unresolved(r, at, MISS_EXTERNAL, external);
}

static void resolve_absolute(struct resolver *r, const struct py_index *py, struct import_at at)
{
	const char *target = at.import->target, *name = at.import->name;
	size_t top_len = strcspn(target, ".");
	uint32_t own = r->file_dir[at.file], to = RESOLVE_NONE, best = RESOLVE_NONE, root;
	bool standard = std_python_module(target, top_len);

	if (!has_init(r, r->dirs[own].path) &&
	    (to = find_below(r, r->dirs[own].path, target, name)) != RESOLVE_NONE) {
		resolved(r, at, to, py->is_root[own] ? RULE_PY_ABSOLUTE : RULE_PY_SCRIPT_DIR);
		return;
	}
	root = strmap_get(&py->tops, target, top_len);
	if (standard && root == STRMAP_NONE) {
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
		return;
	}
	for (int i = 0; root != STRMAP_NONE && i < ROOTS_MAX; root = py->roots[root].next, i++) {
		/* a name of the standard library is ours only at the root and its src */
		if (standard && r->dirs[py->roots[root].dir].path.len > 3)
			continue;
		to = find_below(r, r->dirs[py->roots[root].dir].path, target, name);
		if (to != RESOLVE_NONE)
			best = best == RESOLVE_NONE ? to : nearer_file(r, at.file, best, to);
	}
	if (best != RESOLVE_NONE) {
		resolved(r, at, best, RULE_PY_ABSOLUTE);
		return;
	}
	for (uint32_t d = r->dirs[own].parent; d != RESOLVE_NONE && !standard;
	     d = r->dirs[d].parent) {
		if (has_init(r, r->dirs[d].path))
			continue;
		to = find_below(r, r->dirs[d].path, target, name);
		if (to != RESOLVE_NONE) {
			resolved(r, at, to, RULE_PY_SCRIPT_DIR);
			return;
		}
	}
	if (standard)
		unresolved(r, at, MISS_STANDARD, RESOLVE_NONE);
	else
		absolute_miss(r, at, top_len,
		              strmap_get(&py->tops, target, top_len) != STRMAP_NONE);
}

void resolve_python(struct resolver *r)
{
	struct py_index py = { 0 };

	index_roots(r, &py);
	for (size_t i = 0; i < r->in->nfiles; i++) {
		const struct facts *facts = &r->in->files[i].facts;

		if (!is_python(facts->lang))
			continue;
		for (size_t k = 0; k < facts->nimports; k++) {
			struct import_at at = { (uint32_t)i, &facts->imports[k] };

			if (at.import->level > 0)
				resolve_relative(r, at);
			else if (*at.import->target != '\0')
				resolve_absolute(r, &py, at);
		}
	}
}
