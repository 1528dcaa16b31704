/*
 * universal-ctags: definitions in the languages that have no reader of their own.
 *
 * ctags reads what strangers wrote and has crashed and hung on it, so it runs
 * apart: ctags_start() forks a broker, before the analyser enters its sandbox
 * and while starting a program is still allowed.  The broker is confined itself
 * (Landlock: it may read and run what is below /usr and /lib, no more), starts
 * ctags with --_interactive=sandbox, hands it one text at a time through a pipe,
 * ends it when it takes too long or writes too much, and starts it again a
 * bounded number of times.  What it answers is data: ctags_tags() takes from it
 * what is well formed.
 *
 *   Limits     CTAGS_*.  A file that passes one has no definitions and a reason,
 *              which goes into the map's coverage.
 *   Result     Names, lines, kinds and scopes as ctags tells them; the last line
 *              where its parser knows it.  Kinds that are no definition of the
 *              map (fields, labels, local variables, ...) are left out.
 *   Processes  The broker ends with the process that started it, ctags with the
 *              broker.
 */
#ifndef MAPS_CTAGS_H
#define MAPS_CTAGS_H

#include "base/ctx.h"
#include "maps/file.h"

#define CTAGS_FILE_BYTES   ((size_t)1 << 20)   /* of a text; larger ones are not read */
#define CTAGS_OUTPUT_BYTES ((size_t)8 << 20)   /* of what ctags says about one */
#define CTAGS_FILE_MS      10000               /* for one text */
#define CTAGS_STARTS_MAX   8                   /* of ctags for one map */
#define CTAGS_MEMORY_BYTES ((size_t)512 << 20) /* address space of ctags */
#define CTAGS_CPU_S        300                 /* processor time of one ctags */

struct ctags;

struct ctags_options {
	const char *const
		*programs; /* paths, ended by NULL: the first that exists; NULL: Debian's */
	int64_t file_ms;   /* 0: CTAGS_FILE_MS */
};

/** @ret whether ctags is asked for a language */
bool ctags_reads(enum lang lang);

/**
 * Which program it would be, without starting it: for what is kept of its answers, which another
 * version may give otherwise.
 *
 * @ret its path, bytes and time of change; "" when there is none
 */
const char *ctags_print(struct arena *arena, const struct ctags_options *options);

/**
 * Start the broker; for a process with one thread, which ignores SIGPIPE from then on.
 *
 * @ret  NULL when there is no such program
 * Returns ERR_INTERNAL when a process cannot be made.
 */
NODISCARD
enum err ctags_start(struct ctx *cx, const struct ctags_options *options, struct ctags **ret);

/** End the broker; NULL is none. */
void ctags_stop(struct ctags *ctags);
void ctags_stop_ptr(struct ctags **ctags);

/**
 * Add the definitions of a text.  Calls no more than read() and write().
 *
 * @ctags  NULL: there is none
 * @arena  for names and what is parsed
 * @path   of the file: its name may tell that of a module
 * @facts  with the lines counted
 * @ret    GAP_NONE, or why there are no definitions
 */
enum def_gap ctags_read(struct ctags *ctags, struct arena *arena, struct span path,
                        struct span text, struct facts *facts);

/** Take the definitions from lines of ctags' JSON. */
void ctags_tags(struct arena *arena, struct span output, struct facts *facts);

/** @ret "no_tool", "too_large", ...: stored in maps; stable.  "" for GAP_NONE */
const char *def_gap_name(enum def_gap gap);

#endif
