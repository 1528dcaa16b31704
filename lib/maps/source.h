/*
 * Source: the text of a file at a commit, straight from a clone's object database.
 *
 * A clone was written by strangers, so no worker opens it.  source_read() starts
 * portolan-analyse, which enters the sandbox of an analysis (maps/sandbox.h), finds
 * the paths in the commit's tree and answers with a bundle: `about_0`, a struct
 * source_about as JSON, and `text_0`, and so on.  To start it costs more than to read
 * a file does, so source_read_many() reads several at a time.
 *
 *   Text     UTF-8, whatever it was: UTF-16 by its mark, else what is no UTF-8 is taken
 *            as Latin-1.  Of a PDF what poppler reads in it (maps/pdf.h).  What is no text is told by its
 *            kind, without one.
 *   Paths    As maps show them; a path with bytes that are no text is named by \xNN.
 *   Limits   Settings blob_max_bytes and pdf_...; SOURCE_TEXT_MAX bytes of lines of one file; several files
 *            together are no more than the largest alone.
 */
#ifndef MAPS_SOURCE_H
#define MAPS_SOURCE_H

#include "base/schema.h"
#include "base/tool.h"
#include "maps/bundle.h"
#include "maps/pdf.h"

#define SOURCE_TEXT_MAX   ((size_t)1 << 20) /* bytes; whole lines */
#define SOURCE_PATH_MAX   16384             /* bytes of a path as it is shown */
#define SOURCE_TIMEOUT_MS 10000
#define SOURCE_FILES_MAX  16 /* read at a time */
#define SOURCE_GROWTH     2  /* Latin-1 in UTF-8 */

/* What portolan-analyse is asked for a source. */
struct source_request {
	const char *directory; /* absolute, of the bare repository */
	const char *commit;    /* 40 digits */
	struct list paths;     /* 1 to SOURCE_FILES_MAX texts */
	int64_t max_blob_bytes;
	struct pdf_limits *pdf;
};

struct source_about {
	const char *oid;  /* of the blob; of a submodule its commit */
	const char *kind; /* "text", "pdf", "binary", "lfs", "too_large", "symlink", "submodule" */
	const char *encoding; /* "utf-8", "utf-16", "latin-1"; NULL where there is no text */
	int64_t bytes;        /* of the blob */
};

struct source {
	const char *commit, *path;
	const char *oid, *kind, *encoding;
	int64_t bytes;
	int64_t lines;    /* of the whole text */
	int64_t from, to; /* lines that are given; 0: none */
	int64_t page;     /* of a PDF, on which the first of them stands; 0: it has none */
	bool complete;    /* whether they are all that was asked for */
	const char *text; /* NULL where there is none; of a symbolic link where it leads to */
};

extern const struct schema source_request_schema, source_about_schema, source_schema;

/**
 * Read lines of a file.
 *
 * @commit  digits of a commit, all 40 or those of a map; NULL: of the newest map
 * @from    first line, from 1; 0: the first
 * @to      last line; 0: the last
 * Returns ERR_NOT_FOUND for a project, commit or path that is not there, ERR_INVALID (blames ?from),
 *         ERR_STATE while there is no clone on this machine, ERR_REPO_BROKEN for damaged objects
 */
NODISCARD
enum err source_read(struct ctx *cx, int64_t project_id, const char *commit, const char *path,
                     int64_t from, int64_t to, struct source *ret);

/** @ret whether one of the files may be a PDF, of which more is read, and for longer */
bool source_has_pdf(const struct source_request *request);

/* One of several files to be read, and what came of it. */
struct source_wish {
	const char *path;
	int64_t from, to; /* as for source_read() */
	bool found;       /* false: ask for it alone to hear why */
	struct source source;
};

/**
 * Read lines of several files of one commit, each as source_read() does.
 *
 * @commit all 40 digits
 * Returns what source_read() does of the project and the commit; what is wrong with a file says its .found
 */
NODISCARD
enum err source_read_many(struct ctx *cx, int64_t project_id, const char *commit,
                          struct source_wish *wishes, size_t n);

/**
 * In portolan-analyse: find and read the files; scan_init() and sandbox_enter() are done.  Of several,
 * those that cannot be read are left out.
 *
 * @pdf  NULL: PDFs are binary
 * Returns ERR_REF_NOT_FOUND, ERR_NOT_FOUND, ERR_REPO_NOT_GIT, ERR_REPO_BROKEN
 */
NODISCARD
enum err source_open(struct ctx *cx, const struct source_request *in, struct pdf *pdf,
                     struct bundle *ret);

struct scan;
struct map_file;

/** In portolan-analyse: find a path as it stands, or as maps show it.  Returns ERR_NOT_FOUND, ERR_REF_NOT_FOUND */
NODISCARD
enum err source_find(struct ctx *cx, struct scan *scan, const char *commit, const char *path,
                     struct map_file *ret);

#endif
