/*
 * Attributes: what .gitattributes files say of a file's role.
 *
 * The repository's own word on linguist-generated, linguist-vendored and
 * linguist-documentation goes over the rules of lang.h.  A rule counts for its
 * folder and below; the last that matches wins, those of deeper folders over
 * those above.  Other attributes and macros are passed over.
 *
 *   Limits  ATTRIBUTES_MAX rules of all files together; further ones are ignored.
 */
#ifndef MAPS_ATTRIBUTES_H
#define MAPS_ATTRIBUTES_H

#include "maps/lang.h"

#define ATTRIBUTES_MAX         128
#define ATTRIBUTES_PATTERN_MAX 256 /* bytes; longer patterns are ignored */

struct attribute_rule {
	struct span dir; /* folder of the file it stands in; "" is the root */
	const char *pattern;
	bool whole_path;        /* the pattern has a '/': compared from dir, else with the name */
	enum role_of_file role; /* FILE_GENERATED, FILE_VENDORED or FILE_DOC */
	bool set;               /* false: the file has this role not */
};

struct attributes {
	struct attribute_rule rules[ATTRIBUTES_MAX];
	size_t n;
};

/** @ret whether a path is one of a .gitattributes file */
bool attributes_is(struct span path);

/** Add the rules of one file; patterns are copied into the arena, the path is borrowed. */
void attributes_read(struct arena *arena, struct attributes *attributes, struct span path,
                     struct span text);

/** @ret the role of a file, given the one that its path and content speak of */
enum role_of_file attributes_role(const struct attributes *attributes, const char *path,
                                  enum role_of_file role);

#endif
