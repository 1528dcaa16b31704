/* Between the files history*.c and their tests; nobody else includes this. */
#ifndef MAPS_HISTORY_PARTS_H
#define MAPS_HISTORY_PARTS_H

#include "maps/code.h"
#include "maps/history.h"
#include "maps/history_kept.h"
#include "maps/segment.h"
#include "maps/strmap.h"
#include "maps/tree_compare.h"

#define HISTORY_NONE UINT32_MAX

/* --- Authors: history_authors.c --- */

struct authors {
	struct arena *arena;
	struct strmap raw;     /* "Name <address" as in the commit -> author */
	struct strmap names;   /* name put right -> author */
	struct strmap mailmap; /* address, or address NUL name, in small letters -> its name */
	const char **authors;  /* by author */
	const char **proper;   /* what the mailmap leads to */
	size_t nauthors, authors_cap, nproper, proper_cap;
};

struct authors authors_new(struct arena *arena);

/** Read the text of a mailmap.  Lines that are none are passed over; later ones win. */
void authors_mailmap(struct authors *p, struct span text);

/**
 * The author that an identity stands for.
 *
 * @identity "Name <address>", as in a commit; borrowed for the call
 * @ret      HISTORY_NONE when there are too many
 */
uint32_t authors_find(struct authors *p, struct span identity);

/* --- Commits: history_walk.c --- */

/* What a commit object says.  The spans point into its text. */
struct commit_text {
	unsigned char tree[MAP_OID_BYTES];
	struct span parents; /* the lines "parent ...\n" */
	size_t nparents;
	struct span author; /* "Name <address>" */
	int64_t time_s;
};

/** @hex at least 40 digits, or a text that ends  @ret false when it is no id */
bool commit_id(const char *hex, unsigned char ret[MAP_OID_BYTES]);

/** @ret false when it is malformed */
bool commit_parse(struct span text, struct commit_text *ret);

enum commit_state { COMMIT_MISSING, COMMIT_UNREADABLE, COMMIT_READ };

struct oid {
	unsigned char id[MAP_OID_BYTES];
};

struct commit {
	unsigned char oid[MAP_OID_BYTES];
	unsigned char tree[MAP_OID_BYTES]; /* of one that was read in this run */
	bool has_tree;
	enum commit_state state;
	int64_t time_s;
	uint32_t identity;               /* text */
	uint32_t author;                 /* HISTORY_NONE: there are too many */
	uint32_t first_parent, nparents; /* in parent_oids */
	struct span deed;                /* as an earlier run kept it; without data: it did not */
};

/* --- What one commit did --- */

/* Of a change. */
#define CHANGE_WENT    1u
#define CHANGE_LONE    2u /* a file that went, and none of the same content came */
#define CHANGE_SIMILAR 4u /* its other half is similar, not the same */
#define CHANGE_ALL     7u

/* One path that a commit changed. */
struct change {
	uint32_t path; /* text */
	uint32_t flags;
	uint32_t pair; /* the other half of a rename in the same list, plus one; or 0 */
	uint32_t added, removed;

	/* Only from trees that were compared in this run; 0: came, went. */
	uint32_t was_mode, is_mode;
	unsigned char was[MAP_OID_BYTES], is[MAP_OID_BYTES];
};

/* Of a deed. */
#define DEED_LONE    1u  /* something lone went and something lone came */
#define DEED_MANY    2u  /* too much of it to be compared */
#define DEED_SIMILAR 4u  /* it has been compared */
#define DEED_PARTLY  8u  /* but for what is too large */
#define DEED_LINES   16u /* lines have been counted */
#define DEED_ALL     31u

/*
 * What a commit did to its parent's tree.  It depends on nothing but the commit: neither on the
 * commits before or after it nor on what is asked, so it can be kept.
 */
struct deed {
	uint32_t flags;
	uint32_t lines_skipped;
	uint64_t tree_bytes, similar_bytes, lines_bytes; /* what was read for it */
	struct change *changes;                          /* in the order of the trees */
	size_t nchanges;
};

/** How a deed is kept: all but what its changes say of trees. */
extern const struct code_table history_deed_table;

/** @ret false when it is not what this program writes: texts or changes that are not there */
bool history_deed_check(const struct deed *deed, size_t ntexts);

/* --- The walk --- */

/* A path that any commit knows.  The first tree->nfiles are the files of today. */
struct name {
	struct span path;
	uint32_t renamed_to; /* another name; HISTORY_NONE: as far as known it was not */
	uint32_t added, removed;
};

/*
 * A commit that counts.  What it changed is touched[first] up to the next one's first: names while the
 * walk lasts, then files of today.
 */
struct visit {
	int64_t time_s;
	uint32_t author;
	uint32_t first;
	bool wide; /* too many files to couple any */
};

struct history_walk {
	struct ctx *cx;
	struct scan *scan;
	const struct history_in *in;
	struct history *out;
	struct arena *arena; /* of everything here; freed when the history is made */
	struct authors authors;

	struct commit *commits; /* in the order of discovery */
	size_t ncommits, commits_cap;
	struct oid *parent_oids;
	size_t nparent_oids, parent_oids_cap;
	uint32_t *slots; /* ids -> commits, plus one; open addressing */
	size_t nslots;
	uint32_t *heap; /* newest on top; of equal times the one discovered first */
	size_t nheap, heap_cap;

	struct strmap paths; /* path -> name */
	struct name *names;
	size_t nnames, names_cap;

	struct visit *visits; /* one more than there are, whose first is the end */
	size_t nvisits, visits_cap;
	uint32_t *touched;
	size_t ntouched, touched_cap;
	uint32_t *start,
		*by_file; /* by_file[start[f]] up to start[f + 1]: the visits of file f, newest first */

	struct history_kept *kept;
	struct arena *scratch;  /* of the commit at hand */
	struct deed deed;       /* of the commit at hand */
	bool compared;          /* now, not kept by an earlier run */
	bool whole;             /* all trees of it could be read */
	bool lasting;           /* nothing was missing that may be there another time */
	struct change *changes; /* room for those that are compared */
	size_t changes_cap;

	bool stopped;      /* a limit of work was met */
	size_t path_bytes; /* of the commit at hand */
	uint64_t tree_bytes, similar_bytes, lines_bytes;
	size_t memory; /* what the limit is about: the same whoever walks, whatever was kept */
	struct tree_cache *cache;
};

/** Walk the commits and fill visits, touched, names. */
NODISCARD
enum err history_walk(struct history_walk *w, const unsigned char *head);

/** @ret the name of a path */
uint32_t history_name(struct history_walk *w, uint32_t path);

/** Before the first comparison: where trees are kept. */
void history_changes_begin(struct history_walk *w);

/** @path outlives the walk  @ret the new name */
uint32_t history_name_add(struct history_walk *w, struct span path);

/** Compare the trees of the commit at hand into w->deed, and pair what is the same.  @was NULL: it has no parent */
void history_changes(struct history_walk *w, const unsigned char *was, const unsigned char *is);

/** Give back the trees that were kept for the next comparison. */
void history_changes_end(struct history_walk *w);

/** Pair what came with what went, of the same content, in w->deed. */
void history_pair_equal(struct history_walk *w);

/** And of similar content: DEED_SIMILAR, for a deed that is compared and DEED_LONE. */
void history_pair_similar(struct history_walk *w);

/** @ret whether a path went of which it is not known yet what it became */
bool history_is_lost(struct history_walk *w);

/** Follow paths that are no more.  @similar by similar content as well */
void history_renames(struct history_walk *w, bool similar);

/** @ret the name that a name's history belongs to; it is a file of today or leads nowhere */
uint32_t history_follow(struct history_walk *w, uint32_t name);

/** Count the lines that the changes at hand added and removed: DEED_LINES. */
void history_lines(struct history_walk *w);

/** Read a blob of at most max_bytes.  @ret false when there is none, which ends w->lasting, or it is larger */
bool history_blob(struct history_walk *w, const unsigned char *oid, size_t max_bytes,
                  struct scan_blob *ret);

/* --- What is kept: history_kept.c --- */

/* What a text stands for in this walk; HISTORY_NONE: not asked yet. */
struct kept_use {
	uint32_t name, author;
};

/* Paths, and "Name <address>", each once. */
struct kept_texts {
	const char **items; /* by number */
	struct kept_use *uses;
	size_t n, cap;
};

/** Read the file. */
void history_kept_load(struct history_kept *kept);

/** Take a segment of it.  @ret false: it is not as it is written, and nothing was taken */
bool history_kept_take(struct history_kept *kept, const struct segment *segment);

/** @ret all texts; items move when one is added */
struct kept_texts *history_kept_texts(struct history_kept *kept);

/** @text without a NUL, borrowed for the call  @ret its number */
uint32_t history_kept_text(struct history_kept *kept, struct span text);

/**
 * What was kept of a commit.
 *
 * @ret commit  state, time, identity, deed
 * @ret parents ids, one behind the other
 * Returns false when nothing was
 */
bool history_kept_find(struct history_kept *kept, const unsigned char *oid, struct commit *commit,
                       struct span *parents);

/** Decode a deed.  @ret its changes live in the arena; false when it is damaged */
bool history_kept_deed(const struct history_kept *kept, struct span bytes, struct arena *arena,
                       struct deed *ret);

/** Keep a commit and what it did; the last time counts.  @parents ids */
void history_kept_add(struct history_kept *kept, const struct commit *commit,
                      const struct oid *parents, const struct deed *deed);

/** Write what is not written yet.  For the end of a walk. */
void history_kept_write(struct history_kept *kept);

/** Give back what was loaded, texts with it. */
void history_kept_forget(struct history_kept *kept);

/* --- What comes of it --- */

/** Churn, age, owners: history_owners.c */
void history_owners(struct history_walk *w);

/** Pairs: history_coupling.c */
void history_coupling(struct history_walk *w);

#endif
