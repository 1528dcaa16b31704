/*
 * Extract: an answer without a model.
 *
 * It is made of what stands in the repository: the passages that a question is about, each with its place,
 * the lines that matter most of it, and of a definition who uses it and of a file who imports it.  Nothing is
 * put in other words, and each place is a citation that was read again (chats/citation.h).
 *
 *   Lines   Of a passage EXTRACT_LINES are shown: those in which most words of the question stand; of a README
 *           the first.
 */
#ifndef CHATS_EXTRACT_H
#define CHATS_EXTRACT_H

#include "chats/find.h"
#include "chats/journal.h"

#define EXTRACT_SHOWN 6  /* passages of an answer */
#define EXTRACT_LINES 14 /* of a passage */

/**
 * Write the answer.
 *
 * @project its name; NULL: all of the tenant's
 * Returns what journal_say() and journal_cite() do
 */
NODISCARD
enum err extract_answer(struct journal *j, const char *project, const struct question *q,
                        const struct passages *found);

/**
 * The lines of a passage that matter most to a question.
 *
 * @text     lines, the last one with or without a line feed
 * @n        lines wanted, at least 1
 * @ret_skip lines before them
 * @ret      those lines, in text
 */
struct span extract_window(struct span text, const struct question *q, int64_t n,
                           int64_t *ret_skip);

#endif
