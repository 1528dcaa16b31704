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
};

/** Fill out->entries. */
void structure_entries(struct structuring *s);

#endif
