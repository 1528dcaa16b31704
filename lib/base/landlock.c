/* Landlock by raw system calls: see the header for what and why. */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's numbers (include/uapi/linux/landlock.h), of all ABIs up to 6. */
#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_ALL    (UINT64_C(0x7f) << 6) /* char, dir, reg, sock, fifo, block, sym */
#define FS_MAKE_DIR    (UINT64_C(1) << 7)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define FS_MAKE_SYM    (UINT64_C(1) << 12)
#define FS_REFER       (UINT64_C(1) << 13)
#define FS_TRUNCATE    (UINT64_C(1) << 14)
#define FS_IOCTL_DEV   (UINT64_C(1) << 15)

/* What may be said of a path that is not a folder. */
#define FS_OF_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

#define NET_ALL   UINT64_C(3) /* bind and connect TCP */
#define SCOPE_ALL UINT64_C(3) /* abstract sockets, signals */

#define RULE_PATH_BENEATH 1
#define CREATE_VERSION    (1U << 0)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_attr {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* All that an ABI can refuse. */
static struct ruleset_attr handled_by(int abi, unsigned flags)
{
	struct ruleset_attr all = {
		.fs = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_DIR |
		      FS_REMOVE_FILE | FS_MAKE_ALL,
	};

	if (abi >= 2)
		all.fs |= FS_REFER;
	if (abi >= 3)
		all.fs |= FS_TRUNCATE;
	if (abi >= 4 && (flags & LANDLOCK_NO_TCP))
		all.net = NET_ALL;
	if (abi >= 5)
		all.fs |= FS_IOCTL_DEV;
	if (abi >= 6 && (flags & LANDLOCK_SCOPED))
		all.scoped = SCOPE_ALL;
	return all;
}

static uint64_t bits_of(unsigned access)
{
	uint64_t bits = 0;

	if (access & LANDLOCK_READ)
		bits |= FS_READ_FILE | FS_READ_DIR;
	if (access & LANDLOCK_WRITE)
		bits |= FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |
		        FS_MAKE_SYM | FS_REFER | FS_TRUNCATE;
	if (access & LANDLOCK_EXEC)
		bits |= FS_EXECUTE | FS_READ_FILE;
	return bits;
}

static int add_rule(int ruleset, const struct landlock_rule *rule, uint64_t handled)
{
	struct path_attr attr = { .access = bits_of(rule->access) & handled };
	struct stat st;
	int e = 0;

	attr.fd = open(rule->path, O_PATH | O_CLOEXEC);
	if (attr.fd < 0)
		return rule->optional && (errno == ENOENT || errno == ENOTDIR) ? 0 : errno;
	if (fstat(attr.fd, &st) != 0)
		e = errno;
	else if (!S_ISDIR(st.st_mode))
		attr.access &= FS_OF_FILE;
	if (e == 0 && attr.access != 0 &&
	    syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &attr, 0) != 0)
		e = errno;
	close(attr.fd);
	return e;
}

/* A build that counts covered lines writes its counts now: at the end it could open no file any more. */
static void save_counts(void)
{
#ifdef WITH_COVERAGE
	void __gcov_dump(void);

	__gcov_dump();
#endif
}

int landlock_confine(const struct landlock_rule *rules, size_t n, unsigned flags, int *ret_rule)
{
	struct ruleset_attr attr;
	int abi, ruleset, e = 0;

	if (ret_rule != NULL)
		*ret_rule = -1;
	save_counts();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return errno;
	abi = landlock_abi();
	if (abi == 0)
		return ENOSYS;
	attr = handled_by(abi, flags);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return errno;
	for (size_t i = 0; e == 0 && i < n; i++) {
		e = add_rule(ruleset, &rules[i], attr.fs);
		if (e != 0 && ret_rule != NULL)
			*ret_rule = (int)i;
	}
	if (e == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		e = errno;
	close(ruleset);
	return e;
}
