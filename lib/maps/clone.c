/* The course of a clone, and what its steps share: time, progress, libgit2's errors. */
#include "maps/clone.h"

#include "base/net_ssh.h"
#include "maps/clone_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TELL_MS          200
#define PACKS_MAX        500
#define DISK_MS          100
#define FREE_MIN_DEFAULT ((int64_t)256 << 20)

/* libgit2 keeps within these, whatever the pack. */
#define OBJECT_MAX_BYTES ((size_t)100 << 20) /* one object; larger ones are not source text */
#define WINDOW_BYTES     ((size_t)32 << 20)
#define MAPPED_BYTES     ((size_t)192 << 20)
#define CACHE_BYTES      ((ssize_t)16 << 20)

static int64_t now_ms(const struct clone *c)
{
	return c->cx->app->clock->mono_us(c->cx->app->clock) / 1000;
}

/* Room must be left: a full disk stops the database, if it is the same. */
enum err clone_room(struct clone *c, int64_t bytes)
{
	int64_t least = c->rq->min_free_bytes == 0 ? FREE_MIN_DEFAULT : c->rq->min_free_bytes;
	struct statvfs fs;
	int64_t left;

	if (fstatvfs(c->dir_fd, &fs) != 0)
		return err_set(c->cx, ERR_UNAVAILABLE, "the disk of the clones does not answer: %s",
		               strerror(errno));
	left = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (left - bytes >= least)
		return ERR_OK;
	err_set(c->cx, ERR_UNAVAILABLE,
	        "the disk of the clones has %lld MiB left; %lld MiB are needed, %lld MiB must stay free",
	        (long long)(left >> 20), (long long)(bytes >> 20), (long long)(least >> 20));
	err_fix(c->cx, "Make room, or move the setting repos_dir to another disk.");
	return ERR_UNAVAILABLE;
}

static enum err look(struct clone *c)
{
	int64_t now = now_ms(c);

	if (c->hooks.cancelled != NULL && c->hooks.cancelled(c->hooks.arg))
		return err_set(c->cx, ERR_CANCELLED, "the fetch was cancelled");
	if (now >= c->deadline_ms) {
		err_set(c->cx, ERR_TIMEOUT, "the fetch was not done after %lld s",
		        (long long)c->rq->timeout_s);
		err_fix(c->cx, "Raise the setting clone_timeout_s.");
		return ERR_TIMEOUT;
	}
	if (c->dir_fd < 0 || now - c->disk_ms < DISK_MS)
		return ERR_OK;
	c->disk_ms = now;
	return clone_room(c, 0);
}

bool clone_stopped(struct clone *c)
{
	if (c->stopped.code == ERR_OK && look(c) != ERR_OK)
		c->stopped = c->cx->fault;
	return c->stopped.code != ERR_OK;
}

enum err clone_stop(struct clone *c)
{
	c->cx->fault = c->stopped;
	return c->stopped.code;
}

void clone_progress(struct clone *c, int percent, const char *words, ...)
{
	int64_t now = now_ms(c);
	va_list ap;
	char text[200];

	if (c->hooks.progress == NULL || now - c->told_ms < TELL_MS)
		return;
	c->told_ms = now;
	va_start(ap, words);
	vsnprintf(text, sizeof(text), words, ap);
	va_end(ap);
	c->hooks.progress(c->hooks.arg, percent, text);
}

enum err clone_too_many_objects(struct clone *c)
{
	err_set(c->cx, ERR_REPO_TOO_LARGE, "the repository has more than %lld objects",
	        (long long)c->rq->max_objects);
	err_fix(c->cx, "Raise the setting clone_max_objects.");
	return ERR_REPO_TOO_LARGE;
}

enum err clone_git_failed(struct clone *c, const char *what)
{
	const git_error *last = git_error_last();
	const char *why = last == NULL || last->message == NULL ? "unknown" : last->message;
	int class = last == NULL ? GIT_ERROR_NONE : last->klass;
	enum err code = ERR_REPO_BROKEN;

	if (c->stopped.code != ERR_OK)
		return clone_stop(c);
	if (class == GIT_ERROR_INDEXER && strstr(why, "too many objects") != NULL)
		return clone_too_many_objects(c);
	if (strstr(why, "large object") != NULL) {
		err_set(c->cx, ERR_REPO_TOO_LARGE,
		        "the repository holds an object of more than %zu MiB that is stored as a delta",
		        OBJECT_MAX_BYTES >> 20);
		err_fix(c->cx,
		        "Take large binary files out of the repository; no setting allows them.");
		return ERR_REPO_TOO_LARGE;
	}
	if (class == GIT_ERROR_NOMEMORY)
		code = ERR_OUT_OF_MEMORY;
	else if (class == GIT_ERROR_OS || class == GIT_ERROR_FILESYSTEM)
		code = ERR_UNAVAILABLE;
	else if (class == GIT_ERROR_NET)
		code = ERR_REMOTE_FAILED;
	return err_set(c->cx, code, "%s: %s", what, why);
}

/* No configuration of the machine or its users, no objects out of bounds. */
static enum err start_git(struct clone *c)
{
	if (git_libgit2_init() < 0)
		return err_set(c->cx, ERR_INTERNAL, "the git library does not start");
	c->git_started = true;
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)c->rq->max_objects);
#ifdef HAVE_PACK_MAX_OBJECT_SIZE
	git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, OBJECT_MAX_BYTES);
#endif
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_BYTES);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_BYTES);
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_BYTES);
	return ERR_OK;
}

/*
 * The copy's configuration is ours alone and always the same: what a run that was cut short left of it
 * does not matter.
 */
static enum err write_config(struct clone *c)
{
	static const char TEXT[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
	int fd = openat(c->dir_fd, "config", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	                0600);
	bool good = fd >= 0 && write(fd, TEXT, sizeof(TEXT) - 1) == sizeof(TEXT) - 1;

	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good)
		return ERR_OK;
	return err_set(c->cx, ERR_UNAVAILABLE, "cannot write %s/config: %s", c->rq->directory,
	               strerror(errno));
}

/* Open the copy; one that cannot be opened was cut short while it was made, and is made again. */
static enum err open_copy(struct clone *c)
{
	git_repository_init_options options = { .version = GIT_REPOSITORY_INIT_OPTIONS_VERSION };
	int e;

	TRY(write_config(c));
	/* Not git_repository_open_bare(), which does not look at the owner. */
	e = git_repository_open_ext(&c->repo, c->rq->directory,
	                            GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, NULL);
	if (e == 0)
		return ERR_OK;
	if (e == GIT_EOWNER)
		return clone_git_failed(c, "the copy belongs to another user");
	options.flags = GIT_REPOSITORY_INIT_BARE;
	if (git_repository_init_ext(&c->repo, c->rq->directory, &options) != 0)
		return clone_git_failed(c, "the copy cannot be made");
	return ERR_OK;
}

static bool is_local(const char *url)
{
	return url[0] == '/' || strncmp(url, "file://", 7) == 0;
}

static enum err begin(struct clone *c)
{
	struct net_ssh ssh;
	struct net_url url;

	c->local = is_local(c->rq->url);
	if (c->local)
		TRY(clone_local_find(c));
	else if (net_ssh_is(c->rq->url))
		TRY(net_ssh_parse(c->cx, c->rq->url, &ssh));
	else
		TRY(net_url_parse(c->cx, c->rq->url, &url));
	TRY(clone_tree_open(c));
	TRY(clone_room(c, 0));
	/* Each fetch adds a pack, and a look-up tries them all: so many, and a new copy is quicker. */
	if (clone_tree_sweep(c) > PACKS_MAX && !c->local)
		TRY(clone_tree_empty(c));
	TRY(start_git(c));
	TRY(open_copy(c));
	return c->local ? clone_local_objects(c) : ERR_OK;
}

enum err clone_begin(struct ctx *cx, const struct fetch_request *rq,
                     const struct clone_hooks *hooks, struct clone **ret)
{
	struct clone *c = arena_alloc(cx->arena, sizeof(*c));

	c->cx = cx;
	c->rq = rq;
	if (hooks != NULL)
		c->hooks = *hooks;
	c->dir_fd = c->lock_fd = -1;
	c->deadline_ms = now_ms(c) + rq->timeout_s * 1000;
	*ret = c;
	return begin(c);
}

const char *const *clone_reads(const struct clone *clone, size_t *ret_n)
{
	const struct clone_source *s = &clone->source;
	size_t n = 0;

	while (n < COUNT(s->reads) && s->reads[n] != NULL)
		n++;
	*ret_n = n;
	return s->reads;
}

static enum err finish(struct clone *c, struct fetch_reply *ret)
{
	TRY(c->local ? clone_local_refs(c) : clone_remote_fetch(c));
	TRY(clone_refs_write(c));
	TRY(c->rq->wanted != NULL ? clone_refs_wanted(c, ret) : clone_refs_choose(c, ret));
	if (c->local)
		clone_link_prune(c);
	return ERR_OK;
}

/* Begin anew with an empty copy, under the same lock. */
static enum err start_over(struct clone *c)
{
	git_repository_free(c->repo);
	c->repo = NULL;
	c->refs = NULL;
	c->nrefs = 0;
	c->head_ref = NULL;
	c->detached = false;
	c->tag = NULL;
	c->bytes = c->objects = 0;
	c->npacks = 0;
	TRY(clone_tree_empty(c));
	TRY(open_copy(c));
	return c->local ? clone_local_objects(c) : ERR_OK;
}

enum err clone_finish(struct clone *c, struct fetch_reply *ret)
{
	struct stat st;
	/* An older copy may itself be what is broken: a disk forgets, too. */
	bool older = fstatat(c->dir_fd, "packed-refs", &st, AT_SYMLINK_NOFOLLOW) == 0;
	enum err e = finish(c, ret);

	if (e != ERR_REPO_BROKEN || !older)
		return e;
	TRY(start_over(c));
	return finish(c, ret);
}

void clone_end(struct clone **clone)
{
	struct clone *c = *clone;

	if (c == NULL)
		return;
	git_repository_free(c->repo);
	if (c->git_started)
		git_libgit2_shutdown();
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	*clone = NULL;
}
