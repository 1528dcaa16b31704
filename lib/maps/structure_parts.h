/* Between the files structure*.c; nobody else includes this. */
#ifndef MAPS_STRUCTURE_PARTS_H
#define MAPS_STRUCTURE_PARTS_H

#include "maps/strmap.h"
#include "maps/structure.h"

struct structuring {
	struct arena *arena;
	const struct resolve_in *in;
	struct structure *out;
	struct strmap paths;      /* path -> file */
	struct strmap dirs;       /* path -> index in out->dirs */
	struct strmap components; /* path -> index in out->components */
	size_t components_cap, entries_cap;
	struct span
		asked; /* the folder that was looked for last, of how many components, and which it is */
	size_t asked_of;
	uint32_t answer;
};

/** @ret the folder of a path; "" for one at the root */
struct span structure_parent(struct span path);

/** @ret what is behind the last '/' */
struct span structure_last(struct span path);

/** @ret whether a path lies in a folder, or in one below it; "" is the folder of all */
bool structure_below(struct span path, struct span dir);

/** @ret by bytes, the shorter one first */
int structure_order(struct span a, struct span b);

/** @ret room for one component more, until the next call */
struct structure_component *structure_add(struct structuring *s);

/** @ret a name as text that can be shown; in the arena */
const char *structure_shown(struct structuring *s, struct span name);

/** Cut what is large into clusters: more components at the end, and files that belong to them. */
void structure_split(struct structuring *s, const struct resolve_edge *edges, size_t nedges);

/** Cut what holds most of the program, and is no cluster, into its folders. */
void structure_divide(struct structuring *s, const bool *linked);

/** @ret by word in small letters, in the arena: how many of the names hold it, alone or with its neighbour */
struct strmap structure_count_words(struct arena *arena, const struct span *names, size_t n);

/**
 * The word, or the two, that tell some names from others: in a third of them, and hardly anywhere else.
 *
 * @all  of all names, those among them
 * @ret  borrowed from the first name that holds it.  Returns false when there is none
 */
bool structure_shared_word(struct arena *arena, const struct strmap *all, const struct span *names,
                           size_t n, struct span *ret, uint32_t *ret_count);

/** Fan, instability and layers, from out->links and the edges. */
void structure_couple(struct structuring *s, const struct resolve_edge *edges, size_t nedges);

/** Fill out->entries. */
void structure_entries(struct structuring *s);

#endif
