/*
 * View JSON: a cursor over trusted-by-nobody JSON text, for view.c alone.
 *
 * The first fault is remembered and puts the cursor at the end; what follows reads
 * nothing.  So a reader checks once, when it is done.
 */
#ifndef MAPS_VIEW_JSON_H
#define MAPS_VIEW_JSON_H

#include "maps/view.h"

struct view_json {
	struct arena *arena;
	const char *p, *end;
	const char *bad; /* why; NULL: nothing wrong so far */
	bool too_many;
};

void view_json_bad(struct view_json *r, const char *why);

/** Step to the next member of an object.  @first true before the first  @ret false at its end */
bool view_json_key(struct view_json *r, bool *first, struct span *ret);

/** Step to the next item of an array. */
bool view_json_item(struct view_json *r, bool *first);

bool view_json_is(struct span key, const char *name);

/** @ret whether the next value begins with that character */
bool view_json_next_is(struct view_json *r, char c);

/** Read a null, if it is one. */
bool view_json_null(struct view_json *r);

/** Step over a value of any kind. */
void view_json_skip(struct view_json *r);

struct span view_json_text(struct view_json *r);

/** @ret a whole number, the nearest that an int32_t can hold */
int32_t view_json_int(struct view_json *r);

/** @ret never NULL: an array of its own also for an empty column */
int32_t *view_json_ints(struct view_json *r, size_t *ret_n);
struct span *view_json_texts(struct view_json *r, size_t *ret_n);

/** @ret whether n more texts are within the limits; if not, the reading ends */
bool view_json_room(struct view_json *r, size_t n);

/** @ret items of the array that comes next, which is not consumed */
size_t view_json_count_rows(struct view_json *r);

#endif
