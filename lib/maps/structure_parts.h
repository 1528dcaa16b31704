/* Between structure.c and structure_entries.c; nobody else includes this. */
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

/** Fill out->entries. */
void structure_entries(struct structuring *s);

#endif
