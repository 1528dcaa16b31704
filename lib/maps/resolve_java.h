/* Between resolve_java.c and resolve_java_miss.c; nobody else includes this. */
#ifndef MAPS_RESOLVE_JAVA_H
#define MAPS_RESOLVE_JAVA_H

#include "maps/resolver.h"

struct java_def {
	uint32_t file, next;
};

/* What becomes of a name that no file has: the same wherever it is imported. */
enum java_fate { FATE_UNASKED = 0, FATE_STANDARD, FATE_NOT_FOUND, FATE_GROUP, FATE_PART };

struct java_miss {
	enum java_fate fate;
	uint32_t first,
		n;    /* FATE_GROUP: dependencies that are called equally like it, in j->alike */
	bool nowhere; /* a Java file has not found it, to which every class is visible */
	uint32_t dir, nearest; /* FATE_GROUP: the folder asked for last, plus 1, and its nearest */
};

struct java_index {
	struct arena *arena;                                     /* of all this */
	struct strmap misses;                                    /* name -> miss */
	struct strmap_seen *asked, *asked_simple, *asked_misses; /* of classes; simple; misses */
	struct java_miss *miss;
	uint32_t *alike;
	size_t nmiss, miss_cap, nalike, alike_cap;
	struct strmap classes;  /* "package.Class" -> first of chain */
	struct strmap packages; /* package -> number */
	struct strmap simple;   /* Class -> number */
	uint32_t *hidden; /* by that number: the last file in which it means another, plus 1 */
	uint64_t *
		pairs; /* bits: whether there may be a class of a number in a package of a number */
	struct strmap artifacts; /* artifact without its group -> external */
	struct java_def *chain;
	size_t nchain, chain_cap;
	char key[FACTS_TARGET_MAX + FACTS_NAME_MAX + 2];
};

/** Index the dependencies by artifact. */
void java_index_artifacts(struct resolver *r, struct java_index *j);

/** Report that an import leads to no file, tied to the dependency that it seems to be of. */
void java_report_miss(struct resolver *r, struct java_index *j, struct import_at at);

/** @ret what is known of a name that no class is called by; until the next one is asked for */
struct java_miss *java_miss_of(struct java_index *j, const char *name);

#endif
