/* SQL of runs, their steps and citations; of lib/chats alone. */
#ifndef CHATS_TURN_REPO_H
#define CHATS_TURN_REPO_H

#include "chats/citation.h"
#include "chats/turn.h"

NODISCARD
enum err turn_repo_insert(struct ctx *cx, int64_t conversation_id, const char *model,
                          int64_t log_position, int64_t *ret_id);
NODISCARD
enum err turn_repo_bind(struct ctx *cx, int64_t id, int64_t message_id, int64_t job_id);
NODISCARD
enum err turn_repo_get(struct ctx *cx, int64_t id, struct turn *ret);

/** Returns ERR_NOT_FOUND when no run of that job waits or works */
NODISCARD
enum err turn_repo_of_job(struct ctx *cx, int64_t job_id, int64_t *ret_id);
NODISCARD
enum err turn_repo_start(struct ctx *cx, int64_t id);

/** @ret the question's text */
NODISCARD
enum err turn_repo_question(struct ctx *cx, int64_t id, const char **ret);
NODISCARD
enum err turn_repo_mode(struct ctx *cx, int64_t id, const char *mode, const char *model);

/** Cut the answer behind some characters and add to it. */
NODISCARD
enum err turn_repo_grow(struct ctx *cx, int64_t id, int64_t offset, const char *text);
NODISCARD
enum err turn_repo_spend(struct ctx *cx, int64_t id, int64_t input_tokens, int64_t output_tokens);

/** @return rows changed: 0 when it has ended already */
NODISCARD
enum err turn_repo_end(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                       const char *error_message, int64_t dropped, int64_t *ret_rows);
NODISCARD
enum err turn_repo_cite(struct ctx *cx, int64_t id, const struct citation *c);

/** @ret items are struct turn_kept, in order */
NODISCARD
enum err turn_repo_steps(struct ctx *cx, int64_t id, struct list *ret);
NODISCARD
enum err turn_repo_keep(struct ctx *cx, int64_t id, const struct turn_step *step,
                        const char *output);

/** @ret the text of the message that a run answers, and those before it: struct message, newest first */
NODISCARD
enum err turn_repo_before(struct ctx *cx, int64_t id, int64_t limit, struct list *ret);

#endif
