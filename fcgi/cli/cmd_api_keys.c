/* portolan api-keys ...: make, list, replace and revoke the keys of programs. */
#include "cli/api.h"
#include "cli/print.h"

#include "base/sb.h"

#include <stdlib.h>
#include <string.h>

static const char *scopes_text(struct cli *cli, struct json_object *key)
{
	struct sb sb = sb_new(cli->cx->arena, 4096);
	const char *scope;

	for (int i = 0;; i++) {
		scope = json_text(key, arena_printf(cli->cx->arena, "scopes.%d", i), NULL);
		if (scope == NULL)
			break;
		sb_addf(&sb, "%s%s", i > 0 ? "," : "", scope);
	}
	return sb.len > 0 ? sb.data : "all";
}

static void key_row(struct cli *cli, struct json_object *key, const char **cells)
{
	struct arena *a = cli->cx->arena;

	cells[0] = arena_printf(a, "%lld", (long long)json_int(key, "id", 0));
	cells[1] = json_text(key, "name", "");
	cells[2] = json_text(key, "role", "");
	cells[3] = json_text(key, "status", "");
	cells[4] = cli_age(cli, json_text(key, "created_at", NULL));
	cells[5] = cli_age(cli, json_text(key, "last_used_at", NULL));
	cells[6] = scopes_text(cli, key);
}

enum err cli_api_keys_list(struct cli *cli)
{
	static const struct term_column COLUMNS[] = {
		{ .title = "ID", .right = true },
		{ .title = "NAME" },
		{ .title = "ROLE" },
		{ .title = "STATUS" },
		{ .title = "CREATED" },
		{ .title = "USED" },
		{ .title = "SCOPES", .wide = true },
	};
	static const char *const FILTERS[] = { "status", "limit", "cursor", NULL };
	static const struct cli_table TABLE = {
		.schema = "api-keys/1",
		.columns = COLUMNS,
		.ncolumns = COUNT(COLUMNS),
		.row = key_row,
		.none = "No API keys.",
	};

	return cli_list(cli, "api-keys", FILTERS, &TABLE);
}

/* The text alone on standard output, so that a script can take it; what is said of it, on error. */
static void print_made(struct cli *cli, const struct api_answer *answer)
{
	const char *key = json_text(answer->doc, "key", NULL);

	if (cli->json) {
		cli_print_json(cli, "api-key/1", answer->body);
		return;
	}
	if (key == NULL) {
		fprintf(cli->term.talk,
		        "The key %lld was made, but the answer that showed it was lost: rotate it.\n",
		        (long long)json_int(answer->doc, "id", 0));
		return;
	}
	fprintf(cli->term.talk, "The key %lld, shown this once:\n",
	        (long long)json_int(answer->doc, "id", 0));
	fprintf(cli->term.out, "%s\n", key);
}

/* ,"name":value for an option that is a whole number. */
static enum err add_number(struct cli *cli, struct sb *sb, const char *option, const char *member,
                           const char *comma)
{
	const char *text = cli_option(cli, option);

	if (text == NULL)
		return ERR_OK;
	if (text[0] == '\0' || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
		return cli_usage(cli, "--%s takes a whole number", option);
	sb_addf(sb, "%s\"%s\":%ld", comma, member, strtol(text, NULL, 10));
	return ERR_OK;
}

/* "a:read,b:write" as a list. */
static void add_scopes(struct sb *sb, const char *text)
{
	if (text == NULL)
		return;
	sb_add(sb, ",\"scopes\":[");
	for (;;) {
		size_t n = strcspn(text, ",");

		sb_jsonn(sb, text, n);
		if (text[n] == '\0')
			break;
		sb_addc(sb, ',');
		text += n + 1;
	}
	sb_addc(sb, ']');
}

enum err cli_api_keys_create(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST", .path = "/api/v1/api-keys" };
	struct sb sb = sb_new(cli->cx->arena, 16 * 1024);
	const char *role = cli_option(cli, "role");

	if (role == NULL)
		return cli_usage(cli,
		                 "--role is missing: viewer, member, operator, admin or owner");
	sb_add(&sb, "{\"name\":");
	sb_json(&sb, cli->args[0]);
	sb_add(&sb, ",\"role\":");
	sb_json(&sb, role);
	add_scopes(&sb, cli_option(cli, "scopes"));
	TRY(add_number(cli, &sb, "days", "expires_in_days", ","));
	sb_addc(&sb, '}');
	TRY(sb_finish(cli->cx, &sb, &call.body));
	TRY(api_call(cli, &call, &answer));
	print_made(cli, &answer);
	return ERR_OK;
}

enum err cli_api_keys_rotate(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "POST" };
	struct sb sb = sb_new(cli->cx->arena, 1024);
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	call.path = arena_printf(cli->cx->arena, "/api/v1/api-keys/%lld/rotate", (long long)id);
	sb_addc(&sb, '{');
	TRY(add_number(cli, &sb, "overlap-hours", "overlap_hours", ""));
	sb_addc(&sb, '}');
	TRY(sb_finish(cli->cx, &sb, &call.body));
	TRY(api_call(cli, &call, &answer));
	print_made(cli, &answer);
	return ERR_OK;
}

enum err cli_api_keys_revoke(struct cli *cli)
{
	CLEANUP(api_done) struct api_answer key = { 0 };
	CLEANUP(api_done) struct api_answer answer = { 0 };
	struct api_call call = { .method = "DELETE" };
	int64_t id;

	TRY(cli_id(cli, cli->args[0], &id));
	TRY(api_get(cli, &key, "/api/v1/api-keys/%lld", (long long)id));
	if (!cli_confirm(cli, "Revoke the API key ", json_text(key.doc, "name", ""), "?"))
		return cli_usage(cli, "nothing was revoked; --yes revokes without asking");
	call.path = arena_printf(cli->cx->arena, "/api/v1/api-keys/%lld", (long long)id);
	TRY(api_call(cli, &call, &answer));
	if (cli->json)
		fprintf(cli->term.out, "{\"schema\":\"api-key-revoked/1\",\"id\":%lld}\n",
		        (long long)id);
	else
		fprintf(cli->term.out, "The key %lld works no more.\n", (long long)id);
	return ERR_OK;
}
