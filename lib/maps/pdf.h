/*
 * PDF: the text of documents, read by poppler's pdftotext.
 *
 * A PDF is a program in disguise and its readers have fallen to many, so pdftotext runs apart, as
 * ctags does (maps/ctags.h): pdf_start() forks a broker before its process enters its own sandbox.  The
 * broker may read and run what is below /usr and /lib, no more; it starts one pdftotext for each PDF, with
 * the bytes as an unnamed file and its words through a pipe.
 *
 *   Files      Landlock: the program, its libraries and poppler's tables can be read, nothing be written.
 *   Calls      seccomp: no socket, no process or thread, no signal to another, no file opened for writing.
 *   Resources  rlimits on address space and processor time, a clock, a limit of what it says.
 *   Result     UTF-8; a form feed before each page but the first.  What it says is data.
 */
#ifndef MAPS_PDF_H
#define MAPS_PDF_H

#include "base/ctx.h"

#define PDF_TEXT_BYTES ((size_t)8 << 20) /* of one PDF's text; more is PDF_TOO_MUCH */
#define PDF_ALL_MS     120000 /* for all PDFs of one process; then none is read any more */

enum pdf_result {
	PDF_OK,
	PDF_NO_TOOL,   /* there is no pdftotext on this machine */
	PDF_TOO_LARGE, /* more bytes than may be read */
	PDF_TOO_MUCH,  /* of text */
	PDF_TIMED_OUT,
	PDF_DAMAGED, /* none, or one that pdftotext fell to */
	PDF_LOCKED,  /* by a password */
};

/* What a request to portolan-analyse says of PDFs. */
struct pdf_limits {
	int64_t max_bytes; /* 0: none is read */
	int64_t max_pages;
	int64_t timeout_s;
	int64_t memory_bytes; /* not set under AddressSanitizer */
};

extern const struct schema pdf_limits_schema;

struct pdf;

/** @ret whether a path names a PDF */
bool pdf_is_path(struct span path);

/** Fill in from the settings pdf_.... */
void pdf_limits_of(const struct ctx *cx, struct pdf_limits *ret);

/**
 * Start the broker; for a process with one thread, which ignores SIGPIPE from then on.
 *
 * @ret  NULL when there is no pdftotext
 * Returns ERR_INTERNAL when a process cannot be made
 */
NODISCARD
enum err pdf_start(struct ctx *cx, const struct pdf_limits *limits, struct pdf **ret);

/**
 * Read a PDF.  Calls no more than read() and write().
 *
 * @pdf  NULL: there is none
 * @ret  text in the arena, without control characters but line feeds, tabs and form feeds
 */
enum pdf_result pdf_read(struct pdf *pdf, struct arena *arena, struct span bytes, struct span *ret);

/** Say as a fault why a PDF has no text.  @ret the code, for `return pdf_fault(...)` */
enum err pdf_fault(struct ctx *cx, enum pdf_result result);

/**
 * In portolan-analyse: read the limits and, behind a line feed, the bytes of a PDF from a descriptor.
 * Returns what schema_decode() returns, ERR_TOO_LARGE
 */
NODISCARD
enum err pdf_request_read(struct ctx *cx, int fd, struct pdf_limits *ret, struct span *ret_bytes);

/** Serve one end of the socket until the other closes it; for pdf.c. */
NORETURN
void pdf_broker(int fd, const struct pdf_limits *limits);

/* The broker's messages: numbers as they lie in memory. */
struct pdf_answer {
	uint32_t result; /* enum pdf_result */
	uint32_t bytes;  /* of the text that follows */
};

#endif
