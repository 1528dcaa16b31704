/*
 * Segments: a file of what earlier runs found, which may be lost, cut or damaged at any time.
 *
 * It is a row of segments, each written in one piece and closed by a checksum: texts that are new in
 * it, numbered on from the segments before, and records, whose form is their owner's.  The first
 * segment that is not whole, or is of another print, ends the file: what follows is cut off by who
 * writes next.
 *
 *     segment: struct head, offsets of the texts (4 bytes each), texts (each ended by NUL),
 *              records, zeros up to a multiple of 8
 */
#ifndef MAPS_SEGMENT_H
#define MAPS_SEGMENT_H

#include "base/arena.h"

#define SEGMENT_HEAD_BYTES                                                                         \
	40 /* of which 24 are sealed, then first text, texts, their bytes, records' bytes: 4 each */

struct segment_file {
	int fd;             /* -1: there is none */
	bool writes;        /* it is ours to write: a lock is held on it */
	char *data;         /* all of it, once loaded */
	uint64_t size, end; /* of the file, and of its good part */
	uint64_t max;
	uint64_t print; /* of all that says what records mean */
};

/* What lies in the file; borrows from it. */
struct segment {
	uint32_t ntexts, text_bytes;
	const char *offsets, *texts;
	struct span records;
	uint64_t bytes; /* of the segment */
};

/**
 * Open a file, made when missing, and lock it.  Nothing of it is looked at.  One that cannot be
 * opened is as good as none.
 *
 * @path       NULL: no file
 * @max_bytes  of the file; a larger one is not read
 */
void segment_file_open(struct segment_file *f, const char *path, uint64_t max_bytes,
                       uint64_t print);

void segment_file_close(struct segment_file *f);

/** Read all of it. */
void segment_file_load(struct segment_file *f);

/**
 * The segment that begins at f->end, which is moved on by who has taken it.
 *
 * @first_text  texts in those before
 * Returns false when there is none, or it is not whole
 */
bool segment_next(const struct segment_file *f, size_t first_text, struct segment *ret);

/** Fill in what makes n bytes a segment of a print: begins, checksum.  @n a multiple of 8, a head at least */
void segment_seal(char *data, size_t n, uint64_t print);

/** @ret text i of the segment, NULL when it is not there */
const char *segment_text(const struct segment *segment, uint32_t i);

/** Write a segment behind the good part.  A file that does not take all of it is not written to again. */
void segment_append(struct segment_file *f, size_t first_text, const char *const *texts,
                    size_t ntexts, struct span records);

/** Write bytes behind the good part.  A file that does not take them all is left as it was, and not written to again. */
void segment_file_append(struct segment_file *f, const char *data, size_t n);

/** Begin anew: cut off all of it. */
void segment_file_empty(struct segment_file *f);

#endif
