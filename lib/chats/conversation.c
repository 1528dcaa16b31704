/* Rules of conversations: how many, about what, and when one may go. */
#include "chats/conversation.h"

#include "auth/allowance.h"
#include "chats/citation.h"
#include "chats/conversation_repo.h"
#include "config/config.h"
#include "projects/project.h"

#include <inttypes.h>
#include <string.h>

static const char *const DOORS[] = { "conversations", "goose", "agent", "completions", NULL };
static const char *const ROLES[] = { "user", "assistant", NULL };
static const char *const MODES[] = { "extractive", "model", NULL };
static const char *const STATUSES[] = { "queued",    "running", "completed",
	                                "cancelled", "failed",  NULL };

static const struct field NEW_FIELDS[] = {
	F_INT(struct conversation_new, project_id, .min = 1, .max = INT64_MAX, .nullable = true,
	      .example = "7",
	      .doc = "The project that is asked about; all of the tenant's without it"),
	F_TEXT(struct conversation_new, title, .min = 1, .max = CONVERSATION_TITLE_MAX,
	       .nullable = true, .one_line = true, .check = schema_check_trimmed,
	       .doc = "What it is called; the beginning of the first question without it"),
};
const struct schema conversation_new_schema =
	SCHEMA(struct conversation_new, "ConversationNew", NEW_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct conversation_patch, title, .required = true, .min = 1,
	       .max = CONVERSATION_TITLE_MAX, .one_line = true, .check = schema_check_trimmed,
	       .example = "\"How requests are parsed\"", .doc = "What it is called from now on"),
};
const struct schema conversation_patch_schema =
	SCHEMA(struct conversation_patch, "ConversationPatch", PATCH_FIELDS);

#define CONVERSATION_FIELDS                                                                        \
	F_INT(struct conversation, id, .example = "3", .doc = "Number of the conversation"),       \
		F_INT(struct conversation, project_id, .zero_is_null = true, .nullable = true,     \
	              .doc = "The project that it is about; null: all of the tenant's"),           \
		F_TEXT(struct conversation, title, .max = CONVERSATION_TITLE_MAX,                  \
	               .doc = "What it is called"),                                                \
		F_TEXT(struct conversation, door, .one_of = DOORS,                                 \
	               .doc = "By which way of the API it was begun"),                             \
		F_TEXT(struct conversation, actor, .doc = "Who began it"),                         \
		F_INT(struct conversation, nmessages, .name = "message_count",                     \
	              .doc = "How many messages it has"),                                          \
		F_INT(struct conversation, version,                                                \
	              .doc = "Rises when it is renamed; what If-Match names, in quotes"),          \
		F_TIME(struct conversation, created_us, .name = "created_at",                      \
	               .doc = "When it was begun"),                                                \
		F_TIME(struct conversation, updated_us, .name = "updated_at",                      \
	               .doc = "When something was last said")

static const struct field FIELDS[] = { CONVERSATION_FIELDS };
const struct schema conversation_schema = SCHEMA(struct conversation, "Conversation", FIELDS);

static const struct field MESSAGE_FIELDS[] = {
	F_INT(struct message, id, .doc = "Number of the message"),
	F_INT(struct message, conversation_id, .doc = "The conversation"),
	F_TEXT(struct message, role, .one_of = ROLES, .doc = "Who said it"),
	F_TEXT(struct message, content, .doc = "What was said, as Markdown"),
	F_INT(struct message, run_id, .zero_is_null = true, .nullable = true,
	      .doc = "The run that answers it, or that it came from"),
	F_TEXT(struct message, mode, .one_of = MODES, .nullable = true,
	       .doc = "Of an answer: extractive when no model wrote it"),
	F_LIST(struct message, citations, .of = &citation_schema,
	       .doc = "What the numbers in brackets stand for"),
	F_TEXT(struct message, status, .one_of = STATUSES, .nullable = true,
	       .doc = "How far its run is"),
	F_TEXT(struct message, model, .nullable = true, .doc = "The model that wrote the answer"),
	F_TEXT(struct message, error_message, .nullable = true, .doc = "Why its run failed"),
	F_INT(struct message, input_tokens, .doc = "Tokens that models read for the answer"),
	F_INT(struct message, output_tokens, .doc = "Tokens that models wrote for it"),
	F_INT(struct message, cost_micro, .doc = "What that cost, in millionths of the currency"),
	F_INT(struct message, duration_ms, .doc = "How long it took; 0: it has not ended"),
	F_INT(struct message, npassages, .name = "passages",
	      .doc = "Passages that were found for the answer; it may cite others, or none"),
	F_TIME(struct message, created_us, .name = "created_at", .doc = "When it was said"),
};
const struct schema message_schema = SCHEMA(struct message, "Message", MESSAGE_FIELDS);

/* The members of a conversation stand first, at the same places. */
static_assert(offsetof(struct conversation_detail, conversation) == 0, "its fields serve both");
static const struct field DETAIL_FIELDS[] = {
	CONVERSATION_FIELDS,
	F_LIST(struct conversation_detail, messages, .of = &message_schema,
	       .max = CONVERSATION_SHOWN, .doc = "The newest messages, oldest first"),
};
const struct schema conversation_detail_schema =
	SCHEMA(struct conversation_detail, "ConversationDetail", DETAIL_FIELDS);

const struct event_kind conversation_created = {
	.type = "conversation.created",
	.version = 1,
	.payload = &conversation_schema,
	.audited = true,
	.doc = "A conversation was begun.",
};
const struct event_kind conversation_changed = {
	.type = "conversation.changed",
	.version = 1,
	.payload = &conversation_schema,
	.audited = true,
	.doc = "A conversation was renamed.",
};
const struct event_kind conversation_deleted = {
	.type = "conversation.deleted",
	.version = 1,
	.payload = &conversation_schema,
	.audited = true,
	.doc = "A conversation is gone, with all that was said in it.",
};

static enum err unknown(struct ctx *cx, enum err e, int64_t id)
{
	if (e != ERR_NOT_FOUND)
		return e;
	return err_set(cx, e, "there is no conversation %" PRId64, id);
}

/* Below the limit nobody waits for another; near it one counts at a time. */
static enum err insert(struct ctx *cx, const struct conversation_new *in, const char *door,
                       struct conversation *ret)
{
	int64_t max;
	enum err e;

	TRY(allowance_max(cx, ALLOWANCE_CONVERSATIONS, &max));
	e = conversation_repo_insert(cx, in, door,
	                             max > ALLOWANCE_SPARE ? max - ALLOWANCE_SPARE : 0, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(allowance_lock(cx));
	e = conversation_repo_insert(cx, in, door, max, ret);
	return e == ERR_NOT_FOUND ? allowance_reached(cx, ALLOWANCE_CONVERSATIONS, max, max) : e;
}

enum err conversation_begin(struct ctx *cx, const struct conversation_new *in, const char *door,
                            struct conversation *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct conversation made;
	struct project project;

	TRY(db_begin(cx, &tx));
	if (in->project_id != 0)
		TRY(project_get(cx, in->project_id, &project));
	TRY(insert(cx, in, door, &made));
	TRY(event_emit(cx, &conversation_created, made.project_id, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err conversation_get(struct ctx *cx, int64_t id, struct conversation *ret)
{
	return unknown(cx, conversation_repo_get(cx, id, ret), id);
}

enum err conversation_look(struct ctx *cx, int64_t id, struct conversation_detail *ret)
{
	struct message *turned;
	struct list list;

	TRY(conversation_get(cx, id, &ret->conversation));
	TRY(conversation_repo_messages(cx, id, 0, CONVERSATION_SHOWN, &list));
	turned = arena_array(cx->arena, list.n + 1, sizeof(*turned));
	for (size_t i = 0; i < list.n; i++)
		turned[i] = ((const struct message *)list.items)[list.n - 1 - i];
	ret->messages = (struct list){ turned, list.n };
	return ERR_OK;
}

enum err conversation_list(struct ctx *cx, const struct conversation_filter *filter,
                           struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= CONVERSATION_PAGE_MAX + 1);
	return conversation_repo_list(cx, filter, ret);
}

enum err conversation_messages(struct ctx *cx, int64_t id, int64_t before_id, int64_t limit,
                               struct list *ret)
{
	struct conversation conversation;

	TRY(conversation_get(cx, id, &conversation));
	return conversation_repo_messages(cx, id, before_id, limit, ret);
}

enum err conversation_rename(struct ctx *cx, int64_t id, int64_t version, const char *title,
                             struct conversation *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct conversation made;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = conversation_repo_rename(cx, id, version, title, &made);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		TRY(conversation_get(cx, id, &made));
		err_set(cx, ERR_STALE, "the conversation is at version %" PRId64 ", not %" PRId64,
		        made.version, version);
		err_fix(cx, "read it again and repeat the change");
		return ERR_STALE;
	}
	TRY(e);
	TRY(event_emit(cx, &conversation_changed, made.project_id, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err conversation_delete(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct conversation was;
	int64_t busy = 0;

	TRY(db_begin(cx, &tx));
	TRY(unknown(cx, conversation_repo_hold(cx, id, &was), id));
	TRY(conversation_repo_busy(cx, id, &busy));
	if (busy > 0) {
		err_set(cx, ERR_STATE, "a run of conversation %" PRId64 " goes on", id);
		err_fix(cx, "cancel it or wait until it has ended");
		return ERR_STATE;
	}
	TRY(conversation_repo_delete(cx, id));
	TRY(event_emit(cx, &conversation_deleted, was.project_id, &was));
	return db_commit(&tx);
}

enum err conversation_recall(struct ctx *cx, int64_t id, const char *role, const char *content)
{
	int64_t message_id;

	return conversation_repo_say(cx, id, role, content, 0, NULL, &message_id);
}
