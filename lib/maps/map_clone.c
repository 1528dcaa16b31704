/* Where the clones of projects lie, what they take, and their end. */
#include "maps/map_clone.h"

#include "config/config.h"

#include <errno.h>
#include <fts.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMOVAL_FDS 32

/* Absolute, since a child works in "/". */
enum err map_clone_dir(struct ctx *cx, int64_t project_id, const char **ret)
{
	const char *dir = cx->app->config->repos_dir;
	char *real;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		err_set(cx, ERR_UNAVAILABLE, "the folder of the clones cannot be made");
		err_cause(cx, "mkdir %s: %s", dir, strerror(errno));
		return ERR_UNAVAILABLE;
	}
	real = realpath(dir, NULL);
	if (real == NULL) {
		err_set(cx, ERR_UNAVAILABLE, "the folder of the clones cannot be reached");
		err_cause(cx, "realpath %s: %s", dir, strerror(errno));
		return ERR_UNAVAILABLE;
	}
	*ret = arena_printf(cx->arena, "%s/%" PRId64, real, project_id);
	free(real);
	return ERR_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path) == 0 || errno == ENOENT ? 0 : errno;
}

enum err map_clone_remove(struct ctx *cx, int64_t project_id)
{
	const char *dir;
	int gone;

	TRY(map_clone_dir(cx, project_id, &dir));
	gone = nftw(dir, remove_one, REMOVAL_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (gone != 0 && access(dir, F_OK) == 0) {
		err_set(cx, ERR_UNAVAILABLE, "the clone cannot be removed");
		err_cause(cx, "%s: %s", dir, strerror(gone > 0 ? gone : errno));
		return ERR_UNAVAILABLE;
	}
	return ERR_OK;
}

/* What a folder takes on disk. */
enum err map_clone_weigh(struct ctx *cx, const char *dir, int64_t *ret)
{
	char *const roots[] = { arena_strdup(cx->arena, dir), NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	int64_t bytes = 0;
	FTSENT *at;

	if (fts == NULL)
		return err_set(cx, ERR_UNAVAILABLE, "the clone cannot be measured");
	while ((at = fts_read(fts)) != NULL) {
		if (at->fts_info == FTS_F || at->fts_info == FTS_D)
			bytes += at->fts_statp->st_blocks * INT64_C(512);
	}
	fts_close(fts);
	*ret = bytes;
	return ERR_OK;
}
