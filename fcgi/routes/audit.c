/* The audit log over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "audit/audit.h"

#define EXPORT_MAX       AUDIT_PAGE_MAX
#define EXPORT_MAX_BYTES ((size_t)16 * 1024 * 1024)

struct audit_query {
	const char *action, *actor, *target, *outcome, *request_id, *cursor;
	int64_t since_us, until_us, limit;
};

static const char *const OUTCOMES[] = { "done", "refused", NULL };

#define FILTER_FIELDS                                                                              \
	F_TEXT(struct audit_query, action, .min = 1, .max = AUDIT_ACTION_MAX,                      \
	       .doc = "Only this action, or all of its kind: project.created, project"),           \
		F_TEXT(struct audit_query, actor, .min = 1, .max = 254,                            \
	               .doc = "Only what this one did"),                                           \
		F_TEXT(struct audit_query, target, .min = 1, .max = 200,                           \
	               .doc = "Only what was done to this: project:17"),                           \
		F_TEXT(struct audit_query, outcome, .one_of = OUTCOMES,                            \
	               .doc = "Only what was done, or only what was refused"),                     \
		F_TEXT(struct audit_query, request_id, .min = 1, .max = REQUEST_ID_MAX,            \
	               .doc = "Only what this request did"),                                       \
		F_TIME(struct audit_query, since_us, .name = "since",                              \
	               .doc = "Not what was before this time"),                                    \
		F_TIME(struct audit_query, until_us, .name = "until",                              \
	               .doc = "Not what was at this time or after")

static const struct field LIST_FIELDS[] = { FILTER_FIELDS, PAGE_FIELDS(struct audit_query) };
static const struct schema LIST_QUERY = SCHEMA(struct audit_query, "AuditListQuery", LIST_FIELDS);

static const struct field EXPORT_FIELDS[] = {
	FILTER_FIELDS,
	F_INT(struct audit_query, limit, .min = 1, .max = EXPORT_MAX, .preset = EXPORT_MAX,
	      .doc = "Most rows of one call"),
	F_TEXT(struct audit_query, cursor, .min = 1, .max = CURSOR_TEXT_MAX - 1,
	       .doc = "Where to go on: Next-Cursor of the call before"),
};
static const struct schema EXPORT_QUERY =
	SCHEMA(struct audit_query, "AuditExportQuery", EXPORT_FIELDS);

static struct audit_filter filter_of(const struct audit_query *query)
{
	return (struct audit_filter){
		.action = query->action,
		.actor = query->actor,
		.target = query->target,
		.outcome = query->outcome,
		.request_id = query->request_id,
		.since_us = query->since_us,
		.until_us = query->until_us,
		.limit = query->limit + 1,
	};
}

static enum err list_audit(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct audit_query *query = request_query(rq, &LIST_QUERY);
	struct audit_filter filter = filter_of(query);
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before));
	TRY(audit_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &audit_schema, &list, query->limit,
	                  offsetof(struct audit, position));
}

static enum err export_audit(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct audit_query *query = request_query(rq, &EXPORT_QUERY);
	struct audit_filter filter = filter_of(query);
	struct sb sb = sb_new(cx->arena, EXPORT_MAX_BYTES);
	const struct audit *rows;
	struct list list;
	const char *text;
	size_t n;

	TRY(page_begin(cx, rq, query->cursor, &filter.after));
	TRY(audit_list_up(cx, &filter, &list));
	rows = list.items;
	n = page_length(&list, query->limit);
	for (size_t i = 0; i < n; i++)
		audit_line(&sb, &rows[i]);
	TRY(sb_finish(cx, &sb, &text));
	if (n < list.n)
		reply_header(rp, "Next-Cursor", page_cursor(cx, rq, rows[n - 1].position));
	reply_text(rp, "application/x-ndjson", (struct span){ text, sb.len });
	return ERR_OK;
}

#define EXAMPLE                                                                                    \
	"{\"position\":4711,\"at\":\"2026-11-21T06:45:00.123Z\",\"actor\":\"key:3\","              \
	"\"user_id\":null,\"key_id\":3,\"action\":\"project.created\",\"target\":\"project:17\","  \
	"\"outcome\":\"done\",\"remote\":\"192.0.2.7\",\"request_id\":\"req_0193\","               \
	"\"detail\":{\"id\":17},\"tenant_id\":1,\"seal_seq\":12,\"seal_hash\":"                    \
	"\"6ec16b3d2bc6d1f9fc7a4a4b3ab6b2ac16e5b4cf6c1b7a24b9e4d0a3a7a4f201\"}"
#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Audit", .auth = AUTH_ANY, .role = ROLE_ADMIN,                  \
	.area = AREA_AUDIT, .rate = RATE_READ

const struct route audit_routes[] = {
	{
		.path = "/api/v1/audit",
		.op = "listAudit",
		READS,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &audit_schema,
		.run = list_audit,
		.doc = "List what was done in the tenant, by whom and from where, newest first.",
		.example = "{\"items\":[" EXAMPLE "],\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/audit/export",
		.op = "exportAudit",
		READS,
		.query = &EXPORT_QUERY,
		.status = 200,
		.form = ROUTE_TEXT,
		.media = "application/x-ndjson",
		.run = export_audit,
		.doc = "Export the tenant's audit log, oldest first, one JSON object a line.",
		.detail = "When there is more, the header Next-Cursor says where to go on.",
	},
	ROUTES_END,
};
