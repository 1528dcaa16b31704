/*
 * Search: files, folders and symbols of an indexed map.
 *
 * What is looked for is compared with the whole text and its parts, ASCII case
 * aside; better kinds of match come first, then the same case, then shorter texts:
 *
 *   exact   the whole name; of a file its path or last name
 *   prefix  the beginning of it
 *   word    the beginning of a word in it: Http in parseHttp, parse_http, lib/http.c
 *   part    anywhere in it; from SEARCH_PART_MIN characters on
 *   fuzzy   most of its runs of three characters are there, when little else is found and nothing exactly
 *
 * Candidates come from an inverted index (grams.h) and are checked one by one.
 *
 *   Limits  SEARCH_CHECKED_MAX texts are checked for one kind of match; where there were
 *           more the answer says that it is not complete.
 */
#ifndef MAPS_SEARCH_H
#define MAPS_SEARCH_H

#include "maps/index.h"

#define SEARCH_TEXT_MAX    200 /* characters of what is looked for */
#define SEARCH_LIMIT_MAX   200
#define SEARCH_PART_MIN    3
#define SEARCH_FUZZY_MIN   4  /* characters from which fuzzy matches are looked for ... */
#define SEARCH_FUZZY_BELOW 10 /* ... when fewer others than this are found */
#define SEARCH_CHECKED_MAX 4096
#define SEARCH_PLACES_MAX  200 /* definitions that are shown of one name */
#define SEARCH_USES_MAX    1000

struct map_entry {
	int64_t number; /* rising in a folder: its folders, then its files */
	int64_t place;  /* in the index of texts */
	const char *path;
	const char *kind;     /* "folder" or "file" */
	const char *language; /* NULL: none that is known; so of all folders */
	const char *role;     /* "source", "test", ...; NULL of folders, links and submodules */
	int64_t files, bytes, code, comment, blank;
	const char *oid;   /* of a file: id of its blob */
	const char *match; /* of a search, else NULL */
};

struct map_definition {
	int64_t place; /* of its name */
	const char *name;
	const char *kind;
	const char *path;
	int64_t line, last_line;
	const char *parent, *signature; /* NULL: none */
	const char *match;              /* of a search, else NULL */
};

struct map_use {
	const char *path;
	int64_t line;
	const char *kind; /* "call", "type", "name" */
};

/* What was found in which map. */
struct map_found {
	int64_t map_id;
	const char *commit;
	bool complete;           /* false: a limit kept something out */
	struct list items;       /* of map_entry or map_definition */
	const char *next_cursor; /* of a folder that has more, set by who pages; else NULL */
};

struct map_uses {
	int64_t map_id;
	const char *commit, *name;
	struct list definitions; /* map_definition, SEARCH_PLACES_MAX at most */
	int64_t uses;
	bool complete;     /* false: there are more than the items */
	struct list items; /* map_use, SEARCH_USES_MAX at most */
};

extern const struct schema map_entry_schema, map_definition_schema, map_use_schema;
extern const struct schema map_files_found_schema, map_symbols_found_schema, map_uses_schema;

/**
 * Look for files by their paths.
 *
 * @folder NULL: anywhere
 * @limit  1 to SEARCH_LIMIT_MAX
 */
NODISCARD
enum err search_files(struct ctx *cx, const struct map_index *index, const char *q,
                      const char *folder, int64_t limit, struct map_found *ret);

/**
 * Look for definitions by their names.
 *
 * @kind as def_kind_name(); NULL: any
 * @ret  one item a definition
 */
NODISCARD
enum err search_symbols(struct ctx *cx, const struct map_index *index, const char *q,
                        const char *kind, int64_t limit, struct map_found *ret);

/**
 * What a folder holds, or a file alone.
 *
 * @path  "" for the root
 * @after number of the entry before; 0: from the first
 * @ret   items are struct map_entry
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err search_folder(struct ctx *cx, const struct map_index *index, const char *path,
                       int64_t after, int64_t limit, struct list *ret);

/** One file.  @ret entry  Returns ERR_NOT_FOUND, also for a folder */
NODISCARD
enum err search_file(struct ctx *cx, const struct map_index *index, const char *path,
                     struct map_entry *ret);

/** Where a name that the map has a definition of is used.  Returns ERR_NOT_FOUND */
NODISCARD
enum err search_uses(struct ctx *cx, const struct map_index *index, const char *name,
                     struct map_uses *ret);

extern const struct db_check search_statements[];

#endif
