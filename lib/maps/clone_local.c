/*
 * A local source: where its objects really are, whether they may be read, and its refs.
 *
 * Allowed is what lies, all links resolved, below an allowed root: the repository itself, the one that a
 * worktree belongs to, and every folder of alternate objects.  It must belong to us or to the owner of
 * that root.
 */
#include "maps/clone_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_FILE_MAX 65536 /* bytes of .git, commondir and alternates */

static enum err refuse(struct clone *c, const char *path, const char *why, const char *fix)
{
	err_set(c->cx, ERR_URL_REFUSED, "the path %s %s", path, why);
	err_fix(c->cx, "%s", fix);
	return ERR_URL_REFUSED;
}

/* @ret the path without links and dots, NULL with errno */
static const char *real_path(struct clone *c, const char *path)
{
	char *real = realpath(path, NULL);
	const char *ret = real == NULL ? NULL : arena_strdup(c->cx->arena, real);

	free(real);
	return ret;
}

static bool is_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	while (n > 1 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 1);
}

/* Is a real path below a root, and does it belong to us or to the root's owner? */
static enum err check_allowed(struct clone *c, const char *path)
{
	const char *const *roots = c->rq->local_roots.items;
	bool below = false;
	struct stat st, root_st;

	if (stat(path, &st) != 0)
		return refuse(c, path, "cannot be read", strerror(errno));
	for (size_t i = 0; i < c->rq->local_roots.n; i++) {
		const char *root = real_path(c, roots[i]);

		if (root == NULL || !is_below(path, root))
			continue;
		below = true;
		if (st.st_uid == geteuid() ||
		    (stat(root, &root_st) == 0 && st.st_uid == root_st.st_uid))
			return ERR_OK;
	}
	if (!below)
		return refuse(c, path,
		              "is not below a folder from which repositories may be mapped",
		              "Add its folder to the setting local_roots.");
	return refuse(
		c, path, "belongs to another user",
		"Change its owner, or list a folder of that owner in the setting local_roots.");
}

/* The path that an address names: absolute, or behind file://. */
static enum err path_of_url(struct clone *c, const char **ret)
{
	const char *url = c->rq->url;
	struct sb sb = sb_new(c->cx->arena, PATH_MAX);

	if (url[0] == '/') {
		*ret = url;
		return ERR_OK;
	}
	url += strlen("file://");
	if (url[0] != '/')
		return refuse(c, url, "is not absolute", "Write file:///path/of/repository.");
	for (; *url != '\0'; url++) {
		unsigned byte = (unsigned char)*url;
		int used = 0;

		if (*url == '%' &&
		    (sscanf(url + 1, "%2x%n", &byte, &used) != 1 || used != 2 || byte == 0))
			return refuse(c, c->rq->url, "has a percent sign without two digits",
			              "Write a percent sign as %25, or give the path alone.");
		sb_addc(&sb, (char)byte);
		url += used;
	}
	return sb_finish(c->cx, &sb, ret);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Is there something that is neither file nor folder? */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

char *clone_read_small(struct clone *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < LINE_FILE_MAX) {
		text = arena_alloc(c->cx->arena, (size_t)st.st_size + 1);
		n = read(fd, text, (size_t)st.st_size);
		text[n > 0 ? n : 0] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* A path as it stands in a file of the repository: relative ones count from a base. */
static const char *from_base(struct clone *c, const char *base, const char *path)
{
	if (path[0] == '/')
		return real_path(c, path);
	return real_path(c, arena_printf(c->cx->arena, "%s/%s", base, path));
}

static enum err not_git(struct clone *c, const char *path)
{
	err_set(c->cx, ERR_REPO_NOT_GIT, "there is no git repository at %s", path);
	err_fix(c->cx, "Give the folder that holds .git, or a bare repository.");
	return ERR_REPO_NOT_GIT;
}

/* path/.git as folder or as file of a worktree, or path itself when it is bare. */
static enum err find_git_dir(struct clone *c, const char *path, const char **ret)
{
	const char *dot_git = arena_printf(c->cx->arena, "%s/.git", path), *found = NULL;
	char *text;

	if (is_folder(dot_git)) {
		found = real_path(c, dot_git);
	} else if ((text = clone_read_small(c, dot_git)) != NULL) {
		text[strcspn(text, "\r\n")] = '\0';
		if (strncmp(text, "gitdir: ", 8) == 0)
			found = from_base(c, path, text + 8);
	} else if (is_folder(arena_printf(c->cx->arena, "%s/objects", path))) {
		found = path;
	}
	if (found == NULL || access(arena_printf(c->cx->arena, "%s/HEAD", found), R_OK) != 0)
		return not_git(c, path);
	*ret = found;
	return check_allowed(c, found);
}

static enum err find_common_dir(struct clone *c)
{
	struct clone_source *s = &c->source;
	char *text = clone_read_small(c, arena_printf(c->cx->arena, "%s/commondir", s->git_dir));

	s->common_dir = s->git_dir;
	if (text == NULL)
		return ERR_OK;
	text[strcspn(text, "\r\n")] = '\0';
	s->common_dir = from_base(c, s->git_dir, text);
	if (s->common_dir == NULL)
		return not_git(c, s->git_dir);
	return check_allowed(c, s->common_dir);
}

/* The folder and those it borrows from, which may borrow in turn; the list ends the search. */
static enum err find_objects(struct clone *c)
{
	struct clone_source *s = &c->source;
	const char *first = from_base(c, s->common_dir, "objects");

	if (first == NULL)
		return not_git(c, s->common_dir);
	s->objects[s->nobjects++] = first;
	for (size_t i = 0; i < s->nobjects; i++) {
		char *text, *line;

		TRY(check_allowed(c, s->objects[i]));
		text = clone_read_small(
			c, arena_printf(c->cx->arena, "%s/info/alternates", s->objects[i]));
		while ((line = strsep(&text, "\r\n")) != NULL) {
			const char *other = line[0] == '#' || line[0] == '\0'
			                            ? NULL
			                            : from_base(c, s->objects[i], line);

			if (other == NULL)
				continue;
			if (s->nobjects == CLONE_SOURCES_MAX)
				return err_set(c->cx, ERR_REPO_BROKEN,
				               "%s borrows objects from more than %d folders",
				               s->common_dir, CLONE_SOURCES_MAX - 1);
			s->objects[s->nobjects++] = other;
		}
	}
	return ERR_OK;
}

enum err clone_local_find(struct clone *c)
{
	struct clone_source *s = &c->source;
	const char *path, *real;
	size_t n = 0;

	TRY(path_of_url(c, &path));
	if (c->rq->local_roots.n == 0)
		return refuse(c, path, "is local, and local repositories are not allowed",
		              "Add its folder to the setting local_roots.");
	real = real_path(c, path);
	if (real == NULL) {
		err_set(c->cx, ERR_REPO_NOT_FOUND, "there is nothing at %s: %s", path,
		        strerror(errno));
		err_fix(c->cx, "Check the path; it is one on the machine of the service.");
		return ERR_REPO_NOT_FOUND;
	}
	TRY(check_allowed(c, real));
	TRY(find_git_dir(c, real, &s->git_dir));
	TRY(find_common_dir(c));
	TRY(find_objects(c));
	s->reads[n++] = s->git_dir;
	s->reads[n++] = s->common_dir;
	for (size_t i = 0; i < s->nobjects; i++)
		s->reads[n++] = s->objects[i];
	return ERR_OK;
}

/* Which commits have no parents here; without it the history would look damaged. */
static void copy_shallow(struct clone *c)
{
	const char *from = arena_printf(c->cx->arena, "%s/shallow", c->source.common_dir);
	const char *text = clone_read_small(c, from);
	int fd;
	bool good;

	if (text == NULL) {
		(void)unlinkat(c->dir_fd, "shallow", 0);
		return;
	}
	fd = openat(c->dir_fd, "shallow.lock",
	            O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	good = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	if (good)
		(void)renameat(c->dir_fd, "shallow.lock", c->dir_fd, "shallow");
}

enum err clone_local_objects(struct clone *c)
{
	for (size_t i = 0; i < c->source.nobjects; i++)
		TRY(clone_link_objects(c, c->source.objects[i]));
	copy_shallow(c);
	return ERR_OK;
}

/* ---- refs ---- */

static enum err read_head(struct clone *c, git_repository *from)
{
	git_reference *head = NULL;
	const char *target;

	if (git_reference_lookup(&head, from, "HEAD") != 0)
		return clone_git_failed(c, "HEAD of the source cannot be read");
	target = git_reference_symbolic_target(head);
	if (target != NULL) {
		c->head_ref = arena_strdup(c->cx->arena, target);
	} else {
		c->detached = true;
		c->head_oid = *git_reference_target(head);
	}
	git_reference_free(head);
	return ERR_OK;
}

static int take_branch(git_reference *ref, void *arg)
{
	struct clone *c = arg;
	const git_oid *oid = git_reference_target(ref);

	if (oid != NULL)
		clone_refs_add(c, git_reference_name(ref), oid);
	git_reference_free(ref);
	return (int64_t)c->nrefs > c->rq->max_refs || clone_stopped(c) ? GIT_EUSER : 0;
}

static bool is_here(struct clone *c, const git_oid *oid)
{
	git_odb *odb = NULL;
	bool ret = git_repository_odb(&odb, c->repo) == 0 && git_odb_exists(odb, oid);

	git_odb_free(odb);
	return ret;
}

static bool all_here(struct clone *c)
{
	for (size_t i = 0; i < c->nrefs; i++) {
		if (!is_here(c, &c->refs[i].oid))
			return false;
	}
	return !c->detached || is_here(c, &c->head_oid);
}

/* The branch to be read, in full; NULL when HEAD is detached. */
static const char *asked_ref(struct clone *c)
{
	return c->rq->ref == NULL ? c->head_ref
	                          : arena_printf(c->cx->arena, "refs/heads/%s", c->rq->ref);
}

static enum err bad_branch(struct clone *c, const char *name)
{
	const git_error *why = git_error_last();

	err_set(c->cx, ERR_REPO_BROKEN, "the branch %.200s of the source cannot be read: %s", name,
	        why == NULL ? "it is no plain file" : why->message);
	err_fix(c->cx, "Put the repository in order; git fsck tells more.");
	return ERR_REPO_BROKEN;
}

/*
 * libgit2 lists no branch that it cannot read, nor one that stands for another.  The one to be read must
 * not be missed so: its repository would look empty.
 */
static enum err find_asked(struct clone *c, git_repository *from)
{
	const char *name = asked_ref(c);
	git_oid oid;
	int e;

	if (name == NULL)
		return ERR_OK;
	for (size_t i = 0; i < c->nrefs; i++) {
		if (strcmp(c->refs[i].name, name) == 0)
			return ERR_OK;
	}
	git_error_clear();
	if (is_special(arena_printf(c->cx->arena, "%s/%s", c->source.common_dir, name)))
		return bad_branch(c, name);
	e = git_reference_name_to_id(&oid, from, name);
	if (e == 0)
		clone_refs_add(c, name, &oid);
	else if (e != GIT_ENOTFOUND && e != GIT_EINVALIDSPEC)
		return bad_branch(c, name);
	return ERR_OK;
}

/*
 * A commit that is not here came to the source after its objects were linked, or its objects were being
 * repacked just then: a second look finds it.  If not, the source is damaged, and the branch is left
 * out, unless it is the one to be read.
 */
static enum err complete(struct clone *c)
{
	const char *asked = asked_ref(c);
	size_t kept = 0;

	if (all_here(c))
		return ERR_OK;
	c->bytes = c->objects = 0;
	TRY(clone_local_objects(c));
	for (size_t i = 0; i < c->nrefs; i++) {
		if (is_here(c, &c->refs[i].oid) ||
		    (asked != NULL && strcmp(c->refs[i].name, asked) == 0))
			c->refs[kept++] = c->refs[i];
	}
	if (kept == 0 && c->nrefs > 0)
		return err_set(c->cx, ERR_REPO_BROKEN,
		               "no branch of the repository leads to a commit");
	c->nrefs = kept;
	return ERR_OK;
}

static enum err read_refs(struct clone *c, git_repository *from)
{
	int e;

	TRY(read_head(c, from));
	e = git_reference_foreach(from, take_branch, c);
	if ((int64_t)c->nrefs > c->rq->max_refs) {
		err_set(c->cx, ERR_REPO_TOO_LARGE, "the repository has more than %lld branches",
		        (long long)c->rq->max_refs);
		err_fix(c->cx, "Raise the setting clone_max_refs.");
		return ERR_REPO_TOO_LARGE;
	}
	if (e != 0)
		return clone_git_failed(c, "the branches of the source cannot be read");
	TRY(find_asked(c, from));
	TRY(clone_refs_check(c));
	return complete(c);
}

enum err clone_local_refs(struct clone *c)
{
	git_repository *from = NULL;
	enum err e = clone_view_open(c, &from);

	if (e == ERR_OK)
		e = read_refs(c, from);
	git_repository_free(from);
	clone_view_remove(c);
	return e;
}
