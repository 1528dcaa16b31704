/*
 * Languages: which one a file is in, and how it is classed.
 *
 * Detection goes by file name, then extension, then the first line ("#!"), and
 * for the few ambiguous extensions (.h) by content.  Roles (generated, vendored, test,
 * documentation, configuration) follow the path rules of github-linguist.
 */
#ifndef MAPS_LANG_H
#define MAPS_LANG_H

#include "maps/facts.h"

enum role_of_file {
	FILE_SOURCE = 1,
	FILE_TEST,
	FILE_GENERATED,
	FILE_VENDORED,
	FILE_DOC,
	FILE_CONFIG
};

/**
 * @path  repository path; bytes, '/' between parts
 * @head  the first bytes of the blob (64 KiB suffice, for headers that
 *        may be C or C++; 4 KiB for all others); may be empty
 * @ret   LANG_NONE when the language is not known
 */
enum lang lang_detect(struct span path, struct span head);

/** @ret display name, "C", "TypeScript"; "" for LANG_NONE */
const char *lang_name(enum lang lang);

/** @ret whether facts_read() knows imports and definitions of it */
bool lang_has_facts(enum lang lang);

/** @ret whether it is a programming language; not markup, data or prose */
bool lang_is_code(enum lang lang);

/** @ret the role of a file, by path, then by content (generated markers, minified) */
enum role_of_file lang_file_role(struct span path, enum lang lang, struct span text);

/** @ret "source", "test", "generated", "vendored", "doc", "config" */
const char *lang_role_name(enum role_of_file role);

/** @ret whether the blob is binary: a NUL in its first 8000 bytes, as git decides */
bool lang_is_binary(struct span text);

#endif
