/*
 * The copy's refs and HEAD, and which commit is to be read.
 *
 * All branches are written as one packed-refs file and renamed into place: one step however many there
 * are, and branches that vanished from the source vanish with it.
 */
#include "maps/clone_private.h"
#include "maps/loose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADS       "refs/heads/"
#define TAGS        "refs/tags/"
#define NAMES_SHOWN 5
#define DIGITS_MIN  7 /* of a commit */
#define TAGS_MAX    8 /* that lead to a commit, one behind the other */

static const char ZERO[] = "0000000000000000000000000000000000000000";

/* Of the tags only the wanted one counts. */
static void note_tag(struct clone *c, const char *name, const git_oid *oid)
{
	if (c->rq->wanted == NULL || strncmp(name, TAGS, strlen(TAGS)) != 0 ||
	    strcmp(name + strlen(TAGS), c->rq->wanted) != 0)
		return;
	c->tag = arena_strdup(c->cx->arena, name);
	c->tag_oid = *oid;
}

void clone_refs_add(struct clone *c, const char *name, const git_oid *oid)
{
	size_t n = c->nrefs;
	int valid = 0;

	note_tag(c, name, oid);
	if (strncmp(name, HEADS, strlen(HEADS)) != 0 ||
	    git_reference_name_is_valid(&valid, name) != 0 || !valid)
		return;
	/* Room is doubled at each power of two. */
	if ((n & (n - 1)) == 0)
		c->refs = arena_grow(c->cx->arena, c->refs, n * sizeof(*c->refs),
		                     (n == 0 ? 1 : n * 2) * sizeof(*c->refs));
	c->refs[c->nrefs++] = (struct clone_ref){ arena_strdup(c->cx->arena, name), *oid };
}

static const struct clone_ref *find(const struct clone *c, const char *name)
{
	for (size_t i = 0; i < c->nrefs; i++) {
		if (strcmp(c->refs[i].name, name) == 0)
			return &c->refs[i];
	}
	return NULL;
}

static const struct clone_ref *find_branch(struct clone *c, const char *branch)
{
	return find(c, arena_printf(c->cx->arena, HEADS "%s", branch));
}

static int by_name(const void *a, const void *b)
{
	const struct clone_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

enum err clone_refs_check(struct clone *c)
{
	struct sb names = sb_new(c->cx->arena, FAULT_DETAIL_MAX / 2);
	const char *wanted = c->rq->ref, *some;

	if (c->nrefs > 0)
		qsort(c->refs, c->nrefs, sizeof(*c->refs), by_name);
	if (wanted == NULL || find_branch(c, wanted) != NULL)
		return ERR_OK;
	for (size_t i = 0; i < c->nrefs && i < NAMES_SHOWN; i++)
		sb_addf(&names, "%s%.60s", i == 0 ? "" : ", ", c->refs[i].name + strlen(HEADS));
	if (c->nrefs > NAMES_SHOWN)
		sb_addf(&names, " and %zu more", c->nrefs - NAMES_SHOWN);
	TRY(sb_finish(c->cx, &names, &some));
	err_set(c->cx, ERR_REF_NOT_FOUND, "the repository has no branch %.200s; %s%s", wanted,
	        c->nrefs == 0 ? "it has none" : "it has ", some);
	err_fix(c->cx,
	        "Change the project's default_branch, or clear it to follow the repository's own.");
	return ERR_REF_NOT_FOUND;
}

/* ---- writing ---- */

static enum err cannot_write(struct clone *c, const char *name)
{
	return err_set(c->cx, ERR_UNAVAILABLE, "cannot write %s/%s: %s", c->rq->directory, name,
	               strerror(errno));
}

/* @ret a stream on a fresh file, NULL with errno */
static FILE *create(struct clone *c, const char *name)
{
	int fd =
		openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

/* Put a finished file in the place of the old one. */
static enum err replace(struct clone *c, FILE *f, const char *lock, const char *name)
{
	bool good = fflush(f) == 0 && fsync(fileno(f)) == 0;

	good = fclose(f) == 0 && good;
	if (!good || renameat(c->dir_fd, lock, c->dir_fd, name) != 0)
		return cannot_write(c, name);
	return ERR_OK;
}

static enum err write_packed_refs(struct clone *c)
{
	FILE *f = create(c, "packed-refs.lock");
	char hex[GIT_OID_HEXSZ + 1];

	if (f == NULL)
		return cannot_write(c, "packed-refs");
	fputs("# pack-refs with: peeled fully-peeled sorted \n", f);
	for (size_t i = 0; i < c->nrefs; i++)
		fprintf(f, "%s %s\n", git_oid_tostr(hex, sizeof(hex), &c->refs[i].oid),
		        c->refs[i].name);
	return replace(c, f, "packed-refs.lock", "packed-refs");
}

static enum err write_head(struct clone *c)
{
	FILE *f = create(c, "HEAD.lock");
	char hex[GIT_OID_HEXSZ + 1];

	if (f == NULL)
		return cannot_write(c, "HEAD");
	if (c->detached)
		fprintf(f, "%s\n", git_oid_tostr(hex, sizeof(hex), &c->head_oid));
	else
		fprintf(f, "ref: %s\n", c->head_ref == NULL ? HEADS "main" : c->head_ref);
	return replace(c, f, "HEAD.lock", "HEAD");
}

enum err clone_refs_write(struct clone *c)
{
	TRY(write_packed_refs(c));
	return write_head(c);
}

/* ---- choosing ---- */

static bool may_read(struct clone *c, const git_oid *oid)
{
	git_odb *odb;
	bool whole;

	if (git_repository_odb(&odb, c->repo) != 0)
		return false;
	whole = loose_is_whole(odb, oid);
	git_odb_free(odb);
	return whole;
}

/* The commit that an id means, by way of tags.  @ret false when there is none */
static bool find_commit(struct clone *c, const git_oid *oid, git_oid *ret)
{
	*ret = *oid;
	for (int i = 0; i < TAGS_MAX; i++) {
		git_object *object = NULL;
		git_object_t type;

		if (!may_read(c, ret) ||
		    git_object_lookup(&object, c->repo, ret, GIT_OBJECT_ANY) != 0)
			return false;
		type = git_object_type(object);
		if (type == GIT_OBJECT_TAG)
			*ret = *git_tag_target_id((git_tag *)object);
		git_object_free(object);
		if (type != GIT_OBJECT_TAG)
			return type == GIT_OBJECT_COMMIT;
	}
	return false;
}

/* The branch whose commit is newest; the first by name among equals, so that it is always the same. */
static const struct clone_ref *newest(struct clone *c)
{
	const struct clone_ref *best = NULL;
	git_time_t best_time = 0;

	for (size_t i = 0; i < c->nrefs; i++) {
		git_commit *commit = NULL;

		if (!may_read(c, &c->refs[i].oid) ||
		    git_commit_lookup(&commit, c->repo, &c->refs[i].oid) != 0)
			continue;
		if (best == NULL || git_commit_time(commit) > best_time) {
			best = &c->refs[i];
			best_time = git_commit_time(commit);
		}
		git_commit_free(commit);
	}
	return best;
}

/* HEAD is of no use: the usual names, then the newest. */
static const struct clone_ref *substitute(struct clone *c)
{
	const struct clone_ref *ref = find(c, HEADS "main");

	if (ref == NULL)
		ref = find(c, HEADS "master");
	return ref == NULL ? newest(c) : ref;
}

/* The commit must be there, for what comes next reads it. */
static enum err reply(struct clone *c, const git_oid *oid, const char *ref, const char *note,
                      struct fetch_reply *ret)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid commit;

	if (!find_commit(c, oid, &commit)) {
		err_set(c->cx, ERR_REPO_BROKEN, "the repository lacks the commit %s of %s",
		        git_oid_tostr(hex, sizeof(hex), oid), ref == NULL ? "HEAD" : ref);
		err_fix(c->cx, "let \"git fsck\" tell what is damaged in the repository");
		return ERR_REPO_BROKEN;
	}
	git_oid_tostr(hex, sizeof(hex), &commit);
	*ret = (struct fetch_reply){
		.commit = arena_strdup(c->cx->arena, hex),
		.ref = ref,
		.note = note,
	};
	return ERR_OK;
}

enum err clone_refs_choose(struct clone *c, struct fetch_reply *ret)
{
	const char *head = c->head_ref == NULL ? NULL : c->head_ref;
	const struct clone_ref *ref = NULL;
	const char *note = NULL, *short_head = NULL;

	if (head != NULL && strncmp(head, HEADS, strlen(HEADS)) == 0)
		short_head = head + strlen(HEADS);
	if (c->rq->ref != NULL)
		ref = find_branch(c, c->rq->ref);
	else if (c->detached)
		return reply(c, &c->head_oid, NULL, NULL, ret);
	else if (head != NULL)
		ref = find(c, head);
	if (ref == NULL && c->nrefs == 0) {
		*ret = (struct fetch_reply){
			.commit = ZERO,
			.ref = short_head,
			.note = "The repository has no commits.",
		};
		return ERR_OK;
	}
	if (ref == NULL) {
		ref = substitute(c);
		if (ref == NULL)
			return err_set(c->cx, ERR_REPO_BROKEN,
			               "no branch of the repository leads to a commit");
		note = arena_printf(
			c->cx->arena, "The default branch%s%.100s is not there; %.100s is mapped.",
			short_head == NULL ? "" : " ", short_head == NULL ? "" : short_head,
			ref->name + strlen(HEADS));
	}
	return reply(c, &ref->oid, ref->name + strlen(HEADS), note, ret);
}

/* Digits of a commit that the copy has: then some branch or tag leads to it, or has led. */
static enum err wanted_commit(struct clone *c, struct fetch_reply *ret)
{
	const char *wanted = c->rq->wanted;
	size_t n = strlen(wanted);
	git_odb *odb = NULL;
	git_oid oid, whole = { { 0 } };
	int e = GIT_ENOTFOUND;

	if (n >= DIGITS_MIN && n <= GIT_OID_HEXSZ && strspn(wanted, "0123456789abcdef") == n &&
	    git_oid_fromstrn(&oid, wanted, n) == 0 && git_repository_odb(&odb, c->repo) == 0)
		e = git_odb_exists_prefix(&whole, odb, &oid, n);
	git_odb_free(odb);
	if (e == 0 && find_commit(c, &whole, &oid))
		return reply(c, &oid, NULL, NULL, ret);
	if (e == GIT_EAMBIGUOUS) {
		err_set(c->cx, ERR_REF_NOT_FOUND, "several commits begin with %s", wanted);
		err_fix(c->cx, "Give more of its digits.");
		return ERR_REF_NOT_FOUND;
	}
	err_set(c->cx, ERR_REF_NOT_FOUND, "the repository has no branch, tag or commit %.200s",
	        wanted);
	err_fix(c->cx, "Give a name that git ls-remote shows, or 7 or more digits of a commit "
	               "that a branch leads to.");
	return ERR_REF_NOT_FOUND;
}

enum err clone_refs_wanted(struct clone *c, struct fetch_reply *ret)
{
	const struct clone_ref *ref = find_branch(c, c->rq->wanted);

	if (ref != NULL)
		return reply(c, &ref->oid, ref->name + strlen(HEADS), NULL, ret);
	if (c->tag != NULL)
		return reply(c, &c->tag_oid, c->tag + strlen(TAGS), NULL, ret);
	return wanted_commit(c, ret);
}
