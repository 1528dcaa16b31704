/* Sandbox: rlimits, Landlock, seccomp; in that order, since each later one forbids the former. */
#include "maps/sandbox.h"

#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define ALTERNATES_MAX   16
#define ALTERNATES_BYTES 8192

/* What git_odb, malloc and stdio call, whatever their arguments. */
static const int ALWAYS[] = {
	SCMP_SYS(read),         SCMP_SYS(pread64),
	SCMP_SYS(readv),        SCMP_SYS(write),
	SCMP_SYS(writev),       SCMP_SYS(close),
	SCMP_SYS(fstat),        SCMP_SYS(stat),
	SCMP_SYS(lstat),        SCMP_SYS(newfstatat),
	SCMP_SYS(statx),        SCMP_SYS(lseek),
	SCMP_SYS(access),       SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),   SCMP_SYS(getdents64),
	SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),       SCMP_SYS(munmap),
	SCMP_SYS(mremap),       SCMP_SYS(madvise),
	SCMP_SYS(brk),          SCMP_SYS(futex),
	SCMP_SYS(getpid),       SCMP_SYS(gettid),
	SCMP_SYS(getuid),       SCMP_SYS(geteuid),
	SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(sched_yield),
	SCMP_SYS(sysinfo), /* qsort() asks how much memory there is */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(exit),
	SCMP_SYS(exit_group),   SCMP_SYS(ftruncate), /* of what was opened for writing before */
};

/* What the sanitizers' runtime calls on top of it; allowed in such builds only. */
static const int SANITIZER[] = {
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrlimit),
};

/* The commands of fcntl() that change nothing outside. */
static const int FCNTL[] = { F_GETFD, F_SETFD, F_GETFL };

static enum err failed(struct ctx *cx, const char *what, int error)
{
	err_set(cx, ERR_INTERNAL, "the analyser cannot confine itself");
	err_cause(cx, "%s: %s", what, strerror(error));
	return ERR_INTERNAL;
}

/* @ret what a limit becomes: as wanted; by default what the parent set, else the number given */
static rlim_t choose(uint64_t wanted, rlim_t inherited, rlim_t otherwise)
{
	if (wanted != 0)
		return wanted;
	return inherited != RLIM_INFINITY ? inherited : otherwise;
}

static enum err set_limits(struct ctx *cx, const struct sandbox_limits *limits)
{
	const struct {
		__rlimit_resource_t what;
		uint64_t wanted;
		rlim_t otherwise;
	} all[] = {
		{ RLIMIT_FSIZE, 0, SANDBOX_FILE_BYTES },
		{ RLIMIT_NOFILE, SANDBOX_OPEN_FILES, 0 },
		{ RLIMIT_CPU, limits->cpu_s, SANDBOX_CPU_S },
		{ RLIMIT_AS, limits->address_bytes, SANDBOX_ADDRESS_BYTES },
	};
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
		return failed(cx, "setrlimit", errno);
	for (size_t i = 0; i < COUNT(all); i++) {
		struct rlimit now;
		rlim_t max;

		if (all[i].what == RLIMIT_AS && WITH_ASAN) /* its shadow alone is terabytes */
			continue;
		if (getrlimit(all[i].what, &now) != 0)
			return failed(cx, "getrlimit", errno);
		max = choose(all[i].wanted, now.rlim_cur, all[i].otherwise);
		now.rlim_cur = max < now.rlim_max ? max : now.rlim_max;
		now.rlim_max = now.rlim_cur;
		if (setrlimit(all[i].what, &now) != 0)
			return failed(cx, "setrlimit", errno);
	}
	return ERR_OK;
}

/* The lines of info/alternates, as libgit2 reads them: relative ones from the objects folder. */
static size_t add_alternates(struct ctx *cx, const char *objects, struct landlock_rule *rules,
                             size_t n)
{
	char text[ALTERNATES_BYTES];
	char *path = arena_printf(cx->arena, "%s/info/alternates", objects);
	char *line = text;
	ssize_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return n;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	while (*line != '\0' && n < ALTERNATES_MAX) {
		size_t end = strcspn(line, "\n");
		bool last = line[end] == '\0';

		line[end] = '\0';
		if (*line != '\0' && *line != '#')
			rules[n++] = (struct landlock_rule){
				.path = *line == '/'
				                ? arena_strdup(cx->arena, line)
				                : arena_printf(cx->arena, "%s/%s", objects, line),
				.access = LANDLOCK_READ,
				.optional = true,
			};
		line += last ? end : end + 1;
	}
	return n;
}

static enum err confine_files(struct ctx *cx, const char *directory)
{
	struct landlock_rule rules[ALTERNATES_MAX];
	size_t n = 0;
	int error;

	if (directory != NULL) {
		rules[n++] = (struct landlock_rule){
			.path = arena_printf(cx->arena, "%s/objects", directory),
			.access = LANDLOCK_READ,
			.optional = true,
		};
		for (size_t i = 0; i < n; i++) /* alternates have alternates */
			n = add_alternates(cx, rules[i].path, rules, n);
	}
	error = landlock_confine(rules, n, LANDLOCK_NO_TCP | LANDLOCK_SCOPED, NULL);
	return error == 0 || error == ENOSYS ? ERR_OK : failed(cx, "landlock", error);
}

/* Calls that are allowed with some arguments only. */
static int add_conditional(scmp_filter_ctx filter)
{
	const unsigned writing =
		O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
	int rc = 0;

	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
	                       SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	                       SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	                       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	                       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	                       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
	                       SCMP_A2(SCMP_CMP_EQ, 0));
	rc |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
	for (size_t i = 0; i < COUNT(FCNTL); i++)
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		                       SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)FCNTL[i]));
	return rc;
}

static enum err confine_calls(struct ctx *cx)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = 0;

	if (filter == NULL)
		return failed(cx, "seccomp_init", ENOMEM);
	for (size_t i = 0; i < COUNT(ALWAYS); i++)
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALWAYS[i], 0);
	for (size_t i = 0; WITH_ASAN && i < COUNT(SANITIZER); i++)
		rc |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SANITIZER[i], 0);
	rc |= add_conditional(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc == 0 ? ERR_OK : failed(cx, "seccomp", rc < 0 ? -rc : EINVAL);
}

enum err sandbox_enter(struct ctx *cx, const char *directory, const struct sandbox_limits *limits)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(cx, "prctl", errno);
	TRY(confine_files(cx, directory));
	TRY(set_limits(cx, limits));
	return confine_calls(cx);
}
