/*
 * Outline: what a file defines at any commit of a clone, as the map of that commit would tell it.
 *
 * The tables of a map know definitions by their names, and those of the newest maps alone.  So the child that
 * reads files for workers (maps/source.h) reads the facts of this one; the answer is a bundle with one part,
 * `outline`, a struct outline as JSON.  What is no text, or of a language without definitions, has none.
 *
 *   Limits  Setting blob_max_bytes; OUTLINE_MAX definitions, OUTLINE_NAME_MAX characters of a name.
 */
#ifndef MAPS_OUTLINE_H
#define MAPS_OUTLINE_H

#include "base/schema.h"
#include "maps/bundle.h"

#define OUTLINE_MAX      2000
#define OUTLINE_NAME_MAX 500 /* twice as many of a signature */

struct outline_request {
	const char *directory, *commit, *path; /* as struct source_request */
	int64_t max_blob_bytes;
};

struct outline_item {
	const char *name, *kind;
	const char *parent, *signature; /* "": none */
	int64_t line, last_line;
};

struct outline {
	const char *commit, *path; /* the child leaves them empty */
	bool complete;
	struct list items; /* struct outline_item, by line */
};

extern const struct schema outline_request_schema, outline_schema;

/** @commit and what is returned as for source_read() */
NODISCARD
enum err outline_read(struct ctx *cx, int64_t project_id, const char *commit, const char *path,
                      struct outline *ret);

struct ctags;

/**
 * In portolan-analyse; scan_init() and sandbox_enter() are done.
 *
 * @ctags  NULL: there is none
 * Returns as source_open()
 */
NODISCARD
enum err outline_open(struct ctx *cx, const struct outline_request *in, struct ctags *ctags,
                      struct bundle *ret);

#endif
