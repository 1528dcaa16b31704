/*
 * Between ctags.c and ctags_broker.c: what goes over their socket.  Both ends are one program on one
 * machine, so numbers go as they lie in memory.
 */
#ifndef MAPS_CTAGS_BROKER_H
#define MAPS_CTAGS_BROKER_H

#include "maps/ctags.h"

#define CTAGS_NAME_MAX 80 /* with the NUL */

struct ctags_ask {
	uint32_t bytes;            /* of the text that follows */
	char name[CTAGS_NAME_MAX]; /* of the file: letters, digits, '_', '-' and one '.' */
};

struct ctags_answer {
	uint32_t gap;   /* enum def_gap */
	uint32_t bytes; /* of the lines that follow */
};

/** Serve one end of the socket, as broker_fork() gave it, until the other closes it.  Never returns. */
NORETURN
void ctags_broker(int fd, const char *program, int64_t file_ms);

#endif
