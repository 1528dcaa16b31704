/*
 * A view of a local source: its refs where they are, and none of its configuration.
 *
 * libgit2 opens no repository without reading its configuration and whatever that includes: files of the
 * user that this account may not read, formats that concern work trees only, settings that a stranger
 * chose.  So it is given a folder of ours that has HEAD as a copy, refs and packed-refs as links, and no
 * configuration at all.  Of the source's own only what decides how refs are kept is looked at here.
 */
#include "maps/clone_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err out_of_order(struct clone *c, const char *path, const char *why)
{
	err_set(c->cx, ERR_REPO_BROKEN, "%s %s", path, why);
	err_fix(c->cx, "Put the repository in order; git fsck tells more.");
	return ERR_REPO_BROKEN;
}

/* Ids and refs in another form than ours: told as such, not as damage. */
static enum err check_format(struct clone *c)
{
	static const struct {
		const char *key, *value;
	} OTHERS[] = { { "objectformat", "sha256" }, { "refstorage", "reftable" } };
	char *text =
		clone_read_small(c, arena_printf(c->cx->arena, "%s/config", c->source.common_dir));
	char *line;

	while ((line = strsep(&text, "\r\n")) != NULL) {
		for (size_t i = 0; i < COUNT(OTHERS); i++) {
			if (strcasestr(line, OTHERS[i].key) == NULL ||
			    strcasestr(line, OTHERS[i].value) == NULL)
				continue;
			err_set(c->cx, ERR_REPO_BROKEN,
			        "%s is kept in a format that cannot be read here: %s",
			        c->source.common_dir, OTHERS[i].value);
			err_fix(c->cx, "Map a copy that git keeps with --object-format=sha1 "
			               "--ref-format=files.");
			return ERR_REPO_BROKEN;
		}
	}
	return ERR_OK;
}

/* @ret 0 or errno */
static int write_head(int view, const char *text)
{
	int fd = openat(view, "HEAD", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int e = fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return e;
}

/* @ret 0 or errno */
static int fill(struct clone *c, int view, const char *head)
{
	struct arena *arena = c->cx->arena;
	const char *from = c->source.common_dir;
	int e = write_head(view, head);

	if (e == 0 &&
	    (mkdirat(view, "objects", 0700) != 0 ||
	     symlinkat(arena_printf(arena, "%s/refs", from), view, "refs") != 0 ||
	     symlinkat(arena_printf(arena, "%s/packed-refs", from), view, "packed-refs") != 0))
		e = errno;
	return e;
}

enum err clone_view_open(struct clone *c, git_repository **ret)
{
	struct arena *arena = c->cx->arena;
	const char *head_path = arena_printf(arena, "%s/HEAD", c->source.git_dir);
	const char *packed = arena_printf(arena, "%s/packed-refs", c->source.common_dir);
	const char *head = clone_read_small(c, head_path);
	struct stat st;
	int view, e;

	TRY(check_format(c));
	if (head == NULL)
		return out_of_order(c, head_path, "cannot be read");
	/* Opening a pipe waits for its writer, and libgit2 opens what it finds. */
	if (stat(packed, &st) == 0 && !S_ISREG(st.st_mode))
		return out_of_order(c, packed, "is no plain file");
	clone_view_remove(c);
	if (mkdirat(c->dir_fd, CLONE_VIEW, 0700) != 0)
		return err_set(c->cx, ERR_UNAVAILABLE, "cannot make %s/" CLONE_VIEW ": %s",
		               c->rq->directory, strerror(errno));
	view = openat(c->dir_fd, CLONE_VIEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	e = view < 0 ? errno : fill(c, view, head);
	if (view >= 0)
		close(view);
	if (e != 0)
		return err_set(c->cx, ERR_UNAVAILABLE, "cannot fill %s/" CLONE_VIEW ": %s",
		               c->rq->directory, strerror(e));
	if (git_repository_open_ext(ret, arena_printf(arena, "%s/" CLONE_VIEW, c->rq->directory),
	                            GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE,
	                            NULL) != 0)
		return clone_git_failed(c, "the source cannot be opened");
	return ERR_OK;
}

void clone_view_remove(struct clone *c)
{
	(void)unlinkat(c->dir_fd, CLONE_VIEW "/HEAD", 0);
	(void)unlinkat(c->dir_fd, CLONE_VIEW "/refs", 0);
	(void)unlinkat(c->dir_fd, CLONE_VIEW "/packed-refs", 0);
	(void)unlinkat(c->dir_fd, CLONE_VIEW "/objects", AT_REMOVEDIR);
	(void)unlinkat(c->dir_fd, CLONE_VIEW, AT_REMOVEDIR);
}
