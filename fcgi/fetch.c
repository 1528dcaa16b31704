/*
 * portolan-fetch: bring one bare repository up to date, and say which commit is to be read.
 *
 * A child of the runner: lib/maps/child.h tells what goes in and out, lib/maps/clone.h what it does.
 * The only program that talks to remote repositories, and so the one that has least: no database, no
 * secrets, no environment, and once its folder is locked, by Landlock, writing to that folder alone.
 */
#include "base/ctx.h"
#include "base/landlock.h"
#include "maps/clone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARENA_MAX_BYTES ((size_t)512 << 20) /* 100 000 refs of 500 bytes, and headroom */
#define RULES_MAX       64
#define REPLY_MAX_BYTES 4096

/* What resolving names and trusting certificates reads. */
static const char *const SYSTEM_READS[] = {
	"/etc",
	"/usr",
	"/lib",
	"/lib64",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/nscd",
	"/var/lib/ca-certificates",
	"/proc/self",
	"/proc/sys",
	"/sys/devices/system/cpu",
	"/dev/urandom",
	"/dev/null",
};

static void tell(void *arg, int percent, const char *words)
{
	(void)arg;
	child_progress(percent, words);
}

/* Write to the copy, read the source and what the system needs, run nothing. */
static enum err confine(struct ctx *cx, const struct fetch_request *rq, const struct clone *clone)
{
	struct landlock_rule rules[RULES_MAX] = {
		{ .path = rq->directory, .access = LANDLOCK_READ | LANDLOCK_WRITE },
	};
	size_t n = 1, nreads;
	const char *const *reads = clone_reads(clone, &nreads);
	int e, rule;

	assert(1 + nreads + COUNT(SYSTEM_READS) <= RULES_MAX);
	for (size_t i = 0; i < nreads; i++)
		rules[n++] = (struct landlock_rule){ .path = reads[i], .access = LANDLOCK_READ };
	for (size_t i = 0; i < COUNT(SYSTEM_READS); i++)
		rules[n++] = (struct landlock_rule){
			.path = SYSTEM_READS[i],
			.access = LANDLOCK_READ,
			.optional = true,
		};
	/* A local source needs no network at all. */
	e = landlock_confine(rules, n, LANDLOCK_SCOPED | (nreads > 0 ? LANDLOCK_NO_TCP : 0), &rule);
	if (e == 0 || e == ENOSYS)
		return ERR_OK; /* a kernel without Landlock: the other walls have to do */
	return err_set(cx, ERR_INTERNAL, "the fetcher cannot be confined: %s%s%s", strerror(e),
	               rule < 0 ? "" : " at ", rule < 0 ? "" : rules[rule].path);
}

static enum err run(struct ctx *cx)
{
	static const struct clone_hooks HOOKS = { .progress = tell };
	CLEANUP(clone_end) struct clone *clone = NULL;
	struct sb sb = sb_new(cx->arena, REPLY_MAX_BYTES);
	struct fetch_request rq;
	struct fetch_reply reply;
	const char *text;

	TRY(child_read(cx, &fetch_request_schema, &rq));
	if (rq.directory[0] != '/')
		return err_set(cx, ERR_INVALID, "the folder of the copy must be absolute");
	TRY(clone_begin(cx, &rq, &HOOKS, &clone));
	TRY(confine(cx, &rq, clone));
	TRY(clone_finish(clone, &reply));
	schema_encode(&sb, &fetch_reply_schema, &reply);
	TRY(sb_finish(cx, &sb, &text));
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return err_set(cx, ERR_INTERNAL, "the answer cannot be written");
	return ERR_OK;
}

int main(void)
{
	static const struct app APP = { .clock = &system_clock, .component = "fetch" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_MAX_BYTES);
	struct ctx cx;

	ctx_begin(&cx, &APP, arena, NULL);
	return run(&cx) == ERR_OK ? 0 : child_report(&cx);
}
