/*
 * Record: what reading one blob under one path gave, as it is kept for later runs.
 *
 * Whoever adds a member to struct facts, what it holds, or struct manifest adds its row to the
 * tables in record.c; the assertions there remind of it.
 */
#ifndef MAPS_RECORD_H
#define MAPS_RECORD_H

#include "maps/code.h"
#include "maps/file.h"
#include "maps/manifest.h"

struct record {
	uint64_t bytes; /* of the blob */
	enum skip_reason skip;
	enum role_of_file role;   /* by path and text, before .gitattributes */
	struct facts facts;       /* zero when skipped */
	struct manifest manifest; /* type MANIFEST_NONE: the file is none */
};

extern const struct code_table record_table;
extern const struct code_table record_def_table; /* of facts.defs; they are what takes most room */

/* One use of a name: a struct fact_ref whose name is the number of a text. */
struct record_ref {
	uint32_t text, line, kind;
};

/**
 * The uses of names in facts that come from a record, which keeps them packed: they are most of what
 * a repository has, and looked at once.
 *
 * @store of the cache that gave the record
 * @ret   facts->nrefs of them, in the arena; NULL: none, or damaged ones
 */
const struct record_ref *record_refs(const struct facts *facts, const struct store *store,
                                     struct arena *arena);

/** The same of those alone whose text is marked, by its number.  *ret_n: how many there are */
const struct record_ref *record_refs_of(const struct facts *facts, const struct store *store,
                                        const bool *marked, struct arena *arena, size_t *ret_n);

#endif
