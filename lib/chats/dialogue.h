/*
 * Dialogue: an answer that a model writes.
 *
 *     passages, what was said before, the question -> call -> tools -> call ... -> answer
 *
 * Each call and each tool is a step of the journal: an attempt after a kill reads what came of it and pays for
 * nothing twice; only a call in the midst of which it was killed is made again.  Places that the model names are
 * looked up as it writes (chats/cites.h).
 *
 *   Budget    What goes into a call is bounded before it by the model's context: passages, old messages and
 *             outputs of tools each have a share, the oldest messages are put in short by the model once they
 *             do not fit (conversation.summary), and past DIALOGUE_ROUNDS calls no tools are offered.
 *   Untrusted What comes from repositories and tools stands between marks that no text can know beforehand,
 *             and is told to be data.  All that the tools can do is read.
 */
#ifndef CHATS_DIALOGUE_H
#define CHATS_DIALOGUE_H

#include "ai/llm.h"
#include "chats/find.h"
#include "chats/journal.h"

#define DIALOGUE_ROUNDS  8    /* calls with tools for one answer */
#define DIALOGUE_CONTEXT 8192 /* tokens of a model whose context is not known */
#define DIALOGUE_ANSWER  2048 /* tokens of an answer, where the model's most is not known or more */

/**
 * Have the answer written.
 *
 * @project  its name; NULL: all of the tenant's
 * @question as it was asked
 * Returns what llm_call() does, ERR_LEASE_LOST, ERR_CANCELLED
 */
NODISCARD
enum err dialogue_answer(struct journal *j, const struct llm_model *model, const char *project,
                         const char *question, const struct passages *found);

#endif
