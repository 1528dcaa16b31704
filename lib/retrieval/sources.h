/* Sources: what a tenant can search and ask, and how far it is indexed. */
#ifndef RETRIEVAL_SOURCES_H
#define RETRIEVAL_SOURCES_H

#include "base/db.h"

struct search_source {
	int64_t project_id; /* 0: the documents */
	const char *kind;   /* "project", "documents" */
	const char *name;
	const char *commit;    /* that is searched; NULL: none yet, or documents */
	int64_t files, chunks; /* that can be found */
	bool complete;         /* all there is, and as new as the newest map */
	int64_t indexed_us;    /* 0: never yet */
	int64_t embedded;      /* passages that have the vector of the present model */
	const char *model;     /* that is; NULL: none is preferred */
};

extern const struct schema search_source_schema;

/**
 * @ret items are struct search_source: projects, newest first, then the documents; ids below
 *      before_id when not 0
 */
NODISCARD
enum err sources_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

extern const struct db_check sources_statements[];

#endif
