/*
 * The copy's folder: making it, locking it, sweeping what a killed run left, removing it.
 *
 * Everything goes by descriptors of folders (openat and its kin, O_NOFOLLOW), so that no symbolic link
 * leads elsewhere.
 */
#include "maps/clone.h"

#include "maps/clone_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000
#define LOCK_STEP_US 50000
#define DEPTH_MAX    16 /* of folders in a bare repository, branches with slashes included */

static const char *const LOCKS[] = { "HEAD.lock", "packed-refs.lock", "config.lock", "shallow.lock",
	                             "tmp_copy" };

/* ---- making and locking ---- */

static enum err make_folder(struct ctx *cx, const char *path)
{
	char *parent = arena_strdup(cx->arena, path);
	char *slash = strrchr(parent, '/');

	assert(path[0] == '/' && slash != NULL);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return ERR_OK;
	*slash = '\0';
	if (errno == ENOENT && slash != parent && mkdir(parent, 0700) == 0 &&
	    mkdir(path, 0700) == 0)
		return ERR_OK;
	return err_set(cx, ERR_UNAVAILABLE, "cannot make the folder %s: %s", path, strerror(errno));
}

/* A folder that was removed while we waited for its lock is not the one that the path names. */
static bool is_still_there(const char *path, int fd)
{
	struct stat by_path, by_fd;

	return lstat(path, &by_path) == 0 && fstat(fd, &by_fd) == 0 &&
	       by_path.st_ino == by_fd.st_ino && by_path.st_dev == by_fd.st_dev;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* @ret 0, or errno; EWOULDBLOCK when another process has it; ESTALE when it went away meanwhile */
static int lock_folder(const char *path, int *ret_dir, int *ret_lock)
{
	int e = 0;

	*ret_lock = -1;
	*ret_dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_dir < 0)
		return errno;
	*ret_lock = openat(*ret_dir, CLONE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*ret_lock < 0 || flock(*ret_lock, LOCK_EX | LOCK_NB) != 0)
		e = errno;
	else if (!is_still_there(path, *ret_dir))
		e = ESTALE;
	if (e != 0) {
		close_fd(ret_lock);
		close_fd(ret_dir);
	}
	return e;
}

enum err clone_tree_open(struct clone *c)
{
	const char *path = c->rq->directory;
	int e = EWOULDBLOCK;

	for (int waited = 0; waited < LOCK_WAIT_MS; waited += LOCK_STEP_US / 1000) {
		TRY(make_folder(c->cx, path));
		e = lock_folder(path, &c->dir_fd, &c->lock_fd);
		if (e != EWOULDBLOCK && e != ESTALE)
			break;
		if (clone_stopped(c))
			return clone_stop(c);
		usleep(LOCK_STEP_US);
	}
	if (e == EWOULDBLOCK)
		return err_set(c->cx, ERR_UNAVAILABLE, "another process works on %s", path);
	if (e != 0)
		return err_set(c->cx, ERR_UNAVAILABLE, "cannot open %s: %s", path, strerror(e));
	return ERR_OK;
}

/* ---- walking ---- */

/* @ret a stream of the folder called name in dir, NULL with errno */
static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream;

	if (fd < 0)
		return NULL;
	stream = fdopendir(fd);
	if (stream == NULL)
		close(fd);
	return stream;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_hex(const char *name, size_t n)
{
	return strspn(name, "0123456789abcdef") == n;
}

/* pack-<id>.<ending> */
static bool is_pack_file(const char *name)
{
	const char *id = name + 5, *dot;

	if (strncmp(name, "pack-", 5) != 0)
		return false;
	dot = strchr(id, '.');
	return dot != NULL && dot - id >= GIT_OID_HEXSZ && is_hex(id, (size_t)(dot - id));
}

/* A pack and its index come in pairs: one alone is half of something that was cut short. */
static bool is_widow(int dir, const char *name)
{
	const char *ending = strrchr(name, '.');
	char other[256];
	struct stat st;

	if (strcmp(ending, ".pack") != 0 && strcmp(ending, ".idx") != 0)
		return false;
	if (snprintf(other, sizeof(other), "%.*s%s", (int)(ending - name), name,
	             strcmp(ending, ".pack") == 0 ? ".idx" : ".pack") >= (int)sizeof(other))
		return true;
	return fstatat(dir, other, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* @ret packs that are left */
static int sweep_packs(int objects)
{
	DIR *dir = open_folder(objects, "pack");
	struct dirent *d;
	int packs = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		const char *ending = strrchr(d->d_name, '.');

		if (is_dots(d->d_name))
			continue;
		if (!is_pack_file(d->d_name) || is_widow(dirfd(dir), d->d_name))
			(void)unlinkat(dirfd(dir), d->d_name, 0);
		else
			packs += strcmp(ending, ".pack") == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return packs;
}

/* Loose objects are called by the rest of their id; anything else was not finished. */
static void sweep_loose(int objects, const char *name)
{
	DIR *dir = open_folder(objects, name);
	struct dirent *d;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (!is_dots(d->d_name) && !is_hex(d->d_name, strlen(d->d_name)))
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	closedir(dir);
}

int clone_tree_sweep(struct clone *c)
{
	DIR *dir = open_folder(c->dir_fd, "objects");
	struct dirent *d;
	int packs;

	for (size_t i = 0; i < COUNT(LOCKS); i++)
		(void)unlinkat(c->dir_fd, LOCKS[i], 0);
	if (dir == NULL)
		return 0;
	packs = sweep_packs(dirfd(dir));
	while ((d = readdir(dir)) != NULL) {
		if (strlen(d->d_name) == 2 && is_hex(d->d_name, 2))
			sweep_loose(dirfd(dir), d->d_name);
	}
	closedir(dir);
	return packs;
}

/* ---- removing ---- */

/* Remove what is in a folder, the lock file aside when it is the outermost.  @ret 0 or errno */
static int remove_inside(int parent, const char *name, int depth)
{
	DIR *dir = open_folder(parent, name);
	struct dirent *d;
	int e = 0;

	if (dir == NULL)
		return errno;
	if (depth > DEPTH_MAX)
		e = ELOOP;
	while (e == 0 && (d = readdir(dir)) != NULL) {
		if (is_dots(d->d_name) || (depth == 0 && strcmp(d->d_name, CLONE_LOCK) == 0) ||
		    unlinkat(dirfd(dir), d->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			e = errno;
			break;
		}
		e = remove_inside(dirfd(dir), d->d_name, depth + 1);
		if (e == 0 && unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR) != 0)
			e = errno;
	}
	closedir(dir);
	return e;
}

enum err clone_tree_empty(struct clone *c)
{
	int e = remove_inside(c->dir_fd, ".", 0);

	if (e != 0)
		return err_set(c->cx, ERR_UNAVAILABLE, "cannot empty %s: %s", c->rq->directory,
		               strerror(e));
	return ERR_OK;
}

enum err clone_remove(struct ctx *cx, const char *directory)
{
	int dir, lock, e = lock_folder(directory, &dir, &lock);

	if (e == ENOENT)
		return ERR_OK;
	if (e == EWOULDBLOCK || e == ESTALE)
		return err_set(cx, ERR_UNAVAILABLE, "another process works on %s", directory);
	if (e == 0)
		e = remove_inside(dir, ".", 0);
	/* The lock goes last; who waits for it sees that its folder is no longer there. */
	if (e == 0 && (unlinkat(dir, CLONE_LOCK, 0) != 0 || rmdir(directory) != 0))
		e = errno;
	close_fd(&lock);
	close_fd(&dir);
	if (e != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot remove %s: %s", directory, strerror(e));
	return ERR_OK;
}
