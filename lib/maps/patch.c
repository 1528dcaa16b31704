/* Patch: two trees side by side, then the facts of what was replaced. */
#include "maps/patch.h"

#include "maps/attributes.h"
#include "maps/checksum.h"
#include "maps/tree_compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TREE_BYTES_MAX ((size_t)32 << 20) /* of one tree */
#define DEPTH_MAX      (MAP_PATH_MAX / 2)

/* A search for a patch. */
struct finding {
	struct ctx *cx;
	struct scan *scan;
	const struct scan_tree *tree;
	size_t ntrees;
	struct patch_file *files;
	unsigned char (*was)[MAP_OID_BYTES]; /* by file of the patch */
	size_t nfiles, cap;
	bool fails; /* something else changed */
};

static bool take_tree(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct finding *f = data;

	return f->ntrees++ < PATCH_FILES_MAX &&
	       scan_object(f->scan, oid, SCAN_TREE, TREE_BYTES_MAX, ret) == SKIP_NONE;
}

static int by_path(const void *key, const void *element)
{
	const struct span *path = key;
	const struct map_file *file = element;
	size_t n = path->len < file->path.len ? path->len : file->path.len;
	int order = memcmp(path->data, file->path.data, n);

	return order != 0 ? order : (path->len > n) - (file->path.len > n);
}

/* One that is a file in both trees. */
static bool take_change(void *data, const struct tree_change *change)
{
	struct finding *f = data;
	const struct map_file *file;

	f->fails = true;
	if (f->nfiles == f->cap || change->was == NULL || change->is == NULL ||
	    (change->was->mode & TREE_MODE_TYPE) != TREE_MODE_FILE ||
	    (change->is->mode & TREE_MODE_TYPE) != TREE_MODE_FILE || attributes_is(change->path))
		return false;
	file = bsearch(&change->path, f->tree->files, f->tree->nfiles, sizeof(*file), by_path);
	if (file == NULL || memcmp(file->oid, change->is->oid, MAP_OID_BYTES) != 0)
		return false;
	f->files[f->nfiles].file = (uint32_t)(file - f->tree->files);
	memcpy(f->was[f->nfiles++], change->was->oid, MAP_OID_BYTES);
	f->fails = false;
	return true;
}

static bool compare(struct finding *f, const char *was, const char *is)
{
	const struct tree_compare how = { .data = f,
		                          .max_depth = DEPTH_MAX,
		                          .take = take_tree,
		                          .give = scan_blob_free,
		                          .change = take_change };
	unsigned char roots[2][MAP_OID_BYTES];

	if (scan_root(f->cx, f->scan, was, roots[0]) != ERR_OK ||
	    scan_root(f->cx, f->scan, is, roots[1]) != ERR_OK) {
		err_clear(f->cx);
		return false;
	}
	return tree_compare(tree_comparing_new(f->cx->arena, &how), roots[0], roots[1]) &&
	       !f->fails;
}

static int by_file(const void *a, const void *b)
{
	const struct patch_file *x = a, *y = b;

	return x->file < y->file ? -1 : x->file > y->file;
}

bool patch_find(struct ctx *cx, struct scan *scan, const char *commit, const struct scan_tree *tree,
                const struct patch_base *base, patch_read *read, void *data, struct patch *ret)
{
	size_t share = tree->nfiles / PATCH_SHARE + PATCH_LEAST;
	struct finding f = { .cx = cx, .scan = scan, .tree = tree };

	f.cap = share < PATCH_FILES_MAX ? share : PATCH_FILES_MAX;
	f.files = arena_array(cx->arena, f.cap, sizeof(*f.files));
	f.was = arena_array(cx->arena, f.cap, MAP_OID_BYTES);
	if (!compare(&f, base->commit, commit))
		return false;
	for (size_t i = 0; i < f.nfiles; i++) {
		struct map_file was = { .path = tree->files[f.files[i].file].path };

		memcpy(was.oid, f.was[i], MAP_OID_BYTES);
		if (!read(data, &was))
			return false;
		f.files[i].was = was.facts;
	}
	if (f.nfiles > 1)
		qsort(f.files, f.nfiles, sizeof(*f.files), by_file);
	*ret = (struct patch){ *base, f.files, f.nfiles };
	return true;
}

const char *patch_sum(struct arena *arena, struct span bytes)
{
	return arena_printf(arena, "%016" PRIx64, checksum(bytes.data, bytes.len, bytes.len));
}
