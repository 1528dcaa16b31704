/* Secrets over HTTP: rows and thin handlers.  What goes in never comes out. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "auth/vault.h"

struct list_query {
	const char *kind, *cursor;
	int64_t limit;
};

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, kind, .one_of = vault_kinds, .doc = "Only secrets of this kind"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "SecretListQuery", LIST_FIELDS);

static enum err list_secrets(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct secret_filter filter = { .kind = query->kind, .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(vault_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &secret_schema, &list, query->limit,
	                  offsetof(struct secret, id));
}

static enum err create_secret(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct secret_new *in = request_body(rq, &secret_new_schema);
	struct secret made;

	TRY(vault_create(cx, in, &made));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/secrets/%lld", (long long)made.id));
	reply_version(rp, made.version);
	return reply_json(rp, &secret_schema, &made);
}

static enum err get_secret(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct secret secret;

	TRY(vault_get(cx, rq->ids[0], &secret));
	if (reply_version(rp, secret.version))
		return ERR_OK;
	return reply_json(rp, &secret_schema, &secret);
}

static enum err change_secret(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct secret_patch *in = request_body(rq, &secret_patch_schema);
	struct secret secret;

	TRY(vault_change(cx, rq->ids[0], rq->version, in, &secret));
	reply_version(rp, secret.version);
	return reply_json(rp, &secret_schema, &secret);
}

static enum err delete_secret(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	(void)rp;
	return vault_delete(cx, rq->ids[0], rq->version);
}

#define EXAMPLE                                                                                      \
	"\"id\":3,\"name\":\"forge\",\"kind\":\"git_https\",\"origin\":\"https://git.example.org\"," \
	"\"username\":\"ci\",\"host_key\":null,\"public_key\":null,\"fingerprint\":null,"            \
	"\"version\":1,\"created_by\":\"key:1\",\"created_at\":\"2026-11-21T06:45:00.123Z\","        \
	"\"updated_at\":\"2026-11-21T06:45:00.123Z\",\"last_used_at\":null"
#define READS                                                                                      \
	.tag = "Secrets", .auth = AUTH_ANY, .role = ROLE_MEMBER, .area = AREA_SECRETS,             \
	.rate = RATE_READ
#define WRITES                                                                                     \
	.tag = "Secrets", .auth = AUTH_ANY, .role = ROLE_ADMIN, .area = AREA_SECRETS,              \
	.rate = RATE_WRITE

const struct route secret_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/secrets",
		.op = "listSecrets",
		READS,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &secret_schema,
		.run = list_secrets,
		.doc = "List the tenant's secrets, newest first, without their values.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/secrets",
		.op = "createSecret",
		WRITES,
		.body = &secret_new_schema,
		.etag = true,
		.status = 201,
		.reply = &secret_schema,
		.fails = { ERR_CONFLICT, ERR_LIMIT },
		.audit = "secret.created",
		.run = create_secret,
		.doc = "Store a secret; its value is sealed and never given back.",
		.detail = "A credential of git is bound to one origin and shown to no other.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/secrets/{id}",
		.op = "getSecret",
		READS,
		.etag = true,
		.status = 200,
		.reply = &secret_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_secret,
		.doc = "Read what may be known of one secret.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/secrets/{id}",
		.op = "changeSecret",
		WRITES,
		.if_match = true,
		.etag = true,
		.body = &secret_patch_schema,
		.status = 200,
		.reply = &secret_schema,
		.fails = { ERR_NOT_FOUND, ERR_CONFLICT },
		.audit = "secret.changed",
		.run = change_secret,
		.doc = "Rename a secret or replace its value; what is not sent stays.",
		.detail = "Kind and origin stay as they are: what uses the secret counts on them.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/secrets/{id}",
		.op = "deleteSecret",
		WRITES,
		.if_match = true,
		.status = 204,
		.fails = { ERR_NOT_FOUND, ERR_SECRET_IN_USE },
		.audit = "secret.deleted",
		.run = delete_secret,
		.doc = "Delete a secret that no project uses.",
	},
	ROUTES_END,
};
