/*
 * Sandbox: the analyser gives up all that reading one repository does not need.
 *
 *   Files      Landlock: only the repository's objects folder and those that
 *              its alternates name can be read, nothing be opened for writing or run.
 *              What is open already stays so.
 *   Calls      seccomp: an allow-list; a call outside it kills the process.
 *              Files open for reading only, no memory becomes executable, no
 *              signal goes to another process.
 *   Resources  rlimits on address space, processor time, file size and open
 *              files; no core file.
 *
 * There is no way back.  Where the kernel has no Landlock the other two hold:
 * then any file that the user may read can be read, but nothing leaves the
 * process except through the descriptors it was started with.
 */
#ifndef MAPS_SANDBOX_H
#define MAPS_SANDBOX_H

#include "base/ctx.h"

#define SANDBOX_ADDRESS_BYTES ((size_t)1 << 30)
#define SANDBOX_CPU_S         600
#define SANDBOX_FILE_BYTES    ((size_t)256 << 20) /* standard output, or a cache */
#define SANDBOX_OPEN_FILES    256

struct sandbox_limits {
	size_t address_bytes; /* 0: what the parent set, else SANDBOX_ADDRESS_BYTES;
	                         not set under AddressSanitizer */
	unsigned cpu_s;       /* 0: what the parent set, else SANDBOX_CPU_S */
};

/**
 * Enter the sandbox; for a process with one thread.
 *
 * @directory  bare repository that stays readable; NULL: none
 * Returns ERR_INTERNAL when a part cannot be set up: then the process must not go on.
 */
NODISCARD
enum err sandbox_enter(struct ctx *cx, const char *directory, const struct sandbox_limits *limits);

#endif
