/* API keys and their tokens over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "auth/api_key.h"
#include "auth/token.h"

struct list_query {
	const char *status, *cursor;
	int64_t limit;
};

static const char *const STATUSES[] = { "active", "expired", "revoked", NULL };

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only keys in this state"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "ApiKeyListQuery", LIST_FIELDS);

static enum err list_keys(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct api_key_filter filter = { .status = query->status, .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(api_key_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &api_key_schema, &list, query->limit,
	                  offsetof(struct api_key, id));
}

/* The text goes back, and is left out of what is kept. */
static enum err show_made(struct ctx *cx, const struct api_key *made, struct reply *rp)
{
	struct api_key kept = *made;

	kept.key = NULL;
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/api-keys/%lld", (long long)made->id));
	TRY(reply_keep(rp, &api_key_made_schema, &kept));
	return reply_json(rp, &api_key_made_schema, made);
}

static enum err create_key(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct api_key made;

	TRY(api_key_create(cx, request_body(rq, &api_key_new_schema), &made));
	return show_made(cx, &made, rp);
}

static enum err rotate_key(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct api_key_rotation *in = request_body(rq, &api_key_rotation_schema);
	struct api_key made;

	TRY(api_key_rotate(cx, rq->ids[0], in, &made));
	return show_made(cx, &made, rp);
}

static enum err get_key(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct api_key key;

	TRY(api_key_get(cx, rq->ids[0], &key));
	return reply_json(rp, &api_key_schema, &key);
}

static enum err revoke_key(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return api_key_revoke(cx, rq->ids[0]);
}

static enum err get_own_key(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct api_key key;
	int64_t id;

	TRY(api_key_own(cx, &id));
	TRY(api_key_get(cx, id, &key));
	return reply_json(rp, &api_key_schema, &key);
}

static enum err revoke_own_key(struct ctx *cx, UNUSED const struct request *rq,
                               UNUSED struct reply *rp)
{
	int64_t id;

	TRY(api_key_own(cx, &id));
	return api_key_revoke(cx, id);
}

static enum err issue_token(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct token_pair pair;

	TRY(token_issue(cx, &pair));
	return reply_json(rp, &token_pair_schema, &pair);
}

static enum err refresh_token(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct token_refresh *in = request_body(rq, &token_refresh_schema);
	struct token_pair pair;

	TRY(token_refresh(cx, in->refresh_token, &pair));
	return reply_json(rp, &token_pair_schema, &pair);
}

static enum err revoke_token(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	const struct token_refresh *in = request_body(rq, &token_refresh_schema);

	return token_revoke(cx, in->refresh_token);
}

#define EXAMPLE                                                                                    \
	"\"id\":7,\"name\":\"build server\",\"prefix\":\"pk_7_\",\"role\":\"member\","             \
	"\"scopes\":[\"projects:read\",\"jobs:read\"],\"created_by\":\"ada@example.org\","         \
	"\"status\":\"active\",\"created_at\":\"2026-11-21T06:45:00.123Z\",\"expires_at\":null,"   \
	"\"last_used_at\":null,\"revoked_at\":null,\"rotated_to\":null"
#define EXAMPLE_PAIR                                                                               \
	"{\"access_token\":\"eyJ...\",\"token_type\":\"Bearer\",\"expires_in\":600,"               \
	"\"refresh_token\":\"pr_3_...\",\"refresh_expires_at\":\"2026-12-21T06:45:00.123Z\"}"
#define ADMIN  .tag = "API keys", .auth = AUTH_ANY, .role = ROLE_ADMIN, .area = AREA_KEYS
#define OWN    .tag = "API keys", .auth = AUTH_ANY, .role = ROLE_VIEWER, .area = AREA_NONE
#define TOKENS .tag = "Tokens", .area = AREA_NONE, .unkept = true

const struct route api_key_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/api-keys",
		.op = "listApiKeys",
		ADMIN,
		.rate = RATE_READ,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &api_key_schema,
		.run = list_keys,
		.doc = "List the tenant's API keys, newest first, those that have ended too.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/api-keys",
		.op = "createApiKey",
		ADMIN,
		.rate = RATE_WRITE,
		.secret = true,
		.body = &api_key_new_schema,
		.status = 201,
		.reply = &api_key_made_schema,
		.fails = { ERR_LIMIT },
		.audit = "api_key.created",
		.run = create_key,
		.doc = "Make an API key, with at most the caller's role and scopes.",
		.detail = "Its text is in this answer and nowhere else.",
		.example = "{" EXAMPLE ",\"key\":\"pk_7_...\"}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/api-keys/{id}",
		.op = "getApiKey",
		ADMIN,
		.rate = RATE_READ,
		.status = 200,
		.reply = &api_key_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_key,
		.doc = "Read one API key, without its text.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/api-keys/{id}",
		.op = "revokeApiKey",
		ADMIN,
		.rate = RATE_WRITE,
		.status = 204,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "api_key.revoked",
		.run = revoke_key,
		.doc = "Revoke an API key of at most the caller's role: it works no more, nor do its "
		       "tokens.",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/api-keys/{id}/rotate",
		.op = "rotateApiKey",
		ADMIN,
		.rate = RATE_WRITE,
		.secret = true,
		.body = &api_key_rotation_schema,
		.status = 201,
		.reply = &api_key_made_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "api_key.rotated api_key.created",
		.run = rotate_key,
		.doc = "Make the successor of an API key; both work until the overlap is over.",
		.detail = "Name, role, scopes and time to live are those of the old one.",
		.example = "{" EXAMPLE ",\"key\":\"pk_7_...\"}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/api-keys/current",
		.op = "getOwnApiKey",
		OWN,
		.rate = RATE_READ,
		.status = 200,
		.reply = &api_key_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_own_key,
		.doc = "Read the API key with which this is asked, or from which the access token is.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/api-keys/current",
		.op = "revokeOwnApiKey",
		OWN,
		.rate = RATE_WRITE,
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.audit = "api_key.revoked",
		.run = revoke_own_key,
		.doc = "Revoke the API key with which this is asked.",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/token",
		.op = "issueToken",
		TOKENS,
		.auth = AUTH_KEY,
		.role = ROLE_VIEWER,
		.rate = RATE_WRITE,
		.status = 200,
		.reply = &token_pair_schema,
		.audit = "token.issued",
		.run = issue_token,
		.doc = "Change an API key for a short access token and a refresh token.",
		.example = EXAMPLE_PAIR,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/refresh",
		.op = "refreshToken",
		TOKENS,
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.rate = RATE_SIGN_IN,
		.body = &token_refresh_schema,
		.status = 200,
		.reply = &token_pair_schema,
		.fails = { ERR_UNAUTHENTICATED },
		.unaudited =
			"a copy used twice leaves token.reused; the pair stands for what was issued",
		.run = refresh_token,
		.doc = "Use a refresh token, which works once: the answer holds the next pair.",
		.detail =
			"One that comes a second time has been copied: all tokens that came from the "
			"same issue end, those of a client too that repeats a request whose answer it "
			"lost. It then asks for new ones with its key.",
		.example = EXAMPLE_PAIR,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/revoke",
		.op = "revokeToken",
		TOKENS,
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.rate = RATE_SIGN_IN,
		.body = &token_refresh_schema,
		.status = 204,
		.unaudited = "one that lives leaves token.revoked; another changes nothing",
		.run = revoke_token,
		.doc = "Give a refresh token back: all tokens that came from the same issue end.",
		.detail = "The answer is the same for one that is unknown.",
	},
	ROUTES_END,
};
