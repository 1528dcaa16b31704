/*
 * portolan-fetch: bring one bare repository up to date, and say which commit is to be read.
 *
 * A child of the runner: lib/maps/child.h tells what goes in and out, lib/maps/clone.h what it does.
 * The only program that talks to remote repositories, and so the one that has least: no database, no
 * secret but the one that opens this repository, no environment; and once its folder is locked, writing to that folder alone (Landlock), no
 * other program, no tracing, no mounting, no sockets but those of the internet (seccomp).
 */
#include "base/ctx.h"
#include "base/landlock.h"
#include "base/secret.h"
#include "maps/clone.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define ARENA_MAX_BYTES ((size_t)512 << 20) /* 100 000 refs of 500 bytes, and headroom */
#define DATA_MAX_BYTES  ((rlim_t)1 << 30)   /* an index of some six million objects */
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

/*
 * Calls that no fetch makes.  A list of what is refused, not of what is allowed: name resolution loads
 * modules of the system's choice, whose calls differ from one machine to the next.
 */
static const int REFUSED[] = {
#ifndef __SANITIZE_ADDRESS__ /* which traces the process in search of leaks */
	SCMP_SYS(ptrace),
#endif
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kexec_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(personality),
};

/* Families of sockets below AF_MAX that stay: netlink tells the resolver which addresses there are. */
static bool is_family_used(int family)
{
	return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static enum err refuse_calls(struct ctx *cx)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < COUNT(REFUSED); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), REFUSED[i], 0);
	for (int family = 0; rc == 0 && family < AF_MAX; family++) {
		if (!is_family_used(family))
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
			                      SCMP_SYS(socket), 1,
			                      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
	}
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc != 0)
		return err_set(cx, ERR_INTERNAL, "the fetcher's calls cannot be limited: %s",
		               strerror(-rc));
	return ERR_OK;
}

/* Write to the copy, read the source and what the system needs, run nothing. */
static enum err limit_files(struct ctx *cx, const struct fetch_request *rq,
                            const struct clone *clone)
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
	TRY(limit_files(cx, &rq, clone));
	TRY(refuse_calls(cx));
	TRY(clone_finish(clone, &reply));
	schema_encode(&sb, &fetch_reply_schema, &reply);
	TRY(sb_finish(cx, &sb, &text));
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return err_set(cx, ERR_INTERNAL, "the answer cannot be written");
	return ERR_OK;
}

/* What a hostile pack may make libgit2 allocate; the address space is also that of mapped packs. */
static void limit_memory(void)
{
	const struct rlimit data = { DATA_MAX_BYTES, DATA_MAX_BYTES };

#ifndef __SANITIZE_ADDRESS__ /* whose shadow counts as data */
	(void)setrlimit(RLIMIT_DATA, &data);
#else
	(void)data;
#endif
}

int main(void)
{
	static const struct app APP = { .clock = &system_clock, .component = "fetch" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(ARENA_MAX_BYTES);
	struct ctx cx;

	signal(SIGPIPE, SIG_IGN); /* a peer or a reader that has gone is an error */
	signal(SIGXFSZ, SIG_IGN); /* so is a file past the limit */
	secret_guard();
	limit_memory();
	ctx_begin(&cx, &APP, arena, NULL);
	return run(&cx) == ERR_OK ? 0 : child_report(&cx);
}
