/*
 * Content: the JSON text of a system map.
 *
 * One object, its members in the order below.  Tables are columnar: a table is
 * an object of arrays of one length, and row i is element i of each.  "file" is
 * an index into the columns of `files`, which are sorted by the bytes of the
 * paths; -1 stands for none.  Kinds, rules, reasons and roles are indexes into
 * the lists of `legend`.  There are no times and no fractions, so the same
 * commit and analyser give the same bytes.
 *
 *   meta        {schema: CONTENT_SCHEMA, analyser, commit, ref (text or null), empty (bool),
 *               limits: {max_blob_bytes, max_files, max_depth, max_output_bytes}}
 *   legend      {roles, skips, import_kinds, rules, reasons, def_kinds}: lists of names
 *   languages   [{name, files, code, comment, blank, bytes}], most code first
 *   files       columns path, oid (hex), lang (index into languages), role, bytes, code,
 *               comment, blank, component
 *   path_bytes  columns file, hex: the true bytes of the paths that are not UTF-8 (or hold control
 *               characters); in `files` such a path shows these bytes as \xNN
 *   dirs        columns path, files, code, bytes, depth; folders below included; "" is the root
 *   components  columns name, path, kind, reason (text), manifest (file), files, code,
 *               fan_in, fan_out (components), afferent, efferent (files), instability (per mille;
 *               -1: neither), layer; as structure.h tells.  Several may have one path
 *   component_links  columns from, to, edges
 *   imports     columns from, to (files), line (0: by name within a package), kind, rule,
 *               confidence (percent)
 *   unresolved  {targets: [text], from, target (index), line, reason, external (index)}
 *   externals   [{ecosystem, name, spec, locked, scope, manifest (file), line, used_by}]; locked is
 *               the version in the nearest lock file, "" when none has it
 *   manifests   columns file, type (text), ecosystem (text), name, locked (packages that a lock
 *               file fixes), transitive (those of them that no manifest declares)
 *   entry_points columns kind (text), name, target, file, line
 *   graph       {cycles: [[file]], layers: highest layer + 1, layer, rank (10^-9), fan_in,
 *               fan_out, impact (files that import it, directly or not): by file,
 *               central: [file]}
 *   defs        columns file, name, kind, line, end_line, parent, signature
 *   coverage    {files_total, analysed, recognised, skipped: {file, reason}, skipped_total,
 *               broken_dirs: [path], over_limit, too_deep, path_too_long, bad_names,
 *               facts_truncated, manifests_truncated, imports_truncated, unresolved_dropped,
 *               signatures_dropped, defs_dropped, surface_truncated, impact_exact (false: of
 *               direct importers only), history: {end (text: "" when it was read to its
 *               beginning), cut, unreadable, damaged, wide, line_commits, lines_skipped,
 *               renames_skipped, coupling_truncated}, ctags: {tool (text: "" when
 *               universal-ctags is not installed), read (files whose definitions it told),
 *               unread_total, file, reason (columns: those that it could not)}}
 *   tests       {files, code: those with the role test, cases, frameworks: [{name, files, cases}],
 *               by_file: columns file, framework (text, "" when it has no case), cases}
 *   routes      columns method ("GET", …, "ANY", "WS"), pattern, file, line (0: the file's name is
 *               the route), framework (text), handler (text, "" when it has no name)
 *   env         columns name, file, line, default (text or null)
 *   licences    columns file, line (0: a text), evidence ("tag", "text", "manifest"), expression,
 *               confidence (percent; of a tag or manifest 100, or 0: not of the SPDX list); a text
 *               only where the file's name says that it is one
 *   history     {commits, merges, first, last, bus_factor, limits: {commits, days, line_commits},
 *               authors: columns name, commits, first, last; most commits first,
 *               files: columns, by file: commits, authors, bus_factor, owner (author),
 *               owner_commits, added, removed, first, last,
 *               components: columns, by component: commits, authors, bus_factor,
 *               component_owners: columns component, author, commits,
 *               renames: columns file, was (an earlier path),
 *               hotspots: columns file, score (commits * code),
 *               coupling: columns a, b (files), together (commits), degree, a_to_b, b_to_a
 *               (percent), linked (1: one imports the other)}
 *               as history.h tells.  first and last are the committers' times in seconds since
 *               1970: facts of the commits, not of the analysis.  Personal data: the names of
 *               authors are in it, their e-mail addresses are not
 *   summary     {files, code, languages: [{name, files, code}], folders: [{path, files, code}],
 *               depended: [{path, fan_in}], external_packages, externals_used, imports,
 *               unresolved, cycles, largest_cycle, tests, components} ready for printing
 *
 * `unresolved`, then `defs.signature`, then `defs` are left empty when the text would pass the
 * limit; coverage says so.
 */
#ifndef MAPS_CONTENT_H
#define MAPS_CONTENT_H

#include "maps/graph.h"
#include "maps/history.h"
#include "maps/impact.h"
#include "maps/scan.h"
#include "maps/structure.h"
#include "maps/surface.h"
#include "maps/view.h"

#define CONTENT_SCHEMA        2
#define CONTENT_SKIPPED_MAX   20000 /* rows of coverage.skipped */
#define CONTENT_LANGUAGES_TOP 10
#define CONTENT_FOLDERS_TOP   15
#define CONTENT_DEPENDED_TOP  20

struct content_in {
	const char *analyser, *commit;
	const char *ref; /* NULL when unknown */
	bool empty;
	struct scan_limits limits;
	uint64_t max_output_bytes;
	const struct scan_tree *tree; /* files with their facts */
	const struct manifest *manifests;
	size_t nmanifests;
	const struct resolve_out *resolved;
	const struct graph *graph;
	const struct structure *structure;
	const struct history *history;
	const struct impact *impact;
	const struct surface *surface;
	bool ctags; /* whether universal-ctags is installed */
};

/** What a caller wants to know without parsing the text. */
struct content_counts {
	uint64_t files, analysed, code, imports, unresolved, externals, cycles, defs, components;
};

/**
 * Write the text.
 *
 * @ret_text lives in the arena
 * Returns ERR_LIMIT when it passes max_output_bytes even without what may be left out.
 */
NODISCARD
enum err content_write(struct ctx *cx, struct arena *arena, const struct content_in *in,
                       struct span *ret_text, struct content_counts *ret_counts);

/**
 * What pictures show of it, as view_read() would give it from the text: names, components, imports
 * (not their lines), of files path, language, role, code and component, of the graph fan_in.
 *
 * @ret lives in the arena, and borrows from what content_in does
 */
void content_view(struct ctx *cx, struct arena *arena, const struct content_in *in,
                  struct view *ret);

#endif
