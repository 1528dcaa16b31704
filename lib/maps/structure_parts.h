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

/** @ret by bytes, the shorter one first */
int structure_order(struct span a, struct span b);

/** @ret room for one component more, until the next call */
struct structure_component *structure_add(struct structuring *s);

/** Cut what is large into clusters: more components at the end, and files that belong to them. */
void structure_split(struct structuring *s, const struct resolve_edge *edges, size_t nedges);

/** Fan, instability and layers, from out->links and the edges. */
void structure_couple(struct structuring *s, const struct resolve_edge *edges, size_t nedges);

/** Fill out->entries. */
void structure_entries(struct structuring *s);

#endif
