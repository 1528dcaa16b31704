/*
 * Object files from one folder to another: a hard link where the kernel allows it, else a copy.
 *
 * Object files never change once they have their name, so sharing them is safe, and what has a name
 * already need not be looked at again.  A pack comes before its index, for an index makes it visible.
 */
#include "maps/clone_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY  "tmp_copy" /* in the copy's folder; clone_tree_sweep() knows it */
#define COPY_BYTES ((size_t)16 << 20)
#define IDX_MAGIC  "\377tOc\0\0\0\2"
#define IDX_TOTAL  (8 + 255 * 4) /* where an index says how many objects its pack has */

/* From and to: the same kind of folder at either end. */
struct ends {
	struct clone *c;
	int from, to;
};

static enum err cannot(struct clone *c, const char *what, const char *name)
{
	int e = errno;

	err_set(c->cx, e == EACCES ? ERR_URL_REFUSED : ERR_UNAVAILABLE,
	        "cannot %s the object file %s: %s", what, name, strerror(e));
	if (e == EACCES)
		err_fix(c->cx, "Let the account of the service read the repository.");
	return c->cx->fault.code;
}

/* Count what is there or comes, and compare with the caps. */
static enum err account(struct clone *c, int64_t bytes, int64_t objects)
{
	c->bytes += bytes;
	c->objects += objects;
	if (c->bytes > c->rq->max_bytes) {
		err_set(c->cx, ERR_REPO_TOO_LARGE, "the repository has more than %lld bytes",
		        (long long)c->rq->max_bytes);
		err_fix(c->cx, "Raise the setting clone_max_bytes.");
		return ERR_REPO_TOO_LARGE;
	}
	if (c->objects > c->rq->max_objects)
		return clone_too_many_objects(c);
	return ERR_OK;
}

static bool copy_bytes(struct clone *c, int from, int to)
{
	char bytes[65536];
	ssize_t n;

	do {
		n = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0);
		if (n > 0 && clone_stopped(c))
			return false;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0)
		return true;
	/* Between file systems that cannot do it by themselves. */
	do {
		n = read(from, bytes, sizeof(bytes));
		if (n > 0 && (write(to, bytes, (size_t)n) != n || clone_stopped(c)))
			return false;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0;
}

static enum err copy_file(const struct ends *p, int fd, const char *name, int64_t bytes)
{
	struct clone *c = p->c;
	enum err e = ERR_OK;
	int to;
	bool good;

	TRY(clone_room(c, bytes)); /* a copy is quicker than looks at the disk while it is made */
	(void)unlinkat(c->dir_fd, TEMPORARY, 0);
	to = openat(c->dir_fd, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            0400);
	if (to < 0)
		return cannot(c, "copy", name);
	good = copy_bytes(c, fd, to);
	good = close(to) == 0 && good;
	if (c->stopped.code != ERR_OK)
		e = clone_stop(c);
	else if (!good || renameat(c->dir_fd, TEMPORARY, p->to, name) != 0)
		e = cannot(c, "copy", name);
	if (e != ERR_OK)
		(void)unlinkat(c->dir_fd, TEMPORARY, 0);
	return e;
}

/* The descriptor's own name links exactly the file that was looked at, whatever its path has become. */
static bool link_file(const struct ends *p, int fd, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, p->to, name, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST;
}

/* Objects of a pack by its index; 0 for what is no index of the usual kind. */
static int64_t objects_of_index(int fd)
{
	unsigned char magic[8], total[4];

	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) ||
	    memcmp(magic, IDX_MAGIC, sizeof(magic)) != 0 ||
	    pread(fd, total, sizeof(total), IDX_TOTAL) != sizeof(total))
		return 0;
	return (int64_t)total[0] << 24 | total[1] << 16 | total[2] << 8 | total[3];
}

enum file_kind { FILE_LOOSE, FILE_PACK, FILE_INDEX };

/* One file, by its name in both folders. */
static enum err bring(const struct ends *p, const char *name, enum file_kind kind)
{
	struct clone *c = p->c;
	struct stat there, st;
	enum err e = ERR_OK;
	int fd = openat(p->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return ERR_OK; /* repacked meanwhile, or a link, which git does not make */
	if (fd < 0)
		return cannot(c, "read", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		e = account(c, st.st_size,
		            kind == FILE_LOOSE   ? 1
		            : kind == FILE_INDEX ? objects_of_index(fd)
		                                 : 0);
		if (e == ERR_OK && fstatat(p->to, name, &there, AT_SYMLINK_NOFOLLOW) != 0 &&
		    !link_file(p, fd, name))
			e = copy_file(p, fd, name, st.st_size);
	}
	close(fd);
	return e;
}

/* Two folders of one name, the second made when missing.  @ret whether the first is there */
static bool open_pair(struct ends *ret, const struct ends *parent, const char *name)
{
	*ret = (struct ends){ .c = parent->c, .to = -1 };
	ret->from = openat(parent->from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->from < 0)
		return false;
	if (mkdirat(parent->to, name, 0700) == 0 || errno == EEXIST)
		ret->to = openat(parent->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return true;
}

static void close_pair(struct ends *p)
{
	close(p->from);
	if (p->to >= 0)
		close(p->to);
}

static bool is_hex(const char *text, size_t n)
{
	return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static void keep_name(struct clone *c, const char *index)
{
	size_t n = c->npacks;

	/* Room is doubled at each power of two. */
	if ((n & (n - 1)) == 0)
		c->packs = arena_grow(c->cx->arena, c->packs, n * sizeof(*c->packs),
		                      (n == 0 ? 1 : n * 2) * sizeof(*c->packs));
	c->packs[c->npacks++] = arena_strdup(c->cx->arena, index);
}

static bool has_name(const struct clone *c, const char *index)
{
	for (size_t i = 0; i < c->npacks; i++) {
		if (strcmp(c->packs[i], index) == 0)
			return true;
	}
	return false;
}

/* "pack-<id>.idx", whose pack comes first. */
static enum err bring_pack(const struct ends *p, const char *index)
{
	char pack[64];
	int stem = (int)strlen(index) - 4;

	if (stem < 5 || stem > 50 || strncmp(index, "pack-", 5) != 0 ||
	    strcmp(index + stem, ".idx") != 0)
		return ERR_OK;
	snprintf(pack, sizeof(pack), "%.*s.pack", stem, index);
	keep_name(p->c, index);
	TRY(bring(p, pack, FILE_PACK));
	return bring(p, index, FILE_INDEX);
}

static enum err bring_loose(const struct ends *p, const char *name)
{
	return is_hex(name, GIT_OID_HEXSZ - 2) ? bring(p, name, FILE_LOOSE) : ERR_OK;
}

/* All files of one folder. */
static enum err bring_folder(const struct ends *parent, const char *name,
                             enum err (*one)(const struct ends *p, const char *name))
{
	struct ends p;
	struct dirent *d;
	DIR *dir;
	enum err e = ERR_OK;

	if (!open_pair(&p, parent, name))
		return ERR_OK;
	dir = p.to < 0 ? NULL : fdopendir(fcntl(p.from, F_DUPFD_CLOEXEC, 0));
	if (dir == NULL)
		e = cannot(parent->c, "make the folder of", name);
	while (e == ERR_OK && (d = readdir(dir)) != NULL) {
		e = one(&p, d->d_name);
		if (e == ERR_OK && clone_stopped(p.c))
			e = clone_stop(p.c);
	}
	if (dir != NULL)
		closedir(dir);
	close_pair(&p);
	clone_progress(parent->c, 40, "copying objects, %lld MiB",
	               (long long)(parent->c->bytes >> 20));
	return e;
}

enum err clone_link_objects(struct clone *c, const char *objects)
{
	struct ends top = { .c = c };
	char name[3];
	enum err e;

	top.from = open(objects, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top.from < 0)
		return cannot(c, "read", objects);
	top.to = openat(c->dir_fd, "objects", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top.to < 0)
		e = cannot(c, "make the folder of", "objects");
	else
		e = bring_folder(&top, "pack", bring_pack);
	for (int i = 0; e == ERR_OK && i < 256; i++) {
		snprintf(name, sizeof(name), "%02x", i);
		e = bring_folder(&top, name, bring_loose);
	}
	close_pair(&top);
	return e;
}

/*
 * A source that is repacked has other packs; the old ones would stay here for ever.  Away go those that
 * no folder had when its objects were linked: every ref written since is whole without them.
 */
void clone_link_prune(struct clone *c)
{
	int fd = openat(c->dir_fd, "objects/pack", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);
		char pack[256];

		if (n < 5 || strcmp(d->d_name + n - 4, ".idx") != 0 || has_name(c, d->d_name))
			continue;
		snprintf(pack, sizeof(pack), "%.*s.pack", (int)n - 4, d->d_name);
		/* The index first: alone, a pack is invisible, and swept by the next run. */
		if (unlinkat(fd, d->d_name, 0) == 0)
			(void)unlinkat(fd, pack, 0);
	}
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}
