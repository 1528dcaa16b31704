/* Scan: an object database, and a tree walk with an explicit stack. */
#include "maps/loose.h"
#include "maps/pack.h"
#include "maps/scan_parts.h"
#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

#define TREE_BYTES_MAX  ((size_t)32 << 20) /* of one tree or commit object */
#define OPEN_PACKS_MAX  ((size_t)64)
#define TREES_PER_FILE  4                     /* folders walked at most, per max_files */
#define TREES_BYTES_MAX ((uint64_t)256 << 20) /* of all tree objects that are read */
#define TAG_DEPTH_MAX   8

#define MODE_TYPE   0170000
#define MODE_TREE   0040000
#define MODE_LINK   0120000
#define MODE_COMMIT 0160000

enum err scan_init(struct ctx *cx)
{
	if (git_libgit2_init() < 0)
		return err_set(cx, ERR_INTERNAL, "the git library does not start");
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	/*
	 * Whether an object is what its id says was asked when it was fetched; damage of the disk shows in
	 * its compression's own sum.  Asking again takes longer than reading it.
	 */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, SCAN_WINDOW_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, SCAN_MAPPED_BYTES);
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, OPEN_PACKS_MAX);
	return ERR_OK;
}

void scan_quit(void)
{
	git_libgit2_shutdown();
}

enum err scan_open(struct ctx *cx, const char *repo_path, struct scan **ret)
{
	char *objects = arena_printf(cx->arena, "%s/objects", repo_path);
	struct scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		return err_set(cx, ERR_OUT_OF_MEMORY, "no memory to open the repository");
	if (git_odb_open(&scan->odb, objects) != 0) {
		const git_error *why = git_error_last();

		free(scan);
		err_set(cx, ERR_REPO_NOT_GIT, "there is no object database in the repository");
		err_cause(cx, "%s", why != NULL ? why->message : "unknown");
		return ERR_REPO_NOT_GIT;
	}
	scan->may_be_loose = loose_may_be(objects);
	scan->packs = packs_open(objects);
	*ret = scan;
	return ERR_OK;
}

void scan_close(struct scan *scan)
{
	if (scan == NULL)
		return;
	packs_close(scan->packs);
	git_odb_free(scan->odb);
	free(scan);
}

void scan_close_ptr(struct scan **scan)
{
	scan_close(*scan);
}

bool scan_out_of_memory(const struct scan *scan)
{
	return scan->out_of_memory;
}

/* The oid behind "tree " or "object " at the start of a commit or tag. */
static bool header_oid(struct span object, const char *header, git_oid *ret)
{
	size_t n = strlen(header);

	return object.len > n + GIT_OID_HEXSZ && memcmp(object.data, header, n) == 0 &&
	       git_oid_fromstrn(ret, object.data + n, GIT_OID_HEXSZ) == 0;
}

/* Follow tags to the commit.  @ret its root tree in *tree */
static enum err find_root(struct ctx *cx, struct scan *scan, const char *commit, git_oid *tree)
{
	git_oid oid;

	if (strlen(commit) != GIT_OID_HEXSZ || git_oid_fromstr(&oid, commit) != 0)
		return err_set(cx, ERR_REF_NOT_FOUND, "\"%.60s\" is no commit id", commit);
	for (int depth = 0; depth < TAG_DEPTH_MAX; depth++) {
		struct scan_blob object;
		size_t len;
		git_object_t type;
		uint64_t bytes;
		bool good;
		int rc = git_odb_read_header(&len, &type, scan->odb, &oid);

		if (rc == GIT_ENOTFOUND ||
		    (rc == 0 && type != GIT_OBJECT_COMMIT && type != GIT_OBJECT_TAG))
			return err_set(cx, ERR_REF_NOT_FOUND, "there is no commit %s", commit);
		if (rc != 0 || scan_read(scan, &oid, type, TREE_BYTES_MAX, &bytes, &object) != 0)
			return err_set(cx, ERR_REPO_BROKEN, "commit %s cannot be read", commit);
		good = header_oid(object.text, type == GIT_OBJECT_COMMIT ? "tree " : "object ",
		                  type == GIT_OBJECT_COMMIT ? tree : &oid);
		scan_blob_free(&object);
		if (!good)
			return err_set(cx, ERR_REPO_BROKEN, "commit %s is malformed", commit);
		if (type == GIT_OBJECT_COMMIT)
			return ERR_OK;
	}
	return err_set(cx, ERR_REPO_BROKEN, "too many tags lead to commit %s", commit);
}

enum err scan_root(struct ctx *cx, struct scan *scan, const char *commit,
                   unsigned char ret[MAP_OID_BYTES])
{
	git_oid tree;

	TRY(find_root(cx, scan, commit, &tree));
	memcpy(ret, tree.id, MAP_OID_BYTES);
	return ERR_OK;
}

/* One folder that is being walked. */
struct level {
	struct level *up;
	struct scan_blob tree;
	const char *p, *end;
	size_t path_len; /* of its prefix, with the '/' */
	size_t depth;
};

struct walk {
	struct ctx *cx;
	struct scan *scan;
	const struct scan_limits *limits;
	const struct scan_known *known;
	struct scan_tree *tree;
	struct level *top;
	size_t cap, broken_cap;
	uint64_t trees, trees_bytes;
	char path[MAP_PATH_MAX + 1];
};

static void note_broken(struct walk *w, size_t path_len)
{
	struct scan_tree *tree = w->tree;
	struct arena *arena = w->cx->arena;
	const char *shown;

	if (tree->nbroken_dirs == SCAN_BROKEN_MAX) {
		tree->over_limit++;
		return;
	}
	shown = text_display(arena, (struct span){ w->path, path_len });
	if (tree->nbroken_dirs == w->broken_cap) {
		size_t cap = w->broken_cap != 0 ? w->broken_cap * 2 : 8;

		tree->broken_dirs =
			arena_grow(arena, tree->broken_dirs, w->broken_cap * sizeof(char *),
		                   cap * sizeof(char *));
		w->broken_cap = cap;
	}
	tree->broken_dirs[tree->nbroken_dirs++] =
		shown != NULL ? shown : arena_strndup(arena, w->path, path_len);
}

/* @ret SKIP_NONE or why it cannot be read */
static enum skip_reason read_tree(struct walk *w, const git_oid *oid, struct scan_blob *ret)
{
	uint64_t bytes;
	enum skip_reason why;

	*ret = (struct scan_blob){ 0 };
	if (w->known != NULL)
		ret->text = w->known->find(w->known->data, oid->id);
	if (ret->text.data != NULL)
		return SKIP_NONE;
	why = scan_read(w->scan, oid, GIT_OBJECT_TREE, TREE_BYTES_MAX, &bytes, ret);
	if (why == SKIP_NONE && w->known != NULL)
		w->known->keep(w->known->data, oid->id, ret->text);
	return why;
}

/* Start walking a tree whose path stands in w->path.  @ret SKIP_NONE or why it cannot be */
static enum skip_reason enter(struct walk *w, const git_oid *oid, size_t path_len)
{
	struct scan_blob tree;
	enum skip_reason why = read_tree(w, oid, &tree);
	struct level *level;

	if (why != SKIP_NONE)
		return why;
	level = calloc(1, sizeof(*level));
	if (level == NULL) {
		w->scan->out_of_memory = true;
		scan_blob_free(&tree);
		return SKIP_CORRUPT;
	}
	level->up = w->top;
	level->tree = tree;
	level->p = tree.text.data;
	level->end = level->p + tree.text.len;
	level->path_len = path_len;
	level->depth = w->top != NULL ? w->top->depth + 1 : 0;
	w->top = level;
	w->trees++;
	w->trees_bytes += tree.text.len;
	return SKIP_NONE;
}

static void leave(struct walk *w)
{
	struct level *level = w->top;

	w->top = level->up;
	scan_blob_free(&level->tree);
	free(level);
}

static void keep_file(struct walk *w, unsigned mode, size_t path_len, const git_oid *oid)
{
	struct scan_tree *tree = w->tree;
	struct map_file *file;

	if (tree->nfiles >= w->limits->max_files) {
		tree->over_limit++;
		return;
	}
	if (tree->nfiles == w->cap) {
		size_t cap = w->cap != 0 ? w->cap * 2 : 1024;

		tree->files = arena_grow(w->cx->arena, tree->files, w->cap * sizeof(*file),
		                         cap * sizeof(*file));
		w->cap = cap;
	}
	file = &tree->files[tree->nfiles++];
	*file = (struct map_file){
		.path = { arena_strndup(w->cx->arena, w->path, path_len), path_len },
		.skip = (mode & MODE_TYPE) == MODE_LINK     ? SKIP_SYMLINK
		        : (mode & MODE_TYPE) == MODE_COMMIT ? SKIP_SUBMODULE
		                                            : SKIP_NONE,
	};
	memcpy(file->oid, oid->id, MAP_OID_BYTES);
}

static void enter_folder(struct walk *w, const git_oid *oid, size_t path_len)
{
	if (w->top->depth + 1 >= w->limits->max_depth) {
		w->tree->too_deep++;
	} else if (w->trees >= w->limits->max_files * TREES_PER_FILE + 16 ||
	           w->trees_bytes > TREES_BYTES_MAX || path_len + 1 > MAP_PATH_MAX) {
		w->tree->over_limit++;
	} else if (enter(w, oid, path_len + 1) != SKIP_NONE) {
		note_broken(w, path_len);
	} else {
		w->path[path_len] = '/';
	}
}

/* Take the next entry of the folder on top: "mode name\0" and 20 bytes of id. */
static void step(struct walk *w)
{
	struct level *level = w->top;
	const char *p = level->p, *name;
	size_t name_len, left, path_len;
	unsigned mode = 0;
	git_oid oid;

	while (p < level->end && *p >= '0' && *p <= '7')
		mode = mode << 3 | (unsigned)(*p++ - '0');
	name = p < level->end && *p == ' ' ? p + 1 : level->end;
	left = (size_t)(level->end - name);
	name_len = strnlen(name, left);
	if (left < name_len + 1 + MAP_OID_BYTES) { /* malformed: the rest cannot be trusted */
		note_broken(w, level->path_len > 0 ? level->path_len - 1 : 0);
		leave(w);
		return;
	}
	level->p = name + name_len + 1 + MAP_OID_BYTES;
	memcpy(oid.id, name + name_len + 1, MAP_OID_BYTES);
	path_len = level->path_len + name_len;
	if (name_len == 0 || memchr(name, '/', name_len) != NULL) {
		w->tree->bad_names++;
		return;
	}
	if (path_len > MAP_PATH_MAX) {
		w->tree->path_too_long++;
		return;
	}
	memcpy(w->path + level->path_len, name, name_len);
	if ((mode & MODE_TYPE) == MODE_TREE)
		enter_folder(w, &oid, path_len);
	else
		keep_file(w, mode, path_len, &oid);
}

static int by_path(const void *a, const void *b)
{
	const struct map_file *x = a, *y = b;

	return strcmp(x->path.data, y->path.data);
}

/* Which of two entries of one name is kept must not depend on the library's sort. */
static int by_entry(const void *a, const void *b)
{
	const struct map_file *x = a, *y = b;
	int order = by_path(a, b);

	if (order == 0)
		order = memcmp(x->oid, y->oid, MAP_OID_BYTES);
	return order != 0 ? order : (int)x->skip - (int)y->skip;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Git keeps trees sorted; a hostile one may not, and may name an entry twice. */
static void sort_files(struct scan_tree *tree)
{
	size_t kept = 0;

	if (tree->nfiles == 0)
		return;
	for (size_t i = 1; i < tree->nfiles; i++) {
		if (by_path(&tree->files[i - 1], &tree->files[i]) >= 0) {
			qsort(tree->files, tree->nfiles, sizeof(*tree->files), by_entry);
			break;
		}
	}
	for (size_t i = 1; i < tree->nfiles; i++) {
		if (by_path(&tree->files[kept], &tree->files[i]) != 0)
			tree->files[++kept] = tree->files[i];
		else
			tree->bad_names++;
	}
	tree->nfiles = kept + 1;
}

enum err scan_tree(struct ctx *cx, struct scan *scan, const char *commit,
                   const struct scan_limits *limits, const struct scan_known *known,
                   struct scan_tree *ret)
{
	struct walk w = { .cx = cx, .scan = scan, .limits = limits, .known = known, .tree = ret };
	git_oid root;

	*ret = (struct scan_tree){ 0 };
	TRY(find_root(cx, scan, commit, &root));
	if (enter(&w, &root, 0) != SKIP_NONE)
		return err_set(cx, ERR_REPO_BROKEN, "the root tree of commit %s cannot be read",
		               commit);
	while (w.top != NULL) {
		if (w.top->p < w.top->end)
			step(&w);
		else
			leave(&w);
	}
	sort_files(ret);
	if (ret->nbroken_dirs > 1)
		qsort(ret->broken_dirs, ret->nbroken_dirs, sizeof(char *), by_text);
	return ERR_OK;
}

/* --- One path --- */

/* Find a name in a tree.  @ret its mode, 0: it is not there, or the tree is malformed before it */
static unsigned find_name(struct span tree, struct span name, git_oid *ret)
{
	const char *p = tree.data, *end = p + tree.len;

	while (p < end) {
		unsigned mode = 0;
		size_t left, len;

		while (p < end && *p >= '0' && *p <= '7')
			mode = mode << 3 | (unsigned)(*p++ - '0');
		if (p == end || *p != ' ')
			return 0;
		left = (size_t)(end - ++p);
		len = strnlen(p, left);
		if (left < len + 1 + MAP_OID_BYTES)
			return 0;
		if (len == name.len && memcmp(p, name.data, len) == 0) {
			memcpy(ret->id, p + len + 1, MAP_OID_BYTES);
			return mode;
		}
		p += len + 1 + MAP_OID_BYTES;
	}
	return 0;
}

/* @ret the name in front of the path, and take it off with its '/' */
static struct span next_name(struct span *path)
{
	const char *slash = memchr(path->data, '/', path->len);
	struct span name = { path->data, slash != NULL ? (size_t)(slash - path->data) : path->len };
	size_t used = name.len + (slash != NULL ? 1 : 0);

	path->data += used;
	path->len -= used;
	return name;
}

enum err scan_find(struct ctx *cx, struct scan *scan, const char *commit, struct span path,
                   struct map_file *ret)
{
	struct span rest = path;
	unsigned mode = MODE_TREE;
	git_oid oid;

	*ret = (struct map_file){ .path = path };
	if (path.len > 0 && path.data[path.len - 1] == '/')
		return err_set(cx, ERR_NOT_FOUND, "a path with a slash at its end is a folder");
	TRY(find_root(cx, scan, commit, &oid));
	while (rest.len > 0 && (mode & MODE_TYPE) == MODE_TREE) {
		struct span name = next_name(&rest);
		struct scan_blob tree;
		uint64_t bytes;

		if (scan_read(scan, &oid, GIT_OBJECT_TREE, TREE_BYTES_MAX, &bytes, &tree) !=
		    SKIP_NONE)
			return err_set(cx, ERR_REPO_BROKEN, "a folder above it cannot be read");
		mode = find_name(tree.text, name, &oid);
		scan_blob_free(&tree);
	}
	if (mode == 0 || rest.len > 0 || (mode & MODE_TYPE) == MODE_TREE)
		return err_set(cx, ERR_NOT_FOUND, "commit %.12s has no such file", commit);
	ret->skip = (mode & MODE_TYPE) == MODE_LINK     ? SKIP_SYMLINK
	            : (mode & MODE_TYPE) == MODE_COMMIT ? SKIP_SUBMODULE
	                                                : SKIP_NONE;
	memcpy(ret->oid, oid.id, MAP_OID_BYTES);
	return ERR_OK;
}

bool scan_is_lfs_pointer(struct span text)
{
	static const char START[] = "version https://git-lfs.github.com/spec/";

	return text.len < 1024 && text.len > sizeof(START) &&
	       memcmp(text.data, START, sizeof(START) - 1) == 0;
}

const char *skip_reason_name(enum skip_reason reason)
{
	static const char *const NAMES[] = {
		[SKIP_NONE] = "",           [SKIP_TOO_LARGE] = "too_large",
		[SKIP_BINARY] = "binary",   [SKIP_LFS] = "lfs",
		[SKIP_SYMLINK] = "symlink", [SKIP_SUBMODULE] = "submodule",
		[SKIP_MISSING] = "missing", [SKIP_CORRUPT] = "corrupt",
	};

	assert((size_t)reason < COUNT(NAMES));
	return NAMES[reason];
}
