/* What the files clone*.c share. */
#ifndef MAPS_CLONE_PRIVATE_H
#define MAPS_CLONE_PRIVATE_H

#include "base/ctx.h"
#include "maps/clone.h"

#include <git2.h>
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h> /* where git_error_clear() went with libgit2 1.8 */
#endif

#define CLONE_LOCK        "portolan.lock" /* in the copy's folder */
#define CLONE_VIEW        "source"        /* a folder beside it, while refs are read */
#define CLONE_SOURCES_MAX 16 /* object folders of a local source, alternates included */

struct clone_ref {
	const char *name; /* refs/heads/... */
	git_oid oid;
};

/* A local source, every path absolute, real, and below an allowed root. */
struct clone_source {
	const char *git_dir, *common_dir; /* the same but for worktrees */
	const char *objects[CLONE_SOURCES_MAX];
	size_t nobjects;
	const char *reads[CLONE_SOURCES_MAX + 2];
};

struct clone {
	struct ctx *cx;
	const struct fetch_request *rq;
	struct clone_hooks hooks;
	int dir_fd, lock_fd;
	int64_t deadline_ms, told_ms, disk_ms;
	struct fault stopped; /* why clone_stopped() said so; its code is ERR_OK until it does */
	bool git_started, local;
	struct clone_source source;
	git_repository *repo;
	int64_t bytes, objects; /* copied or linked from a local source, what was there included */
	const char *
		*packs; /* of a local source, by the names of their indexes, as they were linked */
	size_t npacks;
	struct clone_ref *refs;
	size_t nrefs;
	const char *
		head_ref; /* what the source's HEAD names, in full; NULL: it is detached, or unknown */
	git_oid head_oid; /* when detached */
	bool detached;
	const char
		*tag; /* the wanted one in full, when the source has it; not written to the copy */
	git_oid tag_oid;
};

/** Time is up, the caller cancels, or the disk is full: from then on always true. */
bool clone_stopped(struct clone *c);

/** Describe why, in place of what those who noticed the end have said.  @ret the code */
enum err clone_stop(struct clone *c);

/** Would the disk have room for so many bytes more?  @ret ERR_UNAVAILABLE when not */
NODISCARD
enum err clone_room(struct clone *c, int64_t bytes);

/** Tell how far it is, unless something was told a moment ago. */
void clone_progress(struct clone *c, int percent, const char *words, ...) PRINTF(3, 4);

/** @ret ERR_REPO_TOO_LARGE */
enum err clone_too_many_objects(struct clone *c);

/** Turn libgit2's last error into ours.  @ret the code */
enum err clone_git_failed(struct clone *c, const char *what);

/** clone_local.c: find and check the source; link or copy its objects; read its refs. */
NODISCARD
enum err clone_local_find(struct clone *c);
NODISCARD
enum err clone_local_objects(struct clone *c);
NODISCARD
enum err clone_local_refs(struct clone *c);

/** @ret the text of a regular file of less than 64 KiB, NULL when it cannot be read or is none */
char *clone_read_small(struct clone *c, const char *path);

/** clone_view.c: the source's refs for libgit2, without its configuration.  Remove it in any case. */
NODISCARD
enum err clone_view_open(struct clone *c, git_repository **ret);
void clone_view_remove(struct clone *c);

/** clone_link.c: every object file of one folder, unless it is there; packs that none had, away. */
void clone_link_prune(struct clone *c);
NODISCARD
enum err clone_link_objects(struct clone *c, const char *objects);

/** clone_remote.c: refs and objects of a remote. */
NODISCARD
enum err clone_remote_fetch(struct clone *c);

/** clone_refs.c: sort, and is the wanted branch there; write refs and HEAD; the commit to read. */
NODISCARD
enum err clone_refs_check(struct clone *c);
NODISCARD
enum err clone_refs_write(struct clone *c);
NODISCARD
enum err clone_refs_choose(struct clone *c, struct fetch_reply *ret);
NODISCARD
enum err clone_refs_wanted(struct clone *c, struct fetch_reply *ret); /* of rq->wanted */
void clone_refs_add(struct clone *c, const char *name, const git_oid *oid);

/** clone_tree.c: make and lock the copy's folder, sweep it, empty it. */
NODISCARD
enum err clone_tree_open(struct clone *c);
int clone_tree_sweep(struct clone *c); /* @ret packs there are */
NODISCARD
enum err clone_tree_empty(struct clone *c);

#endif
