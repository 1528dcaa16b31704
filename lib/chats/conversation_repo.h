/* SQL of conversations and their messages; of lib/chats alone. */
#ifndef CHATS_CONVERSATION_REPO_H
#define CHATS_CONVERSATION_REPO_H

#include "chats/conversation.h"

/** @max conversations of the tenant.  Returns ERR_NOT_FOUND when there are as many */
NODISCARD
enum err conversation_repo_insert(struct ctx *cx, const struct conversation_new *in,
                                  const char *door, int64_t max, struct conversation *ret);
NODISCARD
enum err conversation_repo_get(struct ctx *cx, int64_t id, struct conversation *ret);

/** Until the transaction ends nobody else asks in it or deletes it.  Returns ERR_NOT_FOUND */
NODISCARD
enum err conversation_repo_hold(struct ctx *cx, int64_t id, struct conversation *ret);
NODISCARD
enum err conversation_repo_list(struct ctx *cx, const struct conversation_filter *filter,
                                struct list *ret);
NODISCARD
enum err conversation_repo_messages(struct ctx *cx, int64_t id, int64_t before_id, int64_t limit,
                                    struct list *ret);
/** Returns ERR_NOT_FOUND for another version, too.  @version 0: any */
NODISCARD
enum err conversation_repo_rename(struct ctx *cx, int64_t id, int64_t version, const char *title,
                                  struct conversation *ret);

/** @ret runs that have not ended */
NODISCARD
enum err conversation_repo_busy(struct ctx *cx, int64_t id, int64_t *ret);
NODISCARD
enum err conversation_repo_delete(struct ctx *cx, int64_t id);

/**
 * Delete a question, what was said after it and their runs; a summary that tells of them too.
 * @ret messages that are gone; 0: it is no question of the conversation
 */
NODISCARD
enum err conversation_repo_take_back(struct ctx *cx, int64_t id, int64_t message_id, int64_t *ret);

/** Also says that the conversation has changed.  @title for one that has none; NULL: none */
NODISCARD
enum err conversation_repo_say(struct ctx *cx, int64_t id, const char *role, const char *content,
                               int64_t run_id, const char *title, int64_t *ret_id);

/* What the messages up to one said, in short. */
struct conversation_summary {
	const char *summary; /* NULL: none yet */
	int64_t summarized;  /* 0: nothing */
};
NODISCARD
enum err conversation_repo_summary(struct ctx *cx, int64_t id, struct conversation_summary *ret);
NODISCARD
enum err conversation_repo_summarize(struct ctx *cx, int64_t id,
                                     const struct conversation_summary *in);

#endif
