/*
 * Comparing trees: two of them side by side, as raw objects, folders of one id passed over.
 */
#ifndef MAPS_TREE_COMPARE_H
#define MAPS_TREE_COMPARE_H

#include "maps/scan.h"

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

#endif
