/*
 * Pages: opaque cursors of lists that are shown newest first.
 *
 * A cursor holds the last id of the page before and a digest over that id, the
 * operation, the caller's tenant and the filter (all query parameters but limit
 * and cursor).  It carries no rights: statements take the tenant by
 * themselves.  The digest is there so that a cursor that was cut, changed or
 * taken to another list or filter is told, instead of giving odd pages.
 */
#ifndef PAGE_H
#define PAGE_H

#include "reply.h"

#define PAGE_LIMIT_MAX     200
#define PAGE_LIMIT_DEFAULT 20
#define CURSOR_TEXT_MAX    64 /* bytes of a cursor, NUL included */

/* The two fields that every paged query schema has. */
#define PAGE_FIELDS(T)                                                                             \
	F_INT(T, limit, .min = 1, .max = PAGE_LIMIT_MAX, .preset = PAGE_LIMIT_DEFAULT,             \
	      .doc = "Most items of the page"),                                                    \
		F_TEXT(T, cursor, .min = 1, .max = CURSOR_TEXT_MAX - 1,                            \
	               .doc = "Where to go on: next_cursor of the page before")

/**
 * Read a cursor of this list.
 *
 * @cursor NULL: the first page
 * @ret    items below this id are wanted; 0: from the newest
 * Returns ERR_INVALID ("?cursor")
 */
NODISCARD
enum err page_begin(struct ctx *cx, const struct request *rq, const char *cursor, int64_t *ret);

/**
 * Handlers ask for one item more than the page shows, to see whether there is another page.
 * @ret items of the page
 */
size_t page_length(const struct list *list, int64_t limit);

/** @ret the cursor of the items below last_id, in cx->arena */
const char *page_cursor(struct ctx *cx, const struct request *rq, int64_t last_id);

/**
 * Answer with a page, and with the cursor of the next one when there is more.
 *
 * @list      what was found when one item more than limit was asked for
 * @id_offset of the int64_t member of an item that the list goes by
 * Returns ERR_LIMIT when the page is too large to send
 */
NODISCARD
enum err page_reply(struct ctx *cx, const struct request *rq, struct reply *rp,
                    const struct schema *s, const struct list *list, int64_t limit,
                    size_t id_offset);

#endif
