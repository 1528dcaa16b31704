/*
 * Scan: read the tree and the blobs of one commit, and nothing else.
 *
 * Only the object database is opened: no configuration, no references, no
 * hooks, no index of the repository is ever read, so nobody's ownership of
 * those files matters, and nothing is checked out.  Commit and tree objects
 * are parsed here; a blob is capped by its header before it is read.
 *
 *   Paths      Bytes.  They are data and never become file names.
 *   Entries    Symbolic links and submodules are entries, never followed.
 *   Damage     A missing or corrupt subtree or blob is counted and noted; only
 *              the commit and its root tree are fatal.
 *   Memory     Entries live in cx->arena; a blob's bytes until scan_blob_free().
 */
#ifndef MAPS_SCAN_H
#define MAPS_SCAN_H

#include "base/ctx.h"
#include "maps/file.h"

#define SCAN_BROKEN_MAX  10000 /* folders named in broken_dirs; the rest is in over_limit */
#define SCAN_COMMIT_NONE "0000000000000000000000000000000000000000" /* an empty repository */

struct scan_limits {
	uint64_t max_blob_bytes;
	size_t max_files; /* entries kept; the rest is counted */
	size_t max_depth; /* folders inside folders */
};

/* What the walk met.  The numbers of what was left out go into the map's coverage. */
struct scan_tree {
	struct map_file *files; /* sorted by the bytes of their paths, each once */
	size_t nfiles;
	const char **broken_dirs; /* display paths of subtrees that could not be read, sorted */
	size_t nbroken_dirs;
	uint64_t over_limit;    /* entries beyond max_files, folders beyond what is walked */
	uint64_t too_deep;      /* folders beyond max_depth */
	uint64_t path_too_long; /* beyond MAP_PATH_MAX */
	uint64_t bad_names;     /* empty, or with a '/' inside */
};

struct scan_blob {
	struct span text;
	void *object; /* for scan_blob_free() */
	bool packed;  /* by pack.h, not by libgit2 */
};

struct scan;

/**
 * Set libgit2 up for reading hostile repositories in little memory: no
 * configuration paths, small windows, no object cache, a ceiling per object.
 * To be called once, before scan_open() and before any sandbox.
 */
NODISCARD
enum err scan_init(struct ctx *cx);

/** The counterpart of scan_init(). */
void scan_quit(void);

/**
 * Open the object database below a bare repository (or a .git folder).
 *
 * @ret to be closed by scan_close()
 * Returns ERR_REPO_NOT_GIT when there is none.
 */
NODISCARD
enum err scan_open(struct ctx *cx, const char *repo_path, struct scan **ret);

void scan_close(struct scan *scan);
void scan_close_ptr(struct scan **scan);

/* Where trees may be known from, and are kept for later runs. */
struct scan_known {
	void *data;
	struct span (*find)(void *data, const unsigned char *oid); /* @ret data NULL: it is not */
	void (*keep)(void *data, const unsigned char *oid, struct span tree);
};

/**
 * List the entries of a commit's tree.
 *
 * @commit  40 hexadecimal digits of a commit, or of a tag of one
 * @known   NULL: none is
 * Returns ERR_REF_NOT_FOUND when there is no such commit, ERR_REPO_BROKEN
 * when it or its root tree cannot be read.
 */
NODISCARD
enum err scan_tree(struct ctx *cx, struct scan *scan, const char *commit,
                   const struct scan_limits *limits, const struct scan_known *known,
                   struct scan_tree *ret);

/** @ret id of the root tree of a commit.  Returns what scan_tree() does of the commit */
NODISCARD
enum err scan_root(struct ctx *cx, struct scan *scan, const char *commit,
                   unsigned char ret[MAP_OID_BYTES]);

/**
 * Read the blob of an entry.  Sets file->bytes, and file->skip when there is
 * nothing to read (too large, missing, corrupt); then ret->text is empty.
 */
void scan_blob(struct scan *scan, const struct scan_limits *limits, struct map_file *file,
               struct scan_blob *ret);

/** The same, but also of a symbolic link, whose blob says where it leads; file->skip stays as it is. */
void scan_entry(struct scan *scan, const struct scan_limits *limits, struct map_file *file,
                struct scan_blob *ret);

void scan_blob_free(struct scan_blob *blob);

enum scan_type { SCAN_COMMIT, SCAN_TREE, SCAN_BLOB };

/**
 * Read any object after a look at its type and size.
 *
 * @oid  MAP_OID_BYTES
 * @ret  to be freed by scan_blob_free(); empty unless SKIP_NONE is returned
 * Returns SKIP_NONE, SKIP_TOO_LARGE, SKIP_MISSING or SKIP_CORRUPT
 */
enum skip_reason scan_object(struct scan *scan, const unsigned char *oid, enum scan_type type,
                             uint64_t max_bytes, struct scan_blob *ret);

/** @ret the same bytes once more, to be freed on its own */
struct scan_blob scan_blob_share(const struct scan_blob *blob);

/**
 * Whether a good part of all objects is to be read: then packs stay mapped, as far as the address
 * space allows, instead of a few small windows of them (set for all scans of the process), and trees
 * and commits are read without a look at their size first; what is too large costs its memory once.
 */
void scan_in_bulk(struct scan *scan, bool on);

/**
 * Find the entry of one path in a commit's tree, reading the folders on the way only.
 *
 * @ret its path borrows; facts are zero
 * Returns what scan_tree() returns, and ERR_NOT_FOUND for what is not there or a folder
 */
NODISCARD
enum err scan_find(struct ctx *cx, struct scan *scan, const char *commit, struct span path,
                   struct map_file *ret);

/** @ret whether a blob is a pointer of Git LFS, whose content is elsewhere */
bool scan_is_lfs_pointer(struct span text);

/** @ret whether an object could not be read for want of memory: the scan is not to be trusted */
bool scan_out_of_memory(const struct scan *scan);

/** @ret "too_large", "binary", ...: stored in maps; stable.  "" for SKIP_NONE */
const char *skip_reason_name(enum skip_reason reason);

#endif
