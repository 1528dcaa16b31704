/*
 * Tables: the parts of a bundle that become rows, for questions that the content is too large for.
 *
 * A part is text, one row a line, columns between tabs, arrays as PostgreSQL
 * writes them; index_repo.c says what becomes of each column.
 *
 *   index    one line: files, symbols, complete (t or f), names of the kinds of imports, of the
 *            rules, of the kinds of definitions and references, print (maps/patch.h; empty: these
 *            tables are nothing to go by later), sum of the edges
 *   files    entry, folder (an entry), path, files below, language, role, bytes, code, comment,
 *            blank, object id, place.  Folders have negative entries, so that they sort before
 *            files; the root, an entry of its own, has no folder (\N).  The entry of a file is its
 *            number in the content.
 *   edges    inward (t or f), file, other files, lines, and how (kind, rule << 8, confidence << 16)
 *   symbols  place, name, and by definition: files, lines, last lines, kinds, parents and signatures
 *            (0x1f between)
 *   references  place of a name that is defined here, how often it is used, and by use: files,
 *            lines, kinds
 *   grams    about (f: files, s: symbols), gram, texts, postings (grams.h)
 *
 * The place of a file or a name stands for it among the texts of the grams: shorter ones first, so
 * that the front of a list holds the better hits.  Places of files are their numbers in that order.
 * Those of names leave others free, so that a new name moves few (tables_places.c).
 *
 * Against a patch (maps/patch.h) only what differs from the tables of its commit is told, in a part
 * `patch`, whose line is that commit, and in parts of the same names and lines as above, for
 *
 *   gone_files  entries whose rows go; those that stay come again in `files`
 *   gone_names  places whose rows of symbols and references go, likewise
 *   edges       all of them; left out when they are the same
 *   grams       about, gram, and arrays of places that go and that come
 *
 *   Limits   TABLES_SYMBOLS_MAX names, the first TABLES_USES_MAX uses of each; a part that passes max_bytes is left out.  Then the index
 *            says that it is not complete.
 */
#ifndef MAPS_TABLES_H
#define MAPS_TABLES_H

#include "maps/bundle.h"
#include "maps/content.h"
#include "maps/patch.h"
#include "maps/store.h"

#define TABLES_SYMBOLS_MAX 2000000u /* different names */
#define TABLES_USES_MAX    10000u   /* of one name; all are counted */
#define TABLES_SEPARATOR   '\x1f'   /* between parents and signatures */

struct tables_in {
	const struct map_file *files;
	size_t nfiles;
	const struct resolve_out *resolved;
	const struct structure *structure;
	const struct store
		*store;     /* of the cache that the facts are from; NULL: they are from none */
	uint64_t max_bytes; /* of one part */
	const char *print;  /* NULL: none */
	const struct patch *patch; /* NULL: all is told, as it is where too many rows differ */
};

/** Add the parts to a bundle.  Their texts live in cx->arena. */
void tables_write(struct ctx *cx, const struct tables_in *in, struct bundle *ret);

#endif
