/*
 * Again: the answer to a question that was asked and answered a moment ago.
 *
 * It is given again when the same is asked within answer_cache_s seconds, in the same tenant, of the same project
 * with the same index and the same model, and nothing was said before in either conversation.  A new map, an
 * index that has gone on and a document more or less make another question of it.  Its citations are read and
 * compared anew, as those of any answer: when one does not resolve, the question is answered afresh.
 */
#ifndef CHATS_AGAIN_H
#define CHATS_AGAIN_H

#include "chats/journal.h"

/**
 * Give the answer of an earlier run, if there is one; else note what this one answers.
 *
 * @model that is to be asked; NULL: none
 * @ret   whether the answer is there, and only journal_end() is left to do
 * Returns what journal_say() and journal_keep() do
 */
NODISCARD
enum err again_answer(struct journal *j, const char *text, const char *model, bool *ret);

extern const struct db_check again_statements[];

#endif
