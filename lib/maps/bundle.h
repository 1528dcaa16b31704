/*
 * Bundle: the named parts in which portolan-analyse hands over what it made.
 *
 *     portolan-bundle 1
 *     content 18
 *     {"meta":{...},...}
 *     symbols 5
 *     a	b	c
 *     end 2
 *
 * A part is a line of its name and its bytes, those bytes, and a line feed; the
 * last line counts the parts, so that what was cut off is noticed.  One part,
 * `content`, is the JSON text of the map (content.h); what goes into tables or
 * columns of its own is a part beside it, whose format its maker tells.
 *
 *   Names      a-z, 0-9 and _, a letter first; each once.
 *   Limits     BUNDLE_PARTS_MAX, BUNDLE_NAME_MAX; the size is the caller's to limit.
 *   Ownership  Texts are borrowed: a bundle lives as long as what it was made of.
 *   Trust      The writer has read hostile bytes.  bundle_read() takes nothing
 *              but the form above; what a part holds is for its reader to judge.
 */
#ifndef MAPS_BUNDLE_H
#define MAPS_BUNDLE_H

#include "base/ctx.h"

#define BUNDLE_PARTS_MAX 64
#define BUNDLE_NAME_MAX  31 /* bytes */

/* All parts together may take so many times what the content may: setting map_max_bytes. */
#define BUNDLE_TIMES 4

#define BUNDLE_CONTENT "content"

struct bundle_part {
	char name[BUNDLE_NAME_MAX + 1];
	struct span data;
};

/* Zero is an empty bundle, whose parts are kept. */
struct bundle {
	struct bundle_part parts[BUNDLE_PARTS_MAX];
	size_t nparts;
	bool sends; /* each part is written as it is added, and its data not kept */
	int fd;     /* to there */
	bool failed;
};

/** @ret an empty bundle that sends: all parts together need not fit into memory */
struct bundle bundle_to(int fd);

/** Add a part; the order is kept.  A name that is none, twice, or one too many is a mistake: it aborts. */
void bundle_add(struct bundle *bundle, const char *name, struct span data);

/** The last line of a bundle that sends.  @ret false: the descriptor did not take all of it */
NODISCARD
bool bundle_end(struct bundle *bundle);

/** Write all of a bundle that is kept.  @ret false: the descriptor did not take it, errno says why */
NODISCARD
bool bundle_send(const struct bundle *bundle, int fd);

/**
 * Read what bundle_send() wrote.
 *
 * @ret its parts borrow from the text
 * Returns ERR_INVALID; the cause says where
 */
NODISCARD
enum err bundle_read(struct ctx *cx, struct span text, struct bundle *ret);

/** @ret the data of a part, NULL when there is none of that name */
const struct span *bundle_find(const struct bundle *bundle, const char *name);

#endif
