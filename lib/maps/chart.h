/*
 * Chart: what a page needs to draw a whole map and to list its files, and no more than that.
 *
 * The content of a large map is tens of megabytes.  Beside it the analyser writes two texts that a browser reads
 * whole, columnar as the content is, and of the same indexes of files:
 *
 *   files   {commit, ref, files: {folder, name, lang, role, code, component, fan_in, fan_out, impact, rank,
 *           layer, cycle (from 1; 0: none), tested, commits, authors, owner (author; -1), last},
 *           folders: {name, parent}, parents first and the root, "", its own;
 *           languages, roles, authors: lists of names, components: columns name, path, kind, code, layer,
 *           entries: columns kind, name, file, line, coupling: columns a, b, together, degree,
 *           history (whether it was read), impact_exact}
 *           rank in parts of a million; last is the day of the last change, from 1970; tested how many
 *           imports the nearest test is away (0: a test, or a file of that role; -1: CHART_TESTED_MAX or more)
 *   graph   {commit, unit, folders: {x, y, width, height}, files: {x, y, width, height}, as maps/strips.h tells,
 *           imports: {count: by file, to: those it imports, ascending, behind one another}, complete}
 *
 * A source file is as near to a test as the header of its name beside it, which it includes.
 *
 *   Limits  CHART_FILES_MAX files: a larger map has no chart and says so; CHART_IMPORTS_MAX pairs of files:
 *           those of the files behind are left out, and complete is false.
 *   Stored  With the map (app.map_part), as chart.files.json and chart.graph.json.
 */
#ifndef MAPS_CHART_H
#define MAPS_CHART_H

#include "maps/bundle.h"
#include "maps/content.h"

#define CHART_FILES_MAX   500000
#define CHART_IMPORTS_MAX 3000000
#define CHART_AUTHORS_MAX 10000 /* those with most commits */
#define CHART_ENTRIES_MAX 500
#define CHART_TESTED_MAX  9
#define CHART_BYTES_MAX   ((size_t)96 << 20) /* of one text: never reached */

enum chart_part { CHART_FILES, CHART_GRAPH, CHART_PARTS };

/** In the analyser: add both to the bundle, or why there are none.  Never fails */
void chart_write(struct ctx *cx, const struct content_in *in, struct bundle *bundle);

/** Store what the bundle holds of it; in the transaction that publishes the map, behind pictures_put(). */
NODISCARD
enum err chart_put(struct ctx *cx, int64_t map_id, const struct bundle *bundle);

/** @ret text in cx->arena.  Returns ERR_NOT_FOUND; the detail says why there is none */
NODISCARD
enum err chart_get(struct ctx *cx, int64_t map_id, enum chart_part part, const char **ret);

#endif
