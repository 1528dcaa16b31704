/*
 * SQL of users.  What the workers may is said in sql/0006_people.sql; the operator's statements, the last
 * part, are for the role of the gate.
 */
#include "auth/user_repo.h"

#include "config/config.h"

static const struct field ATTEMPT_FIELDS[] = {
	F_TEXT(struct user_attempt, salted, .doc = "Cost and salt of the hash"),
	F_INT(struct user_attempt, wait_s, .doc = "Seconds until the next attempt"),
};
static const struct schema ATTEMPT = SCHEMA(struct user_attempt, "UserAttempt", ATTEMPT_FIELDS);

static const struct field SESSION_FIELDS[] = {
	F_INT(struct user_session, user_id, .doc = "Person"),
	F_INT(struct user_session, session_id, .doc = "New session"),
};
static const struct schema SESSION = SCHEMA(struct user_session, "UserSession", SESSION_FIELDS);

static const struct field TOKEN_FIELDS[] = {
	F_INT(struct user_token, user_id, .doc = "Person"),
	F_INT(struct user_token, tenant_id, .doc = "Tenant; null: the operator's"),
	F_TEXT(struct user_token, kind, .doc = "invitation or reset"),
	F_TEXT(struct user_token, email, .doc = "Address"),
	F_TEXT(struct user_token, name, .doc = "Name"),
	F_BOOL(struct user_token, has_password, .doc = "Whether a password is set"),
};
static const struct schema TOKEN = SCHEMA(struct user_token, "UserToken", TOKEN_FIELDS);

/* --- Signing in --- */

static const struct db_stmt BEGIN_SIGN_IN = {
	.name = "user_sign_in_begin",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT salted, wait_s FROM app.sign_in_begin($1)",
};

enum err user_repo_begin(struct ctx *cx, const char *email, struct user_attempt *ret)
{
	return db_get(cx, &BEGIN_SIGN_IN, DB_ARGS(DB_TEXT(email)), &ATTEMPT, ret);
}

static const struct db_stmt FINISH = {
	.name = "user_sign_in_finish",
	.any_tenant = true,
	.nparams = 8,
	.sql = "SELECT user_id, session_id FROM app.sign_in_finish($1, $2, $3, $4, $5, $6, $7, $8)",
};

enum err user_repo_finish(struct ctx *cx, const struct user_proof *in,
                          const unsigned char token[SECRET_HASH_BYTES], struct user_session *ret)
{
	return db_get(cx, &FINISH,
	              DB_ARGS(DB_TEXT(in->email), DB_TEXT(in->proof), DB_TEXT(in->new_hash),
	                      DB_BYTES(token, SECRET_HASH_BYTES), DB_TEXT(in->old_hashes),
	                      DB_INT(cx->app->config->session_max_hours), DB_TEXT(in->remote),
	                      DB_TEXT(in->user_agent)),
	              &SESSION, ret);
}

/* --- The person of the context --- */

#define COLUMNS                                                                                    \
	"id, email, name, version, steward," DB_US("last_sign_in_at") "," DB_US("created_at")

static const struct db_stmt SELF = {
	.name = "user_self",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT " COLUMNS " FROM app.user_account WHERE id = $1",
};

enum err user_repo_self(struct ctx *cx, struct user *ret)
{
	return db_get(cx, &SELF, DB_ARGS(DB_INT(cx->who.user_id)), &user_schema, ret);
}

static const struct db_stmt TENANTS = {
	.name = "user_tenants",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT t.id, t.name, (ARRAY['viewer', 'member', 'operator', 'admin', 'owner'])[m.role]"
	       " AS role FROM app.member m JOIN app.tenant t ON t.id = m.tenant_id"
	       " WHERE m.user_id = $1 AND m.status = 'active' AND t.status = 'active' ORDER BY t.name",
};

enum err user_repo_tenants(struct ctx *cx, int64_t user_id, struct list *ret)
{
	return db_list(cx, &TENANTS, DB_ARGS(DB_INT(user_id)), &user_tenant_schema, ret);
}

static const struct db_stmt RENAME = {
	.name = "user_rename",
	.any_tenant = true,
	.nparams = 3,
	.sql = "UPDATE app.user_account SET name = $3, version = version + 1, updated_at = now()"
	       " WHERE id = $1 AND ($2 = 0 OR version = $2) RETURNING " COLUMNS,
};

enum err user_repo_rename(struct ctx *cx, int64_t version, const char *name, struct user *ret)
{
	return db_get(cx, &RENAME, DB_ARGS(DB_INT(cx->who.user_id), DB_INT(version), DB_TEXT(name)),
	              &user_schema, ret);
}

static const struct db_stmt CHANGE_PASSWORD = {
	.name = "user_change_password",
	.any_tenant = true,
	.nparams = 4,
	.sql = "SELECT app.password_change($1, $2, $3, $4)::integer",
};

enum err user_repo_change_password(struct ctx *cx, const char *proof, const char *new_hash,
                                   const unsigned char token[SECRET_HASH_BYTES], bool *ret)
{
	int64_t changed;

	TRY(db_get_int(cx, &CHANGE_PASSWORD,
	               DB_ARGS(DB_TEXT(proof), DB_TEXT(new_hash), DB_INT(cx->who.session_id),
	                       DB_BYTES(token, SECRET_HASH_BYTES)),
	               &changed));
	*ret = changed != 0;
	return ERR_OK;
}

/* --- Tokens --- */

static const struct db_stmt TOKEN_OPEN = {
	.name = "user_token_open",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT user_id, tenant_id, kind, email, name, has_password"
	       " FROM app.password_token_open($1)",
};

enum err user_repo_token_open(struct ctx *cx, const char *hashes, struct user_token *ret)
{
	return db_get(cx, &TOKEN_OPEN, DB_ARGS(DB_TEXT(hashes)), &TOKEN, ret);
}

static const struct db_stmt TOKEN_USE = {
	.name = "user_token_use",
	.any_tenant = true,
	.nparams = 3,
	.sql = "SELECT user_id, tenant_id, kind FROM app.password_token_use($1, $2, $3)",
};

enum err user_repo_token_use(struct ctx *cx, const char *hashes, const char *proof,
                             const char *new_hash, struct user_token *ret)
{
	return db_get(cx, &TOKEN_USE, DB_ARGS(DB_TEXT(hashes), DB_TEXT(proof), DB_TEXT(new_hash)),
	              &TOKEN, ret);
}

static const struct db_stmt TOKEN_NEXT_ID = {
	.name = "user_token_next_id",
	.any_tenant = true,
	.sql = "SELECT nextval(pg_get_serial_sequence('app.password_token', 'id'))",
};

enum err user_repo_token_next_id(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &TOKEN_NEXT_ID, DB_NO_ARGS, ret);
}

static const struct db_stmt RESET_MEMBER = {
	.name = "user_reset_member",
	.any_tenant = true,
	.nparams = 4,
	.sql = "SELECT user_id, email," DB_US(
		"expires_at") " FROM app.member_reset($1, $2, $3, $4)",
};

enum err user_repo_reset_member(struct ctx *cx, int64_t member_id,
                                const unsigned char token[SECRET_HASH_BYTES],
                                struct reset_made *ret)
{
	return db_get(cx, &RESET_MEMBER,
	              DB_ARGS(DB_INT(member_id), DB_INT(cx->who.role),
	                      DB_BYTES(token, SECRET_HASH_BYTES),
	                      DB_INT(cx->app->config->password_token_hours)),
	              &reset_made_schema, ret);
}

/* --- The operator's --- */

static const struct db_stmt INSERT = {
	.name = "user_insert",
	.any_tenant = true,
	.nparams = 3,
	.sql = "INSERT INTO app.user_account (email, name, password_hash, password_changed_at)"
	       " VALUES ($1, $2, $3, CASE WHEN $3::text IS NOT NULL THEN now() END) RETURNING id",
};

enum err user_repo_insert(struct ctx *cx, const struct user_new *in, const char *hash,
                          int64_t *ret_id)
{
	return db_get_int(cx, &INSERT,
	                  DB_ARGS(DB_TEXT(in->email), DB_TEXT(in->name), DB_TEXT(hash)), ret_id);
}

#define ALL_COLUMNS                                                                                \
	COLUMNS ", disabled_at IS NOT NULL AS disabled, password_hash IS NOT NULL AS has_password"

static const struct db_stmt FIND = {
	.name = "user_find",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT " ALL_COLUMNS " FROM app.user_account WHERE email = $1",
};

enum err user_repo_find(struct ctx *cx, const char *email, struct user *ret)
{
	return db_get(cx, &FIND, DB_ARGS(DB_TEXT(email)), &user_account_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "user_list",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT " ALL_COLUMNS " FROM app.user_account ORDER BY email",
};

enum err user_repo_list(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &LIST, DB_NO_ARGS, &user_account_schema, ret);
}

static const struct db_stmt SET_PASSWORD = {
	.name = "user_set_password",
	.any_tenant = true,
	.nparams = 2,
	.sql = "WITH changed AS (UPDATE app.user_account SET password_hash = $2,"
	       " password_changed_at = now(), updated_at = now(), version = version + 1"
	       " WHERE id = $1 RETURNING email)"
	       " DELETE FROM app.sign_in_attempt WHERE email_hash ="
	       " (SELECT sha256(convert_to(email, 'UTF8')) FROM changed)",
};

enum err user_repo_set_password(struct ctx *cx, int64_t id, const char *hash)
{
	return db_run(cx, &SET_PASSWORD, DB_ARGS(DB_INT(id), DB_TEXT(hash)), NULL);
}

static const struct db_stmt DISABLE = {
	.name = "user_disable",
	.any_tenant = true,
	.nparams = 2,
	.sql = "UPDATE app.user_account SET disabled_at = CASE WHEN $2::boolean THEN now() END,"
	       " updated_at = now(), version = version + 1 WHERE id = $1",
};

enum err user_repo_disable(struct ctx *cx, int64_t id, bool disabled)
{
	return db_run(cx, &DISABLE, DB_ARGS(DB_INT(id), DB_BOOL(disabled)), NULL);
}

static const struct db_stmt PROMOTE = {
	.name = "user_promote",
	.any_tenant = true,
	.nparams = 2,
	.sql = "UPDATE app.user_account SET steward = $2, updated_at = now(),"
	       " version = version + 1 WHERE id = $1",
};

enum err user_repo_promote(struct ctx *cx, int64_t id, bool steward)
{
	return db_run(cx, &PROMOTE, DB_ARGS(DB_INT(id), DB_BOOL(steward)), NULL);
}

static const struct db_stmt END_ALL = {
	.name = "user_end_all",
	.any_tenant = true,
	.nparams = 1,
	.sql = "WITH sessions AS (DELETE FROM app.session WHERE user_id = $1)"
	       " DELETE FROM app.password_token WHERE user_id = $1 AND kind = 'reset'",
};

enum err user_repo_end_all(struct ctx *cx, int64_t id)
{
	return db_run(cx, &END_ALL, DB_ARGS(DB_INT(id)), NULL);
}

static const struct db_stmt RESET = {
	.name = "user_reset",
	.any_tenant = true,
	.nparams = 3,
	.sql = "INSERT INTO app.password_token (user_id, kind, token_hash, expires_at)"
	       " VALUES ($1, 'reset', $2, now() + $3 * interval '1 hour')"
	       " RETURNING user_id," DB_US("expires_at"),
};

enum err user_repo_reset(struct ctx *cx, int64_t id, const unsigned char token[SECRET_HASH_BYTES],
                         struct reset_made *ret)
{
	return db_get(cx, &RESET,
	              DB_ARGS(DB_INT(id), DB_BYTES(token, SECRET_HASH_BYTES),
	                      DB_INT(cx->app->config->password_token_hours)),
	              &reset_made_schema, ret);
}

static const struct db_stmt TENANT = {
	.name = "user_tenant",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT id FROM app.tenant WHERE status = 'active' AND (name = $1 OR id::text = $1)"
	       " ORDER BY name = $1 DESC LIMIT 1",
};

enum err user_repo_tenant(struct ctx *cx, const char *tenant, int64_t *ret_id)
{
	return db_get_int(cx, &TENANT, DB_ARGS(DB_TEXT(tenant)), ret_id);
}

static const struct db_stmt JOIN = {
	.name = "user_join",
	.any_tenant = true,
	.nparams = 3,
	.sql = "INSERT INTO app.member (tenant_id, user_id, role, status) VALUES ($1, $2, $3, 'active')"
	       " ON CONFLICT ON CONSTRAINT member_tenant_user_key DO UPDATE"
	       " SET role = excluded.role, status = 'active', version = member.version + 1,"
	       " updated_at = now()",
};

enum err user_repo_join(struct ctx *cx, int64_t tenant_id, int64_t user_id, enum role role)
{
	return db_run(cx, &JOIN, DB_ARGS(DB_INT(tenant_id), DB_INT(user_id), DB_INT(role)), NULL);
}

static const struct db_stmt OWNERS = {
	.name = "user_owners",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT count(*) FROM app.member WHERE tenant_id = $1 AND role = 5"
	       " AND status = 'active'",
};

enum err user_repo_owners(struct ctx *cx, int64_t tenant_id, int64_t *ret)
{
	return db_get_int(cx, &OWNERS, DB_ARGS(DB_INT(tenant_id)), ret);
}

const struct db_check user_statements[] = {
	{ .stmt = &BEGIN_SIGN_IN, .row = &ATTEMPT },
	{ .stmt = &FINISH, .row = &SESSION },
	{ .stmt = &SELF, .row = &user_schema },
	{ .stmt = &TENANTS, .row = &user_tenant_schema },
	{ .stmt = &RENAME, .row = &user_schema },
	{ .stmt = &CHANGE_PASSWORD },
	{ .stmt = &TOKEN_OPEN, .row = &TOKEN },
	{ .stmt = &TOKEN_USE, .row = &TOKEN, .partial = true },
	{ .stmt = &TOKEN_NEXT_ID },
	{ .stmt = &RESET_MEMBER, .row = &reset_made_schema, .partial = true },
	{ .stmt = &INSERT, .as = DB_AS_GATE },
	{ .stmt = &FIND, .row = &user_account_schema, .as = DB_AS_GATE },
	{ .stmt = &LIST, .row = &user_account_schema, .as = DB_AS_GATE },
	{ .stmt = &SET_PASSWORD, .as = DB_AS_GATE },
	{ .stmt = &DISABLE, .as = DB_AS_GATE },
	{ .stmt = &PROMOTE, .as = DB_AS_GATE },
	{ .stmt = &END_ALL, .as = DB_AS_GATE },
	{ .stmt = &RESET, .row = &reset_made_schema, .partial = true, .as = DB_AS_GATE },
	{ .stmt = &TENANT },
	{ .stmt = &JOIN, .as = DB_AS_GATE },
	{ .stmt = &OWNERS },
	{ .stmt = NULL },
};
