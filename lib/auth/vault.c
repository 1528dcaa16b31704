/* Secrets: schemas, rules, and the one place where they are sealed and opened. */
#include "auth/vault.h"

#include "auth/ssh_key.h"
#include "auth/vault_repo.h"
#include "base/net_ssh.h"
#include "base/redact.h"
#include "base/secret.h"
#include "config/config.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define HTTPS "git_https"
#define SSH   "git_ssh"

const char *const vault_kinds[] = { HTTPS, SSH, "provider_key", "webhook_secret", NULL };

/* --- Schemas --- */

/* A user name ends at the colon in HTTP's Basic authentication. */
static enum err check_username(struct ctx *cx, const char *pointer, const char *text)
{
	if (strchr(text, ':') == NULL)
		return ERR_OK;
	return err_field(cx, ERR_INVALID, pointer, "username", "holds a colon");
}

#define NAME_RULES                                                                                 \
	.min = 1, .max = VAULT_NAME_MAX, .one_line = true, .check = schema_check_trimmed,          \
	.example = "\"forge\""
#define USERNAME_RULES                                                                             \
	.nullable = true, .min = 1, .max = VAULT_NAME_MAX, .one_line = true,                       \
	.check = check_username, .example = "\"ci\""
#define HOST_KEY_RULES                                                                             \
	.min = 1, .max = 4096, .example = "\"SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU\""

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct secret_new, name, NAME_RULES, .required = true,
	       .doc = "Name, unique within the tenant"),
	F_TEXT(struct secret_new, kind, .required = true, .one_of = vault_kinds,
	       .doc = "What it is: a token for git over https, a private key for git over ssh, the "
	              "key of a provider, or what signs web hooks"),
	F_TEXT(struct secret_new, origin, .nullable = true, .min = 1, .max = 300, .one_line = true,
	       .example = "\"https://git.example.org\"",
	       .doc = "Git alone: scheme, host and port that it is shown to, and no other"),
	F_TEXT(struct secret_new, username, USERNAME_RULES,
	       .doc = "Git alone: who signs in; over ssh the address may say so instead"),
	F_TEXT(struct secret_new, host_key, HOST_KEY_RULES, .nullable = true,
	       .doc = "ssh alone: what the server must show, as lines of known_hosts or "
	              "fingerprints"),
	F_TEXT(struct secret_new, value, .required = true, .min = 4, .max = VAULT_VALUE_MAX,
	       .example = "\"...\"",
	       .doc = "Token, password or private key; it is never given back"),
	F_TEXT(struct secret_new, passphrase, .nullable = true, .min = 1, .max = 1024,
	       .one_line = true, .doc = "Of a private key that has one; it is never given back"),
};
const struct schema secret_new_schema = SCHEMA(struct secret_new, "SecretNew", NEW_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct secret_patch, name, NAME_RULES, .doc = "New name"),
	F_TEXT(struct secret_patch, username, USERNAME_RULES,
	       .doc = "New user name; null: none, over ssh alone"),
	F_TEXT(struct secret_patch, host_key, HOST_KEY_RULES,
	       .doc = "What the server must show from now on"),
	F_TEXT(struct secret_patch, value, .min = 4, .max = VAULT_VALUE_MAX,
	       .doc = "New token, password or private key"),
	F_TEXT(struct secret_patch, passphrase, .nullable = true, .min = 1, .max = 1024,
	       .one_line = true, .doc = "Of the new private key"),
};
const struct schema secret_patch_schema =
	SCHEMA_PATCH(struct secret_patch, "SecretPatch", PATCH_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct secret, id, .example = "3", .doc = "Number of the secret"),
	F_TEXT(struct secret, name, .max = VAULT_NAME_MAX, .doc = "Name, unique in the tenant"),
	F_TEXT(struct secret, kind, .one_of = vault_kinds, .doc = "What it is"),
	F_TEXT(struct secret, origin, .nullable = true, .doc = "What it is shown to, and no other"),
	F_TEXT(struct secret, username, .nullable = true, .doc = "Who signs in with it"),
	F_TEXT(struct secret, host_key, .nullable = true,
	       .doc = "Fingerprints that the server may show, one a line"),
	F_TEXT(struct secret, public_key, .nullable = true,
	       .doc = "The public half of a private key, for the server"),
	F_TEXT(struct secret, fingerprint, .nullable = true, .doc = "Of that key"),
	F_INT(struct secret, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TEXT(struct secret, created_by, .doc = "Who stored it"),
	F_TIME(struct secret, created_us, .name = "created_at", .doc = "When it was stored"),
	F_TIME(struct secret, updated_us, .name = "updated_at", .doc = "When it last changed"),
	F_TIME(struct secret, last_used_us, .name = "last_used_at",
	       .doc = "When it was last used, to the minute; null: never"),
};
const struct schema secret_schema = SCHEMA(struct secret, "Secret", FIELDS);

const struct event_kind secret_created = {
	.type = "secret.created",
	.version = 1,
	.payload = &secret_schema,
	.audited = true,
	.confidential = true,
	.doc = "A secret was stored.",
};
const struct event_kind secret_changed = {
	.type = "secret.changed",
	.version = 1,
	.payload = &secret_schema,
	.audited = true,
	.confidential = true,
	.doc = "A secret was renamed, or its value replaced.",
};
const struct event_kind secret_deleted = {
	.type = "secret.deleted",
	.version = 1,
	.payload = &secret_schema,
	.audited = true,
	.confidential = true,
	.doc = "A secret is gone; the payload is what it last was.",
};

/* --- Rules --- */

static bool is_kind(const char *kind, const char *name)
{
	return strcmp(kind, name) == 0;
}

static enum err blame(struct ctx *cx, const char *pointer, const char *rule, const char *why,
                      const char *fix)
{
	err_clear(cx);
	err_field(cx, ERR_INVALID, pointer, rule, "%s", why);
	err_fix(cx, "%s", fix);
	return ERR_INVALID;
}

/* Not allowed with this kind: it would look as if it counted. */
static enum err forbid(struct ctx *cx, const char *kind, const char *pointer, const char *given)
{
	if (given == NULL)
		return ERR_OK;
	return blame(cx, pointer, "kind",
	             arena_printf(cx->arena, "is nothing that a secret of kind %s has", kind),
	             "Leave it out.");
}

static enum err check_https_origin(struct ctx *cx, const char *text, const char **ret)
{
	static const char FIX[] = "Write it as https://host or https://host:port.";
	struct net_url url;

	if (net_url_parse(cx, text, &url) != ERR_OK)
		return blame(cx, "/origin", "origin", cx->fault.detail, FIX);
	if (strcmp(url.target, "/") != 0)
		return blame(cx, "/origin", "origin", "has a path", FIX);
	if (!url.https && !cx->app->config->allow_http)
		return blame(cx, "/origin", "origin", "is http, over which anybody could read it",
		             "Use https, or set allow_http to true.");
	*ret = url.origin;
	return ERR_OK;
}

/* What belongs to the kind, in its normal form. */
static enum err check_parts(struct ctx *cx, const struct secret_new *in, struct vault_row *row)
{
	bool https = is_kind(in->kind, HTTPS), ssh = is_kind(in->kind, SSH);

	if (!https && !ssh) {
		TRY(forbid(cx, in->kind, "/origin", in->origin));
		TRY(forbid(cx, in->kind, "/username", in->username));
	} else if (in->origin == NULL) {
		return blame(cx, "/origin", "required", "is needed: a credential is for one server",
		             https ? "Write it as https://host or https://host:port."
		                   : "Write it as ssh://host or ssh://host:port.");
	}
	if (!ssh) {
		TRY(forbid(cx, in->kind, "/host_key", in->host_key));
		TRY(forbid(cx, in->kind, "/passphrase", in->passphrase));
	}
	if (https && in->username == NULL)
		return blame(cx, "/username", "required", "is needed for git over https",
		             "Give the account's name; where a token is enough, any word will do.");
	if (https)
		return check_https_origin(cx, in->origin, &row->origin);
	if (!ssh)
		return ERR_OK;
	if (net_ssh_origin(cx, in->origin, &row->origin) != ERR_OK)
		return blame(cx, "/origin", "origin", cx->fault.detail, cx->fault.fix);
	return ssh_host_keys_read(cx, in->host_key == NULL ? "" : in->host_key, &row->host_key);
}

/* A header or a command line would end at a line break. */
static enum err check_value(struct ctx *cx, const char *kind, const char *value,
                            const char *passphrase, struct vault_row *row)
{
	struct ssh_key_info info;

	if (is_kind(kind, SSH)) {
		TRY(ssh_key_read(cx, value, passphrase, &info));
		row->public_key = info.public_key;
		row->fingerprint = info.fingerprint;
		return ERR_OK;
	}
	for (const char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return blame(cx, "/value", "one_line",
			             "holds a line break or control character",
			             "Paste the one line that it is.");
	}
	return ERR_OK;
}

/* --- Sealing --- */

static struct seal_place place_of(int64_t tenant_id, int64_t id)
{
	return (struct seal_place){
		.table = "secret",
		.column = "sealed",
		.tenant_id = tenant_id,
		.row_id = id,
	};
}

/* The value, a NUL, and the passphrase if there is one: no text holds a NUL. */
static struct span shut(struct ctx *cx, int64_t id, const char *value, const char *passphrase)
{
	const struct seal_place place = place_of(cx->who.tenant_id, id);
	size_t n = strlen(value), more = passphrase == NULL ? 0 : strlen(passphrase) + 1;
	char *plain = sodium_malloc(n + more + 1);
	struct span sealed;

	assert(plain != NULL);
	memcpy(plain, value, n + 1);
	if (more > 0)
		memcpy(plain + n + 1, passphrase, more - 1);
	sealed = seal_shut(cx, cx->app->keyring, &place, plain, n + more);
	sodium_free(plain); /* wipes */
	return sealed;
}

/* @ret put away with seal_wipe() */
static enum err open_row(struct ctx *cx, const struct vault_sealed *row, struct seal_text *ret)
{
	const struct seal_place place = place_of(row->tenant_id, row->id);
	size_t n = strlen(row->sealed) / 2, got = 0;
	unsigned char *bytes = arena_alloc(cx->arena, n + 1);

	if (sodium_hex2bin(bytes, n, row->sealed, n * 2, NULL, &got, NULL) != 0)
		got = 0;
	return seal_open(cx, cx->app->keyring, &place, (struct span){ (char *)bytes, got }, ret);
}

/* --- Services --- */

static enum err not_found(struct ctx *cx, int64_t id)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no secret %" PRId64, id);
}

static enum err name_taken(struct ctx *cx, const char *name)
{
	if (strcmp(db_constraint(cx), "secret_tenant_name_key") != 0)
		return cx->fault.code;
	err_set(cx, ERR_CONFLICT, "there is a secret called \"%s\"", name);
	err_fix(cx, "choose another name, or change the secret that exists");
	return ERR_CONFLICT;
}

static enum err gone_or_stale(struct ctx *cx, int64_t id, int64_t version)
{
	struct secret now;

	err_clear(cx);
	TRY(vault_get(cx, id, &now));
	err_set(cx, ERR_STALE, "the secret is at version %" PRId64 ", not %" PRId64, now.version,
	        version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

enum err vault_create(struct ctx *cx, const struct secret_new *in, struct secret *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct vault_row row = { .name = in->name, .kind = in->kind, .username = in->username };
	int64_t id, max = cx->app->config->secrets_max;
	struct secret made;
	enum err e;

	redact_also(cx, in->value);
	redact_also(cx, in->passphrase);
	TRY(check_parts(cx, in, &row));
	TRY(check_value(cx, in->kind, in->value, in->passphrase, &row));
	TRY(db_begin(cx, &tx));
	TRY(vault_repo_next_id(cx, &id));
	row.sealed = shut(cx, id, in->value, in->passphrase);
	e = vault_repo_insert(cx, id, &row, max, &made);
	if (e == ERR_CONFLICT)
		return name_taken(cx, in->name);
	if (e == ERR_NOT_FOUND) {
		err_set(cx, ERR_LIMIT, "the installation allows %" PRId64 " secrets", max);
		err_fix(cx, "delete a secret, or raise the setting secrets_max");
		return ERR_LIMIT;
	}
	TRY(e);
	TRY(event_emit(cx, &secret_created, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err vault_get(struct ctx *cx, int64_t id, struct secret *ret)
{
	enum err e = vault_repo_get(cx, id, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, id) : e;
}

enum err vault_list(struct ctx *cx, const struct secret_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= VAULT_LIST_MAX);
	return vault_repo_list(cx, filter, ret);
}

/* What a change says, against the kind that the secret has. */
static enum err check_change(struct ctx *cx, const struct secret *now,
                             const struct secret_patch *in, struct vault_row *row)
{
	bool https = is_kind(now->kind, HTTPS), ssh = is_kind(now->kind, SSH);

	row->username_given = schema_given(&secret_patch_schema, in, "username");
	if (!https && !ssh)
		TRY(forbid(cx, now->kind, "/username", in->username));
	if (https && row->username_given && in->username == NULL)
		return blame(cx, "/username", "required", "is needed for git over https",
		             "Give the account's name.");
	if (!ssh) {
		TRY(forbid(cx, now->kind, "/host_key", in->host_key));
		TRY(forbid(cx, now->kind, "/passphrase", in->passphrase));
	}
	if (in->passphrase != NULL && in->value == NULL)
		return blame(cx, "/value", "required", "is needed with a passphrase",
		             "Send the private key with its passphrase.");
	if (in->host_key != NULL)
		TRY(ssh_host_keys_read(cx, in->host_key, &row->host_key));
	return in->value == NULL ? ERR_OK
	                         : check_value(cx, now->kind, in->value, in->passphrase, row);
}

enum err vault_change(struct ctx *cx, int64_t id, int64_t version, const struct secret_patch *in,
                      struct secret *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct vault_row row = { .name = in->name, .username = in->username };
	struct secret now, made;
	enum err e;

	redact_also(cx, in->value);
	redact_also(cx, in->passphrase);
	TRY(db_begin(cx, &tx));
	TRY(vault_get(cx, id, &now));
	TRY(check_change(cx, &now, in, &row));
	if (in->value != NULL)
		row.sealed = shut(cx, id, in->value, in->passphrase);
	e = vault_repo_update(cx, id, version, &row, &made);
	if (e == ERR_CONFLICT)
		return name_taken(cx, in->name);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(event_emit(cx, &secret_changed, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

static enum err in_use(struct ctx *cx, const char *users)
{
	if (users == NULL)
		err_set(cx, ERR_SECRET_IN_USE, "something has just begun to use the secret");
	else
		err_set(cx, ERR_SECRET_IN_USE, "the secret is used by %s", users);
	err_fix(cx, "give them another secret, or delete them, and try again");
	return ERR_SECRET_IN_USE;
}

enum err vault_delete(struct ctx *cx, int64_t id, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *users = NULL;
	struct secret was;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(vault_repo_users(cx, id, &users));
	if (users != NULL)
		return in_use(cx, users);
	e = vault_repo_delete(cx, id, version, &was);
	if (e == ERR_CONFLICT)
		return in_use(cx, NULL);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(event_emit(cx, &secret_deleted, 0, &was));
	return db_commit(&tx);
}

enum err vault_match(struct ctx *cx, int64_t id, const char *kind, const char *origin)
{
	struct secret secret;
	enum err e = vault_get(cx, id, &secret);

	if (e == ERR_NOT_FOUND)
		return blame(cx, "/secret_id", "exists", cx->fault.detail,
		             "Take the id of a secret of this tenant.");
	TRY(e);
	if (!is_kind(secret.kind, kind))
		return blame(
			cx, "/secret_id", "kind",
			arena_printf(cx->arena,
		                     "is a secret of kind %s, the address needs one of kind %s",
		                     secret.kind, kind),
			"Choose another secret, or the other address of the repository.");
	if (strcmp(secret.origin, origin) == 0)
		return ERR_OK;
	err_clear(cx);
	err_field(cx, ERR_ORIGIN_MISMATCH, "/secret_id", "origin",
	          "the secret is bound to %s, the repository is at %s", secret.origin, origin);
	err_fix(cx, "choose a secret that is bound to %s", origin);
	return ERR_ORIGIN_MISMATCH;
}

/* --- Use --- */

enum err vault_open(struct ctx *cx, int64_t id, struct vault_opened *ret)
{
	struct vault_opened opened = { .cx = cx };
	struct vault_sealed row;

	TRY(vault_get(cx, id, &opened.about));
	TRY(vault_repo_sealed(cx, id, &row));
	TRY(open_row(cx, &row, &opened.text));
	opened.value = opened.text.data;
	if (strlen(opened.value) < opened.text.len)
		opened.passphrase = opened.value + strlen(opened.value) + 1;
	*ret = opened;
	redact_also(cx, opened.value);
	redact_also(cx, opened.passphrase);
	return vault_repo_touch(cx, id);
}

void vault_close(struct vault_opened *opened)
{
	if (opened->cx == NULL)
		return;
	redact_forget(opened->cx);
	seal_wipe(&opened->text);
	*opened = (struct vault_opened){ 0 };
}

/* --- Master keys --- */

static enum err reseal_one(struct ctx *cx, const struct vault_sealed *row, int64_t *done)
{
	const struct seal_place place = place_of(row->tenant_id, row->id);
	CLEANUP(seal_wipe) struct seal_text text = { 0 };
	int64_t rows = 0;

	TRY(open_row(cx, row, &text));
	TRY(vault_repo_reseal(cx, row, seal_shut(cx, cx->app->keyring, &place, text.data, text.len),
	                      &rows));
	*done += rows;
	return ERR_OK;
}

enum err vault_reseal(struct ctx *cx, int64_t *after_id, int64_t *ret_done, bool *ret_more)
{
	const struct vault_sealed *rows;
	struct list list;

	*ret_done = 0;
	TRY(vault_repo_batch(cx, keyring_newest(cx->app->keyring), *after_id, &list));
	rows = list.items;
	for (size_t i = 0; i < list.n; i++) {
		TRY(reseal_one(cx, &rows[i], ret_done));
		*after_id = rows[i].id;
	}
	*ret_more = list.n == VAULT_BATCH_ROWS;
	return ERR_OK;
}

enum err vault_check(struct ctx *cx, int64_t *ret_n, int64_t *ret_bad)
{
	struct fault first = { 0 };
	int64_t after = 0;
	struct list list;

	*ret_n = *ret_bad = 0;
	do {
		const struct vault_sealed *rows;

		TRY(vault_repo_batch(cx, 0, after, &list));
		rows = list.items;
		for (size_t i = 0; i < list.n; i++) {
			CLEANUP(seal_wipe) struct seal_text text = { 0 };

			after = rows[i].id;
			if (open_row(cx, &rows[i], &text) == ERR_OK)
				continue;
			if ((*ret_bad)++ == 0)
				first = cx->fault;
		}
		*ret_n += (int64_t)list.n;
	} while (list.n == VAULT_BATCH_ROWS);
	cx->fault = first;
	return ERR_OK;
}

enum err vault_needs(struct ctx *cx, int key_number, int64_t until_s, struct vault_need *ret)
{
	return vault_repo_needs(cx, key_number, until_s, ret);
}

enum err vault_needs_any(struct ctx *cx, struct vault_need *ret)
{
	return vault_repo_needs_any(cx, ret);
}
