/*
 * Landlock: a process gives up the files (and TCP) that it will not need.
 *
 * The kernel's own interface by raw system calls, because neither the C library nor Debian 12's
 * headers know all of it.  What the running kernel cannot enforce is left out, and the caller is told
 * how much it can (landlock_abi()): 0 nothing, 1 files, 2 links over directories, 3 truncation, 4 TCP,
 * 5 device ioctls, 6 abstract sockets and signals.
 *
 *   Threads  It binds the calling thread and what it starts later.  Confine first, start threads then.
 *   Undo     There is none; a second call can only take more away.
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include "base/base.h"

enum landlock_access {
	LANDLOCK_READ = 1,  /* read files, list folders */
	LANDLOCK_WRITE = 2, /* write, make, rename, link and remove */
	LANDLOCK_EXEC = 4,  /* execute files */
};

/* What stays allowed at a path and all that is beneath it. */
struct landlock_rule {
	const char *path;
	unsigned access; /* of enum landlock_access, joined by | */
	bool optional;   /* a path that does not exist is passed over */
};

enum landlock_flag {
	LANDLOCK_NO_TCP = 1, /* neither bind nor connect TCP sockets (from ABI 4) */
	LANDLOCK_SCOPED =
		2, /* no abstract sockets of, no signals to, processes outside (from ABI 6) */
};

/** @ret the kernel's Landlock ABI; 0 when it has none or it is switched off */
int landlock_abi(void);

/**
 * Confine the calling thread to the rules; everything else that Landlock knows is refused.
 *
 * Sets no_new_privs.  @flags of enum landlock_flag, joined by |
 * @ret 0; ENOSYS when the kernel has no Landlock (no_new_privs is set all the same); else the errno of
 *      what failed, and nothing is confined.  The index of a rule that failed is in *ret_rule, when
 *      that is not NULL; otherwise -1 is.
 */
NODISCARD
int landlock_confine(const struct landlock_rule *rules, size_t n, unsigned flags, int *ret_rule);

#endif
