/*
 * Conversations: questions about a project and what was answered.
 *
 * A conversation belongs to its tenant, like the project that it is about: all who may read the one may read
 * the other.  What works on an answer is a run (chats/turn.h).
 *
 *   Ownership  *ret and what it points to live in cx->arena; arguments are borrowed for the call.
 *   Tenancy    Another tenant's conversation is an unknown id.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *   Time       One short transaction.  No network.
 *   Bell       Ring it after what changes something.
 */
#ifndef CHATS_CONVERSATION_H
#define CHATS_CONVERSATION_H

#include "events/event.h"

#define CONVERSATION_TITLE_MAX    200 /* characters */
#define CONVERSATION_PAGE_MAX     200
#define CONVERSATION_QUESTION_MAX 16000               /* characters of one question */
#define CONVERSATION_TEXT_MAX     ((size_t)256 << 10) /* bytes of any message */
#define CONVERSATION_SHOWN        100 /* messages that come with a conversation: the newest */

/* What a client sends to begin one. */
struct conversation_new {
	int64_t project_id; /* 0: about all of the tenant's projects */
	const char *title;  /* NULL: the beginning of the first question */
};

/* What a client sends to rename one. */
struct conversation_patch {
	const char *title;
};

struct conversation {
	int64_t id, project_id;
	const char *title;
	const char *
		door; /* by which way it was begun: "conversations", "goose", "agent", "completions" */
	const char *actor; /* who began it */
	int64_t nmessages;
	int64_t version; /* rises when it is renamed, and not with what is said */
	int64_t created_us, updated_us;
};

struct message {
	int64_t id, conversation_id;
	const char *role; /* "user", "assistant" */
	const char *content;
	int64_t run_id;        /* that answers it, or that it came from; 0: said elsewhere */
	const char *mode;      /* of an answer: "extractive", "model" */
	struct list citations; /* struct citation */
	/* Of the run; NULL and 0 where there is none.  See struct turn. */
	const char *status, *model, *error_message;
	int64_t input_tokens, output_tokens, cost_micro, duration_ms;
	int64_t npassages; /* that were found for an answer; it may cite others, or none */
	int64_t created_us;
};

struct conversation_detail {
	struct conversation conversation;
	struct list messages; /* struct message, oldest first; the newest CONVERSATION_SHOWN */
};

extern const struct schema conversation_new_schema, conversation_schema, message_schema;
extern const struct schema conversation_patch_schema;
extern const struct schema conversation_detail_schema;
extern const struct event_kind conversation_created, conversation_changed, conversation_deleted;

/**
 * Begin a conversation.
 *
 * @door see struct conversation
 * Returns ERR_NOT_FOUND for a project that is not there, ERR_LIMIT when the tenant has as many as the setting
 *         conversations_max says
 */
NODISCARD
enum err conversation_begin(struct ctx *cx, const struct conversation_new *in, const char *door,
                            struct conversation *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err conversation_get(struct ctx *cx, int64_t id, struct conversation *ret);

/** The same with its newest messages. */
NODISCARD
enum err conversation_look(struct ctx *cx, int64_t id, struct conversation_detail *ret);

struct conversation_filter {
	int64_t project_id; /* 0: any */
	const char *door;   /* NULL: any */
	const char *q;      /* part of the title; NULL: any */
	int64_t before_id;  /* newest first, ids below this; 0: from the newest */
	int64_t limit;      /* 1 to CONVERSATION_PAGE_MAX + 1 */
};

/** @ret of struct conversation, newest first */
NODISCARD
enum err conversation_list(struct ctx *cx, const struct conversation_filter *filter,
                           struct list *ret);

/**
 * Messages, newest first.
 * @before_id ids below this; 0: from the newest
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err conversation_messages(struct ctx *cx, int64_t id, int64_t before_id, int64_t limit,
                               struct list *ret);

/**
 * Rename one.
 * @version that the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE
 */
NODISCARD
enum err conversation_rename(struct ctx *cx, int64_t id, int64_t version, const char *title,
                             struct conversation *ret);

/** Delete one with all that was said.  Returns ERR_NOT_FOUND, ERR_STATE while a run of it goes on */
NODISCARD
enum err conversation_delete(struct ctx *cx, int64_t id);

/**
 * Put a message in that was said elsewhere, in the caller's transaction.
 * @role "user", "assistant"
 */
NODISCARD
enum err conversation_recall(struct ctx *cx, int64_t id, const char *role, const char *content);

extern const struct db_check conversation_statements[];

#endif
