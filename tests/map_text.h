/* Map text: the content of a map written from a few rows, for what reads stored maps. */
#ifndef TESTS_MAP_TEXT_H
#define TESTS_MAP_TEXT_H

#include "fixture.h"
#include "maps/view.h"

#define MAP_TEXT_FILES   64
#define MAP_TEXT_IMPORTS 64

struct text_file {
	const char *path; /* NULL ends the list */
	int code;
	int blob; /* 0: made of the path */
	const char *component;
	bool test; /* its role; else source */
};

struct text_map {
	const char *commit;
	struct text_file files[MAP_TEXT_FILES]; /* sorted by path */
	struct {
		const char *from, *to;
	} imports[MAP_TEXT_IMPORTS];
	const char *more; /* further members: ,'externals':[...]; ' stands for " */
};

/** @ret JSON in cx->arena; components are named by files, in the order in which they come */
struct span map_text(struct ctx *cx, const struct text_map *map);

/** The same, read.  Fails the test when it cannot be. */
void map_text_view(struct ctx *cx, const struct text_map *map, struct view *ret);

#endif
