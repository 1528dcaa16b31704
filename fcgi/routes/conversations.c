/* Conversations and their messages over HTTP. */
#include "page.h"
#include "routes/runs.h"
#include "routes/tables.h"

#include "chats/conversation.h"

static const char *const DOORS[] = { "conversations", "goose", "agent", "completions", NULL };

struct list_query {
	int64_t project, limit;
	const char *door, *q, *cursor;
};
static const struct field LIST_FIELDS[] = {
	F_INT(struct list_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only those about this project"),
	F_TEXT(struct list_query, door, .one_of = DOORS,
	       .doc = "Only those that were begun by this way of the API"),
	F_TEXT(struct list_query, q, .min = 1, .max = CONVERSATION_TITLE_MAX,
	       .doc = "Only those with this in the title"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY =
	SCHEMA(struct list_query, "ConversationListQuery", LIST_FIELDS);

struct messages_query {
	const char *cursor;
	int64_t limit;
};
static const struct field MESSAGES_FIELDS[] = { PAGE_FIELDS(struct messages_query) };
static const struct schema MESSAGES_QUERY =
	SCHEMA(struct messages_query, "MessageListQuery", MESSAGES_FIELDS);

static enum err list_conversations(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct conversation_filter filter = {
		.project_id = query->project,
		.door = query->door,
		.q = query->q,
		.limit = query->limit + 1,
	};
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(conversation_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &conversation_schema, &list, query->limit,
	                  offsetof(struct conversation, id));
}

static enum err post_conversation(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct conversation_new *in = request_body(rq, &conversation_new_schema);
	struct conversation made;

	TRY(conversation_begin(cx, in, "conversations", &made));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/conversations/%lld", (long long)made.id));
	return reply_json(rp, &conversation_schema, &made);
}

static enum err get_conversation(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct conversation_detail detail;

	TRY(conversation_look(cx, rq->ids[0], &detail));
	return reply_json(rp, &conversation_detail_schema, &detail);
}

static enum err patch_conversation(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct conversation_patch *in = request_body(rq, &conversation_patch_schema);
	struct conversation made;

	TRY(conversation_rename(cx, rq->ids[0], rq->version, in->title, &made));
	reply_version(rp, made.version);
	return reply_json(rp, &conversation_schema, &made);
}

static enum err delete_conversation(struct ctx *cx, const struct request *rq,
                                    UNUSED struct reply *rp)
{
	return conversation_delete(cx, rq->ids[0]);
}

static enum err list_messages(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct messages_query *query = request_query(rq, &MESSAGES_QUERY);
	struct list list;
	int64_t before = 0;

	TRY(page_begin(cx, rq, query->cursor, &before));
	TRY(conversation_messages(cx, rq->ids[0], before, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &message_schema, &list, query->limit,
	                  offsetof(struct message, id));
}

static enum err post_message(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct turn_new *in = request_body(rq, &turn_new_schema);
	const struct run_wait *query = request_query(rq, &run_wait_schema);
	struct turn turn;

	TRY(turn_ask(cx, rq->ids[0], in, &turn));
	return reply_run(cx, rq, rp, LIVE_RUN, query->wait, &turn);
}

#define CALLER .tag = "Conversations", .auth = AUTH_ANY, .area = AREA_CHATS
#define READS  .method = HTTP_GET, CALLER, .role = ROLE_VIEWER, .rate = RATE_READ, .status = 200
#define WRITES CALLER, .role = ROLE_MEMBER, .rate = RATE_WRITE
#define EXAMPLE                                                                                    \
	"\"id\":3,\"project_id\":7,\"title\":\"Where are requests parsed?\","                      \
	"\"door\":\"conversations\",\"actor\":\"key:3\",\"message_count\":2,\"version\":1,"        \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"updated_at\":\"2026-11-21T06:45:02.001Z\""
#define CITATION                                                                                   \
	"{\"number\":1,\"project_id\":7,\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","  \
	"\"path\":\"lib/parse.c\",\"start\":2,\"end\":5,"                                          \
	"\"blob\":\"83baae61804e65cc73a7201a7252750c76066a30\",\"why\":\"function `parse`\"}"
#define MESSAGE                                                                                    \
	"{\"id\":8,\"conversation_id\":3,\"role\":\"assistant\",\"content\":\"1. **function "      \
	"`parse`** in `lib/parse.c:2-5` [1]\",\"run_id\":12,\"mode\":\"extractive\","              \
	"\"citations\":[" CITATION "],\"status\":\"completed\",\"model\":null,"                    \
	"\"error_message\":null,\"input_tokens\":0,\"output_tokens\":0,\"cost_micro\":0,"          \
	"\"duration_ms\":140,\"passages\":6,\"created_at\":\"2026-11-21T06:45:02.001Z\"}"

const struct route conversation_routes[] = {
	{
		.path = "/api/v1/conversations",
		.op = "listConversations",
		READS,
		.alias = true,
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &conversation_schema,
		.run = list_conversations,
		.doc = "List the tenant's conversations, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/conversations",
		.op = "createConversation",
		WRITES,
		.alias = true,
		.audit = "conversation.created",
		.body = &conversation_new_schema,
		.status = 201,
		.reply = &conversation_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT },
		.run = post_conversation,
		.doc = "Begin a conversation about a project, or about all of the tenant's.",
		.example = "{" EXAMPLE "}",
	},
	{
		.path = "/api/v1/conversations/{id}",
		.op = "getConversation",
		READS,
		.alias = true,
		.reply = &conversation_detail_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_conversation,
		.doc = "Read a conversation with its newest messages.",
		.example = "{" EXAMPLE ",\"messages\":[" MESSAGE "]}",
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/conversations/{id}",
		.op = "patchConversation",
		WRITES,
		.alias = true,
		.audit = "conversation.changed",
		.if_match = true,
		.etag = true,
		.body = &conversation_patch_schema,
		.status = 200,
		.reply = &conversation_schema,
		.fails = { ERR_NOT_FOUND },
		.run = patch_conversation,
		.doc = "Rename a conversation.",
		.detail =
			"If-Match names its version in quotes, or is * for whatever it is called. What "
			"is said in it is no new version.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/conversations/{id}",
		.op = "deleteConversation",
		WRITES,
		.alias = true,
		.audit = "conversation.deleted",
		.status = 204,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.run = delete_conversation,
		.doc = "Delete a conversation with all that was said in it.",
	},
	{
		.path = "/api/v1/conversations/{id}/messages",
		.op = "listMessages",
		READS,
		.alias = true,
		.query = &MESSAGES_QUERY,
		.form = ROUTE_PAGE,
		.reply = &message_schema,
		.fails = { ERR_NOT_FOUND },
		.run = list_messages,
		.doc = "List the messages of a conversation, newest first.",
		.example = "{\"items\":[" MESSAGE "],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/conversations/{id}/messages",
		.op = "postMessage",
		WRITES,
		.alias = true,
		.audit = "run.queued",
		.query = &run_wait_schema,
		.body = &turn_new_schema,
		.status = 202,
		.reply = &turn_schema,
		.fails = { ERR_NOT_FOUND, ERR_LIMIT, ERR_STATE },
		.run = post_message,
		.doc = "Ask a question: a run begins to work on its answer.",
		.detail = RUN_WAIT_DETAIL
		" Each number in brackets of an answer is a citation: lines of a file at a "
		"commit, read again before they were shown. Where no model is configured the "
		"answer is made of the passages that fit best, and its mode is extractive.",
		.example = "{" RUN_EXAMPLE "}",
	},
	ROUTES_END,
};
