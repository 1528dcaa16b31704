/*
 * Clone: a bare copy of a project's repository, made once and brought up to date later.
 *
 * The heart of portolan-fetch.  A remote is fetched through our own transport (transport.h); a local
 * repository is copied by hard links where the kernel lets us.  Nothing is ever checked out, no
 * configuration but the copy's own is read, and what a remote says is bounded in bytes, objects,
 * refs and time.
 *
 *   Result     All branches of the source and its HEAD; objects before refs, each written under
 *              another name and renamed.  So a kill at any moment leaves a copy that is whole in its
 *              old state or in its new one, and what is left over is swept by the next run.
 *              A copy that turns out to be damaged is emptied and made anew, once.
 *   Exclusive  A lock on the copy's folder is held from clone_begin() to clone_end().
 *   libgit2    Its options are global to the process: one clone at a time in one process.
 */
#ifndef MAPS_CLONE_H
#define MAPS_CLONE_H

#include "maps/child.h"

/* What the caller lends; each may be NULL. */
struct clone_hooks {
	void (*progress)(void *arg, int percent, const char *words); /* at most 5 a second */
	bool (*cancelled)(void *arg);                                /* asked every 100 ms or so */
	void *arg;
	const char *ca_file; /* as in struct http_options */
};

struct clone;

/**
 * Check the source, make and lock the copy's folder, sweep it, and link what can be linked.
 *
 * All that touches files outside the copy other than by reading is done when this returns, so that
 * the caller may confine itself (clone_reads() tells what must stay readable).
 *
 * @rq   borrowed until clone_end()
 * @ret  ends with clone_end(), which the caller must call also after an error
 * Returns ERR_URL_REFUSED for an address or a path that is not allowed, ERR_REPO_NOT_FOUND and
 *         ERR_REPO_NOT_GIT for a path, ERR_REPO_TOO_LARGE, ERR_UNAVAILABLE when another process has
 *         the copy or the disk is full, ERR_CANCELLED, ERR_TIMEOUT
 */
NODISCARD
enum err clone_begin(struct ctx *cx, const struct fetch_request *rq,
                     const struct clone_hooks *hooks, struct clone **ret);

/** @ret paths that clone_finish() reads besides the copy: the folders of a local source */
const char *const *clone_reads(const struct clone *clone, size_t *ret_n);

/**
 * Fetch what is new, write refs and HEAD, and say which commit is to be read.
 *
 * Without a wanted branch it is that of the source's HEAD; when HEAD names a branch that is not
 * there, main, master, or the branch with the newest commit, and ret->note says so.
 *
 * Returns what transport_failure() returns; ERR_REF_NOT_FOUND, naming some branches that there are;
 *         ERR_REPO_TOO_LARGE, naming the setting; ERR_REPO_BROKEN, ERR_CANCELLED, ERR_TIMEOUT
 */
NODISCARD
enum err clone_finish(struct clone *clone, struct fetch_reply *ret);

/** For CLEANUP; NULL inside is accepted. */
void clone_end(struct clone **clone);

/**
 * Remove a copy and everything in it; a folder that is not there is removed already.
 * No symbolic link is followed.  Returns ERR_UNAVAILABLE when it is in use or cannot be removed.
 */
NODISCARD
enum err clone_remove(struct ctx *cx, const char *directory);

#endif
