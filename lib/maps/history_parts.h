/* Between the files history*.c and their tests; nobody else includes this. */
#ifndef MAPS_HISTORY_PARTS_H
#define MAPS_HISTORY_PARTS_H

#include "maps/history.h"
#include "maps/strmap.h"

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
	unsigned char oid[MAP_OID_BYTES], tree[MAP_OID_BYTES];
	int64_t time_s;
	uint32_t author;
	uint32_t first_parent, nparents; /* in parent_oids */
	enum commit_state state;
};

/* --- Comparing trees: history_tree.c --- */

#define TREE_MODE_TYPE 0170000u
#define TREE_MODE_DIR  0040000u
#define TREE_MODE_FILE 0100000u

struct tree_entry {
	uint32_t mode;
	struct span name;
	const unsigned char *oid;
};

/* One path that two trees do not have in common. */
struct tree_change {
	struct span path;
	const struct tree_entry *was, *is; /* NULL: it came, it went */
};

/* Where trees come from and changes go to. */
struct tree_compare {
	void *data;
	size_t max_depth;
	/** @ret whether the tree could be read; put away by give() */
	bool (*take)(void *data, const unsigned char *oid, struct scan_blob *ret);
	void (*give)(struct scan_blob *tree);
	/** @ret false to end the comparison */
	bool (*change)(void *data, const struct tree_change *change);
};

struct tree_comparing;

struct tree_comparing *tree_comparing_new(struct arena *arena, const struct tree_compare *how);

/**
 * Tell the differences of two trees, folders entered, in the order of their entries.
 *
 * @was NULL: compare with nothing; likewise @is
 * @ret false when a tree could not be read or is malformed: what is behind it was not told
 */
bool tree_compare(struct tree_comparing *c, const unsigned char *was, const unsigned char *is);

/* --- The walk --- */

/* A path that any commit knows.  The first tree->nfiles are the files of today. */
struct name {
	struct span path;
	uint32_t renamed_to; /* another name; HISTORY_NONE: as far as known it was not */
	uint32_t added, removed;
};

/* One change of the commit at hand. */
struct change {
	uint32_t name;
	uint32_t was_mode, is_mode; /* 0: came, went */
	unsigned char was[MAP_OID_BYTES], is[MAP_OID_BYTES];
	uint32_t pair; /* the other half of a rename, in the same list; or HISTORY_NONE */
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

	struct change *changes; /* of the commit at hand */
	size_t nchanges, changes_cap;
	struct half *halves[2]; /* of history_renames.c: went, came */
	size_t halves_cap;
	bool stopped; /* a limit of work was met */

	uint64_t tree_bytes, similar_bytes, lines_bytes;
	struct tree_cache *cache;
};

/** Walk the commits and fill visits, touched, names. */
NODISCARD
enum err history_walk(struct history_walk *w, const unsigned char *head);

/** @ret whether the commit at hand is one of those whose lines are counted */
bool history_counts_lines(const struct history_walk *w);

/** Before the first comparison: where trees are kept. */
void history_changes_begin(struct history_walk *w);

/** @path outlives the walk  @ret the new name */
uint32_t history_name_add(struct history_walk *w, struct span path);

/** The changes of one commit into w->changes.  @was NULL: it has no parent */
void history_changes(struct history_walk *w, const struct commit *was, const struct commit *is);

/** Give back the trees that were kept for the next comparison. */
void history_changes_end(struct history_walk *w);

/** Pair what came with what went, and follow paths that are no more. */
void history_renames(struct history_walk *w);

/** @ret the name that a name's history belongs to; it is a file of today or leads nowhere */
uint32_t history_follow(struct history_walk *w, uint32_t name);

/** Count the lines that the changes at hand added and removed. */
void history_lines(struct history_walk *w);

/** Read a blob of at most max_bytes.  @ret false when there is none, or it is larger */
bool history_blob(struct history_walk *w, const unsigned char *oid, size_t max_bytes,
                  struct scan_blob *ret);

/* --- What comes of it --- */

/** Churn, age, owners: history_owners.c */
void history_owners(struct history_walk *w);

/** Pairs: history_coupling.c */
void history_coupling(struct history_walk *w);

#endif
