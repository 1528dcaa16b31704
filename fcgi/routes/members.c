/* Members over HTTP: rows and thin handlers. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "auth/member.h"
#include "auth/user.h"

struct list_query {
	const char *q, *role, *status, *cursor;
	int64_t limit;
};

static const char *const ROLES[] = { "viewer", "member", "operator", "admin", "owner", NULL };
static const char *const STATUSES[] = { "invited", "active", "disabled", NULL };

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, q, .min = 1, .max = 200, .doc = "Part of the address or name"),
	F_TEXT(struct list_query, role, .one_of = ROLES, .doc = "Only members with this role"),
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only members in this state"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "MemberListQuery", LIST_FIELDS);

/* What an invitation answers; kept for a replay is the same without token and address. */
struct invitation {
	const struct member *member;
	const char *token, *url;
	int64_t expires_us;
};

static const struct field INVITATION_FIELDS[] = {
	F_OBJ(struct invitation, member, .of = &member_schema, .doc = "The member who was invited"),
	F_TEXT(struct invitation, token, .nullable = true,
	       .doc = "What the person shows to join; shown once, null when this answer is repeated"),
	F_TEXT(struct invitation, url, .nullable = true,
	       .doc = "The same as an address to open in a browser"),
	F_TIME(struct invitation, expires_us, .name = "expires_at", .doc = "When the token ends"),
};
static const struct schema INVITATION = SCHEMA(struct invitation, "Invitation", INVITATION_FIELDS);

static enum err list_members(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct member_filter filter = { .q = query->q,
		                        .role = query->role,
		                        .status = query->status,
		                        .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(member_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &member_schema, &list, query->limit,
	                  offsetof(struct member, id));
}

static enum err invite_member(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct member_invited made;
	struct invitation answer, kept;

	TRY(member_invite(cx, request_body(rq, &member_new_schema), &made));
	kept = (struct invitation){ .member = &made.member, .expires_us = made.expires_us };
	answer = kept;
	answer.token = made.token;
	answer.url = user_token_url(cx, request_base(cx, rq), "invitation", made.token);
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/members/%lld", (long long)made.member.id));
	reply_version(rp, made.member.version);
	TRY(reply_keep(rp, &INVITATION, &kept));
	return reply_json(rp, &INVITATION, &answer);
}

static enum err get_member(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct member member;

	TRY(member_get(cx, rq->ids[0], &member));
	if (reply_version(rp, member.version))
		return ERR_OK;
	return reply_json(rp, &member_schema, &member);
}

static enum err change_member(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct member_patch *in = request_body(rq, &member_patch_schema);
	struct member member;

	TRY(member_change(cx, rq->ids[0], rq->version, in, &member));
	reply_version(rp, member.version);
	return reply_json(rp, &member_schema, &member);
}

static enum err remove_member(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	(void)rp;
	return member_remove(cx, rq->ids[0], rq->version);
}

#define EXAMPLE                                                                                    \
	"\"id\":9,\"user_id\":4,\"email\":\"ada@example.org\",\"name\":null,\"role\":\"member\","  \
	"\"status\":\"invited\",\"version\":1,\"created_at\":\"2026-11-21T06:45:00.123Z\","        \
	"\"updated_at\":\"2026-11-21T06:45:00.123Z\""
#define MEMBERS .tag = "Members", .auth = AUTH_ANY, .area = AREA_MEMBERS
#define READS   MEMBERS, .role = ROLE_VIEWER, .rate = RATE_READ
#define WRITES  MEMBERS, .role = ROLE_ADMIN, .rate = RATE_WRITE

const struct route member_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/members",
		.op = "listMembers",
		READS,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &member_schema,
		.run = list_members,
		.doc = "List the tenant's members and who is invited, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/members",
		.op = "inviteMember",
		WRITES,
		.etag = true,
		.secret = true,
		.body = &member_new_schema,
		.status = 201,
		.reply = &INVITATION,
		.fails = { ERR_FORBIDDEN, ERR_CONFLICT, ERR_LIMIT },
		.audit = "member.invited",
		.run = invite_member,
		.doc = "Invite somebody to the tenant; the answer holds the token to hand to them.",
		.detail =
			"No mail is sent. The answer is the same whether or not the address has an "
			"account. Who was invited and has not come gets a new token, and the one "
			"before ends. Nobody grants a role above their own.",
		.example = "{\"member\":{" EXAMPLE "},\"token\":\"pt_...\","
			   "\"url\":\"https://portolan.example.org/welcome#invitation=pt_...\","
			   "\"expires_at\":\"2026-11-24T06:45:00.123Z\"}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/members/{id}",
		.op = "getMember",
		READS,
		.etag = true,
		.status = 200,
		.reply = &member_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_member,
		.doc = "Read one member.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/members/{id}",
		.op = "changeMember",
		WRITES,
		.if_match = true,
		.etag = true,
		.body = &member_patch_schema,
		.status = 200,
		.reply = &member_schema,
		.fails = { ERR_FORBIDDEN, ERR_NOT_FOUND, ERR_STATE },
		.audit = "member.changed",
		.run = change_member,
		.doc = "Give a member another role, disable or enable one; it holds from the next "
		       "request on.",
		.detail =
			"Nobody grants a role above their own or changes a member above them. The "
			"last active owner stays one, and nobody disables themselves. Who is "
			"disabled keeps their account, its sessions and other tenants; API keys "
			"that they made are the tenant's, and work until they are revoked.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/members/{id}",
		.op = "removeMember",
		MEMBERS,
		.role = ROLE_VIEWER,
		.rate = RATE_WRITE,
		.if_match = true,
		.status = 204,
		.fails = { ERR_FORBIDDEN, ERR_NOT_FOUND, ERR_STATE },
		.audit = "member.removed",
		.run = remove_member,
		.doc = "Remove a member, or leave.",
		.detail =
			"Everybody may leave; others are removed by administrators, and nobody above "
			"their own role. The last active owner stays. The account remains.",
	},
	ROUTES_END,
};
