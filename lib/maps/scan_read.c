/* Scan: one object, from a pack or by libgit2. */
#include "maps/loose.h"
#include "maps/pack.h"
#include "maps/scan_parts.h"

#include <string.h>
#include <sys/resource.h>

#define BULK_WINDOW ((size_t)32 << 20)
#define BULK_MAPPED ((size_t)256 << 20)
#define BULK_SHARE  4 /* of the address space at most, one in so many */

static enum pack_type pack_type_of(git_object_t type)
{
	return (enum pack_type)type; /* libgit2's are those of packs */
}
static_assert((int)GIT_OBJECT_COMMIT == (int)PACK_COMMIT &&
                      (int)GIT_OBJECT_TREE == (int)PACK_TREE &&
                      (int)GIT_OBJECT_BLOB == (int)PACK_BLOB &&
                      (int)GIT_OBJECT_TAG == (int)PACK_TAG,
              "types have one number");

static struct scan_blob of_odb(git_odb_object *object)
{
	return (struct scan_blob){
		.text = { git_odb_object_data(object), git_odb_object_size(object) },
		.object = object,
	};
}

/* @ret whether it is in a pack and as it is wanted: then it is in *ret */
static bool read_packed(struct scan *scan, const git_oid *oid, git_object_t type,
                        uint64_t max_bytes, struct scan_blob *ret)
{
	struct pack_object *object =
		scan->packs != NULL ? packs_read(scan->packs, oid->id, max_bytes) : NULL;

	if (object == NULL)
		return false;
	if (object->type != pack_type_of(type)) {
		pack_object_free(object);
		return false;
	}
	*ret = (struct scan_blob){ .text = { object->data, object->len },
		                   .object = object,
		                   .packed = true };
	return true;
}

enum skip_reason scan_read(struct scan *scan, const git_oid *oid, git_object_t type,
                           uint64_t max_bytes, uint64_t *bytes, struct scan_blob *ret)
{
	git_odb_object *object = NULL;
	size_t len;
	git_object_t found;
	int rc;

	*ret = (struct scan_blob){ 0 };
	if (read_packed(scan, oid, type, max_bytes, ret)) {
		*bytes = ret->text.len;
		return SKIP_NONE;
	}
	rc = git_odb_read_header(&len, &found, scan->odb, oid);
	if (rc != 0)
		return rc == GIT_ENOTFOUND ? SKIP_MISSING : SKIP_CORRUPT;
	*bytes = len;
	if (found != type)
		return SKIP_CORRUPT;
	if (len > max_bytes)
		return SKIP_TOO_LARGE;
	if (scan->may_be_loose && !loose_is_whole(scan->odb, oid))
		return SKIP_CORRUPT;
	if (git_odb_read(&object, scan->odb, oid) == 0) {
		*ret = of_odb(object);
		return SKIP_NONE;
	}
	scan->out_of_memory |=
		git_error_last() != NULL && git_error_last()->klass == GIT_ERROR_NOMEMORY;
	return SKIP_CORRUPT;
}

void scan_entry(struct scan *scan, const struct scan_limits *limits, struct map_file *file,
                struct scan_blob *ret)
{
	enum skip_reason skip = file->skip;

	if (skip == SKIP_SYMLINK)
		file->skip = SKIP_NONE;
	scan_blob(scan, limits, file, ret);
	if (skip == SKIP_SYMLINK && file->skip == SKIP_NONE)
		file->skip = skip;
}

void scan_blob(struct scan *scan, const struct scan_limits *limits, struct map_file *file,
               struct scan_blob *ret)
{
	git_oid oid;

	*ret = (struct scan_blob){ 0 };
	if (file->skip == SKIP_SYMLINK || file->skip == SKIP_SUBMODULE)
		return;
	memcpy(oid.id, file->oid, MAP_OID_BYTES);
	file->skip =
		scan_read(scan, &oid, GIT_OBJECT_BLOB, limits->max_blob_bytes, &file->bytes, ret);
}

void scan_blob_free(struct scan_blob *blob)
{
	if (blob->packed)
		pack_object_free(blob->object);
	else
		git_odb_object_free(blob->object);
	*blob = (struct scan_blob){ 0 };
}

/*
 * Trees and commits of packs, which are nearly never too large, without a look at their size before: it
 * costs as much as reading them.  @ret false: not so; then it is found out in the usual way, why
 */
static bool read_at_once(struct scan *scan, const git_oid *oid, git_object_t type,
                         uint64_t max_bytes, struct scan_blob *ret)
{
	git_odb_object *object;

	if (!scan->bulk || scan->may_be_loose || type == GIT_OBJECT_BLOB ||
	    git_odb_read(&object, scan->odb, oid) != 0)
		return false;
	if (git_odb_object_type(object) == type && git_odb_object_size(object) <= max_bytes) {
		*ret = of_odb(object);
		return true;
	}
	git_odb_object_free(object);
	return false;
}

enum skip_reason scan_object(struct scan *scan, const unsigned char *oid, enum scan_type type,
                             uint64_t max_bytes, struct scan_blob *ret)
{
	static const git_object_t TYPES[] = {
		[SCAN_COMMIT] = GIT_OBJECT_COMMIT,
		[SCAN_TREE] = GIT_OBJECT_TREE,
		[SCAN_BLOB] = GIT_OBJECT_BLOB,
	};
	uint64_t bytes;
	git_oid id;

	*ret = (struct scan_blob){ 0 };
	memcpy(id.id, oid, MAP_OID_BYTES);
	if (read_at_once(scan, &id, TYPES[type], max_bytes, ret))
		return SKIP_NONE;
	return scan_read(scan, &id, TYPES[type], max_bytes, &bytes, ret);
}

struct scan_blob scan_blob_share(const struct scan_blob *blob)
{
	struct scan_blob more = *blob;

	if (blob->packed)
		((struct pack_object *)blob->object)->refs++;
	else if (blob->object != NULL)
		git_odb_object_dup((git_odb_object **)&more.object, blob->object);
	return more;
}

void scan_in_bulk(struct scan *scan, bool on)
{
	size_t mapped = on ? BULK_MAPPED : SCAN_MAPPED_BYTES;
	struct rlimit space;

	scan->bulk = on;
	if (on) { /* which keeps bases for many versions of a tree; one mapped index is enough */
		packs_close(scan->packs);
		scan->packs = NULL;
	}
	if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur / BULK_SHARE < mapped)
		mapped = (size_t)space.rlim_cur / BULK_SHARE;
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE,
	                 on && mapped > BULK_WINDOW ? BULK_WINDOW : SCAN_WINDOW_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, mapped);
}
